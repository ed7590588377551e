/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGE_INSIDE_H
#define HINOMI_STORE_EDGE_INSIDE_H

#include <stdint.h>

#include "store/asker.h"

/* What the files behind the edges share. Edges, their events and receipts are known to the organisation that
 * they concern and to the centre; statements ask it by one number. */

/** 0: knows all (the centre, the hub's own work); -1: none; else the organisation whose own he knows. */
static inline int64_t edge_known_to(const struct asker *asker)
{
	if (asker->hub || (asker->organisation != 0 && asker->kind == ORG_CENTRE && !asker->sets_only))
		return 0;
	return asker->organisation == 0 || asker->sets_only ? -1 : asker->organisation;
}

/** The same of what the commission oversees, authorisations and receipts: it knows all of them too. */
static inline int64_t edge_overseen_by(const struct asker *asker)
{
	bool commission = asker->organisation != 0 && asker->kind == ORG_COMMISSION && !asker->sets_only;
	return commission ? 0 : edge_known_to(asker);
}

#endif
