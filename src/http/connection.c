/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/utc.h"
#include "http/answer.h"
#include "http/tls.h"
#include "http/worker.h"

#define SHARE      64               /* requests or pieces in one turn */
#define RATE_FROM  (10 * NS_SECOND) /* a body's or answer's rate is judged after so long */
#define LINGER_NS  (2 * NS_SECOND)
#define LINGER_MAX (1u << 20)  /* bytes read and thrown away behind an answer */
#define PIECE_SIZE (32u << 10) /* of a streamed answer */
#define RECORD_MAX (16u << 10) /* bytes of a record of TLS */
#define CHUNK_ROOM 12          /* "xxxxxxxx\r\n" and the CRLF behind */

static void enter(struct connection *c, enum connection_state state)
{
	c->state = state;
	c->since_ns = c->moved_ns = c->worker->now_ns;
}

static void unlink_connection(struct connection *c)
{
	struct worker *w = c->worker;
	if (c->before)
		c->before->next = c->next;
	else
		w->connections = c->next;
	if (c->next)
		c->next->before = c->before;
}

/* Freed unless it stands in the list of ready ones, whose turn frees it. */
static void release(struct connection *c)
{
	if (c->is_ready || c->exchange)
		return;
	unlink_connection(c);
	worker_give_back_input(c->worker, c->input);
	tls_free(c->tls);
	free(c);
}

static void close_socket(struct connection *c)
{
	if (c->fd < 0)
		return;
	(void)close(c->fd);
	c->fd = -1;
	if (c->counted)
		holders_remove(c->worker->server->holders, &c->holder);
	atomic_fetch_sub(&c->worker->server->connections, 1);
}

static void end_exchange(struct connection *c, bool cut)
{
	struct exchange *e = c->exchange;
	c->exchange = NULL;
	exchange_finish(e, cut);
	worker_give_back(c->worker, e);
}

void connection_cut(struct connection *c)
{
	close_socket(c);
	c->state = CONNECTION_GONE;
	if (c->exchange && !c->exchange->waiting)
		end_exchange(c, true);
	release(c);
}

void connection_new(struct worker *w, int fd, const struct ip *peer, bool counted)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	if (!c || epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		free(c);
		(void)close(fd);
		if (counted)
			holders_remove(w->server->holders, peer);
		atomic_fetch_sub(&w->server->connections, 1);
		return;
	}
	c->worker = w;
	c->fd = fd;
	c->peer = c->holder = *peer;
	c->counted = counted;
	c->next = w->connections;
	if (c->next)
		c->next->before = c;
	w->connections = c;
	enter(c, CONNECTION_HEAD);
	if (!w->server->tls)
		return;
	c->state = CONNECTION_HANDSHAKE;
	c->tls = tls_new(w->server->tls, fd);
	if (!c->tls)
		connection_cut(c);
}

/* ---- the socket, with TLS or without ---- */

static ssize_t take_bytes(struct connection *c, char *room, size_t size)
{
	return c->tls ? tls_recv(c->tls, room, size) : recv(c->fd, room, size, 0);
}

/* Whether the socket is known to be empty now. */
static bool took_all(const struct connection *c, size_t asked, size_t got)
{
	return c->tls ? !tls_has_more(c->tls) : got < asked;
}

/* The head and what follows it go in one record where they fit. */
static ssize_t give_records(struct connection *c, const struct iovec parts[], size_t count)
{
	char both[RECORD_MAX];
	if (count == 1 || parts[0].iov_len >= sizeof(both))
		return tls_send(c->tls, parts[0].iov_base,
				parts[0].iov_len < RECORD_MAX ? parts[0].iov_len : RECORD_MAX);
	size_t room = sizeof(both) - parts[0].iov_len;
	size_t more = parts[1].iov_len < room ? parts[1].iov_len : room;
	memcpy(both, parts[0].iov_base, parts[0].iov_len);
	memcpy(both + parts[0].iov_len, parts[1].iov_base, more);
	return tls_send(c->tls, both, parts[0].iov_len + more);
}

static ssize_t give_parts(struct connection *c, struct iovec parts[], size_t count)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
	return c->tls ? give_records(c, parts, count) : sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

