/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/certificate.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"

#define PEM_MAX (32u << 10)

static int undo_percent(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)text[i];
		if (text[i] == '%') {
			if (len - i < 3 || hex_decode(text + i + 1, 2, &byte, 1) != HN_OK)
				return HN_EFORMAT;
			i += 2;
		}
		buf_addc(out, (char)byte);
	}
	return buf_err(out);
}

static int check_dates(const X509 *certificate, int64_t now_us)
{
	time_t now = (time_t)(now_us / 1000000);
	/* 0: it cannot be read */
	int from = X509_cmp_time(X509_get0_notBefore(certificate), &now);
	int until = X509_cmp_time(X509_get0_notAfter(certificate), &now);
	if (from == 0 || until == 0)
		return HN_EFORMAT;
	return from < 0 && until > 0 ? HN_OK : HN_EAUTH;
}

/* The one certificate of a text: what stands before or behind it could be read in another way by somebody
 * else. */
static X509 *read_alone(const struct buf *pem)
{
	static const char begins[] = "-----BEGIN CERTIFICATE-----";
	if (pem->len < sizeof(begins) || memcmp(pem->data, begins, sizeof(begins) - 1) != 0)
		return NULL;
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	char rest;
	while (certificate != NULL && BIO_read(bio, &rest, 1) == 1) {
		if (rest == '\n' || rest == '\r' || rest == ' ')
			continue;
		X509_free(certificate);
		certificate = NULL;
	}
	BIO_free(bio);
	return certificate;
}

int certificate_fingerprint(const char *text, size_t len, int64_t now_us, uint8_t out[32])
{
	struct buf pem;
	X509 *certificate = NULL;
	unsigned char *der = NULL;
	buf_init(&pem, PEM_MAX);
	int err = undo_percent(text, len, &pem);
	if (err == HN_OK)
		certificate = read_alone(&pem);
	if (err == HN_OK && certificate == NULL)
		err = HN_EFORMAT;
	if (err == HN_OK)
		err = check_dates(certificate, now_us);
	if (err == HN_OK) {
		int size = i2d_X509(certificate, &der);
		if (size <= 0)
			err = HN_EFORMAT;
		else
			sha256(der, (size_t)size, out);
	}
	ERR_clear_error();
	OPENSSL_free(der);
	X509_free(certificate);
	buf_clear(&pem);
	return err;
}
