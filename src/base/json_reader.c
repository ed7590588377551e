/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/json_reader.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utf8.h"

/* What may come next. */
enum state {
	STATE_VALUE,         /* a value */
	STATE_FIRST_MEMBER,  /* a name or '}' */
	STATE_NAME,          /* a name, after a comma */
	STATE_COLON_VALUE,   /* ':' and a value */
	STATE_FIRST_ELEMENT, /* a value or ']' */
	STATE_AFTER,         /* ',' or the end of the container */
	STATE_DONE,          /* the top value is read */
};

static int fail(struct json_reader *r, int err, const char *en, const char *ja)
{
	r->err = err;
	r->error_en = en;
	r->error_ja = ja;
	return err;
}

static int fail_end(struct json_reader *r)
{
	return fail(r, HN_ETRUNC, "the JSON ends in the middle", "JSONが途中で終わっている");
}

void json_reader_init(struct json_reader *r, struct cur in, unsigned depth_max, bool many)
{
	assert(depth_max >= 1 && depth_max <= JSON_READER_DEPTH_MAX);
	r->in = in;
	r->start = in.at;
	r->err = HN_OK;
	r->string = (struct json_string){.text = in.at};
	r->error_en = r->error_ja = "";
	r->state = STATE_VALUE;
	r->depth = 0;
	r->depth_max = depth_max;
	r->many = many;
}

static void skip_space(struct cur *c)
{
	const uint8_t *at = c->at;
	while (at < c->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	c->at = at;
}

/* Whether one of eight bytes is a quote, a backslash, a control character or not ASCII. */
static bool special8(const uint8_t *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones << 7;
	uint64_t v = load_le64(p);
	uint64_t quote = v ^ (ones * '"');
	uint64_t slash = v ^ (ones * '\\');
	return (((v - ones * 0x20) | (quote - ones) | (slash - ones) | v) & tops) != 0;
}

static int hex4(const uint8_t *p, uint32_t *out)
{
	uint32_t v = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i];
		uint32_t digit;
		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return HN_EFORMAT;
		v = v << 4 | digit;
	}
	*out = v;
	return HN_OK;
}

/* A backslash was read. Surrogates must come in pairs (RFC 8259, 8.2 leaves it open; UTF-8 has no form for
 * one). */
static int read_escape(struct json_reader *r)
{
	struct cur *c = &r->in;
	const uint8_t *kind = cur_take(c, 1);
	uint32_t high, low;

	if (kind == NULL)
		return fail_end(r);
	if (*kind != 'u') {
		bool known = *kind == 'n' || *kind == '"' || *kind == '\\' || *kind == '/' || *kind == 'b' ||
			     *kind == 'f' || *kind == 'r' || *kind == 't';
		if (!known)
			return fail(r, HN_EFORMAT, "unknown escape in a string",
				    "文字列に不明なエスケープがある");
		return HN_OK;
	}
	const uint8_t *digits = cur_take(c, 4);
	if (digits == NULL)
		return fail_end(r);
	if (hex4(digits, &high) != HN_OK)
		return fail(r, HN_EFORMAT, "\\u needs four hex digits", "\\u には16進数4桁が要る");
	if (high < 0xD800 || high > 0xDFFF)
		return HN_OK;
	const uint8_t *pair = cur_take(c, 6);
	if (pair == NULL)
		return fail_end(r);
	if (high > 0xDBFF || pair[0] != '\\' || pair[1] != 'u' || hex4(pair + 2, &low) != HN_OK ||
	    low < 0xDC00 || low > 0xDFFF)
		return fail(r, HN_EFORMAT, "half a surrogate pair in a string", "サロゲートの片方だけがある");
	return HN_OK;
}

/* The quote was read. */
static int read_string(struct json_reader *r)
{
	struct cur *c = &r->in;
	r->string.text = c->at;
	r->string.escaped = false;
	for (;;) {
		while (cur_left(c) >= 8 && !special8(c->at))
			c->at += 8;
		if (cur_left(c) == 0)
			return fail_end(r);
		uint8_t b = *c->at;
		if (b >= 0x80) {
			size_t n = utf8_char_len((const char *)c->at, cur_left(c));
			if (n == 0)
				return fail(r, HN_EFORMAT, "a string that is not UTF-8",
					    "UTF-8ではない文字列がある");
			c->at += n;
			continue;
		}
		if (b < 0x20)
			return fail(r, HN_EFORMAT, "a control character in a string",
				    "文字列に制御文字がある");
		c->at++;
		if (b == '"') {
			r->string.len = (size_t)(c->at - 1 - r->string.text);
			return HN_OK;
		}
		if (b == '\\') {
			r->string.escaped = true;
			int rc = read_escape(r);
			if (rc != HN_OK)
				return rc;
		}
	}
}

