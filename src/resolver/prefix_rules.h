/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_PREFIX_RULES_H
#define HINOMI_RESOLVER_PREFIX_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * Prefixes with a number each, 24 bytes a prefix: sorted, each knowing the next wider one that covers it. A
 * question is one binary search. For what RPZ files say of addresses; all zero is an empty table.
 */

struct prefix_rule {
	uint8_t addr[16];
	uint32_t rule;
	uint32_t parent : 24; /* place plus one of the prefix around it; before the end its line */
	uint32_t len : 8;
};

struct prefix_family {
	struct prefix_rule *rules;
	uint32_t count, cap;
};

struct prefix_rules {
	struct prefix_family v4, v6;
};

#define PREFIX_RULES_MAX ((1u << 24) - 2) /* of a family */

struct prefix_rules_hit {
	uint32_t rule;
	uint32_t slot; /* for prefix_rules_key() */
	uint8_t len;
};

/** Gives the memory back; the table is empty then. */
void prefix_rules_clear(struct prefix_rules *t);

/** Before prefix_rules_finish(). line: for the conflict; greater ones are told as the greatest. @return
 * HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int prefix_rules_add(struct prefix_rules *t, const struct ip_prefix *prefix, uint32_t rule,
				 uint32_t line);

/**
 * Sorts, once, after the last addition. What was given twice with one number stays once.
 *
 * @param line_out  of a prefix that was given with another number before
 * @return HN_EEXIST
 */
HN_MUST_USE int prefix_rules_finish(struct prefix_rules *t, uint32_t *line_out);

/** How many, of both families; and bytes of memory. */
uint64_t prefix_rules_count(const struct prefix_rules *t);
uint64_t prefix_rules_bytes(const struct prefix_rules *t);

/** The longest prefix that covers the address. Any number of threads. */
bool prefix_rules_find(const struct prefix_rules *t, const struct ip *address, struct prefix_rules_hit *out);
/** Whether the prefix or a wider one around it is there. */
bool prefix_rules_covers(const struct prefix_rules *t, const struct ip_prefix *prefix);
/** slot: of a hit for an address of that version. */
void prefix_rules_key(const struct prefix_rules *t, uint8_t version, uint32_t slot, struct ip_prefix *out);
/** Calls back for each until the callback returns something else than HN_OK, and returns that. */
HN_MUST_USE int prefix_rules_each(const struct prefix_rules *t,
				  int (*each)(void *context, const struct ip_prefix *prefix, uint32_t rule),
				  void *context);

#endif
