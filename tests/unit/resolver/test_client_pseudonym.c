/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/client_pseudonym.h"

#include "base/utc.h"

#include "../check.h"

#define DAY_NS (86400 * NS_SECOND)

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

static void pseudonym(const struct client_pseudonyms *p, const char *text, bool prefix, char *out)
{
	struct ip ip = ip_of(text);
	if (prefix)
		client_prefix_pseudonym(p, &ip, out);
	else
		client_pseudonym(p, &ip, out);
	assert_int_equal(strlen(out), 32);
	assert_int_equal(strspn(out, "0123456789abcdef"), 32);
}

static void clients_and_their_prefixes_are_told_apart(void **state)
{
	static const struct {
		const char *a, *b;
		bool prefix, same;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", false, true},
		{"192.0.2.1", "192.0.2.2", false, false},
		{"192.0.2.1", "192.0.2.254", true, true},
		{"192.0.2.1", "192.0.3.1", true, false},
		{"2001:db8::1", "2001:db8::2", false, false},
		{"2001:db8::1", "2001:db8:0:ffff::2", true, true},
		{"2001:db8::1", "2001:db8:1::1", true, false},
		{"192.0.2.0", "c000:200::", false, false},
	};
	struct client_pseudonyms *p;
	(void)state;
	assert_int_equal(client_pseudonyms_new(&p), HN_OK);
	client_pseudonyms_turn(p, 5 * DAY_NS);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char a[CLIENT_PSEUDONYM_SIZE], b[CLIENT_PSEUDONYM_SIZE];
		pseudonym(p, cases[i].a, cases[i].prefix, a);
		pseudonym(p, cases[i].b, cases[i].prefix, b);
		assert_int_equal(strcmp(a, b) == 0, cases[i].same);
	}
	char address[CLIENT_PSEUDONYM_SIZE], prefix[CLIENT_PSEUDONYM_SIZE];
	pseudonym(p, "192.0.2.0", false, address);
	pseudonym(p, "192.0.2.0", true, prefix);
	assert_string_not_equal(address, prefix);
	client_pseudonyms_free(p);
}

static void another_day_and_another_process_have_other_pseudonyms(void **state)
{
	static const struct {
		int64_t utc_ns;
		bool same;
	} cases[] = {
		{5 * DAY_NS, true},      {6 * DAY_NS - 1, true}, {6 * DAY_NS, false},
		{6 * DAY_NS + 1, false}, {5 * DAY_NS, false}, /* a clock set back brings no key back */
	};
	struct client_pseudonyms *p, *other;
	char first[CLIENT_PSEUDONYM_SIZE], now[CLIENT_PSEUDONYM_SIZE];
	(void)state;
	assert_int_equal(client_pseudonyms_new(&p), HN_OK);
	assert_int_equal(client_pseudonyms_new(&other), HN_OK);
	client_pseudonyms_turn(p, 5 * DAY_NS);
	client_pseudonyms_turn(other, 5 * DAY_NS);
	pseudonym(p, "192.0.2.1", false, first);
	pseudonym(other, "192.0.2.1", false, now);
	assert_string_not_equal(first, now);
	for (size_t i = 0; i < COUNT(cases); i++) {
		client_pseudonyms_turn(p, cases[i].utc_ns);
		pseudonym(p, "192.0.2.1", false, now);
		assert_int_equal(strcmp(first, now) == 0, cases[i].same);
	}
	client_pseudonyms_free(p);
	client_pseudonyms_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_and_their_prefixes_are_told_apart),
		cmocka_unit_test(another_day_and_another_process_have_other_pseudonyms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
