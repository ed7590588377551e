/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_REVOCATIONS_H
#define HINOMI_AUTHORITY_REVOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/refusal.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * The list of revoked authorisations: a JWS that one commissioner alone may sign. It always holds
 * all that were revoked; its number rises by one with each list.
 */

#define REVOCATIONS_MAX 65536
#define REVOCATIONS_NEXT_UPDATE_NS                                                                           \
	(24 * 3600 * INT64_C(1000000000)) /* after issued, unless said otherwise                             \
					   */

struct revocations {
	uint64_t number; /* from 1 */
	int64_t issued_ns;
	int64_t next_update_ns;
	struct uuid *ids; /* sorted, no two alike */
	size_t count;
	uint8_t digest[SHA256_SIZE]; /* of the payload */
};

/**
 * Reads a list and verifies it: one signature or more, each by a key of the trust file.
 *
 * @return REFUSAL_NONE, or REFUSAL_REVOCATIONS_BAD with the reason in detail; then out is untouched
 */
HN_MUST_USE enum refusal revocations_parse(const char *text, size_t len, const struct trust *trust,
					   struct revocations *out, struct refusal_detail *detail);

/** Reads the file. */
HN_MUST_USE enum refusal revocations_read(const char *path, const struct trust *trust,
					  struct revocations *out, struct refusal_detail *detail);
void revocations_clear(struct revocations *r);

/** Whether the list revokes the authorisation. */
bool revocations_has(const struct revocations *r, const struct uuid *id);

/**
 * Whether `next` may replace `now`: a higher number, and everything revoked stays revoked. The same number is
 * allowed for the same digest only.
 */
HN_MUST_USE enum refusal revocations_follows(const struct revocations *now, const struct revocations *next,
					     struct refusal_detail *detail);

/** Appends the payload. @return what buf_err() says, HN_ENOMEM */
HN_MUST_USE int revocations_payload(const struct revocations *r, struct buf *out);

#endif
