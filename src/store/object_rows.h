/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECT_ROWS_H
#define HINOMI_STORE_OBJECT_ROWS_H

#include "store/db.h"
#include "store/objects.h"

/*
 * Every statement that reads objects is put together at compile time of these parts, so that SEES() stands in
 * each.
 *
 * Where several organisations sent the same identifier, a reader gets one of the copies that he may see: of
 * newest versions the one with the latest time, of one version the one that came first. Copies that he may
 * not see play no part, so that nothing tells of them.
 */
#define OBJECT_BRIEF   "v.seq, v.uuid_a, v.uuid_b, v.type, v.spec, v.label, v.flags"
#define OBJECT_COLUMNS OBJECT_BRIEF ", v.modified, v.own_label, v.source, v.newest"
enum { OBJECT_BRIEF_COUNT = 7, OBJECT_COLUMN_COUNT = 11 };
#define OBJECT_LATEST_SPEC_OF(within)                                                                        \
	"(v.spec = 1 OR NOT EXISTS (SELECT 1 FROM object p JOIN version t ON t.object = p.number "           \
	"WHERE p.uuid_a = v.uuid_a AND p.uuid_b = v.uuid_b AND p.type = v.type AND p.spec = 1 AND "          \
	"SEES(t.label)" within "))"
#define OBJECT_LATEST_SPEC OBJECT_LATEST_SPEC_OF("")
#define OBJECT_OTHERS                                                                                        \
	"SELECT 1 FROM object p JOIN version t ON t.object = p.number WHERE p.uuid_a = v.uuid_a AND "        \
	"p.uuid_b = v.uuid_b AND p.type = v.type AND p.spec = v.spec AND SEES(t.label) AND "
#define OBJECT_NEWEST                                                                                        \
	"(v.newest = 1 AND ((v.flags & 2) = 0 OR NOT EXISTS (" OBJECT_OTHERS                                 \
	"t.newest = 1 AND p.number < v.object)))"
#define OBJECT_CONTENT " JOIN content c ON c.seq = v.seq "

/** Rows on their way to who asked; kept over several statements until enough are told. */
struct telling {
	struct reader *reader;
	bool brief;   /* the statement has OBJECT_BRIEF, not OBJECT_COLUMNS */
	bool content; /* and c.bytes behind */
	size_t limit;
	unsigned added_column; /* of a collection's row: when it was put there; 0: no such column */
	/** Decides about a row, e.g. whether what is left of a masked one was asked for. NULL: all. */
	bool (*wanted)(void *context, const struct object_row *row);
	void *wanted_context;
	object_fn fn;
	void *context;
	/* what became of them */
	size_t told;
	size_t rows;      /* of the last statement, with those that were left out */
	int64_t last_seq; /* of its last row; in a collection its time there */
	bool beyond;      /* a row beyond the limit was there */
};

/** Tells the rows of a statement, each as the reader may see it, and ends it. @return what fn returned if not
 * HN_OK
 */
HN_MUST_USE int object_rows_tell(struct telling *t, struct db_rows *rows);

/** Whether to ask on behind t->last_seq: the statement's LIMIT of limit + 1 rows was reached by rows left
 * out. */
static inline bool telling_goes_on(const struct telling *t)
{
	return !t->beyond && t->rows > t->limit;
}

#endif
