/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_SECRET_H
#define HINOMI_HUB_EXCHANGE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "hub/hub.h"

/*
 * What sources sign in with is kept sealed by a key of the hub's own (keys/sources): a copy of the database
 * alone opens nothing.
 */
extern const struct hub_part SOURCE_SECRETS;

#define SOURCE_SECRET_MAX 32768 /* bytes of one */

/** Appends it sealed. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int source_secret_seal(const char *secret, size_t len, struct buf *out);

/** Opens it. @param out  locked memory of the size that it returns in *len_out, NUL-terminated; sodium_free()
 * it. @return HN_EFORMAT: sealed by another key, or changed */
HN_MUST_USE int source_secret_open(const uint8_t *sealed, size_t sealed_len, char **out, size_t *len_out);

#endif
