/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/warning_list.h"

#include "base/ip.h"
#include "base/lang.h"
#include "match/canonical.h"

#include "../check.h"

static int add(struct warning_lists *w, const char *name, const char *text, struct warning_summary *summary,
	       struct fault *fault)
{
	size_t len = strlen(text);
	uint8_t *copy = exact_copy(text, len);
	int rc = warning_lists_add(w, name, cur_of(copy, len), summary, fault);
	free(copy);
	return rc;
}

static const char *ask(const struct warning_lists *w, const char *value)
{
	struct canonical key;
	assert_int_equal(canonical_value(value, strlen(value), &key), HN_OK);
	const char *list = warning_find(w, &key.key);
	return list == NULL ? "" : list;
}

struct question {
	const char *value;
	bool hit;
};

static void check(const char *list, const struct question *questions, size_t count)
{
	struct warning_lists *w;
	struct warning_summary summary;
	struct fault fault;
	assert_int_equal(warning_lists_new(NULL, &w), HN_OK);
	assert_int_equal(add(w, "here", list, &summary, &fault), HN_OK);
	warning_lists_finish(w);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(ask(w, questions[i].value), questions[i].hit ? summary.name : "");
	warning_lists_free(w);
}

static void a_plain_list_names_values(void **state)
{
	(void)state;
	static const struct question questions[] = {
		{"www.a.example", true},
		{"a.example", false},
		{"x.www.a.example", false},
		{"*.a.example", true},
		{"*.www.a.example", true},
		{"*.example", true},
		{"*.b.example", false},
		{"all.example", false},
		{"x.all.example", true},
		{"*.all.example", true},
		{"*.x.all.example", true},
		{"192.0.2.1", true},
		{"192.0.2.2", false},
		{"192.0.2.0/30", true},
		{"192.0.2.4/30", false},
		{"198.51.100.9", true},
		{"198.51.100.0/26", true},
		{"198.51.0.0/16", true},
		{"2001:db8:1::5", true},
		{"2001:db8:2::5", false},
		{"2001:db8::/32", true},
		{"http://www.a.example/", true},
		{"http://www.a.example/x", false},
		{"http://u.example/x", true},
		{"http://192.0.2.1/", true},
		{"44d88612fea8a8f36de82e1278abb02f", true},
		{"44d88612fea8a8f36de82e1278abb020", false},
	};
	check("# the innocent\nwww.a.example\n*.all.example\n192.0.2.1\n198.51.100.0/24\n2001:db8:1::1/48\n"
	      "http://u.example/x\n44d88612fea8a8f36de82e1278abb02f\n",
	      questions, COUNT(questions));
}

static void a_list_of_top_sites_has_ranks(void **state)
{
	(void)state;
	static const struct question questions[] = {
		{"a.example", true}, {"b.example", true}, {"c.example", false}};
	check("1,a.example\n2,b.example\n", questions, COUNT(questions));
}

static void the_public_suffix_list_names_suffixes(void **state)
{
	(void)state;
	static const struct question questions[] = {
		{"com", true},
		{"*.com", true},
		{"a.com", false},
		{"*.a.com", false},
		{"blog.example", true},
		{"*.blog.example", true},
		{"a.blog.example", false},
		{"ck", false},
		{"*.ck", true},
		{"a.ck", true},
		{"*.a.ck", true},
		{"www.ck", false},
		{"*.www.ck", false},
		{"b.a.ck", false},
		{"xn--55qx5d.cn", true},
		{"http://com/", true},
	};
	check("// ===BEGIN ICANN DOMAINS===\n// "
	      "c\ncom\n*.ck\n!www.ck\ncn\n\xE5\x85\xAC\xE5\x8F\xB8.cn\nblog.example  note\n",
	      questions, COUNT(questions));
}

static void misp_lists_have_types(void **state)
{
	(void)state;
	static const struct question string[] = {{"a.example", true},
						 {"x.a.example", false},
						 {"x.b.example", true},
						 {"*.a.example", true},
						 {"192.0.2.1", true}};
	static const struct question hostname[] = {{"a.example", true},
						   {"x.y.a.example", true},
						   {"example", false},
						   {"b.example", false},
						   {"*.x.a.example", true}};
	static const struct question cidr[] = {
		{"192.0.2.77", true}, {"192.0.3.1", false}, {"2001:db8::1", true}};
	check("{\"list\":[\"a.example\",\".b.example\",\"192.0.2.1\"],\"name\":\"Named\",\"type\":"
	      "\"string\"}",
	      string, COUNT(string));
	check("{\"name\":\"H\",\"type\":\"hostname\",\"version\":1,\"list\":[\"a.example\"]}", hostname,
	      COUNT(hostname));
	check("{\"type\":\"cidr\",\"list\":[\"192.0.2.0\\/24\",\"2001:db8::1\"]}", cidr, COUNT(cidr));
}

