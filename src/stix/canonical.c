/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/canonical.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "stix/check.h"
#include "stix/write.h"

#define DIGITS_MAX 17 /* of a double, so that it comes back */

/* ---- numbers ---- */

/* The number with these digits and a power of ten, as strtod() reads it. */
static double value_of(const char *digits, int count, int exponent)
{
	char text[48];
	(void)snprintf(text, sizeof(text), "%c.%.*se%d", digits[0], count - 1, digits + 1, exponent);
	return strtod(text, NULL);
}

/* One more in the last place. */
static void round_up(char *digits, int count, int *exponent)
{
	int i = count - 1;
	while (i >= 0 && digits[i] == '9')
		digits[i--] = '0';
	if (i >= 0) {
		digits[i]++;
		return;
	}
	digits[0] = '1';
	(*exponent)++;
}

/*
 * The fewest digits that read back as this number (ECMA-262, Number::toString, step 5). Below a power of two
 * the numbers lie closer, so that there the digits rounded up may do where the nearest do not.
 */
static int shortest(double value, char digits[DIGITS_MAX + 1], int *exponent)
{
	char text[48];
	for (int count = 1; count <= DIGITS_MAX; count++) {
		(void)snprintf(text, sizeof(text), "%.*e", count - 1, value);
		const char *e = strchr(text, 'e');
		*exponent = e == NULL ? 0 : (int)strtol(e + 1, NULL, 10);
		digits[0] = text[0];
		memcpy(digits + 1, text + 2, (size_t)count - 1);
		if (value_of(digits, count, *exponent) == value)
			return count;
		round_up(digits, count, exponent);
		if (value_of(digits, count, *exponent) == value)
			return count;
	}
	return DIGITS_MAX;
}

static void add_zeros(struct buf *out, int count)
{
	for (int i = 0; i < count; i++)
		buf_addc(out, '0');
}

void stix_number(double value, struct buf *out)
{
	char digits[DIGITS_MAX + 1];
	int exponent;
	if (value == 0) {
		buf_addc(out, '0');
		return;
	}
	if (value < 0)
		buf_addc(out, '-');
	int count = shortest(fabs(value), digits, &exponent);
	while (count > 1 && digits[count - 1] == '0')
		count--;
	int point = exponent + 1; /* digits before it */
	if (count <= point && point <= 21) {
		buf_add(out, digits, (size_t)count);
		add_zeros(out, point - count);
	} else if (point > 0 && point < count) {
		buf_addf(out, "%.*s.%.*s", point, digits, count - point, digits + point);
	} else if (point > -6 && point <= 0) {
		buf_adds(out, "0.");
		add_zeros(out, -point);
		buf_add(out, digits, (size_t)count);
	} else {
		buf_addc(out, digits[0]);
		if (count > 1)
			buf_addf(out, ".%.*s", count - 1, digits + 1);
		buf_addf(out, "e%+d", exponent);
	}
}

static void write_number(const struct json_string *s, struct buf *out)
{
	char copy[64];
	size_t first = s->len > 0 && s->text[0] == '-' ? 1 : 0;
	bool plain = s->len < 16 && s->len > first && s->text[first] != '0';
	for (size_t i = first; plain && i < s->len; i++)
		plain = s->text[i] >= '0' && s->text[i] <= '9';
	if (plain) {
		buf_add(out, s->text, s->len);
		return;
	}
	size_t len = s->len < sizeof(copy) ? s->len : sizeof(copy) - 1; /* longer ones were refused */
	memcpy(copy, s->text, len);
	copy[len] = '\0';
	stix_number(strtod(copy, NULL), out);
}

/* ---- strings ---- */

void stix_write_string(const char *text, size_t len, struct buf *out)
{
	static const char from[] = "\b\t\n\f\r\"\\";
	static const char to[] = "btnfr\"\\";
	size_t done = 0;
	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char b = (unsigned char)text[i];
		if (b >= 0x20 && b != '"' && b != '\\')
			continue;
		buf_add(out, text + done, i - done);
		done = i + 1;
		const char *at = b == 0 ? NULL : strchr(from, b);
		if (at == NULL)
			buf_addf(out, "\\u%04x", b);
		else
			buf_addf(out, "\\%c", to[at - from]);
	}
	buf_add(out, text + done, len - done);
	buf_addc(out, '"');
}

