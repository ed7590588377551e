/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/bus/tls_server.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utc.h"
#include "bus/code.h"
#include "bus/enrol.h"
#include "tests/unit/check.h"

struct connection {
	struct tls_server *s;
	SSL *ssl;
	size_t number;
	char head[16384];
	const char *path;
	char *body;
	size_t len;
	struct pki_certificate peer;
	bool known;
};

static void say(struct connection *c, const void *data, size_t len)
{
	if (len > 0)
		(void)SSL_write(c->ssl, data, (int)len);
}

static void answer(struct connection *c, int status, const char *more, const char *body, size_t len)
{
	char head[512];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
			 status, more, len);
	say(c, head, (size_t)n);
	say(c, body, len);
}

static void problem(struct connection *c, int status, const char *more)
{
	char body[200];
	int n = snprintf(body, sizeof(body), "{\"title\":\"No\",\"detail\":\"for a reason\",\"status\":%d}",
			 status);
	answer(c, status, more, body, (size_t)n);
}

static const char *header(const struct connection *c, const char *name)
{
	static _Thread_local char value[256];
	const char *at = strcasestr(c->head, name);
	if (at == NULL)
		return NULL;
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(name), "\r"),
		       at + strlen(name));
	return strdup(value);
}

static bool once(struct tls_server *s, unsigned *times)
{
	pthread_mutex_lock(&s->lock);
	bool now = *times > 0;
	if (now)
		(*times)--;
	pthread_mutex_unlock(&s->lock);
	return now;
}

/* @return false: the connection is to end */
static bool read_head(struct connection *c)
{
	size_t len = 0;
	c->body = NULL;
	c->len = 0;
	while (len < sizeof(c->head) - 1) {
		if (SSL_read(c->ssl, c->head + len, 1) != 1)
			return false;
		c->head[++len] = '\0';
		if (len >= 4 && memcmp(c->head + len - 4, "\r\n\r\n", 4) == 0)
			break;
	}
	const char *length = header(c, "\r\nContent-Length: ");
	c->len = length == NULL ? 0 : strtoul(length, NULL, 10);
	free((void *)(uintptr_t)length);
	c->path = strstr(c->head, "/edge/v1/");
	if (c->path == NULL)
		return false;
	c->path += 9;
	return true;
}

static bool read_body(struct connection *c)
{
	c->body = malloc(c->len + 1);
	for (size_t at = 0; at < c->len;) {
		int n = SSL_read(c->ssl, c->body + at, (int)(c->len - at));
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	c->body[c->len] = '\0';
	return true;
}

static void enrol(struct connection *c)
{
	struct enrol_request *r = enrol_request_new();
	struct enrol_answer a = {.name = "edge", .hub = "hub"};
	struct buf pem, out;
	struct key *key;
	if (enrol_request_read(c->body, c->len, r, NULL) != HN_OK ||
	    memcmp(r->secret, c->s->secret, 16) != 0) {
		problem(c, 403, "");
		enrol_request_free(r);
		return;
	}
	buf_init(&pem, PKI_PEM_MAX);
	buf_init(&out, ENROL_ANSWER_MAX);
	a.edge = c->s->other_edge ? uuid_v4() : r->edge;
	assert_int_equal(
		pki_sign_edge(c->s->pki, r->csr, r->csr_len, &a.edge, utc_now_ns(), &pem, NULL, NULL), HN_OK);
	assert_int_equal(key_make("heads", &key), HN_OK);
	a.head_key = *key_public(key);
	a.certificate = pem.data;
	a.root = strdup(pki_root_pem(c->s->pki));
	assert_int_equal(enrol_answer_write(&a, &out), HN_OK);
	answer(c, 201, "", out.data, out.len);
	free(a.root);
	key_free(key);
	buf_clear(&out);
	buf_clear(&pem);
	enrol_request_free(r);
}

static void renew(struct connection *c)
{
	static _Thread_local char csr[PKI_CSR_MAX + 1];
	struct buf pem, out;
	buf_init(&pem, PKI_PEM_MAX);
	buf_init(&out, ENROL_ANSWER_MAX);
	assert_int_equal(renew_request_read(c->body, c->len, csr, NULL), HN_OK);
	assert_int_equal(
		pki_sign_edge(c->s->pki, csr, strlen(csr), &c->peer.edge, utc_now_ns(), &pem, NULL, NULL),
		HN_OK);
	assert_int_equal(renew_answer_write(pem.data, pki_root_pem(c->s->pki), &out), HN_OK);
	answer(c, 200, "", out.data, out.len);
	buf_clear(&out);
	buf_clear(&pem);
}

static bool heads(struct connection *c)
{
	char byte;
	pthread_mutex_lock(&c->s->lock);
	c->s->streams_of_heads++;
	pthread_mutex_unlock(&c->s->lock);
	static const char head[] =
		"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
	say(c, head, sizeof(head) - 1);
	say(c, c->s->heads, strlen(c->s->heads));
	if (!c->s->end_heads)
		(void)SSL_read(c->ssl, &byte, 1); /* until the edge goes */
	return false;
}

static bool blob(struct connection *c)
{
	const char *range = header(c, "\r\nRange: bytes=");
	size_t from = range == NULL ? 0 : strtoul(range, NULL, 10), size = sizeof(c->s->blob);
	free((void *)(uintptr_t)range);
	if (range != NULL) {
		pthread_mutex_lock(&c->s->lock);
		c->s->ranges++;
		pthread_mutex_unlock(&c->s->lock);
	}
	char text[256];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n",
			 range == NULL ? 200 : 206, size - from);
	say(c, text, (size_t)n);
	if (once(c->s, &c->s->cut_blob)) {
		say(c, c->s->blob + from, (size - from) / 2);
		return false;
	}
	if (c->s->wrong_blob)
		c->s->blob[size - 1] ^= 1;
	say(c, c->s->blob + from, size - from);
	return true;
}

