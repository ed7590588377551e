/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_TOTP_H
#define HINOMI_HUB_IDENTITY_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Time-based one-time passwords (RFC 6238) as every authenticator has them: SHA-1, 30 seconds, 6 digits. */

#define TOTP_STEP_S 30

/** The code of a step (the time divided by 30 s), 0..999999. */
uint32_t totp_code(const uint8_t *secret, size_t len, int64_t step);

/**
 * Checks a code against the step now, the one before and the one after. Takes as long for a wrong one.
 *
 * @param code      six digits
 * @param step_out  the step whose code it is: with the store it is good once
 * @return HN_EAUTH
 */
HN_MUST_USE int totp_check(const uint8_t *secret, size_t len, const char *code, int64_t now_us,
			   int64_t *step_out);

/** Appends base32 without padding (RFC 4648, 6), as authenticators want it. */
void totp_base32(struct buf *out, const uint8_t *data, size_t len);

#endif
