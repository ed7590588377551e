/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A SQLite database as a whole: backup, restore, examination. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "store/db_sqlite.h"
#include "store/durable.h"

#define STEP_PAGES 1024
#define PATH_ROOM  4096

static int fault_io(struct fault *fault, int err, const char *path, const char *why)
{
	return fault_set(fault, err, path, tr("cannot be written: %s", "書き込めない: %s"), why);
}

static int fault_errno(struct fault *fault, const char *path)
{
	return fault_io(fault, hn_err_of_errno(errno), path, hn_errno_text(errno));
}

/* Copies page by page out of one snapshot: writers go on, and none of what they do is in it. */
static int copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (backup == NULL)
		return sqlite3_extended_errcode(to);
	int code;
	do
		code = sqlite3_backup_step(backup, STEP_PAGES);
	while (code == SQLITE_OK);
	int ended = sqlite3_backup_finish(backup);
	return code == SQLITE_DONE ? ended : code;
}

/* The last answer, unless one before it was another than "ok". */
static int told_text(void *context, int count, char **values, char **names)
{
	(void)names;
	char *out = context;
	if (count > 0 && values[0] != NULL && (out[0] == '\0' || strcmp(out, "ok") == 0))
		(void)snprintf(out, 64, "%s", values[0]);
	return SQLITE_OK;
}

static int err_of_copy(sqlite3 *handle, int code)
{
	int error = sqlite3_system_errno(handle);
	if ((code & 0xff) == SQLITE_FULL || error == ENOSPC || error == EFBIG || error == EDQUOT)
		return HN_ENOSPC;
	return (code & 0xff) == SQLITE_NOMEM ? HN_ENOMEM : HN_EIO;
}

/* One file without a log beside it, whose every page is as it should be. */
static int settle(sqlite3 *handle, const char *path, struct fault *fault)
{
	char answer[64] = "";
	int code = sqlite3_exec(handle, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, "PRAGMA quick_check(1)", told_text, answer, NULL);
	if (code != SQLITE_OK)
		return fault_io(fault, err_of_copy(handle, code), path, sqlite3_errmsg(handle));
	if (strcmp(answer, "ok") != 0)
		return fault_set(fault, HN_EFORMAT, path,
				 tr("does not verify after copying; check the disk and the database",
				    "コピー後の検証に失敗した。ディスクとデータベースを確認すること"));
	return HN_OK;
}

static int copy_into(sqlite3 *from, const char *path, struct fault *fault)
{
	sqlite3 *to = NULL;
	int code = sqlite3_open_v2(path, &to,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	/* Until it is whole nobody looks at it, so its parts need not be durable one by one. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(to, "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = copy(from, to);
	int err = HN_OK;
	if (code != SQLITE_OK)
		err = fault_io(fault, err_of_copy(to, code), path, sqlite3_errmsg(to));
	else
		err = settle(to, path, fault);
	(void)sqlite3_close(to);
	return err;
}

/* A new file that nobody else may read; it appears under its name once it is whole. */
static int copy_to_new(sqlite3 *from, const char *path, struct fault *fault)
{
	char part[PATH_ROOM];
	if ((size_t)snprintf(part, sizeof(part), "%s.part", path) >= sizeof(part))
		return fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	(void)unlink(part);
	int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_errno(fault, part);
	(void)close(fd);
	int err = copy_into(from, part, fault);
	if (err != HN_OK) {
		(void)unlink(part);
		return err;
	}
	err = durable_publish(part, path);
	return err == HN_OK ? HN_OK : fault_io(fault, err, path, hn_strerror(err));
}

int sqlite_backup(struct db *db, const char *path, struct fault *fault)
{
	struct sqlite_db *s = SQLITE_DB(db);
	/* Its own snapshot, or each commit meanwhile would make the copy begin anew. */
	int err = db_begin(db);
	if (err == HN_OK)
		err = db_run(db, "SELECT 1 FROM sqlite_schema LIMIT 1");
	if (err != HN_OK)
		(void)fault_set(fault, err, s->path, tr("cannot be read: %s", "読めない: %s"), db_error(db));
	else
		err = copy_to_new(s->handle, path, fault);
	db_rollback(db);
	return err;
}

/* Nothing is there, or an empty file. */
static int nothing_there(const char *path, struct fault *fault)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return errno == ENOENT ? HN_OK : fault_errno(fault, path);
	if (st.st_size == 0 && S_ISREG(st.st_mode))
		return unlink(path) == 0 ? HN_OK : fault_errno(fault, path);
	return fault_set(
		fault, HN_EEXIST, path,
		tr("exists; move it away before restoring", "既に存在する。復元の前に別の場所へ移すこと"));
}

int sqlite_restore(const char *path, const char *url, struct fault *fault)
{
	const char *target = url + strlen(DB_SQLITE.scheme);
	sqlite3 *from = NULL;
	int err = nothing_there(target, fault);
	if (err != HN_OK)
		return err;
	int code = sqlite3_open_v2(path, &from,
				   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	char answer[64] = "";
	if (code == SQLITE_OK)
		code = sqlite3_exec(from, "PRAGMA quick_check(1); SELECT 'ok' FROM schema_step LIMIT 1",
				    told_text, answer, NULL);
	if (code != SQLITE_OK && access(path, R_OK) != 0)
		err = fault_set(fault, hn_err_of_errno(errno), path, tr("cannot be read: %s", "読めない: %s"),
				hn_errno_text(errno));
	else if (code != SQLITE_OK || strcmp(answer, "ok") != 0)
		err = fault_set(fault, HN_EFORMAT, path,
				tr("is no whole backup of a store on SQLite",
				   "SQLite を使うストアの完全なバックアップではない"));
	else
		err = copy_to_new(from, target, fault);
	(void)sqlite3_close(from);
	return err;
}

struct examination {
	db_finding_fn finding;
	void *context;
	uint64_t wrong;
};

static int told_finding(void *context, int count, char **values, char **names)
{
	(void)names;
	struct examination *e = context;
	if (count > 0 && values[0] != NULL && strcmp(values[0], "ok") != 0) {
		e->wrong++;
		e->finding(e->context, values[0]);
	}
	return SQLITE_OK;
}

int sqlite_examine(struct db *db, db_finding_fn finding, void *context, uint64_t *wrong_out)
{
	struct sqlite_db *s = SQLITE_DB(db);
	struct examination e = {.finding = finding, .context = context};
	int code = sqlite3_exec(s->handle, "PRAGMA integrity_check", told_finding, &e, NULL);
	*wrong_out += e.wrong;
	return sqlite_fail(s, code);
}
