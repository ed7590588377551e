/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_APPROVALS_H
#define HINOMI_STORE_APPROVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "match/entry.h"
#include "stix/object.h"
#include "store/asker.h"
#include "store/decide.h"
#include "store/store.h"

/*
 * What gets into a set: one version of an indicator, decided by people.
 *
 *   draft → proposed → approved → retired
 *                    → refused
 *
 * Where a set asks two persons nobody decides alone: who proposed does not approve, and both are active when
 * it is done. Of two who approve at the same time one does it; the other is told so. Retreat is instant and
 * asks one person. Each decision holds with its ledger entry or not at all.
 */
enum approval_state {
	APPROVAL_DRAFT,
	APPROVAL_PROPOSED,
	APPROVAL_APPROVED,
	APPROVAL_REFUSED,
	APPROVAL_RETIRED,
	APPROVAL_STATES,
};
const char *approval_state_name(enum approval_state state);
/** @return -1: no such word */
int approval_state_value(const char *word, size_t len);

#define APPROVAL_TEXT_MAX    2000        /* bytes of a reason */
#define APPROVAL_ACT_MAX     127         /* bytes of a target act */
#define APPROVAL_LEFT_MAX    (64u << 10) /* bytes of what was left out, as JSON */
#define APPROVAL_ENTRIES_MAX 10000       /* of one object */

/** Who did a step, and when; at_us 0: nobody yet. */
struct approval_step {
	struct uuid person;
	int64_t at_us;
};

/** A row. Texts live during the call. */
struct approval {
	int64_t number;
	struct uuid id;
	int64_t revision;
	int64_t set;
	struct uuid set_id;
	enum set_action action; /* the set's */
	struct stix_id object;
	int64_t seq;         /* of the version */
	int64_t modified_ns; /* the version */
	int64_t label;       /* of the version */
	enum approval_state state;
	const char *act;    /* target act; "" */
	const char *reason; /* of drafting; of a refusal or retreat its own */
	const char *closing;
	int64_t until_us; /* 0: as long as the indicator says */
	struct approval_step drafted, proposed, decided, retired;
	struct approval_step votes[4]; /* who said yes, in their order */
	size_t vote_count;
	bool superseded; /* the version was revoked or has a newer one */
	int64_t entries;
	const char *left_out; /* JSON array */
};
typedef int (*approval_fn)(void *context, const struct approval *approval);

/** An entry that an approval brings. Memory is the caller's. */
struct approval_entry {
	struct entry_key key;
	struct entry_meta meta; /* object, marking, phase, validity, confidence */
};

struct db;

struct approval_new {
	struct uuid id;
	struct uuid set;
	struct stix_id object;
	int64_t seq; /* of the version that was read, objects_page() */
	const char *act, *reason;
	int64_t until_us;
	const struct approval_entry *entries;
	size_t entry_count;
	const char *left_out;
	bool propose; /* in one step */
};

/**
 * Why a decision was not taken, beside the error: one word for machines and a sentence in the asker's
 * language, which is in the fault.
 */
struct approval_refusal {
	const char *word; /* "pap", "audience", "alone", ...; NULL: none */
	struct fault fault;
};

/**
 * Drafts. The actor must be a person of the set's organisation, analyst or approver, who sees the version
 * whole.
 *
 * @return HN_ENOENT: set or version is not there for the actor; HN_EAUTH: may not; HN_ESTATE: this object
 *         stands in this set already, or must not (decide_use(), the audience); HN_EFORMAT: `select` without
 *         a target act, no entries. `why` says which
 */
HN_MUST_USE int approvals_draft(struct writing *w, const struct asker *actor, const struct approval_new *a,
				struct approval_refusal *why);

enum approval_verb { APPROVAL_PROPOSE, APPROVAL_APPROVE, APPROVAL_REFUSE, APPROVAL_RETIRE };

/**
 * Takes a step.
 *
 * @param revision  that the actor saw; -1: any
 * @param reason    of a refusal or a retreat; else NULL
 * @param state_out the state afterwards: an approval that needs more persons stays proposed
 *
 * @return HN_ENOENT: not there for the actor; HN_EAUTH: may not (role, alone); HN_ESTATE: not in this state,
 *         or changed meanwhile; or what must not be used so: `why` says which
 */
HN_MUST_USE int approvals_step(struct writing *w, const struct asker *actor, const struct uuid *id,
			       enum approval_verb verb, int64_t revision, const char *reason,
			       enum approval_state *state_out, struct approval_refusal *why);

/** Whether approvals_step() would be let do it; nothing happens. @return as it */
HN_MUST_USE int approvals_may(struct writing *w, const struct asker *actor, const struct uuid *id,
			      enum approval_verb verb, int64_t revision, struct approval_refusal *why);

/** Retires up to `limit` (64 at most) approvals whose time is over and tells each, for the ledger. */
typedef int (*approval_expired_fn)(void *context, const struct uuid *approval);
HN_MUST_USE int approvals_expire(struct writing *w, size_t limit, approval_expired_fn fn, void *context,
				 size_t *count_out);

/** One, for people of the set's organisation who see the version. @return HN_ENOENT */
HN_MUST_USE int approvals_get(struct reader *reader, const struct uuid *id, approval_fn fn, void *context);

/** Those of a set, later ones first, before a number (0: from the last). @param state  -1: all */
HN_MUST_USE int approvals_list(struct reader *reader, const struct uuid *set, int state, int64_t before,
			       size_t limit, approval_fn fn, void *context, bool *more_out);

typedef int (*approval_entry_fn)(void *context, const struct entry_key *key, const struct entry_meta *meta);

/** Its entries, in a set or not. */
HN_MUST_USE int approvals_entries(struct db *db, int64_t approval, size_t limit, approval_entry_fn fn,
				  void *context);

#endif
