/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/split.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/lang.h"
#include "stix/scan.h"

#define NAME_MAX_KEPT 96 /* bytes of a name or value of the wrapper that are looked at */
#define SPEC_SIZE     8

enum state {
	STATE_TOP,         /* before a value at the top */
	STATE_FIRST_NAME,  /* '"' or '}' of an object at the top */
	STATE_NAME,        /* '"', after a comma */
	STATE_IN_NAME,     /* in a name */
	STATE_COLON,       /* ':' */
	STATE_VALUE,       /* a member's value */
	STATE_IN_VALUE,    /* in it */
	STATE_AFTER_VALUE, /* ',' or '}' */
	STATE_FIRST_ITEM,  /* an object to hand over, or ']' */
	STATE_ITEM,        /* the same after a comma */
	STATE_IN_ITEM,     /* in it */
	STATE_AFTER_ITEM,  /* ',' or ']' */
};

/* The names in an object at the top by which one tells what it is. */
enum member { MEMBER_OTHER, MEMBER_OBJECTS, MEMBER_TYPE, MEMBER_ID, MEMBER_SPEC, MEMBER_PAGE };

struct stix_split {
	size_t object_max;
	stix_split_fn fn;
	void *context;
	int err;
	enum state state;
	struct stix_scan scan;
	uint64_t before; /* bytes of former pieces */
	uint64_t index;
	/* The object that is being read: what former pieces had of it, and where it goes on in this one. */
	struct buf held;
	size_t held_len; /* also of what is not held because it is too long */
	bool holding;
	const uint8_t *from;
	/* The object at the top. */
	bool in_array; /* no object, a list of objects */
	bool wrapper;  /* it has a list of objects */
	bool has_objects, has_type, has_id, has_other, is_bundle;
	enum member member;
	char word[NAME_MAX_KEPT]; /* its name or value that is being read, as written */
	size_t word_len;
	char spec[SPEC_SIZE];
};

int stix_split_new(size_t object_max, stix_split_fn fn, void *context, struct stix_split **out)
{
	struct stix_split *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->object_max = object_max;
	s->fn = fn;
	s->context = context;
	buf_init(&s->held, object_max);
	*out = s;
	return HN_OK;
}

void stix_split_free(struct stix_split *s)
{
	if (s == NULL)
		return;
	buf_clear(&s->held);
	free(s);
}

const char *stix_split_spec(const struct stix_split *s)
{
	return s->spec;
}

/* ---- one object ---- */

static void hold(struct stix_split *s, const uint8_t *from)
{
	buf_reset(&s->held);
	s->held_len = 0;
	s->holding = true;
	s->from = from;
}

/* The piece ends: what it had of the object is kept, unless the object is too long already. */
static int hold_more(struct stix_split *s, const uint8_t *end)
{
	size_t len = (size_t)(end - s->from);
	s->from = end;
	if (s->held_len + len <= s->object_max)
		buf_add(&s->held, end - len, len);
	s->held_len += len;
	return buf_err(&s->held);
}

static int hand_over(struct stix_split *s, const uint8_t *end)
{
	const uint8_t *bytes = s->from;
	size_t len = (size_t)(end - s->from);
	int rc = HN_OK;
	s->holding = false;
	if (s->held_len > 0) {
		rc = hold_more(s, end);
		bytes = (const uint8_t *)s->held.data;
		len = s->held_len;
	}
	if (rc != HN_OK)
		return rc;
	return s->fn(s->context, s->index++, len > s->object_max ? NULL : bytes, len);
}

/* ---- the object at the top ---- */

static void add_word(struct stix_split *s, const uint8_t *from, const uint8_t *to)
{
	size_t len = (size_t)(to - from);
	size_t room = sizeof(s->word) - s->word_len;
	len = len < room ? len : room;
	memcpy(s->word + s->word_len, from, len);
	s->word_len += len;
}

/* The word is the name with its quotes; nobody has looked at it yet. */
static enum member member_of(const struct stix_split *s)
{
	static const struct {
		const char *name;
		enum member member;
	} names[] = {{"objects", MEMBER_OBJECTS},   {"type", MEMBER_TYPE}, {"id", MEMBER_ID},
		     {"spec_version", MEMBER_SPEC}, {"more", MEMBER_PAGE}, {"next", MEMBER_PAGE}};
	struct json_reader r;
	enum json_token token;
	json_reader_init(&r, cur_of(s->word, s->word_len), 1, false);
	if (json_next(&r, &token) != HN_OK)
		return MEMBER_OTHER;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_text_is(&r.string, names[i].name))
			return names[i].member;
	return MEMBER_OTHER;
}

