/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CLIENT_PSEUDONYM_H
#define HINOMI_RESOLVER_CLIENT_PSEUDONYM_H

#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * Clients by pseudonym: 128 bits of a keyed hash (BLAKE2b) of the address, and of its /24 or /48. The key is
 * random, of one UTC day, lives in locked memory and is never written or sent: whoever holds an event of
 * another day, or of another process, cannot tell whether it is the same client.
 */
#define CLIENT_PSEUDONYM_SIZE 33 /* hex, with its NUL */

struct client_pseudonyms;

/** @return HN_ENOMEM */
HN_MUST_USE int client_pseudonyms_new(struct client_pseudonyms **out);
/** Wipes the key. NULL is allowed. */
void client_pseudonyms_free(struct client_pseudonyms *p);

/** Draws another key when the day is another one. One thread asks. */
void client_pseudonyms_turn(struct client_pseudonyms *p, int64_t utc_ns);
/** Under the key of the last turn. */
void client_pseudonym(const struct client_pseudonyms *p, const struct ip *client,
		      char out[CLIENT_PSEUDONYM_SIZE]);
void client_prefix_pseudonym(const struct client_pseudonyms *p, const struct ip *client,
			     char out[CLIENT_PSEUDONYM_SIZE]);

#endif
