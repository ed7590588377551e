/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

#include "authority/order.h"
#include "authority/pseudonym.h"
#include "authority/seal.h"

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

static struct sealer *sealer_to(const uint8_t x25519[32])
{
	struct sealer *s = NULL;
	assert_int_equal(sealer_new(x25519, &s), HN_OK);
	return s;
}

static int open_text(const struct key *k, const char *text, size_t len, const struct uuid *record,
		     enum seal_end end, struct ip *out)
{
	uint8_t *exact = exact_copy(text, len);
	int rc = seal_open(k, (const char *)exact, len, record, end, out);
	free(exact);
	return rc;
}

static void sealed_addresses_open_in_their_place_only(void **state)
{
	static const char *const addresses[] = {"203.0.113.7", "2001:db8::7", "0.0.0.0"};
	struct world w;
	(void)state;
	world_init(&w);
	const struct uuid record = uuid_of(ID), other = uuid_of(SENSOR);
	struct sealer *s = sealer_to(w.trust.reidentification);
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const size_t len = SEAL_TEXT_SIZE - 1;
		struct ip ip = ip_of(addresses[i]), opened = {{9}, 9};
		char text[SEAL_TEXT_SIZE];
		seal_address(s, &record, SEAL_DST, &ip, text);
		assert_int_equal(strlen(text), len); /* whatever the address */
		const struct {
			const struct key *key;
			size_t len;
			const struct uuid *record;
			enum seal_end end;
			int rc;
		} refused[] = {{w.keys[0], len, &other, SEAL_DST, HN_EAUTH},
			       {w.keys[0], len, &record, SEAL_SRC, HN_EAUTH},
			       {w.keys[1], len, &record, SEAL_DST, HN_EAUTH},
			       {w.keys[0], len - 1, &record, SEAL_DST, HN_EFORMAT},
			       {w.keys[0], len - 4, &record, SEAL_DST, HN_EFORMAT},
			       {w.keys[0], 0, &record, SEAL_DST, HN_EFORMAT}};
		for (size_t k = 0; k < COUNT(refused); k++)
			assert_int_equal(open_text(refused[k].key, text, refused[k].len, refused[k].record,
						   refused[k].end, &opened),
					 refused[k].rc);
		assert_int_equal(opened.version, 9);
		assert_int_equal(open_text(w.keys[0], text, len, &record, SEAL_DST, &opened), HN_OK);
		assert_memory_equal(&opened, &ip, sizeof(ip));
	}
	sealer_free(s);
	world_clear(&w);
}

/* Also in the ephemeral key, of which X25519 itself ignores a bit. */
static void no_bit_of_a_seal_can_change(void **state)
{
	struct world w;
	struct ip ip = ip_of("203.0.113.7"), opened;
	char text[SEAL_TEXT_SIZE], changed[SEAL_TEXT_SIZE];
	uint8_t bytes[65];
	size_t len;
	(void)state;
	world_init(&w);
	const struct uuid record = uuid_of(ID);
	struct sealer *s = sealer_to(w.trust.reidentification);
	seal_address(s, &record, SEAL_SRC, &ip, text);
	assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &len, NULL,
					   sodium_base64_VARIANT_ORIGINAL),
			 0);
	assert_int_equal(len, sizeof(bytes));
	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		(void)sodium_bin2base64(changed, sizeof(changed), bytes, sizeof(bytes),
					sodium_base64_VARIANT_ORIGINAL);
		assert_int_equal(seal_open(w.keys[0], changed, strlen(changed), &record, SEAL_SRC, &opened),
				 HN_EAUTH);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t i = 0; i < strlen(text); i++) {
		memcpy(changed, text, sizeof(text));
		changed[i] = text[i] == 'A' ? 'B' : 'A';
		assert_int_not_equal(
			seal_open(w.keys[0], changed, strlen(changed), &record, SEAL_SRC, &opened), HN_OK);
	}
	sealer_free(s);
	world_clear(&w);
}

