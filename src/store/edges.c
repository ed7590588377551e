/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edges.h"

#include <stdio.h>
#include <string.h>

#include "store/asker.h"
#include "store/db.h"
#include "store/db_row.h"
#include "store/edge_inside.h"
#include "store/object_inside.h"

static const char *const kinds[EDGE_KINDS] = {"sensor", "resolver"};

const char *edge_kind_name(enum edge_kind kind)
{
	return kinds[kind];
}

int edge_kind_value(const char *word, size_t len)
{
	for (int i = 0; i < EDGE_KINDS; i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], word, len) == 0)
			return i;
	return -1;
}

/* ---- codes ---- */

int edges_code_add(struct writing *w, const uint8_t secret[EDGE_SECRET_SIZE], const struct edge_new *e,
		   int64_t until_us)
{
	return db_run(writing_db(w),
		      "INSERT INTO edge_code (secret, organisation, kind, name_en, name_ja, made, until, "
		      "edge, request, serial) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8)",
		      db_bytes(secret, EDGE_SECRET_SIZE), db_number(e->organisation), db_number(e->kind),
		      db_text_value(e->name_en), db_text_value(e->name_ja), db_number(writing_now_us(w)),
		      db_number(until_us), db_bytes("", 0));
}

int edges_codes_forget(struct writing *w, int64_t before_us)
{
	return db_run(writing_db(w), "DELETE FROM edge_code WHERE until < $1", db_number(before_us));
}

/* A code as it stands. */
struct code {
	int64_t organisation;
	enum edge_kind kind;
	bool used, same;
};

static void copy_name(const struct db_rows *rows, unsigned column, char out[EDGE_NAME_MAX + 1])
{
	(void)snprintf(out, EDGE_NAME_MAX + 1, "%s", db_text_or_empty(rows, column));
}

