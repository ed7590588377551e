/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/encode.h"
#include "base/lang.h"

#define CHAIN_MAX    (32L << 10) /* bytes of a client's chain */
#define DEPTH_MAX    4           /* certificates between a client's and the root */
#define NOTHING_MAX  32          /* records without data (key updates) behind each other */
#define SERIAL_BYTES 20
#define SERIAL_LEAST 16
#define URI_LEAST    1

struct tls_context {
	pthread_mutex_t lock; /* around taking and replacing ctx */
	SSL_CTX *ctx;
	void *program;
	bool (*judge)(void *program, const struct peer *peer);
	BIO_METHOD *method;
};

struct tls {
	const struct tls_context *context;
	SSL *ssl;
	int fd;
	bool dry;    /* the last recv() took all that the socket had */
	bool empty;  /* it had nothing */
	bool broken; /* nothing can be read or written any more */
	bool done;   /* the handshake */
	bool has_peer;
	struct peer peer;
};

/* ---- the socket ---- */

/* Of our own, for OpenSSL's writes without MSG_NOSIGNAL, and does not tell an empty socket from a record
 * that carries nothing. */
static int socket_read(BIO *bio, char *room, int size)
{
	struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	ssize_t n;
	do
		n = recv(tls->fd, room, (size_t)size, 0);
	while (n < 0 && errno == EINTR);
	tls->dry = n < size;
	tls->empty = n <= 0;
	if (n < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	return (int)n;
}

static int socket_write(BIO *bio, const char *data, int len)
{
	const struct tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	ssize_t n;
	do
		n = send(tls->fd, data, (size_t)len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	return (int)n;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
	if (m && BIO_meth_set_read(m, socket_read) == 1 && BIO_meth_set_write(m, socket_write) == 1 &&
	    BIO_meth_set_ctrl(m, socket_control) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* ---- keys ---- */

/* Nobody is there to type one. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int refused(const char *what, const char *why, struct fault *fault)
{
	ERR_clear_error();
	return fault_set(fault, HN_EFORMAT, what, tr("cannot be used for TLS: %s", "TLS に使えない: %s"),
			 why);
}

/* The first certificate is ours, what follows leads to the root. */
static int load_chain(SSL_CTX *ctx, const char *pem, struct fault *fault)
{
	ERR_clear_error();
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
	bool good = x && SSL_CTX_use_certificate(ctx, x) == 1;
	X509_free(x);
	while (good && (x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		good = SSL_CTX_add0_chain_cert(ctx, x) == 1;
		if (!good)
			X509_free(x);
	}
	/* It ended where no more began, not in the middle of one. */
	good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(bio);
	return good ? HN_OK
		    : refused("certificate",
			      tr("no certificate in PEM stands in it", "PEM形式の証明書がない"), fault);
}

static int load_key(SSL_CTX *ctx, const char *pem, struct fault *fault)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	bool locked = !key && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_BAD_PASSWORD_READ;
	bool fits = key && X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) == 1 &&
		    SSL_CTX_use_PrivateKey(ctx, key) == 1;
	int rc = HN_OK;
	if (locked)
		rc = refused("key", tr("the key is under a passphrase", "秘密鍵にパスフレーズが掛かっている"),
			     fault);
	else if (!key)
		rc = refused("key", tr("no private key in PEM stands in it", "PEM形式の秘密鍵がない"), fault);
	else if (!fits)
		rc = refused(
			"key",
			tr("key and certificate do not belong together", "秘密鍵と証明書が組になっていない"),
			fault);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return rc;
}

static bool add_root(SSL_CTX *ctx, X509 *x)
{
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1 && SSL_CTX_add_client_CA(ctx, x) == 1;
}

static int load_roots(SSL_CTX *ctx, const char *pem, struct fault *fault)
{
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	size_t count = 0;
	bool good = bio != NULL;
	X509 *x;
	while (good && (x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		good = add_root(ctx, x);
		X509_free(x);
		count++;
	}
	ERR_clear_error();
	BIO_free(bio);
	return good && count > 0
		       ? HN_OK
		       : refused("client_root",
				 tr("no certificate in PEM stands in it", "PEM形式の証明書がない"), fault);
}

/* ---- a client's certificate ---- */

static bool read_serial(const X509 *x, char out[PEER_SERIAL_SIZE])
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	int len = number && !BN_is_negative(number) ? BN_num_bytes(number) : SERIAL_BYTES + 1;
	if (len < SERIAL_LEAST)
		len = SERIAL_LEAST;
	bool good = len <= SERIAL_BYTES && BN_bn2binpad(number, bytes, len) == len;
	if (good)
		hex_encode(bytes, (size_t)len, out);
	BN_free(number);
	return good;
}

/* Two are none: somebody could mean the other. */
static void read_uri(const X509 *x, char out[PEER_URI_SIZE])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t count = 0;
	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		int len = ASN1_STRING_length(name->d.uniformResourceIdentifier);
		const unsigned char *text = ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
		count++;
		if (len < URI_LEAST || len >= PEER_URI_SIZE || memchr(text, '\0', (size_t)len))
			continue;
		memcpy(out, text, (size_t)len);
		out[len] = '\0';
	}
	if (count != 1)
		out[0] = '\0';
	GENERAL_NAMES_free(names);
}

static bool read_peer(X509 *x, struct peer *out)
{
	unsigned len;
	uint32_t uses = X509_get_extended_key_usage(x);
	/* OpenSSL lets one pass that names no purpose. */
	if (uses == UINT32_MAX || (uses & XKU_SSL_CLIENT) == 0 || !read_serial(x, out->serial) ||
	    X509_digest(x, EVP_sha256(), out->digest, &len) != 1)
		return false;
	read_uri(x, out->uri);
	return true;
}

/* OpenSSL verified chain, purpose and dates up to this certificate. */
static int verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_get_app_data(ssl);
	if (!good || X509_STORE_CTX_get_error_depth(store) > 0)
		return good;
	if (!read_peer(X509_STORE_CTX_get_current_cert(store), &tls->peer)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_INVALID_PURPOSE);
		return 0;
	}
	tls->has_peer = true;
	if (tls_peer_holds(tls))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
	return 0;
}

