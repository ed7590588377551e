/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_TRUSTED_H
#define HINOMI_WITNESS_TRUSTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/revocations.h"
#include "authority/trust.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/state.h"

/*
 * Trust files and revocation lists that are known here. The first trust file comes from the commission
 * itself (witness.yaml); what the hub shows is taken only where signatures say that it follows.
 */

/** In a transaction, as all of these: a trust file of the commission's own. */
HN_MUST_USE int trusted_put_own(struct state *s, const char *text, size_t len, struct fault *fault);

/** One that the hub shows. @return HN_EAUTH: neither known nor a successor; HN_ENOENT: none is known here */
HN_MUST_USE int trusted_put_shown(struct state *s, const char *text, size_t len, struct fault *fault);

/** The newest. @return HN_ENOENT */
HN_MUST_USE int trusted_newest(struct state *s, struct trust *out);
/** By its digest. @return HN_ENOENT */
HN_MUST_USE int trusted_get(struct state *s, const uint8_t digest[SHA256_SIZE], struct trust *out);

/** A revocation list. One that is not signed, or does not follow, is refused. @param push  hand it to the
 * hub. @return HN_EAUTH */
HN_MUST_USE int revoked_put(struct state *s, const char *text, size_t len, bool push, struct fault *fault);

/** The newest. @param out  revocations_clear() it. @return HN_ENOENT */
HN_MUST_USE int revoked_newest(struct state *s, struct revocations *out);

#endif
