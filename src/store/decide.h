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
 *
 *   rule               lets pass
 *   selected           what is not from selected communications information; of that, the handlers whom its
 *                      authorisation names, for whom the other rules hold too. Nobody else, not even the hub
 *   sets_only          everybody but consumers of compiled sets
 *   clearance          who holds the level; the owner's and the centre's people too only then
 *   onward             uses that go on to nobody; else up to TLP:AMBER, and under originator control only
 *                      what names them or is their own. The owner's and the centre's own feeds too
 *   unknown_marking    what has no marking that we cannot read; of that, the owner and the centre
 *   tlp                CLEAR: everybody. GREEN, AMBER: every organisation. AMBER+STRICT: every organisation
 *                      by itself, not as a client. RED: organisations named one by one; the centre no less
 *   audience           where groups or recipients are named: members, those named, and the clients of both
 *                      (except AMBER+STRICT). Where none is named, everybody whom the other rules let pass
 *   agreement          up to the highest TLP that the organisation's agreement lets it have
 *   originator_control recipients named one by one
 *   content            classes that agreement and memberships let it have; what is TLP:CLEAR
 *   purposes           a purpose that the label permits
 *   consent            the kinds of organisations that the owner consented to
 *
 * From `unknown_marking` on the owner passes every rule, and the centre every one but `tlp` for RED: what is
 * given to the hub is given to the centre. The hub's own work passes all but `selected`.
 *
 * Two properties are tested: a stricter label (label_join()) shows nothing more to anybody; and whoever is
 * signed in sees at least what the public sees, consumers of sets aside.
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

/** As what somebody stands before a label: the strongest that holds, for explanations. */
enum standing {
	STANDING_PUBLIC,
	STANDING_ORGANISATION, /* signed in, nothing more */
	STANDING_CLIENT,       /* of somebody in the audience */
	STANDING_MEMBER,       /* of a group in the audience */
	STANDING_NAMED,        /* a recipient */
	STANDING_CENTRE,
	STANDING_OWNER,
	STANDING_HUB,
};
enum standing decide_standing(const struct asker *asker, const struct label *label);

/** One word for machines; never NULL. */
const char *standing_name(enum standing standing);

/**
 * Whether what carries the label may go into a set with this action: PAP permits it (RED: nothing, AMBER:
 * passive, that is `watch`; GREEN and CLEAR: `watch`, `block` and `select`), and its origin is not
 * `selected`.
 */
enum set_action { SET_WATCH, SET_BLOCK, SET_SELECT };
bool decide_use(const struct label *label, enum set_action action);

#endif
