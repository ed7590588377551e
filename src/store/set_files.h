/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SET_FILES_H
#define HINOMI_STORE_SET_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "match/entry.h"
#include "store/decide.h"
#include "store/store.h"

/*
 * What is published of a set: a head that names one base and its overlays by their digests and, while that
 * base is new, the base before with overlays of its own. The store knows which change of the set each head
 * holds, so that whatever was approved is published after a kill, too.
 */
#define SET_FILES_MAX 17 /* a base and its overlays */

struct set_file {
	uint8_t digest[32];
	int64_t size;
	int64_t change; /* it brings the set to this change */
};

/** How a set stands, for who publishes it. */
struct set_standing {
	int64_t number;
	struct uuid id;
	int64_t change;      /* what is decided */
	int64_t head_change; /* what is published */
	int64_t version;     /* of the head; 0: none */
	int64_t expires_us;
	enum set_action action;
	size_t file_count; /* the base first */
	struct set_file files[SET_FILES_MAX];
	size_t former_count; /* the same on the base before, while edges fetch the new one; 0: there is none
			      */
	struct set_file former[SET_FILES_MAX];
};

/** All sets, or those that are not published as decided or whose head expires before a time. */
HN_MUST_USE int set_files_standing(struct reader *reader, int64_t expires_before_us, bool all,
				   int (*fn)(void *context, const struct set_standing *s), void *context);

/** One, as it is now. @return HN_ENOENT */
HN_MUST_USE int set_files_get(struct db *db, int64_t set, struct set_standing *out);

/**
 * What changed after a change and up to another: each key once or, where several approvals bring it, once for
 * each of them.
 *
 * @param meta  NULL: it is not in the set any more
 */
typedef int (*set_change_fn)(void *context, const struct entry_key *key, const struct entry_meta *meta);
HN_MUST_USE int set_files_changes(struct reader *reader, int64_t set, int64_t after, int64_t upto,
				  set_change_fn fn, void *context);

/** Everything that is in it. */
HN_MUST_USE int set_files_entries(struct reader *reader, int64_t set, set_change_fn fn, void *context);

/**
 * Puts a new head in force.
 *
 * @param was   the version that it follows
 * @return HN_ESTATE: another one came first
 */
HN_MUST_USE int set_files_publish(struct writing *w, const struct set_standing *s, int64_t was,
				  const char *head, size_t head_len);

/** Whether a file belongs to a set that the reader may see: named by its head now or lately.
 *
 * @param set        NULL: to any
 * @param actions    of sets with these, 1u << enum set_action each; 0: with any
 * @param label_out  the set's
 * @return HN_ENOENT
 */
HN_MUST_USE int set_files_find(struct reader *reader, const struct uuid *set, unsigned actions,
			       const uint8_t digest[32], int64_t *size_out, int64_t *label_out);

/** Forgets files that no head has named since a time. */
HN_MUST_USE int set_files_forget(struct writing *w, int64_t before_us,
				 int (*fn)(void *context, const uint8_t digest[32]), void *context);

/** Whether any set knows this file. */
HN_MUST_USE int set_files_known(struct reader *reader, const uint8_t digest[32], bool *out);

#endif
