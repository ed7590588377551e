/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/labels.h"
#include "store/object_inside.h"
#include "store/object_rows.h"
#include "store/objects.h"
#include "store/objects_few.h"
#include "store/types.h"
#include "store/view.h"

/* What stands in the same collection as the row k. */
#define ANYWHERE ""
#define THERE    " AND EXISTS (SELECT 1 FROM collected z WHERE z.seq = t.seq AND z.collection = k.collection)"

#define OLDEST(within)                                                                                       \
	"NOT EXISTS (" OBJECT_OTHERS                                                                         \
	"(t.modified < v.modified OR (t.modified = v.modified AND t.seq < v.seq))" within ")"
#define ALONE(within)                                                                                        \
	"((v.flags & 2) = 0 OR NOT EXISTS (" OBJECT_OTHERS                                                   \
	"t.modified = v.modified AND t.seq < v.seq" within "))"
/* Of what was put there, the newest; an organisation may have put a later version elsewhere only. */
#define NEWEST_THERE                                                                                         \
	"((v.newest = 1 OR NOT EXISTS (SELECT 1 FROM version t WHERE t.object = v.object AND "               \
	"t.modified > v.modified" THERE ")) AND ((v.flags & 2) = 0 OR NOT EXISTS (" OBJECT_OTHERS            \
	"p.number < v.object" THERE ")))"

/* $1 after, $2 until, $3 limit; $4 which versions, $5 times of versions; $6, $7 types; $8 specs as bits; $9
 * source */
/* clang-format off */
#define CONDITIONS(added, newest, within) \
	added " > $1 AND " added " <= $2 AND SEES(v.label) AND (" \
	"(($4 & 1) <> 0 AND " newest ") OR " \
	"(($4 & 2) <> 0 AND " OLDEST(within) ") OR " \
	"(($4 & 4) <> 0 AND " ALONE(within) ") OR " \
	"(v.modified ANY_OF($5) AND " ALONE(within) ")) AND " \
	"($6 = 0 OR v.type ANY_OF($7)) AND " \
	"(($8 & (v.spec + 1)) <> 0 OR ($8 = 0 AND " OBJECT_LATEST_SPEC_OF(within) ")) AND " \
	"($9 = 0 OR v.source = $9) ORDER BY " added " LIMIT $3"
/* clang-format on */

/* Plain pages and single objects are the most asked by far: newest versions with their bytes, no other
 * condition. */
#define PLAIN(columns)                                                                                       \
	"SELECT " columns ", c.bytes FROM version v" OBJECT_CONTENT                                          \
	"WHERE v.seq > $1 AND v.seq <= $2 AND SEES(v.label) AND " OBJECT_NEWEST " AND " OBJECT_LATEST_SPEC   \
	" ORDER BY v.seq LIMIT $3"
#define PLAIN_ONE                                                                                            \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM object q JOIN version v ON v.seq = q.newest" OBJECT_CONTENT \
	"WHERE q.uuid_a = $1 AND q.uuid_b = $2 AND SEES(v.label) AND " OBJECT_NEWEST                         \
	" AND " OBJECT_LATEST_SPEC

#define BY_SEQ(columns, join)                                                                                \
	"SELECT " columns " FROM version v" join "WHERE " CONDITIONS("v.seq", OBJECT_NEWEST, ANYWHERE)
#define BY_NUMBERS(columns, join)                                                                            \
	"SELECT " columns " FROM version v" join                                                             \
	"WHERE v.seq ANY_OF($10) AND " CONDITIONS("v.seq", OBJECT_NEWEST, ANYWHERE)
#define BY_COLLECTION(columns, join)                                                                         \
	"SELECT " columns ", k.added FROM collected k JOIN version v ON v.seq = k.seq" join                  \
	"WHERE k.collection = $10 AND " CONDITIONS("k.added", NEWEST_THERE, THERE)
#define BY_ID(columns, join)                                                                                 \
	"SELECT " columns " FROM object q JOIN version v ON v.object = q.number" join                        \
	"WHERE q.uuid_a ANY_OF($10) AND " CONDITIONS("v.seq", OBJECT_NEWEST, ANYWHERE)
#define BY_ID_THERE(columns, join)                                                                           \
	"SELECT " columns ", k.added FROM object q JOIN version v ON v.object = q.number "                   \
	"JOIN collected k ON k.seq = v.seq AND k.collection = $11" join                                      \
	"WHERE q.uuid_a ANY_OF($10) AND " CONDITIONS("k.added", NEWEST_THERE, THERE)
#define BYTES_TOO OBJECT_COLUMNS ", c.bytes"

