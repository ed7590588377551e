/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "http/answer.h"
#include "http/route.h"
#include "hub/hub.h"
#include "hub/record/record.h"
#include "hub/request/request_store.h"
#include "store/asker.h"
#include "store/store.h"

#define RECORD_MAX (1u << 20)

int request_read(struct request *r, struct reader **out)
{
	return store_read(hub_of(r)->store, r->who.asker, out);
}

int request_read_feed(struct request *r, struct reader **out)
{
	const struct asker *asker = r->who.asker;
	if (asker->authorization_count == 0)
		return request_read(r, out);
	struct asker feed = *asker;
	feed.authorization_count = 0;
	return store_read(hub_of(r)->store, &feed, out);
}

/* ---- what was read, in the ledger ---- */

int request_note_read(struct request *r, const uint8_t digest[32], uint64_t count,
		      const char *highest_marking)
{
	struct buf *b = &r->note;
	char hex[65];
	hex_encode(digest, 32, hex);
	buf_addf(b, "%s{\"digest\":\"%s\",\"count\":%llu,\"marking\":", b->len > 0 ? "," : "", hex,
		 (unsigned long long)count);
	buf_json_string(b, highest_marking, strlen(highest_marking));
	buf_addc(b, '}');
	return buf_err(b);
}

static const char *name_of(const struct route *route)
{
	return route->operation ? route->operation : route->pattern;
}

static int note_kept(struct request *r)
{
	(void)r;
	return HN_OK;
}

static int note_lost(struct request *r)
{
	answer_restart(r);
	return answer_problem(r, 503, "ledger", NULL);
}

static void note_done(void *context, int err)
{
	struct request *r = context;
	request_resume(r, err == HN_OK ? note_kept : note_lost);
}

void request_seal(struct request *r)
{
	char uid[UUID_TEXT_SIZE], account[UUID_TEXT_SIZE];
	struct buf b;
	if (r->note.len == 0)
		return;
	uuid_format(&r->uid, uid);
	uuid_format(&r->who.account, account);
	buf_init(&b, RECORD_MAX);
	buf_addf(&b, "{\"account\":\"%s\",\"operation\":\"%s\",\"reads\":[", account, name_of(r->route));
	buf_add(&b, r->note.data, r->note.len);
	buf_addf(&b, "],\"request\":\"%s\"}", uid);
	buf_reset(&r->note);
	int rc = buf_err(&b);
	request_wait(r);
	if (rc == HN_OK)
		rc = record_append(hub_of(r)->record, "hub.read", b.data, b.len, note_done, r);
	buf_clear(&b);
	if (rc != HN_OK)
		request_resume(r, note_lost);
}

/* ---- the access log ---- */

void request_log(const struct request *r, const struct request_end *end)
{
	const struct hub *hub = hub_of(r);
	char method[33];
	size_t len;
	const char *asked = request_method(r, &len);
	if (!hub->record || (r->route && (r->route->flags & ROUTE_UNLOGGED)))
		return;
	(void)snprintf(method, sizeof(method), "%.*s", (int)len, asked);
	const struct access_entry entry = {
		.time_ns = r->received_ns,
		.duration_ns = end->duration_ns,
		.request = &r->uid,
		.account = r->who.signed_in ? &r->who.account : NULL,
		.address = &r->address,
		.method = method,
		.route = r->route ? name_of(r->route) : "",
		.how = r->who.how,
		.status = end->status,
		.objects = end->objects,
		.bytes_in = end->bytes_in,
		.bytes_out = end->bytes_out,
	};
	record_access(hub->record, &entry);
}
