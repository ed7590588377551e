/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/utf8.h"
#include "store/db_sql.h"

#define BUSY_MS        10000 /* another process (backup, check) may hold the file for a moment */
#define PAGE_SIZE      8192  /* as in set_up() */
#define CACHE_WRITE_KB 32768
#define CACHE_READ_KB  4096
#define LOG_TEND_PAGES 16384       /* more than this is copied into the file between two transactions */
#define LOG_FILE_MAX   (160 << 20) /* bytes of the log's file once nobody needs more */

struct sqlite_statement {
	struct db_cached cached;
	struct db_rows rows;
	sqlite3_stmt *stmt;
	bool kept; /* in the cache */
};

static struct sqlite_statement *statement_of(const struct db_rows *rows)
{
	const char *at = (const char *)rows - offsetof(struct sqlite_statement, rows);
	return (struct sqlite_statement *)(uintptr_t)at;
}

static void statement_free(struct db *db, struct db_cached *cached)
{
	(void)db;
	struct sqlite_statement *st = (struct sqlite_statement *)(void *)cached;
	(void)sqlite3_finalize(st->stmt);
	free(st->cached.text);
	free(st);
}

/* ---- errors ---- */

static int err_of_constraint(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return HN_EEXIST;
	default:
		return HN_EFORMAT;
	}
}

/* What the kernel said to the last write of a file that failed. SQLite tells a full disk by ENOSPC alone. */
static int write_errno(const struct sqlite_db *s)
{
	static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		sqlite3_file *file = NULL;
		int error = 0;
		(void)sqlite3_file_control(s->handle, "main", files[i], &file);
		if (file == NULL || file->pMethods == NULL)
			continue;
		(void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
		if (error != 0)
			return error;
	}
	return sqlite3_system_errno(s->handle);
}

static int err_of_io(const struct sqlite_db *s, int code)
{
	if (code == SQLITE_IOERR_NOMEM)
		return HN_ENOMEM;
	/* It grows the index of the log by writing. */
	if (code == SQLITE_IOERR_SHMSIZE)
		return HN_ENOSPC;
	return code == SQLITE_IOERR_WRITE ? hn_err_of_errno(write_errno(s)) : HN_EIO;
}

static int err_of(const struct sqlite_db *s, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return HN_OK;
	case SQLITE_FULL:
		return HN_ENOSPC;
	case SQLITE_NOMEM:
		return HN_ENOMEM;
	case SQLITE_CONSTRAINT:
		return err_of_constraint(code);
	case SQLITE_MISMATCH:
	case SQLITE_NOTADB:
		return HN_EFORMAT;
	case SQLITE_TOOBIG:
		return HN_ELIMIT;
	case SQLITE_BUSY:
	case SQLITE_INTERRUPT:
	case SQLITE_READONLY:
	case SQLITE_MISUSE:
		return HN_ESTATE;
	default:
		return err_of_io(s, code);
	}
}

int sqlite_fail(struct sqlite_db *s, int code)
{
	int err = err_of(s, code);
	if (err == HN_OK)
		return err;
	/* Its text names tables and columns, never a value. */
	return db_fail(&s->db, err, "%s (%d)", sqlite3_errmsg(s->handle), code);
}

/* ---- opening ---- */

static void configure_library(void)
{
	/* Its statistics of memory are a lock that all threads share. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
}

/* Not to be read by others on the machine; SQLite gives the same rights to what it makes beside it. */
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	(void)close(fd);
	return 0;
}

static int pragma(struct sqlite_db *s, const char *sql)
{
	return sqlite3_exec(s->handle, sql, NULL, NULL, NULL);
}

static int log_told(void *context, sqlite3 *handle, const char *name, int pages)
{
	(void)handle, (void)name;
	((struct sqlite_db *)context)->log_pages = pages;
	return SQLITE_OK;
}

static int set_up(struct sqlite_db *s)
{
	char text[512];
	bool writes = s->db.access == DB_WRITE;
	(void)sqlite3_busy_timeout(s->handle, BUSY_MS);
	(void)sqlite3_extended_result_codes(s->handle, 1);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	int code = sqlite_add_functions(s);
	if (code != SQLITE_OK)
		return code;
	(void)snprintf(text, sizeof(text),
		       "%sPRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0; "
		       "PRAGMA cache_size=-%d; PRAGMA journal_size_limit=%d; PRAGMA wal_autocheckpoint=0;%s",
		       writes ? "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; " : "",
		       writes ? CACHE_WRITE_KB : CACHE_READ_KB, LOG_FILE_MAX,
		       writes ? "" : "PRAGMA query_only=ON;");
	code = pragma(s, text);
	(void)sqlite3_wal_hook(s->handle, log_told, s);
	return code;
}

