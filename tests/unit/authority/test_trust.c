/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

/* A payload of which one member is replaced (JSON text; NULL takes it away). */
static json_t *trust_object(const struct trust *t)
{
	struct buf payload;
	json_t *o;
	buf_init(&payload, 1 << 20);
	assert_int_equal(trust_payload(t, &payload), HN_OK);
	assert_int_equal(json_object_read(payload.data, payload.len, &o, NULL), HN_OK);
	buf_clear(&payload);
	return o;
}

static void trust_goes_there_and_back(void **state)
{
	struct world w;
	struct trust t, again;

	(void)state;
	world_init(&w);
	t = w.trust;
	t.number = 7;
	t.has_predecessor = t.has_domestic = true;
	memset(t.predecessor, 0xaa, sizeof(t.predecessor));
	memset(t.domestic, 0xbb, sizeof(t.domestic));
	t.mark = TRUST_MARK_DEMO;
	for (size_t i = 0; i < KEYS; i++) /* trust tells signing keys only */
		memset(t.keys[i].x25519, 0, 32);
	char *text = trust_text(&t, NULL, 0);
	assert_int_equal(trust_parse(text, strlen(text), &again, NULL), HN_OK);
	memcpy(t.digest, again.digest, sizeof(t.digest));
	assert_int_equal(again.number, t.number);
	assert_int_equal(again.mark, t.mark);
	for (unsigned b = 0; b < BASIS_COUNT; b++) {
		assert_int_equal(again.limits.basis[b].classes, t.limits.basis[b].classes);
		assert_int_equal(again.limits.basis[b].validity_ns, t.limits.basis[b].validity_ns);
	}
	assert_memory_equal(again.keys, t.keys, KEYS * sizeof(t.keys[0]));
	assert_memory_equal(again.predecessor, t.predecessor, 32);
	assert_memory_equal(again.domestic, t.domestic, 32);
	free(text);
	world_clear(&w);
}

static void members_are_judged(void **state)
{
	static const struct {
		const char *name, *value, *place;
		int rc;
	} cases[] = {
		{"type", "\"hinomi-authorization\"", "/type", HN_EFORMAT},
		{"version", "2", "/version", HN_EUNSUPPORTED},
		{"number", "0", "/number", HN_EFORMAT},
		{"number", "2", "/predecessor", HN_EFORMAT},
		{"predecessor", "\"aa\"", "/predecessor", HN_EFORMAT},
		{"predecessor", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
		 "/predecessor", HN_EFORMAT},
		{"threshold", "0", "/threshold", HN_EFORMAT},
		{"threshold", "4", "/threshold", HN_EFORMAT},
		{"threshold", "\"2\"", "/threshold", HN_EFORMAT},
		{"keys", "[]", "/keys", HN_EFORMAT},
		{"keys", "[1]", "/keys/0", HN_EFORMAT},
		{"keys", NULL, "/keys", HN_EFORMAT},
		{"mark", "\"production\"", "/mark", HN_EFORMAT},
		{"limits", NULL, "/limits", HN_EFORMAT},
		{"limits", "{\"entries_max\":0}", "/entries_max", HN_EFORMAT},
		{"limits", "{\"speed\":1}", "/speed", HN_EFORMAT},
		{"limits", "{\"prefix4_widest\":8}", "/prefix4_widest", HN_EAUTH},
		{"limits", "{\"prefix6_widest\":32}", "/prefix6_widest", HN_EAUTH},
		{"limits", "{\"retention_max\":\"P4000D\"}", "/retention_max", HN_EAUTH},
		{"limits", "{\"entries_max\":50000001}", "/entries_max", HN_EAUTH},
		{"limits", "{\"agreement\":{\"validity_max\":\"P367D\"}}", "/agreement", HN_EAUTH},
		{"limits", "{\"agreement\":{\"classes\":[\"domestic-foreign\"]}}", "/agreement", HN_EAUTH},
		{"limits", "{\"agreement\":{\"classes\":[\"domestic-domestic\"]}}", "/classes", HN_EAUTH},
		{"limits", "{\"agreement\":{\"classes\":[\"all\"]}}", "/classes", HN_EFORMAT},
		{"reidentification", NULL, "/reidentification", HN_EFORMAT},
		{"issued", "\"yesterday\"", "/issued", HN_EFORMAT},
		{"extra", "1", "/extra", HN_EFORMAT},
	};
	struct world w;
	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fault fault = {{0}, {0}};
		struct trust out = {.number = 99};
		json_t *o = trust_object(&w.trust);
		put(o, cases[i].name, cases[i].value);
		char *text = sign_object(&w, o, 0);
		int rc = trust_parse(text, strlen(text), &out, &fault);
		if (rc != cases[i].rc || strcmp(fault.place, cases[i].place) != 0)
			fail_msg("case %zu: %d at '%s'", i, rc, fault.place);
		assert_int_equal(out.number, 99);
		free(text);
	}
	world_clear(&w);
}

