/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/route.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "ledger/verify.h"

#include "../check.h"
#include "../store/store_world.h"

#define CLOSE "Host: a\r\nConnection: close\r\n"

static struct world {
	struct store_world store;
	struct hub hub;
	struct router *router;
	int data_fd;
	uint8_t key[64];
	uint16_t port;
	int runs;               /* of the job, from its thread */
	_Atomic unsigned ended; /* requests with pieces */
} world;

/* ---- routes that show what handlers do ---- */

static int job(struct writing *w, struct request *r, void *context)
{
	(void)context;
	world.runs++;
	if (memmem(r->body.data, r->body.len, "fault", 5))
		return fault_set(&r->fault, HN_EFORMAT, "/name", "no name");
	int rc = request_note(w, r, "hub.test", "{\"a\":1}", 7);
	if (rc != HN_OK)
		return rc;
	if (memmem(r->body.data, r->body.len, "problem", 7))
		return answer_problem(r, 409, "exists", "there already");
	buf_addf(answer_body(r), "{\"run\":%d}", world.runs);
	answer_etag(r, "v1");
	return answer_created(r, "/things/1");
}

static int change(struct request *r)
{
	return request_change(r, job, NULL);
}

static int slow_end(struct request *r)
{
	buf_adds(answer_body(r), "{}");
	return answer_send(r, 200, NULL);
}

static void *slow_thread(void *r)
{
	request_resume(r, slow_end);
	return NULL;
}

static int slow(struct request *r)
{
	pthread_t thread;
	request_wait(r);
	assert_int_equal(pthread_create(&thread, NULL, slow_thread, r), 0);
	(void)pthread_detach(thread);
	return HN_OK;
}

struct pieces {
	uint64_t bytes, calls;
};

static int piece(struct request *r, const uint8_t *data, size_t len)
{
	struct pieces *p = r->state;
	if (!p)
		p = r->state = arena_alloc(r->arena, sizeof(*p));
	for (size_t i = 0; i < len; i++)
		if (data[i] == '!')
			return fault_set(&r->fault, HN_EFORMAT, "", "an exclamation mark");
	p->bytes += len;
	if (++p->calls % 3 == 0) {
		request_wait(r);
		request_resume(r, NULL);
	}
	return HN_OK;
}

static int pieces_end(struct request *r)
{
	const struct pieces *p = r->state;
	buf_addf(answer_body(r), "%llu", p ? (unsigned long long)p->bytes : 0);
	return answer_send(r, 200, "text/plain");
}

static void ended(struct request *r)
{
	(void)r;
	world.ended++;
}

static ssize_t more(struct request *r, char *room, size_t size)
{
	uint64_t *left = r->state;
	size_t n = *left < size ? (size_t)*left : size;
	memset(room, 'x', n);
	*left -= n;
	return (ssize_t)n;
}

static int stream(struct request *r)
{
	uint64_t *left = arena_alloc(r->arena, sizeof(*left));
	*left = request_query_number(r, "bytes", 0);
	r->state = left;
	return answer_stream(r, 200, "text/plain", more);
}

static int who(struct request *r)
{
	buf_addf(answer_body(r), "{\"how\":\"%s\"}", r->who.how);
	return answer_send(r, 200, NULL);
}

static int mute(struct request *r)
{
	(void)r;
	return HN_OK;
}

static int full(struct request *r)
{
	buf_adds(answer_body(r), "half an answer");
	return r->method == HTTP_GET ? HN_ENOSPC : HN_OK;
}

static const struct query_spec stream_query[] = {
	{.name = "bytes", .kind = QUERY_NUMBER, .required = true, .min = 0, .max = 100000000},
	{.name = "word", .kind = QUERY_WORD, .words = "one|two"},
	{.name = "many", .kind = QUERY_TEXT, .repeated = true},
	{.name = "flag", .kind = QUERY_FLAG},
	{.name = "since", .kind = QUERY_TIME},
	{.name = "id", .kind = QUERY_STIX},
	{0},
};

