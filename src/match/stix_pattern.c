/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/stix_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "base/lang.h"

#define IMPLIED_MAX 64u /* comparisons joined by AND, up to which each is held against each */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* a keyword, or a key of a path */
	TOKEN_STRING, /* text behind it has no quotes and escapes any more */
	TOKEN_NUMBER, /* or a boolean */
	TOKEN_TYPED,  /* t'...', h'...', b'...' */
	TOKEN_MARK,   /* = != < ( [ , : . and the like */
};

struct token {
	enum token_kind kind;
	const char *text;
	size_t len;
	size_t at;
};

struct parser {
	struct stix_pattern *out;
	struct cur in;
	const uint8_t *start;
	struct token next;
	unsigned depth;
	struct fault *fault;
};

void stix_pattern_init(struct stix_pattern *p)
{
	*p = (struct stix_pattern){0};
}

void stix_pattern_clear(struct stix_pattern *p)
{
	free(p->terms);
	free(p->text);
	*p = (struct stix_pattern){0};
}

const char *stix_bar_text(enum stix_bar bar)
{
	switch (bar) {
	case STIX_AND:
		return tr("it only holds together with another condition (AND)",
			  "他の条件との組合せ(AND)でのみ成り立つ");
	case STIX_SEQUENCE:
		return tr("it only holds as part of a sequence (FOLLOWEDBY)",
			  "順序(FOLLOWEDBY)の一部としてのみ成り立つ");
	case STIX_QUALIFIER:
		return tr("it is qualified (WITHIN, REPEATS, START)",
			  "限定(WITHIN、REPEATS、START)が付いている");
	case STIX_OPERATOR:
		return tr("its operator asks for more than equality", "等値以外の演算子である");
	default:
		return "";
	}
}

static int fail_at(struct parser *p, int err, size_t at, const char *message)
{
	char place[48];
	(void)snprintf(place, sizeof(place), tr("byte %zu", "%zuバイト目"), at + 1);
	return fault_set(p->fault, err, place, "%s", message);
}

static int expected(struct parser *p, const char *what)
{
	return fail_at(p, HN_EFORMAT, p->next.at, what);
}

/* ---- words ---- */

static bool is_word_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c == '-';
}

static void skip_space(struct cur *c)
{
	for (;;) {
		const uint8_t *p = cur_peek(c, 2);
		if (cur_left(c) > 0 && (*c->at == ' ' || (*c->at >= '\t' && *c->at <= '\r'))) {
			cur_skip(c, 1);
		} else if (p != NULL && p[0] == '/' && p[1] == '*') {
			const uint8_t *end = memmem(p + 2, cur_left(c) - 2, "*/", 2);
			cur_skip(c, end == NULL ? cur_left(c) : (size_t)(end + 2 - p));
		} else if (p != NULL && p[0] == '/' && p[1] == '/') {
			const uint8_t *end = memchr(p, '\n', cur_left(c));
			cur_skip(c, end == NULL ? cur_left(c) : (size_t)(end - p));
		} else {
			return;
		}
	}
}

/* The quote was read. Writes the string where all text of the pattern goes. */
static int read_string(struct parser *p, struct token *token)
{
	char *text = p->out->text + p->out->text_len;
	size_t len = 0;
	for (;;) {
		if (cur_left(&p->in) == 0)
			return fail_at(p, HN_EFORMAT, token->at,
				       tr("this string has no end", "文字列が閉じていない"));
		uint8_t c = cur_u8(&p->in);
		if (c == '\'')
			break;
		if (c == '\\') {
			if (cur_left(&p->in) == 0 || (*p->in.at != '\'' && *p->in.at != '\\'))
				return fail_at(p, HN_EFORMAT, (size_t)(p->in.at - p->start),
					       tr("only \\' and \\\\ are escapes",
						  "エスケープは \\' と \\\\ だけである"));
			c = cur_u8(&p->in);
		}
		text[len++] = (char)c;
	}
	text[len] = '\0';
	p->out->text_len += len + 1;
	token->kind = TOKEN_STRING;
	token->text = text;
	token->len = len;
	return HN_OK;
}

