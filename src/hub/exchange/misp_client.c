/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * A feed of MISP: manifest.json names the events with their times, each event is a file beside it. Events are
 * taken in the order of their times, and how far that came is kept behind each, so that a run that ends early
 * goes on there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "hub/exchange/fetch_run.h"
#include "stix/tape.h"

#define MANIFEST_MAX (32u << 20)
#define EVENTS_MAX   1000000u

/* Sorts by time, then by name: "0001704200000 uuid", which is the cursor too. */
struct event {
	char key[64];
	char uuid[UUID_TEXT_SIZE];
};

struct manifest {
	struct buf body;
	struct event *events;
	size_t count;
};

static int take(void *context, const void *data, size_t len)
{
	struct manifest *m = context;
	buf_add(&m->body, data, len);
	return buf_err(&m->body);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct event *)a)->key, ((const struct event *)b)->key);
}

static int add_event(struct manifest *m, const struct stix_tape *t, uint32_t name, struct fault *fault)
{
	struct event *e = &m->events[m->count];
	struct uuid id;
	size_t len;
	const char *text = stix_tape_name(t, name, &len);
	uint32_t value = name + 1;
	uint32_t stamp =
		t->tokens[value].kind == JSON_TOKEN_OBJECT ? stix_tape_member(t, value, "timestamp") : 0;
	if (uuid_parse(text, len, &id) != HN_OK)
		return fault_set(
			fault, HN_EFORMAT, "manifest.json", "%s",
			tr("names an event by something that is no UUID", "UUIDでない名前のイベントがある"));
	uuid_format(&id, e->uuid);
	struct json_string s = {.text = (const uint8_t *)"0", .len = 1};
	if (stamp != 0 &&
	    (t->tokens[stamp].kind == JSON_TOKEN_STRING || t->tokens[stamp].kind == JSON_TOKEN_NUMBER))
		s = stix_tape_string(t, stamp);
	/* Equal lengths compare as numbers do. */
	int digits = s.len <= 12 ? (int)s.len : 12;
	(void)snprintf(e->key, sizeof(e->key), "%.*s%.*s %s", 12 - digits, "000000000000", digits,
		       (const char *)s.text, e->uuid);
	m->count++;
	return HN_OK;
}

static int read_manifest(struct manifest *m, struct fault *fault)
{
	static const struct stix_limits limits = {
		.size_max = MANIFEST_MAX,
		.depth_max = 16,
		.list_max = EVENTS_MAX,
		.refs_max = 1,
		.values_max = 1,
		.tokens_max = 4000000,
	};
	struct stix_tape t;
	stix_tape_init(&t);
	int err = stix_tape_read(&t, cur_of((const uint8_t *)m->body.data, m->body.len), &limits, fault);
	if (err == HN_OK && t.tokens[0].kind != JSON_TOKEN_OBJECT)
		err = fault_set(fault, HN_EFORMAT, "manifest.json", "%s",
				tr("must be an object", "はオブジェクトでなければならない"));
	if (err == HN_OK && (m->events = calloc((size_t)t.count + 1, sizeof(*m->events))) == NULL)
		err = HN_ENOMEM;
	for (uint32_t name = 1; err == HN_OK && name < t.count; name = t.tokens[name].next)
		err = add_event(m, &t, name, fault);
	stix_tape_clear(&t);
	if (err == HN_OK)
		qsort(m->events, m->count, sizeof(m->events[0]), compare);
	return err;
}

static int take_events(struct fetch_run *run, const struct manifest *m, struct fault *fault)
{
	const char *where = run->source->where;
	int base = (int)(strrchr(where, '/') - where) + 1;
	char url[SOURCE_WHERE_MAX + UUID_TEXT_SIZE + 8];
	int err = HN_OK;
	for (size_t i = 0; i < m->count && err == HN_OK; i++) {
		if (strcmp(m->events[i].key, run->state.next) <= 0)
			continue;
		(void)snprintf(url, sizeof(url), "%.*s%s.json", base, where, m->events[i].uuid);
		err = feed_take(run, url, false, fault);
		if (err != HN_OK)
			break;
		(void)snprintf(run->state.next, sizeof(run->state.next), "%s", m->events[i].key);
		err = fetch_run_keep(run);
	}
	return err;
}

int misp_feed_run(struct fetch_run *run, struct fault *fault)
{
	struct manifest m = {.count = 0};
	struct fetch_answer answer = {0};
	buf_init(&m.body, MANIFEST_MAX);
	const struct fetch_request request = {
		.url = run->source->where,
		.etag = run->state.etag,
		.modified = run->state.modified,
		.bytes_max = MANIFEST_MAX,
		.take = take,
		.context = &m,
	};
	int err = fetch_get(run->session, &request, &answer, fault);
	run->bytes += answer.bytes;
	bool same = err == HN_OK && answer.status == 304;
	if (err == HN_OK && !same)
		err = fetch_run_status(run, &answer, fault);
	if (err == HN_OK && !same)
		err = read_manifest(&m, fault);
	if (err == HN_OK && !same)
		err = take_events(run, &m, fault);
	if (err == HN_OK && !same) {
		(void)snprintf(run->state.etag, sizeof(run->state.etag), "%s", answer.etag);
		(void)snprintf(run->state.modified, sizeof(run->state.modified), "%s", answer.modified);
	}
	free(m.events);
	buf_clear(&m.body);
	return err;
}
