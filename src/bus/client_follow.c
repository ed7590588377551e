/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* The stream of heads. What comes is handed on after libcurl's own call, so that callees may begin requests.
 */
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "bus/client_inside.h"
#include "bus/event_stream.h"
#include "bus/head.h"

#define INCOMING_MAX (4u << 20)
#define LASTED_MS    10000 /* a connection that did was a good one */
#define SHORT_MOST   3     /* doublings of the back-off between those that did not: some seconds */

struct follow {
	struct client *client;
	void (*head)(void *context, const char *text, size_t len);
	void (*connected)(void *context, const struct client_result *r);
	void *context;
	struct op *op; /* NULL: between two connections */
	struct buf incoming;
	struct event_stream events;
	struct backoff backoff;
	int64_t since_ms; /* it is connected */
	bool told, ended, in_callback;
};

static int take_event(void *context, const char *name, const char *data, size_t len)
{
	struct follow *f = context;
	if (!f->ended && strcmp(name, "head") == 0)
		f->head(f->context, data, len);
	return HN_OK;
}

static int take_bytes(struct op *op, const char *data, size_t len)
{
	struct follow *f = op->state;
	buf_add(&f->incoming, data, len);
	return buf_err(&f->incoming);
}

static void release(struct follow *f)
{
	event_stream_clear(&f->events);
	buf_clear(&f->incoming);
	free(f);
}

static void tell(struct follow *f, const struct client_result *r)
{
	if (f->connected != NULL && !f->ended)
		f->connected(f->context, r);
}

static void connect_again(void *context);

/* A failure of memory is a failure like others: it is tried again. */
static void wait_and_connect(struct follow *f, int64_t retry_after_ms)
{
	int ms = backoff_next_ms(&f->backoff, retry_after_ms);
	if (client_after(f->client, ms, connect_again, f->client) != HN_OK)
		f->op = NULL;
}

static void hand_on(struct follow *f)
{
	if (!f->told && f->op != NULL && op_status(f->op) == 200) {
		f->told = true;
		f->since_ms = client_now_ms();
		tell(f, NULL);
	}
	if (f->incoming.len == 0)
		return;
	int err = event_stream_add(&f->events, f->incoming.data, f->incoming.len);
	buf_reset(&f->incoming);
	if (err != HN_OK && f->op != NULL)
		f->op->err = err; /* it ends with this turn */
}

/* One who takes each connection and ends it at once is not asked twice a second. */
static void judge_length(struct follow *f)
{
	if (client_now_ms() - f->since_ms >= LASTED_MS)
		f->backoff.failures = 0;
	else if (f->backoff.failures > SHORT_MOST)
		f->backoff.failures = SHORT_MOST;
}

static void end_follow(struct op *op, struct client_result *r)
{
	struct follow *f = op->state;
	struct client *c = op->client;
	f->in_callback = true;
	hand_on(f);
	f->op = NULL;
	if (f->told)
		judge_length(f);
	f->told = false;
	if (r->err == HN_OK)
		r->err = fault_set(
			&r->fault, HN_EIO, "", "%s",
			tr("the server ended the stream of heads", "サーバーがヘッドの配信を終えた"));
	tell(f, r);
	f->in_callback = false;
	if (f->ended)
		follow_free(c);
	else
		wait_and_connect(f, r->retry_after_ms);
}

/* What is no stream of events is not listened to any longer. */
static void give_up(struct follow *f)
{
	struct op *op = f->op;
	struct client_result r = {.err = op->err, .status = op_status(op)};
	(void)fault_set(&r.fault, r.err, "", "%s", hn_strerror(r.err));
	end_follow(op, &r);
	op_free(op);
}

void follow_drain(struct client *c)
{
	struct follow *f = c->follow;
	if (f == NULL)
		return;
	f->in_callback = true;
	hand_on(f);
	f->in_callback = false;
	if (f->ended)
		follow_free(c);
	else if (f->op != NULL && f->op->err != HN_OK)
		give_up(f);
}

static int start(struct follow *f)
{
	long silence_s = f->client->silence_ms < 1000 ? 1 : f->client->silence_ms / 1000;
	struct op *op;
	int err = op_new(f->client, "heads", &op);
	if (err != HN_OK)
		return err;
	op->state = f;
	op->take = take_bytes;
	op->finish = end_follow;
	buf_reset(&f->incoming);
	event_stream_reset(&f->events);
	curl_slist_free_all(op->headers);
	op->headers = NULL;
	if (op_header(op, "Accept: text/event-stream") != HN_OK ||
	    curl_easy_setopt(op->easy, CURLOPT_LOW_SPEED_LIMIT, 1L) != CURLE_OK ||
	    curl_easy_setopt(op->easy, CURLOPT_LOW_SPEED_TIME, silence_s) != CURLE_OK) {
		op_free(op);
		return HN_ENOMEM;
	}
	err = op_start(op);
	if (err == HN_OK)
		f->op = op;
	return err;
}

static void connect_again(void *context)
{
	struct client *c = context;
	struct follow *f = c->follow;
	if (f != NULL && f->op == NULL && start(f) != HN_OK)
		wait_and_connect(f, 0);
}

int client_follow(struct client *c, void (*head)(void *context, const char *text, size_t len),
		  void (*connected)(void *context, const struct client_result *r), void *context)
{
	if (c->follow != NULL)
		return HN_EEXIST;
	struct follow *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HN_ENOMEM;
	*f = (struct follow){
		.client = c, .head = head, .connected = connected, .context = context, .backoff = c->backoff};
	buf_init(&f->incoming, INCOMING_MAX);
	event_stream_init(&f->events, HEAD_TEXT_MAX + 64, take_event, f);
	int err = start(f);
	if (err != HN_OK) {
		release(f);
		return err;
	}
	c->follow = f;
	return HN_OK;
}

void client_unfollow(struct client *c)
{
	if (c->follow == NULL)
		return;
	c->follow->ended = true;
	if (!c->follow->in_callback)
		follow_free(c);
}

void follow_free(struct client *c)
{
	struct follow *f = c->follow;
	if (f == NULL)
		return;
	c->follow = NULL;
	if (f->op != NULL)
		op_free(f->op);
	release(f);
}
