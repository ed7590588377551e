/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/lang.h"

#define ALPN_DOT "\3dot"
#define ALPN_H2  "\2h2"

struct tls_contexts {
	pthread_mutex_t lock; /* around taking and replacing a context */
	size_t count;
	SSL_CTX *of[RESOLVER_LISTENERS_MAX]; /* NULL: the listener has no TLS */
};

struct tls {
	SSL *ssl;
};

/* RFC 7301: one protocol a listener. A client that offers none is taken at its port's word. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
			   const unsigned char *in, unsigned in_len, void *arg)
{
	const char *ours = arg;
	(void)ssl;
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_len, (const unsigned char *)ours, (unsigned)strlen(ours), in,
				  in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* Why OpenSSL took no file, in words of ours. */
static const char *refusal(unsigned long error, bool key)
{
	if (ERR_SYSTEM_ERROR(error))
		return hn_errno_text(ERR_GET_REASON(error));
	if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_BAD_PASSWORD_READ)
		return tr("the key is under a passphrase", "秘密鍵にパスフレーズが掛かっている");
	if (ERR_GET_LIB(error) == ERR_LIB_X509)
		return tr("key and certificate do not belong together", "秘密鍵と証明書が組になっていない");
	return key ? tr("no private key in PEM stands in it", "PEM形式の秘密鍵がない")
		   : tr("no certificate in PEM stands in it", "PEM形式の証明書がない");
}

static int refused(struct fault *fault, const char *path, bool key)
{
	unsigned long error = ERR_peek_error(); /* the first: what follows comes of it */
	ERR_clear_error();
	int err = HN_EFORMAT;
	if (ERR_SYSTEM_ERROR(error))
		err = hn_err_of_errno(ERR_GET_REASON(error));
	else if (ERR_GET_LIB(error) == ERR_LIB_X509)
		err = HN_EAUTH;
	return fault_set(fault, err, path, tr("cannot be used for TLS: %s", "TLS に使えない: %s"),
			 refusal(error, key));
}

/* Nobody is there to type one: a key under a passphrase is refused. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int load(SSL_CTX *ctx, const struct resolver_listener *l, struct fault *fault)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, l->certificate) != 1)
		return refused(fault, l->certificate, false);
	if (SSL_CTX_use_PrivateKey_file(ctx, l->key, SSL_FILETYPE_PEM) != 1)
		return refused(fault, l->key, true);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return refused(fault, l->key, true);
	if (!l->client_ca)
		return HN_OK;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(l->client_ca);
	if (!names)
		return refused(fault, l->client_ca, false);
	SSL_CTX_set_client_CA_list(ctx, names);
	if (SSL_CTX_load_verify_file(ctx, l->client_ca) != 1)
		return refused(fault, l->client_ca, false);
	/* A client without one may still be known by its address. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return HN_OK;
}

static int context_new(const struct resolver_listener *l, SSL_CTX **out, struct fault *fault)
{
	static char dot[] = ALPN_DOT, h2[] = ALPN_H2;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	*out = ctx;
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A read ends at each record that is not data: a flood of key updates is not read on and on. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets alone: they cost us no memory */
	static const unsigned char id[] = "hinomi-resolver";
	(void)SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, l->transports & RESOLVER_HTTPS ? h2 : dot);
	return load(ctx, l, fault);
}

static void free_all(SSL_CTX *of[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		SSL_CTX_free(of[i]);
}

static int make_all(const struct resolver_config *config, SSL_CTX *of[], struct fault *fault)
{
	for (size_t i = 0; i < config->listen.count; i++) {
		const struct resolver_listener *l = RESOLVER_ITEM(resolver_listener, &config->listen, i);
		if (!(l->transports & (RESOLVER_TLS | RESOLVER_HTTPS)))
			continue;
		int rc = context_new(l, &of[i], fault);
		if (rc != HN_OK) {
			free_all(of, config->listen.count);
			return rc;
		}
	}
	return HN_OK;
}

int tls_contexts_new(const struct resolver_config *config, struct tls_contexts **out, struct fault *fault)
{
	struct tls_contexts *contexts = calloc(1, sizeof(*contexts));
	if (!contexts)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	int rc = make_all(config, contexts->of, fault);
	if (rc != HN_OK) {
		free(contexts);
		return rc;
	}
	contexts->count = config->listen.count;
	(void)pthread_mutex_init(&contexts->lock, NULL);
	*out = contexts;
	return HN_OK;
}

void tls_contexts_replace(struct tls_contexts *contexts, struct tls_contexts *newer)
{
	pthread_mutex_lock(&contexts->lock);
	for (size_t i = 0; i < contexts->count; i++) {
		SSL_CTX *former = contexts->of[i];
		contexts->of[i] = newer->of[i];
		newer->of[i] = former;
	}
	pthread_mutex_unlock(&contexts->lock);
	/* Connections hold references of their own. */
	tls_contexts_free(newer);
}

void tls_contexts_free(struct tls_contexts *contexts)
{
	if (!contexts)
		return;
	free_all(contexts->of, contexts->count);
	(void)pthread_mutex_destroy(&contexts->lock);
	free(contexts);
}

struct tls *tls_new(struct tls_contexts *contexts, size_t listener, int fd)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	if (!tls)
		return NULL;
	pthread_mutex_lock(&contexts->lock);
	tls->ssl = SSL_new(contexts->of[listener]);
	pthread_mutex_unlock(&contexts->lock);
	if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1) {
		tls_free(tls);
		ERR_clear_error();
		return NULL;
	}
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

static enum tls_result result_of(const struct tls *tls, int rc)
{
	enum tls_result result = TLS_FAILED;
	if (rc > 0)
		return TLS_DONE;
	int error = SSL_get_error(tls->ssl, rc);
	if (error == SSL_ERROR_WANT_READ)
		result = TLS_WANTS_READ;
	else if (error == SSL_ERROR_WANT_WRITE)
		result = TLS_WANTS_WRITE;
	ERR_clear_error();
	return result;
}

enum tls_result tls_handshake(struct tls *tls)
{
	return result_of(tls, SSL_do_handshake(tls->ssl));
}

bool tls_is_h2(const struct tls *tls)
{
	const unsigned char *name;
	unsigned len;
	SSL_get0_alpn_selected(tls->ssl, &name, &len);
	return len == 2 && memcmp(name, "h2", 2) == 0;
}

bool tls_client_digest(const struct tls *tls, uint8_t out[SHA256_SIZE])
{
	const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
	unsigned len;
	return certificate && SSL_get_verify_result(tls->ssl) == X509_V_OK &&
	       X509_digest(certificate, EVP_sha256(), out, &len) == 1;
}

enum tls_result tls_read(struct tls *tls, uint8_t *out, size_t room, size_t *len_out)
{
	*len_out = 0;
	return result_of(tls, SSL_read_ex(tls->ssl, out, room, len_out));
}

enum tls_result tls_write(struct tls *tls, const uint8_t *data, size_t len, size_t *len_out)
{
	*len_out = 0;
	return result_of(tls, SSL_write_ex(tls->ssl, data, len, len_out));
}

bool tls_has_pending(const struct tls *tls)
{
	/* SSL_has_pending() would count the beginning of a record whose rest has not come. */
	return SSL_pending(tls->ssl) > 0;
}

void tls_end(struct tls *tls)
{
	(void)SSL_shutdown(tls->ssl);
	ERR_clear_error();
}