static int find_code(struct writing *w, const struct edge_enrolment *e, struct code *code,
		     struct edge_enrolled *out)
{
	struct db_rows *rows;
	size_t len;
	int err = db_query(
		writing_db(w), &rows,
		"SELECT c.organisation, c.kind, c.name_en, c.name_ja, c.edge, c.request, t.pem FROM "
		"edge_code c "
		"LEFT JOIN edge_certificate t ON t.serial = c.serial WHERE c.secret = $1 AND c.until > $2",
		db_bytes(e->secret, sizeof(e->secret)), db_number(writing_now_us(w)));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		code->organisation = db_int(rows, 0);
		code->kind = (enum edge_kind)db_int(rows, 1);
		copy_name(rows, 2, out->name_en);
		copy_name(rows, 3, out->name_ja);
		out->number = db_int(rows, 4);
		code->used = out->number != 0;
		const uint8_t *request = db_blob(rows, 5, &len);
		code->same = len == sizeof(e->request) && memcmp(request, e->request, len) == 0;
		(void)snprintf(out->pem, sizeof(out->pem), "%s", db_text_or_empty(rows, 6));
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

/* ---- enrolling ---- */

static int add_edge(struct writing *w, const struct edge_enrolment *e, const struct code *code,
		    struct edge_enrolled *out)
{
	struct uuid_halves id = uuid_halves(&e->id);
	out->number = writing_next_seq(w);
	return db_run(writing_db(w),
		      "INSERT INTO edge (number, uuid_a, uuid_b, revision, organisation, kind, name_en, "
		      "name_ja, revoked, "
		      "enrolled, identity, ed25519, program, questions) VALUES ($1, $2, $3, $1, $4, $5, $6, "
		      "$7, 0, $8, $9, "
		      "$10, $11, 0)",
		      db_number(out->number), db_number(id.a), db_number(id.b), db_number(code->organisation),
		      db_number(code->kind), db_text_value(out->name_en), db_text_value(out->name_ja),
		      db_number(writing_now_us(w)), db_text_value(e->identity),
		      db_bytes(e->ed25519, sizeof(e->ed25519)), db_text_value(e->program));
}

static int end_certificates(struct writing *w, int64_t edge)
{
	return db_run(writing_db(w),
		      "UPDATE edge_certificate SET revoked = $2 WHERE edge = $1 AND revoked = 0",
		      db_number(edge), db_number(writing_now_us(w)));
}

static int change_edge(struct writing *w, const struct edge_enrolment *e, const struct edge_enrolled *out)
{
	int err =
		db_run(writing_db(w),
		       "UPDATE edge SET revision = $2, name_en = $3, name_ja = $4, revoked = 0, enrolled = "
		       "$5, program = "
		       "$6 WHERE number = $1",
		       db_number(out->number), db_number(writing_next_seq(w)), db_text_value(out->name_en),
		       db_text_value(out->name_ja), db_number(writing_now_us(w)), db_text_value(e->program));
	return err == HN_OK ? end_certificates(w, out->number) : err;
}

static int find_edge(struct writing *w, const struct uuid *uuid, struct code *known_out, int64_t *number_out)
{
	struct uuid_halves id = uuid_halves(uuid);
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows,
			   "SELECT number, organisation, kind FROM edge WHERE uuid_a = $1 AND uuid_b = $2",
			   db_number(id.a), db_number(id.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		*number_out = db_int(rows, 0);
		known_out->organisation = db_int(rows, 1);
		known_out->kind = (enum edge_kind)db_int(rows, 2);
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

static int put_edge(struct writing *w, const struct edge_enrolment *e, const struct code *code,
		    struct edge_enrolled *out)
{
	struct code known;
	int err = find_edge(w, &e->id, &known, &out->number);
	if (err == HN_ENOENT)
		return add_edge(w, e, code, out);
	if (err != HN_OK)
		return err;
	if (known.organisation != code->organisation || known.kind != code->kind)
		return HN_EAUTH;
	return change_edge(w, e, out);
}

int edges_enrol(struct writing *w, const struct edge_enrolment *e, struct edge_enrolled *out)
{
	struct code code = {.used = false};
	*out = (struct edge_enrolled){.again = false};
	int err = find_code(w, e, &code, out);
	if (err != HN_OK)
		return err;
	if (code.used) {
		out->again = code.same;
		return code.same ? HN_OK : HN_EEXIST;
	}
	if (code.kind != e->kind)
		return HN_EAUTH;
	err = put_edge(w, e, &code, out);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w), "UPDATE edge_code SET edge = $2, request = $3 WHERE secret = $1",
		      db_bytes(e->secret, sizeof(e->secret)), db_number(out->number),
		      db_bytes(e->request, sizeof(e->request)));
}

int edges_certificate_add(struct writing *w, int64_t edge, const struct edge_certificate *c,
			  const uint8_t *secret)
{
	int err = db_run(
		writing_db(w),
		"INSERT INTO edge_certificate (serial, edge, made, until, revoked, pem) VALUES ($1, $2, "
		"$3, $4, 0, $5)",
		db_bytes(c->serial, c->serial_len), db_number(edge), db_number(writing_now_us(w)),
		db_number(c->until_us), db_text_value(c->pem));
	if (err == HN_OK && secret != NULL)
		err = db_run(writing_db(w), "UPDATE edge_code SET serial = $2 WHERE secret = $1",
			     db_bytes(secret, EDGE_SECRET_SIZE), db_bytes(c->serial, c->serial_len));
	return err;
}

/* ---- changes ---- */

static int check_revision(struct writing *w, int64_t edge, int64_t revision)
{
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows, "SELECT revision FROM edge WHERE number = $1",
			   db_number(edge));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	bool changed = more == 1 && revision >= 0 && db_int(rows, 0) != revision;
	db_rows_end(rows);
	return more != 1 ? (more < 0 ? more : HN_ENOENT) : changed ? HN_ESTATE : HN_OK;
}

int edges_revoke(struct writing *w, int64_t edge, int64_t revision)
{
	int err = check_revision(w, edge, revision);
	if (err == HN_OK)
		err = db_run(writing_db(w), "UPDATE edge SET revision = $2, revoked = $3 WHERE number = $1",
			     db_number(edge), db_number(writing_next_seq(w)), db_number(writing_now_us(w)));
	if (err == HN_OK)
		err = db_run(writing_db(w), "DELETE FROM edge_question WHERE edge = $1 AND answered = 0",
			     db_number(edge));
	return err == HN_OK ? end_certificates(w, edge) : err;
}

int edges_change(struct writing *w, int64_t edge, const struct edge_new *to, int64_t revision)
{
	int err = check_revision(w, edge, revision);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "UPDATE edge SET revision = $2, name_en = $3, name_ja = $4 WHERE number = $1",
		      db_number(edge), db_number(writing_next_seq(w)), db_text_value(to->name_en),
		      db_text_value(to->name_ja));
}

int edges_health_put(struct writing *w, int64_t edge, const char *json, size_t len)
{
	return db_run(
		writing_db(w),
		"INSERT INTO edge_health (edge, made, health) VALUES ($1, $2, $3) ON CONFLICT (edge) DO "
		"UPDATE SET made = excluded.made, health = excluded.health",
		db_number(edge), db_number(writing_now_us(w)), db_string(json, len));
}

