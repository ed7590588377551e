/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_SEAL_H
#define HINOMI_AUTHORITY_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/uuid.h"

/*
 * The sealed address of a de-identified record: base64 of
 *
 *     epk (32) || crypto_box_easy(version (1) || address (16, zero-filled), nonce, pk, esk)
 *
 * pk is the re-identification key (X25519), esk and epk a key pair drawn for a run. The nonce is
 * BLAKE2b-192(epk || pk || uid (16) || end (1)): it is not written, for who opens the seal knows all of it.
 * So no two seals have one nonce under one key (a uid is given once in a run, and each run has a key of its
 * own), and a seal opens in its record and at its end of it only, with no bit changed. The length tells
 * nothing.
 *
 * It is crypto_box_seal() but for two things: the key pair serves a run, so that a seal costs no scalar
 * multiplication, and the nonce covers the record.
 */

#define SEAL_TEXT_SIZE 89 /* 88 characters and NUL */

/** Which endpoint of a record. */
enum seal_end { SEAL_SRC, SEAL_DST };

/** What seals a run's addresses: the shared key, in sodium_malloc(). The ephemeral secret is gone already. */
struct sealer;

/**
 * Draws the key pair of a run. Threads may share it, for sealing changes nothing in it; processes may not: a
 * copy that fork() took would be a second run under the same key.
 *
 * @param x25519  struct trust's reidentification
 * @return HN_EFORMAT for a key that gives every sender the same shared key (low order); HN_ENOMEM
 */
HN_MUST_USE int sealer_new(const uint8_t x25519[32], struct sealer **out);

/** Wipes: from then on only the re-identification key opens what was sealed. NULL is allowed. */
void sealer_free(struct sealer *s);

/**
 * Seals an address. Call it once for a record and end: sealing two addresses for the same would tell their
 * difference to everybody.
 *
 * @param record  metadata.uid of the record
 */
void seal_address(const struct sealer *s, const struct uuid *record, enum seal_end end, const struct ip *ip,
		  char out[SEAL_TEXT_SIZE]);

/**
 * Opens it.
 *
 * @return HN_EFORMAT; HN_EAUTH when it was sealed to another key, changed, or belongs to another record or to
 *         its other end. On an error nothing is written.
 */
HN_MUST_USE int seal_open(const struct key *k, const char *text, size_t len, const struct uuid *record,
			  enum seal_end end, struct ip *out);

#endif
