/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* GET /edge/v1/heads: all heads in force for an edge, then each that is new (server-sent events). */
#include "hub/edge/followers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/lang.h"
#include "base/steady.h"
#include "base/utc.h"
#include "http/answer.h"
#include "hub/edge/edge.h"
#include "hub/request/request_store.h"
#include "store/edge_documents.h"
#include "store/sets.h"

#define FOLLOWERS_MAX 65536
#define QUIET_NS      (15 * NS_SECOND) /* then a comment goes out, so that the edge knows that we are here */
/* Long enough that nobody takes the stream for one that has stalled: a byte a second and more. */
#define STILL_HERE  ": nothing new, and this hub is still here for you -------------\n\n"
#define PENDING_MAX ((size_t)4 << 20) /* bytes that wait to be sent to one edge */
#define SETS_MAX    1024

/* What a stream has sent of a kind and id. */
struct sent {
	struct uuid id;
	enum head_kind kind;
	int64_t version;
};

struct follower {
	struct request *request;
	struct follower *next;
	int64_t edge;
	uint64_t turn; /* up to which it has looked */
	int64_t said_ns;
	struct sent *sent;
	size_t sent_count, sent_room;
	struct buf pending;
	size_t pending_at;
	bool greeted;
};

static struct {
	pthread_mutex_t lock; /* guards what follows */
	struct follower *list;
	size_t count;
	uint64_t turn; /* rises with each change */
	bool ends;
} followers = {.lock = PTHREAD_MUTEX_INITIALIZER, .turn = 1};

void followers_tell(void)
{
	pthread_mutex_lock(&followers.lock);
	followers.turn++;
	for (struct follower *f = followers.list; f != NULL; f = f->next)
		answer_wake(f->request);
	pthread_mutex_unlock(&followers.lock);
}

void followers_tick(void)
{
	pthread_mutex_lock(&followers.lock);
	for (struct follower *f = followers.list; f != NULL; f = f->next)
		answer_wake(f->request);
	pthread_mutex_unlock(&followers.lock);
}

void followers_end(bool ends)
{
	pthread_mutex_lock(&followers.lock);
	followers.ends = ends;
	for (struct follower *f = followers.list; f != NULL; f = f->next)
		answer_wake(f->request);
	pthread_mutex_unlock(&followers.lock);
}

size_t edge_heads_followers(void)
{
	pthread_mutex_lock(&followers.lock);
	size_t count = followers.count;
	pthread_mutex_unlock(&followers.lock);
	return count;
}

bool edge_heads_follows(int64_t edge)
{
	bool follows = false;
	pthread_mutex_lock(&followers.lock);
	for (const struct follower *f = followers.list; f != NULL && !follows; f = f->next)
		follows = f->edge == edge;
	pthread_mutex_unlock(&followers.lock);
	return follows;
}

/* ---- what it has not sent ---- */

static int note_sent(struct follower *f, enum head_kind kind, const struct uuid *id, int64_t version,
		     bool *new_out)
{
	*new_out = false;
	for (size_t i = 0; i < f->sent_count; i++) {
		struct sent *s = &f->sent[i];
		if (s->kind != kind || uuid_compare(&s->id, id) != 0)
			continue;
		*new_out = version > s->version;
		s->version = version;
		return HN_OK;
	}
	if (f->sent_count == f->sent_room) {
		size_t room = f->sent_room == 0 ? 16 : 2 * f->sent_room;
		struct sent *at = realloc(f->sent, room * sizeof(*at));
		if (at == NULL)
			return HN_ENOMEM;
		f->sent = at;
		f->sent_room = room;
	}
	f->sent[f->sent_count++] = (struct sent){*id, kind, version};
	*new_out = true;
	return HN_OK;
}

/* A head is one line, perhaps with its line feed. */
static int add_event(struct follower *f, const char *head)
{
	buf_adds(&f->pending, "event: head\ndata: ");
	buf_add(&f->pending, head, strcspn(head, "\n"));
	buf_adds(&f->pending, "\n\n");
	return buf_err(&f->pending);
}

struct looking {
	struct follower *follower;
	enum edge_kind kind;
	struct uuid edge_id;
};

unsigned edge_actions(enum edge_kind kind)
{
	return kind == EDGE_SENSOR ? 1u << SET_SELECT : 1u << SET_BLOCK | 1u << SET_WATCH;
}

