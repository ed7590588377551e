/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/forwarder_connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/cur.h"
#include "base/lang.h"

#define MESSAGE_MAX    65535
#define HEADER_LEN     12
#define OUT_MAX        (1u << 20)
#define READS_A_ROUND  64 /* so that one upstream cannot hold the thread */
#define CONNECT_WAIT_S 3
#define NS_A_SECOND    UINT64_C(1000000000)
#define WHY_SIZE       128

struct forwarder_tls {
	SSL_CTX *context;
};

struct connection {
	struct reactor_event event;    /* first */
	struct reactor_timer patience; /* for connecting and the handshake */
	struct reactor *reactor;
	struct connection_calls calls;
	SSL *ssl;
	struct config_digest spki;
	struct buf out;
	size_t out_at; /* sent already */
	size_t in_len;
	bool ready;
	bool write_wants_read, read_wants_write;
	uint8_t in[2 + MESSAGE_MAX];
};

int forwarder_tls_new(const char *ca_file, bool needed, struct forwarder_tls **out, struct fault *fault)
{
	struct forwarder_tls *tls = calloc(1, sizeof(*tls));
	if (tls != NULL)
		tls->context = SSL_CTX_new(TLS_client_method());
	if (tls == NULL || tls->context == NULL) {
		forwarder_tls_free(tls);
		return fault_set(fault, HN_ENOMEM, "TLS", "%s", hn_strerror(HN_ENOMEM));
	}
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
	if (needed && SSL_CTX_load_verify_file(tls->context, ca_file) != 1) {
		ERR_clear_error();
		forwarder_tls_free(tls);
		return fault_set(fault, HN_EFORMAT, ca_file,
				 tr("no certificates of authorities can be read from it",
				    "認証局の証明書を読み込めません"));
	}
	*out = tls;
	return HN_OK;
}

void forwarder_tls_free(struct forwarder_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

static void end(struct connection *c, enum connection_end how, const char *why)
{
	reactor_forget(c->reactor, &c->event);
	reactor_timer_clear(c->reactor, &c->patience);
	c->calls.ended(c->calls.context, how, why);
}

/* Whether the peer's key is the pinned one, if one is. */
static bool pin_holds(const struct connection *c)
{
	if (!c->spki.present)
		return true;
	X509 *certificate = SSL_get1_peer_certificate(c->ssl);
	if (certificate == NULL)
		return false;
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	uint8_t digest[SHA256_SIZE];
	bool holds = false;
	if (len > 0) {
		sha256(der, (size_t)len, digest);
		holds = memcmp(digest, c->spki.bytes, sizeof(digest)) == 0;
	}
	OPENSSL_free(der);
	X509_free(certificate);
	return holds;
}

/* What to wait for until the next step: always the peer, and room to write while something waits. */
static bool want(struct connection *c)
{
	unsigned wanted = REACTOR_READ;
	bool writes = c->out_at < c->out.len && !c->write_wants_read;
	/* No event of the socket would tell of what OpenSSL holds already; room to write is told at once. */
	if (c->read_wants_write || (c->ready && (writes || SSL_pending(c->ssl) > 0)))
		wanted |= REACTOR_WRITE;
	return reactor_want(c->reactor, &c->event, wanted) == HN_OK;
}

/* @return false: it ended */
static bool handshake(struct connection *c)
{
	ERR_clear_error();
	int result = SSL_connect(c->ssl);
	if (result == 1) {
		if (!pin_holds(c)) {
			end(c, CONNECTION_REFUSED, "the public key is not the pinned one");
			return false;
		}
		c->ready = true;
		c->read_wants_write = false;
		reactor_timer_clear(c->reactor, &c->patience);
		c->calls.ready(c->calls.context);
		return true;
	}
	int error = SSL_get_error(c->ssl, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		c->read_wants_write = error == SSL_ERROR_WANT_WRITE;
		return true;
	}
	char why[WHY_SIZE];
	long verified = SSL_get_verify_result(c->ssl);
	if (SSL_get_verify_mode(c->ssl) != SSL_VERIFY_NONE && verified != X509_V_OK) {
		snprintf(why, sizeof(why), "certificate: %s", X509_verify_cert_error_string(verified));
		end(c, CONNECTION_REFUSED, why);
		return false;
	}
	unsigned long reason = ERR_peek_error();
	const char *said = reason == 0 ? "connection refused or closed" : ERR_reason_error_string(reason);
	snprintf(why, sizeof(why), "handshake: %s", said == NULL ? "failed" : said);
	ERR_clear_error();
	end(c, CONNECTION_FAILED, why);
	return false;
}

/* @return false: it ended */
static bool send_out(struct connection *c)
{
	c->write_wants_read = false;
	while (c->out_at < c->out.len) {
		size_t sent = 0;
		ERR_clear_error();
		int result = SSL_write_ex(c->ssl, c->out.data + c->out_at, c->out.len - c->out_at, &sent);
		if (result == 1) {
			c->out_at += sent;
			continue;
		}
		int error = SSL_get_error(c->ssl, result);
		if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
			c->write_wants_read = error == SSL_ERROR_WANT_READ;
			return true;
		}
		ERR_clear_error();
		end(c, CONNECTION_CLOSED, "closed while sending");
		return false;
	}
	buf_reset(&c->out);
	c->out_at = 0;
	return true;
}

