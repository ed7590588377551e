/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The upstreams are small TLS servers of this test. The last test runs inside tests/integration/dns-tree.py.
 */
#include "resolver/forwarder.h"

#include "../check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/lang.h"
#include "resolver/forwarder_message.h"
#include "wire/name.h"

#define HEADER_LEN 12
#define TYPE_A     1
#define NAME       "upstream.example"

/* ---- a certificate ---- */

static EVP_PKEY *server_key;
static X509 *server_certificate;
static char ca_file[] = "/tmp/hinomi-forwarder-XXXXXX";
static struct config_digest server_pin;

static void add_extension(X509 *certificate, int what, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static int make_certificate(void **state)
{
	(void)state;
	server_key = EVP_EC_gen("P-256");
	server_certificate = X509_new();
	X509_set_version(server_certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(server_certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(server_certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(server_certificate), 3600);
	X509_set_pubkey(server_certificate, server_key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(server_certificate), "CN", MBSTRING_ASC,
				   (const uint8_t *)"test", -1, -1, 0);
	X509_set_issuer_name(server_certificate, X509_get_subject_name(server_certificate));
	add_extension(server_certificate, NID_subject_alt_name, "DNS:" NAME ",IP:127.0.0.1");
	add_extension(server_certificate, NID_basic_constraints, "critical,CA:TRUE");
	assert_true(X509_sign(server_certificate, server_key, EVP_sha256()) > 0);

	int fd = mkstemp(ca_file);
	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	assert_int_equal(PEM_write_X509(file, server_certificate), 1);
	fclose(file);
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(server_key, &der);
	assert_true(len > 0);
	sha256(der, (size_t)len, server_pin.bytes);
	server_pin.present = true;
	OPENSSL_free(der);
	return 0;
}

static int free_certificate(void **state)
{
	(void)state;
	unlink(ca_file);
	X509_free(server_certificate);
	EVP_PKEY_free(server_key);
	return 0;
}

/* ---- an upstream ---- */

enum manner {
	ANSWERS,      /* each question at once */
	BACKWARDS,    /* three at a time, the last first */
	CLOSES,       /* the connection after each answer */
	MUTE,         /* never */
	NO_HANDSHAKE, /* closes what connects */
	RECURSES,     /* by another recursor */
};

struct message {
	size_t len;
	uint8_t bytes[65537];
};

struct upstream_server {
	pthread_t thread;
	int fd;
	enum manner manner;
	struct recursor *recursor;
	SSL_CTX *context;
	struct endpoint address;
	_Atomic unsigned connections, questions;
	_Atomic bool ended;
	struct message last; /* question, read after the thread has ended */
};

static bool read_all(SSL *ssl, uint8_t *to, size_t len)
{
	while (len > 0) {
		size_t got = 0;
		if (SSL_read_ex(ssl, to, len, &got) != 1)
			return false;
		to += got;
		len -= got;
	}
	return true;
}

static bool read_message(struct upstream_server *s, SSL *ssl, struct message *m)
{
	uint8_t len[2];
	if (!read_all(ssl, len, 2))
		return false;
	m->len = load_be16(len);
	if (!read_all(ssl, m->bytes, m->len))
		return false;
	memcpy(&s->last, m, sizeof(*m));
	atomic_fetch_add(&s->questions, 1);
	return true;
}

static void write_message(SSL *ssl, const struct message *m)
{
	uint8_t out[65537];
	out[0] = (uint8_t)(m->len >> 8);
	out[1] = (uint8_t)m->len;
	memcpy(out + 2, m->bytes, m->len);
	size_t sent;
	(void)SSL_write_ex(ssl, out, m->len + 2, &sent);
}

struct recursed {
	struct message *message;
	int done_fd;
};

static void on_recursed(void *context, const struct recursor_answer *answer)
{
	struct recursed *r = context;
	uint8_t id[2] = {r->message->bytes[0], r->message->bytes[1]};
	if (answer->packet != NULL) {
		memcpy(r->message->bytes, answer->packet, answer->packet_len);
		r->message->len = answer->packet_len;
	} else {
		r->message->bytes[3] = 2;
	}
	memcpy(r->message->bytes, id, 2);
	uint64_t one = 1;
	assert_int_equal(write(r->done_fd, &one, sizeof(one)), sizeof(one));
}

static void recurse(const struct upstream_server *s, struct message *m)
{
	size_t len = 0;
	while (m->bytes[HEADER_LEN + len] != 0)
		len += 1 + (size_t)m->bytes[HEADER_LEN + len];
	uint16_t type = load_be16(m->bytes + HEADER_LEN + len + 1);
	struct recursed r = {m, eventfd(0, EFD_CLOEXEC)};
	uint8_t name[NAME_MAX_WIRE];
	memcpy(name, m->bytes + HEADER_LEN, len);
	assert_int_equal(recursor_ask(s->recursor, name, len, type, NULL, on_recursed, &r), HN_OK);
	uint64_t many;
	assert_int_equal(read(r.done_fd, &many, sizeof(many)), sizeof(many));
	close(r.done_fd);
}

static void serve(struct upstream_server *s, SSL *ssl)
{
	static _Thread_local struct message m[3];
	for (;;) {
		size_t batch = s->manner == BACKWARDS ? 3 : 1;
		for (size_t i = 0; i < batch; i++)
			if (!read_message(s, ssl, &m[i]))
				return;
		while (batch > 0 && s->manner != MUTE) {
			struct message *answer = &m[--batch];
			answer->bytes[2] |= 0x80;
			if (s->manner == RECURSES)
				recurse(s, answer);
			write_message(ssl, answer);
		}
		if (s->manner == CLOSES) {
			SSL_shutdown(ssl);
			return;
		}
	}
}

static void *run_server(void *data)
{
	struct upstream_server *s = data;
	for (;;) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 || atomic_load(&s->ended)) {
			if (fd >= 0)
				close(fd);
			return NULL;
		}
		atomic_fetch_add(&s->connections, 1);
		SSL *ssl = SSL_new(s->context);
		SSL_set_fd(ssl, fd);
		if (s->manner != NO_HANDSHAKE && SSL_accept(ssl) == 1)
			serve(s, ssl);
		SSL_free(ssl);
		close(fd);
	}
}

static void server_start(struct upstream_server *s, enum manner manner)
{
	*s = (struct upstream_server){.manner = manner, .recursor = s->recursor};
	s->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(s->context, server_certificate);
	SSL_CTX_use_PrivateKey(s->context, server_key);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	socklen_t len = sizeof(at);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->address = (struct endpoint){{{127, 0, 0, 1}, 4}, ntohs(at.sin_port)};
	assert_int_equal(pthread_create(&s->thread, NULL, run_server, s), 0);
}

/* Its clients have gone before. */
static void server_stop(struct upstream_server *s)
{
	atomic_store(&s->ended, true);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	SSL_CTX_free(s->context);
}

/* ---- the forwarder under test, and libunbound's part ---- */

struct world {
	struct reactor *reactor;
	struct forwarder_tls *tls;
	struct forwarder *forwarder;
	int fd; /* asks it */
};

static void world_init(struct world *w, const struct recursor_forward *upstreams, size_t count)
{
	const struct reactor_clock clock = {0};
	struct fault fault = {0};
	assert_int_equal(reactor_new(&clock, &w->reactor), HN_OK);
	assert_int_equal(forwarder_tls_new(ca_file, true, &w->tls, &fault), HN_OK);
	assert_int_equal(forwarder_new(w->reactor, w->tls, upstreams, count, &w->forwarder), HN_OK);
	struct endpoint to = forwarder_endpoint(w->forwarder);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(to.port)};
	memcpy(&at.sin_addr, to.ip.bytes, 4);
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(w->fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void world_clear(struct world *w)
{
	close(w->fd);
	forwarder_free(w->forwarder);
	forwarder_tls_free(w->tls);
	reactor_free(w->reactor);
}

static size_t write_question(uint8_t *to, uint16_t id, const char *label, const char *secret)
{
	uint8_t *at = to;
	const uint8_t header[] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0x10, 0, 1, 0, 0, 0, 0, 0, 1};
	memcpy(at, header, sizeof(header));
	at += sizeof(header);
	*at++ = (uint8_t)strlen(label);
	memcpy(at, label, strlen(label));
	at += strlen(label);
	size_t secret_len = secret == NULL ? 0 : strlen(secret);
	const uint8_t rest[] = {0,
				0,
				TYPE_A,
				0,
				1,
				0,
				0,
				41,
				4,
				208,
				0,
				0,
				0x80,
				0,
				0,
				(uint8_t)(secret_len + 4),
				FORWARDER_SECRET_CODE >> 8,
				FORWARDER_SECRET_CODE & 0xff,
				0,
				(uint8_t)secret_len};
	memcpy(at, rest, sizeof(rest));
	at += sizeof(rest);
	memcpy(at, secret == NULL ? "" : secret, secret_len);
	return (size_t)(at - to) + secret_len;
}

static void ask(const struct world *w, uint16_t id, const char *label, const char *secret)
{
	uint8_t message[512];
	size_t len = write_question(message, id, label, secret);
	assert_int_equal(send(w->fd, message, len, 0), len);
}

/* Lets the forwarder work until it has answered. @return the answer's code and, in id_out, its number */
static unsigned take_answer(const struct world *w, uint16_t *id_out)
{
	const struct reactor_hooks none = {0};
	uint8_t message[65535];
	for (;;) {
		ssize_t len = recv(w->fd, message, sizeof(message), MSG_DONTWAIT);
		if (len >= HEADER_LEN) {
			assert_true(message[2] & 0x80);
			*id_out = load_be16(message);
			return message[3] & 0x0f;
		}
		reactor_round(w->reactor, &none);
	}
}

static struct recursor_forward forward_to(const struct upstream_server *s)
{
	return (struct recursor_forward){.address = s->address, .tls_name = NAME};
}

/* ---- tests ---- */

static void questions_go_over_one_connection(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, ANSWERS);
	const struct recursor_forward to = forward_to(&s);
	struct world w;
	world_init(&w, &to, 1);
	for (uint16_t i = 0; i < 50; i++) {
		char label[16];
		snprintf(label, sizeof(label), "name%d", i % 25);
		ask(&w, i, label, forwarder_secret(w.forwarder));
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), 0);
		assert_int_equal(id, i);
	}
	struct recursor_upstream health = {0};
	assert_int_equal(forwarder_upstreams(w.forwarder, &health, 1), 1);
	assert_true(health.connected);
	assert_false(health.failing);
	assert_int_equal(health.asked, 50);
	assert_int_equal(health.answered, 50);
	world_clear(&w);
	server_stop(&s);
	assert_int_equal(s.connections, 1);

	/* Padded; RD, CD and DO as libunbound said; the secret gone, and nothing but padding in its place. */
	struct cur c = cur_of(s.last.bytes, s.last.len);
	assert_int_equal(s.last.len % FORWARDER_PADDING, 0);
	cur_skip(&c, 2);
	assert_int_equal(cur_be16(&c), 0x0110);
	assert_int_equal(cur_be64(&c), UINT64_C(0x0001000000000001));
	cur_skip(&c, 1 + strlen("name24") + 5);
	static const uint8_t opt[] = {0, 0, 41, 0xff, 0xff, 0, 0, 0x80, 0};
	assert_memory_equal(cur_take(&c, sizeof(opt)), opt, sizeof(opt));
	size_t options_len = cur_be16(&c);
	assert_int_equal(options_len, cur_left(&c));
	assert_int_equal(cur_be16(&c), 12);
	size_t padding_len = cur_be16(&c);
	assert_int_equal(padding_len, cur_left(&c));
	while (cur_left(&c) > 0)
		assert_int_equal(cur_u8(&c), 0);
}

