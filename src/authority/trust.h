/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_TRUST_H
#define HINOMI_AUTHORITY_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/jws.h"
#include "authority/key.h"
#include "authority/limits.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * TRUST.json: whose signatures count, how many, and within which limits. A JWS whose payload
 * holds what struct trust holds. Number 1 is trusted as it stands (whoever hands it over answers
 * for it: compare its digest); number n + 1 names the digest of n and is signed by n's threshold of n's keys.
 */

#define TRUST_KEYS_MAX 64

enum trust_mark {
	TRUST_MARK_NONE,
	TRUST_MARK_TEST, /* may widen the built-in limits; says so in every receipt */
	TRUST_MARK_DEMO, /* a recording may be replayed shifted to now */
};

struct trust {
	uint64_t number; /* from 1 */
	unsigned threshold;
	size_t key_count;
	struct key_public keys[TRUST_KEYS_MAX]; /* x25519 is zero: trust tells signing keys only */
	struct limits limits;
	char reidentification_id[KEY_ID_SIZE]; /* id of the key file whose X25519 half this is */
	uint8_t reidentification[32];          /* X25519: addresses are sealed to it */
	bool has_domestic;
	uint8_t domestic[SHA256_SIZE]; /* domestic_digest() of the lawful table */
	bool has_predecessor;
	uint8_t predecessor[SHA256_SIZE];
	enum trust_mark mark;
	int64_t issued_ns;
	uint8_t digest[SHA256_SIZE]; /* of this file's payload (jws_digest); stands in every receipt */
};

/** "", "test", "demo": as in receipts. */
const char *trust_mark_name(enum trust_mark m);

/** Reads the text of a TRUST.json. Does not look at signatures. @return HN_EFORMAT, HN_ELIMIT, HN_EAUTH
 * (limits), HN_ENOMEM */
HN_MUST_USE int trust_parse(const char *text, size_t len, struct trust *out, struct fault *fault);

/** Reads the file. @return as above, HN_ENOENT, HN_EIO */
HN_MUST_USE int trust_read(const char *path, struct trust *out, struct fault *fault);

/**
 * Whether next (as text) follows from one that is trusted: number one higher, its digest named,
 * its threshold of signatures.
 *
 * @return REFUSAL_NONE; a signature's refusal; REFUSAL_TRUST_UNKNOWN for another number or predecessor
 */
HN_MUST_USE enum refusal trust_follows(const struct trust *known, const char *next, size_t len,
				       struct refusal_detail *detail);

/** Appends the payload of a trust file (digest is not read). @return what buf_err() says, HN_ENOMEM */
HN_MUST_USE int trust_payload(const struct trust *t, struct buf *out);

/** The trust's key of that id, or NULL. */
const struct key_public *trust_key(const struct trust *t, const char *id);

#endif
