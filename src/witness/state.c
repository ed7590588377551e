/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/state.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define WAIT_MS     10000
#define APPLICATION 0x484e5754 /* "HNWT" */

struct state {
	pthread_mutex_t lock; /* guards the connection; held for as long as a transaction lasts */
	sqlite3 *db;
};

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS numbers(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS texts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS accounts(name TEXT PRIMARY KEY, hash TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS codes(secret BLOB PRIMARY KEY, name TEXT NOT NULL, until INTEGER NOT "
	"NULL,"
	" request BLOB, pem TEXT) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS edges(id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL,"
	" ed25519 BLOB NOT NULL, program TEXT NOT NULL, enrolled INTEGER NOT NULL, heard INTEGER NOT NULL,"
	" receipt_at INTEGER NOT NULL, health TEXT, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS certificates(serial TEXT PRIMARY KEY, edge TEXT NOT NULL,"
	" until INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS places(edge TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL,"
	" through INTEGER NOT NULL, gave_way INTEGER NOT NULL, PRIMARY KEY(edge, stream)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS receipts(edge TEXT NOT NULL, number INTEGER NOT NULL, came INTEGER NOT "
	"NULL,"
	" begins INTEGER NOT NULL, ends INTEGER NOT NULL, digest BLOB NOT NULL, finding TEXT NOT NULL,"
	" finding_ja TEXT NOT NULL, at_hub INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL,"
	" selected INTEGER NOT NULL, erased INTEGER NOT NULL, pending INTEGER NOT NULL,"
	" not_seen INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY(edge, number));"
	"CREATE INDEX IF NOT EXISTS receipts_at_hub ON receipts(edge, number) WHERE at_hub = 0;"
	"CREATE TABLE IF NOT EXISTS refused(seq INTEGER PRIMARY KEY, edge TEXT NOT NULL, stream TEXT NOT "
	"NULL,"
	" came INTEGER NOT NULL, finding TEXT NOT NULL, line BLOB NOT NULL);"
	"CREATE INDEX IF NOT EXISTS refused_edge ON refused(edge, seq);"
	"CREATE TABLE IF NOT EXISTS checkpoints(seq INTEGER PRIMARY KEY, edge TEXT NOT NULL,"
	" size INTEGER NOT NULL, root BLOB NOT NULL, came INTEGER NOT NULL, finding TEXT NOT NULL,"
	" note TEXT NOT NULL, cosigned TEXT);"
	"CREATE INDEX IF NOT EXISTS checkpoints_edge ON checkpoints(edge, seq);"
	"CREATE TABLE IF NOT EXISTS trusts(digest BLOB PRIMARY KEY, number INTEGER NOT NULL, text BLOB NOT "
	"NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS revocations(number INTEGER PRIMARY KEY, issued INTEGER NOT NULL,"
	" text BLOB NOT NULL, push INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE IF NOT EXISTS applications(id TEXT PRIMARY KEY, digest BLOB NOT NULL,"
	" document BLOB NOT NULL, state TEXT NOT NULL, party TEXT NOT NULL, came INTEGER NOT NULL,"
	" decided INTEGER NOT NULL DEFAULT 0, reason TEXT, push TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS alarms(number INTEGER PRIMARY KEY, kind TEXT NOT NULL, edge TEXT NOT "
	"NULL,"
	" subject TEXT NOT NULL, detail_en TEXT NOT NULL, detail_ja TEXT NOT NULL, since INTEGER NOT NULL,"
	" last INTEGER NOT NULL, count INTEGER NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0, who TEXT,"
	" reason TEXT);"
	"CREATE INDEX IF NOT EXISTS alarms_what ON alarms(kind, edge, subject);"
	"CREATE TABLE IF NOT EXISTS outbox(seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
	" time INTEGER NOT NULL, record BLOB NOT NULL, place INTEGER NOT NULL DEFAULT -1);";

static int err_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return HN_OK;
	case SQLITE_FULL:
		return HN_ENOSPC;
	case SQLITE_NOMEM:
		return HN_ENOMEM;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return HN_EFORMAT;
	default:
		return HN_EIO;
	}
}

static int exec(struct state *s, const char *sql)
{
	return err_of(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static int begin_file(struct state *s)
{
	sqlite3_stmt *row;
	int err = exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
			  "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON");
	if (err != HN_OK)
		return err;
	err = state_one(s, &row, "PRAGMA application_id", "");
	if (err != HN_OK)
		return err;
	int64_t id = sqlite3_column_int64(row, 0);
	state_done(row);
	if (id != 0 && id != APPLICATION)
		return HN_EFORMAT;
	err = exec(s, schema);
	return err == HN_OK && id == 0 ? exec(s, "PRAGMA application_id=1213093716") : err;
}

int state_open(const char *dir, struct state **out, struct fault *fault)
{
	char path[4096];
	struct state *s = calloc(1, sizeof(*s));
	if (s == NULL || snprintf(path, sizeof(path), "%s/witness.db", dir) >= (int)sizeof(path)) {
		free(s);
		return fault_set(fault, HN_ENOMEM, dir, "%s", hn_strerror(HN_ENOMEM));
	}
	(void)pthread_mutex_init(&s->lock, NULL);
	int code = sqlite3_open_v2(path, &s->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	int err = err_of(code);
	if (err == HN_OK) {
		(void)sqlite3_busy_timeout(s->db, WAIT_MS);
		err = begin_file(s);
	}
	if (err != HN_OK) {
		(void)fault_set(fault, err, path, "%s: %s", hn_strerror(err),
				s->db != NULL ? sqlite3_errmsg(s->db) : "");
		state_close(s);
		return err;
	}
	*out = s;
	return HN_OK;
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_close(s->db);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

int state_begin(struct state *s)
{
	(void)pthread_mutex_lock(&s->lock);
	int err = exec(s, "BEGIN IMMEDIATE");
	if (err != HN_OK)
		(void)pthread_mutex_unlock(&s->lock);
	return err;
}

int state_end(struct state *s, int err)
{
	if (err == HN_OK)
		err = exec(s, "COMMIT");
	if (err != HN_OK)
		(void)exec(s, "ROLLBACK");
	(void)pthread_mutex_unlock(&s->lock);
	return err;
}

static int bind_one(sqlite3_stmt *row, int at, char letter, va_list *args)
{
	if (letter == 'i')
		return sqlite3_bind_int64(row, at, va_arg(*args, int64_t));
	if (letter == 't')
		return sqlite3_bind_text(row, at, va_arg(*args, const char *), -1, SQLITE_TRANSIENT);
	const void *data = va_arg(*args, const void *);
	size_t len = letter == 'd' ? SHA256_SIZE : va_arg(*args, size_t);
	return sqlite3_bind_blob64(row, at, data, len, SQLITE_TRANSIENT);
}

static int prepare(struct state *s, sqlite3_stmt **out, const char *sql, const char *form, va_list *args)
{
	int code = sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
	for (int i = 0; code == SQLITE_OK && form[i] != '\0'; i++)
		code = bind_one(*out, i + 1, form[i], args);
	if (code != SQLITE_OK) {
		(void)sqlite3_finalize(*out);
		*out = NULL;
	}
	return err_of(code);
}

int state_run(struct state *s, const char *sql, const char *form, ...)
{
	sqlite3_stmt *row = NULL;
	va_list args;
	va_start(args, form);
	int err = prepare(s, &row, sql, form, &args);
	va_end(args);
	if (err == HN_OK)
		err = err_of(sqlite3_step(row));
	state_done(row);
	return err;
}

int state_one(struct state *s, sqlite3_stmt **out, const char *sql, const char *form, ...)
{
	va_list args;
	*out = NULL;
	va_start(args, form);
	int err = prepare(s, out, sql, form, &args);
	va_end(args);
	if (err != HN_OK)
		return err;
	int code = sqlite3_step(*out);
	if (code == SQLITE_ROW)
		return HN_OK;
	state_done(*out);
	*out = NULL;
	return code == SQLITE_DONE ? HN_ENOENT : err_of(code);
}

void state_done(sqlite3_stmt *row)
{
	(void)sqlite3_finalize(row);
}

int state_each(struct state *s, state_row_fn *row, void *context, const char *sql, const char *form, ...)
{
	sqlite3_stmt *stmt = NULL;
	int code = SQLITE_DONE;
	va_list args;
	va_start(args, form);
	int err = prepare(s, &stmt, sql, form, &args);
	va_end(args);
	while (err == HN_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		err = row(context, stmt);
	state_done(stmt);
	return err == HN_OK ? err_of(code) : err;
}

int64_t state_changed(const struct state *s)
{
	return sqlite3_changes64(s->db);
}

const char *state_text(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);
	return text != NULL ? (const char *)text : "";
}

int state_number(struct state *s, const char *name, int64_t *out)
{
	sqlite3_stmt *row;
	*out = 0;
	int err = state_one(s, &row, "SELECT value FROM numbers WHERE name = ?", "t", name);
	if (err == HN_OK)
		*out = sqlite3_column_int64(row, 0);
	state_done(row);
	return err == HN_ENOENT ? HN_OK : err;
}

int state_number_put(struct state *s, const char *name, int64_t value)
{
	return state_run(s, "INSERT OR REPLACE INTO numbers VALUES(?, ?)", "ti", name, value);
}
