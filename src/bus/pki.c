/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/pki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/code.h"
#include "bus/pki_inside.h"

void pki_close(struct pki *p)
{
	if (p == NULL)
		return;
	X509_STORE_free(p->store);
	X509_free(p->root);
	EVP_PKEY_free(p->key);
	free(p->pem);
	free(p);
}

const char *pki_root_pem(const struct pki *p)
{
	return p->pem;
}

void pki_root_digest(const struct pki *p, uint8_t out[32])
{
	memcpy(out, p->digest, 32);
}

int pki_path(const struct pki *p, const char *name, char *out, size_t size)
{
	return (size_t)snprintf(out, size, "%s/%s", p->dir, name) < size ? HN_OK : HN_ELIMIT;
}

/* ---- opening ---- */

/* What is known once root and key are there. */
static int settle(struct pki *p, int64_t now_ns, const char *place, struct fault *fault)
{
	struct pki_certificate said;
	struct buf pem;
	if (EVP_PKEY_eq(X509_get0_pubkey(p->root), p->key) != 1)
		return fault_set(fault, HN_EAUTH, place, "%s",
				 tr("the key is not the root's", "鍵がルート証明書のものではない"));
	int err = pki_describe(p->root, &said);
	if (err != HN_OK)
		return fault_set(fault, err, place, "%s", hn_strerror(err));
	if (now_ns >= said.until_ns)
		return fault_set(
			fault, HN_EAUTH, place, "%s",
			tr("the root has ended; edges must enrol anew under another one",
			   "ルート証明書の有効期間が終わっている。新しいルートでエッジを登録し直すこと"));
	memcpy(p->digest, said.digest, sizeof(p->digest));
	buf_init(&pem, PKI_PEM_MAX);
	err = pki_pem_add(p->root, &pem);
	p->pem = pem.data;
	p->store = X509_STORE_new();
	if (err == HN_OK && (p->store == NULL || X509_STORE_add_cert(p->store, p->root) != 1))
		err = HN_ENOMEM;
	return err;
}

static int make_root(struct pki *p, const char *name, int64_t now_ns, const char *path, struct fault *fault)
{
	p->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (p->key == NULL)
		return HN_ENOMEM;
	struct pki_form form = {.subject = p->key,
				.name = name,
				.key = p->key,
				.now_ns = now_ns,
				.days = PKI_ROOT_DAYS,
				.constraints = "critical,CA:TRUE,pathlen:0",
				.usage = "critical,keyCertSign"};
	p->root = pki_build(&form);
	char *secret = p->root == NULL ? NULL : pki_secret_write(p->key);
	struct buf text;
	buf_init(&text, PKI_PEM_MAX);
	int err =
		secret == NULL ? HN_ENOMEM : buf_reserve(&text, PKI_PEM_MAX); /* never moves: no copy stays */
	if (err == HN_OK) {
		buf_adds(&text, secret);
		err = pki_pem_add(p->root, &text);
	}
	if (err == HN_OK)
		err = file_write_whole(path, text.data, text.len, 0600, false);
	if (text.data != NULL)
		sodium_memzero(text.data, text.cap);
	buf_clear(&text);
	pki_secret_free(secret);
	return err == HN_OK ? HN_OK : fault_set(fault, err, path, "%s", hn_strerror(err));
}

static int read_root(struct pki *p, const char *path, struct fault *fault)
{
	struct buf text;
	buf_init(&text, PKI_PEM_MAX);
	int err = file_read(path, &text);
	if (err == HN_OK && text.len > 0) {
		p->key = pki_secret_read(text.data);
		p->root = pki_pem_read(text.data, text.len);
	}
	if (text.data != NULL)
		sodium_memzero(text.data, text.cap);
	buf_clear(&text);
	if (err == HN_OK && (p->key == NULL || p->root == NULL))
		return fault_set(fault, HN_EFORMAT, path, "%s",
				 tr("does not hold a key and its root certificate (PEM)",
				    "に鍵とルート証明書（PEM）がそろっていない"));
	return err;
}

/* The root for others to read. Without its key nobody may make another root beside it. */
static int show_root(const struct pki *p, bool made, struct fault *fault)
{
	char path[4200];
	struct buf text;
	int err = pki_path(p, "root.pem", path, sizeof(path));
	if (err != HN_OK)
		return err;
	buf_init(&text, PKI_PEM_MAX);
	bool same = file_read(path, &text) == HN_OK && text.len == strlen(p->pem) &&
		    memcmp(text.data, p->pem, text.len) == 0;
	buf_clear(&text);
	if (!same || made)
		err = file_write_whole(path, p->pem, strlen(p->pem), 0644, true);
	return err == HN_OK ? HN_OK : fault_set(fault, err, path, "%s", hn_strerror(err));
}

static int open_or_make(struct pki *p, const char *name, int64_t now_ns, bool *made, struct fault *fault)
{
	char path[4200], shown[4200];
	struct buf text;
	int err = pki_path(p, "root.key", path, sizeof(path));
	if (err == HN_OK)
		err = pki_path(p, "root.pem", shown, sizeof(shown));
	if (err == HN_OK)
		err = read_root(p, path, fault);
	if (err == HN_ENOENT) {
		buf_init(&text, PKI_PEM_MAX);
		bool orphan = file_read(shown, &text) != HN_ENOENT;
		buf_clear(&text);
		if (orphan)
			return fault_set(fault, HN_ENOENT, path, "%s",
					 tr("is gone, but its root.pem is there: bring the key back, or move "
					    "root.pem away and enrol all edges anew",
					    "がないが、root.pemは残っている。鍵を戻すか、root."
					    "pemを移して全エッジを登録し直すこと"));
		*made = true;
		err = make_root(p, name, now_ns, path, fault);
	} else if (err == HN_EIO || err == HN_ENOMEM || err == HN_ELIMIT) {
		return fault_set(fault, err, path, "%s", hn_strerror(err));
	}
	if (err == HN_OK)
		err = settle(p, now_ns, path, fault);
	return err == HN_OK ? show_root(p, *made, fault) : err;
}