static const struct route routes[] = {
	{.method = HTTP_POST,
	 .pattern = "/things",
	 .flags = ROUTE_PUBLIC,
	 .handle = change,
	 .takes = "application/json",
	 .body_max = 100},
	{.method = HTTP_GET, .pattern = "/slow", .flags = ROUTE_PUBLIC, .handle = slow},
	{.method = HTTP_PUT,
	 .pattern = "/pieces",
	 .flags = ROUTE_PUBLIC,
	 .handle = pieces_end,
	 .piece = piece,
	 .end = ended,
	 .takes = "text/plain",
	 .gives = "text/plain",
	 .body_max = 1000000},
	{.method = HTTP_GET,
	 .pattern = "/stream",
	 .flags = ROUTE_PUBLIC,
	 .handle = stream,
	 .gives = "text/plain",
	 .query = stream_query},
	{.method = HTTP_GET, .pattern = "/who", .scopes = SCOPE_READ, .handle = who},
	{.method = HTTP_GET, .pattern = "/audit", .scopes = SCOPE_READ | SCOPE_AUDIT, .handle = who},
	{.method = HTTP_GET, .pattern = "/role", .scopes = SCOPE_READ, .roles = ROLE_AUDITOR, .handle = who},
	{.method = HTTP_GET, .pattern = "/mute", .flags = ROUTE_PUBLIC, .handle = mute},
	{.method = HTTP_GET, .pattern = "/full", .flags = ROUTE_PUBLIC, .handle = full},
	{0},
};

static int identify(struct request *r)
{
	size_t len;
	int rc = rights_public(r);
	const char *text = request_header(r, "Authorization", &len);
	if (rc != HN_OK || !text)
		return rc;
	if (len == 5 && memcmp(text, "later", 5) == 0 && !r->state) {
		r->state = r;
		request_wait(r);
		request_resume(r, NULL);
		return IDENTIFY_LATER;
	}
	r->state = NULL;
	if (len == 3 && memcmp(text, "bad", 3) == 0)
		return HN_EAUTH;
	r->who.signed_in = true;
	r->who.scopes = SCOPE_READ;
	r->who.how = "token";
	r->who.account = (struct uuid){.bytes = {1}};
	return HN_OK;
}

/* ---- the world ---- */

static int listen_anywhere(uint16_t *port_out)
{
	struct endpoint at = {.ip = {.bytes = {127, 0, 0, 1}, .version = 4}};
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd;
	assert_int_equal(server_listen(&at, &fd, NULL), HN_OK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port_out = ntohs(in.sin_port);
	return fd;
}

static void open_record(void)
{
	uint8_t public[32];
	char path[512];
	(void)snprintf(path, sizeof(path), "%s", world.store.dir);
	world.data_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(world.data_fd >= 0);
	(void)crypto_sign_keypair(public, world.key);
	const struct record_options options = {
		.dir_fd = world.data_fd,
		.origin = "hinomi/hub/test",
		.secret_key = world.key,
		.queue_max = 1000,
		.access_bytes = 1u << 20,
		.store = world.store.store,
	};
	assert_int_equal(record_open(&options, &world.hub.record, NULL), HN_OK);
	assert_int_equal(record_start(world.hub.record, NULL), HN_OK);
}

static int setup(void **state)
{
	(void)state;
	static const struct route *const tables[] = {routes, NULL};
	assert_true(sodium_init() >= 0);
	world_open(&world.store);
	world.hub.store = world.store.store;
	world.runs = 0;
	open_record();
	assert_int_equal(router_new(tables, &world.router, NULL), HN_OK);
	int listener = listen_anywhere(&world.port);
	const struct server_options options = {
		.program = &world.hub,
		.metrics = "hinomi_hub",
		.router = world.router,
		.listeners = &listener,
		.listener_count = 1,
		.threads = 2,
		.connection_max = 100,
		.address_max = 100,
		.header_ns = 60 * NS_SECOND,
		.idle_ns = 60 * NS_SECOND,
		.body_max = 1000,
		.bulk_max = 1000,
		.identify = identify,
		.allowed = rights_allow,
		.seal = request_seal,
		.finished = request_log,
	};
	assert_int_equal(server_new(&options, &world.hub.server, NULL), HN_OK);
	assert_int_equal(server_start(world.hub.server, NULL), HN_OK);
	server_go(world.hub.server);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_drain(world.hub.server, 5 * NS_SECOND);
	server_join(world.hub.server);
	record_stop(world.hub.record);
	server_free(world.hub.server);
	world_close_store(&world.store);
	record_free(world.hub.record);
	router_free(world.router);
	(void)close(world.data_fd);
	world_close(&world.store);
	return 0;
}

static int connect_to(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(world.port)};
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static void send_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* refused early; what was said is read */
		at += n;
		len -= (size_t)n;
	}
}