static void answers_come_in_any_order(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, BACKWARDS);
	const struct recursor_forward to = forward_to(&s);
	struct world w;
	world_init(&w, &to, 1);
	static const char *const labels[] = {"a", "b", "c"};
	for (uint16_t i = 0; i < 3; i++)
		ask(&w, i, labels[i], forwarder_secret(w.forwarder));
	for (uint16_t i = 3; i-- > 0;) {
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), 0);
		assert_int_equal(id, i);
	}
	world_clear(&w);
	server_stop(&s);
}

static void equal_questions_are_sent_once(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, BACKWARDS);
	const struct recursor_forward to = forward_to(&s);
	struct world w;
	world_init(&w, &to, 1);
	const char *secret = forwarder_secret(w.forwarder);
	ask(&w, 1, "a", secret);
	ask(&w, 2, "a", secret);
	ask(&w, 3, "a", secret);
	ask(&w, 4, "b", secret);
	ask(&w, 5, "c", secret);
	unsigned seen = 0;
	for (unsigned i = 0; i < 5; i++) {
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), 0);
		seen |= 1u << id;
	}
	assert_int_equal(seen, 0x3e);
	world_clear(&w);
	server_stop(&s);
	assert_int_equal(s.questions, 3);
}

static void a_connection_that_was_closed_is_made_anew(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, CLOSES);
	const struct recursor_forward to = forward_to(&s);
	struct world w;
	world_init(&w, &to, 1);
	for (uint16_t i = 0; i < 10; i++) {
		char label[16];
		snprintf(label, sizeof(label), "name%d", i);
		ask(&w, i, label, forwarder_secret(w.forwarder));
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), 0);
	}
	struct recursor_upstream health = {0};
	forwarder_upstreams(w.forwarder, &health, 1);
	assert_false(health.failing);
	world_clear(&w);
	server_stop(&s);
	assert_true(s.connections >= 10);
}