static void begin_top(struct stix_split *s, bool array, const uint8_t *at)
{
	s->in_array = array;
	s->wrapper = s->has_objects = s->has_type = s->has_id = s->has_other = s->is_bundle = false;
	s->spec[0] = '\0';
	s->state = array ? STATE_FIRST_ITEM : STATE_FIRST_NAME;
	if (!array)
		hold(s, at);
}

/* The value of a member was read; where it was short it is in the word, with its quotes. */
static void note_value(struct stix_split *s)
{
	if (s->member == MEMBER_TYPE) {
		s->has_type = true;
		s->is_bundle = s->word_len == 8 && memcmp(s->word, "\"bundle\"", 8) == 0;
	} else if (s->member == MEMBER_ID) {
		s->has_id = true;
	} else if (s->member == MEMBER_SPEC && s->word_len > 2 && s->word_len < SPEC_SIZE &&
		   s->word[0] == '"') {
		memcpy(s->spec, s->word + 1, s->word_len - 2);
		s->spec[s->word_len - 2] = '\0';
	}
}

/* An object at the top has ended: a wrapper, or something to hand over, be it an object or not. {} and
 * {"more": false} wrap nothing (TAXII 2.1, 3.7). */
static int end_top(struct stix_split *s, const uint8_t *end)
{
	s->state = STATE_TOP;
	bool something = s->has_type || s->has_id || s->has_objects || s->has_other;
	if (s->wrapper || s->is_bundle || !something) {
		s->holding = false;
		return HN_OK;
	}
	return hand_over(s, end);
}

/* ---- bytes ---- */

static int fail(uint64_t at, int err, struct fault *fault, const char *message)
{
	char place[40];
	(void)snprintf(place, sizeof(place), tr("byte %llu", "%lluバイト目"), (unsigned long long)(at + 1));
	return fault_set(fault, err, place, "%s", message);
}

static const char *expected(enum state state)
{
	switch (state) {
	case STATE_TOP:
		return tr("an object or a list of objects is expected here",
			  "ここにはオブジェクトかそのリストが要る");
	case STATE_FIRST_NAME:
	case STATE_NAME:
		return tr("a member's name in quotes is expected here", "ここには引用符付きの名前が要る");
	case STATE_COLON:
		return tr("':' is expected here", "ここには ':' が要る");
	case STATE_AFTER_VALUE:
		return tr("',' or '}' is expected here", "ここには ',' か '}' が要る");
	case STATE_AFTER_ITEM:
		return tr("',' or ']' is expected here", "ここには ',' か ']' が要る");
	default:
		return tr("a value is expected here", "ここには値が要る");
	}
}

struct piece {
	const uint8_t *start, *at, *end;
	struct fault *fault;
};

static int fail_here(struct stix_split *s, const struct piece *p, int err, const char *message)
{
	return fail(s->before + (uint64_t)(p->at - p->start), err, p->fault, message);
}

static void begin_word(struct stix_split *s, enum state state)
{
	s->word_len = 0;
	s->state = state;
}

static int begin_value(struct stix_split *s, struct piece *p)
{
	if (s->member == MEMBER_OBJECTS) {
		if (s->has_objects)
			return fail_here(s, p, HN_EFORMAT,
					 tr("a second \"objects\"", "\"objects\" が二つある"));
		s->has_objects = true;
		/* 2.0's observed-data has "objects" too, which are no list; so may types of others' making.
		 */
		if (*p->at == '[' && (!s->has_type || s->is_bundle)) {
			s->wrapper = true;
			s->holding = false;
			s->state = STATE_FIRST_ITEM;
			p->at++;
			return HN_OK;
		}
	}
	if (!stix_scan_begin(&s->scan, *p->at))
		return fail_here(s, p, HN_EFORMAT, expected(STATE_VALUE));
	begin_word(s, STATE_IN_VALUE);
	add_word(s, p->at, p->at + 1);
	p->at++;
	return HN_OK;
}

static int begin_item(struct stix_split *s, struct piece *p)
{
	if (!stix_scan_begin(&s->scan, *p->at))
		return fail_here(s, p, HN_EFORMAT, expected(STATE_ITEM));
	hold(s, p->at++);
	s->state = STATE_IN_ITEM;
	return HN_OK;
}

