/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_REQUEST_RIGHTS_H
#define HINOMI_HUB_REQUEST_RIGHTS_H

#include <stdbool.h>

#include "base/err.h"
#include "http/request.h"
#include "store/asker.h"

/* What the bits of a route mean to the hub: its scopes are those below, its roles are enum role. */

/** What a token may be used for; a person who signed in has all of them. Bits. */
enum scope {
	SCOPE_READ = 1,    /* objects, search, feeds, sets */
	SCOPE_WRITE = 2,   /* hand objects, sightings and opinions in */
	SCOPE_APPROVE = 4, /* drafts, proposals, approvals, retreat */
	SCOPE_HOLD = 8,    /* ask and enter holds */
	SCOPE_MANAGE = 16, /* organisations, people, tokens, sources, collections */
	SCOPE_AUDIT = 32,  /* ledger's records, access log, explain for others */
	SCOPE_EDGE = 64,   /* what sensors and resolvers do */
	SCOPE_ALL = 127,
};

/** server_options.allowed: all of the route's scopes, and one of its roles where it names some. */
bool rights_allow(const struct request *r);

/**
 * Whether who asks may look at the hub itself (counters, the ledger's entries), which tell what happens in
 * all organisations: with the scope `audit` the centre's auditors, administrators and machines, and the
 * oversight commission. The scope alone says nothing: everybody who signs in has it.
 */
bool rights_audit(const struct request *r);

/** What server_options.identify does first, for request_change() and rights_allow() stand on it: makes who
 * asks the public, until something else is known; r->who.asker is never NULL in a handler. @return HN_ENOMEM
 */
HN_MUST_USE int rights_public(struct request *r);

#endif
