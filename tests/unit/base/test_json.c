/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/json.h"

#include <stdio.h>
#include <unistd.h>

#include "../check.h"
#include "base/file.h"
#include "base/lang.h"

static int read_text(const char *text, json_t **out, struct fault *fault)
{
	size_t len = strlen(text);
	char *copy = (char *)exact_copy(text, len);
	int rc = json_object_read(copy, len, out, fault);
	free(copy);
	return rc;
}

static json_t *object_of(const char *text)
{
	json_t *object = NULL;
	assert_int_equal(read_text(text, &object, NULL), HN_OK);
	return object;
}

static void reads_strict_objects_only(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
	} cases[] = {
		{"{}", HN_OK},
		{" {\"a\": [1, -2, true, null, \"x\"]} \n", HN_OK},
		{"{\"a\": 9223372036854775807}", HN_OK},
		{"{\"a\": 9223372036854775808}", HN_EFORMAT},
		{"{\"a\": 1.0}", HN_EFORMAT},
		{"{\"a\": 1e3}", HN_EFORMAT},
		{"{\"a\": {\"b\": [0.5]}}", HN_EFORMAT},
		{"{\"a\": 1, \"a\": 2}", HN_EFORMAT},
		{"{\"a\": \"\\u0000\"}", HN_EFORMAT},
		{"{\"a\": \"\\ud800\"}", HN_EFORMAT},
		{"{\"a\": \"\xff\"}", HN_EFORMAT},
		{"{\"a\": 01}", HN_EFORMAT},
		{"{\"a\": 1,}", HN_EFORMAT},
		{"{'a': 1}", HN_EFORMAT},
		{"{} x", HN_EFORMAT},
		{"{}{}", HN_EFORMAT},
		{"[]", HN_EFORMAT},
		{"1", HN_EFORMAT},
		{"", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *out = NULL;
		struct fault fault = {"", ""};
		int rc = read_text(cases[i].text, &out, &fault);
		if (rc != cases[i].rc)
			fail_msg("%s: %d %s", cases[i].text, rc, fault.message);
		assert_int_equal(out != NULL, rc == HN_OK);
		assert_int_equal(fault.message[0] != '\0', rc != HN_OK);
		json_decref(out);
	}
}

static void every_prefix_is_refused(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,{\"b\":\"\\u706b\"}],\"c\":false}";
	for (size_t len = 0; len + 1 < sizeof(text); len++) {
		char *copy = (char *)exact_copy(text, len);
		json_t *out = NULL;
		assert_int_equal(json_object_read(copy, len, &out, NULL), HN_EFORMAT);
		assert_null(out);
		free(copy);
	}
}

static void depth_is_limited_before_anything_recurses(void **state)
{
	(void)state;
	for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX; depth++) {
		struct buf b;
		json_t *out = NULL;
		buf_init(&b, 1000);
		buf_adds(&b, "{\"[[\\\"[\":");
		for (int i = 0; i < depth; i++)
			buf_addc(&b, '[');
		for (int i = 0; i < depth; i++)
			buf_addc(&b, ']');
		buf_addc(&b, '}');
		assert_int_equal(json_object_read(b.data, b.len, &out, NULL),
				 depth < JSON_DEPTH_MAX ? HN_OK : HN_ELIMIT);
		json_decref(out);
		buf_clear(&b);
	}
	char *open = malloc(1000000);
	assert_non_null(open);
	memset(open, '[', 1000000);
	json_t *out = NULL;
	assert_int_equal(json_object_read(open, 1000000, &out, NULL), HN_ELIMIT);
	free(open);
}