static void another_upstream_takes_over(void **state)
{
	(void)state;
	static const enum manner manners[] = {NO_HANDSHAKE, MUTE};
	for (size_t i = 0; i < COUNT(manners); i++) {
		struct upstream_server bad = {0};
		struct upstream_server good = {0};
		server_start(&bad, manners[i]);
		server_start(&good, ANSWERS);
		const struct recursor_forward to[] = {forward_to(&bad), forward_to(&good)};
		struct world w;
		world_init(&w, to, 2);
		ask(&w, 1, "a", forwarder_secret(w.forwarder));
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), 0);
		struct recursor_upstream health[2];
		memset(health, 0, sizeof(health));
		assert_int_equal(forwarder_upstreams(w.forwarder, health, 2), 2);
		assert_int_equal(health[0].answered, 0);
		assert_int_equal(health[1].answered, 1);
		assert_int_equal(health[0].failing, manners[i] == NO_HANDSHAKE);
		world_clear(&w);
		server_stop(&bad);
		server_stop(&good);
		assert_int_equal(good.questions, 1);
	}
}

static void a_wrong_certificate_is_refused(void **state)
{
	(void)state;
	struct config_digest wrong_pin = server_pin;
	wrong_pin.bytes[0] ^= 1;
	const struct {
		const char *name;
		struct config_digest pin;
		bool good;
	} cases[] = {
		{NAME, {.present = false}, true},
		{"127.0.0.1", {.present = false}, true},
		{NULL, server_pin, true},
		{NAME, server_pin, true},
		{"other.example", {.present = false}, false},
		{"127.0.0.2", {.present = false}, false},
		{NULL, wrong_pin, false},
		{NAME, wrong_pin, false},
		{"other.example", server_pin, false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct upstream_server s = {0};
		server_start(&s, ANSWERS);
		const struct recursor_forward to = {s.address, cases[i].name, cases[i].pin};
		struct world w;
		world_init(&w, &to, 1);
		ask(&w, 1, "a", forwarder_secret(w.forwarder));
		uint16_t id;
		assert_int_equal(take_answer(&w, &id), cases[i].good ? 0 : 2);
		struct recursor_upstream health = {0};
		forwarder_upstreams(w.forwarder, &health, 1);
		assert_int_equal(health.refused_certificates != 0, !cases[i].good);
		assert_int_equal(health.error[0] != 0, !cases[i].good);
		world_clear(&w);
		server_stop(&s);
		assert_int_equal(s.questions, cases[i].good ? 1 : 0);
	}
}

/* Nobody listens: whoever asks is told, and soon enough. */
static void a_dead_upstream_is_told_of(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, ANSWERS);
	const struct recursor_forward to = forward_to(&s);
	server_stop(&s);
	struct world w;
	world_init(&w, &to, 1);
	ask(&w, 1, "a", forwarder_secret(w.forwarder));
	uint16_t id;
	assert_int_equal(take_answer(&w, &id), 2);
	assert_int_equal(id, 1);
	world_clear(&w);
}

