/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_SKETCH_KEYS_H
#define HINOMI_RESOLVER_SKETCH_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/siphash.h"

/*
 * The keys of the sketch. A question's registrable domain is hashed twice: by the serving thread under the
 * site key, which stays as long as the directory, and by the writer under the key of the day, which is made
 * with the day's sketch and erased with it. So whoever keeps a copy of an old sketch cannot test a name
 * against it once its day's key is gone, and nobody can tell whether cells of two days are of one name.
 *
 * "sketch.key": a line that says what it is, the site key, then for each day the day (days since 1970, 32
 * bits, big-endian) and its key, days rising.
 */
#define SKETCH_KEYS_MAX  16 /* days; more than are kept, for a clock that was set back */
#define SKETCH_KEYS_SIZE 512

struct sketch_keys {
	uint8_t site[SIPHASH_KEY];
	size_t count;
	struct sketch_day_key {
		int64_t day;
		uint8_t key[SIPHASH_KEY];
	} days[SKETCH_KEYS_MAX]; /* rising; zeros behind them */
};

/** @return HN_ETRUNC; HN_EFORMAT: another file, days that do not rise; HN_ELIMIT. *out is as it was then */
HN_MUST_USE int sketch_keys_parse(struct cur in, struct sketch_keys *out);
/** @return bytes written, at most SKETCH_KEYS_SIZE */
size_t sketch_keys_format(const struct sketch_keys *keys, uint8_t out[SKETCH_KEYS_SIZE]);

/** The key of a day; NULL: it has none. */
const uint8_t *sketch_keys_find(const struct sketch_keys *keys, int64_t day);
/** A random key for a day that has none; where there are too many the day farthest from it loses its own. */
void sketch_keys_make(struct sketch_keys *keys, int64_t day);
/** Erases the keys of days before this. @return whether there were any */
bool sketch_keys_erase_before(struct sketch_keys *keys, int64_t day);

#endif
