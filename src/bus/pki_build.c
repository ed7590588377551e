/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Certificates, keys and their texts, by OpenSSL. */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <string.h>

#include "base/utc.h"
#include "bus/pki_inside.h"

#define DAY_S  (INT64_C(24) * 3600)
#define CN_MAX 64 /* bytes here; characters in RFC 5280, A.1, ub-common-name */

/* The top bit is 0 and the next 1: positive, and always 32 hex digits. */
static bool set_serial(X509 *x)
{
	uint8_t bytes[16];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40);
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x)) != NULL;
	BN_free(number);
	return ok;
}

static bool set_times(X509 *x, const struct pki_form *form)
{
	time_t from = (time_t)((form->now_ns - PKI_BACKDATED_NS) / NS_SECOND);
	time_t until = (time_t)(form->now_ns / NS_SECOND + form->days * DAY_S);
	if (form->issuer != NULL && X509_cmp_time(X509_get0_notAfter(form->issuer), &until) < 0)
		return ASN1_TIME_set(X509_getm_notBefore(x), from) != NULL &&
		       X509_set1_notAfter(x, X509_get0_notAfter(form->issuer)) == 1;
	return ASN1_TIME_set(X509_getm_notBefore(x), from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x), until) != NULL;
}

static bool set_names(X509 *x, const struct pki_form *form)
{
	X509_NAME *subject = X509_get_subject_name(x);
	if (form->name != NULL) {
		size_t len = strlen(form->name);
		if (len > CN_MAX)
			for (len = CN_MAX; len > 0 && ((unsigned char)form->name[len] & 0xc0) == 0x80;)
				len--;
		if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
					       (const unsigned char *)form->name, (int)len, -1, 0) != 1)
			return false;
	}
	return X509_set_issuer_name(x, form->issuer == NULL ? subject
							    : X509_get_subject_name(form->issuer)) == 1;
}

static bool add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	if (value == NULL)
		return true;
	X509V3_set_ctx(&context, issuer == NULL ? x : issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
	bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

X509_EXTENSION *pki_names_extension(const char *names)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, NULL, NULL, NULL, NULL, 0);
	return X509V3_EXT_nconf_nid(NULL, &context, NID_subject_alt_name, names);
}

X509 *pki_build(const struct pki_form *form)
{
	X509 *x = X509_new();
	/* A certificate without a subject names it in a critical extension (RFC 5280, 4.1.2.6); its names say
	 * so. */
	if (x != NULL && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) && set_times(x, form) &&
	    set_names(x, form) && X509_set_pubkey(x, form->subject) == 1 &&
	    add_extension(x, form->issuer, NID_basic_constraints, form->constraints) &&
	    add_extension(x, form->issuer, NID_key_usage, form->usage) &&
	    add_extension(x, form->issuer, NID_ext_key_usage, form->purpose) &&
	    add_extension(x, form->issuer, NID_subject_alt_name, form->names) &&
	    add_extension(x, form->issuer, NID_subject_key_identifier, "hash") &&
	    add_extension(x, form->issuer, NID_authority_key_identifier, "keyid") &&
	    X509_sign(x, form->key, NULL) > 0)
		return x;
	X509_free(x);
	ERR_clear_error();
	return NULL;
}

int pki_pem_add(X509 *certificate, struct buf *out)
{
	char *text;
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL || PEM_write_bio_X509(bio, certificate) != 1) {
		BIO_free(bio);
		return HN_ENOMEM;
	}
	long len = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)len);
	BIO_free(bio);
	return buf_err(out);
}

X509 *pki_pem_read(const char *pem, size_t len)
{
	BIO *bio = len > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)len);
	X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return x;
}

/* A key under a passphrase is none: nobody is there to be asked. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
	(void)out, (void)size, (void)writing, (void)context;
	return -1;
}

EVP_PKEY *pki_secret_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

char *pki_secret_write(EVP_PKEY *key)
{
	char *text, *out = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio != NULL && sodium_init() >= 0 &&
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		size_t len = (size_t)BIO_get_mem_data(bio, &text);
		out = sodium_malloc(len + 1);
		if (out != NULL) {
			memcpy(out, text, len);
			out[len] = '\0';
		}
		OPENSSL_cleanse(text, len);
	}
	BIO_free(bio);
	return out;
}