static void others_on_this_machine_are_not_served(void **state)
{
	(void)state;
	struct upstream_server s = {0};
	server_start(&s, ANSWERS);
	const struct recursor_forward to = forward_to(&s);
	struct world w;
	world_init(&w, &to, 1);
	ask(&w, 1, "a", NULL);
	ask(&w, 2, "b", "00000000000000000000000000000000");
	ask(&w, 3, "c", forwarder_secret(w.forwarder));
	uint16_t id;
	assert_int_equal(take_answer(&w, &id), 0);
	assert_int_equal(id, 3);
	world_clear(&w);
	server_stop(&s);
	assert_int_equal(s.questions, 1);
}

static void each_prefix_of_a_question_is_refused(void **state)
{
	(void)state;
	static const char secret[] = "0123456789abcdef0123456789abcdef";
	uint8_t message[512];
	size_t len = write_question(message, 7, "name", secret);
	struct forwarder_question q = {0};
	for (size_t i = 0; i < len; i++) {
		uint8_t *copy = exact_copy(message, i);
		assert_int_not_equal(forwarder_question_parse(cur_of(copy, i), secret, &q), HN_OK);
		assert_null(q.question);
		free(copy);
	}
	uint8_t *copy = exact_copy(message, len);
	assert_int_equal(forwarder_question_parse(cur_of(copy, len), secret, &q), HN_OK);
	assert_int_equal(q.id, 7);
	assert_true(q.dnssec_ok);
	assert_int_equal(q.question_len, 10);
	free(copy);

	/* Longest name: still fits, padded. */
	uint8_t longest[FORWARDER_QUESTION_MAX] = {0};
	for (size_t at = 0; at < 254; at += 1 + (size_t)longest[at])
		longest[at] = at < 192 ? 63 : 61;
	const struct forwarder_question large = {.question = longest, .question_len = 259};
	uint8_t out[FORWARDER_QUERY_MAX];
	assert_int_equal(forwarder_query_write(&large, out) % FORWARDER_PADDING, 0);
}

