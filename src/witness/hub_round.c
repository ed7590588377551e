/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/hub_round.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "witness/alarm.h"
#include "witness/application.h"
#include "witness/hub_ledger.h"
#include "witness/record.h"
#include "witness/trusted.h"

#define ANSWER_MAX  ((size_t)64 << 20)
#define PAGES_MAX   1000
#define SUBJECT_MAX 32
#define EDGES_MAX   4096

static bool good(unsigned status)
{
	return status >= 200 && status < 300;
}

/* ---- handing over ---- */

struct handing {
	struct witness *w;
	struct hub_client *c;
	struct buf answer, body;
	char id[UUID_TEXT_SIZE], push[16];
	int64_t number;
	bool found, known;
};

/* Nothing is handed to who is not the hub that is known here. */
static bool is_known(struct handing *h)
{
	struct hub_ledger now;
	h->known = h->known || hub_ledger_ask(h->c, h->w, &now) == HN_OK;
	return h->known;
}

/* The next that waits, copied out of the transaction, for the hub may take its time. */
static int next_application(struct handing *h)
{
	sqlite3_stmt *row;
	struct state *s = h->w->state;
	int64_t waiting = 0;
	h->found = false;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = record_waiting(s, &waiting);
	if (err != HN_OK || waiting > 0)
		return state_end(s, err);
	err = state_one(s, &row,
			"SELECT id, push, document, reason FROM applications WHERE push != '' LIMIT 1", "");
	if (err == HN_OK) {
		h->found = true;
		buf_reset(&h->body);
		(void)snprintf(h->id, sizeof(h->id), "%s", state_text(row, 0));
		(void)snprintf(h->push, sizeof(h->push), "%s", state_text(row, 1));
		if (strcmp(h->push, "document") == 0) {
			buf_add(&h->body, sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2));
		} else {
			buf_adds(&h->body, "{\"reason\":");
			buf_json_string(&h->body, state_text(row, 3), strlen(state_text(row, 3)));
			buf_addc(&h->body, '}');
		}
	}
	state_done(row);
	return state_end(s, err == HN_ENOENT ? HN_OK : err);
}

static void tell_failed(const struct handing *h, const char *what, unsigned status)
{
	log_line(LOG_LEVEL_WARNING,
		 tr("the hub did not take %s %s (%u); it is handed over again",
		    "ハブが %s %s を受け取らない(%u)。再度送る"),
		 what, h->id, status);
}

static bool hand_application(struct handing *h)
{
	char path[128];
	if (!is_known(h))
		return false;
	bool document = strcmp(h->push, "document") == 0;
	(void)snprintf(path, sizeof(path), "/api/v1/authorisations/%s/%s", h->id,
		       document ? "document" : "refuse");
	unsigned status = hub_ask(h->c, document ? "PUT" : "POST", path,
				  document ? "application/jose+json" : "application/json", h->body.data,
				  h->body.len, &h->answer);
	/* 409: it is not in that state any more; the next round tells what it came to. */
	if (!good(status) && status != 409) {
		tell_failed(h, h->push, status);
		return false;
	}
	int err = state_begin(h->w->state);
	if (err == HN_OK)
		err = state_end(
			h->w->state,
			state_run(h->w->state,
				  "UPDATE applications SET push = '' WHERE id = ? AND push = ? AND (push != "
				  "'document' OR document = ?)",
				  "ttb", h->id, h->push, h->body.data, h->body.len));
	return err == HN_OK;
}

static int next_list(struct handing *h)
{
	sqlite3_stmt *row;
	struct state *s = h->w->state;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	h->found = false;
	err = state_one(s, &row,
			"SELECT number, text FROM revocations WHERE push = 1 ORDER BY number DESC LIMIT 1",
			"");
	if (err == HN_OK) {
		h->found = true;
		buf_reset(&h->body);
		h->number = sqlite3_column_int64(row, 0);
		buf_add(&h->body, sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1));
	}
	state_done(row);
	return state_end(s, err == HN_ENOENT ? HN_OK : err);
}

/* A revocation does not wait for the ledger: it stops, and nothing else. */
static bool hand_list(struct handing *h)
{
	if (next_list(h) != HN_OK)
		return false;
	if (!h->found)
		return true;
	if (!is_known(h))
		return false;
	h->id[0] = '\0';
	unsigned status = hub_ask(h->c, "PUT", "/api/v1/nation/revocations", "application/jose+json",
				  h->body.data, h->body.len, &h->answer);
	if (!good(status)) {
		tell_failed(h, "revocations", status);
		return false;
	}
	int err = state_begin(h->w->state);
	if (err == HN_OK)
		err = state_end(h->w->state,
				state_run(h->w->state, "UPDATE revocations SET push = 0 WHERE number <= ?",
					  "i", h->number));
	return err == HN_OK;
}

