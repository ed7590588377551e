/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Batches that come up: what they hold and the number behind it in one transaction, durable before the
 * answer. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/batch.h"
#include "http/answer.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/take.h"

struct incoming {
	struct batch batch;
	struct taking taking;
	char epoch[UUID_TEXT_SIZE]; /* where it stands */
	uint64_t through;
	int64_t gave_way;
};

static int (*const takes[STREAM_COUNT])(struct taking *t, const char *line, size_t len) = {
	[STREAM_RECEIPTS] = take_receipt,
	[STREAM_CHECKPOINTS] = take_checkpoint,
	[STREAM_HEALTH] = take_health,
};

static int take_line(void *context, uint64_t seq, const char *line, size_t len)
{
	struct incoming *in = context;
	return seq <= in->through ? HN_OK : takes[in->batch.stream](&in->taking, line, len);
}

static int read_place(struct incoming *in)
{
	sqlite3_stmt *row;
	int err = state_one(in->taking.w->state, &row,
			    "SELECT epoch, through, gave_way FROM places WHERE edge = ? AND stream = ?", "tt",
			    in->taking.peer->edge, stream_name(in->batch.stream));
	if (err == HN_OK) {
		(void)snprintf(in->epoch, sizeof(in->epoch), "%s", state_text(row, 0));
		in->through = (uint64_t)sqlite3_column_int64(row, 1);
		in->gave_way = sqlite3_column_int64(row, 2);
	}
	state_done(row);
	return err == HN_ENOENT ? HN_OK : err;
}

static int tell(const struct incoming *in, enum alarm_kind kind, const char *subject, const char *en,
		const char *ja)
{
	return alarm_raise(
		in->taking.w->state,
		&(struct alarm){
			.kind = kind, .edge = in->taking.peer->edge, .subject = subject, .en = en, .ja = ja});
}

/* A new epoch comes after a lost spool alone. @return HN_ESTATE: it does not begin at 1 */
static int begin_epoch(struct incoming *in)
{
	char epoch[UUID_TEXT_SIZE];
	uuid_format(&in->batch.epoch, epoch);
	if (strcmp(epoch, in->epoch) == 0)
		return HN_OK;
	if (in->batch.first != 1)
		return HN_ESTATE;
	bool first = in->epoch[0] == '\0';
	memcpy(in->epoch, epoch, sizeof(epoch));
	in->through = 0;
	return first ? HN_OK
		     : tell(in, ALARM_EPOCH, epoch, "its spool was lost or came back from an older copy",
			    "スプールが失われたか、古い複製から復元された");
}

static int tell_gone(const struct incoming *in)
{
	char subject[32], en[160], ja[160];
	(void)snprintf(subject, sizeof(subject), "%s %" PRIu64, stream_name(in->batch.stream),
		       in->batch.first);
	(void)snprintf(en, sizeof(en), "%" PRIu64 " lines of %s are gone (%s)", in->batch.count,
		       stream_name(in->batch.stream), batch_gone_name(in->batch.gone));
	(void)snprintf(ja, sizeof(ja), "%2$s の %1$" PRIu64 "行が失われた(%3$s)", in->batch.count,
		       stream_name(in->batch.stream), batch_gone_name(in->batch.gone));
	/* Health may give way; what was sent before the edge joined here is told and kept by nobody. */
	return in->batch.stream == STREAM_HEALTH ? HN_OK : tell(in, ALARM_GAP, subject, en, ja);
}

static int keep_place(struct incoming *in)
{
	struct state *s = in->taking.w->state;
	int err = HN_OK;
	if (batch_through(&in->batch) > in->through) {
		if (in->batch.stub)
			err = tell_gone(in);
		if (in->batch.stub)
			in->gave_way += (int64_t)(batch_through(&in->batch) - in->through);
		in->through = batch_through(&in->batch);
	}
	if (err == HN_OK)
		err = state_run(s, "INSERT OR REPLACE INTO places VALUES(?, ?, ?, ?, ?)", "tttii",
				in->taking.peer->edge, stream_name(in->batch.stream), in->epoch,
				(int64_t)in->through, in->gave_way);
	return err == HN_OK ? state_run(s, "UPDATE edges SET heard = ? WHERE id = ?", "it", in->taking.now_ns,
					in->taking.peer->edge)
			    : err;
}