/* A typed literal is one word; what it holds is not looked at. */
static bool is_typed(const struct cur *c)
{
	const uint8_t *p = cur_peek(c, 2);
	return p != NULL && p[1] == '\'' && (p[0] == 't' || p[0] == 'h' || p[0] == 'b');
}

static int read_typed(struct parser *p, struct token *token)
{
	cur_skip(&p->in, 2);
	int rc = read_string(p, token);
	token->kind = TOKEN_TYPED;
	return rc;
}

static void read_word(struct parser *p, struct token *token)
{
	const uint8_t *from = p->in.at;
	bool number = (*from >= '0' && *from <= '9') || *from == '-' || *from == '+';
	cur_skip(&p->in, 1);
	while (cur_left(&p->in) > 0 && (is_word_byte(*p->in.at) || (number && *p->in.at == '.')))
		cur_skip(&p->in, 1);
	token->text = (const char *)from;
	token->len = (size_t)(p->in.at - from);
	bool boolean = (token->len == 4 && memcmp(from, "true", 4) == 0) ||
		       (token->len == 5 && memcmp(from, "false", 5) == 0);
	token->kind = number || boolean ? TOKEN_NUMBER : TOKEN_WORD;
}

static void read_mark(struct parser *p, struct token *token)
{
	static const char *const pairs[] = {"==", "!=", "<>", "<=", ">="};
	const uint8_t *two = cur_peek(&p->in, 2);
	token->kind = TOKEN_MARK;
	token->text = (const char *)p->in.at;
	token->len = 1;
	for (size_t i = 0; two != NULL && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (memcmp(two, pairs[i], 2) == 0)
			token->len = 2;
	cur_skip(&p->in, token->len);
}

static int advance(struct parser *p)
{
	struct token *token = &p->next;
	skip_space(&p->in);
	*token = (struct token){.at = (size_t)(p->in.at - p->start)};
	if (cur_left(&p->in) == 0)
		return HN_OK;
	uint8_t c = *p->in.at;
	if (c == '\'') {
		cur_skip(&p->in, 1);
		return read_string(p, token);
	}
	if (is_typed(&p->in))
		return read_typed(p, token);
	if (is_word_byte(c) || c == '+')
		read_word(p, token);
	else
		read_mark(p, token);
	return HN_OK;
}

static bool next_is(const struct parser *p, enum token_kind kind, const char *text)
{
	return p->next.kind == kind && p->next.len == strlen(text) &&
	       memcmp(p->next.text, text, p->next.len) == 0;
}

static int take(struct parser *p, enum token_kind kind, const char *text, const char *what)
{
	return next_is(p, kind, text) ? advance(p) : expected(p, what);
}

static int enter(struct parser *p)
{
	if (++p->depth > STIX_DEPTH_MAX)
		return fail_at(p, HN_ELIMIT, p->next.at, tr("nested too deeply", "入れ子が深すぎる"));
	return HN_OK;
}

/* ---- comparisons ---- */

static int add_term(struct parser *p, const struct stix_term *term)
{
	struct stix_pattern *out = p->out;
	if (out->count == STIX_TERMS_MAX)
		return fail_at(p, HN_ELIMIT, p->next.at, tr("too many comparisons", "比較が多すぎる"));
	if (out->count == out->room) {
		size_t room = out->room == 0 ? 16 : out->room * 2;
		struct stix_term *terms = realloc(out->terms, room * sizeof(*terms));
		if (terms == NULL)
			return HN_ENOMEM;
		out->terms = terms;
		out->room = room;
	}
	out->terms[out->count++] = *term;
	return HN_OK;
}

static void bar_from(struct stix_pattern *out, size_t from, enum stix_bar bar)
{
	for (size_t i = from; i < out->count; i++)
		if (out->terms[i].bar == STIX_ALONE)
			out->terms[i].bar = bar;
}

/*
 * object_path: type ':' key { '.' key | '[' index ']' }. Keys may be quoted. The pieces are collected in the
 * text; a quoted key was written there by the lexer already, one token ahead, so each is moved down behind
 * the last.
 */
struct path {
	char *text;
	size_t len;
};

static void path_add(struct parser *p, struct path *path, const char *text, size_t len)
{
	memmove(path->text + path->len, text, len);
	path->len += len;
	path->text[path->len] = '\0';
	p->out->text_len = (size_t)(path->text - p->out->text) + path->len + 1;
}

static int path_key(struct parser *p, struct path *path, const char *separator)
{
	if (p->next.kind != TOKEN_WORD && p->next.kind != TOKEN_STRING)
		return expected(p, tr("a property's name is expected here", "ここにはプロパティ名が要る"));
	struct token key = p->next;
	/* A quoted key may lie where the separator goes: one byte, and the key moves up by it. */
	size_t n = strlen(separator);
	memmove(path->text + path->len + n, key.text, key.len);
	memcpy(path->text + path->len, separator, n);
	path->len += n + key.len;
	path->text[path->len] = '\0';
	p->out->text_len = (size_t)(path->text - p->out->text) + path->len + 1;
	return advance(p);
}

static int read_index(struct parser *p, struct path *path)
{
	int rc = advance(p);
	if (rc != HN_OK)
		return rc;
	bool star = next_is(p, TOKEN_MARK, "*");
	if (!star && p->next.kind != TOKEN_NUMBER)
		return expected(p, tr("an index or * is expected here", "ここには添字か * が要る"));
	path_add(p, path, "[", 1);
	path_add(p, path, p->next.text, p->next.len);
	path_add(p, path, "]", 1);
	rc = advance(p);
	return rc == HN_OK ? take(p, TOKEN_MARK, "]", tr("']' is expected here", "ここには ']' が要る")) : rc;
}

static int read_path(struct parser *p, const char **path_out)
{
	struct path path = {p->out->text + p->out->text_len, 0};
	if (p->next.kind != TOKEN_WORD)
		return expected(p, tr("an object path such as ipv4-addr:value is expected here",
				      "ここには ipv4-addr:value のようなパスが要る"));
	int rc = path_key(p, &path, "");
	if (rc == HN_OK)
		rc = take(p, TOKEN_MARK, ":", tr("':' is expected here", "ここには ':' が要る"));
	if (rc == HN_OK)
		rc = path_key(p, &path, ":");
	while (rc == HN_OK) {
		if (next_is(p, TOKEN_MARK, ".")) {
			rc = advance(p);
			if (rc == HN_OK)
				rc = path_key(p, &path, ".");
		} else if (next_is(p, TOKEN_MARK, "[")) {
			rc = read_index(p, &path);
		} else {
			break;
		}
	}
	*path_out = path.text;
	return rc;
}

static int read_value(struct parser *p, struct stix_term *term)
{
	term->value = term->number = NULL;
	term->value_len = term->number_len = 0;
	if (p->next.kind == TOKEN_STRING) {
		term->value = p->next.text;
		term->value_len = p->next.len;
	} else if (p->next.kind == TOKEN_NUMBER) {
		term->number = p->next.text;
		term->number_len = p->next.len;
	} else if (p->next.kind != TOKEN_TYPED) {
		return expected(p, tr("a value is expected here", "ここには値が要る"));
	}
	int rc = add_term(p, term);
	return rc == HN_OK ? advance(p) : rc;
}

static int read_in_list(struct parser *p, struct stix_term *term)
{
	int rc = take(p, TOKEN_MARK, "(", tr("'(' is expected after IN", "IN の後には '(' が要る"));
	while (rc == HN_OK) {
		rc = read_value(p, term);
		if (rc != HN_OK || !next_is(p, TOKEN_MARK, ","))
			break;
		rc = advance(p);
	}
	return rc == HN_OK ? take(p, TOKEN_MARK, ")",
				  tr("',' or ')' is expected here", "ここには ',' か ')' が要る"))
			   : rc;
}

static int read_operator(struct parser *p, struct stix_term *term)
{
	static const char *const orders[] = {"!=", "<>", "<", "<=", ">", ">="};
	int rc = HN_OK;
	if (next_is(p, TOKEN_WORD, "NOT")) {
		term->bar = STIX_OPERATOR;
		rc = advance(p);
	}
	if (rc != HN_OK)
		return rc;
	if (next_is(p, TOKEN_WORD, "IN")) {
		rc = advance(p);
		return rc == HN_OK ? read_in_list(p, term) : rc;
	}
	bool known = next_is(p, TOKEN_MARK, "=") || next_is(p, TOKEN_MARK, "==");
	term->like = next_is(p, TOKEN_WORD, "LIKE");
	term->subset = next_is(p, TOKEN_WORD, "ISSUBSET");
	known |= term->like || term->subset;
	if (!known) {
		term->bar = STIX_OPERATOR;
		known = next_is(p, TOKEN_WORD, "MATCHES") || next_is(p, TOKEN_WORD, "ISSUPERSET");
		for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
			known |= next_is(p, TOKEN_MARK, orders[i]);
	}
	if (!known)
		return expected(p, tr("a comparison operator is expected here", "ここには比較演算子が要る"));
	rc = advance(p);
	return rc == HN_OK ? read_value(p, term) : rc;
}

static int read_comparisons(struct parser *p);

static int read_comparison(struct parser *p)
{
	struct stix_term term = {.at = p->next.at};
	int rc;
	if (next_is(p, TOKEN_MARK, "(")) {
		rc = enter(p);
		if (rc == HN_OK)
			rc = advance(p);
		if (rc == HN_OK)
			rc = read_comparisons(p);
		p->depth--;
		return rc == HN_OK
			       ? take(p, TOKEN_MARK, ")", tr("')' is expected here", "ここには ')' が要る"))
			       : rc;
	}
	if (next_is(p, TOKEN_WORD, "EXISTS")) {
		term.bar = STIX_OPERATOR;
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_path(p, &term.path);
		return rc == HN_OK ? add_term(p, &term) : rc;
	}
	rc = read_path(p, &term.path);
	return rc == HN_OK ? read_operator(p, &term) : rc;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);
	return n >= k && memcmp(text + n - k, end, k) == 0;
}

