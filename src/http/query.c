/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/uuid.h"
#include "http/exchange.h"
#include "http/path.h"

#define TEXT_MAX 1024 /* bytes of a value, where its row does not say */

static int fail(struct exchange *e, const char *name, const char *message)
{
	char place[64];
	(void)snprintf(place, sizeof(place), "%s", name);
	return fault_set(&e->pub.fault, HN_EFORMAT, place, "%s", message);
}

static const struct query_spec *find_spec(const struct query_spec *specs, const char *name)
{
	for (; specs && specs->name; specs++)
		if (strcmp(specs->name, name) == 0)
			return specs;
	return NULL;
}

static bool read_number(const char *text, size_t len, uint64_t *out)
{
	uint64_t n = 0;
	if (len == 0 || len > 18)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*out = n;
	return true;
}

/* One of "a|b|c". */
static bool is_one_of(const char *text, size_t len, const char *words)
{
	if (memchr(text, '|', len))
		return false;
	for (const char *at = words; at; at = strchr(at, '|')) {
		at += at != words;
		if (strncmp(at, text, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return len > 0;
	}
	return false;
}

static bool is_stix(const char *text, size_t len)
{
	struct uuid uuid;
	const size_t tail = UUID_TEXT_SIZE - 1;
	return len > tail + 2 && text[len - tail - 1] == '-' && text[len - tail - 2] == '-' &&
	       uuid_parse(text + len - tail, tail, &uuid) == HN_OK;
}

static const char *check(const struct query_spec *spec, struct query_value *v)
{
	struct uuid uuid;
	int64_t time_ns;
	switch (spec->kind) {
	case QUERY_NUMBER:
		if (!read_number(v->text, v->len, &v->number) || v->number < spec->min ||
		    (spec->max > 0 && v->number > spec->max))
			return tr("not a number in its range", "範囲内の数ではない");
		break;
	case QUERY_FLAG:
		v->number = strcmp(v->text, "true") == 0;
		if (!v->number && strcmp(v->text, "false") != 0)
			return tr("neither true nor false", "true でも false でもない");
		break;
	case QUERY_WORD:
		if (!is_one_of(v->text, v->len, spec->words))
			return tr("none of the words that it takes", "受け付ける語のいずれでもない");
		break;
	case QUERY_UUID:
		if (uuid_parse(v->text, v->len, &uuid) != HN_OK)
			return tr("not a UUID", "UUIDではない");
		break;
	case QUERY_STIX:
		if (!is_stix(v->text, v->len))
			return tr("not a STIX identifier", "STIXの識別子ではない");
		break;
	case QUERY_TIME:
		if (utc_parse(v->text, v->len, &time_ns) != HN_OK)
			return tr("not a time of RFC 3339", "RFC 3339 の時刻ではない");
		v->number = (uint64_t)time_ns;
		break;
	case QUERY_TEXT:
	case QUERY_CURSOR:
		if (v->len < (spec->max > 0 ? spec->min : 1) ||
		    v->len > (spec->max > 0 ? spec->max : TEXT_MAX))
			return tr("empty or too long", "空であるか長すぎる");
		break;
	}
	return NULL;
}

static int add_value(struct exchange *e, char *name, char *text, size_t len)
{
	const struct query_spec *spec = find_spec(e->pub.route->query, name);
	bool lax = (e->pub.route->flags & ROUTE_LAX_QUERY) != 0;
	struct query_value v = {.spec = spec, .name = name, .text = text, .len = len};
	if (!spec && lax)
		return HN_OK;
	if (!spec)
		return fail(e, name, tr("there is no such parameter", "このパラメーターはない"));
	for (size_t i = 0; i < e->query_count && !spec->repeated; i++)
		if (e->query[i].spec == spec)
			return fail(e, name, tr("given twice", "二度指定されている"));
	if (e->query_count == QUERY_VALUES_MAX)
		return fail(e, name, tr("too many parameters", "パラメーターが多すぎる"));
	const char *wrong = check(spec, &v);
	if (wrong)
		return fail(e, name, wrong);
	e->query[e->query_count++] = v;
	return HN_OK;
}

/* One "name=value"; the texts stand in the arena. */
static int read_pair(struct exchange *e, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	size_t value_at = equals ? name_len + 1 : len, n = 0;
	char *name = arena_alloc(e->pub.arena, len + 2);
	if (!name)
		return HN_ENOMEM;
	char *value = name + name_len + 1;
	if (query_piece(text, name_len, name, &n) != HN_OK ||
	    query_piece(text + value_at, len - value_at, value, &n) != HN_OK)
		return fail(e, "", tr("the query is not well encoded", "クエリの符号化が正しくない"));
	return add_value(e, name, value, n);
}

int query_read(struct exchange *e)
{
	const char *at = e->head.query;
	size_t left = e->head.query_len;
	e->query_count = 0;
	while (at && left > 0) {
		const char *amp = memchr(at, '&', left);
		size_t len = amp ? (size_t)(amp - at) : left;
		int rc = len > 0 ? read_pair(e, at, len) : HN_OK;
		if (rc != HN_OK)
			return rc;
		at += len + (amp ? 1 : 0);
		left -= len + (amp ? 1 : 0);
	}
	for (const struct query_spec *s = e->pub.route->query; s && s->name; s++)
		if (s->required && !request_query(&e->pub, s->name, NULL))
			return fail(e, s->name, tr("it is required", "必須である"));
	return HN_OK;
}

const char *request_query_next(const struct request *r, const char *name, size_t *at, size_t *len_out)
{
	const struct exchange *e = exchange_of_const(r);
	while (*at < e->query_count) {
		const struct query_value *v = &e->query[(*at)++];
		if (strcmp(v->name, name) != 0)
			continue;
		if (len_out)
			*len_out = v->len;
		return v->text;
	}
	return NULL;
}

const char *request_query(const struct request *r, const char *name, size_t *len_out)
{
	size_t at = 0;
	return request_query_next(r, name, &at, len_out);
}

uint64_t request_query_number(const struct request *r, const char *name, uint64_t absent)
{
	const struct exchange *e = exchange_of_const(r);
	for (size_t i = 0; i < e->query_count; i++)
		if (strcmp(e->query[i].name, name) == 0)
			return e->query[i].number;
	return absent;
}

bool request_query_flag(const struct request *r, const char *name)
{
	return request_query_number(r, name, 0) != 0;
}
