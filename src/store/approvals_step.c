/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The steps of an approval. */
#include <string.h>

#include "base/cur.h"
#include "base/utc.h"
#include "store/approval_inside.h"
#include "store/db_row.h"
#include "store/object_inside.h"

#define VOTES_MAX (sizeof(((struct approval *)0)->votes) / sizeof(struct approval_step))
#define VOTE_SIZE 24 /* person, time */

/* What a step reads before it acts. */
struct stepping {
	struct writing *w;
	const struct asker *actor;
	struct uuid person; /* who acts; all zero: the hub */
	struct approval_place place;
	int64_t number, revision, until_us;
	enum approval_state state;
	struct uuid proposer;
	uint8_t votes[VOTES_MAX * VOTE_SIZE];
	size_t vote_count;
	struct approval_refusal *why;
};

static void read_votes(struct stepping *s, const struct db_rows *rows, unsigned column)
{
	size_t len;
	const uint8_t *votes = db_blob(rows, column, &len);
	s->vote_count = len / VOTE_SIZE < VOTES_MAX ? len / VOTE_SIZE : VOTES_MAX;
	if (s->vote_count > 0)
		memcpy(s->votes, votes, s->vote_count * VOTE_SIZE);
}

static int find(struct stepping *s, const struct uuid *id)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(writing_db(s->w), &rows,
			   "SELECT a.number, a.revision, a.state, a.until, a.proposed_a, a.proposed_b, "
			   "a.votes, a.seq, f.number, f.label, f.organisation, f.action, f.persons FROM "
			   "approval a JOIN feed_set f ON f.number = a.feed_set WHERE a.uuid_a = $1 AND "
			   "a.uuid_b = $2",
			   db_number(u.a), db_number(u.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		s->number = db_int(rows, 0);
		s->revision = db_int(rows, 1);
		s->state = (enum approval_state)db_int(rows, 2);
		s->until_us = db_int(rows, 3);
		s->proposer = uuid_of_halves(db_int(rows, 4), db_int(rows, 5));
		read_votes(s, rows, 6);
		s->place = (struct approval_place){
			.seq = db_int(rows, 7),
			.set = db_int(rows, 8),
			.set_label = db_int(rows, 9),
			.organisation = db_int(rows, 10),
			.action = (enum set_action)db_int(rows, 11),
			.persons = (unsigned)db_int(rows, 12),
		};
	}
	db_rows_end(rows);
	if (more != 1)
		return more < 0 ? more : HN_ENOENT;
	return approval_version(writing_db(s->w), s->place.seq, &s->place);
}

/* ---- what a step asks ---- */

static const struct {
	unsigned from;  /* bits of enum approval_state */
	unsigned roles; /* enum role; one of them */
} verbs[] = {
	[APPROVAL_PROPOSE] = {1u << APPROVAL_DRAFT, ROLE_ANALYST | ROLE_APPROVER},
	[APPROVAL_APPROVE] = {1u << APPROVAL_PROPOSED, ROLE_APPROVER},
	[APPROVAL_REFUSE] = {1u << APPROVAL_DRAFT | 1u << APPROVAL_PROPOSED, ROLE_APPROVER},
	[APPROVAL_RETIRE] = {1u << APPROVAL_APPROVED, ROLE_APPROVER},
};

static int may_step(struct stepping *s, enum approval_verb verb, int64_t revision)
{
	bool seen;
	if (s->actor->organisation != s->place.organisation)
		return HN_ENOENT;
	int err = approval_seen(s->w, s->actor, &s->place, &seen);
	if (err != HN_OK || !seen)
		return err != HN_OK ? err : HN_ENOENT;
	if (s->actor->person == 0 || (s->actor->roles & verbs[verb].roles) == 0)
		return approval_refused(s->why, HN_EAUTH, "role", "this asks a person with another role",
					"この操作は別の役割を持つ者が行う");
	if ((verbs[verb].from >> s->state & 1) == 0)
		return approval_refused(s->why, HN_ESTATE, "state", "it is not in this state any more",
					"すでにこの状態ではない");
	if (revision >= 0 && revision != s->revision)
		return approval_refused(s->why, HN_ESTATE, "changed", "it was changed meanwhile",
					"その間に変更された");
	return approval_person(writing_db(s->w), s->actor->person, &s->person);
}

static bool has_voted(const struct stepping *s)
{
	for (size_t i = 0; i < s->vote_count; i++)
		if (memcmp(s->votes + i * VOTE_SIZE, s->person.bytes, sizeof(s->person.bytes)) == 0)
			return true;
	return false;
}

