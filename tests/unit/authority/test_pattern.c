/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/check.h"

#include <stdio.h>

#include "authority/pattern.h"

static json_t *pattern(const char *position, int first, int last, const char *bytes)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:[i,i], s:s}", "id", "p-1", "act", "act-1", "position",
			      position, "offset", first, last, "bytes", bytes);
	assert_non_null(o);
	return o;
}

static void good_patterns_go_there_and_back(void **state)
{
	static const struct {
		const char *position, *bytes;
		int first, last;
		size_t len;
	} cases[] = {{"tcp.opening", "de ad be ef", 0, 0, 4},
		     {"udp.opening", "de ad be ef", 0, 1020, 4},
		     {"http.request_line", "?? 01 02 03 04 ?? ?? ff", 3, 9, 8},
		     {"ssh.banner", "53 53 48 2d", 0, 16, 4},
		     {"tls.client_hello", "00 00 00 00 ?? 01", 1018, 1018, 6}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pattern p;
		json_t *o = pattern(cases[i].position, cases[i].first, cases[i].last, cases[i].bytes);
		assert_int_equal(pattern_read(o, &p, NULL), HN_OK);
		assert_int_equal(p.position, i);
		assert_int_equal(p.len, cases[i].len);
		assert_int_equal(p.offset_min, cases[i].first);
		assert_int_equal(p.offset_max, cases[i].last);
		json_t *again = pattern_json(&p);
		assert_true(json_equal(o, again));
		json_decref(o);
		json_decref(again);
		pattern_clear(&p);
	}
}

static void bytes_need_no_blanks(void **state)
{
	struct pattern p;
	(void)state;
	json_t *o = pattern("tcp.opening", 0, 0, "DEad??BEEF0102");
	assert_int_equal(pattern_read(o, &p, NULL), HN_OK);
	assert_memory_equal(p.bytes, "\xde\xad\0\xbe\xef\x01\x02", 7);
	assert_memory_equal(p.mask, "\xff\xff\0\xff\xff\xff\xff", 7);
	pattern_clear(&p);
	json_decref(o);
}

static void others_are_refused(void **state)
{
	static const struct {
		const char *position, *bytes, *place;
		int first, last, rc;
	} cases[] = {
		/* Too little to tell an attack by. */
		{"tcp.opening", "de ad be", "/bytes", 0, 0, HN_ELIMIT},
		{"tcp.opening", "de ad be ?? ef 00 01", "/bytes", 0, 0, HN_ELIMIT},
		{"tcp.opening", "?? ?? ?? ??", "/bytes", 0, 0, HN_ELIMIT},
		/* Beyond the window. */
		{"tcp.opening", "de ad be ef", "/offset", 0, 1021, HN_ELIMIT},
		{"tcp.opening", "de ad be ef", "/offset", 2000, 2000, HN_ELIMIT},
		/* Where bodies of mail, web and messages would be read. */
		{"http.body", "de ad be ef", "/position", 0, 0, HN_EFORMAT},
		{"mail.body", "de ad be ef", "/position", 0, 0, HN_EFORMAT},
		{"tcp.stream", "de ad be ef", "/position", 0, 0, HN_EFORMAT},
		{"", "de ad be ef", "/position", 0, 0, HN_EFORMAT},
		{"tcp.openin", "de ad be ef", "/position", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de ad be ef", "/offset", 5, 4, HN_EFORMAT},
		{"tcp.opening", "de ad be ef", "/offset", -1, 4, HN_EFORMAT},
		{"tcp.opening", "", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de ad be e", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de ad be ef ", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", " de ad be ef", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de  ad be ef", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de ad be eg", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "de ad be e?", "/bytes", 0, 0, HN_EFORMAT},
		{"tcp.opening", "dead beef 1", "/bytes", 0, 0, HN_EFORMAT},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pattern p = {.len = 77};
		struct fault fault = {{0}, {0}};
		json_t *o = pattern(cases[i].position, cases[i].first, cases[i].last, cases[i].bytes);
		int rc = pattern_read(o, &p, &fault);
		if (rc != cases[i].rc || strcmp(fault.place, cases[i].place) != 0)
			fail_msg("case %zu: %d %s", i, rc, fault.place);
		assert_int_equal(p.len, 77);
		json_decref(o);
	}
}

static void the_window_bounds_the_length(void **state)
{
	char text[2 * (PATTERN_WINDOW + 1) + 1];
	struct pattern p;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[2 * PATTERN_WINDOW] = '\0';
	json_t *o = pattern("tcp.opening", 0, 0, text);
	assert_int_equal(pattern_read(o, &p, NULL), HN_OK);
	assert_int_equal(p.len, PATTERN_WINDOW);
	json_t *again = pattern_json(&p);
	assert_non_null(again);
	json_decref(again);
	pattern_clear(&p);
	json_decref(o);
	text[2 * PATTERN_WINDOW] = 'a';
	text[2 * PATTERN_WINDOW + 2] = '\0';
	o = pattern("tcp.opening", 0, 0, text);
	assert_int_equal(pattern_read(o, &p, NULL), HN_EFORMAT);
	json_decref(o);
}

static void members_are_strict(void **state)
{
	static const char *const names[] = {"id", "act", "position", "offset", "bytes"};
	struct pattern p;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		json_t *o = pattern("tcp.opening", 0, 0, "de ad be ef");
		assert_int_equal(json_object_del(o, names[i]), 0);
		assert_int_equal(pattern_read(o, &p, NULL), HN_EFORMAT);
		json_decref(o);
	}
	json_t *o = pattern("tcp.opening", 0, 0, "de ad be ef");
	assert_int_equal(json_object_set_new(o, "nocase", json_true()), 0);
	assert_int_equal(pattern_read(o, &p, NULL), HN_EFORMAT);
	json_decref(o);
	o = json_integer(1);
	assert_int_equal(pattern_read(o, &p, NULL), HN_EFORMAT);
	json_decref(o);
	assert_int_equal(pattern_read(NULL, &p, NULL), HN_EFORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_patterns_go_there_and_back), cmocka_unit_test(bytes_need_no_blanks),
		cmocka_unit_test(others_are_refused), cmocka_unit_test(the_window_bounds_the_length),
		cmocka_unit_test(members_are_strict)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
