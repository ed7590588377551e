/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/proxy_header.h"

#include "../check.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ADDRESSES "\xc0\0\2\1\xc6\x33\x64\1\x30\x39\0\x35"

struct header {
	const char *name;
	const char *bytes;
	size_t len;
	int rc;
	size_t header_len;
	const char *client; /* NULL: the balancer's own */
};

#define HEADER(text) text, sizeof(text) - 1

static const struct header headers[] = {
	{"IPv4 over a stream", HEADER(SIGNATURE "\x21\x11\0\x0c" ADDRESSES), HN_OK, 28, "192.0.2.1"},
	{"IPv4 over datagrams", HEADER(SIGNATURE "\x21\x12\0\x0c" ADDRESSES "question"), HN_OK, 28,
	 "192.0.2.1"},
	{"IPv6",
	 HEADER(SIGNATURE
		"\x21\x21\0\x24"
		"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0\2"),
	 HN_OK, 52, "2001:db8::1"},
	{"IPv4 in IPv6",
	 HEADER(SIGNATURE
		"\x21\x21\0\x24"
		"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\7\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1\0\1\0\2"),
	 HN_OK, 52, "192.0.2.7"},
	{"extensions", HEADER(SIGNATURE "\x21\x11\0\x10" ADDRESSES "\4\0\1x"), HN_OK, 32, "192.0.2.1"},
	{"local, of no family", HEADER(SIGNATURE "\x20\0\0\0"), HN_OK, 16, NULL},
	{"local, with addresses that say nothing", HEADER(SIGNATURE "\x20\x11\0\x0c" ADDRESSES), HN_OK, 28,
	 NULL},
	{"another signature", HEADER("\r\n\r\n\0\r\nQUIZ\n\x21\x11\0\x0c" ADDRESSES), HN_EFORMAT, 0, NULL},
	{"version 1", HEADER("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n"), HN_EFORMAT, 0, NULL},
	{"version 3", HEADER(SIGNATURE "\x31\x11\0\x0c" ADDRESSES), HN_EUNSUPPORTED, 0, NULL},
	{"another command", HEADER(SIGNATURE "\x22\x11\0\x0c" ADDRESSES), HN_EUNSUPPORTED, 0, NULL},
	{"a Unix socket", HEADER(SIGNATURE "\x21\x31\0\x0c" ADDRESSES), HN_EUNSUPPORTED, 0, NULL},
	{"a client of no family", HEADER(SIGNATURE "\x21\0\0\0"), HN_EUNSUPPORTED, 0, NULL},
	{"IPv4 without ports", HEADER(SIGNATURE "\x21\x11\0\x0b" ADDRESSES), HN_EFORMAT, 0, NULL},
	{"IPv6 with IPv4's length", HEADER(SIGNATURE "\x21\x21\0\x0c" ADDRESSES), HN_EFORMAT, 0, NULL},
	{"longer than any", HEADER(SIGNATURE "\x21\x11\2\x09"), HN_ELIMIT, 0, NULL},
};

static const struct proxy_header untouched = {.len = 12345};

static void reads_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		const struct header *h = &headers[i];
		struct proxy_header out = untouched;
		uint8_t *data = exact_copy(h->bytes, h->len);
		int rc = proxy_header_read(data, h->len, &out);
		free(data);
		if (rc != h->rc)
			fail_msg("%s: %d", h->name, rc);
		if (rc != HN_OK) {
			assert_memory_equal(&out, &untouched, sizeof(out));
			continue;
		}
		assert_int_equal(out.len, h->header_len);
		struct ip wanted = {0};
		if (h->client)
			assert_int_equal(ip_parse(h->client, strlen(h->client), &wanted), HN_OK);
		assert_memory_equal(&out.client, &wanted, sizeof(wanted));
	}
}

/* A header may come in pieces: each beginning asks for more, and never for more than there will be. */
static void asks_for_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		const struct header *h = &headers[i];
		for (size_t len = 0; h->rc == HN_OK && len < h->header_len; len++) {
			struct proxy_header out = untouched;
			uint8_t *data = exact_copy(h->bytes, len);
			assert_int_equal(proxy_header_read(data, len, &out), HN_ETRUNC);
			size_t need = proxy_header_need(data, len);
			assert_true(need > len && need <= h->header_len);
			assert_memory_equal(&out, &untouched, sizeof(out));
			free(data);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each),
		cmocka_unit_test(asks_for_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
