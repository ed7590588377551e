/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/lang.h"
#include "base/utf8.h"

/* What log_line() writes for a message. */
static char *logged(bool json, const char *message)
{
	static char out[40000];
	int kept = dup(STDERR_FILENO);
	int memory = memfd_create("err", 0);
	assert_true(kept >= 0 && memory >= 0 && dup2(memory, STDERR_FILENO) >= 0);
	log_init("hinomi-test", json);
	log_line(LOG_LEVEL_WARNING, "%s", message);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	ssize_t len = pread(memory, out, sizeof(out) - 1, 0);
	(void)close(memory);
	(void)close(kept);
	assert_true(len > 0);
	out[len] = '\0';
	return out;
}

static void nothing_from_outside_steers_a_terminal(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"plain 火の見", "hinomi-test: plain 火の見\n"},
		{"a\nb\x1b[31mc", "hinomi-test: a b [31mc\n"},
		{"\xff\x9b", "hinomi-test: ??\n"},
		{"\xc2\x9b", "hinomi-test:   \n"}, /* CSI of ISO 6429 */
		/* A right-to-left override. NOLINTNEXTLINE(misc-misleading-bidirectional) */
		{"a\xe2\x80\xae-b", "hinomi-test: a   -b\n"},
		{"\xe7\x81", "hinomi-test: ??\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(logged(false, cases[i][0]), cases[i][1]);
}

static void json_lines_are_json(void **state)
{
	(void)state;
	json_t *line = json_loads(logged(true, "a \"b\"\n\xff"), 0, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "message")), "a \"b\" ?");
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "program")), "hinomi-test");
	json_decref(line);
}

static void a_long_line_is_cut_and_still_one_line(void **state)
{
	(void)state;
	static char big[10000];
	memset(big, '\x1b', sizeof(big) - 1);
	const char *out = logged(true, big);
	json_t *line = json_loads(out, 0, NULL);
	assert_non_null(line);
	json_decref(line);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
}

static void a_fault_is_cut_between_characters(void **state)
{
	(void)state;
	struct fault fault;
	char big[1000];
	for (size_t shift = 0; shift < 3; shift++) {
		memset(big, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(big); i += 3)
			memcpy(big + i, "火", 4);
		assert_int_equal(fault_set(&fault, HN_ELIMIT, big, "%s", big), HN_ELIMIT);
		assert_true(utf8_valid(fault.place, strlen(fault.place)));
		assert_true(utf8_valid(fault.message, strlen(fault.message)));
		assert_true(strlen(fault.message) > sizeof(fault.message) - 4);
	}
	assert_int_equal(fault_set(NULL, HN_EIO, "x", "y"), HN_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_from_outside_steers_a_terminal),
		cmocka_unit_test(json_lines_are_json),
		cmocka_unit_test(a_long_line_is_cut_and_still_one_line),
		cmocka_unit_test(a_fault_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
