/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/blockpage.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "tests/unit/check.h"

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: evil.example\r\n"

static const struct resolver_blockpage config = {
	.organisation_en = "Centre <A&B>",
	.organisation_ja = "統括室",
	.contact_en = "https://appeal.example/?a=\"b\"",
	.contact_ja = "03-0000-0000",
};

static void reads_what_matters(void **state)
{
	static const struct {
		const char *request;
		const char *name;
		bool ja, head;
	} cases[] = {
		{GET HOST "\r\n", "evil.example", true, false},
		{GET "Host:EVIL.example.:8080\r\n\r\n", "evil.example", true, false},
		{"GET / HTTP/1.1\nhost: a_b.example\n\n", "a_b.example", true, false},
		{"HEAD /x?y HTTP/1.1\r\n" HOST "\r\n", "evil.example", true, true},
		{"POST /login HTTP/1.1\r\nContent-Length: 9\r\n" HOST "\r\npassword!", "evil.example", true,
		 false},
		{"GET http://other.example/x HTTP/1.1\r\n" HOST "\r\n", "other.example", true, false},
		{"GET http://other.example?x HTTP/1.1\r\n" HOST "\r\n", "other.example", true, false},
		{"GET / HTTP/1.0\r\n\r\n", "", true, false},
		{GET "Host: 192.0.2.80\r\n\r\n", "", true, false},
		{GET "Host: [2001:db8::80]:80\r\n\r\n", "", true, false},
		{GET HOST "Accept-Language: en\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: en-GB,en;q=0.9,ja;q=0.8\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: en;q=0.8, ja;q=0.9\r\n\r\n", "evil.example", true, false},
		{GET HOST "Accept-Language: JA-jp\r\n\r\n", "evil.example", true, false},
		{GET HOST "Accept-Language: fr, de\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: fr, ja;q=0.1\r\n\r\n", "evil.example", true, false},
		{GET HOST "Accept-Language: *\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: ja,en\r\n\r\n", "evil.example", true, false},
		{GET HOST "Accept-Language: en,ja\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: ja;q=0\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: *;q=0.5, ja;q=0.001\r\n\r\n", "evil.example", false, false},
		{GET HOST "Accept-Language: fr\r\nAccept-Language: ja\r\n\r\n", "evil.example", true, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].request);
		uint8_t *data = exact_copy(cases[i].request, len);
		struct blockpage_request r;
		assert_int_equal(blockpage_request_read((const char *)data, len, &r), HN_OK);
		assert_string_equal(r.name, cases[i].name);
		assert_int_equal(r.ja, cases[i].ja);
		assert_int_equal(r.head, cases[i].head);
		free(data);
	}
}

static void refuses_what_is_no_request(void **state)
{
	static const struct {
		const char *request;
		int rc;
	} cases[] = {
		{GET "\r\n", HN_EFORMAT},
		{GET HOST HOST "\r\n", HN_EFORMAT},
		{GET "Host: \r\n\r\n", HN_EFORMAT},
		{GET "Host: a b\r\n\r\n", HN_EFORMAT},
		{GET "Host: <script>\r\n\r\n", HN_EFORMAT},
		{GET "Host: a..b\r\n\r\n", HN_EFORMAT},
		{GET "Host: .\r\n\r\n", HN_EFORMAT},
		{GET "Host: a:8x\r\n\r\n", HN_EFORMAT},
		{GET "Host: [::1\r\n\r\n", HN_EFORMAT},
		{GET "Host: [192.0.2.1]\r\n\r\n", HN_EFORMAT},
		{GET "Host: \xe7\x81\xab.example\r\n\r\n", HN_EFORMAT},
		{GET "Host : a\r\n\r\n", HN_EFORMAT},
		{GET "Host: a\r\n b\r\n\r\n", HN_EFORMAT},
		{GET "Host: a\r.example\r\n\r\n", HN_EFORMAT},
		{GET "Host\r\n\r\n", HN_EFORMAT},
		{GET ": a\r\n\r\n", HN_EFORMAT},
		{"GET  / HTTP/1.1\r\n" HOST "\r\n", HN_EFORMAT},
		{"GET / HTTP/1.1 \r\n" HOST "\r\n", HN_EFORMAT},
		{"GET /\r\n" HOST "\r\n", HN_EFORMAT},
		{" / HTTP/1.1\r\n" HOST "\r\n", HN_EFORMAT},
		{"\r\n", HN_EFORMAT},
		{"\x16\x03\x01\x02\n", HN_EFORMAT},
		{"GET / HTTP/2.0\r\n" HOST "\r\n", HN_EUNSUPPORTED},
		{"get / HTTP/1.1\r\n" HOST "\r\n", HN_EUNSUPPORTED},
		{"CONNECT evil.example:443 HTTP/1.1\r\n" HOST "\r\n", HN_EUNSUPPORTED},
		{"GET http:/// HTTP/1.1\r\n" HOST "\r\n", HN_EFORMAT},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].request);
		uint8_t *data = exact_copy(cases[i].request, len);
		struct blockpage_request r = {.name = "untouched"};
		assert_int_equal(blockpage_request_read((const char *)data, len, &r), cases[i].rc);
		assert_string_equal(r.name, "untouched");
		free(data);
	}
	static const char nul[] = GET "Host: a\0b\r\n\r\n";
	struct blockpage_request r;
	assert_int_equal(blockpage_request_read(nul, sizeof(nul) - 1, &r), HN_EFORMAT);
}

