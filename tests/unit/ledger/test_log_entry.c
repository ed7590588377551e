/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/log_entry.h"

#include "../check.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
static const char good[] = "{\"commitment\":\"" HEX
			   "\",\"kind\":\"set-version.v1\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}";

static void an_entry_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct log_entry e, again;
	char text[LOG_ENTRY_TEXT_MAX];
	uint8_t *exact = exact_copy(good, strlen(good));
	assert_int_equal(log_entry_parse(exact, strlen(good), &e), HN_OK);
	free(exact);
	assert_string_equal(e.kind, "set-version.v1");
	assert_int_equal(e.commitment[1], 0x11);
	size_t len = log_entry_format(&e, text);
	assert_int_equal(len, strlen(good));
	assert_memory_equal(text, good, len);
	assert_int_equal(log_entry_parse(text, len, &again), HN_OK);
	assert_true(again.time_ns == e.time_ns);
}

static void each_prefix_and_each_other_spelling_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"commitment\":\"00\",\"kind\":\"a\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}",
		"{\"commitment\":\"" HEX "\",\"kind\":\"\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}",
		"{\"commitment\":\"" HEX
		"\",\"kind\":\"A\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}",
		"{\"commitment\":\"" HEX
		"\",\"kind\":\"-a\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}",
		"{\"commitment\":\"" HEX "\",\"kind\":\"a\",\"time\":\"2026-11-21T13:48:49Z\",\"v\":1}",
		"{\"commitment\":\"" HEX
		"\",\"kind\":\"a\",\"time\":\"2026-11-21T22:48:49.000001+09:00\",\"v\":1}",
		"{\"commitment\":\"" HEX
		"\",\"kind\":\"a\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":2}",
		"{\"commitment\":\"" HEX
		"\", \"kind\":\"a\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}",
		"{\"commitment\":\"" HEX
		"\",\"kind\":\"a\",\"time\":\"2026-11-21T13:48:49.000001Z\",\"v\":1}\n",
	};
	struct log_entry e = {.time_ns = 7};
	for (size_t len = 0; len < strlen(good); len++) {
		uint8_t *exact = exact_copy(good, len);
		assert_int_equal(log_entry_parse(exact, len, &e), HN_EFORMAT);
		free(exact);
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(log_entry_parse(rows[i], strlen(rows[i]), &e), HN_EFORMAT);
	char upper[sizeof(good)];
	memcpy(upper, good, sizeof(good));
	upper[strlen("{\"commitment\":\"") + 20] = 'A';
	assert_int_equal(log_entry_parse(upper, strlen(upper), &e), HN_EFORMAT);
	assert_int_equal(e.time_ns, 7);
}

static void the_longest_entry_fits(void **state)
{
	(void)state;
	struct log_entry e = {.time_ns = INT64_MAX};
	char text[LOG_ENTRY_TEXT_MAX];
	memset(e.kind, 'k', LOG_ENTRY_KIND_MAX);
	assert_true(log_entry_kind_ok(e.kind, LOG_ENTRY_KIND_MAX));
	assert_false(log_entry_kind_ok("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", LOG_ENTRY_KIND_MAX + 1));
	size_t len = log_entry_format(&e, text);
	assert_true(len < LOG_ENTRY_TEXT_MAX);
	assert_int_equal(log_entry_parse(text, len, &e), HN_OK);
	assert_true(e.time_ns == UTC_MAX_NS - UTC_MAX_NS % 1000);
}

static void a_bundle_ends_where_its_entries_end(void **state)
{
	(void)state;
	static const uint8_t in[] = {0, 1, 'a', 0, 0, 0, 2, 'b', 'c'};
	const uint8_t *data;
	size_t len;
	struct cur c = cur_of(in, sizeof(in));
	assert_int_equal(bundle_next(&c, &data, &len), HN_OK);
	assert_int_equal(len, 1);
	assert_int_equal(bundle_next(&c, &data, &len), HN_OK);
	assert_int_equal(len, 0);
	assert_int_equal(bundle_next(&c, &data, &len), HN_OK);
	assert_memory_equal(data, "bc", 2);
	assert_int_equal(bundle_next(&c, &data, &len), HN_ENOENT);
	for (size_t cut = 6; cut < sizeof(in); cut++) {
		uint8_t *exact = exact_copy(in + 5, cut - 5);
		c = cur_of(exact, cut - 5);
		assert_int_equal(bundle_next(&c, &data, &len), HN_ETRUNC);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_read_as_it_was_written),
		cmocka_unit_test(each_prefix_and_each_other_spelling_is_refused),
		cmocka_unit_test(the_longest_entry_fits),
		cmocka_unit_test(a_bundle_ends_where_its_entries_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
