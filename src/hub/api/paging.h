/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_API_PAGING_H
#define HINOMI_HUB_API_PAGING_H

#include "http/route.h"
#include "store/directory.h"

/**
 * Answers with a page of what the asker may know.
 *
 * @param member  of the answer, e.g. "people"
 * @param within  query parameter that narrows it, or NULL; `inside` is what it names
 */
HN_MUST_USE int paging_list(struct request *r, enum directory_thing thing, const char *member,
			    const char *within, enum directory_thing inside);

#endif
