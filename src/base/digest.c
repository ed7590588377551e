/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/digest.h"

#include <assert.h>
#include <openssl/evp.h>
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

/* One context a thread, because making one costs an allocation; it lives as long as the thread. */
static EVP_MD_CTX *thread_ctx(void)
{
	static __thread EVP_MD_CTX *ctx;
	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	assert(ctx != NULL);
	return ctx;
}

void sha256_parts(const void *a, size_t a_len, const void *b, size_t b_len, const void *c, size_t c_len,
		  uint8_t out[SHA256_SIZE])
{
	EVP_MD_CTX *ctx = thread_ctx();
	int ok = EVP_DigestInit_ex2(ctx, md_sha256(), NULL) && EVP_DigestUpdate(ctx, a, a_len) &&
		 EVP_DigestUpdate(ctx, b, b_len) && EVP_DigestUpdate(ctx, c, c_len) &&
		 EVP_DigestFinal_ex(ctx, out, NULL);
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

void sha1(const void *data, size_t len, uint8_t out[20])
{
	int ok = EVP_Digest(data, len, out, NULL, EVP_sha1(), NULL);
	assert(ok);
	(void)ok;
}
