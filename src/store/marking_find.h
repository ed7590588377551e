/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_MARKING_FIND_H
#define HINOMI_STORE_MARKING_FIND_H

#include <stdbool.h>

#include "base/err.h"
#include "stix/marking.h"
#include "store/marking.h"
#include "store/store.h"

/**
 * What a marking-definition says that the owner of an object sent, or else the centre: nobody else's word
 * opens or closes what somebody gave.
 *
 * @param memo  knows what was not here a moment ago; NULL: none
 * @return HN_ENOENT: it is not here
 */
HN_MUST_USE int marking_find(struct writing *w, int64_t owner, const struct stix_id *id,
			     struct marking_memo *memo, struct stix_marking *out);

/** Whether definitions of this organisation hold for the objects of every other, as the centre's do. */
HN_MUST_USE int marking_holds_for_all(struct writing *w, int64_t owner, bool *out);

#endif