static int open_fault(struct fault *fault, const char *path, int code, int error)
{
	if ((code & 0xff) == SQLITE_NOTADB)
		return fault_set(fault, HN_EFORMAT, path,
				 tr("is no database of SQLite; name another file",
				    "SQLite のデータベースではない。別のファイルを指定すること"));
	if (error == ENOENT)
		return fault_set(
			fault, HN_ENOENT, path,
			tr("its folder does not exist; create it", "フォルダーが存在しない。作成すること"));
	if (error != 0)
		return fault_set(fault, hn_err_of_errno(error), path,
				 tr("cannot be opened: %s", "開けない: %s"), hn_errno_text(error));
	return fault_set(fault, (code & 0xff) == SQLITE_NOMEM ? HN_ENOMEM : HN_EIO, path,
			 tr("cannot be opened: %s", "開けない: %s"), sqlite3_errstr(code));
}

static void sqlite_close(struct db *db)
{
	struct sqlite_db *s = SQLITE_DB(db);
	db_cache_clear(&s->cache, db);
	/* Whoever writes leaves the file whole by itself, as far as readers allow. */
	(void)sqlite3_close(s->handle);
	free(s->path);
	free(s);
}

static int sqlite_address(const char *url, struct fault *fault)
{
	if (url[strlen(DB_SQLITE.scheme)] != '\0')
		return HN_OK;
	return fault_set(
		fault, HN_EFORMAT, "database",
		tr("'sqlite:' is followed by the file's path", "'sqlite:' の後にファイルのパスを書くこと"));
}

static int sqlite_open(const char *url, enum db_access access, struct db **out, struct fault *fault)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *path = url + strlen(DB_SQLITE.scheme);
	(void)pthread_once(&once, configure_library);
	if (*path == '\0')
		return sqlite_address(url, fault);
	if (access == DB_WRITE && make_file(path) != 0)
		return open_fault(fault, path, SQLITE_CANTOPEN, errno);
	struct sqlite_db *s = calloc(1, sizeof(*s));
	if (s == NULL || (s->path = strdup(path)) == NULL) {
		free(s);
		return fault_set(fault, HN_ENOMEM, path, "%s", hn_strerror(HN_ENOMEM));
	}
	s->db.kind = &DB_SQLITE;
	s->db.access = access;
	s->cache.free = statement_free;
	int code = sqlite3_open_v2(path, &s->handle,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
					   SQLITE_OPEN_EXRESCODE,
				   NULL);
	if (code == SQLITE_OK)
		code = set_up(s);
	if (code != SQLITE_OK) {
		int error = s->handle == NULL ? 0 : sqlite3_system_errno(s->handle);
		sqlite_close(&s->db);
		return open_fault(fault, path, code, error);
	}
	*out = &s->db;
	return HN_OK;
}

/* ---- statements ---- */

static int prepare(struct sqlite_db *s, const char *sql, struct sqlite_statement **out)
{
	struct buf text;
	unsigned more;
	buf_init(&text, DB_SQL_MAX);
	struct sqlite_statement *st = calloc(1, sizeof(*st));
	int err = st == NULL ? HN_ENOMEM : db_sql(sql, DB_DIALECT_SQLITE, DB_SEES_CALL, &text, &more);
	if (err == HN_OK) {
		st->rows.db = &s->db;
		err = sqlite_fail(s,
				  sqlite3_prepare_v3(s->handle, text.len > 0 ? text.data : "", (int)text.len,
						     SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL));
	} else {
		(void)db_fail(&s->db, err, "a statement cannot be translated");
	}
	buf_clear(&text);
	if (err != HN_OK)
		free(st);
	else
		*out = st;
	return err;
}

static int statement(struct sqlite_db *s, const char *sql, struct sqlite_statement **out)
{
	if (s->expired) {
		(void)db_fail(&s->db, HN_ESTATE, "the snapshot has lasted too long");
		return HN_ESTATE;
	}
	struct db_cached *cached = db_cache_find(&s->cache, sql, 0);
	struct sqlite_statement *st = (struct sqlite_statement *)(void *)cached;
	if (st == NULL || cached->busy) {
		int err = prepare(s, sql, &st);
		if (err != HN_OK)
			return err;
		/* One whose twin is being read lives for one use only. */
		if (cached == NULL)
			st->kept = db_cache_add(&s->cache, &s->db, &st->cached, sql, 0) == HN_OK;
	}
	st->cached.busy = true;
	*out = st;
	return HN_OK;
}

static void put_back(struct sqlite_statement *st)
{
	st->cached.busy = false;
	if (!st->kept) {
		statement_free(NULL, &st->cached);
		return;
	}
	if (st->stmt == NULL)
		return;
	(void)sqlite3_reset(st->stmt);
	(void)sqlite3_clear_bindings(st->stmt);
}

