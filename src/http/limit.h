/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_LIMIT_H
#define HINOMI_HTTP_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * How often somebody may ask, and how many connections an address or a name may hold. Tables of fixed size
 * that all threads share, so that a flood from everywhere costs no memory.
 */

/** Token buckets: a burst at once, then evenly. */
struct limit;

/** An empty table. @return HN_ENOMEM */
HN_MUST_USE int limit_new(struct limit **out);
/** NULL is allowed. */
void limit_free(struct limit *l);

/**
 * Takes one if there is one.
 *
 * @param key         whose; an unguessable hash where it comes from outside (limit_key_of())
 * @param per_second  0: no limit
 * @param burst       how many at once, at least 1
 * @param now_us      from any clock that only rises
 * @return 0, or after how many microseconds there will be one
 */
int64_t limit_take(struct limit *l, uint64_t key, uint32_t per_second, uint32_t burst, int64_t now_us);

/** The key of an address: an IPv6 one with its /64. */
uint64_t limit_key_of(const struct limit *l, const struct ip *address);

/** Connections an address holds. */
struct holders;

/** @param max  connections in all, for the table's size. @return HN_ENOMEM */
HN_MUST_USE int holders_new(uint32_t max, struct holders **out);
/** NULL is allowed. */
void holders_free(struct holders *h);
/** Counts one more. @return false: the address holds so many already, or the table is full */
bool holders_add(struct holders *h, const struct ip *address, uint32_t most);
void holders_remove(struct holders *h, const struct ip *address);

/** Whoever has a name holds connections too: what stands for it among addresses. */
struct ip holders_named(const char *name);

#endif
