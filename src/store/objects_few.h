/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECTS_FEW_H
#define HINOMI_STORE_OBJECTS_FEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * A page is read by passing over what its reader may not see. For who sees one object in thousands that is a
 * long way; his few labels have an index of their own, and the page is found by merging it.
 */
#define FEW_LABELS_MAX 64 /* that are merged */
#define FEW_SHARE      32 /* few: less than one object in so many */

struct few {
	bool few;
	int64_t labels[FEW_LABELS_MAX]; /* those that he sees and that objects carry */
	size_t count;
};

/**
 * Finds out; what is many is believed for a second, so that most pages pay nothing for it.
 *
 * @param owner  the labels of what this organisation gave, few or not, unless they are too many; 0: of all
 */
HN_MUST_USE int few_find(struct reader *reader, int64_t owner, struct few *out);

/** The numbers behind `after` and not behind `until` of newest versions with these labels, rising, at most
 * max.
 */
HN_MUST_USE int few_next(struct reader *reader, const struct few *few, int64_t after, int64_t until,
			 size_t max, int64_t *out, size_t *count_out);

#endif
