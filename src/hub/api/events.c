/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/api/events.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/steady.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/request/request_store.h"
#include "hub/request/rights.h"
#include "store/objects.h"

#define STREAMS_MAX 1024
#define GATHER_NS   (NS_SECOND / 10) /* commits of so long are told together */
#define CHANGED_NS  (2 * NS_SECOND)  /* between words that something else has changed */
#define QUIET_NS    (15 * NS_SECOND) /* then a comment goes out, so that nobody between us gives up */
#define PAGE        1000
#define TYPES_MAX   32

struct stream {
	struct request *request;
	struct stream *next;
	int64_t at;      /* told up to this number */
	int64_t said_ns; /* when something was last said */
	uint64_t turn;   /* of the commits that it knows of */
	int64_t changed_ns;
};

static struct {
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	pthread_t thread;
	bool started, stopping;
	struct stream *streams;
	size_t count;
	int64_t seq;   /* the highest that is durable */
	uint64_t turn; /* rises with each commit */
} events = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void committed(void *context, int64_t seq)
{
	(void)context;
	pthread_mutex_lock(&events.lock);
	events.seq = seq;
	events.turn++;
	pthread_cond_signal(&events.wake);
	pthread_mutex_unlock(&events.lock);
}

static void wake_all(void)
{
	for (struct stream *s = events.streams; s; s = s->next)
		answer_wake(s->request);
}

/* Of many commits in a row each wakes us, and streams hear of all of them once. */
static void gather(uint64_t told)
{
	int64_t until_ns = steady_ns() + GATHER_NS, left_ns = GATHER_NS;
	for (; events.turn != told && !events.stopping && left_ns > 0; left_ns = until_ns - steady_ns())
		steady_wait(&events.wake, &events.lock, left_ns);
}

static void *run(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&events.lock);
	uint64_t told = events.turn;
	while (!events.stopping) {
		if (events.turn == told)
			steady_wait(&events.wake, &events.lock, NS_SECOND);
		gather(told);
		told = events.turn;
		wake_all();
	}
	wake_all();
	pthread_mutex_unlock(&events.lock);
	return NULL;
}

static int start(struct hub *hub, struct fault *fault)
{
	events.stopping = false;
	events.seq = 0;
	int rc = store_watch(hub->store, committed, NULL);
	if (rc == HN_OK && pthread_create(&events.thread, NULL, run, NULL) != 0)
		rc = HN_ENOMEM;
	events.started = rc == HN_OK;
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "events", "%s", hn_strerror(rc));
}

static void stop(struct hub *hub)
{
	(void)hub;
	if (!events.started)
		return;
	pthread_mutex_lock(&events.lock);
	events.stopping = true;
	pthread_cond_signal(&events.wake);
	pthread_mutex_unlock(&events.lock);
	(void)pthread_join(events.thread, NULL);
	events.started = false;
}

const struct hub_part EVENTS = {.name = "events", .start = start, .stop = stop};

/* ---- a stream ---- */

/* What lies behind the place where the client stands, in numbers and types. */
struct seen {
	int64_t last;
	uint64_t count;
	char types[TYPES_MAX][STIX_TYPE_MAX + 1];
	size_t type_count;
};

static int see(void *context, const struct object_row *row)
{
	struct seen *s = context;
	s->last = row->seq;
	s->count++;
	for (size_t i = 0; i < s->type_count; i++)
		if (strlen(s->types[i]) == row->id.type_len &&
		    memcmp(s->types[i], row->id.type, row->id.type_len) == 0)
			return HN_OK;
	if (s->type_count < TYPES_MAX && row->id.type_len <= STIX_TYPE_MAX) {
		memcpy(s->types[s->type_count], row->id.type, row->id.type_len);
		s->types[s->type_count++][row->id.type_len] = '\0';
	}
	return HN_OK;
}

static ssize_t say(struct stream *s, const struct buf *text, char *room, size_t size)
{
	if (buf_err(text) != HN_OK || text->len > size)
		return ANSWER_FAIL;
	memcpy(room, text->data, text->len);
	s->said_ns = steady_ns();
	return (ssize_t)text->len;
}

static ssize_t say_words(struct stream *s, const char *words, char *room)
{
	size_t len = strlen(words);
	memcpy(room, words, len);
	s->said_ns = steady_ns();
	return (ssize_t)len;
}

static void heard(struct stream *s, uint64_t turn, int64_t now_ns)
{
	s->turn = turn;
	s->changed_ns = now_ns;
}

