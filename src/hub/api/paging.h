/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_PAGING_H
#define HINOMI_HUB_API_PAGING_H

#include "hub/http/route.h"
#include "store/directory.h"

/* Lists of the directory, a page at a time. */
#define PAGING_QUERY                                                                                         \
	{.name = "limit",                                                                                    \
	 .kind = QUERY_NUMBER,                                                                               \
	 .min = 1,                                                                                           \
	 .max = 1000,                                                                                        \
	 .help_en = "at most so many (100)",                                                                 \
	 .help_ja = "件数の上限(100)"},                                                                      \
	{                                                                                                    \
		.name = "cursor", .kind = QUERY_TEXT, .max = 16, .help_en = "what `next` of a page gave",    \
		.help_ja = "前のページのnextの値"                                                    \
	}

/** Where a page begins: what `next` of the page before gave; 0: at the first. @return HN_EFORMAT */
HN_MUST_USE int paging_cursor(struct request *r, int64_t *out);

/**
 * Answers with a page of what the asker may know.
 *
 * @param member  of the answer, e.g. "people"
 * @param within  query parameter that narrows it, or NULL; `inside` is what it names
 */
HN_MUST_USE int paging_list(struct request *r, enum directory_thing thing, const char *member,
			    const char *within, enum directory_thing inside);

#endif
