/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include <stdio.h>

#include "base/lang.h"
#include "stix/split.h"

/* What came out, one after the other: "0:{...};1:{...};" and "too long" by length alone. */
struct seen {
	struct buf text;
	int stop; /* what the function returns */
};

static int see(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct seen *seen = context;
	if (bytes == NULL)
		buf_addf(&seen->text, "%llu:(%zu);", (unsigned long long)index, len);
	else
		buf_addf(&seen->text, "%llu:%.*s;", (unsigned long long)index, (int)len, (const char *)bytes);
	return seen->stop;
}

struct result {
	int err;
	char text[4096], place[256], spec[8];
};

/* Each piece in an exact block; step 0: all at once. */
static struct result split(const char *text, size_t len, size_t step, size_t object_max)
{
	struct stix_split *s;
	struct seen seen = {0};
	struct result r = {0};
	struct fault fault = {0};
	buf_init(&seen.text, sizeof(r.text) - 1);
	assert_int_equal(stix_split_new(object_max, see, &seen, &s), HN_OK);
	for (size_t at = 0; r.err == HN_OK && at < len;) {
		size_t n = step == 0 || len - at < step ? len - at : step;
		uint8_t *copy = exact_copy(text + at, n);
		r.err = stix_split_feed(s, copy, n, &fault);
		free(copy);
		at += n;
	}
	if (r.err == HN_OK)
		r.err = stix_split_end(s, &fault);
	(void)snprintf(r.text, sizeof(r.text), "%s", seen.text.data == NULL ? "" : seen.text.data);
	(void)snprintf(r.place, sizeof(r.place), "%s", fault.place);
	(void)snprintf(r.spec, sizeof(r.spec), "%s", stix_split_spec(s));
	buf_clear(&seen.text);
	stix_split_free(s);
	return r;
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *text, *out;
	int err;
	const char *place, *spec;
} cases[] = {
	{"", "", HN_OK, "", ""},
	{" \n", "", HN_OK, "", ""},
	{"{\"type\":\"bundle\",\"spec_version\":\"2.0\",\"objects\":[{\"a\":1},{\"b\":[2,{}]}]}",
	 "0:{\"a\":1};1:{\"b\":[2,{}]};", HN_OK, "", "2.0"},
	{"{\"objects\" : [ {\"a\":\"]}\\\"{\"} , {} ] , \"more\":true}", "0:{\"a\":\"]}\\\"{\"};1:{};", HN_OK,
	 "", ""},
	{"{\"type\":\"bundle\",\"x\":[[1],{\"objects\":[3]}],\"objects\":[]}", "", HN_OK, "", ""},
	{"{\"obj\\u0065cts\":[{}]}", "0:{};", HN_OK, "", ""},
	{"{\"type\":\"bundle\",\"id\":\"b\"}", "", HN_OK, "", ""},
	{"{}", "", HN_OK, "", ""},
	{"{\"more\":false,\"next\":\"x\"}", "", HN_OK, "", ""},
	{"{\"type\":\"tool\",\"id\":\"t\"}", "0:{\"type\":\"tool\",\"id\":\"t\"};", HN_OK, "", ""},
	{"{\"a\":1}", "0:{\"a\":1};", HN_OK, "", ""},
	{"{\"objects\":5}", "0:{\"objects\":5};", HN_OK, "", ""},
	{"{\"more\":false,\"objects\":[]}{\"a\":{}}", "0:{\"a\":{}};", HN_OK, "", ""},
	{"{\"id\":\"t\"}", "0:{\"id\":\"t\"};", HN_OK, "", ""},
	{"{\"type\":\"observed-data\",\"objects\":{\"0\":{}}}",
	 "0:{\"type\":\"observed-data\",\"objects\":{\"0\":{}}};", HN_OK, "", ""},
	{"{\"type\":\"x-y\",\"objects\":[1]}", "0:{\"type\":\"x-y\",\"objects\":[1]};", HN_OK, "", ""},
	{"[{\"a\":1}, {\"b\":\"" LONG LONG "\\\\\"}]", "0:{\"a\":1};1:{\"b\":\"" LONG LONG "\\\\\"};", HN_OK,
	 "", ""},
	{"[1,\"x\\\"\",null]", "0:1;1:\"x\\\"\";2:null;", HN_OK, "", ""},
	{"[]", "", HN_OK, "", ""},
	{"{\"type\":\"a\"}\n{\"type\":\"b\"}\r\n", "0:{\"type\":\"a\"};1:{\"type\":\"b\"};", HN_OK, "", ""},
	{"{\"objects\":[{}]}{\"objects\":[{}]}", "0:{};1:{};", HN_OK, "", ""},
	{"\xEF\xBB\xBF{}", "", HN_EFORMAT, "byte 1", ""},
	{"{\"objects\":[{}],\"objects\":[{}]}", "0:{};", HN_EFORMAT, "byte 27", ""},
	{"{\"objects\":1,\"objects\":[{}]}", "", HN_EFORMAT, "byte 24", ""},
	{"{\"type\":\"bundle\",\"objects\":{}}", "", HN_EFORMAT, "byte 30", ""},
	{"{\"objects\":[{}", "0:{};", HN_ETRUNC, "byte 15", ""},
	{"{\"objects\":[{},]}", "0:{};", HN_EFORMAT, "byte 16", ""},
	{"{\"objects\":[{}}", "0:{};", HN_EFORMAT, "byte 15", ""},
	{"{\"a\":1,}", "", HN_EFORMAT, "byte 8", ""},
	{"{\"a\" 1}", "", HN_EFORMAT, "byte 6", ""},
	{"{\"a\":x}", "", HN_EFORMAT, "byte 6", ""},
	{"{a:1}", "", HN_EFORMAT, "byte 2", ""},
	{"nonsense", "", HN_EFORMAT, "byte 1", ""},
	{"{},{}", "", HN_EFORMAT, "byte 3", ""},
};

