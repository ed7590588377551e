/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_FETCHES_H
#define HINOMI_MATCH_FETCHES_H

/*
 * Lines of memory that will be read soon, fetched one right behind the other. A line that is fetched where it
 * is computed holds up what comes next until its page is found, as long as that takes; of lines fetched
 * together the processor looks for several pages at once.
 */

#define FETCHES_MAX  128
#define FETCHES_LINE 64u /* bytes that come together */

/** Of the caller; count is 0 at first. */
struct fetches {
	unsigned count;
	const void *lines[FETCHES_MAX];
};

/** Fetches all, and forgets them. */
static inline void fetches_go(struct fetches *f)
{
	for (unsigned i = 0; i < f->count; i++)
		__builtin_prefetch(f->lines[i]);
	f->count = 0;
	/* GCC takes a function that only prefetches for one without effect, and drops its calls. */
	__asm__ volatile("");
}

/** The address need not be one that may be read. */
static inline void fetches_add(struct fetches *f, const void *line)
{
	if (f->count == FETCHES_MAX)
		fetches_go(f);
	f->lines[f->count++] = line;
}

#endif
