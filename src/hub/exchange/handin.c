/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/handin.h"

#include <stdlib.h>

#include "http/answer.h"
#include "hub/hub.h"

struct handin {
	struct request *r;
	const struct handin_how *how;
	struct intake *intake;
	int (*again)(struct request *r); /* after a rest: NULL between pieces */
	bool ended;                      /* all pieces were fed */
	_Alignas(max_align_t) uint8_t extra[];
};

static void ready(void *context)
{
	struct handin *h = context;
	request_resume(h->r, h->again);
}

static int begin(struct request *r, const struct handin_how *how)
{
	struct intake_terms terms;
	int err = how->terms(r, &terms);
	if (err != HN_OK)
		return err;
	struct handin *h = calloc(1, sizeof(*h) + how->extra);
	if (h == NULL)
		return HN_ENOMEM;
	h->r = r;
	h->how = how;
	r->state = h;
	err = intake_new(hub_of(r)->store, &terms, ready, h, &h->intake);
	if (err == HN_OK)
		intake_on_taken(h->intake, how->taken, h->extra);
	return err;
}

/* On INTAKE_WAIT the request rests; the intake resumes it. */
static int rest(struct handin *h, int err)
{
	if (err != INTAKE_WAIT)
		return err;
	request_wait(h->r);
	intake_wait(h->intake);
	return HN_OK;
}

/* Bytes as they came, or what is made of them. */
static int feed(struct handin *h, const uint8_t *data, size_t len, bool last)
{
	const char *out = (const char *)data;
	size_t out_len = len;
	int err = HN_OK;
	if (h->how->through != NULL)
		err = h->how->through(h->r, h->extra, data, len, last, &out, &out_len);
	return err == HN_OK ? intake_feed(h->intake, out, out_len, &h->r->fault) : err;
}

int handin_piece(struct request *r, const struct handin_how *how, const uint8_t *data, size_t len)
{
	int err = r->state == NULL ? begin(r, how) : HN_OK;
	if (err != HN_OK)
		return err;
	return rest(r->state, feed(r->state, data, len, false));
}

static int end(struct request *r)
{
	struct handin *h = r->state;
	h->again = end;
	int err = HN_OK;
	if (!h->ended && h->how->through != NULL)
		err = feed(h, NULL, 0, true);
	h->ended = true;
	if (err == HN_OK)
		err = intake_end(h->intake, &r->fault);
	return err == HN_OK ? h->how->finish(r, h) : rest(h, err);
}

int handin_end(struct request *r, const struct handin_how *how)
{
	int err = r->state == NULL ? begin(r, how) : HN_OK; /* a body without a byte */
	return err == HN_OK ? end(r) : answer_is_sent(r) ? HN_OK : err;
}

void handin_free(struct request *r)
{
	struct handin *h = r->state;
	if (h == NULL)
		return;
	intake_free(h->intake);
	if (h->how->free_extra != NULL)
		h->how->free_extra(h->extra);
	free(h);
	r->state = NULL;
}

void handin_result(const struct handin *h, struct intake_result *out)
{
	intake_result(h->intake, out);
}

void *handin_extra(struct handin *h)
{
	return h->extra;
}
