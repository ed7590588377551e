/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edge_documents.h"

#include <string.h>

#include "store/db_row.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

static struct db_value digest_value(const uint8_t digest[EDGE_DIGEST_SIZE])
{
	return db_bytes(digest, EDGE_DIGEST_SIZE);
}

static void read_digest(const struct db_rows *rows, unsigned column, uint8_t out[EDGE_DIGEST_SIZE])
{
	size_t len;
	const uint8_t *digest = db_blob(rows, column, &len);
	memset(out, 0, EDGE_DIGEST_SIZE);
	if (len == EDGE_DIGEST_SIZE)
		memcpy(out, digest, len);
}

int edge_documents_put(struct writing *w, const uint8_t digest[EDGE_DIGEST_SIZE], const void *body,
		       size_t len)
{
	return db_run(
		writing_db(w),
		"INSERT INTO edge_document (digest, made, body) VALUES ($1, $2, $3) ON CONFLICT (digest) DO "
		"NOTHING",
		digest_value(digest), db_number(writing_now_us(w)), db_bytes(body, len));
}

int edge_documents_get(struct reader *reader, const uint8_t digest[EDGE_DIGEST_SIZE], struct buf *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, "SELECT body FROM edge_document WHERE digest = $1",
			   digest_value(digest));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		size_t len;
		const uint8_t *body = db_blob(rows, 0, &len);
		buf_add(out, body, len);
		err = buf_err(out);
	}
	db_rows_end(rows);
	return more == 1 ? err : more < 0 ? more : HN_ENOENT;
}

int nation_documents_put(struct writing *w, enum nation_document kind, int64_t number,
			 const uint8_t digest[EDGE_DIGEST_SIZE], const void *body, size_t len)
{
	int err = edge_documents_put(w, digest, body, len);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "INSERT INTO nation_document (kind, number, digest, made) VALUES ($1, $2, $3, $4) ON "
		      "CONFLICT "
		      "(kind) DO UPDATE SET number = excluded.number, digest = excluded.digest, made = "
		      "excluded.made",
		      db_number(kind), db_number(number), digest_value(digest), db_number(writing_now_us(w)));
}

int nation_documents_get(struct reader *reader, enum nation_document kind, struct nation_document_row *out)
{
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT n.number, n.made, n.digest, LENGTH(d.body) FROM nation_document n, edge_document d "
		"WHERE n.kind = $1 AND d.digest = n.digest",
		db_number(kind));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		out->number = db_int(rows, 0);
		out->made_us = db_int(rows, 1);
		read_digest(rows, 2, out->digest);
		out->size = (size_t)db_int(rows, 3);
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

/* ---- heads ---- */

int edge_heads_get(struct reader *reader, unsigned kind, int64_t edge, edge_head_fn fn, void *context)
{
	struct db_rows *rows;
	int err =
		db_query(reader_db(reader), &rows,
			 "SELECT version, digest, expires, head FROM edge_head WHERE kind = $1 AND edge = $2",
			 db_number(kind), db_number(edge));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		struct edge_head_row h = {.kind = kind,
					  .edge = edge,
					  .version = db_int(rows, 0),
					  .expires_us = db_int(rows, 2),
					  .head = db_text_or_empty(rows, 3)};
		read_digest(rows, 1, h.digest);
		err = fn(context, &h);
	}
	db_rows_end(rows);
	return more == 1 ? err : more < 0 ? more : HN_ENOENT;
}

