/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/oneshot.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "resolver/socket_address.h"
#include "resolver/thread.h"

#define LINGER_MS     1000
#define LINGER_MAX    65536 /* bytes that are read and dropped behind an answer */
#define ACCEPT_BATCH  16
#define PAUSE_MS      100 /* after accept4() failed for want of something */
#define MS_PER_SECOND 1000

enum state { FREE, READING, WRITING, LINGERING };

struct connection {
	int fd;
	enum state state;
	struct ip peer;
	int64_t deadline_ms;
	uint64_t number; /* rises; the lowest is the oldest */
	char *data;
	size_t len; /* READING: bytes of data; LINGERING: bytes dropped */
	struct buf answer;
	size_t sent;
};

struct oneshot {
	struct oneshot_options options;
	int listeners[ONESHOT_LISTENERS_MAX];
	struct connection *connections;
	struct pollfd *polled; /* the end, listeners, connections; made once */
	char *data;
	uint64_t taken;
	int64_t paused_ms; /* nothing is accepted before */
	int end_fd;
	pthread_t thread;
};

static int64_t now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static void drop(struct connection *c)
{
	if (c->state == FREE)
		return;
	(void)close(c->fd);
	buf_clear(&c->answer);
	c->state = FREE;
}

/* The answer is out: what the client still sends is read, or its end would make the answer be lost. */
static void linger(struct connection *c)
{
	(void)shutdown(c->fd, SHUT_WR);
	c->state = LINGERING;
	c->len = 0;
	c->deadline_ms = now_ms() + LINGER_MS;
}

static void step_writing(struct connection *c)
{
	while (c->sent < c->answer.len) {
		ssize_t n = send(c->fd, c->answer.data + c->sent, c->answer.len - c->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			drop(c);
			return;
		}
		c->sent += (size_t)n;
	}
	linger(c);
}

static void answer(struct oneshot *s, struct connection *c)
{
	if (buf_err(&c->answer) != HN_OK) {
		drop(c);
		return;
	}
	c->state = WRITING;
	c->sent = 0;
	c->deadline_ms = now_ms() + s->options.timeout_ms;
	step_writing(c);
}

