/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RATE_LIMIT_H
#define HINOMI_RESOLVER_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * How often each client prefix (/24, /56) may do something: one burst of a second's worth, then evenly. A
 * table of fixed size that all threads share without a lock; when it is full of busy prefixes the least busy
 * of a place loses its count, so a flood from everywhere costs no memory.
 */
struct rate_limit;

/** An empty table: everybody has a whole burst. @return HN_ENOMEM */
HN_MUST_USE int rate_limit_new(struct rate_limit **out);
/** NULL is allowed. */
void rate_limit_free(struct rate_limit *r);

/** Takes one if there is one. per_second 0: always true. now_us from any clock that only rises. */
bool rate_limit_take(struct rate_limit *r, const struct ip *client, uint32_t per_second, int64_t now_us);

#endif
