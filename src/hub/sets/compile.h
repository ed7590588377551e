/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_COMPILE_H
#define HINOMI_HUB_SETS_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "match/him.h"
#include "store/set_files.h"

/* From what the store says of a set to its files and its head. */
struct key;
struct set; /* match/set.h */

/**
 * Compiles a base of all that is in the set, or an overlay of what it says beyond some files, and writes it.
 *
 * @param s      as it stands in the reader's snapshot; the file brings it to s->change
 * @param files  base and overlays that stay; one or more
 */
HN_MUST_USE int compile_base(struct reader *reader, const struct set_standing *s, struct set_file *out);
HN_MUST_USE int compile_overlay(struct reader *reader, const struct set_standing *s,
				const struct set_file files[], size_t count, struct set_file *out);

/** Whether files say less than is decided, or of a set that selects another table of holdings than the
 * directory does. */
HN_MUST_USE int compile_lacks(const struct set_standing *s, const struct set_file files[], size_t count,
			      bool *out);

/** One file, for him_unmap(). @return as him_map() */
HN_MUST_USE int compile_map(const struct set_file *f, struct him_file *out);

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
