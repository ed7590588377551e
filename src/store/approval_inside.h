/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_APPROVAL_INSIDE_H
#define HINOMI_STORE_APPROVAL_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/approvals.h"

/* What the files behind store/approvals.h share: the rules. */

/** The set and the version that an approval joins. */
struct approval_place {
	int64_t set, set_label, organisation;
	enum set_action action;
	unsigned persons;
	int64_t seq, object, label;
	bool newest, revoked;
};

/** Reads the version's side of a place. @return HN_ENOENT */
HN_MUST_USE int approval_version(struct db *db, int64_t seq, struct approval_place *p);

/** Whether the actor sees the version with all its parts. */
HN_MUST_USE int approval_seen(struct writing *w, const struct asker *actor, const struct approval_place *p,
			      bool *out);

/** Whether markings let it into the set: its use, its origin, the set's audience; the version as it is now.
 * @return HN_ESTATE with `why` */
HN_MUST_USE int approval_fits(struct writing *w, const struct approval_place *p,
			      struct approval_refusal *why);

/** Whether a person is active and has a role in the organisation now. @param roles  one of them */
HN_MUST_USE int approval_active(struct writing *w, const struct uuid *person, int64_t organisation,
				unsigned roles, bool *out);

/** The outer name of who acts. @return HN_ENOENT */
HN_MUST_USE int approval_person(struct db *db, int64_t person, struct uuid *out);

/** Fills why. @return err */
int approval_refused(struct approval_refusal *why, int err, const char *word, const char *en, const char *ja);

#endif