/* ---- contexts ---- */

/* RFC 7301: a client that names protocols and not ours is refused; one that names none is taken. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;
	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void harden(SSL_CTX *ctx)
{
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	(void)SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION);
	(void)SSL_CTX_set_max_early_data(ctx, 0);
	(void)SSL_CTX_set_recv_max_early_data(ctx, 0);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	/* A read ends at each record that is not data, so that they can be counted. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ctx, 1);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
}

static int ask_clients(SSL_CTX *ctx, const struct server_tls *options, struct fault *fault)
{
	static const unsigned char id[] = "hinomi";
	(void)SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	if (options->clients == PEER_NONE) {
		(void)SSL_CTX_set_num_tickets(ctx, 1);
		return HN_OK;
	}
	(void)SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_verify_depth(ctx, DEPTH_MAX);
	SSL_CTX_set_verify(ctx,
			   SSL_VERIFY_PEER |
				   (options->clients == PEER_DEMANDED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
			   verify);
	return load_roots(ctx, options->client_root, fault);
}

static int make_ctx(const struct server_tls *options, SSL_CTX **out, struct fault *fault)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx) {
		ERR_clear_error();
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	}
	harden(ctx);
	int rc = load_chain(ctx, options->certificate, fault);
	if (rc == HN_OK)
		rc = load_key(ctx, options->key, fault);
	if (rc == HN_OK)
		rc = ask_clients(ctx, options, fault);
	if (rc == HN_OK)
		*out = ctx;
	else
		SSL_CTX_free(ctx);
	return rc;
}

int tls_context_new(const struct server_tls *options, void *program, struct tls_context **out,
		    struct fault *fault)
{
	struct tls_context *c = calloc(1, sizeof(*c));
	if (!c)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	(void)pthread_mutex_init(&c->lock, NULL);
	c->program = program;
	c->judge = options->judge;
	c->method = make_method();
	int rc = c->method ? make_ctx(options, &c->ctx, fault)
			   : fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	if (rc == HN_OK)
		*out = c;
	else
		tls_context_free(c);
	return rc;
}

void tls_context_free(struct tls_context *context)
{
	if (!context)
		return;
	SSL_CTX_free(context->ctx);
	BIO_meth_free(context->method);
	(void)pthread_mutex_destroy(&context->lock);
	free(context);
}

int tls_context_replace(struct tls_context *context, const struct server_tls *options, struct fault *fault)
{
	SSL_CTX *newer = NULL;
	int rc = make_ctx(options, &newer, fault);
	if (rc != HN_OK)
		return rc;
	pthread_mutex_lock(&context->lock);
	SSL_CTX *former = context->ctx;
	context->ctx = newer;
	pthread_mutex_unlock(&context->lock);
	SSL_CTX_free(former); /* connections hold references of their own */
	return HN_OK;
}

