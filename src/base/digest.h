/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_DIGEST_H
#define HINOMI_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SHA256_SIZE     32
#define SHA256_HEX_SIZE 65 /* with its NUL */

/** SHA-256 (FIPS 180-4) in one go. */
void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);

/** SHA-256 over two or three pieces; a piece may be NULL with length 0. */
void sha256_parts(const void *a, size_t a_len, const void *b, size_t b_len, const void *c, size_t c_len,
		  uint8_t out[SHA256_SIZE]);

/** A running SHA-256; on the heap because the library keeps its state there. */
struct sha256;

/** @return NULL when there is no memory. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
/** The digest; the state starts anew. */
void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE]);

#define MD5_SIZE 16

/** MD5 (RFC 1321), only where a format of others demands it as a name. @return HN_EUNSUPPORTED: this
 * machine's OpenSSL does not do it */
HN_MUST_USE int md5(const void *data, size_t len, uint8_t out[MD5_SIZE]);

/** SHA-1 (FIPS 180-4), only for UUIDs of version 5 (RFC 9562, 5.5). */
void sha1(const void *data, size_t len, uint8_t out[20]);

#endif
