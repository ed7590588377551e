/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/tape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "stix/object.h"

#define NAMES_MAX   (64u << 20)
#define TOKENS_MIN  256u
#define PAIRS_MAX   24u /* members up to which each is compared with each */
#define WHOLE_MAX   UINT64_C(9007199254740991)
#define NUMBER_SIZE 64

void stix_tape_init(struct stix_tape *t)
{
	*t = (struct stix_tape){0};
	buf_init(&t->names, NAMES_MAX);
}

void stix_tape_clear(struct stix_tape *t)
{
	free(t->tokens);
	free(t->sorted);
	buf_clear(&t->names);
	stix_tape_init(t);
}

struct json_string stix_tape_string(const struct stix_tape *t, uint32_t token)
{
	const struct stix_token *k = &t->tokens[token];
	return (struct json_string){t->bytes + k->at, k->len, k->escaped};
}

bool stix_tape_is(const struct stix_tape *t, uint32_t token, const char *text)
{
	struct json_string s = stix_tape_string(t, token);
	return t->tokens[token].kind == JSON_TOKEN_STRING && json_text_is(&s, text);
}

uint32_t stix_tape_find(const struct stix_tape *t, uint32_t object, const char *name, size_t len)
{
	uint32_t end = t->tokens[object].next;
	if (t->tokens[object].kind != JSON_TOKEN_OBJECT)
		return 0;
	for (uint32_t i = object + 1; i < end; i = t->tokens[i].next) {
		size_t have;
		const char *text = stix_tape_name(t, i, &have);
		if (have == len && memcmp(text, name, len) == 0)
			return i + 1;
	}
	return 0;
}

uint32_t stix_tape_member(const struct stix_tape *t, uint32_t object, const char *name)
{
	return stix_tape_find(t, object, name, strlen(name));
}

/* ---- pointers ---- */

static void add_name(struct buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '~')
			buf_adds(b, "~0");
		else if (text[i] == '/')
			buf_adds(b, "~1");
		else
			buf_addc(b, text[i]);
	}
}

/* Appends one step from a container to the token in it. @return the value that was stepped to */
static uint32_t add_step(const struct stix_tape *t, uint32_t container, uint32_t token, struct buf *b)
{
	uint32_t end = t->tokens[container].next;
	bool object = t->tokens[container].kind == JSON_TOKEN_OBJECT;
	unsigned long long index = 0;
	for (uint32_t i = container + 1; i < end; i = t->tokens[i].next, index++) {
		if (token >= t->tokens[i].next)
			continue;
		buf_addc(b, '/');
		if (!object) {
			buf_addf(b, "%llu", index);
			return i;
		}
		size_t len;
		const char *name = stix_tape_name(t, i, &len);
		add_name(b, name, len);
		return token == i ? i : i + 1;
	}
	return token;
}