static const char *tree_path(const char *name, char out[4096])
{
	snprintf(out, 4096, "%s/%s", getenv("HINOMI_TREE"), name);
	return out;
}

struct outcome {
	enum recursor_security security;
	enum recursor_failure failure;
	size_t len;
	int done_fd;
};

static void on_answer(void *context, const struct recursor_answer *answer)
{
	struct outcome *o = context;
	o->security = answer->security;
	o->failure = answer->failure;
	o->len = answer->packet_len;
	uint64_t one = 1;
	assert_int_equal(write(o->done_fd, &one, sizeof(one)), sizeof(one));
}

static struct outcome ask_recursor(struct recursor *r, const char *text)
{
	uint8_t name[NAME_MAX_WIRE];
	size_t len;
	assert_int_equal(name_from_text((const uint8_t *)text, strlen(text), name, &len), HN_OK);
	struct outcome o = {.done_fd = eventfd(0, EFD_CLOEXEC)};
	uint16_t type = strstr(text, "huge") != NULL ? 16 : TYPE_A;
	assert_int_equal(recursor_ask(r, name, len, type, NULL, on_answer, &o), HN_OK);
	uint64_t many;
	assert_int_equal(read(o.done_fd, &many, sizeof(many)), sizeof(many));
	close(o.done_fd);
	return o;
}

