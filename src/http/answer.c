/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/answer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "http/negotiate.h"
#include "http/worker.h"

static const struct {
	unsigned status;
	const char *reason; /* on the status line */
	const char *en, *ja;
} statuses[] = {
	{200, "OK", NULL, NULL},
	{201, "Created", NULL, NULL},
	{202, "Accepted", NULL, NULL},
	{204, "No Content", NULL, NULL},
	{304, "Not Modified", NULL, NULL},
	{400, "Bad Request", "The request is not well formed", "リクエストの形式が正しくない"},
	{401, "Unauthorized", "Sign in first", "認証が必要"},
	{403, "Forbidden", "You may not do this", "この操作の権限がない"},
	{404, "Not Found", "There is nothing here", "見つからない"},
	{405, "Method Not Allowed", "This method is not possible here", "このメソッドは使えない"},
	{406, "Not Acceptable", "There is no form that you accept", "受け入れられる形式がない"},
	{408, "Request Timeout", "The request came too slowly", "リクエストの受信が遅すぎる"},
	{409, "Conflict", "It contradicts what is there", "現在の状態と矛盾する"},
	{411, "Length Required", "The length is missing", "長さの指定がない"},
	{412, "Precondition Failed", "It was changed meanwhile", "その間に変更された"},
	{413, "Content Too Large", "It is too large", "大きすぎる"},
	{414, "URI Too Long", "The address is too long", "URIが長すぎる"},
	{415, "Unsupported Media Type", "This kind of content is not taken", "この種類の内容は受け付けない"},
	{417, "Expectation Failed", "The expectation cannot be met", "Expectの要求を満たせない"},
	{422, "Unprocessable Content", "The content does not hold", "内容に誤りがある"},
	{428, "Precondition Required", "Say which version you change (If-Match)",
	 "変更する版を If-Match で示すこと"},
	{429, "Too Many Requests", "Too many requests; wait a while",
	 "リクエストが多すぎる。しばらく待つこと"},
	{431, "Request Header Fields Too Large", "The header is too large", "ヘッダーが大きすぎる"},
	{500, "Internal Server Error", "An error of ours; it is in the log", "内部エラー。記録した"},
	{501, "Not Implemented", "This is not supported", "対応していない"},
	{503, "Service Unavailable", "Not possible at the moment; try again",
	 "現在は利用できない。後でやり直すこと"},
	{505, "HTTP Version Not Supported", "This version of HTTP is not spoken here",
	 "このバージョンのHTTPには対応していない"},
	{507, "Insufficient Storage", "The disk is full; reading still works",
	 "ディスクに空きがない。読み取りはできる"},
};

#define STATUS_COUNT (sizeof(statuses) / sizeof(statuses[0]))

static const char *reason_of(unsigned status)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (statuses[i].status == status)
			return statuses[i].reason;
	return "";
}

const char *answer_title(unsigned status)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (statuses[i].status == status && statuses[i].en)
			return tr(statuses[i].en, statuses[i].ja);
	return hn_strerror(HN_EIO);
}

void answer_clear(struct exchange *e)
{
	e->answered = e->is_problem = e->change_holds = false;
	e->status = 0;
	e->media = NULL;
	e->etag[0] = e->cache[0] = '\0';
	e->policy = NULL;
	e->more = NULL;
	buf_reset(&e->fields);
	buf_reset(&e->body);
}

struct buf *answer_body(struct request *r)
{
	return &exchange_of(r)->body;
}

bool answer_is_sent(const struct request *r)
{
	return exchange_of_const(r)->answered;
}

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

void answer_header(struct request *r, const char *name, const char *value)
{
	struct buf *b = &exchange_of(r)->fields;
	assert(is_clean(name) && is_clean(value));
	buf_adds(b, name);
	buf_adds(b, ": ");
	buf_adds(b, value);
	buf_adds(b, "\r\n");
}

void answer_etag(struct request *r, const char *etag)
{
	struct exchange *e = exchange_of(r);
	assert(is_clean(etag) && strlen(etag) < sizeof(e->etag));
	(void)snprintf(e->etag, sizeof(e->etag), "%s", etag);
}

void answer_cache(struct request *r, const char *cache_control)
{
	struct exchange *e = exchange_of(r);
	assert(is_clean(cache_control) && strlen(cache_control) < sizeof(e->cache));
	(void)snprintf(e->cache, sizeof(e->cache), "%s", cache_control);
}