static void asks_for_more(void **state)
{
	static const char request[] = GET HOST "Accept-Language: en\r\n\r\n";
	(void)state;
	for (size_t n = 0; n < sizeof(request) - 1; n++) {
		struct blockpage_request r = {.name = "untouched"};
		uint8_t *data = exact_copy(request, n);
		assert_int_equal(blockpage_request_read((const char *)data, n, &r), HN_ETRUNC);
		assert_string_equal(r.name, "untouched");
		free(data);
	}
}

static struct buf page_of(const struct blockpage_request *r, const struct blockpage_finding *f)
{
	struct buf out;
	buf_init(&out, 1u << 16);
	blockpage_write(r, &config, f, 1795273200 * NS_SECOND, &out);
	assert_int_equal(buf_err(&out), HN_OK);
	assert_true(utf8_valid(out.data, out.len));
	return out;
}

static void tells_what_by_whom_and_where_to_appeal(void **state)
{
	(void)state;
	struct blockpage_request r = {.name = "www.evil.example"};
	struct blockpage_finding f = {.listed = "evil.example", .reason = POLICY_BLOCKED};
	struct buf out = page_of(&r, &f);
	const char *const said[] = {
		"HTTP/1.1 403 Forbidden\r\n",
		"Date: Sat, 21 Nov 2026 15:00:00 GMT\r\n",
		"Content-Language: en\r\n",
		"Connection: close\r\n",
		"Content-Security-Policy: default-src 'none'; style-src 'sha256-",
		"www.evil.example",
		"<dt>Listed as</dt><dd>evil.example</dd>",
		"Centre &lt;A&amp;B&gt;",
		"href=\"https://appeal.example/?a=&quot;b&quot;\"",
		"The security policy of the operator",
	};
	for (size_t i = 0; i < COUNT(said); i++)
		assert_non_null(strstr(out.data, said[i]));
	assert_null(strstr(out.data, "<script"));
	assert_null(strstr(out.data, "Set-Cookie"));
	assert_null(strstr(out.data, "<A&B>"));
	const char *length = strstr(out.data, "Content-Length: ");
	assert_non_null(length);
	const char *body = strstr(out.data, "\r\n\r\n") + 4;
	assert_int_equal(strtoull(length + 16, NULL, 10), out.len - (size_t)(body - out.data));
	buf_clear(&out);

	r.ja = true;
	f = (struct blockpage_finding){.listed = "www.evil.example",
				       .reason = POLICY_CENSORED,
				       .organisation = "委員会",
				       .contact = "<i>"};
	out = page_of(&r, &f);
	assert_non_null(strstr(out.data, "HTTP/1.1 451 "));
	assert_non_null(strstr(out.data, "<html lang=\"ja\">"));
	assert_non_null(strstr(out.data, "法令に基づく措置"));
	assert_non_null(strstr(out.data, "<dd>委員会</dd>"));
	assert_non_null(strstr(out.data, "<dd>&lt;i&gt;</dd>"));
	assert_null(strstr(out.data, "登録名</dt>"));
	buf_clear(&out);

	r.ja = false;
	f = (struct blockpage_finding){.listed = "203.0.113.0/24", .elsewhere = true};
	out = page_of(&r, &f);
	assert_non_null(strstr(out.data, "because it leads to another name"));
	assert_non_null(strstr(out.data, "<dt>Listed as</dt><dd>203.0.113.0/24</dd>"));
	buf_clear(&out);
}

