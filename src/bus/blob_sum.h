/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_BLOB_SUM_H
#define HINOMI_BUS_BLOB_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Whether a blob is what its head names, while it comes in pieces. Documents are named by the SHA-256 of
 * their bytes; a set's file (docs/indicators.md) by the one that it states for itself, over all its bytes but
 * the 32 that state it, which is its version everywhere else too.
 */
struct blob_sum;

/** @return NULL: no memory */
struct blob_sum *blob_sum_new(void);
/** NULL is allowed. */
void blob_sum_free(struct blob_sum *s);

/** Begins anew. */
void blob_sum_reset(struct blob_sum *s);
void blob_sum_add(struct blob_sum *s, const void *data, size_t len);

/** Whether all that was added is what has this digest; begins anew. */
bool blob_sum_is(struct blob_sum *s, const uint8_t digest[32]);

#endif
