/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_ASKER_H
#define HINOMI_STORE_ASKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"
#include "store/label.h"

/** Roles of a person in an organisation, as bits. */
enum role {
	ROLE_ANALYST = 1,
	ROLE_APPROVER = 2,
	ROLE_REPORTER = 4,
	ROLE_CONTACT = 8, /* point of contact */
	ROLE_AUDITOR = 16,
	ROLE_ADMINISTRATOR = 32,
	ROLE_COMMISSIONER = 64,
	ROLE_COMMISSION_STAFF = 128,
	ROLE_EDGE_OPERATOR = 256,
};

#define ASKER_GROUPS_MAX         64
#define ASKER_CLIENTS_MAX        64
#define ASKER_AUTHORIZATIONS_MAX 16

/**
 * Who asks: everything about a person, a token or a peer that the decision asks. It is made from the store at
 * each request (store/people.h) or kept under the account's revision; what has expired is left out already.
 */
struct asker {
	int64_t person;       /* 0: nobody signed in, or a machine of the organisation */
	int64_t organisation; /* 0: the public */
	enum org_kind kind;
	int64_t revision;   /* of account, organisation, memberships: another one is another asker */
	unsigned roles;     /* enum role */
	unsigned clearance; /* 0..CLEARANCE_MAX; 0 once expired */
	enum tlp tlp_max;   /* the highest that the agreement with its organisation lets it have */
	unsigned purposes;  /* enum purpose: those its organisation has agreed to, and this use states */
	unsigned contents;  /* enum content_class that agreement and memberships let it have */
	bool onward;        /* goes on to others behind it (a peer's feed): TLP:AMBER+STRICT and RED never */
	bool sets_only;     /* a consumer of compiled sets: asks nothing else */
	bool hub;           /* the hub's own work, not a person's: asker_hub() */
	int64_t groups[ASKER_GROUPS_MAX]; /* rising; memberships that are active now */
	size_t group_count;
	int64_t parents[ASKER_CLIENTS_MAX]; /* rising; organisations whose client it is (CEPTOAR, ministry) */
	size_t parent_count;
	int64_t parent_groups[ASKER_GROUPS_MAX]; /* rising; groups in which a parent is a member now */
	size_t parent_group_count;
	struct uuid authorizations[ASKER_AUTHORIZATIONS_MAX]; /* that name it as a handler, in force now */
	size_t authorization_count;
};

/** Whether two are alike in everything that the decision asks: then they see the same. Who it is (person,
 * roles, revision) may differ. */
bool asker_same(const struct asker *a, const struct asker *b);

/** A hash of what asker_same() compares. */
uint64_t asker_hash(const struct asker *asker);

/** Nobody: the public, who has what is TLP:CLEAR. */
void asker_public(struct asker *out);

/** The hub itself, for its own work (index, merge, checks). Sees everything but what is selected. */
void asker_hub(struct asker *out);

#endif