static char *read_all(int fd, size_t *len_out)
{
	size_t room = 1u << 16, len = 0;
	char *text = malloc(room);
	assert_non_null(text);
	for (;;) {
		ssize_t n = recv(fd, text + len, room - len - 1, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (room - len < 1u << 15) {
			char *more = realloc(text, room *= 2);
			assert_non_null(more);
			text = more;
		}
	}
	text[len] = '\0';
	*len_out = len;
	(void)close(fd);
	return text;
}

/* The whole answer of one request; free it. */
static char *ask(const char *request)
{
	size_t len;
	int fd = connect_to();
	send_all(fd, request, strlen(request));
	return read_all(fd, &len);
}

static void expect(const char *request, const char *status, const char *text)
{
	char *answer = ask(request);
	if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, status, strlen(status)) != 0 ||
	    (text && !strstr(answer, text)))
		fail_msg("%s\nwanted %s with %s, got\n%s", request, status, text ? text : "", answer);
	free(answer);
}

#define POST(headers, length, body)                                                                          \
	"POST /things HTTP/1.1\r\n" CLOSE headers                                                            \
	"Content-Type: application/json\r\nContent-Length: " length "\r\n\r\n" body

/* ---- what happens ---- */

static void a_change_is_answered_when_it_is_durable(void **state)
{
	(void)state;
	expect(POST("", "2", "{}"), "201", "{\"run\":1}");
	expect(POST("", "2", "{}"), "201", "Location: /things/1\r\n");
	expect(POST("", "7", "\"fault\""), "400",
	       "\"errors\":[{\"pointer\":\"/name\",\"detail\":\"no name\"}]");
	expect(POST("", "9", "\"problem\""), "409", "there already");
	assert_int_equal(world.runs, 4);
}

static void the_same_request_is_done_once(void **state)
{
	(void)state;
	const char *first = POST("Idempotency-Key: k1\r\n", "2", "{}");
	expect(first, "201", "{\"run\":1}");
	expect(first, "201", "{\"run\":1}");
	expect(first, "201", "Idempotency-Replayed: true\r\n");
	expect(first, "201", "ETag: \"v1\"\r\n");
	expect(first, "201", "Location: /things/1\r\n");
	assert_int_equal(world.runs, 1);
	expect(POST("Idempotency-Key: k1\r\n", "3", "{ }"), "422", "urn:hinomi:problem:idempotency-key");
	expect(POST("Idempotency-Key: k2\r\n", "2", "{}"), "201", "{\"run\":2}");
	expect(POST("Idempotency-Key: k1\r\nAuthorization: x\r\n", "2", "{}"), "201", "{\"run\":3}");
	expect(POST("Idempotency-Key: \r\n", "2", "{}"), "400", NULL);
	/* What was refused may be tried again. */
	expect(POST("Idempotency-Key: k3\r\n", "9", "\"problem\""), "409", NULL);
	expect(POST("Idempotency-Key: k3\r\n", "2", "{}"), "201", "{\"run\":5}");
}

static void entries_of_changes_are_in_the_ledger_once(void **state)
{
	(void)state;
	struct verify_report report;
	struct buf note;
	expect(POST("", "2", "{}"), "201", NULL);
	expect(POST("", "9", "\"problem\""), "409", NULL);
	expect(POST("", "2", "{}"), "201", NULL);
	assert_int_equal(ledger_verify(world.data_fd, NULL, &report, NULL), HN_OK);
	assert_int_equal(report.entries, 2);
	buf_init(&note, 10000);
	assert_int_equal(record_checkpoint(world.hub.record, &note), HN_OK);
	assert_non_null(strstr(note.data, "hinomi/hub/test\n2\n"));
	buf_clear(&note);
}

