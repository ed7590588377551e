/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_UTC_H
#define HINOMI_BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define UTC_SIZE   28 /* "2026-11-21T13:48:49.000000Z" and NUL */
#define NS_SECOND  INT64_C(1000000000)
#define UTC_MAX_NS (INT64_C(9214646400) * NS_SECOND - 1) /* the last of 2261 */

/** Times are nanoseconds since 1970-01-01T00:00:00Z without leap seconds, from 1970 to 2261. */
int64_t utc_now_ns(void);

/** RFC 3339 with microseconds and Z. Times outside 1970..2261 are written as the nearest of them. */
void utc_format(int64_t time_ns, char out[UTC_SIZE]);

/** RFC 3339, any fraction to nanoseconds, Z or an offset. @return HN_EFORMAT, or HN_ELIMIT outside
 * 1970..2261. */
HN_MUST_USE int utc_parse(const char *text, size_t len, int64_t *time_ns_out);

/** An ISO 8601 duration of weeks, days, hours, minutes, seconds ("P30D", "PT12H"). @return HN_EFORMAT,
 * HN_ELIMIT. */
HN_MUST_USE int utc_duration_parse(const char *text, size_t len, int64_t *duration_ns_out);

#endif
