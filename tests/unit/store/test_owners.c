/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/owners.h"

#include "directory_world.h"
#include "match/canonical.h"

#define NAMES "'names':[{'language':'en','name':'n'}]"

static struct owners_found ask_ip(const struct owners *o, const char *text)
{
	struct owners_found found = {0};
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	bool held = owners_of_ip(o, &ip, &found);
	assert_int_equal(held, found.count > 0);
	return found;
}

static struct owners_found ask_name(const struct owners *o, const char *text)
{
	struct owners_found found = {0};
	struct canonical name;
	assert_int_equal(canonical_name(text, strlen(text), &name), HN_OK);
	bool held = owners_of_name(o, name.key.data, name.key.len, &found);
	assert_int_equal(held, found.count > 0);
	return found;
}

static struct owners *image(struct directory_world *d)
{
	struct owners *o = NULL;
	assert_int_equal(owners_get(d->d, d->w.now_us, &o), HN_OK);
	return o;
}

#define H(kind, value, state) "{'kind':'" kind "','value':'" value "','state':'" state "'}"

static void the_longest_holds(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker hub;
	world_begin(&d);
	asker_hub(&hub);
	world_must_put(&d, &hub, DIRECTORY_ORGANISATION, 10,
		       "{'kind':'operator'," NAMES
		       ",'holdings':[" H("prefix", "198.51.0.0/16", "entered") "," H(
			       "prefix", "2001:db8::/32", "proved") "," H("domain", "example.jp",
									  "entered") "," H("asn", "64500",
											   "entered") "]}");
	int64_t wide = d.number;
	world_must_put(
		&d, &hub, DIRECTORY_ORGANISATION, 11,
		"{'kind':'operator'," NAMES ",'holdings':[" H("prefix", "198.51.100.0/24", "claimed") "," H(
			"prefix", "2001:db8:1::/48",
			"proved") "," H("domain", "power.example.jp",
					"proved") "," H("asn", "64500",
							"claimed") ","
								   "{'kind':'certificate','value':"
								   "'0000000000000000000000000000000000000000"
								   "0000000000000000000000ff','state':'"
								   "entered'},"
								   "{'kind':'prefix','value':'203.0.113.0/"
								   "24','state':'entered','until':'2024-01-"
								   "01T00:00:00Z'}]}");
	int64_t narrow = d.number;
	struct owners *o = image(&d);
	assert_int_equal(ask_ip(o, "198.51.99.255").at[0].organisation, wide);
	assert_int_equal(ask_ip(o, "198.51.100.0").at[0].organisation, narrow);
	assert_int_equal(ask_ip(o, "198.51.100.0").at[0].state, HOLDING_CLAIMED);
	assert_int_equal(ask_ip(o, "198.51.100.255").at[0].organisation, narrow);
	assert_int_equal(ask_ip(o, "198.51.101.0").at[0].organisation, wide);
	assert_int_equal(ask_ip(o, "198.52.0.0").count, 0);
	assert_int_equal(ask_ip(o, "198.50.255.255").count, 0);
	assert_int_equal(ask_ip(o, "2001:db8:1:ffff::1").at[0].organisation, narrow);
	assert_int_equal(ask_ip(o, "2001:db8:2::").at[0].organisation, wide);
	assert_int_equal(ask_ip(o, "2001:db9::").count, 0);
	assert_int_equal(ask_name(o, "www.power.example.jp").at[0].organisation, narrow);
	assert_int_equal(ask_name(o, "power.example.jp").at[0].organisation, narrow);
	assert_int_equal(ask_name(o, "xpower.example.jp").at[0].organisation, wide);
	assert_int_equal(ask_name(o, "jp").count, 0);
	struct owners_found found;
	assert_true(owners_of_asn(o, 64500, &found));
	assert_int_equal(found.count, 2);
	assert_int_equal(found.at[0].organisation, wide); /* entered goes before claimed */
	assert_int_equal(found.at[1].organisation, narrow);
	assert_false(owners_of_asn(o, 64501, &found));
	uint8_t certificate[32] = {[31] = 0xff};
	assert_true(owners_of_certificate(o, certificate, &found));
	assert_int_equal(found.at[0].organisation, narrow);

	/* The image is shared while it holds, and made anew when a date passes or an organisation changes. */
	struct owners *again = image(&d);
	assert_ptr_equal(o, again);
	owners_unref(again);
	assert_int_equal(ask_ip(o, "203.0.113.7").at[0].organisation, narrow);
	d.w.now_us = 1800000000000000;
	struct owners *later = image(&d);
	assert_int_equal(ask_ip(later, "203.0.113.7").count, 0);
	world_must_put(&d, &hub, DIRECTORY_ORGANISATION, 11, "{'kind':'operator','ended':true," NAMES "}");
	struct owners *last = image(&d);
	assert_int_equal(ask_ip(last, "198.51.100.0").at[0].organisation, wide);
	assert_int_equal(ask_ip(later, "198.51.100.0").at[0].organisation, narrow); /* as it was */
	owners_unref(o);
	owners_unref(later);
	owners_unref(last);
	world_finish(&d);
}