static ssize_t tell(struct stream *s, const struct seen *seen, bool more, char *room, size_t size)
{
	struct buf text;
	buf_init(&text, size);
	buf_addf(&text, "event: objects\nid: %lld\ndata: {\"count\":%llu,\"more\":%s,\"types\":[",
		 (long long)seen->last, (unsigned long long)seen->count, more ? "true" : "false");
	for (size_t i = 0; i < seen->type_count; i++) {
		if (i > 0)
			buf_addc(&text, ',');
		buf_json_string(&text, seen->types[i], strlen(seen->types[i]));
	}
	buf_adds(&text, "]}\n\n");
	ssize_t n = say(s, &text, room, size);
	buf_clear(&text);
	return n;
}

/* @return HN_OK with count 0: nothing that this client sees */
static int look(struct stream *s, int64_t upto, struct seen *seen, bool *more)
{
	const struct object_filter filter = {.versions = OBJECT_ALL, .after_seq = s->at, .until_seq = upto};
	struct reader *reader;
	int rc = request_read(s->request, &reader);
	if (rc != HN_OK)
		return rc;
	rc = objects_page(reader, &filter, PAGE, see, seen, more);
	reader_end(reader);
	return rc;
}

static ssize_t more(struct request *r, char *room, size_t size)
{
	struct stream *s = r->state;
	int64_t now_ns = steady_ns();
	pthread_mutex_lock(&events.lock);
	int64_t upto = events.seq;
	uint64_t turn = events.turn;
	bool ends = events.stopping;
	pthread_mutex_unlock(&events.lock);
	if (s->said_ns == 0 || now_ns - s->said_ns > QUIET_NS)
		return say_words(s, s->said_ns == 0 ? "retry: 2000\n\n" : ":\n\n", room);
	if (upto > s->at) {
		struct seen seen = {.last = 0};
		bool further = false;
		if (look(s, upto, &seen, &further) != HN_OK)
			return ANSWER_FAIL;
		s->at = further ? seen.last : upto;
		if (seen.count > 0) {
			heard(s, turn, now_ns);
			return tell(s, &seen, further, room, size);
		}
	}
	/* For pages that people look at: machines have feeds. */
	if (r->who.asker->person != 0 && turn != s->turn && now_ns - s->changed_ns >= CHANGED_NS) {
		heard(s, turn, now_ns);
		return say_words(s, "event: changed\ndata: {}\n\n", room);
	}
	return ends ? ANSWER_END : ANSWER_WAIT;
}

/* Where it stood before; else now. */
static int read_place(struct request *r, int64_t *out)
{
	size_t len;
	const char *text = request_header(r, "Last-Event-ID", &len);
	uint64_t n = 0;
	*out = events.seq > 0 ? events.seq : r->received_ns / 1000;
	if (!text)
		return HN_OK;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || len > 18)
			return fault_set(&r->fault, HN_EFORMAT, "Last-Event-ID", "%s",
					 tr("is none of ours", "このハブのものではない"));
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*out = (int64_t)n;
	return HN_OK;
}

static int get(struct request *r)
{
	struct stream *s = arena_alloc(r->arena, sizeof(*s));
	if (!s)
		return HN_ENOMEM;
	pthread_mutex_lock(&events.lock);
	int rc = read_place(r, &s->at);
	s->turn = events.turn;
	bool room = events.count < STREAMS_MAX && !events.stopping;
	if (rc == HN_OK && room) {
		s->request = r;
		s->next = events.streams;
		events.streams = s;
		events.count++;
		r->state = s;
	}
	pthread_mutex_unlock(&events.lock);
	if (rc != HN_OK)
		return rc;
	return room ? answer_stream(r, 200, "text/event-stream", more) : answer_problem(r, 503, "busy", NULL);
}

static void end(struct request *r)
{
	if (!r->state)
		return;
	pthread_mutex_lock(&events.lock);
	struct stream **at = &events.streams;
	while (*at != r->state)
		at = &(*at)->next;
	*at = (*at)->next;
	events.count--;
	pthread_mutex_unlock(&events.lock);
}

const struct route EVENT_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/events",
	 .operation = "streamEvents",
	 .flags = ROUTE_PUBLIC | ROUTE_LASTING,
	 .scopes = SCOPE_READ,
	 .handle = get,
	 .end = end,
	 .gives = "text/event-stream",
	 .answers = {{200, NULL, "text/event-stream"}},
	 .tag = "system",
	 .summary_en = "That something you may see has changed, as server-sent events; Last-Event-ID goes on",
	 .summary_ja = "閲覧できる何かが変わったことの通知(サーバー送信イベント)。Last-Event-ID で続きから"},
	{0},
};
