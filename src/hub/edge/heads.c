/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Heads that are not of sets: made by one thread whenever what they say has changed, in time before they end.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/steady.h"
#include "base/utc.h"
#include "hub/edge/edge.h"
#include "hub/edge/followers.h"
#include "hub/sets/sets.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"
#include "store/edges.h"

#define LIFE_US       (INT64_C(7) * 24 * 3600 * 1000000) /* a head holds */
#define RENEW_US      (INT64_C(3) * 24 * 3600 * 1000000) /* before its end it is renewed */
#define ARGUMENTS_MAX (HEAD_TEXT_MAX / 2)                /* bytes in one head; base64 makes four of three */
#define TICK_NS       (5 * NS_SECOND)                    /* between looks at streams that are silent */
#define SLOW_NS       (30 * NS_SECOND)                   /* between looks at what has ended by itself */

static struct {
	struct hub *hub;
	pthread_t thread;
	bool started;
	atomic_bool decided;  /* in a job; told to the thread once that is committed */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	bool stopping, work;
} heads = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

void edge_heads_decided(void)
{
	atomic_store(&heads.decided, true);
}

void edge_heads_changed(void)
{
	pthread_mutex_lock(&heads.lock);
	heads.work = true;
	pthread_cond_signal(&heads.wake);
	pthread_mutex_unlock(&heads.lock);
}

/* On the writer's thread, as the job was: what it said is durable now. */
static void committed(void *context, int64_t seq)
{
	(void)context;
	(void)seq;
	if (atomic_exchange(&heads.decided, false))
		edge_heads_changed();
}

/* ---- what a head is to say ---- */

struct making {
	struct reader *reader;
	struct head head;
	struct head_document documents[HEAD_DOCUMENTS_MAX];
	struct head_question questions[HEAD_QUESTIONS_MAX];
	size_t arguments; /* bytes in its questions */
	int64_t edge;     /* 0: the nation's */
	struct uuid edge_id;
	int64_t now_us;
};

static int add_document(void *context, const struct authorization_row *a)
{
	struct making *m = context;
	if (m->head.document_count == HEAD_DOCUMENTS_MAX)
		return HN_OK;
	struct head_document *d = &m->documents[m->head.document_count++];
	d->id = a->id;
	d->file.size = a->body_len;
	sha256(a->body, a->body_len, d->file.digest);
	return HN_OK;
}

static int add_question(void *context, const struct edge_question *q)
{
	struct making *m = context;
	/* The rest waits until these are answered. */
	size_t size = strlen(q->arguments);
	if (m->head.question_count == HEAD_QUESTIONS_MAX || m->arguments + size > ARGUMENTS_MAX)
		return HN_OK;
	m->arguments += size;
	struct head_question *out = &m->questions[m->head.question_count];
	for (int i = 0; i < HEAD_ASK_COUNT; i++)
		if (strcmp(head_ask_name((enum head_ask)i), q->ask) == 0)
			out->ask = (enum head_ask)i;
	out->id = q->id;
	out->arguments = strdup(q->arguments);
	if (out->arguments == NULL)
		return HN_ENOMEM;
	m->head.question_count++;
	return HN_OK;
}

static int add_nation_document(struct making *m, enum nation_document kind)
{
	struct nation_document_row row;
	int err = nation_documents_get(m->reader, kind, &row);
	if (err != HN_OK)
		return err;
	struct head_file *f = &m->head.files[m->head.file_count++];
	memcpy(f->digest, row.digest, sizeof(f->digest));
	f->size = row.size;
	return HN_OK;
}