void answer_policy(struct request *r, const char *policy)
{
	assert(is_clean(policy));
	exchange_of(r)->policy = policy;
}

int answer_send(struct request *r, unsigned status, const char *media)
{
	struct exchange *e = exchange_of(r);
	assert(!e->answered);
	if (buf_err(&e->body) != HN_OK || buf_err(&e->fields) != HN_OK)
		return answer_problem(r, 500, "internal", NULL);
	e->answered = true;
	e->status = status;
	if (status == 200 && r->method == HTTP_GET && e->etag[0] && request_has_etag(r, e->etag))
		e->status = 304;
	if (e->status == 204 || e->status == 304)
		buf_reset(&e->body);
	else
		e->media = media ? media : "application/json";
	return HN_OK;
}

int answer_created(struct request *r, const char *location)
{
	answer_header(r, "Location", location);
	return answer_send(r, 201, NULL);
}

int answer_stream(struct request *r, unsigned status, const char *media,
		  ssize_t (*more)(struct request *r, char *room, size_t size))
{
	struct exchange *e = exchange_of(r);
	int rc = answer_send(r, status, media);
	if (e->status == status)
		e->more = more;
	return rc;
}

void answer_wake(struct request *r)
{
	struct exchange *e = exchange_of(r);
	worker_queue(e->worker, e, false, NULL);
}

/* ---- kept answers ---- */

bool answer_look(const struct request *r, struct answer_told *out)
{
	const struct exchange *e = exchange_of_const(r);
	*out = (struct answer_told){
		.status = e->status,
		.problem = e->is_problem,
		.change_holds = e->change_holds,
		.media = e->media,
		.etag = e->etag,
		.fields = &e->fields,
		.body = &e->body,
	};
	return e->answered;
}

void answer_fields(struct request *r, const struct buf *lines)
{
	buf_add(&exchange_of(r)->fields, lines->data, lines->len);
}

void answer_restart(struct request *r)
{
	struct exchange *e = exchange_of(r);
	answer_clear(e);
	buf_reset(&e->errors);
}

/* ---- problems ---- */

static void add_member(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, "\"%s\":", name);
	buf_json_string(b, text, strlen(text));
}

void answer_error_at(struct request *r, const char *pointer, const char *detail)
{
	struct buf *b = &exchange_of(r)->errors;
	bool parameter = pointer[0] != '\0' && pointer[0] != '/';
	buf_adds(b, b->len > 0 ? ",{" : "{");
	add_member(b, parameter ? "parameter" : "pointer", pointer);
	buf_addc(b, ',');
	add_member(b, "detail", detail);
	buf_addc(b, '}');
}

static void write_problem(struct exchange *e, unsigned status, const char *type, const char *detail)
{
	struct buf *b = &e->body;
	buf_addf(b, "{\"type\":\"urn:hinomi:problem:%s\",", type);
	add_member(b, "title", answer_title(status));
	buf_addf(b, ",\"status\":%u", status);
	if (detail && detail[0]) {
		buf_addc(b, ',');
		add_member(b, "detail", detail);
	}
	if (e->errors.len > 0 && buf_err(&e->errors) == HN_OK) {
		buf_adds(b, ",\"errors\":[");
		buf_add(b, e->errors.data, e->errors.len);
		buf_addc(b, ']');
	}
	buf_addc(b, '}');
}

int answer_problem(struct request *r, unsigned status, const char *type, const char *detail)
{
	struct exchange *e = exchange_of(r);
	buf_reset(&e->body);
	e->etag[0] = e->cache[0] = '\0';
	e->more = NULL;
	e->answered = e->is_problem = true;
	e->status = status;
	e->media = "application/problem+json";
	if (r->route && (r->route->flags & ROUTE_OWN_ERRORS) && r->route->problem)
		r->route->problem(r, status, answer_title(status), detail);
	else if (r->route || !e->worker->server->options.problem ||
		 !e->worker->server->options.problem(r, status, answer_title(status), detail))
		write_problem(e, status, type, detail);
	if (buf_err(&e->body) != HN_OK)
		buf_reset(&e->body);
	return HN_OK;
}

void answer_keep_change(struct request *r)
{
	exchange_of(r)->change_holds = true;
}

void answer_media(struct request *r, const char *media)
{
	exchange_of(r)->media = media;
}

