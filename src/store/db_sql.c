/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/db_sql.h"

#include <stdlib.h>
#include <string.h>

/* A translation at work. */
struct work {
	const char *at;
	enum db_dialect dialect;
	enum db_sees sees;
	struct buf *out;
	unsigned arguments; /* the highest number so far */
	bool asks_sees;
	bool clustered;
};

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t word_len(const char *at)
{
	size_t len = 0;
	while (word_char(at[len]))
		len++;
	return len;
}

static bool word_is(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(at, word, len) == 0;
}

/* A text or a quoted name, with its quotes. */
static int quoted(struct work *w)
{
	const char *end = strchr(w->at + 1, *w->at);
	if (end == NULL)
		return HN_EFORMAT;
	buf_add(w->out, w->at, (size_t)(end + 1 - w->at));
	w->at = end + 1;
	return HN_OK;
}

static int argument(struct work *w)
{
	char *end;
	unsigned long n = strtoul(w->at + 1, &end, 10);
	if (end == w->at + 1 || n == 0 || n > 999)
		return HN_EFORMAT;
	if (n > w->arguments)
		w->arguments = (unsigned)n;
	/* SQLite numbers "$2" by where it stands, but "?2" by its number. */
	buf_addf(w->out, w->dialect == DB_DIALECT_SQLITE ? "?%lu" : "$%lu", n);
	w->at = end;
	return HN_OK;
}

/* What stands in the brackets behind a word: a column, or an argument. */
static int bracketed(struct work *w, const char **inner_out, size_t *len_out)
{
	while (*w->at == ' ')
		w->at++;
	if (*w->at != '(')
		return HN_EFORMAT;
	const char *end = strchr(w->at, ')');
	if (end == NULL)
		return HN_EFORMAT;
	*inner_out = w->at + 1;
	*len_out = (size_t)(end - w->at - 1);
	w->at = end + 1;
	return memchr(*inner_out, '(', *len_out) == NULL ? HN_OK : HN_EFORMAT;
}

/* What SEES(x) asks beside x stands behind all arguments, whose count is known only at the end: \1 and \2 are
 * put in meanwhile. */
static int sees(struct work *w)
{
	const char *x;
	size_t len;
	int err = bracketed(w, &x, &len);
	if (err != HN_OK)
		return err;
	int n = (int)len;
	w->asks_sees = true;
	switch (w->sees) {
	case DB_SEES_NOTHING:
		buf_adds(w->out, w->dialect == DB_DIALECT_SQLITE ? "0" : "FALSE");
		break;
	case DB_SEES_CALL:
		buf_addf(w->out, "hn_sees(%.*s)", n, x);
		break;
	case DB_SEES_FEW:
		buf_addf(w->out, "(%.*s = ANY(\1::bigint[]))", n, x);
		break;
	case DB_SEES_BITS:
		buf_addf(w->out,
			 "(CASE WHEN %.*s BETWEEN 1 AND \2::bigint THEN get_bit(\1::bytea, %.*s) = 1 ELSE "
			 "FALSE END)",
			 n, x, n, x);
		break;
	}
	return HN_OK;
}

static int any_of(struct work *w)
{
	const char *x;
	size_t len;
	int err = bracketed(w, &x, &len);
	if (err != HN_OK)
		return err;
	const char *rest = w->at;
	bool sqlite = w->dialect == DB_DIALECT_SQLITE;
	buf_adds(w->out, sqlite ? "IN (SELECT value FROM hn_ints(" : "= ANY(");
	w->at = x;
	err = *x == '$' ? argument(w) : HN_EFORMAT;
	if (err != HN_OK || w->at != x + len)
		return HN_EFORMAT;
	buf_adds(w->out, sqlite ? "))" : "::bigint[])");
	w->at = rest;
	return HN_OK;
}

static int word(struct work *w)
{
	const char *at = w->at;
	size_t len = word_len(at);
	bool sqlite = w->dialect == DB_DIALECT_SQLITE;
	w->at += len;
	if (word_is(at, len, "SEES"))
		return sees(w);
	if (word_is(at, len, "ANY_OF"))
		return any_of(w);
	if (word_is(at, len, "BYTES"))
		buf_adds(w->out, sqlite ? "BLOB" : "BYTEA");
	else if (word_is(at, len, "BIGINT"))
		buf_adds(w->out, sqlite ? "INTEGER" : "BIGINT");
	else if (word_is(at, len, "CLUSTERED"))
		w->clustered = true;
	else
		buf_add(w->out, at, len);
	return HN_OK;
}

