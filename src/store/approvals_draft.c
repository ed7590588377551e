/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/approvals.h"

#include <string.h>

#include "base/lang.h"
#include "store/approval_inside.h"
#include "store/db_row.h"
#include "store/object_inside.h"

/* ---- drafting ---- */

static int find_set(struct db *db, const struct uuid *id, int64_t organisation, struct approval_place *p)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "SELECT number, label, organisation, action, persons FROM feed_set WHERE uuid_a = "
			   "$1 AND uuid_b = $2 AND organisation = $3",
			   db_number(u.a), db_number(u.b), db_number(organisation));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	p->set = db_int(rows, 0);
	p->set_label = db_int(rows, 1);
	p->organisation = db_int(rows, 2);
	p->action = (enum set_action)db_int(rows, 3);
	p->persons = (unsigned)db_int(rows, 4);
	db_rows_end(rows);
	return HN_OK;
}

static int stands_already(struct db *db, const struct approval_place *p, bool *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows,
			   "SELECT number FROM approval WHERE feed_set = $1 AND seq = $2 AND state IN (0, 1, "
			   "2)",
			   db_number(p->set), db_number(p->seq));
	return db_any(err, &rows, out);
}

static int may_draft(struct writing *w, const struct asker *actor, const struct approval_new *a,
		     struct approval_place *p, struct approval_refusal *why)
{
	bool yes = false;
	if (actor->person == 0 || (actor->roles & (ROLE_ANALYST | ROLE_APPROVER)) == 0)
		return approval_refused(why, HN_EAUTH, "role", "analysts and approvers draft and propose",
					"起案と提案は分析者または承認者が行う");
	int err = find_set(writing_db(w), &a->set, actor->organisation, p);
	if (err == HN_OK)
		err = approval_version(writing_db(w), a->seq, p);
	if (err == HN_OK)
		err = approval_seen(w, actor, p, &yes);
	if (err != HN_OK || !yes)
		return err != HN_OK ? err : HN_ENOENT;
	if (p->action == SET_SELECT && a->act[0] == '\0')
		return approval_refused(why, HN_EFORMAT, "act", "a set that selects asks the target act",
					"選別の集合では対象行為の指定が要る");
	if (a->entry_count == 0)
		return approval_refused(why, HN_EFORMAT, "entries", "nothing in it can become an entry",
					"集合の項目になるものがない");
	if (a->until_us != 0 && a->until_us <= writing_now_us(w))
		return approval_refused(why, HN_EFORMAT, "until", "this time is over", "期限が過ぎている");
	err = stands_already(writing_db(w), p, &yes);
	if (err == HN_OK && yes)
		return approval_refused(why, HN_ESTATE, "exists", "this version stands in the set already",
					"この版はすでに集合にある");
	return err == HN_OK ? approval_fits(w, p, why) : err;
}

static int64_t sooner(int64_t a_ns, int64_t b_us)
{
	int64_t b_ns = b_us * 1000;
	return b_us == 0 ? a_ns : a_ns == 0 || b_ns < a_ns ? b_ns : a_ns;
}

static int add_entry(struct db *db, int64_t approval, size_t place, int64_t set,
		     const struct approval_entry *e, const struct approval_new *a)
{
	return db_run_later(
		db,
		"INSERT INTO set_entry (approval, place, feed_set, kind, key, live, object, act, marking, "
		"phase, valid_from, valid_until, confidence) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, "
		"$10, $11, $12)",
		db_number(approval), db_number((int64_t)place), db_number(set), db_number(e->key.kind),
		db_bytes(e->key.data, e->key.len), db_text_value(e->meta.object),
		db_text_value(a->act[0] != '\0' ? a->act : NULL), db_text_value(e->meta.marking),
		db_text_value(e->meta.phase), db_number(e->meta.valid_from_ns),
		db_number(sooner(e->meta.valid_until_ns, a->until_us)), db_number(e->meta.confidence));
}

int approvals_draft(struct writing *w, const struct asker *actor, const struct approval_new *a,
		    struct approval_refusal *why)
{
	struct approval_place p = {0};
	struct uuid person;
	int err = may_draft(w, actor, a, &p, why);
	if (err == HN_OK)
		err = approval_person(writing_db(w), actor->person, &person);
	if (err != HN_OK)
		return err;
	int64_t number = writing_next_seq(w);
	struct uuid_halves id = uuid_halves(&a->id), who = uuid_halves(&person);
	struct uuid_halves proposer = a->propose ? who : (struct uuid_halves){0, 0};
	err = db_run(
		writing_db(w),
		"INSERT INTO approval (number, uuid_a, uuid_b, revision, feed_set, object, seq, state, "
		"act, reason, closing, until, drafted_a, drafted_b, drafted, proposed_a, proposed_b, "
		"proposed, decided_a, decided_b, decided, retired_a, retired_b, retired, votes, entries, "
		"left_out) VALUES ($1, $2, $3, $1, $4, $5, $6, $7, $8, $9, '', $10, $11, $12, $13, $14, "
		"$15, $16, 0, 0, 0, 0, 0, 0, $17, $18, $19)",
		db_number(number), db_number(id.a), db_number(id.b), db_number(p.set), db_number(p.object),
		db_number(p.seq), db_number(a->propose ? APPROVAL_PROPOSED : APPROVAL_DRAFT),
		db_text_value(a->act), db_text_value(a->reason), db_number(a->until_us), db_number(who.a),
		db_number(who.b), db_number(writing_now_us(w)), db_number(proposer.a), db_number(proposer.b),
		db_number(a->propose ? writing_now_us(w) : 0), db_bytes("", 0),
		db_number((int64_t)a->entry_count), db_text_value(a->left_out));
	for (size_t i = 0; err == HN_OK && i < a->entry_count; i++)
		err = add_entry(writing_db(w), number, i, p.set, &a->entries[i], a);
	return err;
}