static void a_nation_may_narrow_and_a_test_may_widen(void **state)
{
	struct world w;
	struct trust out;

	(void)state;
	world_init(&w);
	json_t *o = trust_object(&w.trust);
	put(o, "limits", "{\"agreement\":{\"classes\":[],\"validity_max\":\"P10D\"},\"prefix4_widest\":28}");
	char *text = sign_object(&w, o, 0);
	assert_int_equal(trust_parse(text, strlen(text), &out, NULL), HN_OK);
	assert_int_equal(out.limits.basis[BASIS_AGREEMENT].classes, 0);
	assert_int_equal(out.limits.basis[BASIS_AGREEMENT].validity_ns, 10 * DAY);
	assert_int_equal(out.limits.prefix4, 28);
	assert_int_equal(out.limits.prefix6, limits_builtin.prefix6);
	free(text);

	static const char *const marks[] = {"\"test\"", "\"demo\""};
	for (size_t i = 0; i < 2; i++) {
		o = trust_object(&w.trust);
		put(o, "mark", marks[i]);
		put(o, "limits", "{\"prefix4_widest\":8,\"agreement\":{\"classes\":[\"foreign-foreign\"]}}");
		text = sign_object(&w, o, 0);
		assert_int_equal(trust_parse(text, strlen(text), &out, NULL), i == 0 ? HN_OK : HN_EAUTH);
		free(text);
	}
	/* Never domestic to domestic, not even in a test. */
	o = trust_object(&w.trust);
	put(o, "mark", "\"test\"");
	put(o, "limits", "{\"agreement\":{\"classes\":[\"domestic-domestic\"]}}");
	text = sign_object(&w, o, 0);
	assert_int_equal(trust_parse(text, strlen(text), &out, NULL), HN_EAUTH);
	free(text);
	world_clear(&w);
}

static void keys_stand_once_and_match_their_ids(void **state)
{
	struct world w;
	struct trust t, out;
	struct fault fault;

	(void)state;
	world_init(&w);
	t = w.trust;
	t.keys[1] = t.keys[0];
	char *text = trust_text(&t, NULL, 0);
	assert_int_equal(trust_parse(text, strlen(text), &out, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "/keys/1/kid");
	free(text);
	t = w.trust;
	t.keys[2].ed25519[0] ^= 1;
	text = trust_text(&t, NULL, 0);
	assert_int_equal(trust_parse(text, strlen(text), &out, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "/keys/2/kid");
	free(text);
	assert_ptr_equal(trust_key(&w.trust, w.trust.keys[1].id), &w.trust.keys[1]);
	assert_null(trust_key(&w.trust, key_public(w.stranger)->id));
	world_clear(&w);
}

static void a_successor_is_signed_by_its_predecessor(void **state)
{
	struct world w;
	struct trust next;

	(void)state;
	world_init(&w);
	next = w.trust;
	next.number = 2;
	next.has_predecessor = true;
	memcpy(next.predecessor, w.trust.digest, SHA256_SIZE);
	next.keys[2] = *key_public(w.stranger);
	struct key *enough[] = {w.keys[0], w.keys[1]}, *new_keys[] = {w.keys[0], w.stranger};
	const struct {
		struct key **keys;
		size_t count;
		enum refusal r;
	} signers[] = {{enough, 2, REFUSAL_NONE},
		       {enough, 1, REFUSAL_SIGNATURES_TOO_FEW},
		       {enough, 0, REFUSAL_SIGNATURES_TOO_FEW},
		       {new_keys, 2, REFUSAL_KEY_UNKNOWN}};
	for (size_t i = 0; i < COUNT(signers); i++) {
		char *text = trust_text(&next, signers[i].keys, signers[i].count);
		assert_int_equal(trust_follows(&w.trust, text, strlen(text), NULL), signers[i].r);
		free(text);
	}
	struct trust wrong[3] = {next, next, next};
	wrong[0].number = 3;
	wrong[1].predecessor[0] ^= 1;
	wrong[2].issued_ns = w.trust.issued_ns - NS_SECOND;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char *text = trust_text(&wrong[i], enough, 2);
		assert_int_equal(trust_follows(&w.trust, text, strlen(text), NULL), REFUSAL_TRUST_UNKNOWN);
		free(text);
	}
	assert_int_equal(trust_follows(&w.trust, "{}", 2, NULL), REFUSAL_TRUST_UNKNOWN);
	world_clear(&w);
}

static void the_digest_does_not_depend_on_signatures(void **state)
{
	struct world w;
	struct trust a, b;

	(void)state;
	world_init(&w);
	char *none = trust_text(&w.trust, NULL, 0), *two = trust_text(&w.trust, w.keys, 2);
	assert_int_equal(trust_parse(none, strlen(none), &a, NULL), HN_OK);
	assert_int_equal(trust_parse(two, strlen(two), &b, NULL), HN_OK);
	assert_memory_equal(a.digest, b.digest, SHA256_SIZE);
	free(none);
	free(two);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(trust_goes_there_and_back),
					   cmocka_unit_test(members_are_judged),
					   cmocka_unit_test(a_nation_may_narrow_and_a_test_may_widen),
					   cmocka_unit_test(keys_stand_once_and_match_their_ids),
					   cmocka_unit_test(a_successor_is_signed_by_its_predecessor),
					   cmocka_unit_test(the_digest_does_not_depend_on_signatures)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