/* How many characters of two texts agree in their places. */
static size_t agreeing(const char *a, const char *b, size_t from, size_t to)
{
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		n += a[i] == b[i];
	return n;
}

/* Of two random texts of 45 characters 20 agree once in 10^20 times. */
static void equal_addresses_look_unrelated(void **state)
{
	enum { EPK_END = 42, BOX_BEGIN = 43, BOX_END = 87, CHANCE = 20 };
	struct world w;
	struct ip ip = ip_of("203.0.113.7");
	char text[4][SEAL_TEXT_SIZE];
	(void)state;
	world_init(&w);
	const struct uuid record = uuid_of(ID), other = uuid_of(SENSOR);
	struct sealer *s = sealer_to(w.trust.reidentification), *next = sealer_to(w.trust.reidentification);
	seal_address(s, &record, SEAL_SRC, &ip, text[0]);
	seal_address(s, &record, SEAL_DST, &ip, text[1]);
	seal_address(s, &other, SEAL_SRC, &ip, text[2]);
	seal_address(next, &record, SEAL_SRC, &ip, text[3]); /* another run, were it to give the same uid */
	for (size_t i = 0; i < COUNT(text); i++)
		for (size_t k = 0; k < i; k++) {
			assert_true(agreeing(text[i], text[k], BOX_BEGIN, BOX_END) < CHANCE);
			assert_int_equal(agreeing(text[i], text[k], 0, EPK_END) == EPK_END, i < 3);
		}
	sealer_free(s);
	sealer_free(next);
	world_clear(&w);
}

/* As seal.h describes it, in calls that every NaCl has: somebody else's program can open a seal. */
static void a_seal_is_a_crypto_box(void **state)
{
	static const uint8_t plain[17] = {4, 203, 0, 113, 7};
	uint8_t pk[32], sk[32], bytes[65], name[81], nonce[24], opened[17];
	struct ip ip = ip_of("203.0.113.7");
	const struct uuid record = uuid_of(ID);
	char text[SEAL_TEXT_SIZE];
	size_t len;
	(void)state;
	assert_int_equal(crypto_box_keypair(pk, sk), 0);
	struct sealer *s = sealer_to(pk);
	seal_address(s, &record, SEAL_DST, &ip, text);
	sealer_free(s);
	assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &len, NULL,
					   sodium_base64_VARIANT_ORIGINAL),
			 0);
	memcpy(name, bytes, 32);
	memcpy(name + 32, pk, 32);
	memcpy(name + 64, record.bytes, 16);
	name[80] = 1;
	assert_int_equal(crypto_generichash(nonce, sizeof(nonce), name, sizeof(name), NULL, 0), 0);
	assert_int_equal(crypto_box_open_easy(opened, bytes + 32, len - 32, nonce, bytes, sk), 0);
	assert_memory_equal(opened, plain, sizeof(plain));
}

/* To such a key anybody could open; 0 and 1 are of low order (RFC 7748, 6.1). */
static void keys_without_a_secret_are_refused(void **state)
{
	(void)state;
	for (uint8_t first = 0; first < 2; first++) {
		const uint8_t low[32] = {first};
		struct sealer *s = NULL;
		assert_int_equal(sealer_new(low, &s), HN_EFORMAT);
		assert_null(s);
	}
	sealer_free(NULL);
}