int pki_open(const char *dir, const char *name, int64_t now_ns, struct pki **out, bool *made_out,
	     struct fault *fault)
{
	struct pki *p = calloc(1, sizeof(*p));
	bool made = false;
	if (p == NULL)
		return HN_ENOMEM;
	int err = HN_ELIMIT;
	if ((size_t)snprintf(p->dir, sizeof(p->dir), "%s", dir) < sizeof(p->dir))
		err = open_or_make(p, name, now_ns, &made, fault);
	ERR_clear_error();
	if (err != HN_OK) {
		pki_close(p);
		return err;
	}
	if (made_out != NULL)
		*made_out = made;
	*out = p;
	return HN_OK;
}

/* ---- judging ---- */

int pki_verify(const struct pki *p, X509 *x, int purpose, int64_t now_ns, struct fault *fault)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	int err = HN_ENOMEM;
	if (context != NULL && X509_STORE_CTX_init(context, p->store, x, NULL) == 1) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
		X509_VERIFY_PARAM_set_time(param, (time_t)(now_ns / NS_SECOND));
		X509_VERIFY_PARAM_set_depth(param, 0);
		if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) == 1 &&
		    X509_VERIFY_PARAM_set_purpose(param, purpose) == 1)
			err = X509_verify_cert(context) == 1 ? HN_OK : HN_EAUTH;
		if (err == HN_EAUTH)
			(void)fault_set(fault, err, "", "%s",
					X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	}
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return err;
}

int pki_check_edge(const struct pki *p, const uint8_t *der, size_t len, int64_t now_ns,
		   struct pki_certificate *out, struct fault *fault)
{
	struct pki_certificate c;
	const unsigned char *at = der;
	X509 *x = len > PKI_PEM_MAX ? NULL : d2i_X509(NULL, &at, (long)len);
	ERR_clear_error();
	if (x == NULL || at != der + len) {
		X509_free(x);
		return fault_set(fault, HN_EFORMAT, "", "%s", tr("is not a certificate", "は証明書ではない"));
	}
	int err = pki_verify(p, x, X509_PURPOSE_SSL_CLIENT, now_ns, fault);
	if (err == HN_OK)
		err = pki_describe(x, &c);
	X509_free(x);
	if (err != HN_OK)
		return err;
	if (!c.is_edge)
		return fault_set(fault, HN_EAUTH, "", "%s",
				 tr("the certificate is no edge's", "エッジの証明書ではない"));
	*out = c;
	return HN_OK;
}

/* ---- an edge's certificate ---- */

static bool key_ok(EVP_PKEY *key)
{
	char group[64];
	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

static X509_REQ *request_of(const char *csr, size_t len)
{
	BIO *bio = len > PKI_CSR_MAX ? NULL : BIO_new_mem_buf(csr, (int)len);
	X509_REQ *request = bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return request;
}

static int judge_request(X509_REQ *request, struct fault *fault)
{
	EVP_PKEY *key = request == NULL ? NULL : X509_REQ_get0_pubkey(request);
	if (key == NULL)
		return fault_set(fault, HN_EFORMAT, "/csr", "%s",
				 tr("is not a certificate request", "は証明書署名要求ではない"));
	if (!key_ok(key))
		return fault_set(fault, HN_EUNSUPPORTED, "/csr", "%s",
				 tr("asks for another kind of key than Ed25519 or P-256",
				    "がEd25519でもP-256でもない鍵を使っている"));
	int err = X509_REQ_verify(request, key) == 1 ? HN_OK : HN_EAUTH;
	ERR_clear_error();
	return err == HN_OK ? HN_OK
			    : fault_set(fault, err, "/csr", "%s",
					tr("its signature does not hold", "の署名が正しくない"));
}

int pki_sign_edge(const struct pki *p, const char *csr, size_t len, const struct uuid *edge, int64_t now_ns,
		  struct buf *pem_out, struct pki_certificate *out, struct fault *fault)
{
	char names[sizeof("critical,URI:") + PKI_URI_SIZE] = "critical,URI:";
	X509_REQ *request = request_of(csr, len);
	int err = judge_request(request, fault);
	if (err != HN_OK) {
		X509_REQ_free(request);
		return err;
	}
	pki_uri(edge, names + strlen(names));
	struct pki_form form = {.subject = X509_REQ_get0_pubkey(request),
				.issuer = p->root,
				.key = p->key,
				.now_ns = now_ns,
				.days = PKI_EDGE_DAYS,
				.constraints = "critical,CA:FALSE",
				.usage = "critical,digitalSignature",
				.purpose = "critical,clientAuth",
				.names = names};
	X509 *x = pki_build(&form);
	err = x == NULL ? HN_ENOMEM : pki_pem_add(x, pem_out);
	if (err == HN_OK && out != NULL)
		err = pki_describe(x, out);
	X509_free(x);
	X509_REQ_free(request);
	return err;
}
