/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/json_reader.h"

#include <jansson.h>
#include <stdio.h>

#include "base/lang.h"

#include "../check.h"

#define DEPTH 8

/* Writes each token as one letter, with the texts of names, strings and numbers behind theirs. */
static int trace(const void *data, size_t len, bool many, struct buf *out, struct json_reader *r)
{
	static const char letters[] = ".{}[]:\"#tfn";
	struct buf scratch;
	enum json_token token;
	int rc;

	buf_init(&scratch, len + 16);
	json_reader_init(r, cur_of(data, len), DEPTH, many);
	while ((rc = json_next(r, &token)) == HN_OK) {
		buf_addc(out, letters[token]);
		if (token == JSON_TOKEN_END)
			break;
		if (token == JSON_TOKEN_NAME || token == JSON_TOKEN_STRING || token == JSON_TOKEN_NUMBER) {
			const char *text;
			size_t text_len;
			assert_int_equal(json_text(&r->string, &scratch, &text, &text_len), HN_OK);
			buf_add(out, text, text_len);
			buf_addc(out, ' ');
		}
	}
	buf_clear(&scratch);
	return rc;
}

static int trace_text(const char *text, bool many, struct buf *out, struct json_reader *r)
{
	uint8_t *copy = exact_copy(text, strlen(text));
	int rc = trace(copy, strlen(text), many, out, r);
	free(copy);
	return rc;
}

static void reads_tokens(void **state)
{
	(void)state;
	static const struct {
		const char *in, *tokens;
		bool many;
	} cases[] = {
		{"{}", "{}."},
		{" [ ] ", "[]."},
		{"0", "#0 ."},
		{"-0.5e+10", "#-0.5e+10 ."},
		{"1E5", "#1E5 ."},
		{"\"\"", "\" ."},
		{"true", "t."},
		{"[true,false,null]", "[tfn]."},
		{"{\"a\":1,\"b\":{\"c\":[[],{}]}}", "{:a #1 :b {:c [[]{}]}}."},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\\/\b\f\n\r\t ."},
		{"\"\\u0041\\u00e9\\u706b\\ud83d\\uDD25\"", "\"A\xC3\xA9\xE7\x81\xAB\xF0\x9F\x94\xA5 ."},
		{"\"0123456789 longer than eight \xE7\x81\xAB\xE3\x81\xAE\xE8\xA6\x8B\"",
		 "\"0123456789 longer than eight \xE7\x81\xAB\xE3\x81\xAE\xE8\xA6\x8B ."},
		{"[[[[[[[[]]]]]]]]", "[[[[[[[[]]]]]]]]."},
		{"{\"a\":1}\n{\"b\":2}\n", "{:a #1 }{:b #2 }.", true},
		{"", ".", true},
		{"1 2", "#1 #2 .", true},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_reader r;
		struct buf out;
		buf_init(&out, 1024);
		assert_int_equal(trace_text(cases[i].in, cases[i].many, &out, &r), HN_OK);
		assert_string_equal(out.data, cases[i].tokens);
		assert_int_equal(json_offset(&r), strlen(cases[i].in));
		buf_clear(&out);
	}
}