int stix_compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	size_t i = 0;
	while (i < len && a[i] == b[i])
		i++;
	if (i == len)
		return (a_len > b_len) - (a_len < b_len);
	unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
	/* In UTF-16 what is beyond U+FFFF begins with a surrogate, below U+E000 (RFC 2781, 2.1). */
	if (x >= 0xF0 && (y == 0xEE || y == 0xEF))
		return -1;
	if (y >= 0xF0 && (x == 0xEE || x == 0xEF))
		return 1;
	return x < y ? -1 : 1;
}

int stix_write_scalar(const struct stix_tape *t, uint32_t token, struct buf *scratch, struct buf *out)
{
	struct json_string s = stix_tape_string(t, token);
	const char *text;
	size_t len;
	switch ((enum json_token)t->tokens[token].kind) {
	case JSON_TOKEN_STRING: {
		int rc = json_text(&s, scratch, &text, &len);
		if (rc != HN_OK)
			return rc;
		stix_write_string(text, len, out);
		return HN_OK;
	}
	case JSON_TOKEN_NUMBER:
		write_number(&s, out);
		return HN_OK;
	case JSON_TOKEN_TRUE:
		buf_adds(out, "true");
		return HN_OK;
	case JSON_TOKEN_FALSE:
		buf_adds(out, "false");
		return HN_OK;
	default:
		buf_adds(out, "null");
		return HN_OK;
	}
}

/* ---- values ---- */

/* A container that is being written: what is left of it in the list of tokens. */
struct open {
	size_t at, end;
	bool object, first;
};

struct writer {
	const struct stix_tape *t;
	uint32_t *order; /* names or elements of all open containers, one behind the other */
	size_t count, room;
	struct open open[JSON_READER_DEPTH_MAX];
	unsigned depth;
	struct buf scratch;
	struct buf *out;
};

static int compare_order(const void *a, const void *b, void *context)
{
	const struct stix_tape *t = context;
	size_t a_len, b_len;
	const char *x = stix_tape_name(t, *(const uint32_t *)a, &a_len);
	const char *y = stix_tape_name(t, *(const uint32_t *)b, &b_len);
	return stix_compare_names(x, a_len, y, b_len);
}

static int enter(struct writer *w, uint32_t token)
{
	const struct stix_token *tokens = w->t->tokens;
	bool object = tokens[token].kind == JSON_TOKEN_OBJECT;
	size_t from = w->count;
	for (uint32_t i = token + 1; i < tokens[token].next; i = tokens[i].next) {
		void *order = w->order;
		int rc = stix_grow(&order, w->count, &w->room, sizeof(*w->order),
				   SIZE_MAX / sizeof(*w->order));
		w->order = order;
		if (rc != HN_OK)
			return rc;
		w->order[w->count++] = i;
	}
	if (object && w->count - from > 1)
		qsort_r(w->order + from, w->count - from, sizeof(*w->order), compare_order,
			(void *)(uintptr_t)w->t);
	buf_addc(w->out, object ? '{' : '[');
	w->open[w->depth++] = (struct open){from, w->count, object, true};
	return HN_OK;
}

static int write_token(struct writer *w, uint32_t token)
{
	uint8_t kind = w->t->tokens[token].kind;
	if (kind == JSON_TOKEN_OBJECT || kind == JSON_TOKEN_ARRAY)
		return enter(w, token);
	return stix_write_scalar(w->t, token, &w->scratch, w->out);
}

/* The next member or element of the innermost container, or its end. */
static int write_next(struct writer *w)
{
	struct open *o = &w->open[w->depth - 1];
	if (o->at == o->end) {
		buf_addc(w->out, o->object ? '}' : ']');
		w->depth--;
		w->count = w->depth == 0 ? 0 : w->open[w->depth - 1].end;
		return HN_OK;
	}
	uint32_t token = w->order[o->at++];
	if (!o->first)
		buf_addc(w->out, ',');
	o->first = false;
	if (!o->object)
		return write_token(w, token);
	size_t len;
	const char *name = stix_tape_name(w->t, token, &len);
	stix_write_string(name, len, w->out);
	buf_addc(w->out, ':');
	return write_token(w, token + 1);
}

