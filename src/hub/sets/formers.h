/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_SETS_FORMERS_H
#define HINOMI_HUB_SETS_FORMERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * How long a former base is served: until no edge says in its health any more that it uses it (one that is
 * silent is away), not before all had the time to say so, and a day at the most. Of one thread.
 */
#define FORMERS_MAX 64 /* sets whose former bases are watched; those beyond wait for their turn */

/** The sets whose former base is over by now. @return HN_OK, or what reading failed with */
HN_MUST_USE int formers_over(struct reader *reader, int64_t now_ns, int64_t over[FORMERS_MAX], size_t *count);

#endif
