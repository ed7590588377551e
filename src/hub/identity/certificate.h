/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_IDENTITY_CERTIFICATE_H
#define HINOMI_HUB_IDENTITY_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * The fingerprint (SHA-256 of the DER) of a certificate as proxies hand it on: PEM, percent-encoded.
 *
 * @param now_us  it must hold now
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; HN_EAUTH: it does not hold yet, or no more
 */
HN_MUST_USE int certificate_fingerprint(const char *text, size_t len, int64_t now_us, uint8_t out[32]);

#endif