/* Who said yes before is still one who may. */
static int others_active(const struct stepping *s, bool *out)
{
	int err =
		approval_active(s->w, &s->proposer, s->place.organisation, ROLE_ANALYST | ROLE_APPROVER, out);
	for (size_t i = 0; err == HN_OK && *out && i < s->vote_count; i++) {
		struct uuid voter;
		memcpy(voter.bytes, s->votes + i * VOTE_SIZE, sizeof(voter.bytes));
		err = approval_active(s->w, &voter, s->place.organisation, ROLE_APPROVER, out);
	}
	return err;
}

static int may_approve(const struct stepping *s)
{
	bool active = true;
	if (s->place.persons > 1 && (uuid_compare(&s->person, &s->proposer) == 0 || has_voted(s)))
		return approval_refused(s->why, HN_EAUTH, "alone", "another person has to approve this",
					"別の者の承認が要る");
	int err = s->place.persons > 1 ? others_active(s, &active) : HN_OK;
	if (err == HN_OK && !active)
		return approval_refused(s->why, HN_ESTATE, "inactive",
					"somebody who said yes before is not active any more",
					"先に同意した者がすでに有効でない");
	if (err == HN_OK && s->until_us != 0 && s->until_us <= writing_now_us(s->w))
		return approval_refused(s->why, HN_ESTATE, "until", "this time is over", "期限が過ぎている");
	return err == HN_OK ? approval_fits(s->w, &s->place, s->why) : err;
}

/* ---- what it does ---- */

static int begin_change(struct stepping *s, int64_t *change_out)
{
	struct db_rows *rows;
	int err = db_query(writing_db(s->w), &rows,
			   "UPDATE feed_set SET change = change + 1 WHERE number = $1 RETURNING change",
			   db_number(s->place.set));
	return db_one_number(err, &rows, change_out);
}

/* Puts an approval's entries into the set, or takes them out. */
static int turn(struct stepping *s, int64_t approval, int64_t change, bool live)
{
	struct db *db = writing_db(s->w);
	uint64_t count = 0;
	const struct db_value values[] = {db_number(approval), db_number(live)};
	int err = db_run_values(db, "UPDATE set_entry SET live = $2 WHERE approval = $1", values, 2, &count);
	if (err == HN_OK)
		err = db_run(
			db,
			"INSERT INTO set_change (feed_set, change, kind, key) SELECT DISTINCT feed_set, "
			"CAST($2 AS BIGINT), kind, key FROM set_entry WHERE approval = $1 ON CONFLICT DO "
			"NOTHING",
			db_number(approval), db_number(change));
	int64_t by = live ? (int64_t)count : -(int64_t)count;
	if (err == HN_OK)
		err = db_run(db, "UPDATE feed_set SET entries = entries + $2 WHERE number = $1",
			     db_number(s->place.set), db_number(by));
	return err;
}

static int close_it(struct stepping *s, int64_t approval, const char *reason)
{
	struct uuid_halves who = uuid_halves(&s->person);
	return db_run(writing_db(s->w),
		      "UPDATE approval SET state = 4, revision = $2, retired_a = $3, retired_b = $4, retired "
		      "= $5, closing = $6 WHERE number = $1",
		      db_number(approval), db_number(writing_next_seq(s->w)), db_number(who.a),
		      db_number(who.b), db_number(writing_now_us(s->w)), db_string(reason, strlen(reason)));
}

/* An older version of the same indicator gives its place to this one. */
static int replace_older(struct stepping *s, int64_t change)
{
	int64_t older[64];
	size_t count = 0;
	struct db_rows *rows;
	int more = 0;
	int err =
		db_query(writing_db(s->w), &rows,
			 "SELECT number FROM approval WHERE feed_set = $1 AND object = $2 AND state = 2 AND "
			 "number <> $3 LIMIT 64",
			 db_number(s->place.set), db_number(s->place.object), db_number(s->number));
	if (err != HN_OK)
		return err;
	while (count < 64 && (more = db_next(rows)) == 1)
		older[count++] = db_int(rows, 0);
	db_rows_end(rows);
	err = more < 0 ? more : HN_OK;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		err = turn(s, older[i], change, false);
		if (err == HN_OK)
			err = close_it(s, older[i], "replaced");
	}
	return err;
}

static int put_in_force(struct stepping *s)
{
	int64_t change;
	struct uuid_halves who = uuid_halves(&s->person);
	int err = begin_change(s, &change);
	if (err == HN_OK)
		err = replace_older(s, change);
	if (err == HN_OK)
		err = turn(s, s->number, change, true);
	if (err == HN_OK)
		err = db_run(writing_db(s->w),
			     "UPDATE approval SET state = 2, decided_a = $2, decided_b = $3, decided = $4 "
			     "WHERE number = $1",
			     db_number(s->number), db_number(who.a), db_number(who.b),
			     db_number(writing_now_us(s->w)));
	return err;
}

