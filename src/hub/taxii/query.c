/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "hub/taxii/taxii.h"

enum { LIST_MAX = 64 }; /* alternatives of one match parameter */

/* The next of a list "a,b,c" (3.4). */
static bool next_item(const char **at, const char *end, const char **item, size_t *len)
{
	if (*at == NULL)
		return false;
	const char *comma = memchr(*at, ',', (size_t)(end - *at));
	*item = *at;
	*len = (size_t)((comma != NULL ? comma : end) - *at);
	*at = comma != NULL ? comma + 1 : NULL;
	return true;
}

static int bad(struct request *r, const char *name)
{
	return fault_set(
		&r->fault, HN_EFORMAT, name,
		tr("cannot be read: see TAXII 2.1, section 3.4", "読めない: TAXII 2.1の3.4節を参照"));
}

static int too_many(struct request *r, const char *name)
{
	return fault_set(&r->fault, HN_EFORMAT, name,
			 tr("more than %d alternatives", "候補が%d個を超えている"), LIST_MAX);
}

static bool is(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static int read_ids(struct request *r, struct taxii_query *q)
{
	size_t len;
	const char *item, *at = request_query(r, "match[id]", &len);
	if (at == NULL)
		return HN_OK;
	struct stix_id *ids = arena_alloc(r->arena, LIST_MAX * sizeof(*ids));
	if (ids == NULL)
		return HN_ENOMEM;
	const char *end = at + len;
	while (next_item(&at, end, &item, &len)) {
		if (q->filter.id_count == LIST_MAX)
			return too_many(r, "match[id]");
		if (stix_id_parse(item, len, &ids[q->filter.id_count++]) != HN_OK)
			return bad(r, "match[id]");
	}
	q->filter.ids = ids;
	return HN_OK;
}

static int read_types(struct request *r, struct taxii_query *q)
{
	size_t len;
	const char *item, *at = request_query(r, "match[type]", &len);
	if (at == NULL)
		return HN_OK;
	const char **types = arena_alloc(r->arena, LIST_MAX * sizeof(*types));
	if (types == NULL)
		return HN_ENOMEM;
	const char *end = at + len;
	while (next_item(&at, end, &item, &len)) {
		if (q->filter.type_count == LIST_MAX)
			return too_many(r, "match[type]");
		if ((types[q->filter.type_count++] = arena_text(r->arena, item, len)) == NULL)
			return HN_ENOMEM;
	}
	q->filter.types = types;
	return HN_OK;
}

static int read_versions(struct request *r, struct taxii_query *q)
{
	size_t len;
	const char *item, *at = request_query(r, "match[version]", &len);
	if (at == NULL)
		return HN_OK;
	int64_t *times = arena_alloc(r->arena, LIST_MAX * sizeof(*times));
	if (times == NULL)
		return HN_ENOMEM;
	const char *end = at + len;
	while (next_item(&at, end, &item, &len)) {
		if (is(item, len, "last"))
			q->filter.versions |= OBJECT_LAST;
		else if (is(item, len, "first"))
			q->filter.versions |= OBJECT_FIRST;
		else if (is(item, len, "all"))
			q->filter.versions |= OBJECT_ALL;
		else if (q->filter.version_count == LIST_MAX)
			return too_many(r, "match[version]");
		else if (utc_parse(item, len, &times[q->filter.version_count++]) != HN_OK)
			return bad(r, "match[version]");
	}
	q->filter.version_ns = times;
	return HN_OK;
}

static int read_specs(struct request *r, struct taxii_query *q)
{
	size_t len;
	const char *item, *at = request_query(r, "match[spec_version]", &len);
	if (at == NULL)
		return HN_OK;
	const char *end = at + len;
	while (next_item(&at, end, &item, &len)) {
		if (is(item, len, "2.0"))
			q->filter.specs |= 1u << STIX_2_0;
		else if (is(item, len, "2.1"))
			q->filter.specs |= 1u << STIX_2_1;
		else
			q->filter.specs |= 4; /* of a version that nothing here has */
	}
	return HN_OK;
}

/* Where to begin: behind a time, or where `next` says. Numbers are microseconds of adding, so both are one.
 */
static int read_start(struct request *r, struct taxii_query *q)
{
	size_t len;
	int64_t ns;
	const char *after = request_query(r, "added_after", &len);
	if (after != NULL) {
		if (utc_parse(after, len, &ns) != HN_OK)
			return bad(r, "added_after");
		q->filter.after_seq = ns / 1000;
	}
	const char *next = request_query(r, "next", &len);
	if (next != NULL) {
		char *end;
		long long seq = strtoll(next, &end, 16);
		if (len == 0 || len > 15 || end != next + len || seq < 0)
			return bad(r, "next");
		if (seq > q->filter.after_seq)
			q->filter.after_seq = seq;
	}
	q->limit = request_query_number(r, "limit", TAXII_PAGE);
	if (q->limit == 0)
		return bad(r, "limit");
	if (q->limit > TAXII_PAGE_MAX)
		q->limit = TAXII_PAGE_MAX;
	return HN_OK;
}

int taxii_query_read(struct request *r, struct taxii_query *out)
{
	struct taxii_query q = {0};
	int err = read_start(r, &q);
	if (err == HN_OK)
		err = read_ids(r, &q);
	if (err == HN_OK)
		err = read_types(r, &q);
	if (err == HN_OK)
		err = read_versions(r, &q);
	if (err == HN_OK)
		err = read_specs(r, &q);
	if (err == HN_OK)
		*out = q;
	return err;
}
