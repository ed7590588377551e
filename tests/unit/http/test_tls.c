/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/request.h"
#include "http/route.h"
#include "http/server.h"

#include "tls_keys.h"

#define GOOD    "0a0b0c0d0e0f101112131415161718aa"
#define SECOND  "00000000000000000000000000000007"
#define REVOKED "7f000000000000000000000000000bad"
#define URI     "urn:hinomi:edge:6ba7b810-9dad-41d1-80b4-00c04fd430c8"
#define DAY     86400L

enum {
	ROOT,
	OTHER_ROOT,
	SERVER,
	NEWER,
	CLIENT,
	CLIENT2,
	CLIENT_REVOKED,
	EXPIRED,
	EARLY,
	PURPOSE,
	NO_PURPOSE,
	STRANGER,
	TWO_URIS,
	PAIRS
};

static const struct {
	struct pair_form form;
	int issuer;
} forms[PAIRS] = {
	[ROOT] = {{"root", "01", NULL, NULL, -DAY, DAY, true}, -1},
	[OTHER_ROOT] = {{"root", "01", NULL, NULL, -DAY, DAY, true}, -1},
	[SERVER] = {{"server", "02", "serverAuth", "DNS:localhost", -DAY, DAY, false}, ROOT},
	[NEWER] = {{"newer", "03", "serverAuth", "DNS:localhost", -DAY, DAY, false}, ROOT},
	[CLIENT] = {{"edge", GOOD, "clientAuth", "URI:" URI, -DAY, DAY, false}, ROOT},
	[CLIENT2] = {{"edge", "07", "clientAuth", "URI:" URI, -DAY, DAY, false}, ROOT},
	[CLIENT_REVOKED] = {{"edge", REVOKED, "clientAuth", "URI:" URI, -DAY, DAY, false}, ROOT},
	[EXPIRED] = {{"edge", "04", "clientAuth", "URI:" URI, -2 * DAY, -DAY, false}, ROOT},
	[EARLY] = {{"edge", "05", "clientAuth", "URI:" URI, DAY, 2 * DAY, false}, ROOT},
	[PURPOSE] = {{"edge", "06", "serverAuth", "URI:" URI, -DAY, DAY, false}, ROOT},
	[NO_PURPOSE] = {{"edge", "06", NULL, "URI:" URI, -DAY, DAY, false}, ROOT},
	[STRANGER] = {{"edge", GOOD, "clientAuth", "URI:" URI, -DAY, DAY, false}, OTHER_ROOT},
	[TWO_URIS] = {{"edge", "08", "clientAuth", "URI:" URI ",URI:urn:b", -DAY, DAY, false}, ROOT},
};

static struct world {
	struct pair pairs[PAIRS];
	struct server *server;
	struct router *router;
	uint16_t port;
	_Atomic bool second_revoked;
	_Atomic int streams;
	_Atomic bool ends; /* still() says so */
	_Atomic unsigned asked;
} world;

/* ---- the server's side ---- */

static int who(struct request *r)
{
	const struct peer *p = request_peer(r);
	char digest[65] = "";
	if (p)
		hex_encode(p->digest, sizeof(p->digest), digest);
	buf_addf(answer_body(r), "%s|%s|%s", p ? p->serial : "nobody", p ? p->uri : "", digest);
	return answer_send(r, 200, "text/plain");
}

static ssize_t more(struct request *r, char *room, size_t size)
{
	uint64_t *left = r->state;
	size_t n = *left < size ? (size_t)*left : size;
	memset(room, 'x', n);
	*left -= n;
	return (ssize_t)n;
}

static int large(struct request *r)
{
	uint64_t *left = arena_alloc(r->arena, sizeof(*left));
	*left = 3000000;
	r->state = left;
	return answer_stream(r, 200, "text/plain", more);
}

static ssize_t nothing_yet(struct request *r, char *room, size_t size)
{
	(void)size;
	if (r->state)
		return ANSWER_WAIT;
	r->state = r;
	room[0] = ':';
	return 1;
}

static int forever(struct request *r)
{
	world.streams++;
	return answer_stream(r, 200, "text/event-stream", nothing_yet);
}

static void stream_ended(struct request *r)
{
	(void)r;
	world.streams--;
}

static int echo(struct request *r)
{
	buf_addf(answer_body(r), "%zu", r->body.len);
	return answer_send(r, 200, "text/plain");
}

