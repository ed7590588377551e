/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * MISP core format: {"Event": {...}}, an event by itself, a list of either, {"response": [...]}, or several
 * of them one behind the other. Events are cut out and read one at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "hub/exchange/importer_misp.h"
#include "stix/object.h"
#include "stix/scan.h"

enum state {
	STATE_TOP,   /* before a value */
	STATE_WHOLE, /* in an object at the top, which may turn out to hold a list */
	STATE_ITEM,  /* in a list, before an element */
	STATE_IN,    /* in an element */
	STATE_AFTER, /* behind an element */
	STATE_CLOSE, /* behind the list of a response */
};

struct misp {
	enum state state;
	struct stix_scan scan;
	struct buf held; /* the value that is being read */
	bool response;   /* the list stands in {"response": ...} */
	bool deciding;   /* the beginning may still be that of a response */
	uint64_t bytes, events;
	struct stix_tape tape;
};

static int open_misp(struct importer *imp)
{
	struct misp *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return HN_ENOMEM;
	buf_init(&m->held, IMPORTER_EVENT_MAX);
	stix_tape_init(&m->tape);
	imp->state = m;
	return HN_OK;
}

static void close_misp(struct importer *imp)
{
	struct misp *m = imp->state;
	buf_clear(&m->held);
	stix_tape_clear(&m->tape);
	free(m);
}

static int fail(const struct misp *m, int err, struct fault *fault, const char *message)
{
	char place[48];
	(void)snprintf(place, sizeof(place), tr("byte %" PRIu64, "%" PRIu64 "バイト目"), m->bytes);
	return fault_set(fault, err, place, "%s", message);
}

/* ---- what was cut out ---- */

/* The event in {"Event": ...}, {"response": {...}}, or the value itself. 0: none. */
static uint32_t find_event(const struct stix_tape *t)
{
	if (t->tokens[0].kind != JSON_TOKEN_OBJECT)
		return 0;
	uint32_t event = stix_tape_member(t, 0, "Event");
	if (event != 0)
		return t->tokens[event].kind == JSON_TOKEN_OBJECT ? event : 0;
	return 0;
}

static bool is_event(const struct stix_tape *t, uint32_t token)
{
	return t->tokens[token].kind == JSON_TOKEN_OBJECT &&
	       (stix_tape_member(t, token, "Attribute") != 0 || stix_tape_member(t, token, "info") != 0 ||
		stix_tape_member(t, token, "Object") != 0);
}

static int take_value(struct importer *imp, struct fault *fault)
{
	static const struct stix_limits limits = {
		.size_max = IMPORTER_EVENT_MAX,
		.depth_max = 32,
		.list_max = 2000000,
		.refs_max = 1,
		.values_max = 1,
		.tokens_max = 6000000,
	};
	struct misp *m = imp->state;
	struct fault inner = {0};
	char place[48];
	m->events++;
	(void)snprintf(place, sizeof(place), tr("event %" PRIu64, "%" PRIu64 "番目のイベント"), m->events);
	int err =
		stix_tape_read(&m->tape, cur_of((const uint8_t *)m->held.data, m->held.len), &limits, &inner);
	if (err == HN_ENOMEM)
		return err;
	if (err != HN_OK) {
		importer_leave(imp, "json", place, inner.place, strlen(inner.place), inner.message);
		return HN_OK;
	}
	uint32_t event = find_event(&m->tape);
	if (event == 0 && !is_event(&m->tape, 0)) {
		if (imp->report.objects == 0 && m->events == 1)
			return fault_set(
				fault, HN_EFORMAT, place, "%s",
				tr("no MISP event (\"Event\" with \"Attribute\" or \"info\")",
				   "MISPイベント(\"Event\" に \"Attribute\" 又は \"info\")ではない"));
		importer_leave(imp, "event", place, "", 0, tr("no MISP event", "MISPイベントではない"));
		return HN_OK;
	}
	return misp_event_read(imp, &m->tape, event);
}

/* ---- cutting ---- */

/* Whether the beginning is, or may become, that of {"response": [. @return 1: it is; 0: not; -1: perhaps */
static int is_response(const char *text, size_t len)
{
	static const char *const words[] = {"{", "\"response\"", ":", "["};
	size_t at = 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		while (at < len && strchr(" \t\r\n", text[at]) != NULL)
			at++;
		size_t word = strlen(words[i]);
		size_t have = len - at < word ? len - at : word;
		if (memcmp(text + at, words[i], have) != 0)
			return 0;
		if (have < word)
			return -1;
		at += word;
	}
	return 1;
}

