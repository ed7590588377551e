/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/doh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <nghttp2/nghttp2.h>
#include <sodium.h>

#include "wire/dns_rr.h"

#define PATH          "/dns-query"
#define PATH_LEN      (sizeof(PATH) - 1)
#define MEDIA_TYPE    "application/dns-message"
#define HEADERS_MAX   64 /* fields of a request */
#define HEADER_BYTES  (DOH_PATH_MAX + 4096)
#define WINDOW        (64u << 10)
#define RESET_BURST   100 /* stream resets at once, */
#define RESET_RATE    33  /* and a second */
#define CONTINUATIONS 4
#define SETTINGS_MAX  32
#define ACKS_MAX      100 /* of pings and settings that wait to be sent */

/* One request. */
struct request {
	struct request *next, *previous;
	int32_t id;
	bool get, post, typed, too_long, too_large;
	bool answered;
	unsigned fields;
	size_t header_bytes;
	size_t path_len;
	size_t body_len;
	char *path;
	uint8_t *body;
	uint8_t *answer;
	size_t answer_len, answer_at;
};

struct doh {
	struct connection *connection;
	nghttp2_session *session;
	struct request *requests;
	size_t answers; /* bytes of those that the client has not taken, */
	size_t asked;   /* and of what it sent */
	bool failed;
};

int doh_target_read(const char *path, size_t len, struct doh_target *out)
{
	*out = (struct doh_target){0};
	const char *end = path + len;
	const char *query = memchr(path, '?', len);
	const char *stop = query ? query : end;
	if (len < PATH_LEN || memcmp(path, PATH, PATH_LEN) != 0)
		return HN_ENOENT;
	const char *at = path + PATH_LEN;
	if (at < stop) {
		if (*at != '/' || memchr(at + 1, '/', (size_t)(stop - at - 1)))
			return HN_ENOENT;
		out->token = at + 1;
		out->token_len = (size_t)(stop - at - 1);
	}
	for (at = query ? query + 1 : end; at < end;) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		size_t size = (size_t)((next ? next : end) - at);
		if (size >= 4 && memcmp(at, "dns=", 4) == 0) {
			if (out->question)
				return HN_EFORMAT;
			out->question = at + 4;
			out->question_len = size - 4;
		}
		at += size + 1;
	}
	return HN_OK;
}

static void free_request(struct doh *d, struct request *r)
{
	if (!r)
		return;
	if (r->previous)
		r->previous->next = r->next;
	else
		d->requests = r->next;
	if (r->next)
		r->next->previous = r->previous;
	d->answers -= r->answer_len;
	d->asked -= r->path_len + (r->body ? DOH_BODY_MAX : 0);
	free(r->path);
	free(r->body);
	free(r->answer);
	free(r);
}

/* ---- answering ---- */