/* @return HN_ENOENT: there is nothing to say yet */
static int gather(struct making *m, enum head_kind kind)
{
	m->head = (struct head){.kind = kind, .documents = m->documents, .questions = m->questions};
	m->arguments = 0;
	if (m->edge == 0)
		(void)snprintf(m->head.id, sizeof(m->head.id), "%s", HEAD_NATION);
	else
		uuid_format(&m->edge_id, m->head.id);
	switch (kind) {
	case HEAD_AUTHORISATIONS:
		return authorizations_of_edge(m->reader, &m->edge_id, m->now_us, add_document, m);
	case HEAD_QUESTIONS:
		return edge_questions_open(m->reader, m->edge, m->now_us, add_question, m);
	case HEAD_REVOCATIONS:
		return add_nation_document(m, NATION_REVOCATIONS);
	case HEAD_TRUST: {
		int err = add_nation_document(m, NATION_TRUST);
		int domestic = err == HN_OK ? add_nation_document(m, NATION_DOMESTIC) : err;
		return domestic == HN_ENOENT ? err : domestic;
	}
	default:
		return HN_ENOENT;
	}
}

static void clear(struct making *m)
{
	for (size_t i = 0; i < m->head.question_count; i++)
		free(m->questions[i].arguments);
	m->head.question_count = 0;
}

/* ---- making it ---- */

struct known {
	int64_t version, expires_us;
	uint8_t digest[EDGE_DIGEST_SIZE];
};

static int take_known(void *context, const struct edge_head_row *row)
{
	struct known *k = context;
	k->version = row->version;
	k->expires_us = row->expires_us;
	memcpy(k->digest, row->digest, sizeof(k->digest));
	return HN_OK;
}

/* Of what it says, its version and times aside. */
static int digest_of(struct head *h, uint8_t out[EDGE_DIGEST_SIZE])
{
	struct buf b;
	buf_init(&b, HEAD_TEXT_MAX);
	h->version = 1;
	h->issued_ns = 0;
	h->expires_ns = NS_SECOND;
	int err = head_write(h, &b);
	if (err == HN_OK)
		sha256(b.data, b.len, out);
	buf_clear(&b);
	return err;
}

struct putting {
	struct edge_head_row row;
	int64_t was;
};

static int put_job(struct writing *w, void *context)
{
	struct putting *p = context;
	return edge_heads_put(w, &p->row, p->was);
}

static int put(struct making *m, const struct known *known, const uint8_t digest[EDGE_DIGEST_SIZE])
{
	struct putting p = {.was = known->version};
	struct buf text;
	m->head.version = (uint64_t)known->version + 1;
	m->head.issued_ns = m->now_us * 1000;
	m->head.expires_ns = (m->now_us + LIFE_US) * 1000;
	buf_init(&text, HEAD_TEXT_MAX);
	int err = head_sign(&m->head, sets_secret(), &text);
	if (err == HN_OK) {
		p.row = (struct edge_head_row){.kind = m->head.kind,
					       .edge = m->edge,
					       .version = known->version + 1,
					       .expires_us = m->now_us + LIFE_US,
					       .head = text.data};
		memcpy(p.row.digest, digest, sizeof(p.row.digest));
		err = store_write(heads.hub->store, put_job, &p);
	}
	buf_clear(&text);
	return err;
}

/* Brings one head up to what is decided. */
static int bring_up(struct making *m, enum head_kind kind)
{
	struct known known = {.version = 0};
	uint8_t digest[EDGE_DIGEST_SIZE] = {0};
	int err = gather(m, kind);
	if (err == HN_OK)
		err = digest_of(&m->head, digest);
	if (err == HN_OK)
		err = edge_heads_get(m->reader, kind, m->edge, take_known, &known);
	if (err == HN_ENOENT && known.version == 0)
		err = m->head.kind == kind && (m->head.file_count > 0 || m->head.document_count > 0 ||
					       m->head.question_count > 0)
			      ? HN_OK
			      : HN_ENOENT;
	bool same = err == HN_OK && known.version > 0 && memcmp(known.digest, digest, sizeof(digest)) == 0 &&
		    known.expires_us > m->now_us + RENEW_US;
	if (err == HN_OK && !same)
		err = put(m, &known, digest);
	clear(m);
	return err == HN_ENOENT ? HN_OK : err;
}

struct listing {
	struct {
		int64_t number;
		struct uuid id;
		enum edge_kind kind;
	} * at;
	size_t count, room;
};