static void says_little_where_nothing_is_blocked(void **state)
{
	(void)state;
	struct blockpage_request r = {.name = "good.example"};
	struct buf out = page_of(&r, NULL);
	assert_non_null(strstr(out.data, "HTTP/1.1 404 "));
	assert_null(strstr(out.data, "good.example"));
	buf_clear(&out);
	r.head = true;
	out = page_of(&r, NULL);
	assert_string_equal(strstr(out.data, "\r\n\r\n"), "\r\n\r\n");
	buf_clear(&out);
}

struct seen {
	unsigned shown;
	char listed[BLOCKPAGE_NAME_SIZE];
	int64_t minute_ns;
};

static bool find(void *context, const char *name, const struct ip *client, struct blockpage_finding *out)
{
	(void)context;
	assert_int_equal(client->version, 4);
	assert_int_equal(client->bytes[0], 127);
	if (strcmp(name, "evil.example") != 0)
		return false;
	*out = (struct blockpage_finding){.listed = "evil.example", .reason = POLICY_BLOCKED};
	return true;
}

static void shown(void *context, const char *listed, int64_t minute_ns)
{
	struct seen *seen = context;
	seen->shown++;
	memcpy(seen->listed, listed, strlen(listed) + 1);
	seen->minute_ns = minute_ns;
}

/* The whole answer to what is sent. */
static struct buf ask(const struct sockaddr_in *to, const char *request)
{
	struct buf out;
	char data[4096];
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)to, sizeof(*to)), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
	buf_init(&out, 1u << 16);
	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		buf_add(&out, data, (size_t)n);
	assert_int_equal(n, 0); /* an end, not a reset */
	(void)close(fd);
	assert_int_equal(buf_err(&out), HN_OK);
	return out;
}

static void serves_it(void **state)
{
	static const struct {
		const char *request;
		const char *status;
	} cases[] = {
		{GET HOST "\r\n", "HTTP/1.1 403 "},
		{"POST / HTTP/1.1\r\nContent-Length: 10\r\n" HOST "\r\n0123456789", "HTTP/1.1 403 "},
		{GET "Host: good.example\r\n\r\n", "HTTP/1.1 404 "},
		{GET "Host: 127.0.0.1\r\n\r\n", "HTTP/1.1 404 "},
		{"PUT / HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405 "},
		{"nonsense\r\n\r\n", "HTTP/1.1 400 "},
	};
	(void)state;
	struct ip loopback = {.bytes = {127, 0, 0, 1}, .version = 4};
	struct resolver_blockpage c = config;
	struct seen seen = {0};
	struct sockaddr_in to;
	socklen_t size = sizeof(to);
	struct blockpage *page;
	char *large = malloc(BLOCKPAGE_REQUEST_MAX + 100);
	int fd;

	c.addresses = (struct config_list){&loopback, 1};
	assert_int_equal(blockpage_listen(&c, &fd, NULL), HN_OK); /* port 0: any */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&to, &size), 0);
	const struct blockpage_options o = {.config = &c, .find = find, .shown = shown, .context = &seen};
	assert_int_equal(blockpage_start(&o, &fd, &page), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = ask(&to, cases[i].request);
		assert_memory_equal(out.data, cases[i].status, strlen(cases[i].status));
		buf_clear(&out);
	}
	assert_non_null(large);
	memset(large, 'a', BLOCKPAGE_REQUEST_MAX + 99);
	memcpy(large, GET "X: ", sizeof(GET "X: ") - 1);
	large[BLOCKPAGE_REQUEST_MAX + 99] = '\0';
	struct buf out = ask(&to, large);
	assert_memory_equal(out.data, "HTTP/1.1 400 ", 13);
	buf_clear(&out);
	free(large);

	/* A second server there is refused with the address. */
	struct fault fault = {0};
	int other;
	c.port = ntohs(to.sin_port);
	assert_int_equal(blockpage_listen(&c, &other, &fault), HN_EIO);
	assert_non_null(strstr(fault.message, "127.0.0.1"));
	blockpage_stop(page);
	assert_int_equal(seen.shown, 2);
	assert_string_equal(seen.listed, "evil.example");
	assert_int_equal(seen.minute_ns % (60 * NS_SECOND), 0);
	blockpage_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_matters),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(asks_for_more),
		cmocka_unit_test(tells_what_by_whom_and_where_to_appeal),
		cmocka_unit_test(says_little_where_nothing_is_blocked),
		cmocka_unit_test(serves_it),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