static void end_writing(struct connection *c)
{
	if (c->tls)
		tls_end(c->tls);
	(void)shutdown(c->fd, SHUT_WR);
}

/* ---- reading ---- */

/* @return whether bytes came */
static bool receive(struct connection *c)
{
	if (!c->readable || c->input_len == INPUT_SIZE)
		return false;
	size_t room = INPUT_SIZE - c->input_len;
	ssize_t n = take_bytes(c, c->input + c->input_len, room);
	if (n > 0) {
		/* A short read emptied the socket; the next bytes are told by an event, but the end may
		 * have been told already. */
		if (took_all(c, room, (size_t)n) && !c->ended)
			c->readable = false;
		c->input_len += (size_t)n;
		c->moved_ns = c->worker->now_ns;
		return true;
	}
	if (n < 0 && errno == EINTR)
		return receive(c);
	c->readable = false;
	if (n == 0)
		c->ended = true;
	else if (errno != EAGAIN)
		c->ended = true;
	return false;
}

/* What lies behind the request that is over moves to the front. */
static void next_request(struct connection *c)
{
	size_t left = c->input_len - c->body_at;
	memmove(c->input, c->input + c->body_at, left);
	c->input_len = left;
	c->looked = c->head_len = c->body_at = 0;
	c->body_unread = false;
	if (left == 0) {
		worker_give_back_input(c->worker, c->input);
		c->input = NULL;
	}
	enter(c, CONNECTION_HEAD);
}

/* What the exchange came to: more body, an answer, or somebody else has it. */
static void follow(struct connection *c)
{
	struct exchange *e = c->exchange;
	if (e->waiting) {
		enter(c, CONNECTION_BUSY);
	} else if (e->answered) {
		bool draining = atomic_load_explicit(&c->worker->server->draining, memory_order_relaxed);
		c->keep = c->keep && !c->body_unread && !draining && !(e->more && e->head.http_10);
		e->still_ns = c->worker->now_ns;
		answer_head(e, c->keep, e->more != NULL && !e->head.http_10, c->worker->date);
		enter(c, CONNECTION_SEND);
	} else {
		enter(c, CONNECTION_BODY);
	}
}

static bool begin(struct connection *c, unsigned status)
{
	struct exchange *e = worker_take(c->worker);
	if (!e) {
		connection_cut(c);
		return false;
	}
	e->connection = c;
	c->exchange = e;
	c->requests++;
	if (status == 0 && head_read(c->input, c->head_len, &e->head, &status) == HN_OK)
		status = 0;
	if (status != 0)
		worker_count_up(&c->worker->refused_heads, 1);
	c->keep = status == 0 && e->head.keep;
	c->body_unread = status != 0 || e->head.body != HEAD_NO_BODY;
	chunked_init(&e->chunked);
	e->body_left = e->head.body == HEAD_LENGTH ? e->head.length : 0;
	exchange_begin(e, status);
	follow(c);
	return true;
}

/* @return whether to go on with the connection's next state */
static bool read_head(struct connection *c)
{
	if (!c->input && !c->readable)
		return false;
	if (!c->input)
		c->input = worker_take_input(c->worker);
	if (!c->input) {
		connection_cut(c);
		return false;
	}
	for (;;) {
		size_t len = c->input_len < HEAD_SIZE_MAX ? c->input_len : HEAD_SIZE_MAX;
		ssize_t end = head_end(c->input, len, c->looked);
		if (end != 0 || len == HEAD_SIZE_MAX) {
			c->head_len = c->body_at = end > 0 ? (size_t)end : len;
			return begin(c, end > 0 ? 0 : end < 0 ? 400 : 431);
		}
		c->looked = len;
		if (!receive(c))
			break;
	}
	if (c->ended) {
		connection_cut(c);
	} else if (c->input_len == 0) {
		worker_give_back_input(c->worker, c->input);
		c->input = NULL;
	}
	return false;
}

void connection_continue(struct connection *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	if (c->input_len > c->body_at)
		return; /* it did not wait */
	char line[sizeof(text)];
	struct iovec part = {line, sizeof(text) - 1};
	memcpy(line, text, sizeof(text));
	if (give_parts(c, &part, 1) != (ssize_t)sizeof(text) - 1)
		c->ended = true;
}

