/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SKETCH_H
#define HINOMI_RESOLVER_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/siphash.h"

/*
 * How much is a registrable domain asked? The only memory of questions that were not blocked: for each UTC
 * day a count-min sketch (Cormode, Muthukrishnan, 2005) of keyed hashes, with conservative update. It holds
 * no client, no name and no time, and answers in orders of magnitude.
 *
 * What it says is never too low (but for questions counted as lost, and above 65,535). With N questions in a
 * day it is too high by more than e * N / 2^20, that is 2.6 for each million, with a probability of at most
 * e^-4 = 1.8%; conservative update makes it much less. 8 MiB a day.
 *
 * Counted in memory and written to "sketch-20261121" in the events' directory by sketch_flush(), so that a
 * restart loses what was counted since, at most; kept for SKETCH_DAYS. Each day has a key of its own, kept in
 * "sketch.key" (0600, sketch_keys.h) exactly as long: without it a file, or a copy of one that somebody kept,
 * says nothing about any name. A file whose day has no key is removed.
 */
#define SKETCH_DAYS  7
#define SKETCH_WIDTH (1u << 20)
#define SKETCH_DEPTH 4

enum sketch_level {
	SKETCH_NONE,
	SKETCH_FEW, /* under 10 */
	SKETCH_TENS,
	SKETCH_HUNDREDS,
	SKETCH_THOUSANDS, /* and more */
};

/** "none", "under 10", "tens", "hundreds", "thousands". */
const char *sketch_level_name(enum sketch_level level);
enum sketch_level sketch_level_of(uint32_t count);

struct sketch;

/** @param dir_fd  stays the caller's, open as long as the sketch. @return HN_ENOMEM */
HN_MUST_USE int sketch_new(int dir_fd, struct sketch **out);
/**
 * Reads the keys, or makes some. Before anything is counted; as the user who will write.
 *
 * @return HN_EIO (errno), HN_ENOSPC; HN_ETRUNC, HN_EFORMAT, HN_ELIMIT: not a file of keys
 */
HN_MUST_USE int sketch_open(struct sketch *s);
/** NULL is allowed. */
void sketch_free(struct sketch *s);

/** For sketch_site(); lives as long as the sketch and does not change. */
const uint8_t *sketch_key(const struct sketch *s);

/** @param name  a registrable domain in wire form, lower case */
static inline uint64_t sketch_site(const uint8_t key[SIPHASH_KEY], const uint8_t *name, size_t len)
{
	return siphash24(key, name, len);
}

/** The same of the registrable domain of any name. */
uint64_t sketch_site_of(const uint8_t key[SIPHASH_KEY], const uint8_t *name, size_t len);

/* ---- one thread writes ---- */

/**
 * Goes over to another day, taking up what its file holds, makes its key, and removes files and keys that are
 * too old. What the day before still had to write is written first.
 *
 * @return as sketch_flush(); it counts in any case
 */
HN_MUST_USE int sketch_turn(struct sketch *s, int64_t utc_ns);
void sketch_add(struct sketch *s, const uint64_t sites[], size_t count);
/** Writes what has changed, keys first. @return HN_ENOSPC, HN_EIO (errno): the rest is written by a later
 * call */
HN_MUST_USE int sketch_flush(struct sketch *s);

/* ---- any thread asks ---- */

/** At most how often a site was asked on a day (days since 1970). 0 where nothing is known. */
uint32_t sketch_count(struct sketch *s, int64_t day, uint64_t site);

#endif