static ssize_t give_answer(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
			   nghttp2_data_source *source, void *context)
{
	struct request *r = source->ptr;
	(void)session;
	(void)id;
	(void)context;
	size_t left = r->answer_len - r->answer_at;
	size_t n = left < room ? left : room;
	memcpy(out, r->answer + r->answer_at, n);
	r->answer_at += n;
	if (r->answer_at == r->answer_len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define FIELD(field_name, field_value, field_len)                                                            \
	(nghttp2_nv)                                                                                         \
	{                                                                                                    \
		(uint8_t *)(uintptr_t)(field_name), (uint8_t *)(uintptr_t)(field_value), strlen(field_name), \
			(field_len), NGHTTP2_NV_FLAG_NONE                                                    \
	}

static void give_status(struct doh *d, struct request *r, unsigned status)
{
	char text[8];
	int len = snprintf(text, sizeof(text), "%u", status);
	const nghttp2_nv fields[] = {FIELD(":status", text, (size_t)len)};
	if (nghttp2_submit_response(d->session, r->id, fields, 1, NULL) != 0)
		d->failed = true;
	r->answered = true;
}

/* RFC 8484, 5.1: an answer is fresh no longer than its record of the lowest time to live. */
static uint32_t freshness(const uint8_t *message, size_t len)
{
	struct dns_walk walk;
	struct dns_rr rr;
	uint32_t lowest = UINT32_MAX;
	if (dns_walk_init(&walk, message, len) != HN_OK)
		return 0;
	while (dns_walk_next(&walk, &rr) == HN_OK)
		if (rr.type != DNS_TYPE_OPT && rr.ttl < lowest)
			lowest = rr.ttl;
	return lowest == UINT32_MAX ? 0 : lowest;
}

static void give_message(struct doh *d, struct request *r, const uint8_t *message, size_t len)
{
	char age[32], length[16];
	bool room = len <= DOH_HELD_MAX - d->answers;
	r->answer = room ? malloc(len) : NULL;
	if (!r->answer) {
		give_status(d, r, 503);
		return;
	}
	memcpy(r->answer, message, len);
	r->answer_len = len;
	d->answers += len;
	int age_len = snprintf(age, sizeof(age), "max-age=%u", (unsigned)freshness(message, len));
	int length_len = snprintf(length, sizeof(length), "%zu", len);
	const nghttp2_nv fields[] = {
		FIELD(":status", "200", 3),
		FIELD("content-type", MEDIA_TYPE, sizeof(MEDIA_TYPE) - 1),
		FIELD("content-length", length, (size_t)length_len),
		FIELD("cache-control", age, (size_t)age_len),
	};
	const nghttp2_data_provider body = {.source.ptr = r, .read_callback = give_answer};
	if (nghttp2_submit_response(d->session, r->id, fields, sizeof(fields) / sizeof(fields[0]), &body) !=
	    0)
		d->failed = true;
	r->answered = true;
}

static void give(struct doh *d, struct request *r, const uint8_t *message, size_t len)
{
	if (len > 0)
		give_message(d, r, message, len);
	else
		give_status(d, r, 403); /* policy says that there is no answer */
}

/* ---- asking ---- */

/* The message that was sent, in the body or in the path. @return its length; 0: status says what is wrong */
static size_t question_of(struct request *r, const struct doh_target *target, uint8_t out[DOH_BODY_MAX],
			  unsigned *status)
{
	size_t len = 0;
	*status = 400;
	if (r->get) {
		if (!target->question ||
		    sodium_base642bin(out, DOH_BODY_MAX, target->question, target->question_len, NULL, &len,
				      NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
			return 0;
		return len;
	}
	if (!r->typed) {
		*status = 415;
		return 0;
	}
	if (r->body_len > 0)
		memcpy(out, r->body, r->body_len);
	return r->body_len;
}

/* What speaks against the request before its question is read: a status, or 0. */
static unsigned objection(const struct doh *d, const struct request *r, struct doh_target *target,
			  struct asker *asker)
{
	if (r->too_long)
		return 414;
	if (r->too_large)
		return 413;
	if (!r->path)
		return 400;
	int rc = doh_target_read(r->path, r->path_len, target);
	if (rc != HN_OK)
		return rc == HN_ENOENT ? 404 : 400;
	if (!r->get && !r->post)
		return 405;
	if (target->token_len > 0) {
		groups_print_token(target->token, target->token_len, asker->print);
		asker->proof = ASKER_TOKEN;
	}
	/* A token that is none looks like a path that is none. */
	if (connection_group(d->connection, asker) == GROUP_NONE)
		return target->token_len > 0 ? 404 : 403;
	return 0;
}

static void ask(struct doh *d, struct request *r)
{
	struct connection *c = d->connection;
	struct doh_target target = {0};
	struct asker asker = c->asker;
	uint8_t message[DOH_BODY_MAX];
	size_t len = 0;
	unsigned status = objection(d, r, &target, &asker);
	if (status == 0)
		len = question_of(r, &target, message, &status);
	if (len == 0) {
		give_status(d, r, status);
		return;
	}
	struct exchange_unit unit = {.asked = {.asker = asker, .message = message, .len = len}};
	connection_touch(c);
	if (!connection_ask(c, &unit, r->id))
		return;
	if (unit.out_len == 0 && unit.verdict == DNS_VERDICT_DROP)
		give_status(d, r, 400);
	else
		give(d, r, unit.out, unit.out_len);
}

void doh_answer(struct doh *d, int32_t stream_id, const uint8_t *message, size_t len)
{
	struct request *r = nghttp2_session_get_stream_user_data(d->session, stream_id);
	if (r && !r->answered)
		give(d, r, message, len);
}

/* ---- what nghttp2 tells ---- */

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct doh *d = context;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct request *r = calloc(1, sizeof(*r));
	if (!r)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	r->id = frame->hd.stream_id;
	r->next = d->requests;
	if (r->next)
		r->next->previous = r;
	d->requests = r;
	if (nghttp2_session_set_stream_user_data(session, r->id, r) == 0)
		return 0;
	free_request(d, r);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static bool is(const uint8_t *text, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(text, what, len) == 0;
}

static int on_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		    size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *context)
{
	struct doh *d = context;
	(void)flags;
	struct request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	/* What stands behind a body says nothing of the request. */
	if (!r || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	r->header_bytes += name_len + value_len;
	if (++r->fields > HEADERS_MAX || r->header_bytes > HEADER_BYTES)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (is(name, name_len, ":method")) {
		r->get = is(value, value_len, "GET");
		r->post = is(value, value_len, "POST");
	} else if (is(name, name_len, "content-type")) {
		r->typed = value_len == sizeof(MEDIA_TYPE) - 1 &&
			   strncasecmp((const char *)value, MEDIA_TYPE, value_len) == 0;
	} else if (is(name, name_len, ":path") && !r->path) {
		if (value_len > DOH_PATH_MAX) {
			r->too_long = true;
			value_len = 0;
		}
		r->path = malloc(value_len + 1);
		if (!r->path)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		memcpy(r->path, value, value_len);
		r->path_len = value_len;
		d->asked += value_len;
	}
	return 0;
}

static int on_body(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len,
		   void *context)
{
	struct doh *d = context;
	(void)flags;
	struct request *r = nghttp2_session_get_stream_user_data(session, id);
	if (!r || r->too_large)
		return 0;
	if (len > DOH_BODY_MAX - r->body_len) {
		r->too_large = true;
		return 0;
	}
	if (!r->body) {
		r->body = malloc(DOH_BODY_MAX);
		if (!r->body)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		d->asked += DOH_BODY_MAX;
	}
	memcpy(r->body + r->body_len, data, len);
	r->body_len += len;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
	struct doh *d = context;
	bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
	if (!may_end || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	struct request *r = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (r && !r->answered)
		ask(d, r);
	return 0;
}

static int on_stream_end(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
	(void)code;
	struct doh *d = context;
	struct request *r = nghttp2_session_get_stream_user_data(session, id);
	(void)nghttp2_session_set_stream_user_data(session, id, NULL);
	free_request(d, r);
	return 0;
}

static int make_session(struct doh *d)
{
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int rc = HN_ENOMEM;
	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
		goto out;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_field);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_body);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_end);
	nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
	nghttp2_option_set_max_continuations(option, CONTINUATIONS);
	nghttp2_option_set_max_settings(option, SETTINGS_MAX);
	nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
	nghttp2_option_set_no_closed_streams(option, 1);
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, DOH_STREAMS_MAX},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_BYTES},
		{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
	};
	if (nghttp2_session_server_new2(&d->session, callbacks, d, option) == 0 &&
	    nghttp2_submit_settings(d->session, NGHTTP2_FLAG_NONE, settings,
				    sizeof(settings) / sizeof(settings[0])) == 0)
		rc = HN_OK;
out:
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return rc;
}

