/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

#define UNTIL (T0 + 30 * DAY)

/* What differs from the good question in a case. */
struct variation {
	const char *what;
	enum refusal refusal;
	const char *name, *value; /* a member of the payload */
	size_t signatures;        /* THRESHOLD unless said */
	int64_t now_ns;           /* T0 + 1 day unless said */
	const char *sensor;
	const char *domestic;
	bool recorded, due, no_trust, no_text;
	int64_t newest_ns;
	const char *revoked; /* makes a list */
	int64_t next_update_ns;
};

#define LATER (T0 + DAY)

static const struct variation cases[] = {
	{"good", REFUSAL_NONE},
	{"three signatures", REFUSAL_NONE, .signatures = 3},
	{"no file", REFUSAL_NO_AUTHORIZATION, .no_text = true},
	{"no trust", REFUSAL_TRUST_UNKNOWN, .no_trust = true},
	{"other trust", REFUSAL_TRUST_UNKNOWN, "trust",
	 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""},
	{"one signature", REFUSAL_SIGNATURES_TOO_FEW, .signatures = 1},
	/* The instants of the validity. */
	{"a tick early", REFUSAL_CLOCK_BEHIND, .now_ns = T0 - 1},
	{"first instant", REFUSAL_NONE, .now_ns = T0},
	{"last instant", REFUSAL_NONE, .now_ns = UNTIL - 1},
	{"ended", REFUSAL_NO_LONGER_VALID, .now_ns = UNTIL},
	{"begins tomorrow", REFUSAL_NOT_YET_VALID, "from", "\"2024-10-06T00:00:00Z\""},
	/* A recording: today against the retention. */
	{"recording after the validity", REFUSAL_NONE, .now_ns = UNTIL + 9 * DAY, .recorded = true},
	{"recording's last instant", REFUSAL_NONE, .now_ns = UNTIL + 10 * DAY - 1, .recorded = true},
	{"recording out of retention", REFUSAL_OUTSIDE_RETENTION, .now_ns = UNTIL + 10 * DAY,
	 .recorded = true},
	{"recording before the validity", REFUSAL_NOT_YET_VALID, "from", "\"2024-10-06T00:00:00Z\"",
	 .recorded = true},
	/* The clock. */
	{"clock behind the newest seen", REFUSAL_CLOCK_BEHIND, .newest_ns = LATER + 1},
	{"clock at the newest seen", REFUSAL_NONE, .newest_ns = LATER},
	{"issued in the future", REFUSAL_CLOCK_BEHIND, "issued", "\"2024-10-05T00:00:00.000001Z\""},
	/* Revocations. */
	{"another is revoked", REFUSAL_NONE, .revoked = SENSOR, .next_update_ns = LATER + 1},
	{"revoked", REFUSAL_REVOKED, .revoked = ID, .next_update_ns = LATER + 1},
	{"revoked, list stale", REFUSAL_REVOKED, .revoked = ID, .next_update_ns = LATER, .due = true},
	{"list is due", REFUSAL_REVOCATIONS_BAD, .due = true},
	{"list is stale", REFUSAL_REVOCATIONS_STALE, .revoked = SENSOR, .next_update_ns = LATER, .due = true},
	{"stale list for a file", REFUSAL_NONE, .revoked = SENSOR, .next_update_ns = LATER},
	/* Sensor and table. */
	{"its sensor", REFUSAL_NONE, .sensor = SENSOR},
	{"other sensor", REFUSAL_SENSOR_OTHER, .sensor = ID},
	{"its table", REFUSAL_NONE, .domestic = "203.0.113.0/24"},
	{"empty table", REFUSAL_DOMESTIC_EMPTY, .domestic = "# nothing\n"},
	{"other table", REFUSAL_DOMESTIC_OTHER, .domestic = "203.0.113.0/25"},
	/* What may not be signed is not obeyed, whoever signed it. */
	{"other class", REFUSAL_LIMITS, "classes", "[\"foreign-domestic\",\"domestic-foreign\"]"},
	{"domestic to domestic", REFUSAL_LIMITS, "classes", "[\"domestic-domestic\"]"},
	{"too long", REFUSAL_LIMITS, "until", "\"2026-10-04T00:00:00Z\""},
	{"too long kept", REFUSAL_LIMITS, "retention", "\"P4000D\""},
	{"unknown member", REFUSAL_MALFORMED, "note", "1"},
	{"ends before it begins", REFUSAL_MALFORMED, "until", "\"2024-10-01T00:00:00Z\""},
	{"no act", REFUSAL_MALFORMED, "acts", "[]"},
};