/* network-traffic:dst_ref.type = 'ipv4-addr' beside network-traffic:dst_ref.value = '192.0.2.1' says nothing
 * new. */
static bool is_implied(const struct stix_pattern *out, size_t from, const struct stix_term *type)
{
	static const char *const types[] = {"ipv4-addr", "ipv6-addr", "domain-name"};
	bool address = false;
	if (type->bar != STIX_ALONE || type->like || type->subset || type->value == NULL ||
	    !ends_with(type->path, "_ref.type"))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		address |= strcmp(type->value, types[i]) == 0;
	size_t stem = strlen(type->path) - strlen("type");
	for (size_t i = from; address && i < out->count; i++)
		if (strncmp(out->terms[i].path, type->path, stem) == 0 &&
		    strcmp(out->terms[i].path + stem, "value") == 0)
			return true;
	return false;
}

static int read_conjunction(struct parser *p)
{
	struct stix_pattern *out = p->out;
	size_t from = out->count, operands = 1;
	int rc = read_comparison(p);
	while (rc == HN_OK && next_is(p, TOKEN_WORD, "AND")) {
		operands++;
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_comparison(p);
	}
	/* Only where each operand is one comparison can one be told to be implied. */
	if (rc != HN_OK || operands == 1)
		return rc;
	size_t implied = 0;
	bool few = operands <= IMPLIED_MAX && out->count - from == operands;
	for (size_t i = from; few && i < out->count; i++) {
		if (is_implied(out, from, &out->terms[i])) {
			out->terms[i].bar = STIX_IMPLIED;
			implied++;
		}
	}
	if (implied + 1 < operands)
		bar_from(out, from, STIX_AND);
	return HN_OK;
}

