/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_COMPILE_H
#define HINOMI_HUB_SETS_COMPILE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "match/him.h"
#include "store/set_files.h"

/* From what the store says of a set to its files and its head. */
struct key;
struct set; /* match/set.h */

/**
 * Compiles a base of all that is in the set, or with `base` an overlay of what changed behind a change, and
 * writes it. Never reads a file.
 *
 * @param s  as it stands in the reader's snapshot; the file brings it to s->change
 */
HN_MUST_USE int compile_base(struct reader *reader, const struct set_standing *s, struct set_file *out);
HN_MUST_USE int compile_overlay(struct reader *reader, const struct set_standing *s, int64_t after,
				const uint8_t base[32], struct set_file *out);

/** The files in force, mapped, and the set that they make; they stay as they are, whatever is published or
 * erased meanwhile. All zero: none. */
struct compile_opened {
	struct him_file files[SET_FILES_MAX];
	struct set *set;
};
/** @return HN_ENOENT: a file is gone. compile_close() it in any case */
HN_MUST_USE int compile_open(const struct set_standing *s, struct compile_opened *out);
void compile_close(struct compile_opened *opened);

/** Merges the files of a set into a new base; the work of seconds. The file brings it to the change of the
 * last. */
HN_MUST_USE int compile_merged(const struct set_standing *s, struct set_file *out);

/** Writes the signed head of what s says (CONTRACTS, edge channel). */
HN_MUST_USE int compile_head(const struct set_standing *s, const struct key *key, int64_t issued_us,
			     struct buf *out);

#endif