/* Gives out whole messages. @return how many bytes they took; SIZE_MAX: one that is none */
static size_t give_messages(struct connection *c)
{
	size_t at = 0;
	while (c->in_len - at >= 2) {
		size_t len = load_be16(c->in + at);
		if (len < HEADER_LEN)
			return SIZE_MAX;
		if (c->in_len - at - 2 < len)
			break;
		c->calls.message(c->calls.context, c->in + at + 2, len);
		at += 2 + len;
	}
	return at;
}

/* @return false: it ended */
static bool take_in(struct connection *c)
{
	c->read_wants_write = false;
	for (unsigned i = 0; i < READS_A_ROUND; i++) {
		size_t got = 0;
		ERR_clear_error();
		int result = SSL_read_ex(c->ssl, c->in + c->in_len, sizeof(c->in) - c->in_len, &got);
		if (result != 1) {
			int error = SSL_get_error(c->ssl, result);
			if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
				c->read_wants_write = error == SSL_ERROR_WANT_WRITE;
				return true;
			}
			ERR_clear_error();
			end(c, CONNECTION_CLOSED, "closed by the upstream");
			return false;
		}
		c->in_len += got;
		size_t taken = give_messages(c);
		if (taken == SIZE_MAX) {
			end(c, CONNECTION_FAILED, "sent what is no message");
			return false;
		}
		memmove(c->in, c->in + taken, c->in_len - taken);
		c->in_len -= taken;
	}
	return true;
}

static void work(struct connection *c)
{
	if (!c->ready && !handshake(c))
		return;
	if (c->ready && (!take_in(c) || !send_out(c)))
		return;
	if (!want(c))
		end(c, CONNECTION_FAILED, "cannot be waited for");
}

static void on_event(struct reactor_event *event, unsigned events)
{
	(void)events;
	work((struct connection *)event);
}

static void on_patience(struct reactor_timer *timer)
{
	struct connection *c = (struct connection *)((char *)timer - offsetof(struct connection, patience));
	end(c, CONNECTION_FAILED, "took too long to connect");
}

/* A name may be an address. */
static bool check_name(SSL *ssl, const char *name)
{
	struct ip ip;
	if (ip_parse(name, strlen(name), &ip) == HN_OK)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* What SSL_set_tlsext_host_name() does, which drops const; the name is copied. */
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
			(void *)(uintptr_t)name) == 1;
}

static int open_socket(const struct endpoint *to)
{
	int fd = socket(to->ip.version == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);
	if (fd < 0)
		return -1;
	int on = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	int result;
	if (to->ip.version == 4) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(to->port)};
		memcpy(&at.sin_addr, to->ip.bytes, sizeof(at.sin_addr));
		result = connect(fd, (const struct sockaddr *)&at, sizeof(at));
	} else {
		struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
		memcpy(&at.sin6_addr, to->ip.bytes, sizeof(at.sin6_addr));
		result = connect(fd, (const struct sockaddr *)&at, sizeof(at));
	}
	if (result == 0 || errno == EINPROGRESS)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int connection_new(struct reactor *reactor, struct forwarder_tls *tls,
		   const struct recursor_forward *upstream, const struct connection_calls *calls,
		   struct connection **out)
{
	struct connection *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	c->reactor = reactor;
	c->calls = *calls;
	c->spki = upstream->spki;
	c->event.ready = on_event;
	c->patience.due = on_patience;
	buf_init(&c->out, OUT_MAX);
	c->event.fd = open_socket(&upstream->address);
	c->ssl = SSL_new(tls->context);
	int err = HN_ENOMEM;
	if (c->event.fd < 0)
		err = HN_EIO;
	else if (c->ssl != NULL && SSL_set_fd(c->ssl, c->event.fd) == 1 &&
		 (upstream->tls_name == NULL || check_name(c->ssl, upstream->tls_name)))
		err = reactor_timer_set(reactor, &c->patience,
					reactor_now_ns(reactor) + CONNECT_WAIT_S * NS_A_SECOND);
	if (err == HN_OK) {
		/* With a pin alone the chain says nothing. */
		SSL_set_verify(c->ssl, upstream->tls_name != NULL ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
		err = reactor_want(reactor, &c->event, REACTOR_WRITE);
	}
	if (err != HN_OK) {
		int saved = errno;
		connection_free(c);
		errno = saved;
		return err;
	}
	*out = c;
	return HN_OK;
}

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	reactor_forget(c->reactor, &c->event);
	reactor_timer_clear(c->reactor, &c->patience);
	SSL_free(c->ssl);
	if (c->event.fd >= 0)
		close(c->event.fd);
	buf_clear(&c->out);
	free(c);
}

int connection_send(struct connection *c, const uint8_t *data, size_t len)
{
	int err = buf_reserve(&c->out, 2 + len);
	if (err != HN_OK)
		return err;
	buf_be16(&c->out, (uint16_t)len);
	buf_add(&c->out, data, len);
	/* Sent in the next round: a failure is told there, and messages of one round leave together. */
	if (c->ready && reactor_want(c->reactor, &c->event, REACTOR_READ | REACTOR_WRITE) != HN_OK)
		return HN_EIO;
	return HN_OK;
}
