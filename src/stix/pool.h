/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_POOL_H
#define HINOMI_STIX_POOL_H

#include <stddef.h>

#include "base/err.h"

/* Bytes that stay where they are until all are given up at once; the memory is then used again. */
struct pool_block;

struct pool {
	struct pool_block *first, *current;
};

/** @return NULL: no memory. Zero bytes give a place too. */
void *pool_take(struct pool *p, size_t len);

/** A copy. @return NULL: no memory */
void *pool_copy(struct pool *p, const void *data, size_t len);

/** Gives up what was taken; blocks over 1 MiB go back to the system. */
void pool_reset(struct pool *p);

/** Gives the memory back. */
void pool_clear(struct pool *p);

#endif
