/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_PSEUDONYM_H
#define HINOMI_AUTHORITY_PSEUDONYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/key.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/uuid.h"

/*
 * Pseudonyms of domestic addresses: a 128-bit keyed PRF (BLAKE2b, RFC 7693) of the address, and
 * another of its /24 or /48. The secret is made when the authorisation is issued, sealed to each sensor,
 * lives in locked memory and dies with the authorisation: two authorisations cannot be joined.
 */

#define PSEUDONYM_TEXT_SIZE   33 /* 32 hex digits and NUL */
#define PSEUDONYM_SECRET_SIZE 32

struct pseudonym_secret;

/** A secret that is given or (NULL) random, in sodium_malloc(). @return HN_ENOMEM */
HN_MUST_USE int pseudonym_secret_new(const uint8_t bytes[PSEUDONYM_SECRET_SIZE],
				     struct pseudonym_secret **out);
void pseudonym_secret_free(struct pseudonym_secret *s);

/** Its bytes, for handing it to another process of the same program; the caller wipes them. */
void pseudonym_secret_bytes(const struct pseudonym_secret *s, uint8_t out[PSEUDONYM_SECRET_SIZE]);

/** Seals the secret to a sensor's X25519 key. */
void pseudonym_secret_seal(const struct pseudonym_secret *s, const uint8_t x25519[32],
			   uint8_t out[SEALED_SECRET_SIZE]);

/**
 * The secret for a sensor: the one that the authorisation sealed to it, else one that is drawn now and that
 * nobody else has (then pseudonyms of two sensors cannot be compared; say so in the receipt).
 *
 * @param drawn_out  whether it was drawn
 * @return HN_EAUTH when one was sealed for this sensor and identity cannot open it; HN_ENOENT when
 *         the authorisation does not name the sensor; HN_ENOMEM
 */
HN_MUST_USE int pseudonym_secret_open(const struct authorization *a, const struct uuid *sensor,
				      const struct key *identity, struct pseudonym_secret **out,
				      bool *drawn_out);

/** Of the address. Allocates nothing, makes no system call. */
void pseudonym_address(const struct pseudonym_secret *s, const struct ip *ip, char out[PSEUDONYM_TEXT_SIZE]);

/** Of its /24 or /48. */
void pseudonym_prefix(const struct pseudonym_secret *s, const struct ip *ip, char out[PSEUDONYM_TEXT_SIZE]);

#endif