static int approve(struct stepping *s, enum approval_state *state_out)
{
	int err;
	if (s->vote_count == VOTES_MAX)
		return HN_ELIMIT;
	uint8_t *vote = s->votes + s->vote_count++ * VOTE_SIZE;
	memcpy(vote, s->person.bytes, sizeof(s->person.bytes));
	store_be64(vote + sizeof(s->person.bytes), (uint64_t)writing_now_us(s->w));
	err = db_run(writing_db(s->w), "UPDATE approval SET votes = $2, revision = $3 WHERE number = $1",
		     db_number(s->number), db_bytes(s->votes, s->vote_count * VOTE_SIZE),
		     db_number(writing_next_seq(s->w)));
	size_t asked = s->place.persons > 1 ? s->place.persons - 1 : 1;
	*state_out = s->vote_count >= asked ? APPROVAL_APPROVED : APPROVAL_PROPOSED;
	return err == HN_OK && s->vote_count >= asked ? put_in_force(s) : err;
}

static int propose(struct stepping *s)
{
	struct uuid_halves who = uuid_halves(&s->person);
	int err = approval_fits(s->w, &s->place, s->why);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(s->w),
		      "UPDATE approval SET state = 1, revision = $2, proposed_a = $3, proposed_b = $4, "
		      "proposed = $5 WHERE number = $1",
		      db_number(s->number), db_number(writing_next_seq(s->w)), db_number(who.a),
		      db_number(who.b), db_number(writing_now_us(s->w)));
}

static int refuse(struct stepping *s, const char *reason)
{
	struct uuid_halves who = uuid_halves(&s->person);
	return db_run(writing_db(s->w),
		      "UPDATE approval SET state = 3, revision = $2, decided_a = $3, decided_b = $4, decided "
		      "= $5, closing = $6 WHERE number = $1",
		      db_number(s->number), db_number(writing_next_seq(s->w)), db_number(who.a),
		      db_number(who.b), db_number(writing_now_us(s->w)), db_string(reason, strlen(reason)));
}

static int retire(struct stepping *s, const char *reason)
{
	int64_t change;
	int err = begin_change(s, &change);
	if (err == HN_OK)
		err = turn(s, s->number, change, false);
	return err == HN_OK ? close_it(s, s->number, reason) : err;
}

static int may(struct stepping *s, const struct uuid *id, enum approval_verb verb, int64_t revision)
{
	int err = find(s, id);
	if (err == HN_OK)
		err = may_step(s, verb, revision);
	return err == HN_OK && verb == APPROVAL_APPROVE ? may_approve(s) : err;
}

int approvals_may(struct writing *w, const struct asker *actor, const struct uuid *id,
		  enum approval_verb verb, int64_t revision, struct approval_refusal *why)
{
	struct stepping s = {.w = w, .actor = actor, .why = why};
	return may(&s, id, verb, revision);
}

int approvals_step(struct writing *w, const struct asker *actor, const struct uuid *id,
		   enum approval_verb verb, int64_t revision, const char *reason,
		   enum approval_state *state_out, struct approval_refusal *why)
{
	struct stepping s = {.w = w, .actor = actor, .why = why};
	const char *said = reason == NULL ? "" : reason;
	int err = may(&s, id, verb, revision);
	if (err != HN_OK)
		return err;
	switch (verb) {
	case APPROVAL_PROPOSE:
		*state_out = APPROVAL_PROPOSED;
		return propose(&s);
	case APPROVAL_APPROVE:
		return approve(&s, state_out);
	case APPROVAL_REFUSE:
		*state_out = APPROVAL_REFUSED;
		return refuse(&s, said);
	default:
		*state_out = APPROVAL_RETIRED;
		return retire(&s, said);
	}
}

int approvals_expire(struct writing *w, size_t limit, approval_expired_fn fn, void *context,
		     size_t *count_out)
{
	struct db_rows *rows;
	struct uuid ids[64];
	int more = 0;
	size_t count = 0;
	int err =
		db_query(writing_db(w), &rows,
			 "SELECT uuid_a, uuid_b FROM approval WHERE state = 2 AND until > 0 AND until <= $1 "
			 "LIMIT $2",
			 db_number(writing_now_us(w)), db_number((int64_t)(limit < 64 ? limit : 64)));
	if (err != HN_OK)
		return err;
	while (count < 64 && (more = db_next(rows)) == 1) {
		ids[count++] = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	}
	db_rows_end(rows);
	err = more < 0 ? more : HN_OK;
	for (size_t i = 0; err == HN_OK && i < count; i++) {
		struct stepping s = {.w = w};
		err = find(&s, &ids[i]);
		if (err == HN_OK)
			err = retire(&s, "expired");
		if (err == HN_OK)
			err = fn(context, &ids[i]);
	}
	*count_out = count;
	return err;
}
