/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_REFUSAL_H
#define HINOMI_AUTHORITY_REFUSAL_H

/**
 * Why something is not authorised: exactly one reason, the first that a check in the order of
 * this list finds. The names (refusal_name) stand in ledgers and receipts and never change.
 */
enum refusal {
	REFUSAL_NONE,
	REFUSAL_NO_AUTHORIZATION,   /* none was given, or the file is not there */
	REFUSAL_TRUST_UNKNOWN,      /* no trust file, a broken one, or another than the authorisation names */
	REFUSAL_MALFORMED,          /* not a JWS, or not an authorisation */
	REFUSAL_KEY_UNKNOWN,        /* a signature by a key that the trust file does not name */
	REFUSAL_SIGNATURE_REPEATED, /* one key signed twice */
	REFUSAL_SIGNATURE_WRONG,    /* a signature that does not hold */
	REFUSAL_SIGNATURES_TOO_FEW, /* fewer than the threshold */
	REFUSAL_LIMITS,             /* signed, but beyond the law's or the trust file's limits */
	REFUSAL_CLOCK_BEHIND,       /* the clock shows less than the newest time seen signed */
	REFUSAL_REVOCATIONS_BAD,    /* a revocation list that does not verify, or none where one is due */
	REFUSAL_REVOCATIONS_STALE,  /* its next_update has passed */
	REFUSAL_REVOKED,
	REFUSAL_NOT_YET_VALID,
	REFUSAL_NO_LONGER_VALID,
	REFUSAL_OUTSIDE_RETENTION, /* a recording whose retention has ended */
	REFUSAL_SENSOR_OTHER,      /* the authorisation names other sensors */
	REFUSAL_DOMESTIC_EMPTY,
	REFUSAL_DOMESTIC_OTHER, /* not the table that the trust file names */
	REFUSAL_SET_NOT_COVERED,
	REFUSAL_SET_OUT_OF_BOUNDS,
	REFUSAL_COUNT,
};

/** What a refusal is about, for people; the text is in the user's language. May be empty. */
struct refusal_detail {
	char text[512];
};

/** "signatures-too-few" and kin. "none" for REFUSAL_NONE; never NULL. */
const char *refusal_name(enum refusal r);

/** One sentence without a full stop in the user's language. Never NULL. */
const char *refusal_text(enum refusal r);

/** Fills a detail (nothing happens for NULL) and hands back r. */
enum refusal refusal_set(struct refusal_detail *detail, enum refusal r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
