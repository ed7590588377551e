/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_SIGNATURES_H
#define HINOMI_WITNESS_SIGNATURES_H

#include <stddef.h>

#include "authority/jws.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/state.h"

/* Signatures of an application that come from several machines, joined under the trust file in force here. */

/** In a transaction, as all of these: whether every signature is one right one of a known key. @return
 * HN_EAUTH
 */
HN_MUST_USE int signatures_check(struct state *s, const struct jws *j, struct fault *fault);

/** How many hold, and how many are needed; without a trust file 0 of 0. */
HN_MUST_USE int signatures_count(struct state *s, const struct jws *j, size_t *holding_out,
				 unsigned *threshold_out);

/** When the joined document shall be handed to the hub. */
enum signatures_push { PUSH_ALWAYS, PUSH_LACKING, PUSH_NEVER };

/**
 * Adds to the application what of j's signatures holds and is not there yet. With enough of them it is
 * signed.
 *
 * @param j     over the same payload
 * @param push  PUSH_LACKING: j is what the hub has; where it lacks a signature it shall be handed all
 */
HN_MUST_USE int signatures_merge(struct state *s, const char *id, const struct jws *j,
				 enum signatures_push push);

#endif