int edge_heads_put(struct writing *w, const struct edge_head_row *h, int64_t was)
{
	uint64_t changed = 0;
	if (was == 0) {
		int err = db_run(
			writing_db(w),
			"INSERT INTO edge_head (kind, edge, version, digest, expires, head) VALUES ($1, "
			"$2, $3, $4, $5, $6)",
			db_number(h->kind), db_number(h->edge), db_number(h->version),
			digest_value(h->digest), db_number(h->expires_us), db_text_value(h->head));
		return err == HN_EEXIST ? HN_ESTATE : err;
	}
	const struct db_value values[] = {
		db_number(h->kind),      db_number(h->edge),       db_number(h->version),
		digest_value(h->digest), db_number(h->expires_us), db_text_value(h->head),
		db_number(was)};
	int err = db_run_values(
		writing_db(w),
		"UPDATE edge_head SET version = $3, digest = $4, expires = $5, head = $6 WHERE kind "
		"= $1 AND edge = $2 AND version = $7",
		values, sizeof(values) / sizeof(values[0]), &changed);
	return err == HN_OK && changed == 0 ? HN_ESTATE : err;
}

/* ---- questions ---- */

int edge_questions_add(struct writing *w, const struct edge_question *q)
{
	struct uuid_halves id = uuid_halves(&q->id);
	return db_run(
		writing_db(w),
		"INSERT INTO edge_question (number, uuid_a, uuid_b, edge, ask, arguments, asked, until, "
		"answered, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')",
		db_number(writing_next_seq(w)), db_number(id.a), db_number(id.b), db_number(q->edge),
		db_text_value(q->ask), db_text_value(q->arguments), db_number(writing_now_us(w)),
		db_number(q->until_us));
}

#define QUESTION                                                                                             \
	"SELECT q.number, q.uuid_a, q.uuid_b, q.edge, q.ask, q.arguments, q.asked, q.until, q.answered, "    \
	"q.answer FROM edge_question q "

static int tell_question(struct db_rows *rows, edge_question_fn fn, void *context)
{
	const struct edge_question q = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.edge = db_int(rows, 3),
		.ask = db_text_or_empty(rows, 4),
		.arguments = db_text_or_empty(rows, 5),
		.asked_us = db_int(rows, 6),
		.until_us = db_int(rows, 7),
		.answered_us = db_int(rows, 8),
		.answer = db_text_or_empty(rows, 9),
	};
	return fn(context, &q);
}

int edge_questions_open(struct reader *reader, int64_t edge, int64_t now_us, edge_question_fn fn,
			void *context)
{
	struct db_rows *rows;
	int more = 0;
	int err = db_query(reader_db(reader), &rows,
			   QUESTION "WHERE q.edge = $1 AND q.answered = 0 AND q.until > $2 ORDER BY q.number",
			   db_number(edge), db_number(now_us));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = tell_question(rows, fn, context);
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int edge_questions_answer(struct writing *w, int64_t edge, const struct uuid *id, const char *answer,
			  size_t len)
{
	struct uuid_halves u = uuid_halves(id);
	return db_run(
		writing_db(w),
		"UPDATE edge_question SET answered = $4, answer = $5 WHERE edge = $1 AND uuid_a = $2 AND "
		"uuid_b = $3 AND answered = 0",
		db_number(edge), db_number(u.a), db_number(u.b), db_number(writing_now_us(w)),
		db_string(answer, len));
}

int edge_questions_get(struct reader *reader, const struct uuid *edge, const struct uuid *id,
		       edge_question_fn fn, void *context)
{
	struct uuid_halves e = uuid_halves(edge), u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		QUESTION
		"JOIN edge e ON e.number = q.edge WHERE ($1 = 0 OR e.organisation = $1) AND e.uuid_a = "
		"$2 AND e.uuid_b = $3 AND q.uuid_a = $4 AND q.uuid_b = $5",
		db_number(edge_known_to(reader_asker(reader))), db_number(e.a), db_number(e.b),
		db_number(u.a), db_number(u.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		err = tell_question(rows, fn, context);
	db_rows_end(rows);
	return more == 1 ? err : more < 0 ? more : HN_ENOENT;
}

int edge_questions_forget(struct writing *w, int64_t before_us)
{
	return db_run(writing_db(w), "DELETE FROM edge_question WHERE until < $1", db_number(before_us));
}