/* Puts the numbers in for \1 and \2. */
static void fill_in(struct buf *out, const char *text, size_t len, unsigned more)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\1' || text[i] == '\2')
			buf_addf(out, "$%u", more + (text[i] == '\2'));
		else
			buf_addc(out, text[i]);
	}
}

static int translate(struct work *w)
{
	int err = HN_OK;
	while (*w->at != '\0' && err == HN_OK) {
		if (*w->at == '\'' || *w->at == '"')
			err = quoted(w);
		else if (*w->at == '$')
			err = argument(w);
		else if (word_char(*w->at))
			err = word(w);
		else
			buf_addc(w->out, *w->at++);
	}
	return err != HN_OK ? err : buf_err(w->out);
}

/* Leaves out the name of one database; nothing is left of a statement of the other. */
static const char *mine(const char *sql, enum db_dialect dialect)
{
	static const char *const ONLY[] = {
		[DB_DIALECT_SQLITE] = "SQLITE: ",
		[DB_DIALECT_POSTGRES] = "POSTGRES: ",
	};
	for (unsigned i = 0; i < sizeof(ONLY) / sizeof(ONLY[0]); i++)
		if (strncmp(sql, ONLY[i], strlen(ONLY[i])) == 0)
			return i == (unsigned)dialect ? sql + strlen(ONLY[i]) : "";
	return sql;
}

int db_sql(const char *sql, enum db_dialect dialect, enum db_sees sees_as, struct buf *out,
	   unsigned *more_out)
{
	struct buf text;
	buf_init(&text, DB_SQL_MAX);
	struct work w = {.at = mine(sql, dialect), .dialect = dialect, .sees = sees_as, .out = &text};
	bool table = strncmp(w.at, "CREATE TABLE ", 13) == 0;
	int err = translate(&w);
	if (err == HN_OK) {
		bool extra = w.asks_sees && (sees_as == DB_SEES_FEW || sees_as == DB_SEES_BITS);
		if (text.len > 0)
			fill_in(out, text.data, text.len, w.arguments + 1);
		if (table && dialect == DB_DIALECT_SQLITE)
			buf_adds(out, w.clustered ? " STRICT, WITHOUT ROWID" : " STRICT");
		err = buf_err(out);
		*more_out = extra ? w.arguments + 1 : 0;
	}
	buf_clear(&text);
	return err;
}

/* The bracket that ends what begins at the bracket `at`; NULL: none. */
static const char *bracket_end(const char *at)
{
	unsigned depth = 0;
	for (; *at != '\0'; at++) {
		if (*at == '\'') {
			at = strchr(at + 1, '\'');
			if (at == NULL)
				return NULL;
		}
		depth += *at == '(';
		if (*at == ')' && --depth == 0)
			return at;
	}
	return NULL;
}

int db_sql_many(const char *sql, unsigned arguments, struct buf *out)
{
	static const char before[] = " VALUES (";
	const char *values = strstr(sql, before);
	const char *open = values == NULL ? NULL : values + sizeof(before) - 2;
	const char *end = open == NULL ? NULL : bracket_end(open);
	if (end == NULL || strncmp(sql, "INSERT INTO ", 12) != 0 || arguments == 0 ||
	    strchr(end, '$') != NULL)
		return HN_EFORMAT;
	buf_add(out, sql, (size_t)(values - sql));
	buf_adds(out, " SELECT ");
	for (const char *at = open + 1; at < end; at++)
		buf_adds(out, *at == '$' ? "many.c" : (const char[]){*at, '\0'});
	buf_adds(out, " FROM unnest(");
	for (unsigned i = 1; i <= arguments; i++)
		buf_addf(out, i == 1 ? "$%u" : ", $%u", i);
	buf_adds(out, ") AS many (");
	for (unsigned i = 1; i <= arguments; i++)
		buf_addf(out, i == 1 ? "c%u" : ", c%u", i);
	buf_addc(out, ')');
	buf_adds(out, end + 1);
	return buf_err(out);
}

bool db_sql_sees(const char *sql)
{
	const char *at = sql;
	while ((at = strstr(at, "SEES")) != NULL) {
		if ((at == sql || !word_char(at[-1])) && !word_char(at[4]))
			return true;
		at += 4;
	}
	return false;
}