/* The upstream validates nothing for us: what it changes or what is badly signed is bogus here. */
static void what_comes_over_tls_is_validated(void **state)
{
	(void)state;
	if (getenv("HINOMI_TREE") == NULL)
		skip();
	char anchors[4096];
	char hints[4096];
	struct recursor_options o;
	recursor_options_init(&o);
	o.trust_anchors = tree_path("root.key", anchors);
	o.root_hints = tree_path("root.hints", hints);
	o.ask_localhost = true;
	struct upstream_server s = {0};
	assert_int_equal(recursor_new(&o, &s.recursor, NULL), HN_OK);
	assert_int_equal(recursor_start(s.recursor), HN_OK);
	server_start(&s, RECURSES);

	const struct recursor_forward to = forward_to(&s);
	o.ask_localhost = false;
	o.ca_file = ca_file;
	o.forward = &to;
	o.forward_count = 1;
	struct recursor *r = NULL;
	struct fault fault = {0};
	int err = recursor_new(&o, &r, &fault);
	if (err != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(recursor_start(r), HN_OK);
	static const struct {
		const char *name;
		enum recursor_security security;
	} cases[] = {
		{"www.secure.example", RECURSOR_SECURE},
		{"nothing.secure.example", RECURSOR_SECURE},
		{"huge.secure.example", RECURSOR_SECURE},
		{"www.insecure.example", RECURSOR_INSECURE},
		{"www.bogus.example", RECURSOR_BOGUS},
		{"www.expired.example", RECURSOR_BOGUS},
		{"to-insecure.secure.example", RECURSOR_INSECURE},
		{"www.kantei.go.jp", RECURSOR_SECURE},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outcome got = ask_recursor(r, cases[i].name);
		if (got.failure != RECURSOR_ANSWERED || got.security != cases[i].security)
			fail_msg("%s: failure %d, security %d", cases[i].name, got.failure, got.security);
		if (strstr(cases[i].name, "huge") != NULL)
			assert_true(got.len > 50000);
	}
	assert_int_equal(recursor_flush(r), HN_OK);
	assert_int_equal(ask_recursor(r, "www.secure.example").security, RECURSOR_SECURE);
	struct recursor_upstream health;
	assert_int_equal(recursor_upstreams(r, &health, 1), 1);
	assert_true(health.connected);
	assert_int_equal(health.asked, health.answered);
	recursor_free(r);
	server_stop(&s);
	recursor_free(s.recursor);
}

/* An upstream in clear, over UDP. */
static void *run_clear_server(void *data)
{
	struct upstream_server *s = data;
	static struct message m;
	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t len =
			recvfrom(s->fd, m.bytes, sizeof(m.bytes), 0, (struct sockaddr *)&from, &from_len);
		if (len < HEADER_LEN)
			return NULL;
		m.len = (size_t)len;
		atomic_fetch_add(&s->questions, 1);
		recurse(s, &m);
		(void)!sendto(s->fd, m.bytes, m.len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void what_comes_in_clear_is_validated(void **state)
{
	(void)state;
	if (getenv("HINOMI_TREE") == NULL)
		skip();
	char anchors[4096];
	char hints[4096];
	struct recursor_options o;
	recursor_options_init(&o);
	o.trust_anchors = tree_path("root.key", anchors);
	o.root_hints = tree_path("root.hints", hints);
	o.ask_localhost = true;
	struct upstream_server s = {.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	assert_int_equal(recursor_new(&o, &s.recursor, NULL), HN_OK);
	assert_int_equal(recursor_start(s.recursor), HN_OK);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	assert_int_equal(bind(s.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(s.fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(pthread_create(&s.thread, NULL, run_clear_server, &s), 0);

	const struct recursor_forward to = {.address = {{{127, 0, 0, 1}, 4}, ntohs(at.sin_port)}};
	o.ask_localhost = false;
	o.forward = &to;
	o.forward_count = 1;
	struct recursor *r = NULL;
	assert_int_equal(recursor_new(&o, &r, NULL), HN_OK);
	assert_int_equal(recursor_start(r), HN_OK);
	assert_int_equal(ask_recursor(r, "www.secure.example").security, RECURSOR_SECURE);
	assert_int_equal(ask_recursor(r, "www.insecure.example").security, RECURSOR_INSECURE);
	assert_int_equal(ask_recursor(r, "www.bogus.example").security, RECURSOR_BOGUS);
	recursor_free(r);
	/* One that is too short ends it. */
	assert_int_equal(sendto(s.fd, "", 0, 0, (struct sockaddr *)&at, sizeof(at)), 0);
	pthread_join(s.thread, NULL);
	assert_true(s.questions > 3);
	close(s.fd);
	recursor_free(s.recursor);
}

static void clear_and_tls_are_not_mixed(void **state)
{
	(void)state;
	if (getenv("HINOMI_TREE") == NULL)
		skip();
	char anchors[4096];
	char hints[4096];
	struct recursor_options o;
	recursor_options_init(&o);
	o.trust_anchors = tree_path("root.key", anchors);
	o.root_hints = tree_path("root.hints", hints);
	const struct recursor_forward to[] = {
		{.address = {{{192, 0, 2, 1}, 4}, 0}, .tls_name = NAME},
		{.address = {{{192, 0, 2, 2}, 4}, 0}},
	};
	o.forward = to;
	o.forward_count = 2;
	struct recursor *r = NULL;
	assert_int_equal(recursor_new(&o, &r, NULL), HN_EFORMAT);
	assert_null(r);
	o.forward_count = 1;
	o.ca_file = "/nowhere/ca.pem";
	assert_int_equal(recursor_new(&o, &r, NULL), HN_EFORMAT);
	assert_null(r);
}

int main(void)
{
	lang_set(LANG_EN);
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_go_over_one_connection),
		cmocka_unit_test(answers_come_in_any_order),
		cmocka_unit_test(equal_questions_are_sent_once),
		cmocka_unit_test(a_connection_that_was_closed_is_made_anew),
		cmocka_unit_test(another_upstream_takes_over),
		cmocka_unit_test(a_wrong_certificate_is_refused),
		cmocka_unit_test(a_dead_upstream_is_told_of),
		cmocka_unit_test(others_on_this_machine_are_not_served),
		cmocka_unit_test(each_prefix_of_a_question_is_refused),
		cmocka_unit_test(what_comes_over_tls_is_validated),
		cmocka_unit_test(what_comes_in_clear_is_validated),
		cmocka_unit_test(clear_and_tls_are_not_mixed),
	};
	return cmocka_run_group_tests(tests, make_certificate, free_certificate);
}
