/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edge_receipts.h"

#include "store/db_row.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

static int add_authorizations(struct writing *w, const struct edge_receipt *r)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < r->authorization_count; i++) {
		struct uuid_halves id = uuid_halves(&r->authorizations[i]);
		err = db_run_later(
			writing_db(w),
			"INSERT INTO receipt_authorization (edge, receipt, uuid_a, uuid_b) VALUES ($1, $2, "
			"$3, $4) ON CONFLICT DO NOTHING",
			db_number(r->edge), db_number(r->number), db_number(id.a), db_number(id.b));
	}
	return err;
}

int edge_receipts_add(struct writing *w, const struct edge_receipt *r, bool *new_out)
{
	uint64_t changed = 0;
	const struct db_value values[] = {db_number(r->edge),
					  db_number(r->number),
					  db_number(writing_next_seq(w)),
					  db_number(r->made_us),
					  db_number(r->begins_us),
					  db_number(r->ends_us),
					  db_number(r->holds),
					  db_text_value(r->finding),
					  db_number(r->seen),
					  db_number(r->selected),
					  db_number(r->erased),
					  db_number(r->pending),
					  db_number(r->not_seen),
					  db_number(r->records),
					  db_number(r->records_through),
					  db_bytes(r->records_digest, sizeof(r->records_digest)),
					  db_number(r->erase_by_us),
					  db_bytes(r->digest, sizeof(r->digest)),
					  db_string(r->line, r->line_len)};
	int err = db_run_values(writing_db(w),
				"INSERT INTO edge_receipt (edge, number, seq, made, begins, ends, state, "
				"finding, seen, selected, "
				"erased, pending, not_seen, records, records_through, records_digest, "
				"erase_by, digest, line) VALUES "
				"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
				"$17, $18, $19) ON CONFLICT "
				"(edge, number) DO NOTHING",
				values, sizeof(values) / sizeof(values[0]), &changed);
	*new_out = changed > 0;
	return err == HN_OK && changed > 0 ? add_authorizations(w, r) : err;
}

#define SELECT                                                                                               \
	"SELECT r.edge, e.uuid_a, e.uuid_b, r.number, r.seq, r.made, r.begins, r.ends, r.state, r.finding, " \
	"r.seen, r.selected, r.erased, r.pending, r.not_seen, r.records, r.records_through, r.erase_by, "    \
	"r.records_digest, r.digest, r.line FROM edge_receipt r JOIN edge e ON e.number = r.edge "

static void read_digest(const struct db_rows *rows, unsigned column, uint8_t out[32])
{
	size_t len;
	const uint8_t *digest = db_blob(rows, column, &len);
	memset(out, 0, 32);
	if (len == 32)
		memcpy(out, digest, len);
}

struct telling {
	edge_receipt_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct edge_receipt r = {
		.edge = db_int(rows, 0),
		.edge_id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.number = db_int(rows, 3),
		.seq = db_int(rows, 4),
		.made_us = db_int(rows, 5),
		.begins_us = db_int(rows, 6),
		.ends_us = db_int(rows, 7),
		.holds = db_int(rows, 8) != 0,
		.finding = db_text_or_empty(rows, 9),
		.seen = db_int(rows, 10),
		.selected = db_int(rows, 11),
		.erased = db_int(rows, 12),
		.pending = db_int(rows, 13),
		.not_seen = db_int(rows, 14),
		.records = db_int(rows, 15),
		.records_through = db_int(rows, 16),
		.erase_by_us = db_int(rows, 17),
	};
	read_digest(rows, 18, r.records_digest);
	read_digest(rows, 19, r.digest);
	r.line = db_text_or_empty(rows, 20);
	r.line_len = strlen(r.line);
	return t->fn(t->context, &r);
}