static int bind_one(sqlite3_stmt *stmt, int i, const struct db_value *v, sqlite3_destructor_type keep)
{
	/* No pointer would be bound as NULL. */
	const char *data = v->data == NULL ? "" : v->data;
	switch (v->type) {
	case DB_NULL:
		return sqlite3_bind_null(stmt, i);
	case DB_INT:
		return sqlite3_bind_int64(stmt, i, v->number);
	case DB_TEXT:
		/* As PostgreSQL has it. */
		if (!utf8_valid(data, v->len) || memchr(data, 0, v->len) != NULL)
			return SQLITE_MISMATCH;
		return sqlite3_bind_text64(stmt, i, data, v->len, keep, SQLITE_UTF8);
	case DB_BYTES:
		return sqlite3_bind_blob64(stmt, i, data, v->len, keep);
	case DB_INTS:
		return sqlite_bind_ints(stmt, i, v->data, v->len);
	}
	return SQLITE_MISUSE;
}

static int bind_all(struct sqlite_db *s, sqlite3_stmt *stmt, const struct db_value *values, size_t count,
		    sqlite3_destructor_type keep)
{
	if (stmt != NULL && (size_t)sqlite3_bind_parameter_count(stmt) != count)
		return db_fail(&s->db, HN_ESTATE, "a statement with %d arguments was given %zu",
			       sqlite3_bind_parameter_count(stmt), count);
	for (size_t i = 0; stmt != NULL && i < count; i++) {
		int code = bind_one(stmt, (int)i + 1, &values[i], keep);
		if (code == SQLITE_MISMATCH)
			return db_fail(&s->db, HN_EFORMAT, "a text that is not UTF-8");
		if (code != SQLITE_OK)
			return sqlite_fail(s, code);
	}
	return HN_OK;
}

static int sqlite_run(struct db *db, const char *sql, const struct db_value *values, size_t count,
		      uint64_t *changed_out)
{
	struct sqlite_db *s = SQLITE_DB(db);
	struct sqlite_statement *st = NULL;
	int err = statement(s, sql, &st);
	if (err != HN_OK)
		return err;
	sqlite3_int64 before = sqlite3_total_changes64(s->handle);
	err = bind_all(s, st->stmt, values, count, SQLITE_STATIC);
	/* A statement of the other database is none. */
	if (err == HN_OK && st->stmt != NULL) {
		int code;
		do
			code = sqlite3_step(st->stmt);
		while (code == SQLITE_ROW);
		err = sqlite_fail(s, code);
	}
	if (err == HN_OK && changed_out != NULL)
		*changed_out = (uint64_t)(sqlite3_total_changes64(s->handle) - before);
	put_back(st);
	return err;
}

static int sqlite_run_later(struct db *db, const char *sql, const struct db_value *values, size_t count)
{
	return sqlite_run(db, sql, values, count, NULL);
}

static int sqlite_query(struct db *db, const char *sql, const struct db_value *values, size_t count,
			struct db_rows **out)
{
	struct sqlite_db *s = SQLITE_DB(db);
	struct sqlite_statement *st = NULL;
	int err = statement(s, sql, &st);
	if (err != HN_OK)
		return err;
	/* Rows are read after this call, when the caller's memory may be gone. */
	err = bind_all(s, st->stmt, values, count, SQLITE_TRANSIENT);
	if (err != HN_OK)
		put_back(st);
	else
		*out = &st->rows;
	return err;
}

static int sqlite_next(struct db_rows *rows)
{
	struct sqlite_statement *st = statement_of(rows);
	struct sqlite_db *s = SQLITE_DB(rows->db);
	if (s->expired)
		return db_fail(&s->db, HN_ESTATE, "the snapshot has lasted too long");
	int code = st->stmt == NULL ? SQLITE_DONE : sqlite3_step(st->stmt);
	return code == SQLITE_ROW ? 1 : sqlite_fail(s, code);
}

static bool sqlite_is_null(const struct db_rows *rows, unsigned column)
{
	return sqlite3_column_type(statement_of(rows)->stmt, (int)column) == SQLITE_NULL;
}

static int64_t sqlite_number(const struct db_rows *rows, unsigned column)
{
	return sqlite3_column_int64(statement_of(rows)->stmt, (int)column);
}

static const void *sqlite_bytes(const struct db_rows *rows, unsigned column, size_t *len_out)
{
	sqlite3_stmt *stmt = statement_of(rows)->stmt;
	const void *data = sqlite3_column_blob(stmt, (int)column);
	*len_out = (size_t)sqlite3_column_bytes(stmt, (int)column);
	if (data == NULL && sqlite3_column_type(stmt, (int)column) != SQLITE_NULL)
		return "";
	return data;
}

static void sqlite_rows_end(struct db_rows *rows)
{
	put_back(statement_of(rows));
}

/* ---- transactions ---- */