/* One organisation's copies, whatever others gave: $9 is the owner. */
/* clang-format off */
#define OWNED(first, where) \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM " first OBJECT_CONTENT "WHERE " where " AND q.owner = $9 AND " \
	"v.seq > $1 AND v.seq <= $2 AND SEES(v.label) AND (" \
	"(($4 & 1) <> 0 AND v.newest = 1) OR " \
	"(($4 & 2) <> 0 AND NOT EXISTS (SELECT 1 FROM version t WHERE t.object = v.object AND " \
	"t.modified < v.modified AND SEES(t.label))) OR " \
	"($4 & 4) <> 0 OR v.modified ANY_OF($5)) AND " \
	"($6 = 0 OR v.type ANY_OF($7)) AND " \
	"(($8 & (v.spec + 1)) <> 0 OR ($8 = 0 AND " OBJECT_LATEST_SPEC_OF(" AND p.owner = $9") ")) " \
	"ORDER BY v.seq LIMIT $3"
/* clang-format on */
#define BY_VERSION "version v JOIN object q ON q.number = v.object"

/* Lists of a filter as numbers. */
enum { IDS_MAX = 256, TYPES_ASKED_MAX = 64 };

struct asked {
	int64_t types[TYPES_ASKED_MAX], ids[2 * IDS_MAX]; /* with the twins */
	size_t type_count, id_count;
	const int64_t *numbers; /* of versions, where they were found already; NULL: not */
	size_t number_count;
};

/* An identifier may be that of an object's masked twin: then the object is looked up as well. */
static int add_twin(struct reader *reader, struct uuid_halves id, struct asked *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows,
			   "SELECT o.uuid_a FROM twin w JOIN object o ON o.number = w.object "
			   "WHERE w.uuid_a = $1 AND w.uuid_b = $2",
			   db_number(id.a), db_number(id.b));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		out->ids[out->id_count++] = db_int(rows, 0);
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

/* Names that the store never met match nothing. */
static int asked_types(struct reader *reader, const struct object_filter *f, struct asked *out)
{
	if (f->type_count > TYPES_ASKED_MAX || f->id_count > IDS_MAX)
		return HN_ELIMIT;
	for (size_t i = 0; i < f->type_count; i++) {
		int err = types_find(reader_types(reader), reader_db(reader), f->types[i],
				     strlen(f->types[i]), &out->types[out->type_count]);
		if (err == HN_OK)
			out->type_count++;
		else if (err != HN_ENOENT)
			return err;
	}
	for (size_t i = 0; i < f->id_count; i++) {
		struct uuid_halves id = uuid_halves(&f->ids[i].uuid);
		out->ids[out->id_count++] = id.a;
		int err = add_twin(reader, id, out);
		if (err != HN_OK)
			return err;
	}
	return HN_OK;
}

static bool plain(const struct object_filter *f)
{
	return f->content && f->type_count == 0 && f->version_count == 0 && f->specs == 0 &&
	       f->collection == 0 && f->source == 0 && f->owner == 0 &&
	       (f->versions == 0 || f->versions == OBJECT_LAST);
}

/* Of one identifier and type that is no twin's there is one newest version at most. */
static bool plain_one(const struct object_filter *f, const struct asked *a)
{
	return plain(f) && f->id_count == 1 && a->id_count == 1 && f->after_seq == 0 && f->until_seq == 0;
}

static bool plain_page(const struct object_filter *f)
{
	return plain(f) && f->id_count == 0;
}

static bool brief(const struct object_filter *f)
{
	return f->brief && plain_page(f);
}

static int query_owned(struct db *db, const struct object_filter *f, const struct asked *a,
		       const struct db_value *values, struct db_rows **out)
{
	if (a->numbers != NULL)
		return db_query_values(db, OWNED(BY_VERSION, "v.seq ANY_OF($10)"), values, 10, out);
	if (f->id_count > 0)
		return db_query_values(
			db, OWNED("object q JOIN version v ON v.object = q.number", "q.uuid_a ANY_OF($10)"),
			values, 10, out);
	return db_query_values(db, OWNED(BY_VERSION, "1 = 1"), values, 9, out);
}