int edge_receipts_covering(struct writing *w, int64_t edge, int64_t record, edge_receipt_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(
		writing_db(w), &rows,
		SELECT "WHERE r.edge = $1 AND r.records_through >= $2 ORDER BY r.records_through, r.number "
		       "LIMIT 1",
		db_number(edge), db_number(record));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int edge_receipts_same(struct writing *w, const struct edge_receipt *r, bool *same_out)
{
	struct db_rows *rows;
	uint8_t digest[32] = {0};
	int err = db_query(writing_db(w), &rows,
			   "SELECT digest FROM edge_receipt WHERE edge = $1 AND number = $2",
			   db_number(r->edge), db_number(r->number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		read_digest(rows, 0, digest);
	db_rows_end(rows);
	*same_out = memcmp(digest, r->digest, sizeof(digest)) == 0;
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

int edge_receipts_find(struct writing *w, int64_t edge, int64_t number, const char *finding)
{
	return db_run(writing_db(w),
		      "UPDATE edge_receipt SET state = 0, finding = $3 WHERE edge = $1 AND number = $2",
		      db_number(edge), db_number(number), db_text_value(finding));
}

int edge_receipts_last(struct writing *w, int64_t edge, edge_receipt_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows, SELECT "WHERE r.edge = $1 ORDER BY r.number DESC LIMIT 1",
			   db_number(edge));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int edge_receipts_list(struct reader *reader, const struct uuid *edge, const struct uuid *authorization,
		       int64_t before, size_t limit, edge_receipt_fn fn, void *context, bool *more_out)
{
	struct uuid_halves e = {0, 0}, a = {0, 0};
	struct db_rows *rows;
	if (edge != NULL)
		e = uuid_halves(edge);
	if (authorization != NULL)
		a = uuid_halves(authorization);
	int err = db_query(
		reader_db(reader), &rows,
		SELECT
		"WHERE ($1 = 0 OR e.organisation = $1) AND ($2 = 0 OR (e.uuid_a = $3 AND e.uuid_b = $4)) AND "
		"($5 = 0 OR EXISTS (SELECT 1 FROM receipt_authorization x WHERE x.uuid_a = $6 AND x.uuid_b = "
		"$7 AND x.edge = r.edge AND x.receipt = r.number)) AND ($8 = 0 OR r.seq < $8) ORDER BY r.seq "
		"DESC LIMIT $9",
		db_number(edge_overseen_by(reader_asker(reader))), db_number(edge != NULL), db_number(e.a),
		db_number(e.b), db_number(authorization != NULL), db_number(a.a), db_number(a.b),
		db_number(before), db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

int edge_receipts_sums(struct reader *reader, int64_t from_us, struct receipt_sums *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT COUNT(*), CAST(COALESCE(SUM(r.seen), 0) AS BIGINT), "
			   "CAST(COALESCE(SUM(r.selected), 0) AS "
			   "BIGINT), CAST(COALESCE(SUM(r.erased), 0) AS BIGINT), "
			   "CAST(COALESCE(SUM(r.not_seen), 0) AS BIGINT), "
			   "CAST(COALESCE(SUM(1 - r.state), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN "
			   "r.number = (SELECT "
			   "MAX(l.number) FROM edge_receipt l WHERE l.edge = r.edge) THEN r.pending ELSE 0 "
			   "END), 0) AS BIGINT) "
			   "FROM edge_receipt r JOIN edge e ON e.number = r.edge WHERE ($1 = 0 OR "
			   "e.organisation = $1) AND "
			   "r.made >= $2",
			   db_number(edge_overseen_by(reader_asker(reader))), db_number(from_us));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = (struct receipt_sums){.receipts = db_int(rows, 0),
					     .seen = db_int(rows, 1),
					     .selected = db_int(rows, 2),
					     .erased = db_int(rows, 3),
					     .not_seen = db_int(rows, 4),
					     .failing = db_int(rows, 5),
					     .pending = db_int(rows, 6)};
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_EFORMAT;
}

int edge_receipts_use(struct reader *reader, const struct uuid *authorization, struct receipt_use *out)
{
	struct uuid_halves a = uuid_halves(authorization);
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT COUNT(*), CAST(COALESCE(SUM(r.records), 0) AS BIGINT), COALESCE(MIN(r.made), 0), "
		"COALESCE(MAX(r.made), 0) "
		"FROM receipt_authorization x JOIN edge_receipt r ON r.edge = x.edge AND r.number "
		"= x.receipt WHERE "
		"x.uuid_a = $1 AND x.uuid_b = $2",
		db_number(a.a), db_number(a.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = (struct receipt_use){.receipts = db_int(rows, 0),
					    .records = db_int(rows, 1),
					    .first_us = db_int(rows, 2),
					    .last_us = db_int(rows, 3)};
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_EFORMAT;
}

/* ---- checkpoints ---- */

int edge_checkpoints_add(struct writing *w, const struct edge_checkpoint *c)
{
	return db_run(writing_db(w),
		      "INSERT INTO edge_checkpoint (number, edge, made, size, root, state, finding, note) "
		      "VALUES ($1, "
		      "$2, $3, $4, $5, $6, $7, $8)",
		      db_number(writing_next_seq(w)), db_number(c->edge), db_number(writing_now_us(w)),
		      db_number(c->size), db_bytes(c->root, sizeof(c->root)), db_number(c->holds),
		      db_text_value(c->finding), db_text_value(c->note));
}

int edge_checkpoints_last(struct writing *w, int64_t edge, edge_checkpoint_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(
		writing_db(w), &rows,
		"SELECT number, made, size, root, state, finding, note FROM edge_checkpoint WHERE edge = $1 "
		"ORDER BY number DESC LIMIT 1",
		db_number(edge));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		struct edge_checkpoint c = {.number = db_int(rows, 0),
					    .edge = edge,
					    .made_us = db_int(rows, 1),
					    .size = db_int(rows, 2),
					    .holds = db_int(rows, 4) != 0,
					    .finding = db_text_or_empty(rows, 5),
					    .note = db_text_or_empty(rows, 6)};
		size_t len;
		const uint8_t *root = db_blob(rows, 3, &len);
		if (len == sizeof(c.root))
			memcpy(c.root, root, len);
		err = fn(context, &c);
	}
	db_rows_end(rows);
	return more == 1 ? err : more < 0 ? more : HN_ENOENT;
}