static int look_at_set(void *context, const struct set_row *s)
{
	struct looking *l = context;
	bool is_new;
	if (s->version == 0 || (edge_actions(l->kind) >> s->action & 1) == 0)
		return HN_OK;
	int err = note_sent(l->follower, HEAD_SET, &s->id, s->version, &is_new);
	return err == HN_OK && is_new ? add_event(l->follower, s->head) : err;
}

static int look_at_head(void *context, const struct edge_head_row *h)
{
	struct looking *l = context;
	struct uuid id = {{0}};
	bool is_new;
	if (h->edge != 0)
		id = l->edge_id;
	int err = note_sent(l->follower, (enum head_kind)h->kind, &id, h->version, &is_new);
	return err == HN_OK && is_new ? add_event(l->follower, h->head) : err;
}

static int look_at_heads(struct reader *reader, struct looking *l)
{
	static const enum head_kind nation[] = {HEAD_TRUST, HEAD_REVOCATIONS},
				    own[] = {HEAD_AUTHORISATIONS, HEAD_QUESTIONS};
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < 2 && l->kind == EDGE_SENSOR; i++) {
		err = edge_heads_get(reader, nation[i], 0, look_at_head, l);
		err = err == HN_ENOENT ? HN_OK : err;
	}
	for (size_t i = 0; err == HN_OK && i < 2; i++) {
		err = edge_heads_get(reader, own[i], l->follower->edge, look_at_head, l);
		err = err == HN_ENOENT ? HN_OK : err;
	}
	return err;
}

static int look(struct follower *f)
{
	const struct edge_peer *p = edge_peer_of(f->request);
	struct looking l = {.follower = f, .kind = p->kind, .edge_id = p->id};
	struct reader *reader;
	bool more = false;
	int err = sets_read(hub_of(f->request)->store, &p->asker, &reader);
	if (err != HN_OK)
		return err;
	/* Trust first, then what stands on it. */
	err = look_at_heads(reader, &l);
	if (err == HN_OK)
		err = sets_list(reader, 0, SETS_MAX, look_at_set, &l, &more);
	reader_end(reader);
	return err;
}

/* ---- the stream ---- */

static ssize_t send_pending(struct follower *f, char *room, size_t size)
{
	size_t n = f->pending.len - f->pending_at;
	n = n < size ? n : size;
	memcpy(room, f->pending.data + f->pending_at, n);
	f->pending_at += n;
	f->said_ns = steady_ns();
	if (f->pending_at == f->pending.len) {
		buf_reset(&f->pending);
		f->pending_at = 0;
	}
	return (ssize_t)n;
}

static ssize_t more(struct request *r, char *room, size_t size)
{
	struct follower *f = r->state;
	pthread_mutex_lock(&followers.lock);
	uint64_t turn = followers.turn;
	bool ends = followers.ends;
	pthread_mutex_unlock(&followers.lock);
	if (ends)
		return ANSWER_END;
	if (f->pending.len == 0 && f->turn != turn) {
		f->turn = turn;
		if (!f->greeted)
			buf_adds(&f->pending, "retry: 500\n\n");
		f->greeted = true;
		if (look(f) != HN_OK)
			return ANSWER_FAIL;
	}
	if (f->pending.len == 0 && steady_ns() - f->said_ns > QUIET_NS)
		buf_adds(&f->pending, STILL_HERE);
	return f->pending.len > 0 ? send_pending(f, room, size) : ANSWER_WAIT;
}

int edge_heads_get_stream(struct request *r)
{
	struct follower *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return HN_ENOMEM;
	f->request = r;
	f->edge = edge_peer_of(r)->number;
	f->said_ns = steady_ns();
	buf_init(&f->pending, PENDING_MAX);
	pthread_mutex_lock(&followers.lock);
	bool room = followers.count < FOLLOWERS_MAX && !followers.ends;
	if (room) {
		f->next = followers.list;
		followers.list = f;
		followers.count++;
		r->state = f;
	}
	pthread_mutex_unlock(&followers.lock);
	if (room)
		return answer_stream(r, 200, "text/event-stream", more);
	free(f);
	return answer_problem(r, 503, "busy", NULL);
}

void edge_heads_end(struct request *r)
{
	struct follower *f = r->state;
	if (f == NULL)
		return;
	pthread_mutex_lock(&followers.lock);
	struct follower **at = &followers.list;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	followers.count--;
	pthread_mutex_unlock(&followers.lock);
	free(f->sent);
	buf_clear(&f->pending);
	free(f);
	r->state = NULL;
}
