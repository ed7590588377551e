/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/outflow.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http/answer.h"
#include "hub/request/request_store.h"
#include "store/search.h"

/* Between the server's thread and the ledger's: a slice waits for its entry. Whoever is last frees it. */
struct noting {
	pthread_mutex_t lock;    /* guards what follows */
	struct request *request; /* NULL: the request is over */
	bool pending;
	int err;
};

struct outflow {
	struct request *request;
	const struct outflow_form *form;
	struct object_filter filter;
	struct noting *noting;
	struct reading reading; /* of all slices up to now */
	struct buf text;        /* the slice */
	size_t at;              /* how much of it is sent */
	struct warned warned;
	uint64_t count;
	int64_t last;
	bool full, ended;
	_Alignas(max_align_t) uint8_t extra[];
};

struct buf *outflow_text(struct outflow *o)
{
	return &o->text;
}

void *outflow_extra(struct outflow *o)
{
	return o->extra;
}

struct request *outflow_request(struct outflow *o)
{
	return o->request;
}

const void *outflow_context(const struct outflow *o)
{
	return o->form->context;
}

uint64_t outflow_count(const struct outflow *o)
{
	return o->count;
}

const struct warned *outflow_warned(const struct outflow *o)
{
	return &o->warned;
}

/* ---- the ledger ---- */

static void noting_free(struct noting *n)
{
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

static void noted(void *context, int err)
{
	struct noting *n = context;
	pthread_mutex_lock(&n->lock);
	n->pending = false;
	n->err = err;
	bool last = n->request == NULL;
	if (!last)
		answer_wake(n->request);
	pthread_mutex_unlock(&n->lock);
	if (last)
		noting_free(n);
}

/* The slice's entry, if it needs one. */
static int note_slice(struct outflow *o)
{
	struct noting *n = o->noting;
	n->pending = true; /* nobody else has it yet */
	int err = reading_append(&o->reading, noted, n);
	if (err == READING_NOT_NOTED) {
		n->pending = false;
		return HN_OK;
	}
	if (err != HN_OK)
		n->pending = false;
	return err;
}

/* @return ANSWER_WAIT, or 0, or ANSWER_FAIL */
static ssize_t wait_for_note(struct outflow *o)
{
	pthread_mutex_lock(&o->noting->lock);
	ssize_t state = o->noting->pending ? ANSWER_WAIT : o->noting->err != HN_OK ? ANSWER_FAIL : 0;
	pthread_mutex_unlock(&o->noting->lock);
	return state;
}

/* ---- slices ---- */

struct slicing {
	struct outflow *outflow;
	struct reader *reader;
};

static int add_row(void *context, const struct object_row *row)
{
	struct slicing *s = context;
	struct outflow *o = s->outflow;
	if (o->text.len >= OUTFLOW_BYTES) {
		o->full = true;
		return HN_ELIMIT;
	}
	int err = o->form->row(o, s->reader, row);
	if (err != HN_OK && err != OUTFLOW_WITHHELD)
		return err;
	o->last = row->added;
	if (err == OUTFLOW_WITHHELD)
		return HN_OK;
	reading_add(&o->reading, row);
	o->count++;
	return buf_err(&o->text);
}

static int next_slice(struct outflow *o)
{
	struct slicing s = {.outflow = o};
	bool more = false;
	buf_reset(&o->text);
	o->at = 0;
	o->full = false;
	if (o->form->way != NULL)
		warned_go_on(&o->warned);
	int err = request_read_feed(o->request, &s.reader);
	if (err != HN_OK)
		return err;
	reading_go_on(&o->reading, s.reader);
	err = objects_page(s.reader, &o->filter, OUTFLOW_ROWS, add_row, &s, &more);
	reader_end(s.reader);
	if (err == HN_ELIMIT && o->full)
		err = HN_OK;
	if (err != HN_OK)
		return err;
	o->filter.after_seq = o->last;
	o->ended = !more && !o->full;
	if (o->ended && o->form->end != NULL)
		o->form->end(o);
	err = buf_err(&o->text);
	return err == HN_OK ? note_slice(o) : err;
}

static ssize_t give(struct request *r, char *room, size_t size)
{
	struct outflow *o = r->state;
	for (;;) {
		ssize_t state = wait_for_note(o); /* one entry at a time */
		if (state != 0)
			return state;
		if (o->at < o->text.len)
			break;
		if (o->ended)
			return ANSWER_END;
		if (next_slice(o) != HN_OK)
			return ANSWER_FAIL;
	}
	size_t n = o->text.len - o->at < size ? o->text.len - o->at : size;
	memcpy(room, o->text.data + o->at, n);
	o->at += n;
	return (ssize_t)n;
}

/* ---- its life ---- */

/* The warning lists; and where it ends: what is added while it goes out is the next export's. */
static int look_before(struct request *r, const struct outflow_form *form, struct warned *warned,
		       int64_t *until)
{
	struct reader *reader;
	int64_t indexed;
	int err = request_read_feed(r, &reader);
	if (err != HN_OK)
		return err;
	if (form->way != NULL)
		err = warned_begin(warned, r, reader, form->way);
	if (err == HN_OK && !answer_is_sent(r) && *until == 0) {
		err = search_reach(reader, &indexed, until);
		if (err == HN_OK && *until == 0)
			*until = 1; /* an empty store; 0 would mean no end */
	}
	reader_end(reader);
	return err;
}

static struct outflow *make(struct request *r, const struct outflow_form *form)
{
	struct outflow *o = calloc(1, sizeof(*o) + form->extra);
	struct noting *n = calloc(1, sizeof(*n));
	if (o == NULL || n == NULL) {
		free(o);
		free(n);
		return NULL;
	}
	(void)pthread_mutex_init(&n->lock, NULL);
	n->request = r;
	*o = (struct outflow){.request = r, .form = form, .noting = n};
	buf_init(&o->text, ANSWER_BODY_MAX);
	reading_begin(&o->reading, r, NULL);
	return o;
}

int outflow_send(struct request *r, const struct outflow_form *form, const struct object_filter *filter)
{
	int64_t until = filter->until_seq;
	struct warned warned = {.way = form->way};
	int err = look_before(r, form, &warned, &until);
	if (err != HN_OK || answer_is_sent(r))
		return err;
	struct outflow *o = make(r, form);
	if (o == NULL)
		return HN_ENOMEM;
	r->state = o;
	o->warned = warned;
	o->filter = *filter;
	o->filter.content = true;
	o->filter.until_seq = until;
	if (form->begin != NULL)
		form->begin(o);
	return answer_stream(r, 200, form->media, give);
}

void outflow_free(struct request *r)
{
	struct outflow *o = r->state;
	if (o == NULL)
		return;
	r->state = NULL;
	request_count(r, o->count);
	pthread_mutex_lock(&o->noting->lock);
	o->noting->request = NULL;
	bool last = !o->noting->pending;
	pthread_mutex_unlock(&o->noting->lock);
	if (last)
		noting_free(o->noting);
	if (o->form->free_extra != NULL)
		o->form->free_extra(o->extra);
	buf_clear(&o->text);
	free(o);
}