static void pseudonyms_tell_apart_and_together(void **state)
{
	static const uint8_t one[PSEUDONYM_SECRET_SIZE] = {1}, two[PSEUDONYM_SECRET_SIZE] = {2};
	struct pseudonym_secret *a, *b;
	char x[PSEUDONYM_TEXT_SIZE], y[PSEUDONYM_TEXT_SIZE];
	struct ip ip = ip_of("203.0.113.7"), near = ip_of("203.0.113.8"), far = ip_of("203.0.114.7");
	struct ip v6 = ip_of("2001:db8:1::7"), v6_near = ip_of("2001:db8:1:ffff::9"),
		  v6_far = ip_of("2001:db8:2::7");

	(void)state;
	assert_int_equal(pseudonym_secret_new(one, &a), HN_OK);
	assert_int_equal(pseudonym_secret_new(two, &b), HN_OK);
	pseudonym_address(a, &ip, x);
	pseudonym_address(a, &ip, y);
	assert_int_equal(strlen(x), 32);
	assert_string_equal(x, y);
	pseudonym_address(b, &ip, y);
	assert_string_not_equal(x, y); /* another authorisation */
	pseudonym_address(a, &near, y);
	assert_string_not_equal(x, y);
	pseudonym_prefix(a, &ip, y);
	assert_string_not_equal(x, y);
	pseudonym_prefix(a, &near, x);
	assert_string_equal(x, y);
	pseudonym_prefix(a, &far, x);
	assert_string_not_equal(x, y);
	pseudonym_prefix(a, &v6, x);
	pseudonym_prefix(a, &v6_near, y);
	assert_string_equal(x, y);
	pseudonym_prefix(a, &v6_far, y);
	assert_string_not_equal(x, y);
	/* The network address is not the pseudonym of its prefix, and IPv4 is not IPv6 with the same bytes.
	 */
	struct ip net = ip_of("203.0.113.0"), same = {{203, 0, 113, 0}, 6};
	pseudonym_address(a, &net, x);
	pseudonym_prefix(a, &net, y);
	assert_string_not_equal(x, y);
	pseudonym_address(a, &same, y);
	assert_string_not_equal(x, y);
	pseudonym_secret_free(a);
	pseudonym_secret_free(b);
	pseudonym_secret_free(NULL);
}

static void pseudonym_is_blake2b(void **state)
{
	static const uint8_t zero[PSEUDONYM_SECRET_SIZE];
	struct pseudonym_secret *s;
	char text[PSEUDONYM_TEXT_SIZE];
	struct ip ip = ip_of("203.0.113.7");
	(void)state;
	assert_int_equal(pseudonym_secret_new(zero, &s), HN_OK);
	/* Python: hashlib.blake2b(bytes([4,203,0,113,7])+bytes(12), digest_size=16, key=bytes(32),
	 * person=b"hinomi address\0\0") and person=b"hinomi prefix\0\0\0" over 203.0.113.0 */
	pseudonym_address(s, &ip, text);
	assert_string_equal(text, "c60f3187cc1ea7580e9806d6b1cb8247");
	pseudonym_prefix(s, &ip, text);
	assert_string_equal(text, "33fd8fa277f8d6a5a41fdbfb5e0cadea");
	pseudonym_secret_free(s);
}

static void secrets_are_sealed_to_their_sensor(void **state)
{
	static const uint8_t bytes[PSEUDONYM_SECRET_SIZE] = {7};
	struct pseudonym_secret *s, *opened = NULL;
	char x[PSEUDONYM_TEXT_SIZE], y[PSEUDONYM_TEXT_SIZE];
	struct ip ip = ip_of("203.0.113.7");
	struct authorization_sensor sensors[] = {{uuid_of(SENSOR), true, {0}}, {uuid_of(ID), false, {0}}};
	const struct authorization a = {.sensors = sensors, .sensor_count = 2};
	struct uuid unknown = uuid_of("6f1c2a34-0000-4000-8000-0000000000ab");
	struct world w;
	bool drawn = true;

	(void)state;
	world_init(&w);
	assert_int_equal(pseudonym_secret_new(bytes, &s), HN_OK);
	pseudonym_secret_seal(s, key_public(w.stranger)->x25519, sensors[0].sealed);
	assert_int_equal(pseudonym_secret_open(&a, &sensors[0].id, w.keys[0], &opened, &drawn), HN_EAUTH);
	assert_int_equal(pseudonym_secret_open(&a, &sensors[0].id, NULL, &opened, &drawn), HN_EAUTH);
	assert_int_equal(pseudonym_secret_open(&a, &unknown, w.keys[0], &opened, &drawn), HN_ENOENT);
	assert_null(opened);
	assert_int_equal(pseudonym_secret_open(&a, &sensors[0].id, w.stranger, &opened, &drawn), HN_OK);
	assert_false(drawn);
	pseudonym_address(s, &ip, x);
	pseudonym_address(opened, &ip, y);
	assert_string_equal(x, y);
	pseudonym_secret_free(opened);
	assert_int_equal(pseudonym_secret_open(&a, &sensors[1].id, NULL, &opened, &drawn), HN_OK);
	assert_true(drawn);
	pseudonym_address(opened, &ip, y);
	assert_string_not_equal(x, y);
	pseudonym_secret_free(opened);
	pseudonym_secret_free(s);
	world_clear(&w);
}

