/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_DRAFT_H
#define HINOMI_HUB_SETS_DRAFT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "store/approvals.h"

/** What an indicator's own bytes give: entries that stand alone, and what was left out, as a JSON array. */
struct draft {
	struct arena *arena; /* of entries and texts */
	struct approval_entry *entries;
	size_t count, room;
	struct buf left_out;
	size_t left_count;
};

/**
 * Reads one object.
 *
 * @param d  zeroed, with arena set; draft_clear() in any case
 * @return HN_EFORMAT: it is no indicator; HN_ELIMIT: over APPROVAL_ENTRIES_MAX entries
 */
HN_MUST_USE int draft_read(struct draft *d, const uint8_t *object, size_t len, struct fault *fault);
void draft_clear(struct draft *d);

#endif
