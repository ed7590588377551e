/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_JWS_H
#define HINOMI_AUTHORITY_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "authority/refusal.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * JWS in the general JSON serialization (RFC 7515, 7.2.1), signed with `alg` "Ed25519" (RFC 9864)
 * and nothing else. The file is {"payload", "signatures": [{"protected", "signature"}]}; a protected
 * header holds exactly `alg` and `kid`. A draft that nobody has signed has no signatures.
 * Reading is strict, so that one document has one meaning: base64url is canonical, names do not
 * repeat, unknown members and headers (`crit` too) are refused.
 */

#define JWS_SIZE_MAX       ((size_t)8 << 20) /* bytes of the file */
#define JWS_SIGNATURES_MAX 64

struct jws_signature {
	char kid[KEY_ID_SIZE];
	uint8_t signature[KEY_SIGNATURE_SIZE];
	char protected_text[192]; /* base64url as it was signed */
};

struct jws {
	uint8_t *payload; /* decoded */
	size_t payload_len;
	char *payload_text; /* base64url as it was signed; NUL-terminated */
	struct jws_signature *signatures;
	size_t count;
};

/** A draft over the payload, which is copied. @return HN_ENOMEM, HN_ELIMIT */
HN_MUST_USE int jws_draft(const void *payload, size_t len, struct jws *out);

/** @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM, HN_EUNSUPPORTED (another `alg`) */
HN_MUST_USE int jws_parse(const char *text, size_t len, struct jws *out, struct fault *fault);

/** Frees what it holds; an all-zero one is allowed. */
void jws_clear(struct jws *j);

/** Adds the key's signature. @return HN_EEXIST when this key has signed already; HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int jws_sign(struct jws *j, const struct key *k);

/** Appends the file. */
void jws_add(const struct jws *j, struct buf *out);

/** SHA-256 of the payload: the document's digest, the same however many have signed. */
void jws_digest(const struct jws *j, uint8_t out[32]);

/**
 * Whether at least `threshold` of the keys have signed, each once. Every signature in the file must
 * hold: one that is wrong, repeated or by an unknown key refuses, however many others are right.
 *
 * @param detail  who, and have and need; may be NULL
 * @return REFUSAL_NONE, REFUSAL_KEY_UNKNOWN, REFUSAL_SIGNATURE_REPEATED, REFUSAL_SIGNATURE_WRONG,
 *         REFUSAL_SIGNATURES_TOO_FEW
 */
HN_MUST_USE enum refusal jws_check(const struct jws *j, const struct key_public *keys, size_t count,
				   unsigned threshold, struct refusal_detail *detail);

#endif
