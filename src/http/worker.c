/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utc.h"
#include "http/answer.h"
#include "http/connection.h"
#include "http/tls.h"

#define EVENTS     128
#define TICK_NS    (NS_SECOND / 2)
#define ACCEPTS    32          /* of one listener in one turn */
#define SPARE_MAX  64          /* exchanges that are kept */
#define KEPT_BYTES (64u << 10) /* of a buffer that is kept */
#define LARGE_MAX  4           /* exchanges at the front, which are used first, keep larger ones */
#define KEPT_LARGE (512u << 10)

const uint64_t LATENCY_BOUNDS_US[LATENCY_BUCKETS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000, UINT64_MAX,
};

/* ---- what is used again ---- */

static void buf_trim(struct buf *b, size_t kept)
{
	if (b->cap > kept) {
		size_t max = b->max;
		buf_clear(b);
		buf_init(b, max);
	}
	buf_reset(b);
}

static struct exchange *exchange_new(struct worker *w)
{
	struct exchange *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->worker = w;
	e->pub.arena = arena_new(REQUEST_ARENA_MAX);
	buf_init(&e->pub.body, SIZE_MAX / 2);
	buf_init(&e->body, ANSWER_BODY_MAX);
	buf_init(&e->fields, HEAD_SIZE_MAX);
	buf_init(&e->errors, 1u << 20);
	buf_init(&e->pub.note, 1u << 20);
	buf_init(&e->wire, 1u << 20);
	if (!e->pub.arena) {
		free(e);
		return NULL;
	}
	return e;
}

static void exchange_free(struct exchange *e)
{
	arena_free(e->pub.arena);
	buf_clear(&e->pub.body);
	buf_clear(&e->body);
	buf_clear(&e->fields);
	buf_clear(&e->errors);
	buf_clear(&e->pub.note);
	buf_clear(&e->wire);
	free(e);
}

/* Empties all but the buffers and the large tables behind, which are filled before they are read. */
static void exchange_clean(struct exchange *e)
{
	struct arena *arena = e->pub.arena;
	struct worker *worker = e->worker;
	struct buf kept[] = {e->pub.body, e->body, e->fields, e->errors, e->pub.note, e->wire};
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		buf_trim(&kept[i], worker->spare_count < LARGE_MAX ? KEPT_LARGE : KEPT_BYTES);
	arena_reset(arena);
	memset(e, 0, offsetof(struct exchange, head));
	e->pub.arena = arena;
	e->worker = worker;
	e->pub.body = kept[0];
	e->body = kept[1];
	e->fields = kept[2];
	e->errors = kept[3];
	e->pub.note = kept[4];
	e->wire = kept[5];
}

struct exchange *worker_take(struct worker *w)
{
	struct exchange *e = w->spare;
	if (!e)
		return exchange_new(w);
	w->spare = e->next;
	w->spare_count--;
	e->next = NULL;
	return e;
}

/* A wake that came too late is taken out of the queue. */
static void unqueue(struct worker *w, struct exchange *e)
{
	pthread_mutex_lock(&w->lock);
	if (e->queued) {
		struct exchange **at = &w->queue;
		while (*at != e)
			at = &(*at)->next;
		*at = e->next;
		if (w->queue_end == &e->next)
			w->queue_end = at;
		e->queued = false;
	}
	pthread_mutex_unlock(&w->lock);
}

void worker_give_back(struct worker *w, struct exchange *e)
{
	unqueue(w, e);
	if (w->spare_count == SPARE_MAX) {
		exchange_free(e);
		return;
	}
	exchange_clean(e);
	e->next = w->spare;
	w->spare = e;
	w->spare_count++;
}

char *worker_take_input(struct worker *w)
{
	return w->input_count > 0 ? w->inputs[--w->input_count] : malloc(INPUT_SIZE);
}

void worker_give_back_input(struct worker *w, char *input)
{
	if (input && w->input_count < sizeof(w->inputs) / sizeof(w->inputs[0]))
		w->inputs[w->input_count++] = input;
	else
		free(input);
}