int doh_new(struct connection *c, struct doh **out)
{
	struct doh *d = calloc(1, sizeof(*d));
	if (!d)
		return HN_ENOMEM;
	d->connection = c;
	int rc = make_session(d);
	if (rc != HN_OK) {
		doh_free(d);
		return rc;
	}
	*out = d;
	return HN_OK;
}

void doh_free(struct doh *d)
{
	if (!d)
		return;
	nghttp2_session_del(d->session);
	for (struct request *r = d->requests, *next; r; r = next) {
		next = r->next;
		free_request(d, r);
	}
	free(d);
}

bool doh_read(struct doh *d, const uint8_t *data, size_t len)
{
	ssize_t taken = nghttp2_session_mem_recv(d->session, data, len);
	if (taken < 0 || (size_t)taken != len)
		d->failed = true;
	return !d->failed;
}

bool doh_write(struct doh *d, size_t room)
{
	struct buf *out = &d->connection->out;
	while (!d->failed && out->len < room) {
		const uint8_t *data;
		ssize_t len = nghttp2_session_mem_send(d->session, &data);
		if (len < 0)
			d->failed = true;
		if (len <= 0)
			break;
		buf_add(out, data, (size_t)len);
	}
	return !d->failed;
}

bool doh_has_output(const struct doh *d)
{
	return !d->failed && nghttp2_session_want_write(d->session);
}

size_t doh_held(const struct doh *d)
{
	return d->answers + d->asked;
}

bool doh_is_over(const struct doh *d)
{
	return !nghttp2_session_want_read(d->session) && !nghttp2_session_want_write(d->session);
}