static void streams(struct connection *c)
{
	char epoch[UUID_TEXT_SIZE];
	struct buf out;
	buf_init(&out, 4096);
	uuid_format(&c->s->epoch, epoch);
	buf_adds(&out, "{\"streams\":{");
	bool first = true;
	for (enum stream s = 0; s < STREAM_COUNT; s++)
		if (c->s->through[s] > 0) {
			buf_addf(&out, "%s\"%s\":{\"epoch\":\"%s\",\"through\":%llu}", first ? "" : ",",
				 stream_name(s), epoch, (unsigned long long)c->s->through[s]);
			first = false;
		}
	buf_adds(&out, "}}");
	answer(c, 200, "", out.data, out.len);
	buf_clear(&out);
}

static int count_line(void *context, uint64_t seq, const char *line, size_t len)
{
	(void)seq, (void)line, (void)len;
	(*(uint64_t *)context)++;
	return HN_OK;
}

/* Takes what follows; what is known is passed over. */
static int keep(struct tls_server *s, struct batch *b, const struct connection *c)
{
	uint64_t lines = 0;
	if (b->first > s->through[b->stream] + 1)
		return 409;
	if (batch_through(b) <= s->through[b->stream]) {
		s->known_batches++;
		return 200;
	}
	if (batch_check(b, c->body, c->len, count_line, &lines, NULL) != HN_OK)
		return 400;
	s->epoch = b->epoch;
	s->lines[b->stream] += lines;
	s->through[b->stream] = batch_through(b);
	s->kept_batches++;
	return 200;
}

static bool batch(struct connection *c)
{
	struct batch_headers h = {header(c, "\r\nHinomi-Epoch: "), header(c, "\r\nHinomi-First: "),
				  header(c, "\r\nHinomi-Count: "), header(c, "\r\nHinomi-Digest: "),
				  header(c, "\r\nHinomi-Gave-Way: ")};
	const char *values[] = {h.epoch, h.first, h.count, h.digest, h.gave_way};
	struct batch b;
	enum stream stream;
	char body[200], epoch[UUID_TEXT_SIZE];
	assert_int_equal(stream_find(c->path + 8, strcspn(c->path + 8, " "), &stream), HN_OK);
	assert_int_equal(batch_headers_read(stream, &h, &b, NULL), HN_OK);
	for (size_t i = 0; i < COUNT(values); i++)
		free((void *)(uintptr_t)values[i]);
	pthread_mutex_lock(&c->s->lock);
	int status = keep(c->s, &b, c);
	uint64_t through = c->s->through[stream];
	pthread_mutex_unlock(&c->s->lock);
	if (once(c->s, &c->s->lose))
		return false;
	uuid_format(&b.epoch, epoch);
	int n = snprintf(body, sizeof(body), "{\"epoch\":\"%s\",\"through\":%llu}", epoch,
			 (unsigned long long)through);
	answer(c, status, "", body, (size_t)n);
	return true;
}