/* ---- against a naive one ---- */

static uint32_t rnd(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

struct naive {
	struct ip_prefix prefix;
	int64_t organisation;
};

static void it_equals_a_naive_one(void **state)
{
	(void)state;
	static struct naive all[200];
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct directory_world d;
		struct asker hub;
		uint64_t s = seed * 977;
		size_t count = 0;
		world_begin(&d);
		asker_hub(&hub);
		for (unsigned org = 0; org < 10; org++) {
			struct buf b;
			const char *before = "";
			size_t first = count;
			buf_init(&b, 1 << 16);
			buf_adds(&b, "{'kind':'operator'," NAMES ",'holdings':[");
			for (int i = 0; i < 20; i++) {
				/* Few bits, so that they lie in each other. */
				struct ip ip = {.version = 4,
						.bytes = {10, (uint8_t)rnd(&s, 4), (uint8_t)rnd(&s, 4), 0}};
				char text[IP_PREFIX_TEXT_SIZE];
				struct ip_prefix *p = &all[count].prefix;
				p->len = (uint8_t)(8 + rnd(&s, 20));
				p->addr = ip_mask(&ip, p->len);
				all[count++].organisation = 0;
				ip_prefix_format(p, text);
				buf_addf(&b, "%s{'kind':'prefix','value':'%s','state':'entered'}", before,
					 text);
				before = ",";
			}
			buf_adds(&b, "]}");
			world_must_put(&d, &hub, DIRECTORY_ORGANISATION, 100 + org, b.data);
			buf_clear(&b);
			while (first < count)
				all[first++].organisation = d.number;
		}
		struct owners *o = image(&d);
		for (int i = 0; i < 4000; i++) {
			struct ip ip = {.version = 4,
					.bytes = {10, (uint8_t)rnd(&s, 5), (uint8_t)rnd(&s, 5),
						  (uint8_t)rnd(&s, 256)}};
			int longest = -1;
			struct owners_found found = {0};
			for (size_t k = 0; k < count; k++)
				if (ip_prefix_has(&all[k].prefix, &ip) && all[k].prefix.len > longest)
					longest = all[k].prefix.len;
			assert_int_equal(owners_of_ip(o, &ip, &found), longest >= 0);
			for (size_t f = 0; f < found.count; f++) {
				bool is = false;
				for (size_t k = 0; k < count; k++)
					is = is || (all[k].organisation == found.at[f].organisation &&
						    all[k].prefix.len == longest &&
						    ip_prefix_has(&all[k].prefix, &ip));
				assert_true(is);
			}
		}
		owners_unref(o);
		world_finish(&d);
	}
}

/* ---- entries ---- */

static struct owners_hit hit(const struct owners *o, const char *text)
{
	struct owners_hit h;
	struct canonical c;
	assert_int_equal(canonical_value(text, strlen(text), &c), HN_OK);
	owners_of_entry(o, &c.key, &h);
	return h;
}

/* Organisations 10 to 13 as bits 0 to 3. */
static unsigned hit_bits(const struct owners *o, const char *text, const int64_t orgs[4])
{
	struct owners_hit h = hit(o, text);
	unsigned bits = 0;
	for (size_t i = 0; i < h.count; i++)
		for (unsigned n = 0; n < 4; n++)
			if (h.organisations[i] == orgs[n])
				bits |= 1u << n;
	assert_int_equal(h.count, __builtin_popcount(bits));
	return bits;
}

