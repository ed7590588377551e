/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Batches that come up: what they hold and the number behind it in one transaction. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/lang.h"
#include "bus/batch.h"
#include "http/answer.h"
#include "hub/edge/edge.h"
#include "hub/edge/report.h"
#include "hub/request/request_store.h"
#include "store/edge_streams.h"

static int (*const reports[STREAM_COUNT])(struct report *r, const char *line, size_t len) = {
	[STREAM_RECORDS] = report_record,   [STREAM_EVENTS] = report_event,
	[STREAM_RECEIPTS] = report_receipt, [STREAM_CHECKPOINTS] = report_checkpoint,
	[STREAM_HEALTH] = report_health,
};

struct taking {
	struct batch batch;
	struct report report;
	uint64_t known_through; /* lines up to here came before */
	bool renewed;           /* another epoch than before begins */
};

static int take_line(void *context, uint64_t seq, const char *line, size_t len)
{
	struct taking *t = context;
	if (seq <= t->known_through)
		return HN_OK;
	t->report.seq = seq;
	return reports[t->batch.stream](&t->report, line, len);
}

/* What is selected must not come as an event by another stream's name: a resolver has events, a sensor the
 * rest. */
static bool is_of(enum edge_kind kind, enum stream stream)
{
	return stream == STREAM_HEALTH || (stream == STREAM_EVENTS) == (kind == EDGE_RESOLVER);
}

static void add_place(struct buf *b, const struct edge_place *p)
{
	char epoch[UUID_TEXT_SIZE];
	uuid_format(&p->epoch, epoch);
	buf_addf(b, "{\"epoch\":\"%s\",\"through\":%lld}", epoch, (long long)p->through);
}

static int answer_place(struct request *r, unsigned status, const struct edge_place *p)
{
	add_place(answer_body(r), p);
	return answer_send(r, status, NULL);
}

static int note(struct writing *w, struct request *r, const char *kind, const struct taking *t)
{
	struct buf record;
	char edge[UUID_TEXT_SIZE];
	uuid_format(&t->report.peer->id, edge);
	buf_init(&record, 4096);
	buf_addf(&record, "{\"count\":%llu,\"edge\":\"%s\",\"stream\":\"%s\",\"why\":",
		 (unsigned long long)t->report.refused, edge, stream_name(t->batch.stream));
	buf_json_string(&record, t->report.first, strlen(t->report.first));
	buf_addc(&record, '}');
	int err = buf_err(&record);
	if (err == HN_OK)
		err = request_note(w, r, kind, record.data, record.len);
	buf_clear(&record);
	return err;
}

/* A new epoch comes after a lost spool alone; that it came is told. */
static int begin_epoch(struct writing *w, struct request *r, struct taking *t, struct edge_place *p)
{
	static const struct uuid none = {{0}};
	bool first = memcmp(&p->epoch, &none, sizeof(none)) == 0;
	p->epoch = t->batch.epoch;
	p->through = 0;
	t->renewed = !first;
	return first ? HN_OK : note(w, r, "hub.edge.epoch", t);
}

static int take(struct writing *w, struct request *r, void *context)
{
	struct taking *t = context;
	struct batch *b = &t->batch;
	struct edge_place p;
	t->report = (struct report){.w = w,
				    .request = r,
				    .hub = hub_of(r),
				    .peer = edge_peer_of(r),
				    .now_us = r->received_ns / 1000};
	int err = edge_streams_get(w, t->report.peer->number, b->stream, &p);
	if (err == HN_OK && uuid_compare(&p.epoch, &b->epoch) != 0)
		err = b->first == 1 ? begin_epoch(w, r, t, &p) : HN_ESTATE;
	if (err == HN_ESTATE || (err == HN_OK && b->first > (uint64_t)p.through + 1)) {
		/* Nothing has changed; the answer says where it stands. */
		return answer_place(r, 409, &p);
	}
	if (err != HN_OK)
		return err;
	t->known_through = (uint64_t)p.through;
	err = batch_check(b, r->body.data, r->body.len, take_line, t, &r->fault);
	if (err != HN_OK)
		return err;
	if (batch_through(b) > (uint64_t)p.through) {
		/* What a new epoch says to have been sent earlier came with the former one. */
		if (b->stub && !(t->renewed && b->gone == BATCH_GONE_EARLIER))
			p.gave_way += (int64_t)(batch_through(b) - (uint64_t)p.through);
		p.through = (int64_t)batch_through(b);
		err = edge_streams_put(w, t->report.peer->number, b->stream, &p);
	}
	if (err == HN_OK && t->report.refused > 0)
		err = note(w, r, "hub.edge.refused-lines", t);
	request_count(r, t->report.taken);
	return err == HN_OK ? answer_place(r, 200, &p) : err;
}

static const char *header(struct request *r, const char *name)
{
	size_t len;
	const char *value = request_header(r, name, &len);
	return value == NULL ? NULL : arena_text(r->arena, value, len);
}

int edge_stream_post(struct request *r)
{
	struct taking *t = arena_alloc(r->arena, sizeof(*t));
	enum stream stream;
	if (t == NULL)
		return HN_ENOMEM;
	memset(t, 0, sizeof(*t));
	int err = stream_find(r->params[0].text, r->params[0].len, &stream);
	if (err == HN_OK && !is_of(edge_peer_of(r)->kind, stream))
		err = HN_EAUTH;
	if (err != HN_OK)
		return err;
	const struct batch_headers h = {
		.epoch = header(r, "Hinomi-Epoch"),
		.first = header(r, "Hinomi-First"),
		.count = header(r, "Hinomi-Count"),
		.digest = header(r, "Hinomi-Digest"),
		.gave_way = header(r, "Hinomi-Gave-Way"),
	};
	err = batch_headers_read(stream, &h, &t->batch, &r->fault);
	return err == HN_OK ? request_change(r, take, t) : err;
}

int edge_streams_list(struct request *r)
{
	struct edge_place places[EDGE_STREAMS];
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = edge_streams_all(reader, edge_peer_of(r)->number, places);
	reader_end(reader);
	if (err != HN_OK)
		return err;
	struct buf *b = answer_body(r);
	static const struct uuid none = {{0}};
	bool any = false;
	buf_adds(b, "{\"streams\":{");
	for (unsigned i = 0; i < STREAM_COUNT; i++) {
		if (memcmp(&places[i].epoch, &none, sizeof(none)) == 0)
			continue;
		buf_addf(b, "%s\"%s\":", any ? "," : "", stream_name((enum stream)i));
		add_place(b, &places[i]);
		any = true;
	}
	buf_adds(b, "}}");
	return answer_send(r, 200, NULL);
}
