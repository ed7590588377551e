/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/authorizations.h"

#include "store/db_row.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

static const char *const states[AUTHORIZATION_STATES] = {"draft",  "handed", "refused",
							 "signed", "issued", "revoked"};

const char *authorization_state_name(enum authorization_state state)
{
	return states[state];
}

int authorization_state_value(const char *word, size_t len)
{
	for (int i = 0; i < AUTHORIZATION_STATES; i++)
		if (strlen(states[i]) == len && memcmp(states[i], word, len) == 0)
			return i;
	return -1;
}

int authorizations_add(struct writing *w, const struct authorization_row *a, const struct uuid *sensors,
		       size_t sensor_count)
{
	struct uuid_halves id = uuid_halves(&a->id), person = uuid_halves(&a->person);
	int64_t number = writing_next_seq(w);
	int err = db_run(
		writing_db(w),
		"INSERT INTO authorization_case (number, uuid_a, uuid_b, revision, organisation, state, "
		"person_a, person_b, made, changed, begins, until, signatures, reason, digest, body) VALUES "
		"($1, $2, $3, $1, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $14)",
		db_number(number), db_number(id.a), db_number(id.b), db_number(a->organisation),
		db_number(a->state), db_number(person.a), db_number(person.b), db_number(writing_now_us(w)),
		db_number(a->begins_us), db_number(a->until_us), db_number(a->signatures),
		db_text_value(a->reason), db_bytes(a->digest, sizeof(a->digest)),
		db_bytes(a->body, a->body_len));
	for (size_t i = 0; err == HN_OK && i < sensor_count; i++) {
		struct uuid_halves edge = uuid_halves(&sensors[i]);
		err = db_run_later(
			writing_db(w),
			"INSERT INTO authorization_sensor (number, edge_a, edge_b) VALUES ($1, $2, $3) ON "
			"CONFLICT DO NOTHING",
			db_number(number), db_number(edge.a), db_number(edge.b));
	}
	return err;
}

int authorizations_change(struct writing *w, const struct authorization_row *a, int64_t revision)
{
	struct uuid_halves id = uuid_halves(&a->id);
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(id.a),
					  db_number(id.b),
					  db_number(writing_next_seq(w)),
					  db_number(a->state),
					  db_number(writing_now_us(w)),
					  db_number(a->signatures),
					  db_text_value(a->reason),
					  db_bytes(a->body, a->body_len),
					  db_number(revision),
					  db_bytes(a->digest, sizeof(a->digest))};
	int err = db_run_values(
		writing_db(w),
		"UPDATE authorization_case SET revision = $3, state = $4, changed = $5, signatures = $6, "
		"reason = $7, "
		"body = $8 WHERE uuid_a = $1 AND uuid_b = $2 AND digest = $10 AND ($9 < 0 OR revision = $9)",
		values, sizeof(values) / sizeof(values[0]), &changed);
	return err == HN_OK && changed == 0 ? HN_ESTATE : err;
}

int authorizations_revoke(struct writing *w, const struct uuid *id)
{
	struct uuid_halves u = uuid_halves(id);
	return db_run(
		writing_db(w),
		"UPDATE authorization_case SET revision = $3, state = $4, changed = $5 WHERE uuid_a = $1 AND "
		"uuid_b = $2 AND state IN ($6, $7)",
		db_number(u.a), db_number(u.b), db_number(writing_next_seq(w)),
		db_number(AUTHORIZATION_REVOKED), db_number(writing_now_us(w)),
		db_number(AUTHORIZATION_SIGNED), db_number(AUTHORIZATION_ISSUED));
}

/* ---- reading ---- */

#define SELECT                                                                                               \
	"SELECT a.number, a.uuid_a, a.uuid_b, a.revision, a.organisation, o.uuid_a, o.uuid_b, a.state, "     \
	"a.person_a, a.person_b, a.made, a.changed, a.begins, a.until, a.signatures, a.reason, a.digest, "   \
	"a.body FROM authorization_case a LEFT JOIN organisation o ON o.number = a.organisation "

struct telling {
	authorization_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct authorization_row a = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.revision = db_int(rows, 3),
		.organisation = db_int(rows, 4),
		.organisation_id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6)),
		.state = (enum authorization_state)db_int(rows, 7),
		.person = uuid_of_halves(db_int(rows, 8), db_int(rows, 9)),
		.made_us = db_int(rows, 10),
		.changed_us = db_int(rows, 11),
		.begins_us = db_int(rows, 12),
		.until_us = db_int(rows, 13),
		.signatures = db_int(rows, 14),
		.reason = db_text_or_empty(rows, 15),
	};
	size_t len;
	const uint8_t *digest = db_blob(rows, 16, &len);
	if (len == sizeof(a.digest))
		memcpy(a.digest, digest, len);
	a.body = db_blob(rows, 17, &a.body_len);
	return t->fn(t->context, &a);
}

int authorizations_find(struct writing *w, const struct uuid *id, authorization_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows, SELECT "WHERE a.uuid_a = $1 AND a.uuid_b = $2",
			   db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int authorizations_names(struct writing *w, const struct uuid *id, const struct uuid *edge, bool *out)
{
	struct uuid_halves u = uuid_halves(id), e = uuid_halves(edge);
	struct db_rows *rows;
	int err =
		db_query(writing_db(w), &rows,
			 "SELECT 1 FROM authorization_case a JOIN authorization_sensor s ON s.number = "
			 "a.number WHERE a.uuid_a = $1 AND a.uuid_b = $2 AND s.edge_a = $3 AND s.edge_b = $4",
			 db_number(u.a), db_number(u.b), db_number(e.a), db_number(e.b));
	return db_any(err, &rows, out);
}

int authorizations_get(struct reader *reader, const struct uuid *id, authorization_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT "WHERE ($1 = 0 OR a.organisation = $1) AND a.uuid_a = $2 AND a.uuid_b = $3",
			   db_number(edge_overseen_by(reader_asker(reader))), db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int authorizations_list(struct reader *reader, unsigned wanted, int64_t before, size_t limit,
			authorization_fn fn, void *context, bool *more_out)
{
	int64_t numbers[AUTHORIZATION_STATES];
	size_t count = 0;
	struct db_rows *rows;
	for (int i = 0; i < AUTHORIZATION_STATES; i++)
		if (wanted == 0 || (wanted >> i & 1) != 0)
			numbers[count++] = i;
	int err = db_query(
		reader_db(reader), &rows,
		SELECT "WHERE ($1 = 0 OR a.organisation = $1) AND a.state ANY_OF($2) AND ($3 = 0 OR a.number "
		       "< $3) ORDER BY a.number DESC LIMIT $4",
		db_number(edge_overseen_by(reader_asker(reader))), db_ints(numbers, count), db_number(before),
		db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

int authorizations_of_edge(struct reader *reader, const struct uuid *edge, int64_t now_us,
			   authorization_fn fn, void *context)
{
	struct uuid_halves e = uuid_halves(edge);
	struct db_rows *rows;
	int more = 0;
	int err = db_query(
		reader_db(reader), &rows,
		SELECT
		"JOIN authorization_sensor s ON s.number = a.number WHERE s.edge_a = $1 AND s.edge_b = "
		"$2 AND a.state = $3 AND a.until > $4 ORDER BY a.number",
		db_number(e.a), db_number(e.b), db_number(AUTHORIZATION_ISSUED), db_number(now_us));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = tell(rows, &(struct telling){fn, context});
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}
