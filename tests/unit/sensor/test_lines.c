/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/lines.h"

#include <stdio.h>
#include <unistd.h>

#include "../check.h"

#define LINE_MAX_BYTES 200000u

static FILE *file_of(const char *text, size_t len)
{
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_int_equal(pwrite(fileno(f), text, len, 0), len);
	return f;
}

static void lines_and_what_is_left(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t lines, left;
	} cases[] = {{"", 0, 0},     {"\n", 1, 0},     {"a", 0, 1},         {"a\n", 1, 0},
		     {"a\nb", 1, 1}, {"\n\n\n", 3, 0}, {"ab\ncde\nf", 2, 1}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		FILE *f = file_of(cases[i].text, strlen(cases[i].text));
		struct lines l;
		const char *line, *want = cases[i].text;
		size_t len, count = 0;
		int rc;
		lines_init(&l, fileno(f), 0, LINE_MAX_BYTES);
		while ((rc = lines_next(&l, &line, &len)) == HN_OK) {
			assert_int_equal(l.at, want - cases[i].text);
			assert_int_equal(len, strcspn(want, "\n"));
			assert_memory_equal(line, want, len);
			want += len + 1;
			count++;
		}
		assert_int_equal(rc, HN_ENOENT);
		assert_int_equal(count, cases[i].lines);
		assert_int_equal(lines_left(&l), cases[i].left);
		lines_clear(&l);
		(void)fclose(f);
	}
}

/* Lines around the size of what is read at once, from an offset on. */
static void long_lines(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 65534, 65535, 65536, 65537, 131072, LINE_MAX_BYTES};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t total = sizes[i] + 1 + 4;
		char *text = malloc(total);
		struct lines l;
		const char *line;
		size_t len;
		assert_non_null(text);
		memset(text, 'x', total);
		text[sizes[i]] = text[total - 1] = '\n';
		FILE *f = file_of(text, total);
		lines_init(&l, fileno(f), 0, LINE_MAX_BYTES);
		assert_int_equal(lines_next(&l, &line, &len), HN_OK);
		assert_int_equal(len, sizes[i]);
		assert_int_equal(lines_next(&l, &line, &len), HN_OK);
		assert_int_equal(len, 3);
		assert_int_equal(lines_next(&l, &line, &len), HN_ENOENT);
		lines_clear(&l);
		lines_init(&l, fileno(f), (off_t)sizes[i] + 1, LINE_MAX_BYTES);
		assert_int_equal(lines_next(&l, &line, &len), HN_OK);
		assert_int_equal(l.at, sizes[i] + 1);
		assert_int_equal(len, 3);
		lines_clear(&l);
		(void)fclose(f);
		free(text);
	}
}

static void a_line_without_end_is_refused(void **state)
{
	(void)state;
	size_t total = LINE_MAX_BYTES + 200000;
	char *text = malloc(total);
	struct lines l;
	const char *line;
	size_t len;
	assert_non_null(text);
	memset(text, 'x', total);
	FILE *f = file_of(text, total);
	lines_init(&l, fileno(f), 0, LINE_MAX_BYTES);
	assert_int_equal(lines_next(&l, &line, &len), HN_ELIMIT);
	lines_clear(&l);
	(void)fclose(f);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_what_is_left),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(a_line_without_end_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
