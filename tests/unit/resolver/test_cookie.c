/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/cookie.h"

#include "../check.h"
#include "base/encode.h"

#define SECRET_A   "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_OLD "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_NEW "445536bcd2513298075a5d379663c962"
#define CLIENT_IP4 "198.51.100.100"
#define CLIENT_IP6 "2001:db8:220:1:59de:d0f4:8769:82b8"
#define COOKIE_A1  "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
#define A1_MADE    1559731985u
#define COOKIE_A3  "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5"
#define A3_MADE    1559727985u

static struct ip ip_of(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

static void hex_to(const char *hex, uint8_t *out, size_t len)
{
	assert_int_equal(hex_decode(hex, strlen(hex), out, len), HN_OK);
}

static struct cookie_secrets secrets_of(const char *made_with, const char *accepted)
{
	struct cookie_secrets s = {.two = accepted != NULL};
	hex_to(made_with, s.made_with, SIPHASH_KEY);
	if (accepted != NULL)
		hex_to(accepted, s.accepted, SIPHASH_KEY);
	return s;
}

/* RFC 9018, appendix A. */
static const struct {
	const char *what;
	const char *secret;
	const char *client_ip;
	const char *client;
	uint32_t now_s;
	const char *cookie;
} made[] = {
	{"A.1: learning", SECRET_A, CLIENT_IP4, "2464c4abcf10c957", A1_MADE, COOKIE_A1},
	{"A.2: the same client, renewed", SECRET_A, CLIENT_IP4, "2464c4abcf10c957", 1559734385,
	 "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"},
	{"A.3: another client, renewed", SECRET_A, "203.0.113.203", "fc93fc62807ddb86", 1559734700,
	 "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e"},
	{"A.4: IPv6, the old secret", SECRET_OLD, CLIENT_IP6, "22681ab97d52c298", 1559741817,
	 "22681ab97d52c298010000005cf7c57926556bd0934c72f8"},
	{"A.4: IPv6, the new secret", SECRET_NEW, CLIENT_IP6, "22681ab97d52c298", 1559741961,
	 "22681ab97d52c298010000005cf7c609a6bb79d16625507a"},
};

static void cookies_are_those_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(made); i++) {
		struct cookie_secrets secrets = secrets_of(made[i].secret, NULL);
		struct ip client = ip_of(made[i].client_ip);
		uint8_t out[COOKIE_SIZE];
		char hex[2 * COOKIE_SIZE + 1];
		hex_to(made[i].client, out, DNS_COOKIE_CLIENT);
		cookie_make(&secrets, out, &client, made[i].now_s, out);
		hex_encode(out, sizeof(out), hex);
		assert_string_equal(hex, made[i].cookie);
	}
}

static const struct {
	const char *what;
	const char *cookie; /* hex */
	const char *made_with;
	const char *accepted;
	const char *client_ip;
	uint32_t now_s;
	enum cookie_state state;
} judged[] = {
	{"no cookie", "", SECRET_A, NULL, CLIENT_IP4, A1_MADE, COOKIE_NONE},
	{"a client's alone", "2464c4abcf10c957", SECRET_A, NULL, CLIENT_IP4, A1_MADE, COOKIE_CLIENT},
	{"at once", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE, COOKIE_VALID},
	{"after half an hour", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE + 1800, COOKIE_VALID},
	{"a second later", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE + 1801, COOKIE_RENEW},
	{"A.2: after 40 minutes", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, 1559734385, COOKIE_RENEW},
	{"after an hour", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE + 3600, COOKIE_RENEW},
	{"after more", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE + 3601, COOKIE_BAD},
	{"five minutes ahead of us", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE - 300, COOKIE_VALID},
	{"more ahead", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE - 301, COOKIE_BAD},
	{"half the circle of time away", COOKIE_A1, SECRET_A, NULL, CLIENT_IP4, A1_MADE + 0x80000000u,
	 COOKIE_BAD},
	{"from another address", COOKIE_A1, SECRET_A, NULL, "198.51.100.101", A1_MADE, COOKIE_BAD},
	{"under another secret", COOKIE_A1, SECRET_OLD, NULL, CLIENT_IP4, A1_MADE, COOKIE_BAD},
	{"under two other secrets", COOKIE_A1, SECRET_OLD, SECRET_NEW, CLIENT_IP4, A1_MADE, COOKIE_BAD},
	{"another client cookie", "2464c4abcf10c958010000005cf79f111f8130c3eee29480", SECRET_A, NULL,
	 CLIENT_IP4, A1_MADE, COOKIE_BAD},
	{"another hash", "2464c4abcf10c957010000005cf79f111f8130c3eee29481", SECRET_A, NULL, CLIENT_IP4,
	 A1_MADE, COOKIE_BAD},
	{"another version", "2464c4abcf10c957020000005cf79f111f8130c3eee29480", SECRET_A, NULL, CLIENT_IP4,
	 A1_MADE, COOKIE_BAD},
	{"a server cookie of 8", "2464c4abcf10c957010000005cf79f11", SECRET_A, NULL, CLIENT_IP4, A1_MADE,
	 COOKIE_BAD},
	{"A.3: reserved bytes are hashed as they come", COOKIE_A3, SECRET_A, NULL, "203.0.113.203", A3_MADE,
	 COOKIE_VALID},
	{"A.3: and is too old when it comes", COOKIE_A3, SECRET_A, NULL, "203.0.113.203", 1559734700,
	 COOKIE_BAD},
	{"A.4: made with the old secret", "22681ab97d52c298010000005cf7c57926556bd0934c72f8", SECRET_NEW,
	 SECRET_OLD, CLIENT_IP6, 1559741961, COOKIE_RENEW},
	{"before the new secret is in use, an anycast neighbour has it already",
	 "22681ab97d52c298010000005cf7c609a6bb79d16625507a", SECRET_OLD, SECRET_NEW, CLIENT_IP6, 1559741961,
	 COOKIE_RENEW},
};

static void cookies_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(judged); i++) {
		struct cookie_secrets secrets = secrets_of(judged[i].made_with, judged[i].accepted);
		struct ip client = ip_of(judged[i].client_ip);
		size_t len = strlen(judged[i].cookie) / 2;
		uint8_t *cookie = malloc(len + 1);
		assert_non_null(cookie);
		hex_to(judged[i].cookie, cookie, len);
		uint8_t *option = exact_copy(cookie, len);
		enum cookie_state found = cookie_check(&secrets, option, len, &client, judged[i].now_s);
		if (found != judged[i].state)
			fail_msg("%s: %d", judged[i].what, (int)found);
		free(option);
		free(cookie);
	}
}

/* Whatever bit is turned, it is not valid any more. */
static void no_bit_may_turn(void **state)
{
	(void)state;
	struct cookie_secrets secrets = secrets_of(SECRET_NEW, SECRET_A);
	struct ip client = ip_of(CLIENT_IP6);
	uint8_t cookie[COOKIE_SIZE] = "clientck";
	cookie_make(&secrets, cookie, &client, 4294967290u, cookie);
	/* Across the end of the 32 bits of time. */
	assert_int_equal(cookie_check(&secrets, cookie, COOKIE_SIZE, &client, 100), COOKIE_VALID);
	for (size_t bit = 0; bit < 8 * COOKIE_SIZE; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(cookie_check(&secrets, cookie, COOKIE_SIZE, &client, 100), COOKIE_BAD);
		cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_are_those_of_the_standard),
		cmocka_unit_test(cookies_are_judged),
		cmocka_unit_test(no_bit_may_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
