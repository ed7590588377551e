/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/pump.h"

#include <stdlib.h>

#include "bus/client_inside.h"

/* What proves comes before what is proved, and both before what may give way. */
static const enum stream order[STREAM_COUNT] = {STREAM_RECEIPTS, STREAM_CHECKPOINTS, STREAM_RECORDS,
						STREAM_HEALTH, STREAM_EVENTS};

struct pump {
	struct client *client;
	struct spool *spool;
	enum spool_destination to;
	struct pump_events events;
	void *context;
	struct buf body;
	struct batch batch;
	struct backoff backoff;
	bool busy;    /* a request is on its way */
	bool asked;   /* where the streams stand, since the connection failed last */
	bool resting; /* outrun */
	bool waiting; /* a back-off runs */
	bool troubled;
	unsigned refused; /* streams whose batch the server does not take: the others go on */
};

static void step(struct pump *p);

static void over(void *context)
{
	struct pump *p = context;
	p->waiting = false;
	p->refused = 0;
	step(p);
}

static void rest(struct pump *p, int64_t retry_after_ms)
{
	/* Without memory for a timer the next kick goes on. */
	p->waiting = client_after(p->client, backoff_next_ms(&p->backoff, retry_after_ms), over, p) == HN_OK;
}

static void fail(struct pump *p, const struct client_result *r)
{
	p->troubled = true;
	if (p->events.trouble != NULL)
		p->events.trouble(p->context, r);
}

static void fail_here(struct pump *p, int err)
{
	struct client_result r = {.err = err};
	(void)fault_set(&r.fault, err, "", "%s", hn_strerror(err));
	fail(p, &r);
	rest(p, 0);
}

static void works(struct pump *p)
{
	p->backoff.failures = 0;
	if (p->troubled && p->events.trouble != NULL)
		p->events.trouble(p->context, NULL);
	p->troubled = false;
}

/* @return HN_OK to go on */
static int note(struct pump *p, enum stream stream, const struct uuid *epoch, uint64_t through)
{
	int err = spool_acked(p->spool, stream, p->to, epoch, through);
	if (err == HN_ESTATE) {
		p->resting = true;
		if (p->events.outrun != NULL)
			p->events.outrun(p->context, stream);
	} else if (err == HN_ENOENT) {
		p->asked = false; /* the epoch was renewed meanwhile */
		err = HN_OK;
	} else if (err != HN_OK) {
		fail_here(p, err);
	}
	return err;
}

/* ---- where the streams stand ---- */

static void take_standing(void *context, const struct client_result *r,
			  const struct client_standing standing[])
{
	struct pump *p = context;
	struct uuid epoch = spool_epoch(p->spool);
	p->busy = false;
	if (r->err != HN_OK) {
		fail(p, r);
		rest(p, r->retry_after_ms);
		return;
	}
	p->asked = true;
	for (enum stream s = 0; s < STREAM_COUNT; s++) {
		/* Of this epoch it may have nothing: then everything that is still here comes, from the first
		 * on. */
		bool same = standing[s].known && uuid_compare(&standing[s].epoch, &epoch) == 0;
		if (note(p, s, &epoch, same ? standing[s].through : 0) != HN_OK)
			return;
	}
	works(p);
	step(p);
}

/* ---- sending ---- */

static void take_answer(void *context, const struct client_result *r, const struct client_standing *standing)
{
	struct pump *p = context;
	const struct batch sent = p->batch;
	bool same = standing->known && uuid_compare(&standing->epoch, &sent.epoch) == 0;
	p->busy = false;
	if (r->err == HN_OK && same && standing->through >= batch_through(&sent)) {
		if (note(p, sent.stream, &sent.epoch, standing->through) != HN_OK)
			return;
		works(p);
		if (p->events.sent != NULL)
			p->events.sent(p->context, &sent);
		step(p);
	} else if (r->err == HN_ESTATE && same && standing->through + 1 != sent.first) {
		if (note(p, sent.stream, &sent.epoch, standing->through) == HN_OK)
			step(p); /* from where it says that it stands */
	} else if (client_come_back(r) || r->err == HN_EAUTH || r->err == HN_ENOSPC || r->err == HN_ENOMEM) {
		p->asked = false;
		fail(p, r);
		rest(p, r->retry_after_ms);
	} else {
		p->refused |= 1u << sent.stream;
		fail(p, r);
		step(p);
	}
}

static int find_next(struct pump *p)
{
	int err = HN_ENOENT;
	for (unsigned i = 0; err == HN_ENOENT && i < STREAM_COUNT; i++)
		if ((p->refused & 1u << order[i]) == 0)
			err = spool_next(p->spool, order[i], p->to, &p->batch, &p->body);
	return err;
}

static void step(struct pump *p)
{
	int err;
	if (p->busy || p->resting || p->waiting)
		return;
	if (!p->asked) {
		err = client_streams(p->client, take_standing, p);
	} else {
		err = find_next(p);
		if (err == HN_ENOENT) {
			if (p->refused != 0)
				rest(p, 0);
			return;
		}
		if (err == HN_OK)
			err = client_send(p->client, &p->batch, p->body.data, p->body.len, take_answer, p);
	}
	p->busy = err == HN_OK;
	if (err != HN_OK)
		fail_here(p, err);
}

int pump_new(struct client *c, struct spool *s, enum spool_destination to, const struct pump_events *events,
	     void *context, struct pump **out)
{
	struct pump *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	*p = (struct pump){.client = c, .spool = s, .to = to, .events = *events, .context = context};
	p->backoff = c->backoff;
	buf_init(&p->body, BATCH_BODY_MAX);
	*out = p;
	pump_kick(p);
	return HN_OK;
}

void pump_free(struct pump *p)
{
	if (p == NULL)
		return;
	client_forget(p->client, p);
	buf_clear(&p->body);
	free(p);
}

void pump_kick(struct pump *p)
{
	if (p->resting)
		p->asked = p->resting = false;
	step(p);
}
