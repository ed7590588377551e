/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_GATHER_H
#define HINOMI_MATCH_GATHER_H

#include "match/build.h"
#include "match/import.h"
#include "match/set.h"
#include "match/warning_list.h"

/*
 * From imported entries to a set: the sink that judges each, by warning lists, address space, act and base,
 * and hands what may stay to the compiler.
 */
struct gather {
	/* given */
	struct him_build *build;
	const struct warning_lists *warnings; /* NULL: none */
	const struct set *base;               /* NULL: this makes a base */
	const char *const *acts; /* what entries may belong to; one: those that name none belong to it */
	size_t act_count;
	bool allow;  /* all entries are allow entries */
	bool remove; /* entries become tombstones, unjudged */
	/** Told of everything left out; may be NULL. */
	int (*left_out)(void *context, const struct import_left_out *what);
	void *context;
	/* told */
	uint64_t added;
	uint64_t in_base; /* stand in the base already, with the same metadata */
	uint64_t by_reason[IMPORT_REASON_COUNT];
};

/** The sink for import_read(). HN_ESTATE from there: an entry whose act is not among acts, or that names none
 * of several. */
struct import_sink gather_sink(struct gather *g);

/** All that is left out. */
uint64_t gather_left_out(const struct gather *g);

/** What is left out against its source's will: all reasons but IMPORT_REVOKED and IMPORT_NOT_FOR_USE. */
uint64_t gather_refused(const struct gather *g);

#endif