static int read_comparisons(struct parser *p)
{
	int rc = read_conjunction(p);
	while (rc == HN_OK && next_is(p, TOKEN_WORD, "OR")) {
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_conjunction(p);
	}
	return rc;
}

/* ---- observations ---- */

static int take_other(struct parser *p)
{
	/* STIX 2.0 wrote the times of START and STOP as plain strings. */
	if (p->next.kind == TOKEN_WORD || p->next.kind == TOKEN_MARK || p->next.kind == TOKEN_END)
		return expected(p, tr("a number or a time is expected here", "ここには数か時刻が要る"));
	return advance(p);
}

static int read_qualifiers(struct parser *p, size_t from)
{
	static const struct {
		const char *word, *then;
		bool value;
	} all[] = {{"WITHIN", "SECONDS", false}, {"REPEATS", "TIMES", false}, {"START", "STOP", true}};
	for (bool barred = false;; barred = true) {
		size_t i = 0;
		while (i < 3 && !next_is(p, TOKEN_WORD, all[i].word))
			i++;
		if (i == 3)
			return HN_OK;
		if (!barred)
			bar_from(p->out, from, STIX_QUALIFIER);
		int rc = advance(p);
		if (rc == HN_OK)
			rc = take_other(p);
		if (rc == HN_OK)
			rc = take(p, TOKEN_WORD, all[i].then,
				  tr("SECONDS, TIMES or STOP is expected here",
				     "ここには SECONDS、TIMES、STOP のどれかが要る"));
		if (rc == HN_OK && all[i].value)
			rc = take_other(p);
		if (rc != HN_OK)
			return rc;
	}
}