/* The question of a case, asked. */
static enum refusal ask(const struct world *base, const struct variation *v, struct refusal_detail *detail)
{
	struct world w = *base;
	struct revocations list = {0};
	struct domestic *named = NULL, *table = NULL;
	struct uuid sensor, revoked;
	struct authorization *a = NULL;
	json_t *o = agreement(&w);

	if (v->domestic != NULL) {
		assert_int_equal(domestic_parse("203.0.113.0/24", 14, &named, NULL), HN_OK);
		assert_int_equal(domestic_parse(v->domestic, strlen(v->domestic), &table, NULL), HN_OK);
		w.trust.has_domestic = true;
		memcpy(w.trust.domestic, domestic_digest(named), SHA256_SIZE);
	}
	if (v->name != NULL)
		put(o, v->name, v->value);
	char *text = sign_object(&w, o, v->signatures != 0 ? v->signatures : THRESHOLD);
	struct verify_question q = {.text = v->no_text ? NULL : text,
				    .len = strlen(text),
				    .trust = v->no_trust ? NULL : &w.trust,
				    .now_ns = v->now_ns != 0 ? v->now_ns : LATER,
				    .domestic = table,
				    .recorded = v->recorded,
				    .revocations_due = v->due,
				    .newest_signed_ns = v->newest_ns};
	if (v->sensor != NULL) {
		sensor = uuid_of(v->sensor);
		q.sensor = &sensor;
	}
	if (v->revoked != NULL) {
		revoked = uuid_of(v->revoked);
		list = (struct revocations){1, T0, v->next_update_ns, &revoked, 1, {0}};
		q.revocations = &list;
	}
	enum refusal r = verify(&q, &a, detail);
	assert_true((r == REFUSAL_NONE) == (a != NULL));
	authorization_free(a);
	domestic_free(named);
	domestic_free(table);
	free(text);
	return r;
}

static void each_refusal_is_exact(void **state)
{
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct refusal_detail detail = {{0}};
		enum refusal r = ask(&w, &cases[i], &detail);
		if (r != cases[i].refusal)
			fail_msg("%s: %s (%s)", cases[i].what, refusal_name(r), detail.text);
		if (r != REFUSAL_NONE && detail.text[0] == '\0')
			fail_msg("%s: says nothing", cases[i].what);
	}
	world_clear(&w);
}

/* A second signature by the same key, an unknown and a wrong one: through the sensor's own question. */
static void signatures_are_named_exactly(void **state)
{
	struct world w;
	struct authorization *a = NULL;
	struct refusal_detail detail;

	(void)state;
	world_init(&w);
	struct key *stranger[] = {w.keys[0], w.stranger};
	json_t *o = agreement(&w);
	char *payload = object_text(o);
	json_decref(o);
	char *text = signed_text(payload, strlen(payload), stranger, 2);
	struct verify_question q = {.text = text, .len = strlen(text), .trust = &w.trust, .now_ns = LATER};
	assert_int_equal(verify(&q, &a, &detail), REFUSAL_KEY_UNKNOWN);
	free(text);

	/* The stranger's key under a commissioner's name: the id is bound to the key, so its signature is
	 * wrong. */
	struct jws j;
	assert_int_equal(jws_draft(payload, strlen(payload), &j), HN_OK);
	assert_int_equal(jws_sign(&j, w.keys[0]), HN_OK);
	assert_int_equal(jws_sign(&j, w.keys[1]), HN_OK);
	const size_t repeats[] = {0, 1};
	for (size_t i = 0; i < COUNT(repeats); i++) {
		struct buf b;
		buf_init(&b, JWS_SIZE_MAX);
		struct jws_signature kept = j.signatures[1];
		if (i == 0)
			j.signatures[1] = j.signatures[0];
		else
			memcpy(j.signatures[1].signature, j.signatures[0].signature, KEY_SIGNATURE_SIZE);
		jws_add(&j, &b);
		q.text = b.data;
		q.len = b.len;
		assert_int_equal(verify(&q, &a, &detail),
				 i == 0 ? REFUSAL_SIGNATURE_REPEATED : REFUSAL_SIGNATURE_WRONG);
		j.signatures[1] = kept;
		buf_clear(&b);
	}
	jws_clear(&j);
	free(payload);
	world_clear(&w);
}

