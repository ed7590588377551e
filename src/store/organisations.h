/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_ORGANISATIONS_H
#define HINOMI_STORE_ORGANISATIONS_H

#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"
#include "store/store.h"

/*
 * Changes of organisations and groups; reading is store/directory.h's. Who may change what stands here, so
 * that no handler can leave it out:
 *
 *   - The centre's administrators change any organisation and group; but of their own organisation neither
 *     kind, parents, memberships nor agreements: nobody raises their own rights. (There is one centre, made
 *     by `hinomi hub init`; no other can be made, and it does not end.)
 *   - An organisation's own administrators change its names, contact windows and holdings, in which they may
 *     claim, keep and give up but not prove or enter; and they consent to memberships that the centre
 *     offered.
 *   - A group's keeper's administrators change its names and description.
 *   - Nobody else changes anything.
 *
 * Nothing is removed: what has ended says so, and keeps its number.
 */

/**
 * Makes or replaces an organisation.
 *
 * @param revision      the one it replaces; 0: it must not be there; -1: whatever is there
 * @param number_out    may be NULL
 * @param revision_out  the new one; the old one where nothing changed
 *
 * @return HN_EFORMAT, HN_ELIMIT: the JSON; HN_EAUTH: the actor may not; HN_ESTATE: another revision is there;
 *         HN_ENOENT: it names a parent, group or partner that is not there. The fault says where.
 */
HN_MUST_USE int organisations_put(struct writing *w, const struct asker *actor, const struct uuid *id,
				  int64_t revision, const char *text, size_t len, int64_t *number_out,
				  int64_t *revision_out, struct fault *fault);

/** The same for a sharing group. */
HN_MUST_USE int groups_put(struct writing *w, const struct asker *actor, const struct uuid *id,
			   int64_t revision, const char *text, size_t len, int64_t *number_out,
			   int64_t *revision_out, struct fault *fault);

#endif
