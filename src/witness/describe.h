/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_DESCRIBE_H
#define HINOMI_WITNESS_DESCRIBE_H

#include <stddef.h>

#include "authority/authorization.h"
#include "base/arena.h"
#include "base/err.h"

/* An authorisation in words: every member of it, none left out, so that who signs has seen all. */

enum description_mark { DESCRIPTION_SAME, DESCRIPTION_ADDED, DESCRIPTION_GONE };

struct description_row {
	const char *label, *value;
	enum description_mark mark;
};

struct description {
	struct arena *arena;
	struct description_row *rows;
	size_t count, room;
};

/** @return HN_ENOMEM */
HN_MUST_USE int describe(const struct authorization *a, struct arena *arena, struct description *out);

/**
 * Marks what `now` has and `former` has not, and appends to `now` what is gone. What differs in each
 * (id, digest, time of issue) is passed over.
 */
HN_MUST_USE int describe_difference(struct description *now, const struct description *former);

#endif