static const struct route routes[] = {
	{.method = HTTP_GET, .pattern = "/who", .flags = ROUTE_PUBLIC, .handle = who, .gives = "text/plain"},
	{.method = HTTP_GET,
	 .pattern = "/large",
	 .flags = ROUTE_PUBLIC,
	 .handle = large,
	 .gives = "text/plain"},
	{.method = HTTP_GET,
	 .pattern = "/stream",
	 .flags = ROUTE_PUBLIC,
	 .handle = forever,
	 .end = stream_ended,
	 .gives = "text/event-stream"},
	{.method = HTTP_GET,
	 .pattern = "/lasting",
	 .flags = ROUTE_PUBLIC | ROUTE_LASTING,
	 .handle = forever,
	 .end = stream_ended,
	 .gives = "text/event-stream"},
	{.method = HTTP_PUT,
	 .pattern = "/echo",
	 .flags = ROUTE_PUBLIC,
	 .handle = echo,
	 .takes = "text/plain",
	 .gives = "text/plain"},
	{0},
};

static bool judge(void *program, const struct peer *peer)
{
	const struct world *w = program;
	return strcmp(peer->serial, REVOKED) != 0 &&
	       !(w->second_revoked && strcmp(peer->serial, SECOND) == 0);
}

static bool still(struct request *r)
{
	world.asked += r->asked_ns >= r->received_ns;
	return !world.ends;
}

static int listen_anywhere(void)
{
	const struct endpoint at = {.ip = {.bytes = {127, 0, 0, 1}, .version = 4}};
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd;
	assert_int_equal(server_listen(&at, &fd, NULL), HN_OK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	world.port = ntohs(in.sin_port);
	return fd;
}

/* What a program says; the texts are freed by keys_free(). */
static struct server_tls keys_of(int server, enum peer_wish clients)
{
	return (struct server_tls){
		.certificate = certificate_text(&world.pairs[server]),
		.key = key_text(&world.pairs[server], NULL),
		.clients = clients,
		.client_root = certificate_text(&world.pairs[ROOT]),
		.judge = judge,
	};
}

static void text_free(const char *text)
{
	free((void *)(uintptr_t)text);
}

static void keys_free(const struct server_tls *t)
{
	text_free(t->certificate);
	text_free(t->key);
	text_free(t->client_root);
}

static void begin(enum peer_wish clients)
{
	static const struct route *const tables[] = {routes, NULL};
	const struct server_tls tls = keys_of(SERVER, clients);
	int listener = listen_anywhere();
	const struct server_options options = {
		.program = &world,
		.metrics = "test",
		.listeners = &listener,
		.listener_count = 1,
		.threads = 2,
		.connection_max = 1000,
		.address_max = 1000,
		.header_ns = 60 * NS_SECOND,
		.idle_ns = 60 * NS_SECOND,
		.body_max = 1u << 20,
		.bulk_max = 1u << 20,
		.tls = &tls,
		.still = still,
		.still_ns = 1,
	};
	struct server_options all = options;
	assert_int_equal(router_new(tables, &world.router, NULL), HN_OK);
	all.router = world.router;
	assert_int_equal(server_new(&all, &world.server, NULL), HN_OK);
	assert_int_equal(server_start(world.server, NULL), HN_OK);
	server_go(world.server);
	keys_free(&tls);
}

static void end(void)
{
	server_drain(world.server, 5 * NS_SECOND);
	server_join(world.server);
	server_free(world.server);
	router_free(world.router);
}

static int setup(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	for (int i = 0; i < PAIRS; i++)
		world.pairs[i] =
			pair_make(&forms[i].form, forms[i].issuer < 0 ? NULL : &world.pairs[forms[i].issuer]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < PAIRS; i++)
		pair_free(&world.pairs[i]);
	return 0;
}

/* ---- the client's side ---- */

static int connect_raw(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(world.port)};
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	int sessions; /* tickets that came */
};

static int count_session(SSL *ssl, SSL_SESSION *session)
{
	struct client *c = SSL_get_app_data(ssl);
	(void)session;
	c->sessions++;
	return 0;
}

