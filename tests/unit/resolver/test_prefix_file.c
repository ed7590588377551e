/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_file.h"

#include "base/ip.h"
#include "base/lang.h"
#include "tests/unit/check.h"

/* A memory of which nothing but its being there is asked. */
static struct config_memory *some_memory(void)
{
	static const struct config_key none[] = {{0}};
	struct config_memory *memory;
	int nothing = 0;
	assert_int_equal(config_parse("x", "", 0, none, &nothing, &memory, NULL), HN_OK);
	return memory;
}

static int parse(const char *text, struct config_memory *memory, struct config_list *list,
		 struct fault *fault)
{
	size_t len = strlen(text);
	uint8_t *copy = exact_copy(text, len);
	int rc = prefix_file_parse("p.txt", (const char *)copy, len, memory, list, fault);
	free(copy);
	return rc;
}

static void reads_lines(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {
		{"", 0},
		{"\n\n# nothing\n", 0},
		{"192.0.2.0/24", 1},
		{"192.0.2.0/24\n2001:db8::/32\n", 2},
		{" 192.0.2.1 # a host\r\n\t::1/128\r\n#10.0.0.0/8\n", 2},
	};
	(void)state;
	struct config_memory *memory = some_memory();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config_list list = {0};
		assert_int_equal(parse(cases[i].text, memory, &list, NULL), HN_OK);
		assert_int_equal(list.count, cases[i].count);
	}
	struct config_list list = {0};
	assert_int_equal(parse("192.0.2.0/24\n", memory, &list, NULL), HN_OK);
	assert_int_equal(parse("198.51.100.0/24\n", memory, &list, NULL), HN_OK);
	assert_int_equal(list.count, 2);
	assert_int_equal(((const struct ip_prefix *)list.items)[0].addr.bytes[0], 192);
	assert_int_equal(((const struct ip_prefix *)list.items)[1].addr.bytes[0], 198);
	config_memory_free(memory);
}

static void names_the_line(void **state)
{
	static const char *const cases[] = {
		"10.0.0.0/8\n\n10.0.0.1/8\n",
		"#\n#\n10.0.0.0/8 11.0.0.0/8",
		"\n\nx",
		"\n\n10.0.0.0/33\n",
		"\n\n/\n",
	};
	(void)state;
	struct config_memory *memory = some_memory();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_prefix before = {0};
		struct config_list list = {&before, 1};
		struct fault fault = {0};
		assert_int_equal(parse(cases[i], memory, &list, &fault), HN_EFORMAT);
		assert_string_equal(fault.place, "p.txt:3");
		assert_ptr_equal(list.items, &before);
		assert_int_equal(list.count, 1);
	}
	config_memory_free(memory);
}

static void says_when_there_is_no_file(void **state)
{
	(void)state;
	struct config_memory *memory = some_memory();
	struct config_list list = {0};
	struct fault fault = {0};
	assert_int_equal(prefix_file_read("/nowhere/p.txt", memory, &list, &fault), HN_ENOENT);
	assert_string_equal(fault.place, "/nowhere/p.txt");
	assert_int_equal(prefix_file_read("/", memory, &list, &fault), HN_EIO);
	config_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(names_the_line),
		cmocka_unit_test(says_when_there_is_no_file),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
