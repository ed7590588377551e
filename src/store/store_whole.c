/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The database as a whole: backup, restore, check. */
#include <stdlib.h>

#include "base/lang.h"
#include "store/store_private.h"

/* A connection of its own: what takes minutes takes no reader away from those who ask. */
static int with_connection(const struct store *store, struct db **out, struct fault *fault)
{
	return db_open(store->database, DB_READ, out, fault);
}

int store_backup(struct store *store, const char *path, struct fault *fault)
{
	struct db *db;
	int err = with_connection(store, &db, fault);
	if (err != HN_OK)
		return err;
	err = db_kind(db)->backup(db, path, fault);
	db_close(db);
	return err;
}

int store_restore(const char *path, const char *database, struct fault *fault)
{
	const struct db_kind *kind = db_kind_of(database);
	if (kind == NULL) {
		struct db *none;
		return db_open(database, DB_READ, &none, fault);
	}
	return kind->restore(path, database, fault);
}

/* What must hold between tables; each statement counts the rows for which it does not. */
static const struct rule_between {
	const char *sql;
	const char *en, *ja;
} BETWEEN[] = {
	{"SELECT count(*) FROM version v WHERE NOT EXISTS (SELECT 1 FROM content c WHERE c.seq = v.seq)",
	 "versions without content", "内容のない版"},
	{"SELECT count(*) FROM content c WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.seq = c.seq)",
	 "contents that belong to no version", "版に属さない内容"},
	{"SELECT count(*) FROM version v WHERE NOT EXISTS (SELECT 1 FROM label l WHERE l.number = v.label)",
	 "versions whose label is not there", "存在しないラベルを持つ版"},
	{"SELECT count(*) FROM version v WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.number = v.object)",
	 "versions that belong to no object", "オブジェクトに属さない版"},
	{"SELECT count(*) FROM object o WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.seq = o.newest AND "
	 "v.object = o.number AND v.newest = 1)",
	 "objects whose newest version is not marked so", "最新版に最新の印がないオブジェクト"},
	{"SELECT count(*) FROM version v WHERE v.newest = 1 AND NOT EXISTS (SELECT 1 FROM object o WHERE "
	 "o.number = v.object AND o.newest = v.seq)",
	 "versions marked newest that are not", "最新でないのに最新の印がある版"},
	{"SELECT count(*) FROM (SELECT label, type FROM (SELECT label, type, objects AS n FROM tally UNION "
	 "ALL "
	 "SELECT label, type, -1 AS n FROM version WHERE newest = 1) x GROUP BY label, type HAVING sum(n) <> "
	 "0) y",
	 "counts that differ from what they count", "実際の数と異なる集計"},
	{"SELECT count(*) FROM part p WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.seq = p.seq)",
	 "marked parts that belong to no version", "版に属さない部分の表示区分"},
	{"SELECT count(*) FROM reference r WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.seq = r.seq)",
	 "references from no version", "版に属さない参照"},
	{"SELECT count(*) FROM collected c WHERE NOT EXISTS (SELECT 1 FROM version v WHERE v.seq = c.seq)",
	 "entries of collections that are no version", "版ではないコレクションの項目"},
	{"SELECT count(*) FROM label l WHERE l.number < 1 OR l.number > (SELECT count(*) FROM label)",
	 "labels that are not numbered without gaps", "連番でないラベル"},
	{"SELECT count(*) FROM version v WHERE v.seq > (SELECT last_seq FROM writer)",
	 "versions numbered higher than any number given out", "発行された番号を超える版"},
};

static int check_between(struct db *db, void (*finding)(void *context, const char *text), void *context,
			 uint64_t *wrong)
{
	for (size_t i = 0; i < sizeof(BETWEEN) / sizeof(BETWEEN[0]); i++) {
		struct db_rows *rows;
		char text[256];
		int err = db_query_values(db, BETWEEN[i].sql, NULL, 0, &rows);
		if (err != HN_OK)
			return err;
		err = db_next(rows);
		long long count = err == 1 ? (long long)db_int(rows, 0) : 0;
		db_rows_end(rows);
		if (err < 0)
			return err;
		if (count == 0)
			continue;
		(*wrong)++;
		const char *what = lang_get() == LANG_JA ? BETWEEN[i].ja : BETWEEN[i].en;
		(void)snprintf(text, sizeof(text), "%s: %lld", what, count);
		finding(context, text);
	}
	return HN_OK;
}

int store_check(struct store *store, void (*finding)(void *context, const char *text), void *context,
		uint64_t *wrong_out, struct fault *fault)
{
	struct db *db;
	uint64_t wrong = 0;
	int err = with_connection(store, &db, fault);
	if (err != HN_OK)
		return err;
	err = schema_is_current(db, SCHEMA_STEPS, fault);
	if (err != HN_OK) {
		db_close(db);
		return err;
	}
	err = db_begin(db);
	if (err == HN_OK)
		err = db_kind(db)->examine(db, finding, context, &wrong);
	if (err == HN_OK)
		err = check_between(db, finding, context, &wrong);
	if (err != HN_OK)
		(void)fault_set(fault, err, "database", tr("cannot be checked: %s", "検査できない: %s"),
				db_error(db));
	else
		*wrong_out = wrong;
	db_rollback(db);
	db_close(db);
	return err;
}
