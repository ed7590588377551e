/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_UUID_H
#define HINOMI_BASE_UUID_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define UUID_TEXT_SIZE 37 /* with its NUL */

/** A UUID (RFC 9562) as its 16 bytes. */
struct uuid {
	uint8_t bytes[16];
};

/** Random (version 4). */
struct uuid uuid_v4(void);
/** Of a name within a namespace (version 5): the same input gives the same UUID. */
struct uuid uuid_v5(const struct uuid *space, const void *name, size_t len);
/** Ordered by time (version 7). time_ns as in base/utc.h. */
struct uuid uuid_v7(int64_t time_ns);

void uuid_format(const struct uuid *u, char out[UUID_TEXT_SIZE]);
/** The 36-character form, either case. @return HN_EFORMAT. */
HN_MUST_USE int uuid_parse(const char *text, size_t len, struct uuid *out);

/** Order of two struct uuid by their bytes, as qsort() and bsearch() ask for it: below, equal to or above 0.
 */
int uuid_compare(const void *a, const void *b);

#endif
