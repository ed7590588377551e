/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_PAGES_H
#define HINOMI_RESOLVER_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Memory of the policy straight from the system: it grows without being copied, and all of it goes back when
 * a policy is replaced. What is large lies in huge pages where the system has them, since random questions
 * to small ones spend more on page tables than on the data.
 */
struct pages {
	uint8_t *data;   /* zeroed where never written */
	size_t used;     /* bytes, the holder's count */
	size_t grown;    /* bytes that may be written */
	size_t reserved; /* bytes of address space */
};

/** Takes address space for at most max bytes and no memory. 0 is allowed. @return HN_ENOMEM */
HN_MUST_USE int pages_reserve(struct pages *p, size_t max);
/** Makes extra bytes behind `used` writable. @return HN_ELIMIT beyond what was reserved; HN_ENOMEM */
HN_MUST_USE int pages_grow(struct pages *p, size_t extra);
/** Gives back what lies behind `used`. */
void pages_trim(struct pages *p);
void pages_clear(struct pages *p);

/** Zeroed bytes of a size that stays: from the heap when few, else pages. NULL: no memory. */
void *pages_map(size_t size);
/** Of the same size; NULL is allowed. */
void pages_unmap(void *data, size_t size);

#endif