/* Hands on what is there. @return HN_OK, 1 at the body's end, or an error of its form */
static int take_body(struct connection *c)
{
	struct exchange *e = c->exchange;
	const uint8_t *data = (const uint8_t *)c->input + c->body_at, *piece = data;
	size_t len = c->input_len - c->body_at, taken = 0, piece_len = 0;
	int rc = HN_OK;
	if (e->head.body == HEAD_CHUNKED) {
		rc = chunked_read(&e->chunked, data, len, &taken, &piece, &piece_len);
	} else {
		taken = piece_len = len < e->body_left ? len : (size_t)e->body_left;
		e->body_left -= taken;
		rc = e->body_left == 0 ? 1 : HN_OK;
	}
	if (rc < 0)
		return rc;
	c->body_at += taken;
	if (piece_len > 0)
		exchange_piece(e, piece, piece_len);
	return rc;
}

/* @return whether something was taken */
static bool body_step(struct connection *c)
{
	struct exchange *e = c->exchange;
	if (e->head.body == HEAD_LENGTH && e->body_left == 0)
		e->body_ended = true;
	if (e->body_ended || c->input_len == c->body_at)
		return e->body_ended;
	int rc = take_body(c);
	if (rc < 0)
		(void)answer_problem(&e->pub, rc == HN_ELIMIT ? 413 : 400, "body-framing", NULL);
	e->body_ended = rc == 1;
	return true;
}

static bool read_body(struct connection *c)
{
	struct exchange *e = c->exchange;
	for (unsigned i = 0; i < SHARE; i++) {
		bool taken = body_step(c);
		if (e->body_ended)
			c->body_unread = false;
		if (e->body_ended && !e->waiting && !e->answered)
			exchange_body_end(e);
		if (e->waiting || e->answered) {
			follow(c);
			return true;
		}
		if (taken)
			continue;
		c->input_len = c->body_at = c->head_len;
		if (!receive(c)) {
			if (c->ended)
				connection_cut(c);
			return false;
		}
	}
	return true;
}

/* ---- writing ---- */

static bool sending_head_only(const struct exchange *e)
{
	return e->head.method_len == 4 && memcmp(e->head.method, "HEAD", 4) == 0;
}

/* @return 1: all is written; HN_OK: the socket is full; HN_EIO */
static int write_parts(struct connection *c)
{
	struct exchange *e = c->exchange;
	bool with_body = !sending_head_only(e) && !e->more;
	for (;;) {
		struct iovec parts[2];
		size_t count = 0;
		if (e->wire_at < e->wire.len)
			parts[count++] = (struct iovec){e->wire.data + e->wire_at, e->wire.len - e->wire_at};
		if (with_body && e->body_at < e->body.len)
			parts[count++] = (struct iovec){e->body.data + e->body_at, e->body.len - e->body_at};
		if (count == 0)
			return 1;
		ssize_t n = give_parts(c, parts, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			c->writable = false;
			return errno == EAGAIN ? HN_OK : HN_EIO;
		}
		c->moved_ns = c->worker->now_ns;
		size_t head = e->wire.len - e->wire_at < (size_t)n ? e->wire.len - e->wire_at : (size_t)n;
		e->wire_at += head;
		e->body_at += (size_t)n - head;
		e->sent += (size_t)n - head;
	}
}

/* Asks the route for the next piece. @return 1: there is one; HN_OK: it waits; HN_ENOENT: that was all;
 * HN_EIO
 */
