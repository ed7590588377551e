/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_HOLDINGS_H
#define HINOMI_HUB_SETS_HOLDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/set_files.h"

/*
 * Who holds which prefixes, for sets that select: a record then names the organisation of its domestic end
 * and not its address. A file has the whole table or none, and the newest table counts (match/set.h), so a
 * file gets it only when it is not what those before it say already. Of the thread that publishes.
 */
struct him_build;

/** Adds the table as the directory says now. @return HN_OK, or what reading or adding it failed with */
HN_MUST_USE int holdings_add(struct him_build *b);

/**
 * Whether the newest table among the files is the directory's of now. An empty one cannot be said by a file,
 * so it is always current.
 */
HN_MUST_USE int holdings_are_current(const struct set_file files[], size_t count, bool *out);

/** Lets go of what is kept between calls. */
void holdings_end(void);

#endif
