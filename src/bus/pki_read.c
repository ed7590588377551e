/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What certificates say; keys and requests of an edge. */
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/pki_inside.h"

#define URI_BEGIN "urn:hinomi:edge:"

_Static_assert(sizeof(URI_BEGIN) - 1 + UUID_TEXT_SIZE == PKI_URI_SIZE, "an edge's URI fits");

void pki_uri(const struct uuid *edge, char out[PKI_URI_SIZE])
{
	memcpy(out, URI_BEGIN, sizeof(URI_BEGIN) - 1);
	uuid_format(edge, out + sizeof(URI_BEGIN) - 1);
}

int pki_uri_parse(const char *text, size_t len, struct uuid *edge_out)
{
	char again[PKI_URI_SIZE];
	struct uuid edge;
	size_t begin = sizeof(URI_BEGIN) - 1;
	if (len != PKI_URI_SIZE - 1 || memcmp(text, URI_BEGIN, begin) != 0 ||
	    uuid_parse(text + begin, len - begin, &edge) != HN_OK)
		return HN_EFORMAT;
	pki_uri(&edge, again);
	if (memcmp(text, again, len) != 0)
		return HN_EFORMAT; /* upper-case digits: one edge, one text */
	*edge_out = edge;
	return HN_OK;
}

static int time_of(const ASN1_TIME *time, int64_t *out_ns)
{
	struct tm tm;
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return HN_EFORMAT;
	int64_t seconds = timegm(&tm);
	if (seconds < 0 || seconds > UTC_MAX_NS / NS_SECOND)
		return HN_EFORMAT;
	*out_ns = seconds * NS_SECOND;
	return HN_OK;
}

/* The lower-case hex of 128 bits; any other serial is none of ours. */
static int serial_of(const X509 *x, char out[PKI_SERIAL_SIZE])
{
	uint8_t bytes[16];
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
	bool ok = number != NULL && !BN_is_negative(number) &&
		  BN_bn2binpad(number, bytes, sizeof(bytes)) == (int)sizeof(bytes);
	BN_free(number);
	if (ok)
		hex_encode(bytes, sizeof(bytes), out);
	return ok ? HN_OK : HN_EFORMAT;
}

static bool edge_of(const X509 *x, struct uuid *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool ok = false;
	if (names != NULL && sk_GENERAL_NAME_num(names) == 1) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
		const ASN1_IA5STRING *uri = name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
		ok = uri != NULL && pki_uri_parse((const char *)ASN1_STRING_get0_data(uri),
						  (size_t)ASN1_STRING_length(uri), out) == HN_OK;
	}
	GENERAL_NAMES_free(names);
	return ok;
}

int pki_describe(X509 *x, struct pki_certificate *out)
{
	struct pki_certificate c = {{0}, {0}, false, {{0}}, 0, 0};
	unsigned char *der = NULL;
	int err = serial_of(x, c.serial);
	if (err == HN_OK)
		err = time_of(X509_get0_notBefore(x), &c.from_ns);
	if (err == HN_OK)
		err = time_of(X509_get0_notAfter(x), &c.until_ns);
	if (err != HN_OK)
		return err;
	int len = i2d_X509(x, &der);
	if (len <= 0)
		return HN_ENOMEM;
	sha256(der, (size_t)len, c.digest);
	OPENSSL_free(der);
	c.is_edge = edge_of(x, &c.edge) && (X509_get_extended_key_usage(x) & XKU_SSL_CLIENT) != 0 &&
		    (X509_get_extension_flags(x) & EXFLAG_XKUSAGE) != 0;
	ERR_clear_error();
	*out = c;
	return HN_OK;
}

int pki_certificate_read(const char *pem, size_t len, struct pki_certificate *out)
{
	if (len > PKI_PEM_MAX)
		return HN_ELIMIT;
	X509 *x = pki_pem_read(pem, len);
	if (x == NULL)
		return HN_EFORMAT;
	int err = pki_describe(x, out);
	X509_free(x);
	return err;
}

int64_t pki_renew_at(const struct pki_certificate *c)
{
	return c->from_ns + (c->until_ns - c->from_ns) / 3 * 2;
}

int pki_key_make(char **pem_out)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char *pem = key == NULL ? NULL : pki_secret_write(key);
	EVP_PKEY_free(key);
	if (pem == NULL)
		return HN_ENOMEM;
	*pem_out = pem;
	return HN_OK;
}

int pki_key_read(const char *path, char **pem_out, struct fault *fault)
{
	struct buf text;
	char *pem = NULL;
	buf_init(&text, PKI_PEM_MAX);
	int err = file_read(path, &text);
	if (err == HN_OK) {
		EVP_PKEY *key = text.len == 0 ? NULL : pki_secret_read(text.data);
		pem = key == NULL ? NULL : pki_secret_write(key);
		if (pem == NULL)
			err = key == NULL ? HN_EFORMAT : HN_ENOMEM;
		EVP_PKEY_free(key);
	}
	if (text.data != NULL)
		sodium_memzero(text.data, text.cap);
	buf_clear(&text);
	if (err == HN_EFORMAT)
		return fault_set(fault, err, path, "%s",
				 tr("holds no secret key (PEM)", "に秘密鍵（PEM）がない"));
	if (err != HN_OK)
		return fault_set(fault, err, path, "%s", hn_strerror(err));
	*pem_out = pem;
	return HN_OK;
}

void pki_secret_free(char *pem)
{
	sodium_free(pem);
}

static int request_pem(X509_REQ *request, struct buf *out)
{
	char *text;
	BIO *bio = BIO_new(BIO_s_mem());
	int err = HN_ENOMEM;
	if (bio != NULL && PEM_write_bio_X509_REQ(bio, request) == 1) {
		long len = BIO_get_mem_data(bio, &text);
		buf_add(out, text, (size_t)len);
		err = buf_err(out);
	}
	BIO_free(bio);
	return err;
}

int pki_csr_make(const char *key_pem, struct buf *out)
{
	EVP_PKEY *key = pki_secret_read(key_pem);
	X509_REQ *request = X509_REQ_new();
	int err = key == NULL ? HN_EFORMAT : HN_ENOMEM;
	if (key != NULL && request != NULL && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_pubkey(request, key) == 1) {
		/* Ed25519 hashes by itself (RFC 8032); a curve of NIST needs one named. */
		const EVP_MD *hash = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
		err = X509_REQ_sign(request, key, hash) > 0 ? request_pem(request, out) : HN_EFORMAT;
	}
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}

int pki_matches(const char *certificate_pem, const char *key_pem)
{
	X509 *x = pki_pem_read(certificate_pem, strlen(certificate_pem));
	EVP_PKEY *key = pki_secret_read(key_pem);
	int err = x == NULL || key == NULL ? HN_EFORMAT : HN_OK;
	if (err == HN_OK && EVP_PKEY_eq(X509_get0_pubkey(x), key) != 1)
		err = HN_EAUTH;
	EVP_PKEY_free(key);
	X509_free(x);
	ERR_clear_error();
	return err;
}
