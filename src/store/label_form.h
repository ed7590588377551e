/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_LABEL_FORM_H
#define HINOMI_STORE_LABEL_FORM_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/form.h"
#include "store/label.h"

/**
 * Reads a marking that people write into a label of this owner. What it does not say is as label_init() has
 * it.
 *
 *     {"tlp": "amber", "pap": "green", "clearance": 1, "groups": [uuid], "recipients": [uuid],
 *      "purposes": ["defence"], "consent": ["ministry"], "originator_control": true,
 *      "content": ["technical", "background"]}
 *
 * @param f  at the marking
 * @return HN_EFORMAT, HN_ELIMIT; HN_ENOENT: a group or recipient that is not there. The fault says where.
 */
HN_MUST_USE int label_form_read(const struct form *f, struct db *db, int64_t owner, struct label *out);

/** Appends a label, by its number, in the same form. Of a "both" the second of the two. */
struct buf;
struct reader;
HN_MUST_USE int label_form_write(struct reader *reader, int64_t number, struct buf *out);

#endif