static size_t digits(struct cur *c)
{
	const uint8_t *from = c->at;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return (size_t)(c->at - from);
}

static bool take_byte(struct cur *c, uint8_t byte)
{
	if (c->at == c->end || *c->at != byte)
		return false;
	c->at++;
	return true;
}

/* RFC 8259, 6. */
static int read_number(struct json_reader *r)
{
	struct cur *c = &r->in;
	r->string.text = c->at;
	r->string.escaped = false;
	(void)take_byte(c, '-');
	if (!take_byte(c, '0') && digits(c) == 0)
		goto bad;
	if (take_byte(c, '.') && digits(c) == 0)
		goto bad;
	if (take_byte(c, 'e') || take_byte(c, 'E')) {
		if (!take_byte(c, '+'))
			(void)take_byte(c, '-');
		if (digits(c) == 0)
			goto bad;
	}
	r->string.len = (size_t)(c->at - r->string.text);
	return HN_OK;
bad:
	if (cur_left(c) == 0)
		return fail_end(r);
	return fail(r, HN_EFORMAT, "a number that is none", "数値の書き方が正しくない");
}

static int read_word(struct json_reader *r, const char *word)
{
	for (; *word != '\0'; word++) {
		if (cur_left(&r->in) == 0)
			return fail_end(r);
		if (*r->in.at != (uint8_t)*word)
			return fail(r, HN_EFORMAT, "neither true, false nor null",
				    "true、false、nullのいずれでもない");
		r->in.at++;
	}
	return HN_OK;
}

static int open_container(struct json_reader *r, bool object)
{
	if (r->depth == r->depth_max)
		return fail(r, HN_ELIMIT, "nested too deeply", "入れ子が深すぎる");
	r->frames[r->depth++] = (struct json_reader_frame){.object = object};
	r->state = object ? STATE_FIRST_MEMBER : STATE_FIRST_ELEMENT;
	return HN_OK;
}

/* A value has ended. */
static void after_value(struct json_reader *r)
{
	if (r->depth > 0)
		r->state = STATE_AFTER;
	else
		r->state = r->many ? STATE_VALUE : STATE_DONE;
}

static void close_container(struct json_reader *r)
{
	r->in.at++;
	r->depth--;
	after_value(r);
}

static int read_value(struct json_reader *r, enum json_token *out)
{
	enum json_token token;
	int rc;

	switch (*r->in.at) {
	case '{':
		r->in.at++;
		*out = JSON_TOKEN_OBJECT;
		return open_container(r, true);
	case '[':
		r->in.at++;
		*out = JSON_TOKEN_ARRAY;
		return open_container(r, false);
	case '"':
		r->in.at++;
		token = JSON_TOKEN_STRING;
		rc = read_string(r);
		break;
	case 't':
		token = JSON_TOKEN_TRUE;
		rc = read_word(r, "true");
		break;
	case 'f':
		token = JSON_TOKEN_FALSE;
		rc = read_word(r, "false");
		break;
	case 'n':
		token = JSON_TOKEN_NULL;
		rc = read_word(r, "null");
		break;
	case '-':
	case '0' ... '9':
		token = JSON_TOKEN_NUMBER;
		rc = read_number(r);
		break;
	default:
		return fail(r, HN_EFORMAT, "a value is expected here", "ここには値が要る");
	}
	if (rc != HN_OK)
		return rc;
	*out = token;
	after_value(r);
	return HN_OK;
}

static int read_name(struct json_reader *r, enum json_token *out)
{
	if (!take_byte(&r->in, '"'))
		return fail(r, HN_EFORMAT, "a member's name in quotes is expected here",
			    "ここには引用符付きの名前が要る");
	int rc = read_string(r);
	if (rc != HN_OK)
		return rc;
	r->frames[r->depth - 1].name = r->string.text;
	r->frames[r->depth - 1].name_len = r->string.len;
	r->state = STATE_COLON_VALUE;
	*out = JSON_TOKEN_NAME;
	return HN_OK;
}