bool hub_hand_over(struct hub_client *c, struct witness *w)
{
	struct handing h = {.w = w, .c = c, .found = true};
	buf_init(&h.answer, ANSWER_MAX);
	buf_init(&h.body, ANSWER_MAX);
	bool done = hand_list(&h);
	h.found = true;
	while (done && h.found) {
		done = next_application(&h) == HN_OK;
		if (done && h.found)
			done = hand_application(&h);
	}
	buf_clear(&h.body);
	buf_clear(&h.answer);
	return done;
}

/* ---- trust file and revocations ---- */

static void warn(const char *what, int err)
{
	if (err != HN_OK)
		log_line(LOG_LEVEL_ERROR, tr("the hub's %s: %s", "ハブの%s: %s"), what, hn_strerror(err));
}

static int take_trust(struct state *s, const struct buf *answer)
{
	char subject[SHA256_HEX_SIZE];
	uint8_t digest[SHA256_SIZE];
	int err = trusted_put_shown(s, answer->data, answer->len, NULL);
	if (err == HN_OK || err == HN_EIO || err == HN_ENOSPC || err == HN_ENOMEM)
		return err;
	sha256(answer->data, answer->len, digest);
	hex_encode(digest, sizeof(digest), subject);
	return alarm_raise(
		s, &(struct alarm){.kind = ALARM_TRUST,
				   .edge = "",
				   .subject = subject,
				   .once = true,
				   .en = "the hub shows a trust file that is neither known here nor follows",
				   .ja = "ハブの示す信頼ファイルは、既知のものでもその後継でもない"});
}

/* An older list than ours: the hub has lost a revocation, or keeps it back. */
static int take_list(struct state *s, const struct buf *answer)
{
	struct revocations ours = {0};
	int err = revoked_put(s, answer->data, answer->len, false, NULL);
	if (err == HN_EAUTH || err == HN_EFORMAT) {
		err = revoked_newest(s, &ours);
		if (err == HN_OK)
			err = state_run(s, "UPDATE revocations SET push = 1 WHERE number = ?", "i",
					(int64_t)ours.number);
	}
	revocations_clear(&ours);
	return err == HN_ENOENT ? HN_OK : err;
}

static void look_document(struct hub_client *c, struct witness *w, struct buf *answer, const char *path,
			  int (*take)(struct state *s, const struct buf *answer))
{
	if (hub_ask(c, "GET", path, NULL, NULL, 0, answer) != 200 || answer->data == NULL)
		return;
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, take(w->state, answer));
	warn(path, err);
}

/* ---- lists ---- */

/* Gives each element of a list, page by page, until `take` returns false. @return whether all pages came */
static bool each_page(struct hub_client *c, struct buf *answer, const char *path, const char *list,
		      bool (*take)(void *context, const json_t *one), void *context)
{
	char next[128] = "", url[512];
	for (unsigned page = 0; page < PAGES_MAX; page++) {
		json_t *object = NULL;
		size_t i;
		const json_t *one;
		bool more = true;
		(void)snprintf(url, sizeof(url), "%s%s%s", path, next[0] != '\0' ? "&cursor=" : "", next);
		if (hub_ask(c, "GET", url, NULL, NULL, 0, answer) != 200 ||
		    json_object_read(answer->data, answer->len, &object, NULL) != HN_OK)
			return false;
		json_array_foreach(json_object_get(object, list), i, one) more = more && take(context, one);
		const char *cursor = json_string_value(json_object_get(object, "next"));
		bool sound = cursor != NULL && strspn(cursor, "0123456789abcdef") == strlen(cursor) &&
			     strlen(cursor) < sizeof(next);
		(void)snprintf(next, sizeof(next), "%s", sound ? cursor : "");
		json_decref(object);
		if (!more || !sound)
			return true;
	}
	return true;
}

static bool take_application(void *context, const json_t *one)
{
	struct witness *w = context;
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, application_shown(w->state, one));
	warn(tr("applications", "申請"), err);
	return err == HN_OK;
}

/* ---- receipts ---- */

struct comparing {
	struct witness *w;
	char edge[UUID_TEXT_SIZE];
	int64_t lowest; /* number of ours that the hub has not shown yet */
	int err;
};