/* A place in the body or a parameter is named by itself; another one ("line 1, column 4") is of the body. */
static bool is_named(const char *place)
{
	return place[0] == '/' ||
	       place[strspn(place, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-[]")] == '\0';
}

/* Tells what is wrong and where: in "errors" for programs, in one text for people. */
static const char *tell_fault(struct request *r, char *text, size_t size)
{
	const struct fault *f = &r->fault;
	if (f->place[0] == '\0')
		return f->message;
	(void)snprintf(text, size, "%s: %s", f->place, f->message);
	answer_error_at(r, is_named(f->place) ? f->place : "", is_named(f->place) ? f->message : text);
	return text;
}

int answer_failed(struct request *r, int err)
{
	static const struct {
		int err;
		unsigned status;
		const char *type;
	} rows[] = {
		{HN_ENOENT, 404, "not-found"},  {HN_EAUTH, 403, "not-allowed"},
		{HN_EFORMAT, 400, "malformed"}, {HN_ETRUNC, 400, "malformed"},
		{HN_ELIMIT, 413, "too-large"},  {HN_EEXIST, 409, "exists"},
		{HN_ESTATE, 409, "state"},      {HN_EUNSUPPORTED, 415, "unsupported"},
		{HN_ENOSPC, 507, "disk-full"},  {HN_EIO, 503, "unavailable"},
		{HN_ENOMEM, 503, "no-memory"},
	};
	struct exchange *e = exchange_of(r);
	char text[sizeof(r->fault) + 4];
	if (e->answered && e->is_problem)
		return HN_OK;
	/* What is not there and what may not be seen look the same, also here. */
	const char *told = NULL;
	if (err != HN_ENOENT && r->fault.message[0] != '\0')
		told = tell_fault(r, text, sizeof(text));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].err == err)
			return answer_problem(r, rows[i].status, rows[i].type, told);
	return answer_problem(r, 500, "internal", NULL);
}

/* ---- the head ---- */

static void add_number(struct buf *b, uint64_t n)
{
	char text[24];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(b, text + at, sizeof(text) - at);
}

static void add_field(struct buf *b, const char *name, const char *value)
{
	buf_adds(b, name);
	buf_adds(b, value);
	buf_adds(b, "\r\n");
}

static void add_length(const struct exchange *e, bool chunked, struct buf *b)
{
	if (chunked) {
		buf_adds(b, "Transfer-Encoding: chunked\r\n");
	} else if (e->status != 204 && e->status != 304 && !e->more) {
		buf_adds(b, "Content-Length: ");
		add_number(b, e->body.len);
		buf_adds(b, "\r\n");
	}
}

void answer_head(struct exchange *e, bool keep, bool chunked, const char *date)
{
	struct buf *b = &e->wire;
	char uid[UUID_TEXT_SIZE];
	buf_reset(b);
	e->wire_at = e->body_at = 0;
	buf_adds(b, "HTTP/1.1 ");
	add_number(b, e->status);
	buf_addc(b, ' ');
	add_field(b, "", reason_of(e->status));
	add_field(b, "Date: ", date);
	if (e->media)
		add_field(b, "Content-Type: ", e->media);
	add_length(e, chunked, b);
	if (e->etag[0]) {
		buf_adds(b, "ETag: \"");
		buf_adds(b, e->etag);
		buf_adds(b, "\"\r\n");
	}
	add_field(b, "Cache-Control: ", e->cache[0] ? e->cache : "no-store");
	if (e->cache[0])
		buf_adds(b, "Vary: Accept, Accept-Language, Authorization\r\n");
	if (e->is_problem)
		add_field(b, "Content-Language: ", e->pub.lang == LANG_JA ? "ja" : "en");
	uuid_format(&e->pub.uid, uid);
	add_field(b, "X-Request-Id: ", uid);
	buf_adds(b, "X-Content-Type-Options: nosniff\r\n");
	add_field(b, "Content-Security-Policy: ",
		  e->policy ? e->policy : "default-src 'none'; frame-ancestors 'none'");
	if (e->fields.len > 0)
		buf_add(b, e->fields.data, e->fields.len);
	if (!keep)
		buf_adds(b, "Connection: close\r\n");
	else if (e->head.http_10)
		buf_adds(b, "Connection: keep-alive\r\n");
	buf_adds(b, "\r\n");
}
