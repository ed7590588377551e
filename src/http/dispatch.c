/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/lang.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/connection.h"
#include "http/negotiate.h"
#include "http/tls.h"
#include "http/worker.h"

#define OPTIONS_BIT 32               /* beside enum http_method */
#define STILL_NS    (60 * NS_SECOND) /* where the program says nothing */

static const struct {
	const char *name;
	unsigned bits; /* enum http_method; HEAD is a GET without its body */
} methods[] = {
	{"GET", HTTP_GET},     {"HEAD", HTTP_GET},      {"POST", HTTP_POST},      {"PUT", HTTP_PUT},
	{"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE}, {"OPTIONS", OPTIONS_BIT},
};

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

static const struct server_options *options_of(const struct exchange *e)
{
	return &e->worker->server->options;
}

/* @return 0: no method of ours */
static unsigned method_of(const struct head *head)
{
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if (head->method_len == strlen(methods[i].name) &&
		    memcmp(head->method, methods[i].name, head->method_len) == 0)
			return methods[i].bits;
	return 0;
}

/* Version 7 (RFC 9562): the time, then what nobody outside can guess. */
static struct uuid make_uid(struct worker *w)
{
	struct uuid u;
	uint64_t ms = (uint64_t)(w->wall_ns / 1000000), count = w->uid_count++, low, high;
	low = siphash24(w->uid_key, &count, sizeof(count));
	count = ~count;
	high = siphash24(w->uid_key, &count, sizeof(count));
	for (unsigned i = 0; i < 6; i++)
		u.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
	memcpy(u.bytes + 6, &high, 2);
	memcpy(u.bytes + 8, &low, 8);
	u.bytes[6] = (uint8_t)(0x70 | (u.bytes[6] & 0x0f));
	u.bytes[8] = (uint8_t)(0x80 | (u.bytes[8] & 0x3f));
	return u;
}

static bool is_proxy(const struct server_options *o, const struct ip *address)
{
	for (size_t i = 0; i < o->proxy_count; i++)
		if (ip_prefix_has(&o->proxies[i], address))
			return true;
	return false;
}

/* From the right: each proxy of ours says who came to it; the first that is none of ours is the client. */
static void read_forwarded(struct exchange *e, struct ip *address)
{
	const struct head_field *f = head_find(&e->head, "X-Forwarded-For");
	size_t len = f ? f->value_len : 0;
	while (len > 0 && is_proxy(options_of(e), address)) {
		size_t at = len;
		while (at > 0 && f->value[at - 1] != ',')
			at--;
		const char *text = f->value + at;
		size_t n = len - at;
		while (n > 0 && (*text == ' ' || *text == '\t')) {
			text++;
			n--;
		}
		while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
			n--;
		struct ip said;
		if (ip_parse(text, n, &said) != HN_OK)
			return;
		*address = said;
		len = at > 0 ? at - 1 : 0;
	}
}

const char *request_certificate(const struct request *r, size_t *len_out)
{
	const struct exchange *e = exchange_of_const(r);
	const struct server_options *o = &e->worker->server->options;
	if (o->certificate_header == NULL || !is_proxy(o, &e->connection->peer))
		return NULL;
	return request_header(r, o->certificate_header, len_out);
}

bool request_secure(const struct request *r)
{
	const struct exchange *e = exchange_of_const(r);
	size_t len = 0;
	if (e->connection->tls)
		return true;
	if (!is_proxy(options_of(e), &e->connection->peer))
		return false;
	const char *protocol = request_header(r, "X-Forwarded-Proto", &len);
	if (protocol)
		return len == 5 && strncasecmp(protocol, "https", len) == 0;
	return request_header(r, "X-Forwarded-For", NULL) != NULL;
}

bool request_handed_on(const struct request *r)
{
	const struct exchange *e = exchange_of_const(r);
	return !is_proxy(options_of(e), &e->connection->peer) &&
	       (head_find(&e->head, "X-Forwarded-For") || head_find(&e->head, "Forwarded"));
}

static enum lang language_of(const struct exchange *e)
{
	lang_reset_thread();
	enum lang own = lang_get();
	const struct head_field *f = head_find(&e->head, "Accept-Language");
	return f ? negotiate_lang(f->value, f->value_len, own) : own;
}

static void fill_request(struct exchange *e)
{
	struct request *r = &e->pub;
	r->program = options_of(e)->program;
	r->received_ns = r->asked_ns = e->worker->wall_ns;
	r->uid = make_uid(e->worker);
	r->address = e->connection->peer;
	r->path = "";
	r->lang = LANG_EN;
	e->route_index = router_count(options_of(e)->router);
}

static void allow(struct exchange *e, unsigned allowed)
{
	char text[64] = "OPTIONS";
	for (size_t i = 0; i < METHOD_COUNT; i++) {
		if ((methods[i].bits & allowed) == 0)
			continue;
		size_t len = strlen(text);
		(void)snprintf(text + len, sizeof(text) - len, ", %s", methods[i].name);
	}
	answer_header(&e->pub, "Allow", text);
}

static int find_route(struct exchange *e, struct route_found *found)
{
	struct request *r = &e->pub;
	unsigned method = method_of(&e->head);
	char *path = arena_text(r->arena, e->head.path, e->head.path_len);
	char *decoded = arena_alloc(r->arena, e->head.path_len + 1);
	if (!path || !decoded)
		return answer_failed(r, HN_ENOMEM);
	r->path = path;
	bool star = e->head.path_len == 1 && e->head.path[0] == '*';
	enum http_method asked = method == OPTIONS_BIT || method == 0 ? HTTP_GET : (enum http_method)method;
	int rc = star ? HN_OK
		      : router_find(options_of(e)->router, asked, path, e->head.path_len, decoded, found);
	if (method == 0)
		return answer_problem(r, 501, "method", NULL);
	if (rc == HN_EFORMAT)
		return answer_problem(r, 400, "path", NULL);
	if (rc != HN_OK)
		return answer_problem(r, 404, "not-found", NULL);
	if (method == OPTIONS_BIT) {
		if (!star)
			allow(e, found->allowed);
		return answer_send(r, 204, NULL);
	}
	if (!found->route) {
		(void)answer_problem(r, 405, "method", NULL);
		allow(e, found->allowed);
		return HN_OK;
	}
	return HN_OK;
}

/* ---- running ---- */

/* A handler came back. */
static void after(struct exchange *e, int rc)
{
	struct request *r = &e->pub;
	if (e->waiting)
		return;
	if (rc != HN_OK && !(e->answered && e->is_problem)) {
		answer_clear(e);
		(void)answer_failed(r, rc);
	}
	if (!e->answered)
		return;
	e->phase = PHASE_DONE;
	if (e->status < 400 && options_of(e)->seal)
		options_of(e)->seal(r);
}

static void handle(struct exchange *e)
{
	e->phase = PHASE_HANDLE;
	after(e, e->pub.route->handle(&e->pub));
	if (!e->waiting && !e->answered)
		(void)answer_problem(&e->pub, 500, "internal", NULL);
}

static void want_body(struct exchange *e)
{
	struct request *r = &e->pub;
	const struct server_options *o = options_of(e);
	const struct route *route = r->route;
	e->body_max = route->body_max ? route->body_max : route->piece ? o->bulk_max : o->body_max;
	if (e->head.body == HEAD_LENGTH && e->head.length > e->body_max) {
		(void)answer_problem(r, 413, "too-large", NULL);
		return;
	}
	if (e->head.body == HEAD_LENGTH && !route->piece &&
	    buf_reserve(&r->body, (size_t)e->head.length) != HN_OK) {
		(void)answer_failed(r, HN_ENOMEM);
		return;
	}
	e->phase = PHASE_BODY;
	if (e->head.expects_continue)
		connection_continue(e->connection);
}

/* @return whether the body's kind is one that the route takes */
static bool check_media(struct exchange *e)
{
	struct request *r = &e->pub;
	size_t type_len, len;
	const char *type = request_header(r, "Content-Type", &type_len);
	const char *media = type ? negotiate_content(type, type_len, r->route->takes, &len) : NULL;
	if (!media)
		return false;
	const char *semicolon = memchr(media, ';', len);
	r->media = arena_text(r->arena, media, semicolon ? (size_t)(semicolon - media) : len);
	return r->media != NULL;
}

static bool check_accept(struct exchange *e)
{
	struct request *r = &e->pub;
	const char *gives = r->route->gives ? r->route->gives : "application/json";
	size_t accept_len, len = strcspn(gives, "|");
	const char *accept = request_header(r, "Accept", &accept_len);
	const char *chosen = gives;
	if (accept)
		chosen = negotiate_choose(accept, accept_len, gives, &len);
	if (chosen)
		e->accepted = arena_text(r->arena, chosen, len);
	return e->accepted != NULL;
}

const char *request_gives(const struct request *r)
{
	return exchange_of_const(r)->accepted;
}

static void admit(struct exchange *e)
{
	struct request *r = &e->pub;
	if (!check_accept(e)) {
		(void)answer_problem(r, 406, "not-acceptable", NULL);
		return;
	}
	int rc = query_read(e);
	if (rc != HN_OK) {
		(void)answer_failed(r, rc);
		return;
	}
	if (e->head.body == HEAD_NO_BODY) {
		handle(e);
	} else if (!r->route->takes) {
		(void)answer_problem(r, 400, "no-body-taken", NULL);
	} else if (!check_media(e)) {
		(void)answer_problem(r, 415, "media-type", NULL);
	} else {
		want_body(e);
	}
}

static bool in_rate(struct exchange *e)
{
	struct request *r = &e->pub;
	const struct server_options *o = options_of(e);
	struct limit *limit = e->worker->server->limit;
	if (r->route->flags & ROUTE_UNLIMITED)
		return true;
	uint64_t key = r->who.limit_key ? r->who.limit_key : limit_key_of(limit, &r->address);
	uint32_t rate = r->who.limit_second ? r->who.limit_second : o->rate_second;
	uint32_t burst = r->who.limit_second > o->rate_burst ? r->who.limit_second : o->rate_burst;
	int64_t wait_us = limit_take(limit, key, rate, burst, e->worker->now_ns / 1000);
	if (wait_us == 0)
		return true;
	char text[24];
	(void)snprintf(text, sizeof(text), "%lld", (long long)((wait_us + 999999) / 1000000));
	(void)answer_problem(r, 429, "rate", NULL);
	answer_header(r, "Retry-After", text);
	return false;
}

static void ask_to_sign_in(struct exchange *e)
{
	/* A page asks by itself; offered Basic, the browser would ask for a password before the page can. */
	bool page = request_header(&e->pub, "Sec-Fetch-Mode", NULL) != NULL;
	(void)answer_problem(&e->pub, 401, "sign-in", e->pub.fault.message);
	answer_header(&e->pub, "WWW-Authenticate",
		      page ? "Bearer realm=\"hinomi\""
			   : "Bearer realm=\"hinomi\", Basic realm=\"hinomi\", charset=\"UTF-8\"");
}

static void check_rights(struct exchange *e)
{
	struct request *r = &e->pub;
	bool open = (r->route->flags & ROUTE_PUBLIC) != 0;
	if (!in_rate(e))
		return;
	if (!open && !r->who.signed_in)
		ask_to_sign_in(e);
	else if (!open && options_of(e)->allowed && !options_of(e)->allowed(r))
		(void)answer_problem(r, 403, "not-allowed", NULL);
	else
		admit(e);
}

static void identify(struct exchange *e)
{
	struct request *r = &e->pub;
	int rc = HN_OK;
	r->who = (struct request_identity){0};
	e->phase = PHASE_IDENTIFY;
	if (options_of(e)->identify)
		rc = options_of(e)->identify(r);
	if (rc == IDENTIFY_LATER || e->answered)
		return;
	/* That the process lives is told also while nobody can be known, since the database is away. */
	const unsigned health = ROUTE_PUBLIC | ROUTE_UNLIMITED | ROUTE_UNLOGGED;
	if (rc == HN_EIO && (r->route->flags & health) == health && !r->who.signed_in)
		rc = HN_OK;
	if (rc == HN_EAUTH) {
		if (in_rate(e))
			ask_to_sign_in(e);
	} else if (rc == HN_ELIMIT) {
		(void)answer_problem(r, 429, "rate", r->fault.message);
		answer_header(r, "Retry-After", "1");
	} else if (rc != HN_OK) {
		(void)answer_failed(r, rc);
	} else {
		check_rights(e);
	}
}

void exchange_begin(struct exchange *e, unsigned status)
{
	struct request *r = &e->pub;
	struct route_found found = {.route = NULL};
	fill_request(e);
	if (status != 0) {
		e->head.field_count = 0;
		e->head.method_len = 0;
		e->head.http_10 = false;
		(void)answer_problem(r, status, "request", NULL);
		return;
	}
	read_forwarded(e, &r->address);
	r->lang = language_of(e);
	lang_set_thread(r->lang);
	if (e->connection->tls && !tls_peer_holds(e->connection->tls)) {
		e->connection->keep = false;
		(void)answer_problem(r, 403, "certificate", NULL);
		return;
	}
	(void)find_route(e, &found);
	if (e->answered)
		return;
	assert(found.route);
	r->route = found.route;
	r->method = found.route->method;
	e->route_index = found.index;
	r->param_count = found.param_count;
	memcpy(r->params, found.params, found.param_count * sizeof(found.params[0]));
	identify(e);
}

void exchange_piece(struct exchange *e, const uint8_t *data, size_t len)
{
	struct request *r = &e->pub;
	e->body_seen += len;
	if (e->body_seen > e->body_max) {
		(void)answer_problem(r, 413, "too-large", NULL);
		return;
	}
	if (!r->route->piece) {
		buf_add(&r->body, data, len);
		if (buf_err(&r->body) != HN_OK)
			(void)answer_failed(r, HN_ENOMEM);
		return;
	}
	lang_set_thread(r->lang);
	int rc = r->route->piece(r, data, len);
	if (rc != HN_OK)
		after(e, rc);
}

void exchange_body_end(struct exchange *e)
{
	lang_set_thread(e->pub.lang);
	handle(e);
}

void exchange_resumed(struct exchange *e)
{
	struct request *r = &e->pub;
	int (*again)(struct request *) = e->again;
	lang_set_thread(r->lang);
	e->again = NULL;
	if (again)
		after(e, again(r));
	else if (e->phase == PHASE_IDENTIFY && !e->answered)
		identify(e);
	else if (e->answered)
		after(e, HN_OK);
	if (!e->answered && !e->waiting && e->phase == PHASE_HANDLE)
		(void)answer_problem(r, 500, "internal", NULL);
}

bool exchange_goes_on(struct exchange *e)
{
	struct request *r = &e->pub;
	const struct server_options *o = options_of(e);
	const struct tls *tls = e->connection->tls;
	if (!exchange_is_due(e))
		return true;
	e->still_ns = e->worker->now_ns;
	r->asked_ns = e->worker->wall_ns;
	return (!tls || tls_peer_holds(tls)) && (!o->still || o->still(r));
}

bool exchange_is_due(const struct exchange *e)
{
	int64_t every_ns = options_of(e)->still_ns > 0 ? options_of(e)->still_ns : STILL_NS;
	return (e->pub.route->flags & ROUTE_LASTING) && e->worker->now_ns - e->still_ns >= every_ns;
}

/* ---- the end ---- */

static void count(struct exchange *e, bool cut, int64_t duration_ns)
{
	struct route_counter *c = &e->worker->counters[e->route_index];
	uint64_t us = duration_ns > 0 ? (uint64_t)duration_ns / 1000 : 0;
	unsigned class = cut ? 0 : e->status / 100 < 6 ? e->status / 100 : 5, bucket = 0;
	while (us > LATENCY_BOUNDS_US[bucket])
		bucket++;
	worker_count_up(&c->by_class[class], 1);
	worker_count_up(&c->latency[bucket], 1);
	worker_count_up(&c->latency_us, us);
	worker_count_up(&c->bytes_in, e->body_seen);
	worker_count_up(&c->bytes_out, e->sent);
}

static void tell_end(const struct exchange *e, bool cut, int64_t duration_ns)
{
	const struct request_end end = {
		.status = cut ? 0 : e->status,
		.duration_ns = duration_ns,
		.objects = e->objects,
		.bytes_in = e->body_seen,
		.bytes_out = e->sent,
	};
	if (options_of(e)->finished)
		options_of(e)->finished(&e->pub, &end);
}

void exchange_finish(struct exchange *e, bool cut)
{
	int64_t duration_ns = utc_now_ns() - e->pub.received_ns;
	count(e, cut, duration_ns);
	tell_end(e, cut, duration_ns);
	if (e->pub.route && e->pub.route->end)
		e->pub.route->end(&e->pub);
}
