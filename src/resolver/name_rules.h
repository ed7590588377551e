/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_NAME_RULES_H
#define HINOMI_RESOLVER_NAME_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "match/fetches.h"
#include "match/suffixes.h"

/*
 * Names with a number each: what an RPZ file says of a name and of the names below it. One entry holds both,
 * so that the usual pair "name" and "*.name" costs what one name costs: some 36 bytes at 20 bytes a name.
 * While it is filled it takes hardly more than afterwards, since it grows in many small tables. Names are in
 * wire form, lower case, without the root's byte.
 */

struct name_rules;

#define NAME_RULES_RULE_MAX ((1u << 26) - 2) /* the greatest number that a name may have */

struct name_rules_hit {
	uint32_t rule;
	uint32_t slot; /* for name_rules_key() */
	bool below;    /* the entry is "*.name" */
	uint8_t labels_left, bytes_left;
};

HN_MUST_USE int name_rules_new(struct name_rules **out);
/** NULL is allowed. */
void name_rules_free(struct name_rules *t);

/**
 * Gives a name its number; before name_rules_finish().
 *
 * @param len       0 only with below: every name
 * @param below     for all names below it, not for itself
 * @param rule_io   the number, at most NAME_RULES_RULE_MAX; on HN_EEXIST the other one that it has already
 * @param replace   takes the place of another number
 *
 * @return HN_EEXIST when it has another number and replace is false; HN_EFORMAT for a malformed name;
 * HN_ELIMIT (4 GB of names, or names made to collide); HN_ENOMEM
 */
HN_MUST_USE int name_rules_add(struct name_rules *t, const uint8_t *name, size_t len, bool below,
			       uint32_t *rule_io, bool replace);

/** Makes the table that is asked. Once, after the last addition. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int name_rules_finish(struct name_rules *t);

/** Entries; a name and what lies below it count as two. */
uint64_t name_rules_count(const struct name_rules *t);
/** Bytes of memory. */
uint64_t name_rules_bytes(const struct name_rules *t);

/*
 * After name_rules_finish(); any number of threads.
 */

/** The most specific entry: the name itself, then "*." of its longest suffix. */
bool name_rules_find(const struct name_rules *t, const uint8_t *name, size_t len, struct name_rules_hit *out);
/** The entry that stands for exactly this. */
bool name_rules_find_entry(const struct name_rules *t, const uint8_t *name, size_t len, bool below,
			   struct name_rules_hit *out);
/** The same of a name taken apart; and before, for a whole batch, its buckets and then their records are
 * listed for fetches_go(). */
bool name_rules_find_suffixes(const struct name_rules *t, struct suffixes *n, struct name_rules_hit *out);
void name_rules_prefetch(const struct name_rules *t, struct suffixes *n, struct fetches *f);
void name_rules_prefetch_records(const struct name_rules *t, struct suffixes *n, struct fetches *f);
/** The name of an entry, without "*.". Lives as long as the table. */
void name_rules_key(const struct name_rules *t, uint32_t slot, const uint8_t **name_out, size_t *len_out);
/** Calls back for each entry until the callback returns something else than HN_OK, and returns that. */
HN_MUST_USE int name_rules_each(const struct name_rules *t,
				int (*each)(void *context, const uint8_t *name, size_t len, bool below,
					    uint32_t rule),
				void *context);

#endif