static int read_sequence(struct parser *p);

static int read_observation(struct parser *p)
{
	size_t from = p->out->count;
	bool square = next_is(p, TOKEN_MARK, "[");
	if (!square && !next_is(p, TOKEN_MARK, "("))
		return expected(p, tr("'[' is expected here", "ここには '[' が要る"));
	int rc = enter(p);
	if (rc == HN_OK)
		rc = advance(p);
	if (rc == HN_OK)
		rc = square ? read_comparisons(p) : read_sequence(p);
	if (rc == HN_OK)
		rc = take(
			p, TOKEN_MARK, square ? "]" : ")",
			square ? tr("AND, OR or ']' is expected here", "ここには AND、OR、']' のどれかが要る")
			       : tr("')' is expected here", "ここには ')' が要る"));
	p->depth--;
	return rc == HN_OK ? read_qualifiers(p, from) : rc;
}

static int read_joined(struct parser *p)
{
	size_t from = p->out->count;
	bool joined = false;
	int rc = read_observation(p);
	while (rc == HN_OK && next_is(p, TOKEN_WORD, "AND")) {
		joined = true;
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_observation(p);
	}
	if (joined)
		bar_from(p->out, from, STIX_AND);
	return rc;
}

static int read_choice(struct parser *p)
{
	int rc = read_joined(p);
	while (rc == HN_OK && next_is(p, TOKEN_WORD, "OR")) {
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_joined(p);
	}
	return rc;
}

static int read_sequence(struct parser *p)
{
	size_t from = p->out->count;
	bool sequence = false;
	int rc = read_choice(p);
	while (rc == HN_OK && next_is(p, TOKEN_WORD, "FOLLOWEDBY")) {
		sequence = true;
		rc = advance(p);
		if (rc == HN_OK)
			rc = read_choice(p);
	}
	if (sequence)
		bar_from(p->out, from, STIX_SEQUENCE);
	return rc;
}

int stix_pattern_read(struct stix_pattern *p, const char *text, size_t len, struct fault *fault)
{
	struct parser parser = {
		.out = p, .in = cur_of(text, len), .start = (const uint8_t *)text, .fault = fault};
	p->count = 0;
	p->text_len = 0;
	if (len + 16 > p->text_room) {
		char *room = realloc(p->text, len + 16);
		if (room == NULL)
			return HN_ENOMEM;
		p->text = room;
		p->text_room = len + 16;
	}
	int rc = advance(&parser);
	if (rc == HN_OK)
		rc = read_sequence(&parser);
	if (rc == HN_OK && parser.next.kind != TOKEN_END)
		rc = expected(&parser, tr("FOLLOWEDBY, AND, OR or the end is expected here",
					  "ここには FOLLOWEDBY、AND、OR か終わりが要る"));
	if (rc != HN_OK)
		p->count = 0;
	return rc;
}