/* Behind a value inside a container. @return HN_OK with *closed_out, or with the comma read. */
static int read_after(struct json_reader *r, bool *closed_out, enum json_token *out)
{
	struct json_reader_frame *frame = &r->frames[r->depth - 1];
	uint8_t b = *r->in.at;

	*closed_out = b == (frame->object ? '}' : ']');
	if (*closed_out) {
		*out = frame->object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END;
		close_container(r);
		return HN_OK;
	}
	if (b != ',')
		return frame->object ? fail(r, HN_EFORMAT, "',' or '}' is expected here",
					    "ここには ',' か '}' が要る")
				     : fail(r, HN_EFORMAT, "',' or ']' is expected here",
					    "ここには ',' か ']' が要る");
	r->in.at++;
	frame->index++;
	r->state = frame->object ? STATE_NAME : STATE_VALUE;
	skip_space(&r->in);
	return HN_OK;
}

static int read_end(struct json_reader *r, enum json_token *out)
{
	if (r->depth > 0 || (r->state == STATE_VALUE && !r->many))
		return fail_end(r);
	*out = JSON_TOKEN_END;
	return HN_OK;
}

int json_next(struct json_reader *r, enum json_token *out)
{
	bool closed;
	if (r->err != HN_OK)
		return r->err;
	skip_space(&r->in);
	if (cur_left(&r->in) == 0)
		return read_end(r, out);
	if (r->state == STATE_AFTER) {
		int rc = read_after(r, &closed, out);
		if (rc != HN_OK || closed)
			return rc;
	} else if (r->state == STATE_COLON_VALUE) {
		if (!take_byte(&r->in, ':'))
			return fail(r, HN_EFORMAT, "':' is expected here", "ここには ':' が要る");
		skip_space(&r->in);
	} else if (r->state == STATE_FIRST_ELEMENT && *r->in.at == ']') {
		*out = JSON_TOKEN_ARRAY_END;
		close_container(r);
		return HN_OK;
	} else if (r->state == STATE_FIRST_MEMBER && *r->in.at == '}') {
		*out = JSON_TOKEN_OBJECT_END;
		close_container(r);
		return HN_OK;
	}
	if (cur_left(&r->in) == 0)
		return fail_end(r);
	switch (r->state) {
	case STATE_FIRST_MEMBER:
	case STATE_NAME:
		return read_name(r, out);
	case STATE_DONE:
		return fail(r, HN_EFORMAT, "something stands behind the JSON", "JSONの後に余分な文字がある");
	default:
		r->state = STATE_VALUE; /* a fault inside the first element points to it */
		return read_value(r, out);
	}
}

int json_skip(struct json_reader *r, enum json_token token)
{
	int rc = r->err;
	if (rc == HN_OK && token == JSON_TOKEN_NAME)
		rc = json_next(r, &token);
	if (rc != HN_OK || (token != JSON_TOKEN_OBJECT && token != JSON_TOKEN_ARRAY))
		return rc;
	unsigned outside = r->depth - 1;
	while (rc == HN_OK && r->depth > outside)
		rc = json_next(r, &token);
	return rc;
}

/* Appends one character as UTF-8 (RFC 3629, 3). */
static void add_char(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
	} else if (c < 0x800) {
		buf_addc(b, (char)(0xC0 | c >> 6));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_addc(b, (char)(0xE0 | c >> 12));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	} else {
		buf_addc(b, (char)(0xF0 | c >> 18));
		buf_addc(b, (char)(0x80 | (c >> 12 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3F)));
		buf_addc(b, (char)(0x80 | (c & 0x3F)));
	}
}

/* Appends what an escape means; the string was checked when it was read. */
static void add_escape(struct buf *b, struct cur *c)
{
	static const char from[] = "bfnrt";
	static const char to[] = "\b\f\n\r\t";
	uint8_t kind = cur_u8(c);
	if (kind != 'u') {
		const char *at = memchr(from, kind, sizeof(from) - 1);
		buf_addc(b, at == NULL ? (char)kind : to[at - from]);
		return;
	}
	uint32_t high = 0, low = 0;
	const uint8_t *p = cur_take(c, 4);
	if (p == NULL || hex4(p, &high) != HN_OK)
		return;
	if (high >= 0xD800 && high <= 0xDBFF && (p = cur_take(c, 6)) != NULL && hex4(p + 2, &low) == HN_OK)
		high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
	add_char(b, high);
}

