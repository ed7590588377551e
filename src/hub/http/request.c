/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/http/request.h"

#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "base/lang.h"
#include "hub/http/answer.h"
#include "hub/http/negotiate.h"
#include "hub/http/worker.h"
#include "hub/hub.h"
#include "store/store.h"

const char *request_header(const struct request *r, const char *name, size_t *len_out)
{
	const struct head_field *f = head_find(&exchange_of_const(r)->head, name);
	if (!f)
		return NULL;
	if (len_out)
		*len_out = f->value_len;
	return f->value;
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

int request_read(struct request *r, struct reader **out)
{
	return store_read(r->hub->store, r->who.asker, out);
}

int request_read_feed(struct request *r, struct reader **out)
{
	const struct asker *asker = r->who.asker;
	if (asker->authorization_count == 0)
		return request_read(r, out);
	struct asker feed = *asker;
	feed.authorization_count = 0;
	return store_read(r->hub->store, &feed, out);
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

int request_note_read(struct request *r, const uint8_t digest[32], uint64_t count,
		      const char *highest_marking)
{
	struct buf *b = &exchange_of(r)->note;
	char hex[65];
	hex_encode(digest, 32, hex);
	buf_addf(b, "%s{\"digest\":\"%s\",\"count\":%llu,\"marking\":", b->len > 0 ? "," : "", hex,
		 (unsigned long long)count);
	buf_json_string(b, highest_marking, strlen(highest_marking));
	buf_addc(b, '}');
	return buf_err(b);
}
