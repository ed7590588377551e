/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_HTTP_TLS_KEYS_H
#define HINOMI_TESTS_UNIT_HTTP_TLS_KEYS_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "../check.h"

/* Keys and certificates for a test, made where it runs: good ones, and those that must be refused. */
struct pair {
	EVP_PKEY *key;
	X509 *certificate;
};

struct pair_form {
	const char *name, *serial; /* hex */
	const char *usage;         /* "clientAuth"; NULL: none is named */
	const char *names;         /* subject's alternative names; NULL: none */
	long from_s, until_s;      /* from now */
	bool is_root;
};

static inline void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	if (!value)
		return;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/** Signed by the issuer; NULL: by itself. */
static inline struct pair pair_make(const struct pair_form *form, const struct pair *issuer)
{
	struct pair p = {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), X509_new()};
	assert_true(p.key && p.certificate);
	BIGNUM *serial = NULL;
	X509 *x = p.certificate;
	X509_NAME *name = X509_get_subject_name(x);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_true(BN_hex2bn(&serial, form->serial) > 0);
	assert_non_null(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)));
	BN_free(serial);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const unsigned char *)form->name, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer->certificate) : name),
			 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), form->from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), form->until_s));
	assert_int_equal(X509_set_pubkey(x, p.key), 1);
	add_extension(x, issuer ? issuer->certificate : x, NID_basic_constraints,
		      form->is_root ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_extension(x, issuer ? issuer->certificate : x, NID_ext_key_usage, form->usage);
	add_extension(x, issuer ? issuer->certificate : x, NID_subject_alt_name, form->names);
	assert_true(X509_sign(x, issuer ? issuer->key : p.key, NULL) > 0);
	return p;
}

static inline void pair_free(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->certificate);
}

static inline char *text_of(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *text = calloc(1, (size_t)len + 1);
	assert_non_null(text);
	memcpy(text, data, (size_t)len);
	BIO_free(bio);
	return text;
}

static inline char *certificate_text(const struct pair *p)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, p->certificate), 1);
	return text_of(bio);
}

static inline char *key_text(const struct pair *p, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, p->key, passphrase ? EVP_aes_128_cbc() : NULL,
						       passphrase, passphrase ? (int)strlen(passphrase) : 0,
						       NULL, NULL),
			 1);
	return text_of(bio);
}

#endif