static void a_request_may_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		expect("GET /slow HTTP/1.1\r\n" CLOSE "\r\n", "200", "{}");
}

static void bodies_come_in_pieces(void **state)
{
	(void)state;
	static const char chunked[] = "PUT /pieces HTTP/1.1\r\n" CLOSE
				      "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
	for (size_t size = 0; size < 300000; size = size * 3 + 1) {
		struct buf text;
		char wanted[32];
		buf_init(&text, 1u << 20);
		buf_adds(&text, chunked);
		for (size_t left = size; left > 0;) {
			size_t n = left < 5000 ? left : 5000;
			buf_addf(&text, "%zx\r\n", n);
			for (size_t i = 0; i < n; i++)
				buf_addc(&text, 'y');
			buf_adds(&text, "\r\n");
			left -= n;
		}
		buf_adds(&text, "0\r\n\r\n");
		(void)snprintf(wanted, sizeof(wanted), "\r\n\r\n%zu", size);
		expect(text.data, "200", wanted);
		buf_clear(&text);
	}
	expect("PUT /pieces HTTP/1.1\r\n" CLOSE "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nab!cd",
	       "400", "exclamation");
	expect("PUT /pieces HTTP/1.1\r\n" CLOSE "Content-Type: text/plain\r\nContent-Length: 1000001\r\n\r\n",
	       "413", NULL);
}

static void too_much_of_a_chunked_body_is_refused(void **state)
{
	(void)state;
	size_t len;
	int fd = connect_to();
	static const char head[] = "PUT /pieces HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
				   "Transfer-Encoding: chunked\r\n\r\nffffff\r\n";
	char *body = malloc(1100000);
	memset(body, 'z', 1100000);
	send_all(fd, head, sizeof(head) - 1);
	send_all(fd, body, 1100000);
	char *answer = read_all(fd, &len);
	assert_memory_equal(answer, "HTTP/1.1 413 ", 13);
	free(answer);
	free(body);
}

static void asks_for_a_body_when_it_wants_it(void **state)
{
	(void)state;
	char text[64] = "";
	size_t len;
	int fd = connect_to();
	static const char head[] =
		"POST /things HTTP/1.1\r\n" CLOSE
		"Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
	send_all(fd, head, sizeof(head) - 1);
	assert_int_equal(recv(fd, text, 25, MSG_WAITALL), 25);
	assert_string_equal(text, "HTTP/1.1 100 Continue\r\n\r\n");
	send_all(fd, "{}", 2);
	char *answer = read_all(fd, &len);
	assert_memory_equal(answer, "HTTP/1.1 201 ", 13);
	free(answer);
	/* Who may not is told before he sends. */
	expect("POST /things HTTP/1.1\r\n" CLOSE
	       "Content-Type: application/json\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n",
	       "413", NULL);
	expect("POST /things HTTP/1.1\r\n" CLOSE
	       "Content-Type: text/html\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
	       "415", NULL);
	expect("POST /things HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx", "415", NULL);
}

static void answers_of_any_length_are_streamed(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 32768, 32769, 5000000};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char request[200];
		size_t len;
		(void)snprintf(request, sizeof(request), "GET /stream?bytes=%zu HTTP/1.0\r\n\r\n", sizes[i]);
		int fd = connect_to();
		send_all(fd, request, strlen(request));
		char *answer = read_all(fd, &len);
		const char *body = strstr(answer, "\r\n\r\n") + 4;
		assert_int_equal(len - (size_t)(body - answer), sizes[i]);
		free(answer);
	}
	expect("GET /stream?bytes=3 HTTP/1.1\r\n" CLOSE "\r\n", "200", "\r\n\r\n3\r\nxxx\r\n0\r\n\r\n");
	expect("HEAD /stream?bytes=3 HTTP/1.1\r\n" CLOSE "\r\n", "200", "Transfer-Encoding: chunked\r\n");
}

