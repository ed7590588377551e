/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_LOCKED_H
#define HINOMI_BASE_LOCKED_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Zeroed memory for bytes of communications: each page is kept in RAM from its first use on, and out of core
 * dumps. When the system forbids locking (RLIMIT_MEMLOCK) the rest still holds and *locked_out is false.
 *
 * Locks do not pass to children: allocate in the process that uses it, and before a sandbox closes (mmap,
 * madvise, mlock2).
 *
 * @return NULL when there is no memory
 */
void *locked_alloc(size_t size, bool *locked_out);

/** Gives back; size is that of locked_alloc(). The caller has wiped what it used. NULL is allowed. */
void locked_free(void *memory, size_t size);

/** Wipes in a way that the compiler does not leave out. */
void locked_wipe(void *memory, size_t size);

#endif
