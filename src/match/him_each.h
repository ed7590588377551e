/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_HIM_EACH_H
#define HINOMI_MATCH_HIM_EACH_H

#include "base/ip.h"
#include "match/him.h"

/** One entry of one file. */
struct him_entry {
	unsigned table;
	uint32_t entry;      /* HIM_ALLOW, HIM_TOMBSTONE, row plus one */
	const uint8_t *kept; /* the key as the table keeps it */
	size_t kept_len;
	struct entry_key key; /* as people know it; of the holdings nothing */
};

/**
 * Calls back for every entry of the file whose key is canonical, tombstones and holdings too, table by table
 * and slot by slot. The pointers hold during the call. Stops when the callback returns something else than
 * HN_OK and returns that.
 */
HN_MUST_USE int him_each(const struct him *h, int (*each)(void *context, const struct him_entry *entry),
			 void *context);

/** A place among the entries of a file; all zero: the beginning. */
struct him_place {
	uint32_t table, bucket;
};

/**
 * As him_each(), from a place on through as many buckets as *buckets says; both are moved on. A bucket holds
 * few entries (match/table.h).
 *
 * @return with *buckets above 0: the end has come
 */
HN_MUST_USE int him_each_from(const struct him *h, struct him_place *place, uint32_t *buckets,
			      int (*each)(void *context, const struct him_entry *entry), void *context);

/** What lies in slot i of a bucket: kept, kept_len and entry. @return false when it is empty or damaged */
bool him_slot(const struct him_table *t, const uint8_t *bucket, unsigned i, struct him_entry *out);

/**
 * The key as people know it of one as the table keeps it; scratch holds what does not stand in the file so.
 *
 * @return HN_ENOENT for one of a damaged file that is not canonical
 */
HN_MUST_USE int him_kept_key(unsigned table, const uint8_t *kept, size_t len, struct entry_key *out,
			     uint8_t scratch[32]);

/** The other way round: a canonical key as its table keeps it. A prefix of full length goes to the address's
 * table. */
struct him_kept {
	unsigned table;
	size_t len;
	const uint8_t *data; /* own, or the key's */
	uint8_t own[16];
};
void him_keep(const struct entry_key *key, struct him_kept *out);

/** The row of an entry; all absent when it has none. Text lives as long as the file's bytes. */
void him_meta(const struct him *h, uint32_t entry, struct entry_meta *out);

/**
 * The key at a slot (struct set_hit), as people know it; it points into the file or into scratch.
 *
 * @return HN_ENOENT when no entry is there
 */
HN_MUST_USE int him_key(const struct him *h, unsigned table, uint32_t slot, struct entry_key *out,
			uint8_t scratch[32]);

/** The prefix and the holder of an entry of the holdings. @return HN_EFORMAT for a damaged one */
HN_MUST_USE int him_holding(const struct him *h, const struct him_entry *entry, struct ip_prefix *prefix_out,
			    const char **holder_out);

#endif