static int query(struct reader *reader, const struct object_filter *f, const struct asked *a, size_t limit,
		 struct db_rows **out)
{
	unsigned versions = f->versions == 0 && f->version_count == 0 ? OBJECT_LAST : f->versions;
	const struct db_value values[] = {
		db_number(f->after_seq),
		db_number(f->until_seq == 0 ? INT64_MAX : f->until_seq),
		/* Of identifiers only a half is asked by; what else has it is left out below. */
		db_number(f->id_count > 0 ? INT64_MAX : (int64_t)limit + 1),
		db_number(versions),
		db_ints(f->version_ns, f->version_count),
		db_number(f->type_count > 0),
		db_ints(a->types, a->type_count),
		db_number(f->specs),
		db_number(f->owner != 0 ? f->owner : f->source),
		a->numbers != NULL ? db_ints(a->numbers, a->number_count)
		: f->id_count > 0  ? db_ints(a->ids, a->id_count)
				   : db_number(f->collection),
		db_number(f->collection),
	};
	struct db *db = reader_db(reader);
	if (f->owner != 0)
		return query_owned(db, f, a, values, out);
	if (a->numbers != NULL)
		return f->content
			       ? db_query_values(db, BY_NUMBERS(BYTES_TOO, OBJECT_CONTENT), values, 10, out)
			       : db_query_values(db, BY_NUMBERS(OBJECT_COLUMNS, " "), values, 10, out);
	if (plain_one(f, a)) {
		struct uuid_halves id = uuid_halves(&f->ids[0].uuid);
		return db_query(db, out, PLAIN_ONE, db_number(id.a), db_number(id.b));
	}
	if (plain_page(f))
		return brief(f) ? db_query_values(db, PLAIN(OBJECT_BRIEF), values, 3, out)
				: db_query_values(db, PLAIN(OBJECT_COLUMNS), values, 3, out);
	if (f->id_count > 0 && f->collection != 0)
		return f->content
			       ? db_query_values(db, BY_ID_THERE(BYTES_TOO, OBJECT_CONTENT), values, 11, out)
			       : db_query_values(db, BY_ID_THERE(OBJECT_COLUMNS, " "), values, 11, out);
	if (f->id_count > 0)
		return f->content ? db_query_values(db, BY_ID(BYTES_TOO, OBJECT_CONTENT), values, 10, out)
				  : db_query_values(db, BY_ID(OBJECT_COLUMNS, " "), values, 10, out);
	if (f->collection != 0)
		return f->content ? db_query_values(db, BY_COLLECTION(BYTES_TOO, OBJECT_CONTENT), values, 10,
						    out)
				  : db_query_values(db, BY_COLLECTION(OBJECT_COLUMNS, " "), values, 10, out);
	return f->content ? db_query_values(db, BY_SEQ(BYTES_TOO, OBJECT_CONTENT), values, 9, out)
			  : db_query_values(db, BY_SEQ(OBJECT_COLUMNS, " "), values, 9, out);
}

static bool asked_for(void *context, const struct object_row *row)
{
	const struct object_filter *f = context;
	for (size_t i = 0; i < f->id_count; i++) {
		const struct stix_id *id = &f->ids[i];
		if (uuid_compare(&id->uuid, &row->id.uuid) == 0 && id->type_len == row->id.type_len &&
		    memcmp(id->type, row->id.type, id->type_len) == 0)
			return true;
	}
	return f->id_count == 0;
}

/* Page by page of what his few labels have, until enough is told. */
static int tell_few(struct telling *t, const struct few *few, struct object_filter *f, struct asked *asked)
{
	size_t max = t->limit + 1;
	int64_t *numbers = malloc(max * sizeof(*numbers));
	int err = numbers == NULL ? HN_ENOMEM : HN_OK;
	size_t count = max;
	while (err == HN_OK && !t->beyond && count == max) {
		struct db_rows *rows;
		err = few_next(t->reader, few, f->after_seq, f->until_seq == 0 ? INT64_MAX : f->until_seq,
			       max, numbers, &count);
		if (err != HN_OK || count == 0)
			break;
		asked->numbers = numbers;
		asked->number_count = count;
		err = query(t->reader, f, asked, t->limit, &rows);
		if (err == HN_OK)
			err = object_rows_tell(t, rows);
		f->after_seq = numbers[count - 1];
	}
	free(numbers);
	return err;
}

static int tell_all(struct telling *t, struct object_filter *f, const struct asked *asked)
{
	int err;
	t->brief = brief(f);
	do {
		struct db_rows *rows;
		err = query(t->reader, f, asked, t->limit, &rows);
		if (err == HN_OK)
			err = object_rows_tell(t, rows);
		f->after_seq = t->last_seq;
	} while (err == HN_OK && f->id_count == 0 && telling_goes_on(t));
	return err;
}

/* Newest versions of everything: the way may be long for who sees little. */
static bool may_be_few(const struct object_filter *f)
{
	return f->id_count == 0 && f->collection == 0 && f->version_count == 0 &&
	       (f->versions == 0 || f->versions == OBJECT_LAST);
}

