/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_VIEW_H
#define HINOMI_STORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/asker.h"

/**
 * What somebody sees: a bit for each label that the store knew when the view was made. Labels are numbered
 * from 1 without gaps; a number behind the end is not seen. Immutable; shared by reference counting.
 */
struct view {
	const uint64_t *bits;
	int64_t label_count;
	/* private */
	struct asker asker;
	_Atomic unsigned refs;
	_Atomic int64_t many_since; /* store/objects_few.h: the second in which it was found to see much */
};

static inline bool view_sees(const struct view *view, int64_t label)
{
	return view != NULL && label > 0 && label <= view->label_count &&
	       (view->bits[label / 64] >> (label % 64) & 1) != 0;
}

/**
 * The labels that the view sees, as numbers: what a statement of PostgreSQL is given.
 *
 * @param out  room for label_count numbers
 * @return how many
 */
size_t view_labels(const struct view *view, int64_t *out);

struct view *view_ref(struct view *view);
/** NULL is allowed. */
void view_unref(struct view *view);

#endif