static void refuses_with_the_place(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int err;
		const char *place;
	} cases[] = {
		{"", HN_ETRUNC, " (byte 0)"},
		{"[1,]", HN_EFORMAT, "/1 (byte 3)"},
		{"[1 2]", HN_EFORMAT, "/0 (byte 3)"},
		{"{\"a\":1,}", HN_EFORMAT, "/a (byte 7)"},
		{"{\"a\" 1}", HN_EFORMAT, "/a (byte 5)"},
		{"{a:1}", HN_EFORMAT, " (byte 1)"},
		{"{\"a\":[0,{\"b/~\":tru}]}", HN_EFORMAT, "/a/1/b~1~0 (byte 18)"},
		{"{} {}", HN_EFORMAT, " (byte 3)"},
		{"01", HN_EFORMAT, " (byte 1)"},
		{"1.", HN_ETRUNC, " (byte 2)"},
		{"[1.]", HN_EFORMAT, "/0 (byte 3)"},
		{"[.5]", HN_EFORMAT, "/0 (byte 1)"},
		{"[+1]", HN_EFORMAT, "/0 (byte 1)"},
		{"[1e]", HN_EFORMAT, "/0 (byte 3)"},
		{"NaN", HN_EFORMAT, " (byte 0)"},
		{"'a'", HN_EFORMAT, " (byte 0)"},
		{"\"a\nb\"", HN_EFORMAT, " (byte 2)"},
		{"\"\\x41\"", HN_EFORMAT, " (byte 3)"},
		{"\"\\u12g4\"", HN_EFORMAT, " (byte 7)"},
		{"\"\\ud800\"", HN_ETRUNC, " (byte 7)"},
		{"\"\\ud800\\u0041\"", HN_EFORMAT, " (byte 13)"},
		{"\"\\udc00 and more\"", HN_EFORMAT, " (byte 13)"},
		{"\"\xC0\xAF\"", HN_EFORMAT, " (byte 1)"},
		{"\"\xED\xA0\x80\"", HN_EFORMAT, " (byte 1)"},
		{"\"12345678\xFF\"", HN_EFORMAT, " (byte 9)"},
		{"[}", HN_EFORMAT, "/0 (byte 1)"},
		{"[[[[[[[[[", HN_ELIMIT, "/0/0/0/0/0/0/0/0 (byte 9)"},
		{"// no\n1", HN_EFORMAT, " (byte 0)"},
		{"\xEF\xBB\xBF{}", HN_EFORMAT, " (byte 0)"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_reader r;
		struct buf out;
		struct fault fault;
		enum json_token token = JSON_TOKEN_NULL;
		uint8_t *copy = exact_copy(cases[i].in, strlen(cases[i].in));
		buf_init(&out, 1024);
		assert_int_equal(trace(copy, strlen(cases[i].in), false, &out, &r), cases[i].err);
		assert_int_equal(json_next(&r, &token), cases[i].err); /* for good */
		assert_int_equal(token, JSON_TOKEN_NULL);
		assert_int_equal(json_fault(&r, &fault), cases[i].err);
		assert_string_equal(fault.place, cases[i].place);
		assert_true(fault.message[0] != '\0');
		buf_clear(&out);
		free(copy);
	}
}

static const char *const good[] = {
	"{\"type\":\"bundle\",\"objects\":[{\"id\":\"indicator--1\",\"n\":-12.5e3,\"t\":[true,false,null]},{}"
	"]}",
	"[\"\\u706b\\ud83d\\udd25\",\"\xE7\x81\xAB\xE3\x81\xAE\xE8\xA6\x8B\",\"plain text of some "
	"length\",{\"a\":{\"b\":[]}}]",
	"{\"\":\"\",\"a\\nb\":[0,1,2,[3,[4,{\"x\":5}]]]}",
};

static void refuses_each_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		for (size_t len = 0; len < strlen(good[i]); len++) {
			struct json_reader r;
			struct buf out;
			uint8_t *copy = exact_copy(good[i], len);
			buf_init(&out, 1024);
			int rc = trace(copy, len, false, &out, &r);
			/* Inside a character the bytes are no UTF-8 yet. */
			assert_true(rc == HN_ETRUNC ||
				    (rc == HN_EFORMAT && ((uint8_t)good[i][len] & 0xC0) == 0x80));
			buf_clear(&out);
			free(copy);
		}
	}
}

/* Skipping at any token leads to where reading through the value leads. */
static void skips_what_it_would_have_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		for (unsigned stop = 1;; stop++) {
			struct json_reader skipped, read;
			enum json_token token = JSON_TOKEN_END, other = JSON_TOKEN_END;
			json_reader_init(&skipped, cur_of(good[i], strlen(good[i])), DEPTH, false);
			for (unsigned n = 0; n < stop; n++)
				assert_int_equal(json_next(&skipped, &token), HN_OK);
			if (token == JSON_TOKEN_END)
				break;
			read = skipped;
			bool opens = token == JSON_TOKEN_OBJECT || token == JSON_TOKEN_ARRAY;
			unsigned outside = read.depth - (opens ? 1u : 0u);
			assert_int_equal(json_skip(&skipped, token), HN_OK);
			if (token == JSON_TOKEN_NAME) {
				assert_int_equal(json_next(&read, &other), HN_OK);
				opens = other == JSON_TOKEN_OBJECT || other == JSON_TOKEN_ARRAY;
			}
			while (opens && read.depth > outside)
				assert_int_equal(json_next(&read, &other), HN_OK);
			assert_int_equal(json_offset(&skipped), json_offset(&read));
			assert_int_equal(skipped.depth, read.depth);
		}
	}
}