static int list_edge(void *context, const struct edge_row *e)
{
	struct listing *l = context;
	if (l->count == l->room) {
		size_t room = l->room == 0 ? 64 : 2 * l->room;
		void *at = realloc(l->at, room * sizeof(l->at[0]));
		if (at == NULL)
			return HN_ENOMEM;
		l->at = at;
		l->room = room;
	}
	l->at[l->count].number = e->number;
	l->at[l->count].id = e->id;
	l->at[l->count++].kind = e->kind;
	return HN_OK;
}

static int bring_edge_up(struct making *m, enum edge_kind kind)
{
	int err = kind == EDGE_SENSOR ? bring_up(m, HEAD_AUTHORISATIONS) : HN_OK;
	return err == HN_OK ? bring_up(m, HEAD_QUESTIONS) : err;
}

static int bring_all_up(struct making *m)
{
	struct listing l = {.count = 0};
	int err = bring_up(m, HEAD_TRUST);
	if (err == HN_OK)
		err = bring_up(m, HEAD_REVOCATIONS);
	if (err == HN_OK)
		err = edges_each(m->reader, list_edge, &l);
	/* What fails for one holds up no other. */
	int first = err;
	for (size_t i = 0; err == HN_OK && i < l.count; i++) {
		m->edge = l.at[i].number;
		m->edge_id = l.at[i].id;
		int failed = bring_edge_up(m, l.at[i].kind);
		first = first == HN_OK ? failed : first;
	}
	free(l.at);
	return first;
}

static void make_all(void)
{
	struct making *m = calloc(1, sizeof(*m));
	struct asker hub;
	asker_hub(&hub);
	int err = m == NULL ? HN_ENOMEM : store_read(heads.hub->store, &hub, &m->reader);
	if (err == HN_OK) {
		m->now_us = utc_now_ns() / 1000;
		err = bring_all_up(m);
		reader_end(m->reader);
	}
	free(m);
	if (err != HN_OK)
		log_line(LOG_LEVEL_WARNING,
			 tr("heads for edges cannot be made yet: %s", "エッジ宛の先頭をまだ作れない: %s"),
			 hn_strerror(err));
	followers_tell();
}

/* ---- the thread ---- */

static void *run(void *arg)
{
	(void)arg;
	int64_t slow_ns = steady_ns(), tick_ns = slow_ns;
	pthread_mutex_lock(&heads.lock);
	while (!heads.stopping) {
		int64_t now_ns = steady_ns();
		if (!heads.work && now_ns - slow_ns < SLOW_NS) {
			steady_wait(&heads.wake, &heads.lock, NS_SECOND);
			if (!heads.work) {
				if (now_ns - tick_ns >= TICK_NS) {
					tick_ns = now_ns;
					followers_tick();
				}
				continue;
			}
		}
		heads.work = false;
		slow_ns = now_ns;
		pthread_mutex_unlock(&heads.lock);
		make_all();
		pthread_mutex_lock(&heads.lock);
	}
	pthread_mutex_unlock(&heads.lock);
	return NULL;
}

static int start(struct hub *hub, struct fault *fault)
{
	heads.hub = hub;
	heads.stopping = false;
	heads.work = true;
	int err = store_watch(hub->store, committed, NULL);
	if (err == HN_OK && pthread_create(&heads.thread, NULL, run, NULL) != 0)
		err = HN_ENOMEM;
	heads.started = err == HN_OK;
	return err == HN_OK ? HN_OK : fault_set(fault, err, "edges", "%s", hn_strerror(err));
}

static void stop(struct hub *hub)
{
	(void)hub;
	if (!heads.started)
		return;
	pthread_mutex_lock(&heads.lock);
	heads.stopping = true;
	pthread_cond_signal(&heads.wake);
	pthread_mutex_unlock(&heads.lock);
	(void)pthread_join(heads.thread, NULL);
	heads.started = false;
}

const struct hub_part EDGE_HEADS = {.name = "edge heads", .start = start, .stop = stop};
