/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Approvals as the people of a set's organisation see them. */
#include <string.h>

#include "base/cur.h"
#include "store/approvals.h"
#include "store/db_row.h"
#include "store/object_inside.h"

static const char *const states[APPROVAL_STATES] = {"draft", "proposed", "approved", "refused", "retired"};

const char *approval_state_name(enum approval_state state)
{
	return states[state];
}

int approval_state_value(const char *word, size_t len)
{
	for (int i = 0; i < APPROVAL_STATES; i++)
		if (strlen(states[i]) == len && memcmp(states[i], word, len) == 0)
			return i;
	return -1;
}

#define COLUMNS                                                                                              \
	"a.number, a.uuid_a, a.uuid_b, a.revision, a.feed_set, f.uuid_a, f.uuid_b, a.seq, v.uuid_a, "        \
	"v.uuid_b, t.name, v.modified, v.label, a.state, a.act, a.reason, a.closing, a.until, a.drafted_a, " \
	"a.drafted_b, a.drafted, a.proposed_a, a.proposed_b, a.proposed, a.decided_a, a.decided_b, "         \
	"a.decided, a.retired_a, a.retired_b, a.retired, a.votes, a.entries, a.left_out, v.newest, "         \
	"v.flags, "                                                                                          \
	"f.action"
#define FROM                                                                                                 \
	" FROM approval a JOIN feed_set f ON f.number = a.feed_set JOIN version v ON v.seq = a.seq JOIN "    \
	"type t ON t.number = v.type WHERE SEES(v.label) AND f.organisation = $1 AND "

static struct approval_step step_of(const struct db_rows *rows, unsigned column)
{
	return (struct approval_step){uuid_of_halves(db_int(rows, column), db_int(rows, column + 1)),
				      db_int(rows, column + 2)};
}

static void read_votes(const struct db_rows *rows, unsigned column, struct approval *a)
{
	size_t len;
	const uint8_t *votes = db_blob(rows, column, &len);
	for (size_t at = 0; at + 24 <= len && a->vote_count < sizeof(a->votes) / sizeof(a->votes[0]);
	     at += 24) {
		struct approval_step *v = &a->votes[a->vote_count++];
		memcpy(v->person.bytes, votes + at, 16);
		v->at_us = (int64_t)load_be64(votes + at + 16);
	}
}

struct telling {
	approval_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct approval a = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.revision = db_int(rows, 3),
		.set = db_int(rows, 4),
		.set_id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6)),
		.seq = db_int(rows, 7),
		.modified_ns = db_int(rows, 11),
		.label = db_int(rows, 12),
		.state = (enum approval_state)db_int(rows, 13),
		.act = db_text_or_empty(rows, 14),
		.reason = db_text_or_empty(rows, 15),
		.closing = db_text_or_empty(rows, 16),
		.until_us = db_int(rows, 17),
		.drafted = step_of(rows, 18),
		.proposed = step_of(rows, 21),
		.decided = step_of(rows, 24),
		.retired = step_of(rows, 27),
		.entries = db_int(rows, 31),
		.left_out = db_text_or_empty(rows, 32),
		.action = (enum set_action)db_int(rows, 35),
		.superseded = db_int(rows, 33) == 0 || (db_int(rows, 34) & VERSION_REVOKED) != 0,
	};
	a.object.uuid = uuid_of_halves(db_int(rows, 8), db_int(rows, 9));
	a.object.type = db_text_or_empty(rows, 10);
	a.object.type_len = (uint8_t)strlen(a.object.type);
	read_votes(rows, 30, &a);
	return t->fn(t->context, &a);
}

int approvals_get(struct reader *reader, const struct uuid *id, approval_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT " COLUMNS FROM "a.uuid_a = $2 AND a.uuid_b = $3",
			   db_number(reader_asker(reader)->organisation), db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int approvals_list(struct reader *reader, const struct uuid *set, int state, int64_t before, size_t limit,
		   approval_fn fn, void *context, bool *more_out)
{
	struct uuid_halves u = uuid_halves(set);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT " COLUMNS FROM
			   "f.uuid_a = $2 AND f.uuid_b = $3 AND ($4 = 0 OR a.number < $4) AND ($5 < 0 OR "
			   "a.state = $5) ORDER BY a.number DESC LIMIT $6",
			   db_number(reader_asker(reader)->organisation), db_number(u.a), db_number(u.b),
			   db_number(before), db_number(state), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}
