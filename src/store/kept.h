/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_KEPT_H
#define HINOMI_STORE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * Answers that are kept so that a request sent twice is done once: under the account that asked and the key
 * that it gave, in the transaction of the change.
 */
#define KEPT_KEY_MAX  128                            /* bytes */
#define KEPT_BODY_MAX (256u << 10)                   /* bytes of an answer */
#define KEPT_US       (INT64_C(24) * 3600 * 1000000) /* for so long */

struct kept {
	uint8_t digest[SHA256_SIZE]; /* of the request: another one under the same key is refused */
	unsigned status;
	char media[64];
	char etag[80];
	struct buf fields, body; /* the caller's */
};

/** Finds what was answered. @return HN_ENOENT: nothing, or it is too old; HN_EEXIST: the digest is another */
HN_MUST_USE int kept_find(struct writing *w, const struct uuid *account, const char *key, size_t key_len,
			  struct kept *kept);

/** Keeps an answer; forgets some that are too old. @return HN_ELIMIT: it is too large */
HN_MUST_USE int kept_put(struct writing *w, const struct uuid *account, const char *key, size_t key_len,
			 const struct kept *kept);

#endif