static int next_piece(struct connection *c)
{
	struct exchange *e = c->exchange;
	if (e->stream_ended)
		return HN_ENOENT;
	buf_reset(&e->wire);
	e->wire_at = 0;
	if (buf_reserve(&e->wire, PIECE_SIZE + CHUNK_ROOM) != HN_OK)
		return HN_EIO;
	char *room = e->wire.data + CHUNK_ROOM - 2;
	e->stream_waits = false;
	ssize_t n = exchange_goes_on(e) ? e->more(&e->pub, room, PIECE_SIZE) : ANSWER_END;
	if (n == ANSWER_WAIT) {
		e->stream_waits = true;
		return HN_OK;
	}
	if (n < 0 || n > (ssize_t)PIECE_SIZE)
		return HN_EIO;
	c->moved_ns = c->worker->now_ns;
	e->sent += (size_t)n;
	e->stream_ended = n == 0;
	if (e->head.http_10) {
		e->wire_at = CHUNK_ROOM - 2;
		e->wire.len = e->wire_at + (size_t)n;
	} else if (n == 0) {
		buf_adds(&e->wire, "0\r\n\r\n");
	} else {
		char size[CHUNK_ROOM];
		int digits = snprintf(size, sizeof(size), "%zx\r\n", (size_t)n);
		e->wire_at = CHUNK_ROOM - 2 - (size_t)digits;
		memcpy(e->wire.data + e->wire_at, size, (size_t)digits);
		memcpy(room + n, "\r\n", 2);
		e->wire.len = CHUNK_ROOM + (size_t)n;
	}
	return 1;
}

static int write_answer(struct connection *c)
{
	struct exchange *e = c->exchange;
	for (unsigned i = 0;; i++) {
		int rc = write_parts(c);
		if (rc != 1 || !e->more || sending_head_only(e))
			return rc;
		if (i == SHARE)
			return HN_ESTATE; /* had its share */
		rc = next_piece(c);
		if (rc == HN_ENOENT)
			return 1;
		if (rc != 1)
			return rc;
	}
}

static void linger(struct connection *c)
{
	end_writing(c);
	enter(c, CONNECTION_LINGER);
	c->input_len = 0;
	c->looked = 0; /* counts what is thrown away */
}

static bool send_answer(struct connection *c)
{
	if (!c->writable)
		return false;
	int rc = write_answer(c);
	if (rc == HN_ESTATE)
		return true;
	if (rc == HN_EIO)
		connection_cut(c);
	if (rc != 1)
		return false;
	bool keep = c->keep, unread = c->body_unread;
	end_exchange(c, false);
	if (keep) {
		next_request(c);
	} else if (unread && !c->ended) {
		linger(c);
	} else {
		end_writing(c);
		connection_cut(c);
		return false;
	}
	return true;
}

static bool drop_rest(struct connection *c)
{
	while (receive(c)) {
		c->looked += c->input_len;
		c->input_len = 0;
		if (c->looked > LINGER_MAX)
			break;
	}
	if (c->ended || c->looked > LINGER_MAX)
		connection_cut(c);
	return false;
}

/* Who has shown a certificate holds its connections by that, wherever they come from: nobody behind the same
 * address stands in its way, and it stands in nobody's. @return false: it holds so many already */
static bool hold_by_name(struct connection *c)
{
	struct server *s = c->worker->server;
	const struct peer *peer = tls_peer(c->tls);
	if (!peer || s->options.peer_max == 0)
		return true;
	struct ip name = holders_named(peer->uri[0] != '\0' ? peer->uri : peer->serial);
	if (!holders_add(s->holders, &name, s->options.peer_max)) {
		atomic_fetch_add(&s->turned_away, 1);
		return false;
	}
	if (c->counted)
		holders_remove(s->holders, &c->holder);
	c->holder = name;
	c->counted = true;
	return true;
}

/* Who is refused is told so by OpenSSL's alert, and read on for a while so that it can be read. */
static bool shake_hands(struct connection *c)
{
	int rc = tls_handshake(c->tls);
	if (rc == 0)
		return false;
	c->readable = true; /* what came behind it lies in OpenSSL */
	if (rc == 1) {
		c->state = CONNECTION_HEAD; /* within the same time */
		worker_count_up(&c->worker->handshakes, 1);
		if (hold_by_name(c))
			return true;
		connection_cut(c);
		return false;
	}
	worker_count_up(&c->worker->refused_handshakes, 1);
	c->input = worker_take_input(c->worker);
	tls_free(c->tls);
	c->tls = NULL;
	if (c->input)
		linger(c);
	else
		connection_cut(c);
	return c->input != NULL;
}

/* ---- turns ---- */

