/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/search.h"

#include "base/buf.h"
#include "base/lang.h"
#include "store/object_rows.h"
#include "store/search_value.h"
#include "store/words.h"

/* ---- words ---- */

struct words {
	struct buf text; /* the words, with spaces, or as FTS5 takes them */
	bool quoted;
	size_t count;
};

static int add_word(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct words *w = context;
	if (w->count++ == SEARCH_WORDS_MAX)
		return HN_ELIMIT;
	/* Words hold letters and digits only: nothing in them means anything to FTS5 or to a list. */
	if (w->text.len > 0)
		buf_adds(&w->text, w->quoted ? " AND " : " ");
	buf_adds(&w->text, w->quoted ? "\"" : "");
	buf_add(&w->text, word, len);
	buf_adds(&w->text, w->quoted ? "\"" : "");
	return buf_err(&w->text);
}

#define BY_WORDS_SQLITE                                                                                      \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM words w JOIN version v ON v.seq = w.rowid" OBJECT_CONTENT   \
	"WHERE w.words MATCH $1 AND w.rowid < $2 AND SEES(v.label) AND " OBJECT_NEWEST                       \
	" ORDER BY w.rowid DESC LIMIT $3"
#define BY_WORDS_POSTGRES                                                                                    \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM words w JOIN version v ON v.seq = w.seq" OBJECT_CONTENT     \
	"WHERE w.words @> string_to_array($1, ' ') AND v.seq < $2 AND SEES(v.label) AND " OBJECT_NEWEST      \
	" ORDER BY v.seq DESC LIMIT $3"

static int by_words(struct telling *t, const struct search *what, struct fault *fault)
{
	struct db *db = reader_db(t->reader);
	bool sqlite = db_dialect(db) == DB_DIALECT_SQLITE;
	struct words words = {.quoted = sqlite};
	buf_init(&words.text, SEARCH_WORDS_MAX * (WORD_MAX + 8));
	int err = words_of(what->text, what->len, WORDS_ASKED, add_word, &words);
	if (err == HN_ELIMIT)
		err = fault_set(fault, err, "text", tr("more than %d words", "語が%d個を超えている"),
				SEARCH_WORDS_MAX);
	else if (err == HN_OK && words.count == 0)
		err = fault_set(fault, HN_EFORMAT, "text", tr("holds no word", "語が含まれていない"));
	while (err == HN_OK) {
		const struct db_value values[] = {db_string(words.text.data, words.text.len),
						  db_number(t->last_seq), db_number((int64_t)t->limit + 1)};
		struct db_rows *rows;
		err = db_query_values(db, sqlite ? BY_WORDS_SQLITE : BY_WORDS_POSTGRES, values, 3, &rows);
		if (err == HN_OK)
			err = object_rows_tell(t, rows);
		if (err != HN_OK || !telling_goes_on(t))
			break;
	}
	buf_clear(&words.text);
	return err;
}

/* ---- values ---- */

static int no_value(struct fault *fault, enum search_by by)
{
	if (by == SEARCH_INSIDE)
		return fault_set(fault, HN_EFORMAT, "inside",
				 tr("is neither a prefix like 192.0.2.0/24 nor a name",
				    "192.0.2.0/24のようなプレフィックスでも名前でもない"));
	return fault_set(fault, HN_EFORMAT, "value", tr("is empty or too long", "空であるか、長すぎる"));
}

#define FOUND(which)                                                                                         \
	"SELECT " OBJECT_COLUMNS ", c.bytes FROM version v" OBJECT_CONTENT "WHERE v.seq " which              \
	" AND SEES(v.label) AND " OBJECT_NEWEST " ORDER BY v.seq DESC"

/* The seqs of what was found, told as rows. Mostly it is one; SQLite makes a table of a list. */
static int tell_found(struct telling *t, const struct value_hits *hits)
{
	int err = HN_OK;
	for (size_t at = 0; err == HN_OK && at < hits->count && !t->beyond;) {
		enum { BATCH = 256 };
		size_t count = hits->count - at < BATCH ? hits->count - at : BATCH;
		struct db_rows *rows;
		err = count == 1 ? db_query(reader_db(t->reader), &rows, FOUND("= $1"),
					    db_number(hits->seqs[at]))
				 : db_query(reader_db(t->reader), &rows, FOUND("ANY_OF($1)"),
					    db_ints(hits->seqs + at, count));
		if (err == HN_OK)
			err = object_rows_tell(t, rows);
		at += count;
	}
	return err;
}

/* What is left of a masked row must still speak of what was asked. */
struct still {
	const struct value_asked *asked;
	const struct search *text;
};

static bool still_wanted(void *context, const struct object_row *row)
{
	const struct still *s = context;
	if (!row->masked)
		return true;
	return s->asked != NULL ? value_asked_in(s->asked, row) : words_asked_in(s->text, row);
}

static int by_values(struct telling *t, const struct value_asked *asked, bool *cut_out)
{
	struct value_hits hits;
	int err = value_hits_find(t->reader, asked, t->last_seq, &hits);
	if (err == HN_OK)
		err = tell_found(t, &hits);
	*cut_out = hits.cut;
	value_hits_clear(&hits);
	return err;
}

int search_objects(struct reader *reader, const struct search *what, object_fn fn, void *context,
		   bool *more_out, bool *cut_out, struct fault *fault)
{
	struct value_asked asked;
	struct still still = {.text = what};
	struct telling t = {.reader = reader,
			    .content = true,
			    .limit = what->limit,
			    .wanted = still_wanted,
			    .wanted_context = &still,
			    .fn = fn,
			    .context = context};
	t.last_seq = what->before_seq == 0 ? INT64_MAX : what->before_seq;
	bool cut = false;
	int err;
	if (what->by == SEARCH_TEXT) {
		err = by_words(&t, what, fault);
	} else {
		err = value_asked_read(reader, what, &asked, fault);
		if (err == HN_ENOENT)
			err = no_value(fault, what->by);
		still.asked = &asked;
		if (err == HN_OK)
			err = by_values(&t, &asked, &cut);
		value_asked_clear(&asked);
	}
	if (err != HN_OK)
		return err;
	*more_out = t.beyond;
	*cut_out = cut;
	return HN_OK;
}

int search_reach(struct reader *reader, int64_t *indexed_out, int64_t *latest_out)
{
	struct db_rows *rows;
	int err = db_query(
		reader_db(reader), &rows,
		"SELECT i.seq, coalesce((SELECT v.seq FROM version v WHERE v.seq > i.seq AND "
		"SEES(v.label) ORDER BY v.seq DESC LIMIT 1), i.seq) FROM indexed i WHERE i.number = 1");
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		*indexed_out = db_int(rows, 0);
		*latest_out = db_int(rows, 1);
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_EIO;
}
