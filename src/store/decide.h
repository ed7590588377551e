/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DECIDE_H
#define HINOMI_STORE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/asker.h"
#include "store/label.h"

/*
 * Who may see what: the one place. A label is seen when every rule says yes; the rules stand in one table, in
 * the order in which they are asked (docs/access.md has the same table). Nothing here reads a clock or a
 * database: what has expired is not in the asker.
 */

enum rule_answer {
	RULE_PASS, /* nothing against it */
	RULE_DENY, /* not to be seen, whatever the others say */
};

struct rule {
	const char *name; /* one word for machines, e.g. "clearance" */
	enum rule_answer (*ask)(const struct asker *asker, const struct label *label);
	const char *pass_en, *pass_ja; /* why it does not stand in the way */
	const char *deny_en, *deny_ja; /* why it does */
};

/** The table, ending with a row without a name. */
extern const struct rule DECIDE_RULES[];

/**
 * Whether the asker may see what carries the label.
 *
 * @param denied_out  the first rule that says no; NULL when none does. May be NULL
 */
bool decide(const struct asker *asker, const struct label *label, const struct rule **denied_out);

/**
 * Whether what carries the label may go into a set with this action: PAP permits it (RED: nothing, AMBER:
 * passive, that is `watch`; GREEN and CLEAR: `watch`, `block` and `select`), and its origin is not
 * `selected`.
 */
enum set_action { SET_WATCH, SET_BLOCK, SET_SELECT };
bool decide_use(const struct label *label, enum set_action action);

#endif