static bool step(struct connection *c)
{
	switch (c->state) {
	case CONNECTION_HANDSHAKE:
		return shake_hands(c);
	case CONNECTION_HEAD:
		return read_head(c);
	case CONNECTION_BODY:
		return read_body(c);
	case CONNECTION_SEND:
		return send_answer(c);
	case CONNECTION_LINGER:
		return drop_rest(c);
	case CONNECTION_BUSY:
	case CONNECTION_GONE:
		break;
	}
	return false;
}

void connection_go(struct connection *c)
{
	for (unsigned i = 0; i < SHARE; i++)
		if (!step(c))
			return;
	if (!c->is_ready) {
		c->is_ready = true;
		c->ready_next = c->worker->ready;
		c->worker->ready = c;
	}
}

void connection_resumed(struct connection *c)
{
	struct exchange *e = c->exchange;
	e->waiting = false;
	if (c->state == CONNECTION_GONE) {
		connection_cut(c);
		return;
	}
	exchange_resumed(e);
	follow(c);
	connection_go(c);
}

void connection_woken(struct connection *c)
{
	if (c->state == CONNECTION_SEND && c->exchange->stream_waits)
		connection_go(c);
}

void connection_event(struct connection *c, uint32_t events)
{
	if (c->state == CONNECTION_GONE)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		connection_cut(c);
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP))
		c->readable = true;
	if (events & EPOLLOUT)
		c->writable = true;
	if (c->tls) /* each direction may have waited for the other: answers to key updates */
		c->readable = c->writable = true;
	connection_go(c);
}

/* Bytes a second since this state began, judged after a while. */
static bool too_slow(const struct connection *c, uint64_t bytes)
{
	int64_t passed_ns = c->worker->now_ns - c->since_ns;
	uint64_t rate = c->worker->server->options.body_rate;
	return passed_ns > RATE_FROM && bytes < rate * (uint64_t)(passed_ns / NS_SECOND);
}

static bool is_late(const struct connection *c)
{
	const struct server_options *o = &c->worker->server->options;
	const struct exchange *e = c->exchange;
	int64_t now_ns = c->worker->now_ns;
	switch (c->state) {
	case CONNECTION_HANDSHAKE:
	case CONNECTION_HEAD:
		return now_ns - c->since_ns > o->header_ns;
	case CONNECTION_BODY:
		return now_ns - c->moved_ns > o->idle_ns || too_slow(c, e->body_seen);
	case CONNECTION_SEND:
		if (e->stream_waits && e->wire_at == e->wire.len)
			return false;
		return now_ns - c->moved_ns > o->idle_ns || (!e->more && too_slow(c, e->sent));
	case CONNECTION_LINGER:
		return now_ns - c->since_ns > LINGER_NS;
	case CONNECTION_BUSY:
	case CONNECTION_GONE:
		break;
	}
	return false;
}

/* A stream of what may come some day. */
static bool has_nothing_to_say(const struct connection *c)
{
	const struct exchange *e = c->exchange;
	return c->state == CONNECTION_SEND && e->stream_waits && e->wire_at == e->wire.len &&
	       c->worker->now_ns - c->moved_ns > NS_SECOND;
}

void connection_tick(struct connection *c)
{
	const struct server *s = c->worker->server;
	bool idle = c->state == CONNECTION_HANDSHAKE || (c->state == CONNECTION_HEAD && c->input_len == 0) ||
		    has_nothing_to_say(c);
	if ((atomic_load(&s->draining) && idle) ||
	    (atomic_load(&s->cutting) && c->state != CONNECTION_GONE)) {
		connection_cut(c);
	} else if (is_late(c)) {
		/* Who began a request and does not end it is told; who said nothing is not. */
		worker_count_up(&c->worker->cut_slow, 1);
		if (c->state == CONNECTION_BODY) {
			c->keep = false;
			(void)answer_problem(&c->exchange->pub, 408, "too-slow", NULL);
			follow(c);
			connection_go(c);
		} else {
			connection_cut(c);
		}
	} else if (c->state == CONNECTION_SEND && c->exchange->stream_waits && exchange_is_due(c->exchange)) {
		connection_go(c);
	}
}