/* Whichever bit of the file is changed, it is refused. */
static void any_single_bit_flip_refuses(void **state)
{
	struct world w;
	struct authorization *a = NULL;

	(void)state;
	world_init(&w);
	char *text = sign_object(&w, agreement(&w), THRESHOLD);
	size_t len = strlen(text);
	assert_int_equal(text[len - 1], '\n');
	uint8_t *copy = exact_copy(text, len);
	struct verify_question q = {
		.text = (const char *)copy, .len = len, .trust = &w.trust, .now_ns = LATER};
	assert_int_equal(verify(&q, &a, NULL), REFUSAL_NONE);
	authorization_free(a);
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			copy[i] ^= (uint8_t)(1u << bit);
			/* A flip that turns the last line feed into other white space changes nothing that is
			 * read. */
			bool blank = i == len - 1 && strchr(" \t\r\n", copy[i]) != NULL && copy[i] != '\0';
			if (!blank && verify(&q, &a, NULL) == REFUSAL_NONE)
				fail_msg("byte %zu, bit %u", i, bit);
			copy[i] ^= (uint8_t)(1u << bit);
		}
	for (size_t n = 0; n + 1 < len; n++) {
		uint8_t *prefix = exact_copy(text, n);
		q.text = (const char *)prefix;
		q.len = n;
		assert_int_not_equal(verify(&q, &a, NULL), REFUSAL_NONE);
		free(prefix);
	}
	free(copy);
	free(text);
	world_clear(&w);
}

static void trust_stands_for_its_predecessor_s_authorisations(void **state)
{
	struct world w;
	struct authorization *a;

	(void)state;
	world_init(&w);
	char *text = sign_object(&w, agreement(&w), THRESHOLD);
	struct trust next = w.trust;
	memcpy(next.predecessor, w.trust.digest, SHA256_SIZE);
	next.has_predecessor = true;
	next.number = 2;
	memset(next.digest, 0x11, SHA256_SIZE);
	struct verify_question q = {.text = text, .len = strlen(text), .trust = &next, .now_ns = LATER};
	assert_int_equal(verify(&q, &a, NULL), REFUSAL_NONE);
	authorization_free(a);
	/* But a key that the new file does not name any more signs no more. */
	next.keys[0] = *key_public(w.stranger);
	assert_int_equal(verify(&q, &a, NULL), REFUSAL_KEY_UNKNOWN);
	free(text);
	world_clear(&w);
}

struct one_entry {
	struct entry_key key;
	struct entry_meta meta;
	int rc;
};

/* Asks about every entry, whether it passes or not. */
static int walk(const void *source, const struct entry_pass *pass,
		int (*each)(void *, const struct entry_key *, const struct entry_meta *), void *context)
{
	const struct one_entry *e = source;
	(void)pass;
	int rc = each(context, &e->key, &e->meta);
	return rc != HN_OK ? rc : e->rc;
}

/* Passes over what may be passed over, as a set does. */
static int walk_outside(const void *source, const struct entry_pass *pass,
			int (*each)(void *, const struct entry_key *, const struct entry_meta *),
			void *context)
{
	const struct one_entry *e = source;
	bool narrow = !(e->key.kind == ENTRY_PREFIX4 && e->key.data[4] < pass->prefix4) &&
		      !(e->key.kind == ENTRY_PREFIX6 && e->key.data[16] < pass->prefix6);
	if (e->meta.allow || ((pass->kinds >> e->key.kind & 1) != 0 && narrow && e->meta.act != NULL &&
			      pass->act(pass->context, e->meta.act)))
		return e->rc;
	return walk(source, pass, each, context);
}