static void cuts_objects_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		/* At once, and cut at every length: nothing changes. */
		for (size_t step = 0; step <= len; step++) {
			struct result r = split(cases[i].text, len, step, 1000);
			if (r.err != cases[i].err || strcmp(r.text, cases[i].out) != 0 ||
			    strcmp(r.place, cases[i].place) != 0)
				fail_msg("%s by %zu: %d %s %s", cases[i].text, step, r.err, r.text, r.place);
			assert_string_equal(r.spec, cases[i].spec);
		}
	}
}

static void passes_over_what_is_too_long(void **state)
{
	(void)state;
	static const char text[] = "{\"objects\":[{\"a\":1},{\"b\":\"" LONG "\"},{\"c\":1}]}";
	for (size_t step = 0; step < sizeof(text); step++) {
		struct result r = split(text, sizeof(text) - 1, step, 16);
		assert_int_equal(r.err, HN_OK);
		assert_string_equal(r.text, "0:{\"a\":1};1:(78);2:{\"c\":1};");
	}
}

/* Who reads the object refuses it by itself; those beside it stay. */
static void finds_the_end_of_any_depth(void **state)
{
	(void)state;
	enum { DEEP = 10000, ROOM = 2 * DEEP + 64 };
	char *deep = calloc(1, ROOM);
	size_t len = (size_t)snprintf(deep, ROOM, "[{\"a\":");
	memset(deep + len, '[', DEEP);
	memset(deep + len + DEEP, ']', DEEP);
	len += 2 * DEEP;
	len += (size_t)snprintf(deep + len, ROOM - len, "},{\"b\":2}]");
	for (size_t step = 0; step < 200; step += 67) {
		struct result r = split(deep, len, step, DEEP);
		assert_int_equal(r.err, HN_OK);
		assert_string_equal(r.text, "0:(20006);1:{\"b\":2};");
	}
	assert_int_equal(split(deep, DEEP, 0, 1 << 20).err, HN_ETRUNC);
	free(deep);
}

static void ends_where_the_receiver_does(void **state)
{
	(void)state;
	struct stix_split *s;
	struct seen seen = {.stop = HN_ENOSPC};
	buf_init(&seen.text, 100);
	assert_int_equal(stix_split_new(100, see, &seen, &s), HN_OK);
	assert_int_equal(stix_split_feed(s, "[{},{}]", 7, NULL), HN_ENOSPC);
	assert_int_equal(stix_split_feed(s, "[{},{}]", 7, NULL), HN_ENOSPC);
	assert_int_equal(stix_split_end(s, NULL), HN_ENOSPC);
	assert_string_equal(seen.text.data, "0:{};");
	buf_clear(&seen.text);
	stix_split_free(s);
	stix_split_free(NULL);
}

/* Sixty-four bytes at a time and one by one find the same ends, in sense and nonsense. */
static void blocks_and_bytes_agree(void **state)
{
	(void)state;
	static const char letters[] = "{}[]\"\\\\ab:, 1";
	uint32_t seed = 7;
	for (int round = 0; round < 400; round++) {
		char text[300] = "[";
		size_t len = 1;
		for (; len < sizeof(text); len++) {
			seed = seed * 1664525u + 1013904223u;
			text[len] = letters[(seed >> 24) % (sizeof(letters) - 1)];
		}
		struct result whole = split(text, len, 0, 1000), bytes = split(text, len, 1, 1000);
		assert_int_equal(whole.err, bytes.err);
		assert_string_equal(whole.text, bytes.text);
		assert_string_equal(whole.place, bytes.place);
	}
}

int main(void)
{
	lang_set(LANG_EN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_objects_out),           cmocka_unit_test(passes_over_what_is_too_long),
		cmocka_unit_test(finds_the_end_of_any_depth), cmocka_unit_test(ends_where_the_receiver_does),
		cmocka_unit_test(blocks_and_bytes_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
