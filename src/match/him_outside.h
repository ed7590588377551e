/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_HIM_OUTSIDE_H
#define HINOMI_MATCH_HIM_OUTSIDE_H

#include "match/him_each.h"

/**
 * As him_each(), for the entries that `pass` does not let pass, without tombstones and holdings. An act is
 * judged once for each row of the metadata; a key is looked at only where its width counts or the rest did
 * not pass: a few nanoseconds an entry.
 *
 * @return HN_ENOMEM, or what the callback returned
 */
HN_MUST_USE int him_each_outside(const struct him *h, const struct entry_pass *pass,
				 int (*each)(void *context, const struct him_entry *entry), void *context);

#endif