int stix_write_value(const struct stix_tape *t, uint32_t token, struct buf *out)
{
	struct writer w = {.t = t, .out = out};
	buf_init(&w.scratch, SIZE_MAX / 4);
	int rc = write_token(&w, token);
	while (rc == HN_OK && w.depth > 0 && buf_err(out) == HN_OK)
		rc = write_next(&w);
	buf_clear(&w.scratch);
	free(w.order);
	return rc != HN_OK ? rc : buf_err(out);
}

int stix_canonical(struct cur json, const struct stix_limits *limits, struct buf *out, struct fault *fault)
{
	struct stix_tape t;
	stix_tape_init(&t);
	int rc = stix_tape_read(&t, json, limits, fault);
	if (rc == HN_OK)
		rc = stix_write_value(&t, 0, out);
	stix_tape_clear(&t);
	return rc;
}

int stix_object_canonical(const struct stix_object *o, struct buf *out)
{
	return stix_write_value(&o->memory->tape, 0, out);
}

int stix_object_digest(const struct stix_object *o, uint8_t out[STIX_DIGEST_SIZE])
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 4);
	int rc = stix_object_canonical(o, &text);
	if (rc == HN_OK)
		sha256(text.data, text.len, out);
	buf_clear(&text);
	return rc;
}

/* ---- deterministic identifiers ---- */

/* One digest makes the identifier, the first of these that is there (STIX 2.1, 2.9); else the first by name.
 */
static uint32_t chosen_hash(const struct stix_tape *t, uint32_t hashes)
{
	static const char *const preferred[] = {"MD5", "SHA-1", "SHA-256", "SHA-512"};
	uint32_t first = 0;
	for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++) {
		uint32_t value = stix_tape_member(t, hashes, preferred[i]);
		if (value != 0)
			return value - 1;
	}
	for (uint32_t i = hashes + 1; i < t->tokens[hashes].next; i = t->tokens[i].next) {
		size_t len, first_len;
		const char *name = stix_tape_name(t, i, &len);
		if (first == 0) {
			first = i;
			continue;
		}
		const char *other = stix_tape_name(t, first, &first_len);
		if (stix_compare_names(name, len, other, first_len) < 0)
			first = i;
	}
	return first;
}

static int write_contribution(const struct stix_tape *t, const char *name, uint32_t value, struct buf *out)
{
	size_t len;
	buf_adds(out, out->len == 1 ? "\"" : ",\"");
	buf_adds(out, name);
	buf_adds(out, "\":");
	if (strcmp(name, "hashes") != 0)
		return stix_write_value(t, value, out);
	uint32_t hash = chosen_hash(t, value);
	const char *algorithm = stix_tape_name(t, hash, &len);
	buf_addc(out, '{');
	stix_write_string(algorithm, len, out);
	buf_addc(out, ':');
	int rc = stix_write_value(t, hash + 1, out);
	buf_addc(out, '}');
	return rc;
}

/* The names of each type stand in canonical order in the tables. */
static int write_contributions(const struct stix_tape *t, const char *const *names, struct buf *out)
{
	bool any = false;
	int rc = HN_OK;
	buf_addc(out, '{');
	for (; rc == HN_OK && *names != NULL; names++) {
		uint32_t value = stix_tape_member(t, 0, *names);
		if (value == 0)
			continue;
		any = true;
		rc = write_contribution(t, *names, value, out);
	}
	buf_addc(out, '}');
	if (rc == HN_OK && !any)
		return HN_ENOENT;
	return rc != HN_OK ? rc : buf_err(out);
}

int stix_deterministic_id(const struct stix_object *o, struct uuid *out)
{
	static const struct uuid space = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe,
					   0xd2, 0x33, 0x15, 0xa9, 0xb7}};
	const struct stix_type *type = stix_type_find(o->id.type, o->id.type_len, o->spec);
	struct buf text;
	if (type == NULL || type->contributing == NULL)
		return HN_ENOENT;
	buf_init(&text, SIZE_MAX / 4);
	int rc = write_contributions(&o->memory->tape, type->contributing, &text);
	if (rc == HN_OK)
		*out = uuid_v5(&space, text.data, text.len);
	buf_clear(&text);
	return rc;
}
