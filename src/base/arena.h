/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_ARENA_H
#define HINOMI_BASE_ARENA_H

#include <stddef.h>

/**
 * Memory of one piece of work (a request, a document): taken piece by piece, freed whole, never beyond a
 * limit. Belongs to one thread at a time.
 */
struct arena;

/** @param max  bytes that may be taken in all. @return NULL: no memory */
struct arena *arena_new(size_t max);

/** One of many that are kept: its memory is taken in blocks of this many bytes, not of several thousand. */
struct arena *arena_new_small(size_t max, size_t block);

/** NULL is allowed. */
void arena_free(struct arena *a);

/** Gives everything back but the first block, for the next piece of work. */
void arena_reset(struct arena *a);

/** Zeroed memory, aligned for any type; lives until the arena is reset or freed. @return NULL: over the
 * limit, or no memory */
void *arena_alloc(struct arena *a, size_t size);

/** A copy of len bytes with a NUL behind them. @return NULL as above */
char *arena_text(struct arena *a, const void *text, size_t len);

#endif