/* Goes on in a name, value or object that was begun. */
static int go_on(struct stix_split *s, struct piece *p)
{
	const uint8_t *from = p->at;
	enum stix_scanned scanned = stix_scan(&s->scan, &p->at, p->end);
	if (s->state != STATE_IN_ITEM)
		add_word(s, from, p->at);
	if (scanned == STIX_SCAN_MORE)
		return HN_OK;
	if (s->state == STATE_IN_ITEM) {
		s->state = STATE_AFTER_ITEM;
		return hand_over(s, p->at);
	}
	if (s->state == STATE_IN_NAME) {
		s->member = member_of(s);
		s->has_other |= s->member == MEMBER_OTHER;
		s->state = STATE_COLON;
	} else {
		note_value(s);
		s->state = STATE_AFTER_VALUE;
	}
	return HN_OK;
}

static int close_top(struct stix_split *s, struct piece *p)
{
	if (s->is_bundle && s->has_objects && !s->wrapper)
		return fail_here(s, p, HN_EFORMAT,
				 tr("the bundle's \"objects\" must be a list",
				    "bundleの \"objects\" はリストでなければならない"));
	p->at++;
	return end_top(s, p->at);
}

/* What ends a list of objects. */
static void close_list(struct stix_split *s, struct piece *p)
{
	s->state = s->in_array ? STATE_TOP : STATE_AFTER_VALUE;
	p->at++;
}

/* The next byte that is no white space, where nothing is begun. */
static int step(struct stix_split *s, struct piece *p)
{
	uint8_t b = *p->at;
	enum state state = s->state;
	if (state == STATE_TOP && (b == '{' || b == '[')) {
		begin_top(s, b == '[', p->at++);
		return HN_OK;
	}
	if (state == STATE_TOP && b == 0xEF)
		return fail_here(s, p, HN_EFORMAT,
				 tr("a byte order mark; JSON has none (RFC 8259, 8.1)",
				    "バイト順マークがある。JSONには付けない(RFC 8259, 8.1)"));
	if ((state == STATE_FIRST_NAME || state == STATE_NAME) && b == '"') {
		(void)stix_scan_begin(&s->scan, b);
		begin_word(s, STATE_IN_NAME);
		add_word(s, p->at, p->at + 1);
		p->at++;
		return HN_OK;
	}
	if ((state == STATE_FIRST_NAME || state == STATE_AFTER_VALUE) && b == '}')
		return close_top(s, p);
	if ((state == STATE_FIRST_ITEM || state == STATE_AFTER_ITEM) && b == ']') {
		close_list(s, p);
		return HN_OK;
	}
	if (state == STATE_VALUE)
		return begin_value(s, p);
	if (state == STATE_FIRST_ITEM || state == STATE_ITEM)
		return begin_item(s, p);
	if ((state == STATE_COLON && b == ':') ||
	    (b == ',' && (state == STATE_AFTER_VALUE || state == STATE_AFTER_ITEM))) {
		s->state = state == STATE_COLON         ? STATE_VALUE
			   : state == STATE_AFTER_VALUE ? STATE_NAME
							: STATE_ITEM;
		p->at++;
		return HN_OK;
	}
	return fail_here(s, p, HN_EFORMAT, expected(state));
}

static bool is_inside(enum state state)
{
	return state == STATE_IN_NAME || state == STATE_IN_VALUE || state == STATE_IN_ITEM;
}

static bool is_space(uint8_t b)
{
	return b == ' ' || b == '\n' || b == '\r' || b == '\t';
}

int stix_split_feed(struct stix_split *s, const void *data, size_t len, struct fault *fault)
{
	const uint8_t *start = data;
	struct piece p = {start, start, start + len, fault};
	s->from = start;
	while (s->err == HN_OK && p.at < p.end) {
		if (is_inside(s->state))
			s->err = go_on(s, &p);
		else if (is_space(*p.at))
			p.at++;
		else
			s->err = step(s, &p);
	}
	if (s->err == HN_OK && s->holding)
		s->err = hold_more(s, p.end);
	s->before += len;
	return s->err;
}

int stix_split_end(struct stix_split *s, struct fault *fault)
{
	if (s->err == HN_OK && s->state != STATE_TOP)
		s->err = fail(s->before, HN_ETRUNC, fault,
			      tr("the JSON ends in the middle", "JSONが途中で終わっている"));
	return s->err;
}