static bool serve(struct connection *c)
{
	bool is_batch = strncmp(c->path, "streams/", 8) == 0;
	if (is_batch && once(c->s, &c->s->cut_batch))
		return false;
	if (!read_body(c))
		return false;
	if (once(c->s, &c->s->busy))
		problem(c, 503, "Retry-After: 0\r\n");
	else if (strncmp(c->path, "enrol ", 6) == 0)
		enrol(c);
	else if (!c->known)
		problem(c, 403, "");
	else if (strncmp(c->path, "renew ", 6) == 0)
		renew(c);
	else if (strncmp(c->path, "heads ", 6) == 0)
		return heads(c);
	else if (strncmp(c->path, "blobs/00", 8) == 0)
		problem(c, 404, "");
	else if (strncmp(c->path, "blobs/", 6) == 0)
		return blob(c);
	else if (strncmp(c->path, "streams ", 8) == 0)
		streams(c);
	else if (is_batch)
		return batch(c);
	else
		problem(c, 404, "");
	return true;
}

static bool know(struct connection *c)
{
	X509 *x = SSL_get1_peer_certificate(c->ssl);
	unsigned char *der = NULL;
	int len = x == NULL ? 0 : i2d_X509(x, &der);
	bool ok =
		len > 0 && pki_check_edge(c->s->pki, der, (size_t)len, utc_now_ns(), &c->peer, NULL) == HN_OK;
	OPENSSL_free(der);
	X509_free(x);
	return ok;
}

static void *talk(void *context)
{
	struct connection *c = context;
	if (SSL_accept(c->ssl) == 1) {
		c->known = know(c);
		bool more = true;
		while (more && read_head(c)) {
			more = serve(c);
			free(c->body);
		}
	}
	pthread_mutex_lock(&c->s->lock);
	(void)close(c->s->fds[c->number]);
	c->s->fds[c->number] = -1;
	pthread_mutex_unlock(&c->s->lock);
	SSL_free(c->ssl);
	free(c);
	return NULL;
}

static int any_certificate(int ok, X509_STORE_CTX *context)
{
	(void)ok, (void)context;
	return 1; /* judged by pki_check_edge() */
}

static void *accept_all(void *context)
{
	struct tls_server *s = context;
	int fd;
	while ((fd = accept(s->listen_fd, NULL, NULL)) >= 0) {
		struct connection *c = calloc(1, sizeof(*c));
		c->s = s;
		c->ssl = SSL_new(s->context);
		(void)SSL_set_fd(c->ssl, fd);
		c->number = s->connection_count++;
		s->fds[c->number] = fd;
		(void)pthread_create(&s->connections[c->number], NULL, talk, c);
	}
	return NULL;
}

void tls_server_start(struct tls_server *s, const char *dir)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct pki_pair pair;
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	assert_int_equal(pki_open(dir, "test", utc_now_ns(), &s->pki, NULL, NULL), HN_OK);
	assert_int_equal(pki_server(s->pki, names, 2, utc_now_ns(), &pair, NULL, NULL), HN_OK);
	s->context = SSL_CTX_new(TLS_server_method());
	BIO *chain = BIO_new_mem_buf(pair.chain, -1), *key = BIO_new_mem_buf(pair.key, -1);
	X509 *own = PEM_read_bio_X509(chain, NULL, NULL, NULL),
	     *root = PEM_read_bio_X509(chain, NULL, NULL, NULL);
	EVP_PKEY *secret = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	assert_int_equal(SSL_CTX_use_certificate(s->context, own), 1);
	assert_int_equal(SSL_CTX_add1_chain_cert(s->context, root), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s->context, secret), 1);
	(void)SSL_CTX_set_min_proto_version(s->context, TLS1_3_VERSION);
	SSL_CTX_set_verify(s->context, SSL_VERIFY_PEER, any_certificate);
	X509_free(own);
	X509_free(root);
	EVP_PKEY_free(secret);
	BIO_free(chain);
	BIO_free(key);
	pki_pair_clear(&pair);
	s->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->listen_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(s->listen_fd, 64), 0);
	assert_int_equal(getsockname(s->listen_fd, (struct sockaddr *)&address, &len), 0);
	s->port = ntohs(address.sin_port);
	for (size_t i = 0; i < sizeof(s->blob); i++)
		s->blob[i] = (char)(i * 7 + i / 251);
	assert_int_equal(pthread_create(&s->thread, NULL, accept_all, s), 0);
}

void tls_server_stop(struct tls_server *s)
{
	(void)shutdown(s->listen_fd, SHUT_RDWR);
	(void)pthread_join(s->thread, NULL);
	(void)close(s->listen_fd);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->connection_count; i++)
		if (s->fds[i] >= 0)
			(void)shutdown(s->fds[i], SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->connection_count; i++)
		(void)pthread_join(s->connections[i], NULL);
	pthread_mutex_destroy(&s->lock);
	SSL_CTX_free(s->context);
	pki_close(s->pki);
}
