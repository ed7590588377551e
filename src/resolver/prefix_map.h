/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_PREFIX_MAP_H
#define HINOMI_RESOLVER_PREFIX_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * From an address to the value of the longest prefix that holds it. Built once, then immutable and read by
 * any thread.
 *
 * The prefixes become bounds at which the value changes, in order; the answer is that of the last bound not
 * above the address. A radix index that adapts to where the bounds lie leads to a run of a few of them, so
 * that a look-up reads a handful of cache lines however many prefixes there are.
 */
#define PREFIX_NONE      UINT32_MAX
#define PREFIX_VALUE_MAX (UINT32_C(1) << 30) /* values lie below */

struct prefix_map;

struct prefix_value {
	struct ip_prefix prefix;
	uint32_t value;
};

/**
 * Builds a map of IPv4 and IPv6 prefixes.
 *
 * @param rows       sorted by this call
 * @param twice_out  on HN_EEXIST the two rows with the same prefix, in the order of their values
 *
 * @return HN_EEXIST, HN_ENOMEM
 */
HN_MUST_USE int prefix_map_new(struct prefix_value rows[], size_t count, struct prefix_map **out,
			       struct prefix_value twice_out[2]);

/** NULL is allowed. */
void prefix_map_free(struct prefix_map *map);

/** The value for an address, or PREFIX_NONE. IPv4 as a number, IPv6 as its two halves. */
uint32_t prefix_map_find4(const struct prefix_map *map, uint32_t address);
uint32_t prefix_map_find6(const struct prefix_map *map, uint64_t high, uint64_t low);

/** Bytes it takes. */
size_t prefix_map_size(const struct prefix_map *map);

#endif