static int take(struct request *r, struct incoming *in)
{
	int err = read_place(in);
	if (err == HN_OK)
		err = begin_epoch(in);
	if (err == HN_OK && in->batch.first > in->through + 1)
		err = HN_ESTATE;
	if (err == HN_OK)
		err = batch_check(&in->batch, r->body.data, r->body.len, take_line, in, &r->fault);
	lang_set_thread(r->lang);
	return err == HN_OK ? keep_place(in) : err;
}

static int answer_place(struct request *r, unsigned status, const struct incoming *in)
{
	buf_addf(answer_body(r), "{\"epoch\":\"%s\",\"through\":%" PRIu64 "}", in->epoch, in->through);
	return answer_send(r, status, NULL);
}

static const char *header(struct request *r, const char *name)
{
	size_t len;
	const char *value = request_header(r, name, &len);
	return value == NULL ? NULL : arena_text(r->arena, value, len);
}

static int read_headers(struct request *r, struct batch *out)
{
	enum stream stream;
	const struct batch_headers h = {
		.epoch = header(r, "Hinomi-Epoch"),
		.first = header(r, "Hinomi-First"),
		.count = header(r, "Hinomi-Count"),
		.digest = header(r, "Hinomi-Digest"),
		.gave_way = header(r, "Hinomi-Gave-Way"),
	};
	int err = stream_find(r->params[0].text, r->params[0].len, &stream);
	if (err == HN_OK && takes[stream] == NULL)
		err = HN_ENOENT;
	return err == HN_OK ? batch_headers_read(stream, &h, out, &r->fault) : err;
}

int channel_stream_post(struct request *r)
{
	struct witness *w = r->program;
	struct incoming *in = arena_alloc(r->arena, sizeof(*in));
	if (in == NULL)
		return HN_ENOMEM;
	memset(in, 0, sizeof(*in));
	in->taking = (struct taking){.w = w, .peer = channel_peer_of(r), .now_ns = utc_now_ns()};
	int err = read_headers(r, &in->batch);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_end(w->state, take(r, in));
	return err == HN_ESTATE ? answer_place(r, 409, in) : err == HN_OK ? answer_place(r, 200, in) : err;
}

struct listing {
	struct buf *body;
	bool any;
};

static int list_one(void *context, sqlite3_stmt *row)
{
	struct listing *l = context;
	buf_addf(l->body, "%s\"%s\":{\"epoch\":\"%s\",\"through\":%lld}", l->any ? "," : "",
		 state_text(row, 0), state_text(row, 1), (long long)sqlite3_column_int64(row, 2));
	l->any = true;
	return HN_OK;
}

int channel_streams_list(struct request *r)
{
	struct witness *w = r->program;
	struct listing l = {.body = answer_body(r)};
	int err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	buf_adds(l.body, "{\"streams\":{");
	err = state_end(w->state, state_each(w->state, list_one, &l,
					     "SELECT stream, epoch, through FROM places WHERE edge = ?", "t",
					     channel_peer_of(r)->edge));
	buf_adds(l.body, "}}");
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}

int channel_cosigned_get(struct request *r)
{
	struct witness *w = r->program;
	sqlite3_stmt *row;
	int err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_one(
		w->state, &row,
		"SELECT cosigned FROM checkpoints WHERE edge = ? AND finding = '' ORDER BY seq DESC LIMIT 1",
		"t", channel_peer_of(r)->edge);
	if (err == HN_OK)
		buf_adds(answer_body(r), state_text(row, 0));
	state_done(row);
	err = state_end(w->state, err);
	return err == HN_OK ? answer_send(r, 200, "text/plain; charset=utf-8") : err;
}
