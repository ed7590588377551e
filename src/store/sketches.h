/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SKETCHES_H
#define HINOMI_STORE_SKETCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "match/entry.h"
#include "store/store.h"

/*
 * What the nation's resolvers say of how much a name is asked, in orders of magnitude; one row for each name
 * and resolver. Before somebody blocks a name he sees it.
 */
enum asked_level { ASKED_NONE, ASKED_FEW, ASKED_TENS, ASKED_HUNDREDS, ASKED_THOUSANDS, ASKED_LEVELS };

/** "none", "under 10", "tens", "hundreds", "thousands". */
const char *asked_level_name(enum asked_level level);
/** @return -1: no such word */
int asked_level_value(const char *word, size_t len);

/** Notes what one resolver says of a name. @param edge  its number or account */
HN_MUST_USE int sketches_put(struct writing *w, const struct uuid *edge, const struct entry_key *name,
			     enum asked_level level);

struct asked {
	enum asked_level level; /* the highest that any resolver says */
	unsigned labels_up;     /* said of the name itself (0), or of one so many labels above it */
	int64_t resolvers;
	int64_t oldest_us; /* the oldest of what was said */
};

/**
 * What is known of a name, or else of the nearest above it with at least two labels.
 *
 * @param since_us  what is older is not known any more
 * @return HN_ENOENT: nothing is known
 */
HN_MUST_USE int sketches_get(struct reader *reader, const struct entry_key *name, int64_t since_us,
			     struct asked *out);

#endif