static void add_text(struct buf *b, const uint8_t *text, size_t len)
{
	struct cur c = cur_of(text, len);
	while (cur_left(&c) > 0) {
		const uint8_t *slash = memchr(c.at, '\\', cur_left(&c));
		size_t plain = slash == NULL ? cur_left(&c) : (size_t)(slash - c.at);
		buf_add(b, cur_take(&c, plain), plain);
		if (slash == NULL)
			break;
		cur_skip(&c, 1);
		add_escape(b, &c);
	}
}

int json_text(const struct json_string *s, struct buf *scratch, const char **text_out, size_t *len_out)
{
	if (!s->escaped) {
		*text_out = (const char *)s->text;
		*len_out = s->len;
		return HN_OK;
	}
	buf_reset(scratch);
	add_text(scratch, s->text, s->len);
	int rc = buf_err(scratch);
	if (rc != HN_OK)
		return rc;
	*text_out = scratch->data;
	*len_out = scratch->len;
	return HN_OK;
}

bool json_text_is(const struct json_string *s, const char *text)
{
	size_t len = strlen(text);
	if (!s->escaped)
		return s->len == len && memcmp(s->text, text, len) == 0;
	if (s->len < len || s->len > 6 * len) /* an escape is at most six times what it means */
		return false;
	struct buf plain;
	buf_init(&plain, 6 * len);
	add_text(&plain, s->text, s->len);
	bool same = buf_err(&plain) == HN_OK && plain.len == len && memcmp(plain.data, text, len) == 0;
	buf_clear(&plain);
	return same;
}

size_t json_offset(const struct json_reader *r)
{
	return (size_t)(r->in.at - r->start);
}

/* One reference token; '~' and '/' are written "~0" and "~1" (RFC 6901, 3). */
static void add_reference(struct buf *b, const struct json_reader_frame *frame)
{
	buf_addc(b, '/');
	if (!frame->object) {
		buf_addf(b, "%llu", (unsigned long long)frame->index);
		return;
	}
	size_t len = frame->name_len < 64 ? frame->name_len : 64;
	for (size_t i = 0; i < len; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a name with a length is there */
		char c = (char)frame->name[i];
		if (c == '~')
			buf_adds(b, "~0");
		else if (c == '/')
			buf_adds(b, "~1");
		else
			buf_addc(b, c);
	}
	if (len < frame->name_len)
		buf_adds(b, "...");
}

void json_pointer(const struct json_reader *r, char out[JSON_READER_POINTER_MAX])
{
	static const char cut[] = "/...";
	struct buf b;
	buf_init(&b, JSON_READER_POINTER_MAX - sizeof(cut));
	size_t whole = 0;
	for (unsigned i = 0; i < r->depth; i++) {
		const struct json_reader_frame *frame = &r->frames[i];
		bool inside = !frame->object || frame->name != NULL;
		if (i + 1 == r->depth && (r->state == STATE_FIRST_ELEMENT || !inside))
			break; /* the container itself was read last */
		add_reference(&b, frame);
		if (buf_err(&b) != HN_OK)
			break;
		whole = b.len;
	}
	if (whole > 0)
		memcpy(out, b.data, whole);
	if (buf_err(&b) != HN_OK) {
		memcpy(out + whole, cut, sizeof(cut) - 1);
		whole += sizeof(cut) - 1;
	}
	out[whole] = '\0';
	buf_clear(&b);
}

int json_fault(const struct json_reader *r, struct fault *fault)
{
	char pointer[JSON_READER_POINTER_MAX];
	if (r->err == HN_OK || fault == NULL)
		return r->err;
	json_pointer(r, pointer);
	(void)snprintf(fault->place, sizeof(fault->place), tr("%.200s (byte %zu)", "%.200s (%zuバイト目)"),
		       pointer, json_offset(r));
	(void)snprintf(fault->message, sizeof(fault->message), "%s",
		       lang_get() == LANG_JA ? r->error_ja : r->error_en);
	return r->err;
}