static int hold_against(struct state *s, const char *edge, int64_t number, const json_t *receipt)
{
	sqlite3_stmt *row;
	json_t *ours = NULL;
	char subject[SUBJECT_MAX];
	int err = state_one(s, &row, "SELECT line FROM receipts WHERE edge = ? AND number = ? AND at_hub = 0",
			    "ti", edge, number);
	if (err == HN_OK)
		err = json_object_read(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0),
				       &ours, NULL);
	state_done(row);
	if (err == HN_ENOENT)
		return HN_OK;
	bool same = err == HN_OK && json_equal(ours, receipt) != 0;
	json_decref(ours);
	if (err == HN_OK)
		err = state_run(s, "UPDATE receipts SET at_hub = ? WHERE edge = ? AND number = ?", "iti",
				(int64_t)(same ? 1 : 2), edge, number);
	(void)snprintf(subject, sizeof(subject), "%" PRId64, number);
	return err == HN_OK && !same ? alarm_raise(s, &(struct alarm){.kind = ALARM_HUB_RECEIPT,
								      .edge = edge,
								      .subject = subject,
								      .en = "the hub shows other content",
								      .ja = "ハブの示す内容が異なる"})
				     : err;
}

static bool take_receipt(void *context, const json_t *one)
{
	struct comparing *p = context;
	struct state *s = p->w->state;
	int64_t number = json_integer_value(json_object_get(one, "number"));
	p->err = state_begin(s);
	if (p->err == HN_OK)
		p->err = state_end(s, hold_against(s, p->edge, number, json_object_get(one, "receipt")));
	/* The newest come first: below this there is nothing of ours to find. */
	return p->err == HN_OK && number > p->lowest;
}

/* What came here two intervals ago and is not at the hub is kept back, by the edge or by the hub. */
static int tell_withheld(struct state *s, const char *edge, int64_t before_ns)
{
	sqlite3_stmt *row;
	char en[160], ja[160];
	int err = state_one(
		s, &row,
		"SELECT count(*), min(number), max(number) FROM receipts WHERE edge = ? AND at_hub = 0 AND "
		"came < ?",
		"ti", edge, before_ns);
	long long count = err == HN_OK ? (long long)sqlite3_column_int64(row, 0) : 0;
	if (count > 0) {
		long long first = (long long)sqlite3_column_int64(row, 1);
		long long last = (long long)sqlite3_column_int64(row, 2);
		(void)snprintf(en, sizeof(en), "%lld receipts, numbers %lld to %lld", count, first, last);
		(void)snprintf(ja, sizeof(ja), "受領証%lld件、番号 %lld から %lld", count, first, last);
	}
	state_done(row);
	return count > 0 ? alarm_raise(s, &(struct alarm){.kind = ALARM_HUB_WITHHOLDS,
							  .edge = edge,
							  .subject = "",
							  .en = en,
							  .ja = ja})
			 : err;
}

static void look_edge(struct hub_client *c, struct comparing *p, struct buf *answer)
{
	char path[160];
	struct state *s = p->w->state;
	p->err = HN_OK;
	(void)snprintf(path, sizeof(path), "/api/v1/receipts?limit=500&edge=%s", p->edge);
	/* When it does not answer it is silent, which is another alarm. */
	if (!each_page(c, answer, path, "receipts", take_receipt, p) || p->err != HN_OK)
		return;
	int64_t before_ns = utc_now_ns() - 2 * p->w->config->hub.interval_ns;
	int err = state_begin(s);
	if (err == HN_OK)
		err = state_end(s, tell_withheld(s, p->edge, before_ns));
	warn(tr("receipts", "受領証"), err);
}

/* The next edge behind the one in p whose receipts the hub has not all shown. */
static bool next_edge(struct comparing *p)
{
	sqlite3_stmt *row;
	struct state *s = p->w->state;
	if (state_begin(s) != HN_OK)
		return false;
	int err = state_one(
		s, &row,
		"SELECT edge, min(number) FROM receipts WHERE at_hub = 0 AND edge > ? GROUP BY edge ORDER BY "
		"edge LIMIT 1",
		"t", p->edge);
	if (err == HN_OK) {
		(void)snprintf(p->edge, sizeof(p->edge), "%s", state_text(row, 0));
		p->lowest = sqlite3_column_int64(row, 1);
	}
	state_done(row);
	return state_end(s, err) == HN_OK;
}

/* ---- the round ---- */

static void note_heard(struct witness *w)
{
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, state_number_put(w->state, "hub_heard", utc_now_ns()));
	warn("/", err);
}

void hub_look(struct hub_client *c, struct witness *w)
{
	struct buf answer;
	struct hub_ledger now;
	struct comparing p = {.w = w};
	if (hub_ledger_ask(c, w, &now) != HN_OK)
		return;
	hub_ledger_look(c, w, &now);
	buf_init(&answer, ANSWER_MAX);
	look_document(c, w, &answer, "/api/v1/nation/trust", take_trust);
	look_document(c, w, &answer, "/api/v1/nation/revocations", take_list);
	if (each_page(c, &answer, "/api/v1/authorisations?limit=20", "authorisations", take_application, w)) {
		note_heard(w);
		for (unsigned i = 0; i < EDGES_MAX && next_edge(&p); i++)
			look_edge(c, &p, &answer);
	}
	buf_clear(&answer);
}