static void an_entry_hits_whoever_holds_any_of_it(void **state)
{
	(void)state;
	static const char *const holdings[] = {
		H("prefix", "198.51.0.0/16", "entered") "," H("domain", "example.jp", "entered"),
		H("prefix", "198.51.100.0/24", "claimed") "," H("domain", "power.example.jp", "proved"),
		H("prefix", "198.51.200.0/24", "entered") "," H("domain", "er.example.jp", "entered"),
		H("prefix", "2001:db8:1::/48", "proved"),
	};
	static const struct {
		const char *value;
		unsigned hit;
	} rows[] = {
		{"198.51.100.7", 2},
		{"198.51.100.0/24", 2},
		{"198.51.100.0/23", 3},
		{"198.51.0.0/16", 7},
		{"198.0.0.0/8", 7},
		{"198.51.100.128/25", 2},
		{"198.51.101.0/24", 1},
		{"198.52.0.0/16", 0},
		{"0.0.0.0/0", 7},
		{"128.0.0.0/1", 7},
		{"2001:db8::/32", 8},
		{"2001:db8:1::1", 8},
		{"2001:db8:2::/48", 0},
		{"::/0", 8},
		{"www.power.example.jp", 2},
		{"example.jp", 1},
		{"*.example.jp", 7},
		{"*.power.example.jp", 2},
		{"*.wer.example.jp", 1},
		{"*.example.org", 0},
		{"http://power.example.jp/x", 2},
		{"http://198.51.100.9/", 2},
		{"https://[2001:db8:1::5]/a", 8},
		{"d41d8cd98f00b204e9800998ecf8427e", 0},
	};
	struct directory_world d;
	struct asker hub;
	int64_t orgs[4];
	char text[1024];
	world_begin(&d);
	asker_hub(&hub);
	for (unsigned i = 0; i < COUNT(holdings); i++) {
		(void)snprintf(text, sizeof(text), "{'kind':'operator'," NAMES ",'holdings':[%s]}",
			       holdings[i]);
		world_must_put(&d, &hub, DIRECTORY_ORGANISATION, 10 + i, text);
		orgs[i] = d.number;
	}
	struct owners *o = image(&d);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (hit_bits(o, rows[i].value, orgs) != rows[i].hit)
			fail_msg("%s hits %u", rows[i].value, hit_bits(o, rows[i].value, orgs));
	owners_unref(o);
	world_finish(&d);
}

/* A prefix hits exactly those who are asked one address after the other. */
static void a_prefix_hits_the_holders_of_its_addresses(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker hub;
	uint64_t s = 4243;
	world_begin(&d);
	asker_hub(&hub);
	for (unsigned org = 0; org < 80; org++) {
		char text[256];
		unsigned len = 20 + rnd(&s, 13);
		struct ip ip = {.version = 4, .bytes = {10, 0, (uint8_t)rnd(&s, 16), (uint8_t)rnd(&s, 256)}};
		struct ip_prefix p = {.addr = ip_mask(&ip, (uint8_t)len), .len = (uint8_t)len};
		char prefix[IP_PREFIX_TEXT_SIZE];
		ip_prefix_format(&p, prefix);
		(void)snprintf(text, sizeof(text),
			       "{'kind':'operator'," NAMES
			       ",'holdings':[{'kind':'prefix','value':'%s','state':'entered'}]}",
			       prefix);
		world_must_put(&d, &hub, DIRECTORY_ORGANISATION, 100 + org, text);
	}
	struct owners *o = image(&d);
	for (int i = 0; i < 300; i++) {
		uint8_t key[5] = {10, 0, (uint8_t)rnd(&s, 16), 0, (uint8_t)(20 + rnd(&s, 5))};
		struct owners_hit got, wanted = {.count = 0};
		uint32_t first = load_be32(key) & ~(UINT32_MAX >> key[4]);
		store_be32(key, first);
		owners_of_entry(o, &(struct entry_key){ENTRY_PREFIX4, sizeof(key), key}, &got);
		for (uint32_t at = 0; at < UINT32_C(1) << (32 - key[4]); at++) {
			struct ip ip = {.version = 4};
			struct owners_found found = {0};
			store_be32(ip.bytes, first + at);
			(void)owners_of_ip(o, &ip, &found);
			for (size_t f = 0; f < found.count; f++) {
				bool there = false;
				for (size_t k = 0; k < wanted.count; k++)
					there |= wanted.organisations[k] == found.at[f].organisation;
				if (!there && wanted.count < OWNERS_HIT_MAX)
					wanted.organisations[wanted.count++] = found.at[f].organisation;
				else
					wanted.more |= !there;
			}
		}
		assert_int_equal(got.count, wanted.count);
		assert_int_equal(got.more, wanted.more);
		assert_memory_equal(got.organisations, wanted.organisations,
				    got.count * sizeof(got.organisations[0]));
	}
	owners_unref(o);
	world_finish(&d);
}

static void nothing_is_held_in_an_empty_one(void **state)
{
	(void)state;
	struct directory_world d;
	struct owners_found found;
	world_begin(&d);
	struct owners *o = image(&d);
	assert_int_equal(ask_ip(o, "192.0.2.1").count, 0);
	assert_int_equal(ask_ip(o, "2001:db8::1").count, 0);
	assert_int_equal(ask_name(o, "example.jp").count, 0);
	assert_int_equal(hit(o, "0.0.0.0/0").count, 0);
	assert_int_equal(hit(o, "*.example.jp").count, 0);
	assert_false(owners_of_asn(o, 1, &found));
	owners_unref(o);
	world_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_holds),
		cmocka_unit_test(it_equals_a_naive_one),
		cmocka_unit_test(an_entry_hits_whoever_holds_any_of_it),
		cmocka_unit_test(a_prefix_hits_the_holders_of_its_addresses),
		cmocka_unit_test(nothing_is_held_in_an_empty_one),
	};
	return cmocka_run_group_tests_name("owners", tests, NULL, NULL);
}