static int hold(struct misp *m, const uint8_t *from, size_t len, struct fault *fault)
{
	buf_add(&m->held, from, len);
	if (buf_err(&m->held) == HN_ELIMIT)
		return fault_set(fault, HN_ELIMIT, tr("an event", "イベント"),
				 tr("is larger than %u bytes", "が%uバイトを超えている"), IMPORTER_EVENT_MAX);
	return buf_err(&m->held);
}

/* Goes on in a value. */
static int go_on(struct importer *imp, const uint8_t **at, const uint8_t *end, struct fault *fault)
{
	struct misp *m = imp->state;
	const uint8_t *from = *at;
	enum stix_scanned scanned = stix_scan(&m->scan, at, end);
	int err = hold(m, from, (size_t)(*at - from), fault);
	if (err != HN_OK || scanned == STIX_SCAN_MORE)
		return err;
	err = take_value(imp, fault);
	buf_reset(&m->held);
	m->state = m->state == STATE_WHOLE ? STATE_TOP : STATE_AFTER;
	return err;
}

/* A byte at a time where the beginning of a response may stand. */
static int decide(struct importer *imp, const uint8_t **at, struct fault *fault)
{
	struct misp *m = imp->state;
	const uint8_t *one = *at + 1;
	int err = go_on(imp, at, one, fault);
	if (err != HN_OK || m->state != STATE_WHOLE) {
		m->deciding = false;
		return err;
	}
	int is = is_response(m->held.data, m->held.len);
	m->deciding = is < 0;
	if (is == 1) {
		buf_reset(&m->held);
		m->response = true;
		m->state = STATE_ITEM;
	}
	return HN_OK;
}

static int begin(struct misp *m, uint8_t b, enum state state, struct fault *fault)
{
	if (b != '{' || !stix_scan_begin(&m->scan, b))
		return fail(m, HN_EFORMAT, fault,
			    tr("an object is expected here", "ここにはオブジェクトが要る"));
	m->state = state;
	return hold(m, &b, 1, fault);
}

/* A byte that is no white space, between values. */
static int step(struct misp *m, uint8_t b, struct fault *fault)
{
	if (m->state == STATE_TOP && b == '[') {
		m->response = false;
		m->state = STATE_ITEM;
		return HN_OK;
	}
	if (m->state == STATE_TOP) {
		m->deciding = true;
		return begin(m, b, STATE_WHOLE, fault);
	}
	if ((m->state == STATE_ITEM || m->state == STATE_AFTER) && b == ']') {
		m->state = m->response ? STATE_CLOSE : STATE_TOP;
		return HN_OK;
	}
	if (m->state == STATE_ITEM)
		return begin(m, b, STATE_IN, fault);
	if (m->state == STATE_AFTER && b == ',') {
		m->state = STATE_ITEM;
		return HN_OK;
	}
	if (m->state == STATE_CLOSE && b == '}') {
		m->state = STATE_TOP;
		return HN_OK;
	}
	return fail(m, HN_EFORMAT, fault, tr("this stands at a wrong place", "ここに来るべきものではない"));
}

static int feed_misp(struct importer *imp, const uint8_t *data, size_t len, struct fault *fault)
{
	struct misp *m = imp->state;
	const uint8_t *at = data;
	const uint8_t *end = data + len;
	uint64_t before = m->bytes;
	int err = HN_OK;
	while (at < end && err == HN_OK) {
		m->bytes = before + (uint64_t)(at - data) + 1;
		if (m->deciding)
			err = decide(imp, &at, fault);
		else if (m->state == STATE_WHOLE || m->state == STATE_IN)
			err = go_on(imp, &at, end, fault);
		else if (strchr(" \t\r\n", *at) != NULL && *at != '\0')
			at++;
		else
			err = step(m, *at++, fault);
	}
	m->bytes = before + len;
	return err;
}

static int end_misp(struct importer *imp, struct fault *fault)
{
	const struct misp *m = imp->state;
	if (m->state != STATE_TOP)
		return fail(m, HN_ETRUNC, fault, tr("the input ends too early", "入力が途中で終わっている"));
	return HN_OK;
}

const struct importer_form IMPORTER_FORM_MISP = {"misp", open_misp, close_misp, feed_misp, end_misp};