int objects_page(struct reader *reader, const struct object_filter *filter, size_t limit, object_fn fn,
		 void *context, bool *more_out)
{
	struct asked asked = {0};
	struct few few = {.few = false};
	struct object_filter f = *filter;
	struct telling t = {.reader = reader,
			    .content = f.content || f.owner != 0,
			    .limit = limit,
			    .added_column = f.collection == 0 ? 0 : OBJECT_COLUMN_COUNT + f.content,
			    .wanted = asked_for,
			    .wanted_context = &f,
			    .fn = fn,
			    .context = context};
	int err = asked_types(reader, filter, &asked);
	if (err == HN_OK && may_be_few(filter))
		err = few_find(reader, filter->owner, &few);
	if (err == HN_OK)
		err = few.few ? tell_few(&t, &few, &f, &asked) : tell_all(&t, &f, &asked);
	if (err == HN_OK)
		*more_out = t.beyond;
	return err;
}

/* Notes that something came, and hands it on. */
struct one {
	object_fn fn;
	void *context;
	bool found;
};

static int tell_one(void *context, const struct object_row *row)
{
	struct one *one = context;
	one->found = true;
	return one->fn(one->context, row);
}

int objects_get(struct reader *reader, const struct stix_id *id, object_fn fn, void *context)
{
	struct one one = {fn, context, false};
	const struct object_filter filter = {.ids = id, .id_count = 1, .content = true};
	bool more;
	int err = objects_page(reader, &filter, 1, tell_one, &one, &more);
	return err == HN_OK && !one.found ? HN_ENOENT : err;
}

#define COUNT "SELECT CAST(coalesce(sum(t.objects), 0) AS BIGINT) FROM tally t WHERE SEES(t.label)"
#define COUNT_OWNED                                                                                          \
	"SELECT t.label, t.objects FROM tally t WHERE SEES(t.label) AND ($1 = 0 OR t.type = $1) AND "        \
	"t.objects > 0"

static int count_owned(struct reader *reader, int64_t type, int64_t owner, uint64_t *out)
{
	struct db_rows *rows;
	int err = db_query(reader_db(reader), &rows, COUNT_OWNED, db_number(type));
	if (err != HN_OK)
		return err;
	uint64_t count = 0;
	int more;
	while ((more = db_next(rows)) == 1)
		if (labels_owner(reader_labels(reader), db_int(rows, 0)) == owner)
			count += (uint64_t)db_int(rows, 1);
	db_rows_end(rows);
	if (more == 0)
		*out = count;
	return more;
}

int objects_count(struct reader *reader, const char *type, int64_t owner, uint64_t *out)
{
	int64_t number = 0;
	int err = HN_OK;
	if (type != NULL)
		err = types_find(reader_types(reader), reader_db(reader), type, strlen(type), &number);
	if (err == HN_ENOENT) {
		*out = 0;
		return HN_OK;
	}
	if (err == HN_OK && owner != 0)
		return count_owned(reader, number, owner, out);
	struct db_rows *rows;
	if (err == HN_OK)
		err = type == NULL ? db_query(reader_db(reader), &rows, COUNT)
				   : db_query(reader_db(reader), &rows, COUNT " AND t.type = $1",
					      db_number(number));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1)
		*out = (uint64_t)db_int(rows, 0);
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_EIO;
}

#define REFERRING                                                                                            \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM reference r JOIN version v ON v.seq = r.seq" OBJECT_CONTENT \
	"WHERE r.target_a = $1 AND r.target_b = $2 AND r.seq > $3 AND SEES(v.label) AND " OBJECT_NEWEST      \
	" ORDER BY r.seq LIMIT $4"

int objects_referring(struct reader *reader, const struct stix_id *target, int64_t after_seq, size_t limit,
		      object_fn fn, void *context, bool *more_out)
{
	struct telling t = {.reader = reader, .content = true, .limit = limit, .fn = fn, .context = context};
	struct uuid_halves id = uuid_halves(&target->uuid);
	t.last_seq = after_seq;
	int err;
	do {
		struct db_rows *rows;
		err = db_query(reader_db(reader), &rows, REFERRING, db_number(id.a), db_number(id.b),
			       db_number(t.last_seq), db_number((int64_t)limit + 1));
		if (err == HN_OK)
			err = object_rows_tell(&t, rows);
	} while (err == HN_OK && telling_goes_on(&t));
	if (err == HN_OK)
		*more_out = t.beyond;
	return err;
}
