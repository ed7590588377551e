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
 * The sealed address of a de-identified record: base64 of crypto_box_seal() to the
 * re-identification key over 33 bytes: the record's uid (16), the IP version (1), the address (16,
 * zero-filled). The uid binds it to its record; the fixed length tells nothing.
 */

#define SEAL_TEXT_SIZE 109 /* 108 characters and NUL */

/**
 * Seals an address for a record. Draws randomness (getrandom()).
 *
 * @param x25519  struct trust's reidentification
 * @param record  metadata.uid of the record
 */
void seal_address(const uint8_t x25519[32], const struct uuid *record, const struct ip *ip,
		  char out[SEAL_TEXT_SIZE]);

/**
 * Opens it.
 *
 * @return HN_EFORMAT; HN_EAUTH when it was sealed to another key, changed, or belongs to another record
 */
HN_MUST_USE int seal_open(const struct key *k, const char *text, size_t len, const struct uuid *record,
			  struct ip *out);

#endif
