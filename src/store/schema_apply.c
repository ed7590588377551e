/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/lang.h"
#include "store/store_private.h"

static int said(struct db *db, int err, struct fault *fault)
{
	return fault_set(fault, err, "database", tr("cannot be prepared: %s", "準備できない: %s"),
			 db_error(db));
}

static bool same_name(const struct schema_step *step, const struct db_rows *rows)
{
	size_t len;
	const char *name = db_text(rows, 1, &len);
	return name != NULL && len == strlen(step->name) && memcmp(name, step->name, len) == 0;
}

/* How many of the steps it has. Those must be ours, from the first on. */
static int steps_done(struct db *db, const struct schema_step steps[], int *done_out, struct fault *fault)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT number, name FROM schema_step ORDER BY number");
	if (err != HN_OK)
		return said(db, err, fault);
	int done = 0;
	while ((err = db_next(rows)) == 1) {
		const struct schema_step *step = &steps[done];
		if (step->number == 0) {
			err = fault_set(fault, HN_EUNSUPPORTED, "database",
					tr("was made by a newer version of this program; use that one",
					   "より新しい版のプログラムで作られている。その版を使うこと"));
			break;
		}
		if (db_int(rows, 0) != step->number || !same_name(step, rows)) {
			err = fault_set(fault, HN_EUNSUPPORTED, "database",
					tr("has a form that no version of this program made (step %d)",
					   "このプログラムのどの版とも異なる構造である (手順 %d)"),
					step->number);
			break;
		}
		done++;
	}
	db_rows_end(rows);
	if (err == HN_EUNSUPPORTED)
		return err;
	if (err != HN_OK)
		return said(db, err, fault);
	*done_out = done;
	return HN_OK;
}

/* The table of steps; made in an empty database only. */
static int ensure_table(struct db *db, struct fault *fault)
{
	bool any = false, ours = false;
	int err = db_kind(db)->has_table(db, "schema_step", &ours);
	if (err == HN_OK && !ours)
		err = db_kind(db)->has_table(db, NULL, &any);
	if (err == HN_OK && any)
		return fault_set(fault, HN_EUNSUPPORTED, "database",
				 tr("holds tables of something else; name an empty one",
				    "別の用途の表がある。空のデータベースを指定すること"));
	if (err == HN_OK && !ours)
		err = db_run(db, "CREATE TABLE schema_step (number BIGINT PRIMARY KEY, name TEXT NOT NULL, "
				 "applied BIGINT NOT NULL)");
	return err == HN_OK ? HN_OK : said(db, err, fault);
}

static int apply(struct db *db, const struct schema_step *step, int64_t now_us, struct fault *fault)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && step->statements[i] != NULL; i++)
		err = db_run_values(db, step->statements[i], NULL, 0, NULL);
	if (err == HN_OK)
		err = db_run(db, "INSERT INTO schema_step (number, name, applied) VALUES ($1, $2, $3)",
			     db_number(step->number), db_string(step->name, strlen(step->name)),
			     db_number(now_us));
	if (err != HN_OK)
		return fault_set(
			fault, err, "database",
			tr("cannot be brought to step %d (%s): %s", "手順 %d (%s) へ移行できない: %s"),
			step->number, step->name, db_error(db));
	return HN_OK;
}

static int apply_all(struct db *db, const struct schema_step steps[], int64_t now_us, schema_backup_fn backup,
		     void *context, struct fault *fault)
{
	int done = 0;
	int err = ensure_table(db, fault);
	if (err == HN_OK)
		err = steps_done(db, steps, &done, fault);
	if (err != HN_OK)
		return err;
	/* Nobody else writes meanwhile: what is copied is what is changed. */
	if (done > 0 && steps[done].number != 0)
		err = backup(context, done, fault);
	for (int i = done; err == HN_OK && steps[i].number != 0; i++)
		err = apply(db, &steps[i], now_us, fault);
	return err;
}

int schema_apply(struct db *db, const struct schema_step steps[], int64_t now_us, schema_backup_fn backup,
		 void *context, struct fault *fault)
{
	int err = db_begin(db);
	if (err != HN_OK)
		return said(db, err, fault);
	err = apply_all(db, steps, now_us, backup, context, fault);
	if (err != HN_OK) {
		db_rollback(db);
		return err;
	}
	err = db_commit(db);
	return err == HN_OK ? HN_OK : said(db, err, fault);
}

int schema_is_current(struct db *db, const struct schema_step steps[], struct fault *fault)
{
	bool ours = false;
	int done = 0;
	int err = db_kind(db)->has_table(db, "schema_step", &ours);
	if (err != HN_OK)
		return said(db, err, fault);
	if (ours)
		err = steps_done(db, steps, &done, fault);
	if (err == HN_OK && (!ours || steps[done].number != 0))
		err = fault_set(
			fault, HN_EUNSUPPORTED, "database",
			tr("was made by an older version of this program, or holds no hub; start the hub "
			   "once",
			   "古い版のプログラムで作られているか、ハブのデータがない。ハブを一度起動すること"));
	return err;
}

int schema_make(struct db *db, const struct schema_step steps[], int last, int64_t now_us,
		struct fault *fault)
{
	int err = ensure_table(db, fault);
	for (int i = 0; err == HN_OK && i < last; i++) {
		if (steps[i].number == 0)
			return fault_set(fault, HN_EUNSUPPORTED, "backup",
					 tr("was made by a newer version of this program; use that one",
					    "より新しい版のプログラムで作られている。その版を使うこと"));
		err = apply(db, &steps[i], now_us, fault);
	}
	return err;
}
