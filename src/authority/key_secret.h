/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_KEY_SECRET_H
#define HINOMI_AUTHORITY_KEY_SECRET_H

#include <stdint.h>

#include "authority/key.h"

/* Inside of a key: for key.c and key_file.c alone. */

#define KEY_SECRET_SIZE 64 /* Ed25519 seed (RFC 8032), then X25519 scalar (RFC 7748) */

struct key {
	uint8_t secret[KEY_SECRET_SIZE];
	uint8_t sign[64]; /* libsodium's form: seed, public key */
	struct key_public public;
};

/** A key of given or (NULL) random secrets. @return HN_EFORMAT for the name, HN_ENOMEM */
HN_MUST_USE int key_new(const char *name, const uint8_t secret[KEY_SECRET_SIZE], struct key **out);

#endif