static void sets_stay_in_their_bounds(void **state)
{
	static const uint8_t v4[] = {203, 0, 113, 7}, p24[] = {203, 0, 113, 0, 24},
			     p23[] = {203, 0, 112, 0, 23}, p48[17] = {0x20, 1, 0xd, 0xb8, [16] = 48},
			     p47[17] = {0x20, 1, 0xd, 0xb8, [16] = 47}, name[] = "\3bad\7example";
	static const struct {
		const char *set, *act, *says;
		const uint8_t *data;
		uint64_t entries;
		uint16_t len;
		enum entry_kind kind;
		bool allow;
		enum refusal r;
	} rows[] = {
		{"c2", "act-1", "", v4, 1000, 4, ENTRY_IP4, false, REFUSAL_NONE},
		{"c2", "act-2", "", p24, 1, 5, ENTRY_PREFIX4, false, REFUSAL_NONE},
		{"c2", "act-2", "", p48, 1, 17, ENTRY_PREFIX6, false, REFUSAL_NONE},
		{"c2", "act-1", "", name, 1, 12, ENTRY_NAME, false, REFUSAL_NONE},
		{"c3", "act-1", "'c3'", v4, 1, 4, ENTRY_IP4, false, REFUSAL_SET_NOT_COVERED},
		{"c2", "act-1", "1001", v4, 1001, 4, ENTRY_IP4, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", "act-1", "203.0.112.0/23", p23, 1, 5, ENTRY_PREFIX4, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", "act-1", "2001:db8::/47", p47, 1, 17, ENTRY_PREFIX6, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", "act-1", "bad.example", name, 1, 12, ENTRY_WILDCARD, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", "act-3", "203.0.113.7", v4, 1, 4, ENTRY_IP4, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", NULL, "203.0.113.7", v4, 1, 4, ENTRY_IP4, false, REFUSAL_SET_OUT_OF_BOUNDS},
		{"c2", "", "203.0.113.7", v4, 1, 4, ENTRY_IP4, false, REFUSAL_SET_OUT_OF_BOUNDS},
		/* What only takes away is inside any bounds. */
		{"c2", NULL, "", name, 1, 12, ENTRY_WILDCARD, true, REFUSAL_NONE},
	};
	struct world w;
	struct authorization *a;
	(void)state;
	world_init(&w);
	char *text = sign_object(&w, agreement(&w), THRESHOLD);
	struct verify_question q = {.text = text, .len = strlen(text), .trust = &w.trust, .now_ns = LATER};
	assert_int_equal(verify(&q, &a, NULL), REFUSAL_NONE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct refusal_detail detail = {{0}};
		uint8_t *data = exact_copy(rows[i].data, rows[i].len);
		struct one_entry e = {{rows[i].kind, rows[i].len, data},
				      {.act = rows[i].act, .allow = rows[i].allow},
				      HN_OK};
		enum refusal r = verify_set(a, rows[i].set, rows[i].entries, walk, &e, &detail);
		if (r != rows[i].r || strstr(detail.text, rows[i].says) == NULL)
			fail_msg("row %zu: %s (%s)", i, refusal_name(r), detail.text);
		struct refusal_detail other = {{0}};
		assert_int_equal(verify_set(a, rows[i].set, rows[i].entries, walk_outside, &e, &other), r);
		assert_string_equal(other.text, detail.text);
		free(data);
	}
	/* A set that cannot be read to its end is not inside. */
	struct one_entry broken = {{ENTRY_IP4, 4, v4}, {.act = "act-1"}, HN_EFORMAT};
	assert_int_equal(verify_set(a, "c2", 1, walk, &broken, NULL), REFUSAL_SET_OUT_OF_BOUNDS);
	assert_int_equal(verify_set(a, "c2", 1, NULL, NULL, NULL), REFUSAL_NONE);
	authorization_free(a);
	free(text);
	world_clear(&w);
}

static void packets_have_a_clock_too(void **state)
{
	const struct authorization a = {.from_ns = 10, .until_ns = 20};
	(void)state;
	assert_false(verify_packet_time(&a, 9));
	assert_true(verify_packet_time(&a, 10));
	assert_true(verify_packet_time(&a, 19));
	assert_false(verify_packet_time(&a, 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_is_exact),
		cmocka_unit_test(signatures_are_named_exactly),
		cmocka_unit_test(any_single_bit_flip_refuses),
		cmocka_unit_test(trust_stands_for_its_predecessor_s_authorisations),
		cmocka_unit_test(sets_stay_in_their_bounds),
		cmocka_unit_test(packets_have_a_clock_too)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
