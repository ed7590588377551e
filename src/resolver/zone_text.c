/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/zone_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lang.h"

#define BUFFER_SIZE 65536u
#define LABEL_MAX   63u
#define END         (-1)

/* What a byte is outside quotes. */
enum byte_class { BYTE_WORD, BYTE_BLANK, BYTE_LINE, BYTE_SPECIAL, BYTE_REFUSED };

struct zone_text {
	struct zone_source source;
	const char *path;
	uint8_t classes[256];
	size_t at, end; /* in the buffer */
	bool ended;
	int failed;             /* what the source returned */
	uint32_t line;          /* being read */
	uint32_t word_line;     /* of the entry's first word */
	bool line_begun;        /* something was read of it */
	bool same_owner, begun; /* begun: some word was read of the file */
	unsigned depth;         /* of parentheses */
	size_t used;            /* of text */
	size_t count;
	char first_comment[ZONE_COMMENT_MAX + 1], last_comment[ZONE_COMMENT_MAX + 1];
	struct zone_word words[ZONE_WORDS_MAX];
	char text[ZONE_ENTRY_MAX];
	uint8_t buffer[BUFFER_SIZE];
};

static int read_bytes(void *context, uint8_t *to, size_t size, size_t *got_out)
{
	struct zone_bytes *b = context;
	size_t left = (size_t)(b->end - b->at), n = left < size ? left : size;
	if (n > 0)
		memcpy(to, b->at, n);
	b->at += n;
	*got_out = n;
	return HN_OK;
}

struct zone_source zone_source_bytes(struct zone_bytes *bytes)
{
	return (struct zone_source){read_bytes, bytes};
}

static uint8_t class_of(unsigned c)
{
	if (c == '\n')
		return BYTE_LINE;
	if (c == ' ' || c == '\t' || c == '\r')
		return BYTE_BLANK;
	if (c < 0x20 || c == 0x7f)
		return BYTE_REFUSED;
	return strchr("();\"\\", (int)c) != NULL ? BYTE_SPECIAL : BYTE_WORD;
}