/* @return false when there is nothing to read now, or the connection is gone */
static bool receive(struct connection *c, void *data, size_t size, size_t *got_out)
{
	ssize_t n;
	do
		n = recv(c->fd, data, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		drop(c);
	if (n < 0)
		return false;
	*got_out = (size_t)n;
	return true;
}

static void step_reading(struct oneshot *s, struct connection *c)
{
	size_t got;
	if (!receive(c, c->data + c->len, s->options.request_max - c->len, &got))
		return;
	c->len += got;
	bool last = got == 0 || c->len == s->options.request_max;
	switch (s->options.request(s->options.context, &c->peer, c->data, c->len, last, &c->answer)) {
	case ONESHOT_ANSWER:
		answer(s, c);
		return;
	case ONESHOT_CLOSE:
		drop(c);
		return;
	case ONESHOT_MORE:
		if (last)
			drop(c);
		return;
	}
}

static void step_lingering(struct connection *c)
{
	char dropped[4096];
	size_t got;
	if (!receive(c, dropped, sizeof(dropped), &got))
		return;
	c->len += got;
	if (got == 0 || c->len > LINGER_MAX)
		drop(c);
}

static void step(struct oneshot *s, struct connection *c)
{
	if (c->state == READING)
		step_reading(s, c);
	else if (c->state == WRITING)
		step_writing(c);
	else if (c->state == LINGERING)
		step_lingering(c);
}

/* A free place; the oldest connection gives way. */
static struct connection *place(struct oneshot *s)
{
	struct connection *oldest = &s->connections[0];
	for (size_t i = 0; i < s->options.connections; i++) {
		struct connection *c = &s->connections[i];
		if (c->state == FREE)
			return c;
		if (c->number < oldest->number)
			oldest = c;
	}
	drop(oldest);
	return oldest;
}

static void take(struct oneshot *s, int fd, const union socket_address *peer)
{
	if (s->options.admit != NULL && !s->options.admit(s->options.context, fd)) {
		(void)close(fd);
		return;
	}
	struct connection *c = place(s);
	c->fd = fd;
	c->state = READING;
	c->peer = (struct ip){0};
	if (peer->any.sa_family == AF_INET || peer->any.sa_family == AF_INET6)
		socket_address_ip(peer, &c->peer);
	c->deadline_ms = now_ms() + s->options.timeout_ms;
	c->number = s->taken++;
	c->len = 0;
	buf_init(&c->answer, s->options.answer_max);
}

static void accept_some(struct oneshot *s, int listener)
{
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		union socket_address peer = {0};
		socklen_t size = sizeof(peer);
		int fd = accept4(listener, &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			take(s, fd, &peer);
			continue;
		}
		/* Without descriptors or memory the listener stays readable: look again a little later. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			s->paused_ms = now_ms() + PAUSE_MS;
		return;
	}
}

/* Fills what poll() looks at. @return how long it may wait */
static int prepare(struct oneshot *s, int64_t now)
{
	int64_t first = INT64_MAX;
	bool paused = s->paused_ms > now;
	struct pollfd *p = s->polled;

	*p++ = (struct pollfd){.fd = s->end_fd, .events = POLLIN};
	for (size_t i = 0; i < s->options.listener_count; i++)
		*p++ = (struct pollfd){.fd = paused ? -1 : s->listeners[i], .events = POLLIN};
	if (paused)
		first = s->paused_ms;
	for (size_t i = 0; i < s->options.connections; i++) {
		const struct connection *c = &s->connections[i];
		*p++ = (struct pollfd){.fd = c->state == FREE ? -1 : c->fd,
				       .events = c->state == WRITING ? POLLOUT : POLLIN};
		if (c->state != FREE && c->deadline_ms < first)
			first = c->deadline_ms;
	}
	if (first == INT64_MAX)
		return -1;
	return first <= now ? 0 : (int)(first - now);
}

static void *serve(void *argument)
{
	struct oneshot *s = argument;
	size_t listeners = s->options.listener_count;
	size_t all = 1 + listeners + s->options.connections;

	for (;;) {
		int ready = poll(s->polled, all, prepare(s, now_ms()));
		if (ready < 0 && errno != EINTR)
			return NULL;
		if (ready > 0 && s->polled[0].revents != 0)
			return NULL;
		for (size_t i = 0; ready > 0 && i < s->options.connections; i++)
			if (s->polled[1 + listeners + i].revents != 0)
				step(s, &s->connections[i]);
		int64_t now = now_ms();
		for (size_t i = 0; i < s->options.connections; i++)
			if (s->connections[i].state != FREE && s->connections[i].deadline_ms <= now)
				drop(&s->connections[i]);
		for (size_t i = 0; ready > 0 && i < listeners; i++)
			if (s->polled[1 + i].revents != 0)
				accept_some(s, s->listeners[i]);
	}
}

static void release(struct oneshot *s)
{
	if (s->end_fd >= 0)
		(void)close(s->end_fd);
	free(s->connections);
	free(s->polled);
	free(s->data);
	free(s);
}

int oneshot_start(const struct oneshot_options *options, struct oneshot **out)
{
	assert(options->listener_count <= ONESHOT_LISTENERS_MAX && options->connections > 0);
	struct oneshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->options = *options;
	for (size_t i = 0; i < options->listener_count; i++)
		s->listeners[i] = options->listeners[i];
	s->connections = calloc(options->connections, sizeof(*s->connections));
	s->polled = calloc(1 + options->listener_count + options->connections, sizeof(*s->polled));
	s->data = calloc(options->connections, options->request_max);
	s->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = HN_ENOMEM;
	if (s->connections == NULL || s->polled == NULL || s->data == NULL)
		goto failed;
	rc = HN_EIO;
	if (s->end_fd < 0)
		goto failed;
	for (size_t i = 0; i < options->connections; i++)
		s->connections[i].data = s->data + i * options->request_max;
	if (thread_start(&s->thread, serve, s) != HN_OK)
		goto failed;
	*out = s;
	return HN_OK;
failed:
	release(s);
	return rc;
}

void oneshot_stop(struct oneshot *server)
{
	static const uint64_t one = 1;
	if (server == NULL)
		return;
	(void)!write(server->end_fd, &one, sizeof(one));
	(void)pthread_join(server->thread, NULL);
	for (size_t i = 0; i < server->options.connections; i++)
		drop(&server->connections[i]);
	for (size_t i = 0; i < server->options.listener_count; i++)
		(void)close(server->listeners[i]);
	release(server);
}
