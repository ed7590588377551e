/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/chunked.h"

#include "base/buf.h"

#include "../check.h"

/* Feeds a body in pieces of a length. @return as chunked_read() at the end */
static int feed(const char *text, size_t len, size_t step, struct buf *out, size_t *taken_out)
{
	struct chunked c;
	size_t at = 0;
	int rc = HN_OK;
	chunked_init(&c);
	while (at < len && rc == HN_OK) {
		size_t n = len - at < step ? len - at : step, used = 0;
		while (used < n && rc == HN_OK) {
			uint8_t *copy = exact_copy(text + at + used, n - used);
			const uint8_t *piece;
			size_t taken, piece_len;
			rc = chunked_read(&c, copy, n - used, &taken, &piece, &piece_len);
			if (rc >= 0) {
				buf_add(out, piece, piece_len);
				used += taken;
			}
			free(copy);
		}
		at += used;
	}
	*taken_out = at;
	return rc;
}

static void any_cutting_gives_the_same(void **state)
{
	(void)state;
	static const char text[] =
		"3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n00\r\nTrailer: a\r\nB: c\r\n\r\nGET";
	for (size_t step = 1; step < sizeof(text); step++) {
		struct buf out;
		size_t taken;
		buf_init(&out, 1000);
		assert_int_equal(feed(text, sizeof(text) - 1, step, &out, &taken), 1);
		assert_int_equal(out.len, 13);
		assert_memory_equal(out.data, "abc0123456789", 13);
		assert_string_equal(text + taken, "GET");
		buf_clear(&out);
	}
}

static void refuses_other_forms(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{"\r\n", HN_EFORMAT},
		{"3\nabc", HN_EFORMAT},
		{"0x3\r\nabc", HN_EFORMAT},
		{"-3\r\nabc", HN_EFORMAT},
		{" 3\r\nabc", HN_EFORMAT},
		{"3 \r\nabc", HN_EFORMAT},
		{"3\r\nabcd\r\n", HN_EFORMAT},
		{"3\r\nabc\n0\r\n\r\n", HN_EFORMAT},
		{"3\r\rabc", HN_EFORMAT},
		{"1000000000000000\r\n", HN_ELIMIT},
		{"3;a\nb\r\nabc", HN_EFORMAT},
		{"0\r\n folded\r\n\r\n", HN_EFORMAT},
		{"0\r\nA: b\n\r\n", HN_EFORMAT},
		{"0\r\n\n", HN_EFORMAT},
		{"3\r\nabc\r\n\r\n", HN_EFORMAT},
		{"g\r\n", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		size_t taken;
		buf_init(&out, 1000);
		assert_int_equal(feed(cases[i].text, strlen(cases[i].text), 100, &out, &taken), cases[i].rc);
		buf_clear(&out);
	}
}

static void extensions_and_trailers_have_an_end(void **state)
{
	(void)state;
	struct buf text, out;
	size_t taken;
	buf_init(&text, 1u << 20);
	buf_init(&out, 1000);
	buf_adds(&text, "1;");
	for (int i = 0; i < CHUNKED_EXTRA_MAX + 1; i++)
		buf_addc(&text, 'x');
	assert_int_equal(feed(text.data, text.len, 7, &out, &taken), HN_ELIMIT);
	buf_clear(&text);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cutting_gives_the_same),
		cmocka_unit_test(refuses_other_forms),
		cmocka_unit_test(extensions_and_trailers_have_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