static int sqlite_begin(struct db *db)
{
	if (sqlite3_get_autocommit(SQLITE_DB(db)->handle) == 0)
		return db_fail(db, HN_ESTATE, "a transaction is open");
	return db->access == DB_WRITE ? sqlite_run(db, "BEGIN IMMEDIATE", NULL, 0, NULL)
				      : sqlite_run(db, "BEGIN", NULL, 0, NULL);
}

static void sqlite_rollback(struct db *db)
{
	SQLITE_DB(db)->expired = false;
	/* An error may have undone it already. */
	if (sqlite3_get_autocommit(SQLITE_DB(db)->handle) == 0)
		(void)sqlite_run(db, "ROLLBACK", NULL, 0, NULL);
}

static int sqlite_commit(struct db *db)
{
	if (sqlite3_get_autocommit(SQLITE_DB(db)->handle) != 0)
		return db_fail(db, HN_ESTATE, "no transaction is open");
	int err = sqlite_run(db, "COMMIT", NULL, 0, NULL);
	if (err != HN_OK)
		sqlite_rollback(db);
	return err;
}

static int sqlite_savepoint(struct db *db, enum savepoint_act act)
{
	if (sqlite3_get_autocommit(SQLITE_DB(db)->handle) != 0)
		return db_fail(db, HN_ESTATE, "no transaction is open");
	switch (act) {
	case SAVEPOINT_SET:
		return sqlite_run(db, "SAVEPOINT part", NULL, 0, NULL);
	case SAVEPOINT_RELEASE:
		return sqlite_run(db, "RELEASE part", NULL, 0, NULL);
	case SAVEPOINT_ROLLBACK:
		break;
	}
	int err = sqlite_run(db, "ROLLBACK TO part", NULL, 0, NULL);
	return err != HN_OK ? err : sqlite_run(db, "RELEASE part", NULL, 0, NULL);
}

static bool sqlite_in_transaction(const struct db *db)
{
	const struct sqlite_db *s = (const struct sqlite_db *)(const void *)db;
	return sqlite3_get_autocommit(s->handle) == 0;
}

static int sqlite_claim(struct db *db, bool *mine_out)
{
	(void)db;
	*mine_out = true;
	return HN_OK;
}

static uint64_t sqlite_changes(const struct db *db)
{
	const struct sqlite_db *s = (const struct sqlite_db *)(const void *)db;
	return (uint64_t)sqlite3_total_changes64(s->handle);
}

/* Passive: waits for nobody, and copies what no snapshot stands in the way of. Once all is copied and nobody
 * reads the log any more, the next transaction writes it from its beginning. */
static void sqlite_tend(struct db *db, bool idle)
{
	struct sqlite_db *s = SQLITE_DB(db);
	int pages = 0, copied = 0;
	if (s->log_pages == 0 || (!idle && s->log_pages < LOG_TEND_PAGES))
		return;
	if (sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied) ==
		    SQLITE_OK &&
	    pages == copied)
		s->log_pages = 0;
}

static uint64_t sqlite_log_bytes(struct db *db)
{
	const struct sqlite_db *s = SQLITE_DB(db);
	return (uint64_t)s->log_pages * PAGE_SIZE;
}

static void sqlite_interrupt(struct db *db)
{
	struct sqlite_db *s = SQLITE_DB(db);
	s->expired = true;
	sqlite3_interrupt(s->handle);
}

static int sqlite_has_table(struct db *db, const char *name, bool *out)
{
	struct db_rows *rows;
	int err = name == NULL ? db_query(db, &rows, "SELECT 1 FROM sqlite_schema")
			       : db_query(db, &rows,
					  "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
					  db_string(name, strlen(name)));
	if (err != HN_OK)
		return err;
	err = sqlite_next(rows);
	*out = err == 1;
	sqlite_rows_end(rows);
	return err < 0 ? err : HN_OK;
}

const struct db_kind DB_SQLITE = {
	.scheme = "sqlite:",
	.dialect = DB_DIALECT_SQLITE,
	.address = sqlite_address,
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.savepoint = sqlite_savepoint,
	.run = sqlite_run,
	.run_later = sqlite_run_later,
	.insert_later = sqlite_run_later,
	.query = sqlite_query,
	.next = sqlite_next,
	.is_null = sqlite_is_null,
	.number = sqlite_number,
	.bytes = sqlite_bytes,
	.rows_end = sqlite_rows_end,
	.in_transaction = sqlite_in_transaction,
	.changes = sqlite_changes,
	.claim = sqlite_claim,
	.tend = sqlite_tend,
	.log_bytes = sqlite_log_bytes,
	.interrupt = sqlite_interrupt,
	.has_table = sqlite_has_table,
	.backup = sqlite_backup,
	.restore = sqlite_restore,
	.examine = sqlite_examine,
};
