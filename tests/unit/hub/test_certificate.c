/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "../check.h"
#include "base/buf.h"
#include "base/digest.h"

#define NOW_S  1767225600 /* 2026-01-01 */
#define NOW_US (INT64_C(1767225600) * 1000000)
#define DAY_S  86400

static void pem_of(X509 *x, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	long len = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)len);
	BIO_free(bio);
}

/* A certificate that holds from one day to another, counted from now, as PEM; and its fingerprint. */
static void make(int from, int until, struct buf *out, uint8_t digest[SHA256_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = X509_new();
	unsigned char *der = NULL;
	assert_non_null(key);
	assert_non_null(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW_S + (time_t)from * DAY_S);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW_S + (time_t)until * DAY_S);
	X509_NAME *name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"client", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, NULL) > 0);
	pem_of(x, out);
	int size = i2d_X509(x, &der);
	assert_true(size > 0);
	sha256(der, (size_t)size, digest);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* As nginx does: what is not plain stands behind percent signs. */
static void add_escaped(struct buf *out, const struct buf *pem)
{
	for (size_t i = 0; i < pem->len; i++) {
		unsigned char c = (unsigned char)pem->data[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static int ask(const struct buf *text, uint8_t out[SHA256_SIZE])
{
	uint8_t *copy = exact_copy(text->data, text->len);
	int err = certificate_fingerprint((const char *)copy, text->len, NOW_US, out);
	free(copy);
	return err;
}

static void a_certificate_has_its_fingerprint_while_it_holds(void **state)
{
	(void)state;
	static const struct {
		int from, until, err;
	} rows[] = {{-1, 1, HN_OK}, {-300, 300, HN_OK}, {1, 2, HN_EAUTH}, {-2, -1, HN_EAUTH}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf pem, text;
		uint8_t digest[SHA256_SIZE], got[SHA256_SIZE] = {0}, none[SHA256_SIZE] = {0};
		buf_init(&pem, 1 << 16);
		buf_init(&text, 1 << 16);
		make(rows[i].from, rows[i].until, &pem, digest);
		add_escaped(&text, &pem);
		assert_int_equal(ask(&text, got), rows[i].err);
		assert_memory_equal(got, rows[i].err == HN_OK ? digest : none, SHA256_SIZE);
		/* Unescaped it says the same: there is no percent sign in PEM. */
		memset(got, 0, sizeof(got));
		assert_int_equal(ask(&pem, got), rows[i].err);
		buf_clear(&pem);
		buf_clear(&text);
	}
}

static void what_is_not_one_certificate_alone_is_refused(void **state)
{
	(void)state;
	struct buf pem, text;
	uint8_t digest[SHA256_SIZE], got[SHA256_SIZE];
	buf_init(&pem, 1 << 16);
	make(-1, 1, &pem, digest);
	static const struct {
		const char *before, *behind;
		int err;
	} rows[] = {
		{"", "", HN_OK},
		{"", "\n \r\n", HN_OK},
		{" ", "", HN_EFORMAT},
		{"x\n", "", HN_EFORMAT},
		{"", "x", HN_EFORMAT},
		{"", "%", HN_EFORMAT},
		{"", "%4", HN_EFORMAT},
		{"", "%zz", HN_EFORMAT},
		{"%00", "", HN_EFORMAT},
		{"", "%00", HN_EFORMAT},
		{"", "-----BEGIN CERTIFICATE-----\n", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_init(&text, 1 << 16);
		buf_addf(&text, "%s%.*s%s", rows[i].before, (int)pem.len, pem.data, rows[i].behind);
		if (ask(&text, got) != rows[i].err)
			fail_msg("row %zu", i);
		buf_clear(&text);
	}
	/* Two, and a text that is too long. */
	buf_init(&text, 1 << 20);
	buf_add(&text, pem.data, pem.len);
	buf_add(&text, pem.data, pem.len);
	assert_int_equal(ask(&text, got), HN_EFORMAT);
	while (text.len < 40000)
		buf_addc(&text, '\n');
	assert_int_equal(ask(&text, got), HN_ELIMIT);
	buf_clear(&text);
	/* No prefix is one; the last byte is the line's end. */
	for (size_t len = 0; len + 1 < pem.len; len++) {
		const struct buf prefix = {.data = pem.data, .len = len};
		if (ask(&prefix, got) == HN_OK)
			fail_msg("%zu bytes of %zu", len, pem.len);
	}
	buf_clear(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_has_its_fingerprint_while_it_holds),
		cmocka_unit_test(what_is_not_one_certificate_alone_is_refused),
	};
	return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
