/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/authority/world.h"

#include "authority/revocations.h"

/* A list over ids (already in order), signed by a key. */
static char *list_text(uint64_t number, const struct uuid *ids, size_t count, struct key *k)
{
	struct uuid copy[8];
	struct revocations r = {number, T0, T0 + DAY, copy, count, {0}};
	struct buf payload;
	memcpy(copy, ids, count * sizeof(*ids));
	buf_init(&payload, 1 << 20);
	assert_int_equal(revocations_payload(&r, &payload), HN_OK);
	char *text = signed_text(payload.data, payload.len, &k, k == NULL ? 0 : 1);
	buf_clear(&payload);
	return text;
}

static void one_commissioner_alone_may_revoke(void **state)
{
	struct world w;
	struct revocations r;
	(void)state;
	world_init(&w);
	const struct uuid ids[] = {uuid_of(SENSOR), uuid_of(ID)};
	char *text = list_text(3, ids, 2, w.keys[2]);
	assert_int_equal(revocations_parse(text, strlen(text), &w.trust, &r, NULL), REFUSAL_NONE);
	assert_int_equal(r.number, 3);
	assert_int_equal(r.next_update_ns, T0 + DAY);
	assert_true(revocations_has(&r, &ids[0]) && revocations_has(&r, &ids[1]));
	struct uuid other = uuid_of("6f1c2a34-0000-4000-8000-0000000000ab");
	assert_false(revocations_has(&r, &other));
	revocations_clear(&r);
	revocations_clear(&r);
	free(text);
	world_clear(&w);
}

static void lists_of_others_are_refused(void **state)
{
	struct world w;
	struct revocations r = {.number = 77};
	(void)state;
	world_init(&w);
	const struct uuid wrong_order[] = {uuid_of(ID), uuid_of(SENSOR)},
			  twice[] = {uuid_of(ID), uuid_of(ID)};
	char *texts[] = {list_text(1, wrong_order, 1, w.stranger), list_text(1, wrong_order, 1, NULL),
			 list_text(0, wrong_order, 1, w.keys[0]),  list_text(1, wrong_order, 2, w.keys[0]),
			 list_text(1, twice, 2, w.keys[0]),        sign_object(&w, agreement(&w), 2)};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct refusal_detail detail = {{0}};
		assert_int_equal(revocations_parse(texts[i], strlen(texts[i]), &w.trust, &r, &detail),
				 REFUSAL_REVOCATIONS_BAD);
		assert_true(detail.text[0] != '\0');
		assert_int_equal(r.number, 77);
		free(texts[i]);
	}
	assert_int_equal(revocations_parse("{}", 2, &w.trust, &r, NULL), REFUSAL_REVOCATIONS_BAD);
	assert_int_equal(revocations_read("/nonexistent/list", &w.trust, &r, NULL), REFUSAL_REVOCATIONS_BAD);
	world_clear(&w);
}

static void any_bit_flip_refuses(void **state)
{
	struct world w;
	struct revocations r;
	(void)state;
	world_init(&w);
	const struct uuid id = uuid_of(ID);
	char *text = list_text(1, &id, 1, w.keys[0]);
	size_t len = strlen(text) - 1; /* without the line feed */
	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			if (revocations_parse(text, len, &w.trust, &r, NULL) == REFUSAL_NONE)
				fail_msg("byte %zu, bit %u", i, bit);
			text[i] = (char)(text[i] ^ (1 << bit));
		}
	free(text);
	world_clear(&w);
}

static void a_list_only_grows(void **state)
{
	struct uuid both[] = {uuid_of(SENSOR), uuid_of(ID)}, one[] = {uuid_of(ID)};
	const struct revocations now = {2, 0, 0, one, 1, {2}};
	const struct {
		struct revocations next;
		enum refusal r;
	} cases[] = {{{3, 0, 0, both, 2, {3}}, REFUSAL_NONE},
		     {{9, 0, 0, one, 1, {9}}, REFUSAL_NONE},
		     {{2, 0, 0, one, 1, {2}}, REFUSAL_NONE}, /* the same */
		     {{2, 0, 0, both, 2, {7}}, REFUSAL_REVOCATIONS_BAD},
		     {{1, 0, 0, both, 2, {1}}, REFUSAL_REVOCATIONS_BAD},
		     {{3, 0, 0, both, 1, {3}}, REFUSAL_REVOCATIONS_BAD},
		     {{3, 0, 0, NULL, 0, {3}}, REFUSAL_REVOCATIONS_BAD}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(revocations_follows(&now, &cases[i].next, NULL), cases[i].r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_commissioner_alone_may_revoke),
					   cmocka_unit_test(lists_of_others_are_refused),
					   cmocka_unit_test(any_bit_flip_refuses),
					   cmocka_unit_test(a_list_only_grows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