static void points_to_the_value_read_last(void **state)
{
	(void)state;
	static const char in[] = "{\"a\":[10,{\"b\":20},[]],\"c\":30}";
	static const char *const pointers[] = {"",     "/a",   "/a",   "/a/0", "/a/1", "/a/1/b", "/a/1/b",
					       "/a/1", "/a/2", "/a/2", "/a",   "/c",   "/c",     ""};
	struct json_reader r;
	enum json_token token;
	char pointer[JSON_READER_POINTER_MAX];

	json_reader_init(&r, cur_of(in, sizeof(in) - 1), DEPTH, false);
	for (size_t i = 0; i < COUNT(pointers); i++) {
		assert_int_equal(json_next(&r, &token), HN_OK);
		json_pointer(&r, pointer);
		assert_string_equal(pointer, pointers[i]);
	}
}

static void cuts_a_pointer_that_is_too_long(void **state)
{
	(void)state;
	struct buf in;
	struct json_reader r;
	enum json_token token;
	char pointer[JSON_READER_POINTER_MAX] = "";

	buf_init(&in, 4096);
	for (int i = 0; i < 7; i++)
		buf_adds(&in, "{\"a name of some sixty bytes, which makes the pointer rather long\":");
	json_reader_init(&r, cur_of(in.data, in.len), DEPTH, false);
	while (json_next(&r, &token) == HN_OK)
		json_pointer(&r, pointer);
	assert_true(strlen(pointer) < sizeof(pointer));
	assert_non_null(strstr(pointer, "/..."));
	buf_clear(&in);
}

static void compares_names_with_escapes(void **state)
{
	(void)state;
	static const char in[] = "[\"id\",\"\\u0069d\",\"i\\u0064\",\"\\u0069\",\"idx\",\"\\\\\"]";
	static const bool same[] = {true, true, true, false, false, false};
	struct json_reader r;
	enum json_token token;

	json_reader_init(&r, cur_of(in, sizeof(in) - 1), DEPTH, false);
	assert_int_equal(json_next(&r, &token), HN_OK);
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(json_next(&r, &token), HN_OK);
		assert_int_equal(json_text_is(&r.string, "id"), same[i]);
	}
	assert_true(json_text_is(&r.string, "\\"));
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* A document with one byte changed is taken or refused as jansson takes or refuses it. */
static void agrees_with_a_tree_reader(void **state)
{
	(void)state;
	static const char bytes[] = "{}[]:,\"\\u0019eE+-.tfn \n\x80\xE7\xFF";
	uint32_t seed = 7;
	for (unsigned round = 0; round < 20000; round++) {
		char text[256];
		struct json_reader r;
		struct buf out;
		const char *from = good[round % COUNT(good)];
		size_t len = strlen(from);
		memcpy(text, from, len);
		text[next_random(&seed) % len] = bytes[next_random(&seed) % (sizeof(bytes) - 1)];
		buf_init(&out, 4096);
		int rc = trace(text, len, false, &out, &r);
		json_error_t error;
		json_t *tree = json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
		/* jansson also refuses numbers beyond a double. */
		if (tree != NULL || json_error_code(&error) != json_error_numeric_overflow)
			assert_int_equal(rc == HN_OK, tree != NULL);
		json_decref(tree);
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(refuses_with_the_place),
		cmocka_unit_test(refuses_each_prefix),
		cmocka_unit_test(skips_what_it_would_have_read),
		cmocka_unit_test(points_to_the_value_read_last),
		cmocka_unit_test(cuts_a_pointer_that_is_too_long),
		cmocka_unit_test(compares_names_with_escapes),
		cmocka_unit_test(agrees_with_a_tree_reader),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