static void faults_say_where_in_both_languages(void **state)
{
	(void)state;
	json_t *out = NULL;
	struct fault fault;
	assert_int_equal(read_text("{\n \"a\" 1}", &out, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "line 2, column 6");
	lang_set(LANG_JA);
	assert_int_equal(read_text("{\n \"a\" 1}", &out, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "2行6列");
	lang_set(LANG_EN);
}

static void members_are_read_by_type(void **state)
{
	(void)state;
	json_t *o = object_of("{\"s\":\"x\",\"i\":7,\"t\":true,\"f\":false,\"a\":[],\"o\":{},\"n\":null}");
	struct fault fault;
	const char *text = NULL;
	const json_t *tree = NULL;
	int64_t number = -1;
	bool yes = false;

	assert_int_equal(json_get_string(o, "s", true, &text, NULL), HN_OK);
	assert_string_equal(text, "x");
	assert_int_equal(json_get_int(o, "i", true, 7, 7, &number, NULL), HN_OK);
	assert_int_equal(number, 7);
	assert_int_equal(json_get_bool(o, "t", true, &yes, NULL), HN_OK);
	assert_true(yes);
	assert_int_equal(json_get_bool(o, "f", true, &yes, NULL), HN_OK);
	assert_false(yes);
	assert_int_equal(json_get_array(o, "a", true, &tree, NULL), HN_OK);
	assert_int_equal(json_get_object(o, "o", true, &tree, NULL), HN_OK);

	/* Absent: untouched when it may be, refused when not. */
	text = "before";
	assert_int_equal(json_get_string(o, "none", false, &text, NULL), HN_OK);
	assert_string_equal(text, "before");
	assert_int_equal(json_get_string(o, "none", true, &text, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "/none");

	/* Another type, or out of range: refused, and nothing is written. */
	number = -1;
	assert_int_equal(json_get_string(o, "i", false, &text, &fault), HN_EFORMAT);
	assert_string_equal(fault.message, "must be a string");
	assert_int_equal(json_get_string(o, "n", false, &text, NULL), HN_EFORMAT);
	assert_int_equal(json_get_int(o, "s", true, 0, 9, &number, NULL), HN_EFORMAT);
	assert_int_equal(json_get_int(o, "i", true, 8, 9, &number, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "/i");
	assert_int_equal(json_get_int(o, "i", true, 0, 6, &number, NULL), HN_EFORMAT);
	assert_int_equal(json_get_int(o, "t", true, 0, 6, &number, NULL), HN_EFORMAT);
	assert_int_equal(json_get_bool(o, "i", true, &yes, NULL), HN_EFORMAT);
	assert_int_equal(json_get_array(o, "o", true, &tree, NULL), HN_EFORMAT);
	assert_int_equal(json_get_object(o, "a", true, &tree, NULL), HN_EFORMAT);
	assert_string_equal(text, "before");
	assert_int_equal(number, -1);
	json_decref(o);
}

static void unknown_members_are_refused(void **state)
{
	(void)state;
	static const char *const names[] = {"a", "b", NULL};
	struct fault fault;
	json_t *o = object_of("{\"a\":1}");
	assert_int_equal(json_only(o, names, NULL), HN_OK);
	json_decref(o);
	o = object_of("{\"a\":1,\"c\":2}");
	assert_int_equal(json_only(o, names, &fault), HN_EFORMAT);
	assert_string_equal(fault.place, "/c");
	json_decref(o);
}

static void the_bytes_depend_on_the_value_only(void **state)
{
	(void)state;
	json_t *one = object_of("{\"b\":[1,\"\\u706b\"], \"a\":{\"d\":null,\"c\":true}}");
	json_t *two = object_of(" {\"a\" : {\"c\":true, \"d\":null},\n\"b\":[1,\"火\"]}");
	struct buf a, b;
	buf_init(&a, 1000);
	buf_init(&b, 1000);
	json_add(&a, one);
	json_add(&b, two);
	assert_string_equal(a.data, "{\"a\":{\"c\":true,\"d\":null},\"b\":[1,\"火\"]}");
	assert_string_equal(b.data, a.data);
	buf_reset(&a);
	json_add_pretty(&a, two);
	assert_memory_equal(a.data, "{\n  \"a\": {", 10);
	assert_int_equal(a.data[a.len - 1], '\n');
	buf_clear(&a);
	buf_init(&a, 3);
	json_add(&a, one);
	assert_int_equal(buf_err(&a), HN_ELIMIT);
	buf_clear(&a);
	buf_clear(&b);
	json_decref(one);
	json_decref(two);
}

static void a_files_faults_name_the_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/hinomi-json-XXXXXX";
	struct fault fault;
	json_t *out = NULL;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(file_write_whole("a.json", "{\"a\"", 4, 0600, false), HN_OK);
	assert_int_equal(json_file_read("a.json", 100, &out, &fault), HN_EFORMAT);
	assert_memory_equal(fault.place, "a.json, line 1", 14);
	assert_int_equal(json_file_read("a.json", 3, &out, &fault), HN_ELIMIT);
	assert_string_equal(fault.place, "a.json");
	assert_int_equal(json_file_read("none.json", 3, &out, &fault), HN_ENOENT);
	assert_string_equal(fault.place, "none.json");
	assert_null(out);
	assert_int_equal(unlink("a.json"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_strict_objects_only),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(depth_is_limited_before_anything_recurses),
		cmocka_unit_test(faults_say_where_in_both_languages),
		cmocka_unit_test(members_are_read_by_type),
		cmocka_unit_test(unknown_members_are_refused),
		cmocka_unit_test(the_bytes_depend_on_the_value_only),
		cmocka_unit_test(a_files_faults_name_the_file),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
