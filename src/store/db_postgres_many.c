/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Rows of db_insert_later(): put into lists, one for each argument of their statement, and sent as one
 * statement for all of them. A statement for each row costs the server several times what the row does. */
#include <stdlib.h>
#include <string.h>

#include "store/db_postgres.h"

#define LIST_MAX (512u << 20) /* bytes; one object is far smaller */
#define TEXT_MAX 4096

static bool fits(const struct pg_many *m, const struct db_value *values, size_t count)
{
	bool same = (size_t)m->columns == count;
	for (size_t i = 0; same && i < count; i++)
		same = m->types[i] == values[i].type;
	return same;
}

static void forget_rows(struct pg_many *m)
{
	m->rows = 0;
	for (int i = 0; i < m->columns; i++)
		buf_reset(&m->lists[i]);
}

static void clear(struct pg_many *m)
{
	for (int i = 0; i < m->columns; i++)
		buf_clear(&m->lists[i]);
	if (m->sql != NULL)
		buf_clear(&m->text);
	free(m->sql);
	*m = (struct pg_many){0};
}

static int begin(struct pg_many *m, const char *sql, const struct db_value *values, size_t count)
{
	if (count == 0 || count > PG_MANY_COLUMNS)
		return HN_ELIMIT;
	for (size_t i = 0; i < count; i++)
		if (values[i].type == DB_NULL || values[i].type == DB_INTS)
			return HN_EUNSUPPORTED;
	buf_init(&m->text, TEXT_MAX);
	int err = db_sql_many(sql, (unsigned)count, &m->text);
	if (err == HN_OK)
		buf_addc(&m->text, '\0');
	if (err == HN_OK)
		err = buf_err(&m->text);
	m->sql = err == HN_OK ? strdup(sql) : NULL;
	if (m->sql == NULL) {
		buf_clear(&m->text);
		return err == HN_OK ? HN_ENOMEM : err;
	}
	m->columns = (int)count;
	for (size_t i = 0; i < count; i++) {
		m->types[i] = values[i].type;
		buf_init(&m->lists[i], LIST_MAX);
	}
	return HN_OK;
}

static int send_rows(struct pg_db *p, struct pg_many *m)
{
	struct pg_arguments a;
	int err = HN_OK;
	pg_arguments_init(&a);
	for (int i = 0; err == HN_OK && i < m->columns; i++)
		err = pg_list_end(&m->lists[i], m->types[i], m->rows, &a);
	if (err == HN_OK)
		err = pg_send_later(p, m->text.data, &a);
	else
		(void)db_fail(&p->db, err, "the rows of a statement are too large");
	pg_arguments_clear(&a);
	return err;
}

int pg_many_send(struct pg_db *p)
{
	int err = HN_OK;
	/* Sending makes way for itself. */
	p->many_waits = false;
	for (size_t i = 0; err == HN_OK && i < PG_MANY_MAX; i++)
		if (p->many[i].rows > 0)
			err = send_rows(p, &p->many[i]);
	pg_many_drop(p);
	if (p->conn != NULL)
		p->later = true;
	return err;
}

void pg_many_drop(struct pg_db *p)
{
	p->many_waits = false;
	p->many_bytes = 0;
	for (size_t i = 0; i < PG_MANY_MAX; i++)
		forget_rows(&p->many[i]);
}

void pg_many_clear(struct pg_db *p)
{
	for (size_t i = 0; i < PG_MANY_MAX; i++)
		clear(&p->many[i]);
}

/* The lists of a statement, new where there are none yet; with all taken, the place of one whose rows are
 * sent first. */
static int find(struct pg_db *p, const char *sql, const struct db_value *values, size_t count,
		struct pg_many **out)
{
	size_t at = 0;
	while (at < PG_MANY_MAX && p->many[at].sql != NULL && strcmp(p->many[at].sql, sql) != 0)
		at++;
	if (at == PG_MANY_MAX || (p->many[at].sql != NULL && !fits(&p->many[at], values, count))) {
		int err = p->many_waits ? pg_many_send(p) : HN_OK;
		if (err != HN_OK)
			return err;
		at = at == PG_MANY_MAX ? 0 : at;
		clear(&p->many[at]);
	}
	*out = &p->many[at];
	return p->many[at].sql != NULL ? HN_OK : begin(*out, sql, values, count);
}

static void add_row(struct pg_db *p, struct pg_many *m, const struct db_value *values)
{
	for (int i = 0; i < m->columns; i++) {
		if (m->rows == 0)
			(void)pg_list_begin(&m->lists[i], m->types[i]);
		pg_list_add(&m->lists[i], &values[i]);
		p->many_bytes += 12 + values[i].len;
	}
	m->rows++;
	p->many_waits = true;
	p->later = true;
}

int pg_insert_later(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	struct pg_db *p = PG_DB(db);
	struct pg_many *m;
	int err = find(p, sql, values, count, &m);
	/* What has no lists goes by itself. */
	if (err == HN_EUNSUPPORTED || err == HN_EFORMAT)
		return pg_run_later(db, sql, values, count);
	if (err != HN_OK)
		return err;
	add_row(p, m, values);
	return p->many_bytes >= PG_MANY_BYTES ? pg_many_send(p) : HN_OK;
}
