/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/request.h"

#include <assert.h>
#include <string.h>

#include "http/answer.h"
#include "http/connection.h"
#include "http/negotiate.h"
#include "http/tls.h"
#include "http/worker.h"

const char *request_header(const struct request *r, const char *name, size_t *len_out)
{
	const struct head_field *f = head_find(&exchange_of_const(r)->head, name);
	if (!f)
		return NULL;
	if (len_out)
		*len_out = f->value_len;
	return f->value;
}

const struct peer *request_peer(const struct request *r)
{
	const struct tls *tls = exchange_of_const(r)->connection->tls;
	return tls ? tls_peer(tls) : NULL;
}

bool request_accepts(const struct request *r, const char *media)
{
	size_t len;
	const char *accept = request_header(r, "Accept", &len);
	return !accept || negotiate_quality(accept, len, media, strlen(media)) > 0;
}

bool request_has_etag(const struct request *r, const char *etag)
{
	size_t len;
	const char *list = request_header(r, "If-None-Match", &len);
	return list && negotiate_etag(list, len, etag, true);
}

int request_if_match(struct request *r, const char *etag, bool required)
{
	size_t len;
	const char *list = request_header(r, "If-Match", &len);
	if (!list && !required)
		return HN_OK;
	if (!list) {
		(void)answer_problem(r, 428, "if-match-required", NULL);
		return HN_ESTATE;
	}
	if (etag && negotiate_etag(list, len, etag, false))
		return HN_OK;
	(void)answer_problem(r, 412, "changed", NULL);
	return HN_ESTATE;
}

const char *request_method(const struct request *r, size_t *len_out)
{
	const struct head *h = &exchange_of_const(r)->head;
	*len_out = h->method ? h->method_len : 0;
	return h->method ? h->method : "";
}

const char *request_query_text(const struct request *r, size_t *len_out)
{
	const struct head *h = &exchange_of_const(r)->head;
	*len_out = h->query ? h->query_len : 0;
	return h->query;
}

void request_count(struct request *r, uint64_t objects)
{
	exchange_of(r)->objects += objects;
}

void request_wait(struct request *r)
{
	struct exchange *e = exchange_of(r);
	assert(!e->waiting);
	e->waiting = true;
}

void request_resume(struct request *r, int (*again)(struct request *r))
{
	struct exchange *e = exchange_of(r);
	worker_queue(e->worker, e, true, again);
}