static void the_query_is_read_by_its_table(void **state)
{
	(void)state;
	static const struct {
		const char *query, *parameter;
	} bad[] = {
		{"", "bytes"},
		{"?bytes=x", "bytes"},
		{"?bytes=100000001", "bytes"},
		{"?bytes=-1", "bytes"},
		{"?bytes=1&bytes=1", "bytes"},
		{"?bytes=1&word=three", "word"},
		{"?bytes=1&word=one%7Ctwo", "word"},
		{"?bytes=1&word=", "word"},
		{"?bytes=1&flag=1", "flag"},
		{"?bytes=1&since=yesterday", "since"},
		{"?bytes=1&id=x", "id"},
		{"?bytes=1&other=1", "other"},
		{"?bytes=1&many=", "many"},
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		char request[200], wanted[80];
		(void)snprintf(request, sizeof(request), "GET /stream%s HTTP/1.1\r\n" CLOSE "\r\n",
			       bad[i].query);
		(void)snprintf(wanted, sizeof(wanted), "\"parameter\":\"%s\"", bad[i].parameter);
		expect(request, "400", wanted);
	}
	expect("GET /stream?bytes=1&word=two&many=a&many=%E6%94%BB&flag=true&since=2026-01-01T00:00:00Z&"
	       "id=indicator--11111111-2222-4333-8444-555555555555 HTTP/1.1\r\n" CLOSE "\r\n",
	       "200", NULL);
	expect("GET /stream?bytes=1&many=%zz HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
	expect("GET /stream?bytes=1&many=%00 HTTP/1.1\r\n" CLOSE "\r\n", "400", NULL);
}

static void rights_are_looked_at_first(void **state)
{
	(void)state;
	expect("GET /who HTTP/1.1\r\n" CLOSE "\r\n", "401", "WWW-Authenticate: Bearer");
	expect("GET /who HTTP/1.1\r\n" CLOSE "Authorization: bad\r\n\r\n", "401", NULL);
	expect("GET /who HTTP/1.1\r\n" CLOSE "Authorization: good\r\n\r\n", "200", "\"how\":\"token\"");
	expect("GET /who HTTP/1.1\r\n" CLOSE "Authorization: later\r\n\r\n", "200", "\"how\":\"token\"");
	expect("GET /audit HTTP/1.1\r\n" CLOSE "Authorization: good\r\n\r\n", "403", NULL);
	expect("GET /role HTTP/1.1\r\n" CLOSE "Authorization: good\r\n\r\n", "403", NULL);
}

static void a_handler_that_fails_is_a_problem(void **state)
{
	(void)state;
	expect("GET /mute HTTP/1.1\r\n" CLOSE "\r\n", "500", "urn:hinomi:problem:internal");
	char *answer = ask("GET /full HTTP/1.1\r\n" CLOSE "\r\n");
	assert_memory_equal(answer, "HTTP/1.1 507 ", 13);
	assert_null(strstr(answer, "half"));
	free(answer);
}

static void who_leaves_while_it_waits_harms_nobody(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		const char *request =
			i % 2 ? "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
			      : "POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
				"Content-Length: 2\r\n\r\n{}";
		int fd = connect_to();
		const struct linger now = {.l_onoff = 1};
		send_all(fd, request, strlen(request));
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		(void)close(fd);
	}
	expect("GET /slow HTTP/1.1\r\n" CLOSE "\r\n", "200", "{}");
}

#define SERVED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(a_change_is_answered_when_it_is_durable),
		SERVED(the_same_request_is_done_once),
		SERVED(entries_of_changes_are_in_the_ledger_once),
		SERVED(a_request_may_wait),
		SERVED(bodies_come_in_pieces),
		SERVED(too_much_of_a_chunked_body_is_refused),
		SERVED(asks_for_a_body_when_it_wants_it),
		SERVED(answers_of_any_length_are_streamed),
		SERVED(the_query_is_read_by_its_table),
		SERVED(rights_are_looked_at_first),
		SERVED(a_handler_that_fails_is_a_problem),
		SERVED(who_leaves_while_it_waits_harms_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