/* ---- a connection ---- */

struct tls *tls_new(struct tls_context *context, int fd)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	if (!tls)
		return NULL;
	tls->context = context;
	tls->fd = fd;
	pthread_mutex_lock(&context->lock);
	tls->ssl = SSL_new(context->ctx);
	pthread_mutex_unlock(&context->lock);
	BIO *bio = tls->ssl ? BIO_new(context->method) : NULL;
	if (!bio) {
		ERR_clear_error();
		tls_free(tls);
		return NULL;
	}
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

/* What a call came to that did not succeed: EAGAIN, or broken for good. @return 0: the peer's end; -1 */
static ssize_t failed(struct tls *tls, int rc)
{
	int error = SSL_get_error(tls->ssl, rc);
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		errno = EAGAIN;
		return -1;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	tls->broken = true;
	errno = EPROTO;
	return -1;
}

int tls_handshake(struct tls *tls)
{
	int rc = SSL_do_handshake(tls->ssl);
	tls->done = rc == 1;
	if (tls->done)
		return 1;
	return failed(tls, rc) < 0 && !tls->broken ? 0 : HN_EAUTH;
}

ssize_t tls_recv(struct tls *tls, void *room, size_t size)
{
	size_t len = 0;
	for (unsigned nothing = 0; !tls->broken && nothing < NOTHING_MAX; nothing++) {
		tls->dry = tls->empty = false;
		int rc = SSL_read_ex(tls->ssl, room, size, &len);
		if (rc == 1)
			return (ssize_t)len;
		ssize_t n = failed(tls, rc);
		if (n == 0 || tls->broken || tls->empty || SSL_want_write(tls->ssl))
			return n;
	}
	tls->broken = true;
	errno = EPROTO;
	return -1;
}

ssize_t tls_send(struct tls *tls, const void *data, size_t len)
{
	size_t sent = 0;
	if (tls->broken) {
		errno = EPROTO;
		return -1;
	}
	int rc = SSL_write_ex(tls->ssl, data, len, &sent);
	if (rc == 1)
		return (ssize_t)sent;
	if (failed(tls, rc) == 0) {
		tls->broken = true;
		errno = EPIPE;
	}
	return -1;
}

bool tls_has_more(const struct tls *tls)
{
	return !tls->dry || SSL_has_pending(tls->ssl) == 1;
}

void tls_end(struct tls *tls)
{
	if (!tls->done || tls->broken)
		return;
	(void)SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

const struct peer *tls_peer(const struct tls *tls)
{
	return tls->done && tls->has_peer ? &tls->peer : NULL;
}

bool tls_peer_holds(const struct tls *tls)
{
	const struct tls_context *c = tls->context;
	return !tls->has_peer || !c->judge || c->judge(c->program, &tls->peer);
}