static void what_cannot_be_asked_is_counted(void **state)
{
	(void)state;
	struct warning_lists *w;
	struct warning_summary summary;
	struct fault fault;
	assert_int_equal(warning_lists_new(NULL, &w), HN_OK);
	assert_int_equal(add(w, "x", "{\"type\":\"regex\",\"list\":[\"/a/\",\"/b/\"],\"name\":\"R\"}",
			     &summary, &fault),
			 HN_OK);
	assert_string_equal(summary.name, "R");
	assert_int_equal(summary.values, 0);
	assert_int_equal(summary.unusable, 2);
	assert_non_null(summary.reason);
	assert_int_equal(add(w, "y", "a.example\nnot a value\n^\n", &summary, &fault), HN_OK);
	assert_int_equal(summary.unusable, 1);
	warning_lists_free(w);
}

/* A name below a public suffix is somebody's own, although a list of top sites names the suffix. */
static void a_suffix_ends_a_subtree(void **state)
{
	(void)state;
	struct warning_lists *w;
	struct warning_summary summary;
	struct fault fault;
	assert_int_equal(warning_lists_new(NULL, &w), HN_OK);
	assert_int_equal(add(w, "top", "{\"type\":\"hostname\",\"list\":[\"blog.example\",\"shop.example\"]}",
			     &summary, &fault),
			 HN_OK);
	assert_int_equal(
		add(w, "psl", "// ===BEGIN ICANN DOMAINS===\nexample\nblog.example\n", &summary, &fault),
		HN_OK);
	warning_lists_finish(w);
	assert_string_equal(ask(w, "blog.example"), "top");
	assert_string_equal(ask(w, "mine.blog.example"), "");
	assert_string_equal(ask(w, "mine.shop.example"), "top");
	assert_string_equal(ask(w, "*.blog.example"), "top");
	assert_string_equal(ask(w, "*.example"), "top");
	warning_lists_free(w);
}

static void refuses_what_is_no_list(void **state)
{
	(void)state;
	static const char *const cases[] = {"{\"Event\":{}}", "{\"type\":\"cidr\"}",
					    "{\"type\":\"cidr\",\"list\":[\"a\"",
					    "{\"type\":\"string\",\"list\":[1"};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct warning_lists *w;
		struct warning_summary summary;
		struct fault fault;
		assert_int_equal(warning_lists_new(NULL, &w), HN_OK);
		assert_true(add(w, "x", cases[i], &summary, &fault) != HN_OK);
		assert_true(fault.message[0] != '\0');
		warning_lists_free(w);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Prefixes against single addresses: one is special exactly when an address in it is. */
static void special_space_is_what_is_not_global(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (unsigned round = 0; round < 20000; round++) {
		struct ip ip = {.version = round % 2 == 0 ? 4 : 6};
		uint8_t data[17] = {0};
		size_t width = ip.version == 4 ? 4 : 16;
		for (size_t i = 0; i < width; i++)
			data[i] = round % 3 == 0 && i > 0 && i < 8 ? 0 : (uint8_t)next_random(&seed);
		memcpy(ip.bytes, data, width);
		data[width] = (uint8_t)(width * 8);
		struct entry_key one = {ip.version == 4 ? ENTRY_IP4 : ENTRY_IP6, (uint16_t)width, data};
		struct entry_key prefix = {ip.version == 4 ? ENTRY_PREFIX4 : ENTRY_PREFIX6,
					   (uint16_t)(width + 1), data};
		assert_int_equal(warning_is_special(&one), !ip_is_global(&ip));
		assert_int_equal(warning_is_special(&prefix), !ip_is_global(&ip));
	}
	static const struct question prefixes[] = {{"8.0.0.0/5", true},
						   {"8.0.0.0/7", false},
						   {"0.0.0.0/0", true},
						   {"10.9.0.0/16", true},
						   {"::/0", true},
						   {"2000::/3", true},
						   {"2001:db8::/32", false},
						   {"2001:2::/40", true},
						   {"64:ff9b::c000:201", false},
						   {"64:ff9b::a00:0/104", true},
						   {"http://10.0.0.1/x", true},
						   {"http://[fe80::1]/", true},
						   {"http://192.0.2.1/x", false},
						   {"10.example", false}};
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct canonical key;
		assert_int_equal(canonical_value(prefixes[i].value, strlen(prefixes[i].value), &key), HN_OK);
		assert_int_equal(warning_is_special(&key.key), prefixes[i].hit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_list_names_values),
		cmocka_unit_test(a_list_of_top_sites_has_ranks),
		cmocka_unit_test(the_public_suffix_list_names_suffixes),
		cmocka_unit_test(misp_lists_have_types),
		cmocka_unit_test(what_cannot_be_asked_is_counted),
		cmocka_unit_test(a_suffix_ends_a_subtree),
		cmocka_unit_test(refuses_what_is_no_list),
		cmocka_unit_test(special_space_is_what_is_not_global),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
