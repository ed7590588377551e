/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_BUILD_H
#define HINOMI_MATCH_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "match/entry.h"

/*
 * The compiler: entries in, the bytes of one `.him` file out. The bytes depend on the set of entries only,
 * not on their order nor on how often one was given. No memory per entry is asked of the system.
 */

struct him_build;

struct him_build_limits {
	uint64_t entries_max; /* entries and tombstones, duplicates counted; at most 2^29 - 2 */
	uint64_t bytes_max;   /* of memory for keys and text */
};

/** 500 million entries, 64 GB. */
extern const struct him_build_limits HIM_BUILD_DEFAULTS;

/**
 * @param set_id  1..127 bytes of UTF-8 without control characters, the same for base and overlays
 * @param limits  NULL: HIM_BUILD_DEFAULTS
 *
 * @return HN_EFORMAT (set_id), HN_ENOMEM
 */
HN_MUST_USE int him_build_new(const char *set_id, const struct him_build_limits *limits,
			      struct him_build **out);
void him_build_free(struct him_build *b);

/** Makes it an overlay of the base whose file states this digest (set_layer_digest()). Before the first
 * removal. */
void him_build_base(struct him_build *b, const uint8_t base_digest[32]);

/**
 * Adds an entry; key and meta are copied. A prefix of full length becomes its address. Of several with one
 * key one stays, whole: an allow entry before others, then the one valid longer, the one valid earlier, the
 * more confident, then the lesser object, act, marking, phase in bytewise order (none is least). A removal
 * beats them all.
 *
 * @return HN_EFORMAT when the key is not in canonical form (match/entry.h); HN_ELIMIT; HN_ENOMEM
 */
HN_MUST_USE int him_build_add(struct him_build *b, const struct entry_key *key,
			      const struct entry_meta *meta);

/** A tombstone: hides the key in older layers. @return HN_ESTATE when this is no overlay, and as above. */
HN_MUST_USE int him_build_remove(struct him_build *b, const struct entry_key *key);

/**
 * Says who holds a prefix; a longer one beats a shorter. Of two organisations for one prefix the bytewise
 * lesser stays.
 *
 * @param organisation  1..1023 bytes of UTF-8
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int him_build_holdings(struct him_build *b, const struct ip_prefix *prefix,
				   const char *organisation);

/** Leaves the metadata out of the file; the handles stay those of the full one, whose digest becomes
 * `origin`. */
void him_build_strip(struct him_build *b);

/**
 * Makes the file. Afterwards only him_build_write(), him_build_counts() and him_build_free() are allowed.
 *
 * @param data_out    the bytes; they live as long as b
 * @param digest_out  the SHA-256 that the file states for itself
 *
 * @return HN_ELIMIT (keys over 4 GB of one kind, or keys made to collide), HN_ENOMEM
 */
HN_MUST_USE int him_build_finish(struct him_build *b, const uint8_t **data_out, size_t *size_out,
				 uint8_t digest_out[32]);

/** Writes the finished file: whole or not at all, replacing another by rename. @return HN_ENOSPC, HN_EIO
 * (errno). */
HN_MUST_USE int him_build_write(struct him_build *b, const char *path);

/** What the finished file holds, by kind; duplicates and tombstones not counted. */
struct him_build_counts {
	uint64_t entries;
	uint64_t by_kind[ENTRY_KIND_COUNT];
	uint64_t tombstones;
	uint64_t allows;
	uint64_t duplicates; /* additions that fell together with another */
	uint64_t holdings;
};
void him_build_counts(const struct him_build *b, struct him_build_counts *out);

#endif