int zone_text_new(const struct zone_source *source, const char *path, struct zone_text **out)
{
	struct zone_text *t = malloc(sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	memset(t, 0, offsetof(struct zone_text, words));
	t->source = *source;
	t->path = path;
	t->line = 1;
	for (unsigned c = 0; c < 256; c++)
		t->classes[c] = class_of(c);
	*out = t;
	return HN_OK;
}

void zone_text_free(struct zone_text *t)
{
	free(t);
}

int zone_fault_line(const struct zone_text *t, uint32_t line, int err, struct fault *fault, const char *text)
{
	char place[sizeof(fault->place)];
	(void)snprintf(place, sizeof(place), "%s:%u", t->path, line);
	return fault_set(fault, err, place, "%s", text);
}

int zone_fault(const struct zone_text *t, int err, struct fault *fault, const char *format, ...)
{
	char text[sizeof(fault->message)];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return zone_fault_line(t, t->word_line, err, fault, text);
}

/* ---- bytes ---- */

static bool refill(struct zone_text *t)
{
	if (t->at < t->end)
		return true;
	if (t->ended)
		return false;
	size_t got = 0;
	t->failed = t->source.read(t->source.context, t->buffer, sizeof(t->buffer), &got);
	t->at = 0;
	t->end = t->failed == HN_OK ? got : 0;
	t->ended = t->end == 0;
	return !t->ended;
}

static int peek(struct zone_text *t)
{
	return refill(t) ? t->buffer[t->at] : END;
}

/* Takes the byte that peek() gave. */
static void take(struct zone_text *t)
{
	if (t->buffer[t->at++] == '\n') {
		t->line++;
		t->line_begun = false;
	} else {
		t->line_begun = true;
	}
}

/* ---- words ---- */

static int keep(struct zone_text *t, const uint8_t *data, size_t len)
{
	if (len > sizeof(t->text) - t->used)
		return HN_ELIMIT;
	memcpy(t->text + t->used, data, len);
	t->used += len;
	t->words[t->count].len += (uint32_t)len;
	return HN_OK;
}

/* The backslash and the byte behind it; of "\DDD" the other digits follow as ordinary bytes. */
static int keep_escape(struct zone_text *t)
{
	uint8_t pair[2] = {'\\', 0};
	take(t);
	int c = peek(t);
	if (c == END)
		return HN_ETRUNC;
	if (c < 0x20 || c == 0x7f)
		return HN_EFORMAT;
	pair[1] = (uint8_t)c;
	take(t);
	return keep(t, pair, 2);
}

static int word_begin(struct zone_text *t, bool quoted)
{
	if (t->count == ZONE_WORDS_MAX)
		return HN_ELIMIT;
	if (t->count == 0)
		t->word_line = t->line;
	t->begun = true;
	t->words[t->count] = (struct zone_word){(uint32_t)t->used, 0, quoted};
	return HN_OK;
}

static int take_bare(struct zone_text *t)
{
	int rc = word_begin(t, false);
	while (rc == HN_OK && peek(t) != END) {
		size_t from = t->at;
		while (t->at < t->end && t->classes[t->buffer[t->at]] == BYTE_WORD)
			t->at++;
		t->line_begun = true;
		rc = keep(t, t->buffer + from, t->at - from);
		if (rc != HN_OK || t->at == t->end)
			continue;
		if (t->buffer[t->at] != '\\')
			break;
		rc = keep_escape(t);
	}
	t->count++;
	return rc;
}

static int take_quoted(struct zone_text *t)
{
	int rc = word_begin(t, true);
	take(t);
	while (rc == HN_OK) {
		int c = peek(t);
		if (c == END)
			return HN_ETRUNC;
		if (c == '\n' || t->classes[c] == BYTE_REFUSED)
			return HN_EFORMAT;
		if (c == '\\') {
			rc = keep_escape(t);
			continue;
		}
		uint8_t byte = (uint8_t)c;
		take(t);
		if (c == '"')
			break;
		rc = keep(t, &byte, 1);
	}
	t->count++;
	return rc;
}

static void take_comment(struct zone_text *t)
{
	char text[ZONE_COMMENT_MAX + 1];
	size_t len = 0;
	take(t);
	for (int c = peek(t); c != END && c != '\n'; c = peek(t)) {
		if (len < ZONE_COMMENT_MAX && c != '\r' && (len > 0 || c != ' '))
			text[len++] = (char)c;
		take(t);
	}
	text[len] = '\0';
	if (!t->begun && t->first_comment[0] == '\0')
		memcpy(t->first_comment, text, len + 1);
	memcpy(t->last_comment, text, len + 1);
}

static int take_parenthesis(struct zone_text *t, bool open)
{
	take(t);
	if (!open && t->depth == 0)
		return HN_EFORMAT;
	if (open && t->depth > 0)
		return HN_EFORMAT; /* they do not nest; RFC 1035, 5.1 */
	t->depth = open ? 1 : 0;
	return HN_OK;
}

/* One step. *done_out: an entry is whole. */
static int step(struct zone_text *t, int c, bool *done_out)
{
	switch (c) {
	case '\n':
		take(t);
		*done_out = t->depth == 0 && t->count > 0;
		return HN_OK;
	case ';':
		take_comment(t);
		return HN_OK;
	case '(':
	case ')':
		return take_parenthesis(t, c == '(');
	case '"':
		return take_quoted(t);
	default:
		break;
	}
	if (t->classes[c] == BYTE_REFUSED)
		return HN_EFORMAT;
	if (t->classes[c] != BYTE_BLANK)
		return take_bare(t);
	if (t->count == 0 && t->depth == 0 && !t->line_begun)
		t->same_owner = true;
	take(t);
	return HN_OK;
}

static int at_end(const struct zone_text *t, struct fault *fault)
{
	if (t->failed != HN_OK)
		return t->failed;
	if (t->depth > 0 || t->line_begun || t->count > 0)
		return zone_fault_line(
			t, t->line, HN_ETRUNC, fault,
			tr("the file ends in the middle of a record: it was cut, or is being written",
			   "レコードの途中でファイルが終わっている。"
			   "切れているか、書き込み中である"));
	return HN_ENOENT;
}

static int broken(const struct zone_text *t, int rc, struct fault *fault)
{
	if (rc == HN_ETRUNC)
		return zone_fault_line(
			t, t->line, rc, fault,
			tr("the file ends inside a quoted text: it was cut, or is being written",
			   "引用符の中でファイルが終わっている。切れているか、書き込み中である"));
	if (rc == HN_ELIMIT)
		return zone_fault_line(t, t->line, rc, fault, tr("record too long", "レコードが長すぎる"));
	return zone_fault_line(
		t, t->line, rc, fault,
		tr("this is not zone file text: a quote or parenthesis without its partner, or a "
		   "control character",
		   "ゾーンファイルの書式ではない。対になっていない引用符か括弧、または制御文字がある"));
}

int zone_text_next(struct zone_text *t, struct fault *fault)
{
	bool done = false;
	t->count = 0;
	t->used = 0;
	t->same_owner = false;
	t->word_line = t->line;
	while (!done) {
		bool at_start = !t->line_begun && t->depth == 0 && t->count == 0;
		if (at_start)
			t->same_owner = false;
		int c = peek(t);
		if (c == END)
			return at_end(t, fault);
		int rc = step(t, c, &done);
		if (rc != HN_OK)
			return broken(t, rc, fault);
	}
	return HN_OK;
}

/* ---- the entry ---- */

size_t zone_words(const struct zone_text *t)
{
	return t->count;
}

const char *zone_word(const struct zone_text *t, size_t i, size_t *len_out, bool *quoted_out)
{
	*len_out = t->words[i].len;
	*quoted_out = t->words[i].quoted;
	return t->text + t->words[i].start;
}

bool zone_word_is(const struct zone_text *t, size_t i, const char *text)
{
	return i < t->count && !t->words[i].quoted && strlen(text) == t->words[i].len &&
	       strncasecmp(t->text + t->words[i].start, text, t->words[i].len) == 0;
}

bool zone_same_owner(const struct zone_text *t)
{
	return t->same_owner;
}

uint32_t zone_line(const struct zone_text *t)
{
	return t->word_line;
}

const char *zone_first_comment(const struct zone_text *t)
{
	return t->first_comment;
}

const char *zone_last_comment(const struct zone_text *t)
{
	return t->last_comment;
}

/* ---- names ---- */

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t zone_unescape(const char *text, size_t len, uint8_t *out)
{
	if (len == 0)
		return 0;
	if (text[0] != '\\') {
		*out = (uint8_t)text[0];
		return 1;
	}
	if (len >= 2 && !digit(text[1])) {
		*out = (uint8_t)text[1];
		return 2;
	}
	if (len < 4 || !digit(text[2]) || !digit(text[3]))
		return 0;
	int value = 100 * (text[1] - '0') + 10 * (text[2] - '0') + text[3] - '0';
	*out = (uint8_t)value;
	return value <= 255 ? 4 : 0;
}

static int append_origin(struct zone_name *name, const struct zone_name *origin)
{
	if (name->len + origin->len > ZONE_NAME_MAX)
		return HN_ELIMIT;
	memcpy(name->data + name->len, origin->data, origin->len);
	name->len = (uint8_t)(name->len + origin->len);
	return HN_OK;
}

/* One label with the dot behind it. @return bytes of text, or a negative error */
static int take_label(struct zone_name *name, const char *text, size_t len, bool *dot_out)
{
	size_t at = 0, start = name->len;
	if (start == ZONE_NAME_MAX)
		return HN_ELIMIT;
	name->data[name->len++] = 0;
	*dot_out = false;
	while (at < len) {
		uint8_t byte;
		if (text[at] == '.') {
			*dot_out = true;
			at++;
			break;
		}
		size_t n = (unsigned char)text[at] >= 0x80 ? 0 : zone_unescape(text + at, len - at, &byte);
		if (n == 0)
			return HN_EFORMAT;
		if (name->len == ZONE_NAME_MAX || name->data[start] == LABEL_MAX)
			return HN_ELIMIT;
		name->data[name->len++] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
		name->data[start]++;
		at += n;
	}
	return name->data[start] == 0 ? HN_EFORMAT : (int)at;
}

int zone_name_parse(const char *text, size_t len, const struct zone_name *origin, struct zone_name *out)
{
	struct zone_name name;
	bool dot = false;
	if (len == 1 && text[0] == '@') {
		*out = *origin;
		return HN_OK;
	}
	name.len = 0;
	if (len == 1 && text[0] == '.') {
		*out = name;
		return HN_OK;
	}
	if (len == 0)
		return HN_EFORMAT;
	for (size_t at = 0; at < len;) {
		int n = take_label(&name, text + at, len - at, &dot);
		if (n < 0)
			return n;
		at += (size_t)n;
	}
	int rc = dot ? HN_OK : append_origin(&name, origin);
	if (rc == HN_OK)
		*out = name;
	return rc;
}