static void orders_open_what_they_name(void **state)
{
	struct uuid records[] = {uuid_of(SENSOR), uuid_of(ID)},
		    other = uuid_of("6f1c2a34-0000-4000-8000-0000000000ab");
	struct world w;
	char ground[] = "victim notification";
	(void)state;
	world_init(&w);
	const struct {
		enum refusal r;
		size_t signatures;
		int64_t now_ns;
		bool other_trust, unordered;
	} cases[] = {{REFUSAL_NONE, 2, T0, false, false},
		     {REFUSAL_NONE, 3, T0 + DAY - 1, false, false},
		     {REFUSAL_SIGNATURES_TOO_FEW, 1, T0, false, false},
		     {REFUSAL_NO_LONGER_VALID, 2, T0 + DAY, false, false},
		     {REFUSAL_CLOCK_BEHIND, 2, T0 - 1, false, false},
		     {REFUSAL_TRUST_UNKNOWN, 2, T0, true, false},
		     {REFUSAL_MALFORMED, 2, T0, false, true}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct uuid wrong[] = {records[1], records[0]};
		struct order o = {.id = uuid_of(ID),
				  .issued_ns = T0,
				  .until_ns = T0 + DAY,
				  .ground = ground,
				  .count = 2},
			     read;
		struct buf payload;
		o.records = cases[i].unordered ? wrong : records;
		memcpy(o.trust, w.trust.digest, SHA256_SIZE);
		if (cases[i].other_trust)
			o.trust[0] ^= 1;
		buf_init(&payload, 1 << 20);
		assert_int_equal(order_payload(&o, &payload), HN_OK);
		char *text = signed_text(payload.data, payload.len, w.keys, cases[i].signatures);
		enum refusal r = order_parse(text, strlen(text), &w.trust, cases[i].now_ns, &read, NULL);
		if (r != cases[i].r)
			fail_msg("case %zu: %s", i, refusal_name(r));
		if (r == REFUSAL_NONE) {
			assert_true(order_has(&read, &records[0]) && order_has(&read, &records[1]));
			assert_false(order_has(&read, &other));
			assert_string_equal(read.ground, ground);
			order_clear(&read);
		}
		free(text);
		buf_clear(&payload);
	}
	struct order o = {0};
	assert_int_equal(order_parse("x", 1, &w.trust, T0, &o, NULL), REFUSAL_MALFORMED);
	order_clear(&o);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sealed_addresses_open_in_their_place_only),
					   cmocka_unit_test(no_bit_of_a_seal_can_change),
					   cmocka_unit_test(equal_addresses_look_unrelated),
					   cmocka_unit_test(a_seal_is_a_crypto_box),
					   cmocka_unit_test(keys_without_a_secret_are_refused),
					   cmocka_unit_test(pseudonyms_tell_apart_and_together),
					   cmocka_unit_test(pseudonym_is_blake2b),
					   cmocka_unit_test(secrets_are_sealed_to_their_sensor),
					   cmocka_unit_test(orders_open_what_they_name)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