/* pair < 0: shows no certificate. */
static void client_new(struct client *c, int pair)
{
	*c = (struct client){.ctx = SSL_CTX_new(TLS_client_method()), .fd = connect_raw()};
	assert_non_null(c->ctx);
	assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(c->ctx), world.pairs[ROOT].certificate),
			 1);
	SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(c->ctx, count_session);
	if (pair >= 0) {
		assert_int_equal(SSL_CTX_use_certificate(c->ctx, world.pairs[pair].certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(c->ctx, world.pairs[pair].key), 1);
	}
	c->ssl = SSL_new(c->ctx);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	SSL_set_app_data(c->ssl, c);
}

static void client_free(struct client *c)
{
	ERR_clear_error();
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

static bool say(struct client *c, const char *text)
{
	return SSL_write(c->ssl, text, (int)strlen(text)) == (int)strlen(text);
}

/* Reads until the text has come, or the end. @return whether it came */
static bool hear(struct client *c, const char *wanted, char *room, size_t size)
{
	size_t len = 0;
	room[0] = '\0';
	while (!strstr(room, wanted)) {
		int n = SSL_read(c->ssl, room + len, (int)(size - 1 - len));
		if (n <= 0)
			return false;
		len += (size_t)n;
		room[len] = '\0';
	}
	return true;
}

#define GET_WHO "GET /who HTTP/1.1\r\nHost: a\r\n\r\n"

/* @return whether this client gets an answer */
static bool is_taken(int pair, char *room, size_t size)
{
	struct client c;
	client_new(&c, pair);
	bool taken = SSL_connect(c.ssl) == 1 && say(&c, GET_WHO) && hear(&c, "|", room, size);
	client_free(&c);
	return taken;
}

/* ---- what holds ---- */

static void answers_as_over_a_plain_socket(void **state)
{
	(void)state;
	struct client c;
	char room[4096];
	begin(PEER_NONE);
	client_new(&c, -1);
	assert_int_equal(SSL_set1_host(c.ssl, "localhost"), 1);
	assert_int_equal(SSL_connect(c.ssl), 1);
	assert_string_equal(SSL_get_version(c.ssl), "TLSv1.3");
	for (int i = 0; i < 3; i++) {
		assert_true(say(&c, GET_WHO));
		assert_true(hear(&c, "nobody||", room, sizeof(room)));
	}
	/* Two in one record, one in many. */
	assert_true(say(&c, GET_WHO GET_WHO));
	assert_true(hear(&c, "nobody||", room, sizeof(room)));
	if (!strstr(strstr(room, "nobody||") + 1, "nobody||"))
		assert_true(hear(&c, "nobody||", room, sizeof(room)));
	for (const char *at = GET_WHO; *at; at++)
		assert_int_equal(SSL_write(c.ssl, at, 1), 1);
	assert_true(hear(&c, "nobody||", room, sizeof(room)));
	client_free(&c);
	end();
}

static void carries_large_bodies_both_ways(void **state)
{
	(void)state;
	struct client c;
	static char room[1u << 16];
	size_t count = 0;
	int n;
	begin(PEER_NONE);
	client_new(&c, -1);
	assert_int_equal(SSL_connect(c.ssl), 1);
	assert_true(say(&c, "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
			    "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"));
	assert_true(hear(&c, "100 Continue\r\n\r\n", room, sizeof(room)));
	memset(room, 'y', sizeof(room));
	for (size_t left = 1000000; left > 0;) {
		n = SSL_write(c.ssl, room, (int)(left < sizeof(room) ? left : sizeof(room)));
		assert_true(n > 0);
		left -= (size_t)n;
	}
	assert_true(hear(&c, "1000000", room, sizeof(room)));
	assert_true(say(&c, "GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	while ((n = SSL_read(c.ssl, room, sizeof(room))) > 0)
		for (int i = 0; i < n; i++)
			count += room[i] == 'x';
	assert_true(count >= 3000000);
	assert_int_equal(SSL_get_error(c.ssl, n), SSL_ERROR_ZERO_RETURN); /* announced, not cut */
	client_free(&c);
	end();
}

static void judges_certificates(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int pair;
		bool asked, demanded; /* whether it is taken */
	} cases[] = {
		{"none", -1, true, false},
		{"good", CLIENT, true, true},
		{"with two URIs", TWO_URIS, true, true},
		{"of another root of the same name", STRANGER, false, false},
		{"expired", EXPIRED, false, false},
		{"not valid yet", EARLY, false, false},
		{"for servers", PURPOSE, false, false},
		{"for no named purpose", NO_PURPOSE, false, false},
		{"revoked", CLIENT_REVOKED, false, false},
		{"the root itself", ROOT, false, false},
	};
	char room[4096];
	for (unsigned wish = PEER_ASKED; wish <= PEER_DEMANDED; wish++) {
		begin((enum peer_wish)wish);
		for (size_t i = 0; i < COUNT(cases); i++) {
			bool taken = is_taken(cases[i].pair, room, sizeof(room));
			if (taken != (wish == PEER_ASKED ? cases[i].asked : cases[i].demanded))
				fail_msg("a certificate %s: %d", cases[i].name, taken);
		}
		end();
	}
}

static void tells_who_it_is(void **state)
{
	(void)state;
	char room[4096], digest[65], wanted[512];
	uint8_t raw[32];
	unsigned len;
	begin(PEER_DEMANDED);
	assert_int_equal(X509_digest(world.pairs[CLIENT].certificate, EVP_sha256(), raw, &len), 1);
	hex_encode(raw, sizeof(raw), digest);
	(void)snprintf(wanted, sizeof(wanted), GOOD "|" URI "|%s", digest);
	assert_true(is_taken(CLIENT, room, sizeof(room)));
	assert_non_null(strstr(room, wanted));
	assert_true(is_taken(CLIENT2, room, sizeof(room)));
	assert_non_null(strstr(room, SECOND "|" URI "|"));
	assert_true(is_taken(TWO_URIS, room, sizeof(room)));
	assert_non_null(strstr(room, "08||"));
	end();
}

static void takes_only_what_it_speaks(void **state)
{
	(void)state;
	static const unsigned char h2[] = "\2h2", both[] = "\2h2\x08http/1.1";
	const unsigned char *chosen;
	unsigned len;
	struct client c;
	begin(PEER_NONE);
	client_new(&c, -1);
	assert_int_equal(SSL_set_max_proto_version(c.ssl, TLS1_2_VERSION), 1);
	assert_int_not_equal(SSL_connect(c.ssl), 1);
	client_free(&c);
	client_new(&c, -1);
	assert_int_equal(SSL_set_alpn_protos(c.ssl, h2, sizeof(h2) - 1), 0);
	assert_int_not_equal(SSL_connect(c.ssl), 1);
	client_free(&c);
	client_new(&c, -1);
	assert_int_equal(SSL_set_alpn_protos(c.ssl, both, sizeof(both) - 1), 0);
	assert_int_equal(SSL_connect(c.ssl), 1);
	SSL_get0_alpn_selected(c.ssl, &chosen, &len);
	assert_int_equal(len, 8);
	client_free(&c);
	end();
}

static void resumes_nothing_where_certificates_are(void **state)
{
	(void)state;
	char room[4096];
	for (unsigned wish = PEER_NONE; wish <= PEER_DEMANDED; wish++) {
		struct client c;
		begin((enum peer_wish)wish);
		client_new(&c, CLIENT);
		assert_int_equal(SSL_connect(c.ssl), 1);
		assert_true(say(&c, GET_WHO) && hear(&c, "|", room, sizeof(room)));
		assert_int_equal(c.sessions, wish == PEER_NONE ? 1 : 0);
		client_free(&c);
		end();
	}
}

/* Reads to the end: of a socket whose other side has closed it, or has refused us. */
static void drain_raw(int fd)
{
	char room[4096];
	while (recv(fd, room, sizeof(room), 0) > 0) {
	}
}

static void survives_hostile_handshakes(void **state)
{
	(void)state;
	static const char plain[] = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";
	uint8_t hello[4096], noise[4096];
	char room[4096];
	begin(PEER_ASKED);
	/* A ClientHello as a client writes it, into memory. */
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	SSL_set_bio(ssl, in, out);
	assert_int_not_equal(SSL_connect(ssl), 1);
	ERR_clear_error();
	int len = BIO_read(out, hello, sizeof(hello));
	assert_true(len > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	/* Each prefix, and then the end. */
	for (int n = 0; n < len; n += n < 16 ? 1 : 13) {
		int fd = connect_raw();
		assert_int_equal(send(fd, hello, (size_t)n, MSG_NOSIGNAL), n);
		(void)shutdown(fd, SHUT_WR);
		drain_raw(fd);
		(void)close(fd);
	}
	/* Each with one byte wrong, then noise. */
	for (int i = 0; i < len; i += 7) {
		int fd = connect_raw();
		hello[i] ^= 0x55;
		(void)!send(fd, hello, (size_t)len, MSG_NOSIGNAL);
		(void)!send(fd, plain, sizeof(plain), MSG_NOSIGNAL);
		hello[i] ^= 0x55;
		(void)shutdown(fd, SHUT_WR);
		drain_raw(fd);
		(void)close(fd);
	}
	for (int i = 0; i < 50; i++) {
		int fd = connect_raw();
		randombytes_buf(noise, sizeof(noise));
		if (i % 2) /* a record's header before it */
			memcpy(noise, "\x16\x03\x01\x0f\xfb\x01", 6);
		(void)!send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
		(void)shutdown(fd, SHUT_WR);
		drain_raw(fd);
		(void)close(fd);
	}
	int fd = connect_raw();
	(void)!send(fd, plain, sizeof(plain) - 1, MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_WR);
	ssize_t n = recv(fd, room, sizeof(room), 0);
	assert_true(n <= 0 || memcmp(room, "HTTP", 4) != 0);
	(void)close(fd);
	assert_true(is_taken(CLIENT, room, sizeof(room)));
	end();
}

static void bears_key_updates_but_no_flood(void **state)
{
	(void)state;
	struct client c;
	char room[4096];
	begin(PEER_NONE);
	client_new(&c, -1);
	assert_int_equal(SSL_connect(c.ssl), 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(SSL_key_update(c.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_true(say(&c, GET_WHO) && hear(&c, "|", room, sizeof(room)));
	}
	for (int i = 0; i < 2000; i++)
		if (SSL_key_update(c.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(c.ssl) != 1)
			break;
	/* Cut, or answered where they came one by one; and the server goes on. */
	(void)say(&c, "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	(void)hear(&c, "never", room, sizeof(room));
	client_free(&c);
	assert_true(is_taken(-1, room, sizeof(room)));
	end();
}

static void asks_the_judge_at_each_request(void **state)
{
	(void)state;
	struct client c;
	char room[4096];
	world.second_revoked = false;
	begin(PEER_ASKED);
	client_new(&c, CLIENT2);
	assert_int_equal(SSL_connect(c.ssl), 1);
	assert_true(say(&c, GET_WHO) && hear(&c, SECOND, room, sizeof(room)));
	world.second_revoked = true;
	assert_true(say(&c, GET_WHO) && hear(&c, "403 Forbidden", room, sizeof(room)));
	assert_false(hear(&c, "never", room, sizeof(room))); /* and that was the last */
	client_free(&c);
	assert_false(is_taken(CLIENT2, room, sizeof(room)));
	world.second_revoked = false;
	end();
}

/* The socket closes before the request's end is told to its route. */
static void await_streams(int wanted)
{
	while (world.streams != wanted)
		(void)sched_yield();
}

static void cuts_a_peer_at_once(void **state)
{
	(void)state;
	struct client streams[3], idle;
	static const int pairs[3] = {CLIENT, CLIENT2, CLIENT2};
	char room[4096];
	begin(PEER_DEMANDED);
	for (int i = 0; i < 3; i++) {
		client_new(&streams[i], pairs[i]);
		assert_int_equal(SSL_connect(streams[i].ssl), 1);
		assert_true(say(&streams[i], "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
		assert_true(hear(&streams[i], "\r\n:\r\n", room, sizeof(room)));
	}
	client_new(&idle, CLIENT2);
	assert_int_equal(SSL_connect(idle.ssl), 1);
	assert_true(say(&idle, GET_WHO) && hear(&idle, "|", room, sizeof(room)));
	assert_int_equal(world.streams, 3);
	assert_int_equal(server_cut_peer(world.server, SECOND), HN_OK);
	assert_false(hear(&streams[1], "never", room, sizeof(room)));
	assert_false(hear(&streams[2], "never", room, sizeof(room)));
	assert_false(hear(&idle, "never", room, sizeof(room)));
	await_streams(1);
	assert_int_equal(server_cut_peer(world.server, GOOD), HN_OK);
	assert_false(hear(&streams[0], "never", room, sizeof(room)));
	await_streams(0);
	for (int i = 0; i < 3; i++)
		client_free(&streams[i]);
	client_free(&idle);
	end();
}

static void asks_anew_whether_a_stream_may_go_on(void **state)
{
	(void)state;
	struct client first, second, other;
	char room[4096];
	world.second_revoked = world.ends = false;
	begin(PEER_ASKED);
	client_new(&first, -1);
	client_new(&second, CLIENT2);
	client_new(&other, CLIENT2);
	assert_true(SSL_connect(first.ssl) == 1 && SSL_connect(second.ssl) == 1 &&
		    SSL_connect(other.ssl) == 1);
	assert_true(say(&other, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(hear(&other, "\r\n:\r\n", room, sizeof(room)));
	assert_true(say(&first, "GET /lasting HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(hear(&first, "\r\n:\r\n", room, sizeof(room)));
	assert_true(say(&second, "GET /lasting HTTP/1.1\r\nHost: a\r\n\r\n"));
	assert_true(hear(&second, "\r\n:\r\n", room, sizeof(room)));
	/* A certificate that holds no more ends one, though nobody cut it. */
	world.second_revoked = true;
	assert_true(hear(&second, "0\r\n\r\n", room, sizeof(room)));
	world.ends = true;
	assert_true(hear(&first, "0\r\n\r\n", room, sizeof(room)));
	assert_true(world.asked > 0);
	await_streams(1); /* whose route did not ask for it */
	client_free(&first);
	client_free(&second);
	client_free(&other);
	world.second_revoked = world.ends = false;
	end();
}

/* The name on the certificate that new connections are shown. */
static void shown(char *out, int size)
{
	struct client c;
	client_new(&c, -1);
	assert_int_equal(SSL_connect(c.ssl), 1);
	X509 *x = SSL_get1_peer_certificate(c.ssl);
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, out, size);
	X509_free(x);
	client_free(&c);
}

static void takes_new_keys_whole_or_not(void **state)
{
	(void)state;
	struct client old;
	struct fault fault;
	char room[4096], name[64];
	begin(PEER_NONE);
	client_new(&old, -1);
	assert_int_equal(SSL_connect(old.ssl), 1);
	shown(name, sizeof(name));
	assert_string_equal(name, "server");

	const struct server_tls newer = keys_of(NEWER, PEER_NONE), former = keys_of(SERVER, PEER_NONE);
	char *locked = key_text(&world.pairs[NEWER], "a passphrase");
	char *half = strdup(newer.certificate);
	assert_non_null(half);
	half[strlen(half) / 2] = '\0';
	const struct {
		struct server_tls tls;
		const char *place;
	} bad[] = {
		{{.certificate = newer.certificate, .key = former.key}, "key"},
		{{.certificate = newer.certificate, .key = locked}, "key"},
		{{.certificate = newer.certificate, .key = ""}, "key"},
		{{.certificate = newer.certificate, .key = newer.certificate}, "key"},
		{{.certificate = half, .key = newer.key}, "certificate"},
		{{.certificate = "", .key = newer.key}, "certificate"},
		{{.certificate = newer.key, .key = newer.key}, "certificate"},
		{{.certificate = newer.certificate, .key = newer.key, .clients = PEER_ASKED}, "client_root"},
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(server_tls_replace(world.server, &bad[i].tls, &fault), HN_EFORMAT);
		assert_string_equal(fault.place, bad[i].place);
	}
	shown(name, sizeof(name));
	assert_string_equal(name, "server");
	assert_int_equal(server_tls_replace(world.server, &newer, NULL), HN_OK);
	shown(name, sizeof(name));
	assert_string_equal(name, "newer");
	assert_true(say(&old, GET_WHO) && hear(&old, "|", room, sizeof(room)));
	client_free(&old);
	keys_free(&newer);
	keys_free(&former);
	free(locked);
	free(half);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_over_a_plain_socket),
		cmocka_unit_test(carries_large_bodies_both_ways),
		cmocka_unit_test(judges_certificates),
		cmocka_unit_test(tells_who_it_is),
		cmocka_unit_test(takes_only_what_it_speaks),
		cmocka_unit_test(resumes_nothing_where_certificates_are),
		cmocka_unit_test(survives_hostile_handshakes),
		cmocka_unit_test(bears_key_updates_but_no_flood),
		cmocka_unit_test(asks_the_judge_at_each_request),
		cmocka_unit_test(cuts_a_peer_at_once),
		cmocka_unit_test(asks_anew_whether_a_stream_may_go_on),
		cmocka_unit_test(takes_new_keys_whole_or_not),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