/* ---- other threads ---- */

void worker_kick(struct worker *w)
{
	uint64_t one = 1;
	(void)!write(w->event_fd, &one, sizeof(one));
}

void worker_queue(struct worker *w, struct exchange *e, bool resumed, int (*again)(struct request *r))
{
	pthread_mutex_lock(&w->lock);
	bool first = w->queue == NULL;
	if (!e->queued) {
		e->queued = true;
		e->next = NULL;
		*w->queue_end = e;
		w->queue_end = &e->next;
	}
	if (resumed) {
		e->resumed = true;
		e->again = again;
	}
	pthread_mutex_unlock(&w->lock);
	if (first)
		worker_kick(w);
}

/* One at a time: what goes on may end others that wait in the queue. */
static void run_queue(struct worker *w)
{
	for (;;) {
		pthread_mutex_lock(&w->lock);
		struct exchange *e = w->queue;
		bool resumed = false;
		if (e) {
			w->queue = e->next;
			if (!w->queue)
				w->queue_end = &w->queue;
			e->queued = false;
			e->next = NULL;
			resumed = e->resumed;
			e->resumed = false;
		}
		pthread_mutex_unlock(&w->lock);
		if (!e)
			return;
		if (resumed)
			connection_resumed(e->connection);
		else
			connection_woken(e->connection);
	}
}

void worker_add_cut(struct worker *w, struct worker_cut *cut)
{
	pthread_mutex_lock(&w->lock);
	cut->next = w->cuts;
	w->cuts = cut;
	pthread_mutex_unlock(&w->lock);
	worker_kick(w);
}

static void cut_peers(struct worker *w, const char *serial)
{
	struct connection *next;
	for (struct connection *c = w->connections; c; c = next) {
		next = c->next;
		const struct peer *peer = c->tls ? tls_peer(c->tls) : NULL;
		if (peer && c->state != CONNECTION_GONE && strcmp(peer->serial, serial) == 0)
			connection_cut(c);
	}
}

static void run_cuts(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	struct worker_cut *cut = w->cuts;
	w->cuts = NULL;
	pthread_mutex_unlock(&w->lock);
	while (cut) {
		struct worker_cut *next = cut->next;
		cut_peers(w, cut->serial);
		free(cut);
		cut = next;
	}
}

/* ---- connections ---- */

static void ip_of(const struct sockaddr_storage *from, struct ip *out)
{
	*out = (struct ip){.version = 4};
	if (from->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)from;
		memcpy(out->bytes, &in->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)from;
		out->version = 6;
		memcpy(out->bytes, &in->sin6_addr, 16);
	}
}

static bool is_proxy(const struct server_options *o, const struct ip *peer)
{
	for (size_t i = 0; i < o->proxy_count; i++)
		if (ip_prefix_has(&o->proxies[i], peer))
			return true;
	return false;
}

/* A handshake costs more than a request; it counts as one of its address. */
static bool may_shake_hands(const struct worker *w, const struct ip *peer)
{
	const struct server *s = w->server;
	return limit_take(s->limit, limit_key_of(s->limit, peer), s->options.rate_second,
			  s->options.rate_burst, w->now_ns / 1000) == 0;
}