/* ---- reading ---- */

#define SELECT                                                                                               \
	"SELECT e.number, e.uuid_a, e.uuid_b, e.revision, e.organisation, o.uuid_a, o.uuid_b, e.kind, "      \
	"e.name_en, e.name_ja, e.revoked, e.enrolled, e.identity, e.ed25519, e.program, (SELECT "            \
	"MAX(c.until) FROM edge_certificate c WHERE c.edge = e.number AND c.revoked = 0), h.made, h.health " \
	"FROM edge e LEFT JOIN organisation o ON o.number = e.organisation LEFT JOIN edge_health h ON "      \
	"h.edge = e.number "
/* Whose it is, and the centre. */
#define KNOWN "($1 = 0 OR e.organisation = $1) "

struct telling {
	edge_fn fn;
	void *context;
};

static int tell(const struct db_rows *rows, void *context)
{
	const struct telling *t = context;
	struct edge_row e = {
		.number = db_int(rows, 0),
		.id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2)),
		.revision = db_int(rows, 3),
		.organisation = db_int(rows, 4),
		.organisation_id = uuid_of_halves(db_int(rows, 5), db_int(rows, 6)),
		.kind = (enum edge_kind)db_int(rows, 7),
		.name_en = db_text_or_empty(rows, 8),
		.name_ja = db_text_or_empty(rows, 9),
		.revoked_us = db_int(rows, 10),
		.enrolled_us = db_int(rows, 11),
		.identity = db_text_or_empty(rows, 12),
		.program = db_text_or_empty(rows, 14),
		.certificate_us = db_int(rows, 15),
		.health_us = db_int(rows, 16),
		.health = db_text_or_empty(rows, 17),
	};
	size_t len;
	const uint8_t *key = db_blob(rows, 13, &len);
	if (len == sizeof(e.ed25519))
		memcpy(e.ed25519, key, len);
	return t->fn(t->context, &e);
}

int edges_get(struct reader *reader, const struct uuid *id, edge_fn fn, void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT "WHERE " KNOWN "AND e.uuid_a = $2 AND e.uuid_b = $3",
			   db_number(edge_known_to(reader_asker(reader))), db_number(u.a), db_number(u.b));
	return db_one(err, &rows, tell, &(struct telling){fn, context});
}

int edges_list(struct reader *reader, int64_t after, size_t limit, edge_fn fn, void *context, bool *more_out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT "WHERE " KNOWN "AND e.number > $2 ORDER BY e.number LIMIT $3",
			   db_number(edge_known_to(reader_asker(reader))), db_number(after),
			   db_number((int64_t)limit + 1));
	return db_page(err, &rows, limit, tell, &(struct telling){fn, context}, more_out);
}

int edges_each(struct reader *reader, edge_fn fn, void *context)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   SELECT "WHERE " KNOWN "AND e.revoked = 0 ORDER BY e.number",
			   db_number(edge_known_to(reader_asker(reader))));
	int more = 0;
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1)
		err = tell(rows, &(struct telling){fn, context});
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}

int edges_by_serial(struct store *store, const uint8_t *serial, size_t len, int64_t now_us, edge_fn fn,
		    void *context)
{
	struct asker hub;
	struct reader *reader;
	struct db_rows *rows;
	asker_hub(&hub);
	int err = store_read(store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = db_query(reader_db(reader), &rows,
		       SELECT
		       "WHERE e.revoked = 0 AND e.number = (SELECT t.edge FROM edge_certificate t WHERE "
		       "t.serial = $1 AND t.revoked = 0 AND t.until > $2)",
		       db_bytes(serial, len), db_number(now_us));
	err = db_one(err, &rows, tell, &(struct telling){fn, context});
	reader_end(reader);
	return err;
}

int edges_serials(struct reader *reader, const struct uuid *id,
		  int (*fn)(void *context, const uint8_t *serial, size_t len), void *context)
{
	struct uuid_halves u = uuid_halves(id);
	struct db_rows *rows;
	int more = 0;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT t.serial FROM edge_certificate t JOIN edge e ON e.number = t.edge WHERE e.uuid_a = "
		"$1 AND e.uuid_b = $2",
		db_number(u.a), db_number(u.b));
	if (err != HN_OK)
		return err;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		size_t len;
		const uint8_t *serial = db_blob(rows, 0, &len);
		err = fn(context, serial, len);
	}
	db_rows_end(rows);
	return err == HN_OK && more < 0 ? more : err;
}
