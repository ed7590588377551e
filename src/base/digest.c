/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The plain SHA-256 functions are marked as deprecated; see sha256_parts(). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

struct sha256 {
	EVP_MD_CTX *ctx;
};

/* Fetched once: looking an algorithm up costs more than hashing a short input (OpenSSL 3.0). */
static const EVP_MD *md_sha256(void)
{
	static const EVP_MD *md;
	const EVP_MD *have = __atomic_load_n(&md, __ATOMIC_ACQUIRE);
	if (have != NULL)
		return have;
	have = EVP_MD_fetch(NULL, "SHA256", NULL);
	assert(have != NULL);
	__atomic_store_n(&md, have, __ATOMIC_RELEASE);
	return have;
}

/*
 * By the library's plain functions: EVP of OpenSSL 3.0 frees and allocates the state at every start, and
 * short inputs are hashed where nothing may be allocated.
 */
void sha256_parts(const void *a, size_t a_len, const void *b, size_t b_len, const void *c, size_t c_len,
		  uint8_t out[SHA256_SIZE])
{
	SHA256_CTX ctx;
	int ok = SHA256_Init(&ctx) && SHA256_Update(&ctx, a, a_len) && SHA256_Update(&ctx, b, b_len) &&
		 SHA256_Update(&ctx, c, c_len) && SHA256_Final(out, &ctx);
	assert(ok);
	(void)ok;
}

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	sha256_parts(data, len, NULL, 0, NULL, 0, out);
}

struct sha256 *sha256_new(void)
{
	struct sha256 *s = malloc(sizeof(*s));
	if (s == NULL)
		return NULL;
	s->ctx = EVP_MD_CTX_new();
	if (s->ctx == NULL || !EVP_DigestInit_ex2(s->ctx, md_sha256(), NULL)) {
		sha256_free(s);
		return NULL;
	}
	return s;
}

void sha256_free(struct sha256 *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	int ok = EVP_DigestUpdate(s->ctx, data, len);
	assert(ok);
	(void)ok;
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
	int ok = EVP_DigestFinal_ex(s->ctx, out, NULL) && EVP_DigestInit_ex2(s->ctx, md_sha256(), NULL);
	assert(ok);
	(void)ok;
}

int md5(const void *data, size_t len, uint8_t out[MD5_SIZE])
{
	return EVP_Digest(data, len, out, NULL, EVP_md5(), NULL) ? HN_OK : HN_EUNSUPPORTED;
}

void sha1(const void *data, size_t len, uint8_t out[20])
{
	int ok = EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL);
	assert(ok);
	(void)ok;
}