static void welcome(struct worker *w, int fd, const struct sockaddr_storage *from)
{
	struct server *s = w->server;
	struct ip peer;
	int on = 1;
	ip_of(from, &peer);
	bool counted = !is_proxy(&s->options, &peer);
	if (atomic_fetch_add(&s->connections, 1) >= s->options.connection_max ||
	    (counted && s->tls && !may_shake_hands(w, &peer)) ||
	    (counted && !holders_add(s->holders, &peer, s->options.address_max))) {
		atomic_fetch_sub(&s->connections, 1);
		atomic_fetch_add(&s->turned_away, 1);
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	worker_count_up(&w->accepted, 1);
	connection_new(w, fd, &peer, counted);
}

/* Out of descriptors: whoever waits is taken by the one kept for this, and turned away. */
static void turn_away(struct worker *w, int listener)
{
	if (w->spare_fd < 0)
		return;
	(void)close(w->spare_fd);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	w->spare_fd = dup(w->event_fd);
	atomic_fetch_add(&w->server->turned_away, 1);
}

static void accept_some(struct worker *w, int listener)
{
	for (unsigned i = 0; i < ACCEPTS; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			turn_away(w, listener);
		if (fd < 0)
			return;
		welcome(w, fd, &from);
	}
}

static void listen_to(struct worker *w, bool on)
{
	for (size_t i = 0; i < w->server->options.listener_count; i++) {
		int fd = w->server->listeners[i];
		struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
					    .data.ptr = &w->server->listeners[i]};
		(void)epoll_ctl(w->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
	}
}

/* ---- turns ---- */

static void tell_time(struct worker *w)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	w->now_ns = now.tv_sec * NS_SECOND + now.tv_nsec;
	w->wall_ns = utc_now_ns();
	if (w->wall_ns / NS_SECOND == w->date_second)
		return;
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm;
	time_t second = w->wall_ns / NS_SECOND;
	w->date_second = second;
	(void)gmtime_r(&second, &tm);
	(void)snprintf(w->date, sizeof(w->date), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
		       tm.tm_mday, months[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min,
		       tm.tm_sec);
}

static void run_ready(struct worker *w)
{
	struct connection *c = w->ready;
	w->ready = NULL;
	while (c) {
		struct connection *next = c->ready_next;
		c->is_ready = false;
		if (c->state == CONNECTION_GONE)
			connection_cut(c);
		else
			connection_go(c);
		c = next;
	}
}

static void tick_all(struct worker *w)
{
	struct connection *next;
	for (struct connection *c = w->connections; c; c = next) {
		next = c->next;
		connection_tick(c);
	}
}

static void take_event(struct worker *w, const struct epoll_event *event)
{
	const int *listeners = w->server->listeners;
	uint64_t count;
	if (event->data.ptr == w) {
		(void)!read(w->event_fd, &count, sizeof(count));
		return;
	}
	for (size_t i = 0; i < w->server->options.listener_count; i++) {
		if (event->data.ptr == &listeners[i]) {
			accept_some(w, listeners[i]);
			return;
		}
	}
	connection_event(event->data.ptr, event->events);
}

void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct server *s = w->server;
	struct epoll_event events[EVENTS];
	bool listening = false;
	int64_t ticked_ns = 0;
	tell_time(w);
	while (!atomic_load_explicit(&s->stopping, memory_order_relaxed) || w->connections) {
		int wait_ms = w->ready ? 0 : w->connections ? (int)(TICK_NS / 1000000) : -1;
		int count = epoll_wait(w->epoll_fd, events, EVENTS, wait_ms);
		tell_time(w);
		bool wanted = atomic_load_explicit(&s->going, memory_order_relaxed);
		if (wanted != listening) {
			listen_to(w, wanted);
			listening = wanted;
		}
		for (int i = 0; i < count; i++)
			take_event(w, &events[i]);
		run_queue(w);
		run_cuts(w);
		run_ready(w);
		if (w->now_ns - ticked_ns >= TICK_NS ||
		    atomic_load_explicit(&s->draining, memory_order_relaxed)) {
			ticked_ns = w->now_ns;
			tick_all(w);
		}
	}
	return NULL;
}

void worker_clear(struct worker *w)
{
	while (w->spare) {
		struct exchange *e = w->spare;
		w->spare = e->next;
		exchange_free(e);
	}
	while (w->input_count > 0)
		free(w->inputs[--w->input_count]);
	while (w->cuts) {
		struct worker_cut *cut = w->cuts;
		w->cuts = cut->next;
		free(cut);
	}
	free(w->counters);
	if (w->epoll_fd >= 0)
		(void)close(w->epoll_fd);
	if (w->event_fd >= 0)
		(void)close(w->event_fd);
	if (w->spare_fd >= 0)
		(void)close(w->spare_fd);
	(void)pthread_mutex_destroy(&w->lock);
}
