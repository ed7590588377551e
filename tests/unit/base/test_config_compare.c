/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config_compare.h"

#include <stdio.h>

#include "../check.h"

struct inner {
	unsigned line;
	uint64_t size;
	bool on;
};

struct host {
	unsigned line;
	struct ip address;
	const char *name;
};

struct outer {
	const char *text;
	struct inner inner;
	struct config_list hosts, prefixes;
	struct endpoint at;
	struct config_digest print;
	struct config_memory *memory;
};

#define AT(member) CONFIG_AT(struct inner, member)
static const struct config_key inner_keys[] = {{.kind = CONFIG_LINE, AT(line)},
					       {"size", CONFIG_SIZE, AT(size), .max = 1 << 20, .preset = "1"},
					       {"on", CONFIG_BOOL, AT(on), .preset = "false"},
					       {0}};
#undef AT
#define AT(member) CONFIG_AT(struct host, member)
static const struct config_key host_keys[] = {{.kind = CONFIG_LINE, AT(line)},
					      {"address", CONFIG_ADDRESS, AT(address)},
					      {"name", CONFIG_TEXT, AT(name)},
					      {0}};
#undef AT
static const struct config_key a_host = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct host), .keys = host_keys};
static const struct config_key a_prefix = {.kind = CONFIG_PREFIX, .size = sizeof(struct ip_prefix)};
#define AT(member) CONFIG_AT(struct outer, member)
static const struct config_key keys[] = {
	{"text", CONFIG_TEXT, AT(text)},
	{"inner", CONFIG_MAPPING, AT(inner), .keys = inner_keys},
	{"hosts", .kind = CONFIG_LIST, .item = &a_host, AT(hosts), .max = 8},
	{"prefixes", .kind = CONFIG_LIST, .item = &a_prefix, AT(prefixes), .max = 8},
	{"at", CONFIG_ENDPOINT, AT(at), .port = 53},
	{"print", CONFIG_DIGEST, AT(print)},
	{0},
};
#undef AT

static struct outer read(const char *text)
{
	struct outer out = {0};
	struct fault fault;
	if (config_parse("test", text, strlen(text), keys, &out, &out.memory, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	return out;
}

static void collect(void *context, const char *name)
{
	char *all = context;
	size_t len = strlen(all);
	(void)snprintf(all + len, 256 - len, "%s%s", len > 0 ? " " : "", name);
}

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void tells_what_differs_and_only_that(void **state)
{
	static const struct {
		const char *a, *b, *differ;
	} cases[] = {
		{"text: a", "text: a", ""},
		{"text: a", "# b\n\ntext: 'a'", ""},
		{"text: a", "text: b", "text"},
		{"text: a", "{}", "text"},
		{"inner: {size: 1 KiB}", "inner: {size: 1024, on: false}", ""},
		{"inner: {size: 1 KiB}", "inner: {size: 1024, on: true}", "inner.on"},
		{"inner: {size: 2, on: true}", "{}", "inner.size inner.on"},
		{"hosts: [{address: 192.0.2.1, name: a}]", "\nhosts:\n - name: a\n   address: 192.0.2.1", ""},
		{"hosts: [{address: 192.0.2.1, name: a}]", "hosts: [{address: 192.0.2.1, name: b}]", "hosts"},
		{"hosts: [{name: a}, {name: b}]", "hosts: [{name: b}, {name: a}]", "hosts"},
		{"hosts: []", "{}", "hosts"},
		{"prefixes: [192.0.2.0/24, '2001:db8::/32']", "prefixes: [192.0.2.0/24, '2001:db8::/32']",
		 ""},
		{"prefixes: [192.0.2.0/24]", "prefixes: [192.0.2.0/25]", "prefixes"},
		{"at: 192.0.2.1", "at: 192.0.2.1:53", ""},
		{"at: 192.0.2.1", "at: 192.0.2.1:54", "at"},
		{"print: " DIGEST, "print: " DIGEST, ""},
		{"print: " DIGEST "\ntext: a", "text: b", "text print"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outer a = read(cases[i].a), b = read(cases[i].b);
		char forth[256] = "", back[256] = "";
		config_compare(keys, &a, &b, collect, forth);
		config_compare(keys, &b, &a, collect, back);
		assert_string_equal(forth, cases[i].differ);
		assert_string_equal(back, cases[i].differ);
		assert_int_equal(config_same(keys, &a, &b), cases[i].differ[0] == '\0');
		config_memory_free(a.memory);
		config_memory_free(b.memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tells_what_differs_and_only_that)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
