/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/code.h"

#include <sodium.h>

#include "base/encode.h"
#include "tests/unit/check.h"

static const uint8_t root[32] = "0123456789abcdef0123456789abcde";

static void text_of(const struct code *c, struct buf *out)
{
	buf_init(out, CODE_TEXT_MAX);
	assert_int_equal(code_format(c, out), HN_OK);
}

/* Reads from a block that ends where the text does. */
static int parse(const char *text, size_t len, struct code *out, struct fault *fault)
{
	uint8_t *copy = exact_copy(text, len);
	int err = code_parse((const char *)copy, len, out, fault);
	free(copy);
	return err;
}

static void what_is_written_is_read(void **state)
{
	static const struct {
		const char *host, *kept;
		uint16_t port;
	} cases[] = {
		{"hub.example", "hub.example", 8472},
		{"HUB.Example", "hub.example", 1},
		{"localhost", "localhost", 65535},
		{"192.0.2.1", "192.0.2.1", 8472},
		{"2001:db8::1", "2001:db8::1", 8472},
		{"xn--wgv71a119e.example", "xn--wgv71a119e.example", 443},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct code *c, *again = code_new();
		struct buf text;
		assert_int_equal(code_make(cases[i].host, cases[i].port, root, &c), HN_OK);
		text_of(c, &text);
		assert_true(text.len < CODE_TEXT_MAX);
		assert_null(strpbrk(text.data, " \t\n+/="));
		assert_int_equal(parse(text.data, text.len, again, NULL), HN_OK);
		assert_string_equal(again->host, cases[i].kept);
		assert_int_equal(again->port, cases[i].port);
		assert_memory_equal(again->secret, c->secret, CODE_SECRET_SIZE);
		assert_memory_equal(again->root, root, 32);
		buf_clear(&text);
		code_free(again);
		code_free(c);
	}
}

static void the_longest_host_fits(void **state)
{
	char host[CODE_HOST_MAX + 2];
	struct code *c;
	struct buf text;
	(void)state;
	memset(host, 'a', sizeof(host));
	for (size_t i = 63; i < CODE_HOST_MAX; i += 64)
		host[i] = '.';
	host[CODE_HOST_MAX] = '\0';
	assert_int_equal(code_make(host, 8472, root, &c), HN_OK);
	text_of(c, &text);
	struct code *again = code_new();
	assert_int_equal(parse(text.data, text.len, again, NULL), HN_OK);
	assert_string_equal(again->host, host);
	host[CODE_HOST_MAX] = 'a';
	host[CODE_HOST_MAX + 1] = '\0';
	assert_int_equal(code_make(host, 8472, root, &again), HN_EFORMAT);
	buf_clear(&text);
	code_free(again);
	code_free(c);
}

static void hosts_that_are_none(void **state)
{
	static const char *const hosts[] = {"",         ".",        "a..b", "-a.b",  "a-.b",
					    "a b",      "a/b",      "a.b.", "a_b",   "[::1]",
					    "user@hub", "hub:8472", "日本", "hub\n", "hub?x=1"};
	struct code *c;
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++)
		assert_int_equal(code_make(hosts[i], 8472, root, &c), HN_EFORMAT);
	assert_int_equal(code_make("hub.example", 0, root, &c), HN_EFORMAT);
}

static void white_space_around_is_passed_over(void **state)
{
	struct code *c, *again = code_new();
	struct buf text, wide;
	(void)state;
	assert_int_equal(code_make("hub.example", 8472, root, &c), HN_OK);
	text_of(c, &text);
	buf_init(&wide, 4096);
	buf_addf(&wide, " \t%s\r\n", text.data);
	assert_int_equal(parse(wide.data, wide.len, again, NULL), HN_OK);
	assert_memory_equal(again, c, sizeof(*c));
	buf_clear(&wide);
	buf_clear(&text);
	code_free(again);
	code_free(c);
}

/* Prefixes, each letter changed into each other one, something behind, another form. */
static void any_other_text_is_refused(void **state)
{
	static const char letters[] = "AZaz09-_ .\n";
	struct code *c, *again = code_new(), untouched;
	struct fault fault = {{0}, {0}};
	struct buf text;
	(void)state;
	memset(again, 0x5a, sizeof(*again));
	untouched = *again;
	assert_int_equal(code_make("hub.example", 8472, root, &c), HN_OK);
	text_of(c, &text);
	for (size_t len = 0; len < text.len; len++)
		assert_int_equal(parse(text.data, len, again, &fault), HN_EFORMAT);
	for (size_t i = 0; i < text.len; i++) {
		char was = text.data[i];
		for (size_t l = 0; l + 1 < sizeof(letters); l++) {
			text.data[i] = letters[l];
			bool trimmed = i + 1 == text.len && strchr(" \n", letters[l]) != NULL;
			if (letters[l] != was && !trimmed)
				assert_int_not_equal(parse(text.data, text.len, again, &fault), HN_OK);
		}
		text.data[i] = was;
	}
	buf_addc(&text, 'A');
	assert_int_equal(parse(text.data, text.len, again, &fault), HN_EFORMAT);
	assert_int_equal(parse("hinomi2-AAAA", 12, again, &fault), HN_EUNSUPPORTED);
	assert_int_equal(parse("hinomi1", 7, again, &fault), HN_EFORMAT);
	assert_memory_equal(again, &untouched, sizeof(untouched));
	assert_string_not_equal(fault.message, "");
	buf_clear(&text);
	code_free(again);
	code_free(c);
}

static void secrets_differ_and_only_their_digest_is_kept(void **state)
{
	struct code *a, *b;
	uint8_t one[32], two[32], again[32];
	(void)state;
	assert_int_equal(code_make("hub.example", 8472, root, &a), HN_OK);
	assert_int_equal(code_make("hub.example", 8472, root, &b), HN_OK);
	assert_memory_not_equal(a->secret, b->secret, CODE_SECRET_SIZE);
	code_secret_digest(a->secret, one);
	code_secret_digest(b->secret, two);
	code_secret_digest(a->secret, again);
	assert_memory_equal(one, again, 32);
	assert_memory_not_equal(one, two, 32);
	code_free(a);
	code_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_longest_host_fits),
		cmocka_unit_test(hosts_that_are_none),
		cmocka_unit_test(white_space_around_is_passed_over),
		cmocka_unit_test(any_other_text_is_refused),
		cmocka_unit_test(secrets_differ_and_only_their_digest_is_kept),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