void stix_tape_pointer(const struct stix_tape *t, uint32_t token, char out[JSON_READER_POINTER_MAX])
{
	static const char cut[] = "/...";
	struct buf b;
	buf_init(&b, JSON_READER_POINTER_MAX - sizeof(cut));
	size_t whole = 0;
	for (uint32_t at = 0; at < token;) {
		at = add_step(t, at, token, &b);
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

static int fail(const struct stix_tape *t, uint32_t token, int err, struct fault *fault, const char *why)
{
	char pointer[JSON_READER_POINTER_MAX];
	if (fault == NULL)
		return err;
	stix_tape_pointer(t, token, pointer);
	return fault_set(fault, err, pointer, "%s", why);
}

/* ---- what JSON itself leaves open ---- */

static int compare_names(const void *a, const void *b, void *context)
{
	const struct stix_tape *t = context;
	size_t len_a, len_b;
	const char *name_a = stix_tape_name(t, *(const uint32_t *)a, &len_a);
	const char *name_b = stix_tape_name(t, *(const uint32_t *)b, &len_b);
	if (len_a != len_b)
		return len_a < len_b ? -1 : 1;
	return memcmp(name_a, name_b, len_a);
}

static bool same_name(const struct stix_tape *t, uint32_t a, uint32_t b)
{
	size_t len_a, len_b;
	if (t->tokens[a].len != t->tokens[b].len)
		return false;
	const char *name = stix_tape_name(t, a, &len_a);
	return memcmp(name, stix_tape_name(t, b, &len_b), len_a) == 0;
}

static uint32_t doubled_of_few(const struct stix_tape *t, uint32_t object)
{
	uint32_t end = t->tokens[object].next;
	for (uint32_t i = object + 1; i < end; i = t->tokens[i].next)
		for (uint32_t j = object + 1; j < i; j = t->tokens[j].next)
			if (same_name(t, i, j))
				return i;
	return 0;
}

static int sort_names(struct stix_tape *t, uint32_t object, uint32_t members)
{
	if (t->sorted_room < members) {
		uint32_t *more = realloc(t->sorted, members * sizeof(*more));
		if (more == NULL)
			return HN_ENOMEM;
		t->sorted = more;
		t->sorted_room = members;
	}
	t->sorted_count = 0;
	for (uint32_t i = object + 1; i < t->tokens[object].next; i = t->tokens[i].next)
		t->sorted[t->sorted_count++] = i;
	if (t->sorted_count > 1)
		qsort_r(t->sorted, t->sorted_count, sizeof(*t->sorted), compare_names, t);
	return HN_OK;
}

/* Sorting keeps an object of a hundred thousand members, chosen by somebody else, from costing their square.
 */
static int doubled_of_many(struct stix_tape *t, uint32_t object, uint32_t members, uint32_t *out)
{
	int rc = sort_names(t, object, members);
	for (uint32_t i = 1; rc == HN_OK && i < t->sorted_count; i++)
		if (compare_names(&t->sorted[i - 1], &t->sorted[i], t) == 0)
			*out = t->sorted[i] > t->sorted[i - 1] ? t->sorted[i] : t->sorted[i - 1];
	return rc;
}

int stix_tape_index(struct stix_tape *t, uint32_t object)
{
	uint32_t members = 0;
	for (uint32_t i = object + 1; i < t->tokens[object].next; i = t->tokens[i].next)
		members++;
	return sort_names(t, object, members);
}

uint32_t stix_tape_look_up(const struct stix_tape *t, const char *name, size_t len)
{
	uint32_t low = 0, high = t->sorted_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		size_t have;
		const char *text = stix_tape_name(t, t->sorted[middle], &have);
		int order = have != len ? (have < len ? -1 : 1) : memcmp(text, name, len);
		if (order == 0)
			return t->sorted[middle] + 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static int check_names(struct stix_tape *t, uint32_t object, uint32_t members, struct fault *fault)
{
	uint32_t doubled = 0;
	int rc = HN_OK;
	if (members <= PAIRS_MAX)
		doubled = doubled_of_few(t, object);
	else
		rc = doubled_of_many(t, object, members, &doubled);
	if (rc == HN_OK && doubled != 0)
		return fail(t, doubled, HN_EFORMAT, fault,
			    tr("a second member of this name", "同じ名前の要素が二つある"));
	return rc;
}

/* Digits that are whole and small enough need no second look. */
static bool number_ok(const uint8_t *text, size_t len)
{
	char copy[NUMBER_SIZE];
	bool whole = true;
	uint64_t value = 0;
	for (size_t i = 0; i < len && whole; i++) {
		if (text[i] == '-')
			continue;
		whole = text[i] >= '0' && text[i] <= '9';
		if (!whole)
			break;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > WHOLE_MAX)
			return false;
	}
	if (whole)
		return true;
	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return isfinite(strtod(copy, NULL));
}

/* ---- reading ---- */

static int add_token(struct stix_tape *t, const struct stix_limits *limits, uint32_t *out)
{
	if (t->count == limits->tokens_max)
		return HN_ELIMIT;
	if (t->count == t->room) {
		uint32_t room = t->room == 0 ? TOKENS_MIN : t->room * 2;
		struct stix_token *more = realloc(t->tokens, room * sizeof(*more));
		if (more == NULL)
			return HN_ENOMEM;
		t->tokens = more;
		t->room = room;
	}
	*out = t->count++;
	return HN_OK;
}

/* A name that has escapes is kept without them. */
static int keep_name(struct stix_tape *t, const struct json_string *s, struct stix_token *k)
{
	struct buf plain;
	const char *text;
	size_t len;
	buf_init(&plain, NAMES_MAX);
	int rc = json_text(s, &plain, &text, &len);
	if (rc == HN_OK) {
		k->at = (uint32_t)t->names.len;
		k->len = (uint32_t)len;
		buf_add(&t->names, text, len);
		buf_addc(&t->names, '\0'); /* so that there are data also for an empty name */
		rc = buf_err(&t->names);
	}
	buf_clear(&plain);
	return rc;
}

struct open {
	uint32_t token;
	uint32_t count; /* members or elements so far */
	uint32_t name;  /* of the member that is read */
};

struct reading {
	struct stix_tape *t;
	const struct stix_limits *limits;
	struct fault *fault;
	struct json_reader r;
	struct open open[JSON_READER_DEPTH_MAX];
	unsigned depth;
};

/* A value has ended: the member's name now knows its next one. */
static int value_ended(struct reading *x, uint32_t token)
{
	if (x->depth == 0)
		return HN_OK;
	struct open *o = &x->open[x->depth - 1];
	if (x->t->tokens[o->token].kind == JSON_TOKEN_OBJECT)
		x->t->tokens[o->name].next = x->t->count;
	if (++o->count > x->limits->list_max)
		return fail(x->t, token, HN_ELIMIT, x->fault, tr("too many elements", "要素が多すぎる"));
	return HN_OK;
}

static int container_ended(struct reading *x)
{
	struct open *o = &x->open[--x->depth];
	struct stix_token *k = &x->t->tokens[o->token];
	k->next = x->t->count;
	k->len = (uint32_t)json_offset(&x->r) - k->at;
	if (k->kind == JSON_TOKEN_OBJECT) {
		int rc = check_names(x->t, o->token, o->count, x->fault);
		if (rc != HN_OK)
			return rc;
	}
	return value_ended(x, o->token);
}

static int take_name(struct reading *x, uint32_t i)
{
	struct stix_token *k = &x->t->tokens[i];
	x->open[x->depth - 1].name = i;
	return k->escaped ? keep_name(x->t, &x->r.string, k) : HN_OK;
}

static int take_token(struct reading *x, enum json_token token)
{
	uint32_t i;
	if (token == JSON_TOKEN_OBJECT_END || token == JSON_TOKEN_ARRAY_END)
		return container_ended(x);
	int rc = add_token(x->t, x->limits, &i);
	if (rc == HN_ELIMIT)
		return fail(x->t, 0, rc, x->fault, tr("too many values", "値が多すぎる"));
	if (rc != HN_OK)
		return rc;
	struct stix_token *k = &x->t->tokens[i];
	*k = (struct stix_token){.next = UINT32_MAX, .kind = (uint8_t)token};
	if (token == JSON_TOKEN_OBJECT || token == JSON_TOKEN_ARRAY) {
		k->at = (uint32_t)json_offset(&x->r) - 1;
		x->open[x->depth++] = (struct open){.token = i};
		return HN_OK;
	}
	if (token == JSON_TOKEN_TRUE || token == JSON_TOKEN_FALSE || token == JSON_TOKEN_NULL) {
		k->len = token == JSON_TOKEN_FALSE ? 5 : 4;
		k->at = (uint32_t)json_offset(&x->r) - k->len;
	} else {
		k->at = (uint32_t)(x->r.string.text - x->t->bytes);
		k->len = (uint32_t)x->r.string.len;
	}
	k->escaped = (token == JSON_TOKEN_STRING || token == JSON_TOKEN_NAME) && x->r.string.escaped;
	if (token == JSON_TOKEN_NAME)
		return take_name(x, i);
	k->next = x->t->count;
	if (token == JSON_TOKEN_NUMBER && !number_ok(x->r.string.text, x->r.string.len))
		return fail(x->t, i, HN_EFORMAT, x->fault,
			    tr("a number beyond what STIX can say; write it as a string",
			       "STIXで表せる範囲を超える数値。文字列で書くこと"));
	return value_ended(x, i);
}

/* The place stays a pointer, for programs; which byte it was stands behind what is wrong. */
static void unreadable(const struct json_reader *r, struct fault *fault)
{
	struct fault inner;
	char pointer[JSON_READER_POINTER_MAX];
	if (fault == NULL)
		return;
	(void)json_fault(r, &inner);
	json_pointer(r, pointer);
	(void)fault_set(fault, r->err, pointer, tr("%s (byte %zu)", "%s (%zuバイト目)"), inner.message,
			json_offset(r));
}

int stix_tape_read(struct stix_tape *t, struct cur in, const struct stix_limits *limits, struct fault *fault)
{
	struct reading x = {.t = t, .limits = limits, .fault = fault};
	enum json_token token;
	unsigned depth =
		limits->depth_max < JSON_READER_DEPTH_MAX ? limits->depth_max : JSON_READER_DEPTH_MAX;

	t->bytes = in.at;
	t->count = 0;
	t->sorted_count = 0;
	buf_reset(&t->names);
	if (cur_left(&in) > limits->size_max || cur_left(&in) >= UINT32_MAX)
		return fault_set(
			fault, HN_ELIMIT, "", "%s",
			tr("more bytes than one object may have", "一つのオブジェクトとして大きすぎる"));
	json_reader_init(&x.r, in, depth, false);
	for (;;) {
		int rc = json_next(&x.r, &token);
		if (rc != HN_OK) {
			unreadable(&x.r, fault);
			return rc == HN_ETRUNC ? HN_EFORMAT : rc;
		}
		if (token == JSON_TOKEN_END)
			return HN_OK;
		rc = take_token(&x, token);
		if (rc != HN_OK)
			return rc;
	}
}
