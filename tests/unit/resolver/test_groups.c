/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/groups.h"

#include "../check.h"
#include "base/lang.h"

static const char text[] =
	"listen: [{address: 127.0.0.1, transports: [https], certificate: c, key: k, client_ca: a}]\n"
	"groups:\n"
	"  - {name: wide, prefixes: [10.0.0.0/8, 2001:db8::/32], token: wide-token-123456}\n"
	"  - {name: narrow, prefixes: [10.1.0.0/16, 2001:db8:1::/48],\n"
	"     certificates: [ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=]}\n"
	"  - {name: token, token: token-token-123456}\n";

static struct groups *make(void)
{
	struct resolver_config *c;
	struct groups *g;
	struct fault fault = {0};
	assert_int_equal(resolver_config_parse("r", text, sizeof(text) - 1, &c, &fault), HN_OK);
	assert_int_equal(groups_new(c, &g, &fault), HN_OK);
	resolver_config_free(c); /* they stand alone */
	return g;
}

static void knows_addresses(void **state)
{
	static const struct {
		const char *address;
		uint32_t group;
	} cases[] = {
		{"10.0.0.1", 0},
		{"10.1.255.255", 1},
		{"10.2.0.0", 0},
		{"11.0.0.0", GROUP_NONE},
		{"2001:db8::1", 0},
		{"2001:db8:1::1", 1},
		{"2001:db9::", GROUP_NONE},
		{"::1", GROUP_NONE},
		{"::ffff:10.1.0.1", 1},
		{"::ffff:192.0.2.1", GROUP_NONE},
		{"::10.1.0.1", GROUP_NONE},
	};
	(void)state;
	struct groups *g = make();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip;
		assert_int_equal(ip_parse(cases[i].address, strlen(cases[i].address), &ip), HN_OK);
		assert_int_equal(groups_by_address(g, &ip), cases[i].group);
		if (ip.version == 4)
			assert_int_equal(groups_by_ipv4(g, ip.bytes), cases[i].group);
		else
			assert_int_equal(groups_by_ipv6(g, ip.bytes), cases[i].group);
	}
	groups_free(g);
	groups_free(NULL);
}

static void knows_certificates(void **state)
{
	(void)state;
	struct groups *g = make();
	uint8_t digest[SHA256_SIZE];
	sha256("abc", 3, digest);
	assert_int_equal(groups_by_certificate(g, digest), 1);
	digest[31] ^= 1;
	assert_int_equal(groups_by_certificate(g, digest), GROUP_NONE);
	groups_free(g);
}

static void knows_tokens(void **state)
{
	static const struct {
		const char *token;
		uint32_t group;
	} cases[] = {
		{"wide-token-123456", 0},
		{"token-token-123456", 2},
		{"token-token-123457", GROUP_NONE},
		{"token-token-12345", GROUP_NONE},
		{"token-token-1234567", GROUP_NONE},
		{"", GROUP_NONE},
	};
	(void)state;
	struct groups *g = make();
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *token = exact_copy(cases[i].token, strlen(cases[i].token));
		assert_int_equal(groups_by_token(g, (const char *)token, strlen(cases[i].token)),
				 cases[i].group);
		free(token);
	}
	groups_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_addresses),
		cmocka_unit_test(knows_certificates),
		cmocka_unit_test(knows_tokens),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
