/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Asks an HTTP server for paths of a file, round and round, over connections that stay open, one request at a
 * time on each: how many answers a second, how long each took. It reads answers by their Content-Length only
 * and parses nothing else, so that the server is what is measured.
 *
 *   http_load PORT SECONDS CONNECTIONS PATHS [HEADER]...
 *
 * One line of JSON: answers, others than 2xx, bytes of bodies, seconds, p50 and p99 in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

enum { HEAD_MAX = 8192, CONNECTIONS_MAX = 512, BUCKETS = 4096, ROOM = 1 << 18 };

struct load {
	struct buf requests; /* one behind the other */
	size_t *starts;
	size_t count, next;
	uint64_t answers, bad, bytes;
	uint32_t times[BUCKETS]; /* of 4 microseconds each */
};

struct connection {
	int fd;
	char head[HEAD_MAX];
	size_t head_len;
	uint64_t body_left;
	bool in_body;
	double since;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "http_load: %s\n", what);
	exit(2);
}

static void make_requests(struct load *l, const char *path, char **headers, int header_count)
{
	struct buf text;
	buf_init(&text, 1u << 28);
	buf_init(&l->requests, 1u << 30);
	if (file_read(path, &text) != HN_OK)
		die("cannot read the paths");
	l->starts = calloc(text.len + 2, sizeof(*l->starts));
	if (l->starts == NULL)
		die("no memory");
	for (char *at = text.data, *end; at < text.data + text.len; at = end + 1) {
		end = memchr(at, '\n', (size_t)(text.data + text.len - at));
		if (end == NULL)
			end = text.data + text.len;
		if (end == at)
			continue;
		l->starts[l->count++] = l->requests.len;
		buf_addf(&l->requests, "GET %.*s HTTP/1.1\r\nHost: localhost\r\n", (int)(end - at), at);
		for (int i = 0; i < header_count; i++)
			buf_addf(&l->requests, "%s\r\n", headers[i]);
		buf_adds(&l->requests, "\r\n");
	}
	l->starts[l->count] = l->requests.len;
	buf_clear(&text);
	if (l->count == 0 || buf_err(&l->requests) != HN_OK)
		die("no paths, or too many");
}

static void ask(struct load *l, struct connection *c)
{
	size_t i = l->next++ % l->count;
	size_t len = l->starts[i + 1] - l->starts[i];
	c->since = now();
	c->head_len = 0;
	c->in_body = false;
	if (send(c->fd, l->requests.data + l->starts[i], len, MSG_NOSIGNAL) != (ssize_t)len)
		die("cannot send");
}

static void answered(struct load *l, struct connection *c)
{
	size_t at = (size_t)((now() - c->since) * 1e6 / 4);
	l->times[at < BUCKETS ? at : BUCKETS - 1]++;
	l->answers++;
	ask(l, c);
}

/* The head is whole: status and length. @return bytes of the body that came with it */
static size_t read_head(struct load *l, struct connection *c, const char *end)
{
	size_t head = (size_t)(end - c->head) + 4;
	if (c->head_len < 12 || memcmp(c->head, "HTTP/1.1 ", 9) != 0)
		die("no HTTP/1.1 answer");
	l->bad += c->head[9] != '2';
	const char *length = strcasestr(c->head, "\r\ncontent-length:");
	if (length == NULL || length > end)
		die("an answer without Content-Length");
	c->body_left = strtoull(length + 17, NULL, 10);
	l->bytes += c->body_left;
	c->in_body = true;
	return c->head_len - head;
}

static void take(struct load *l, struct connection *c)
{
	static char room[ROOM];
	if (c->in_body) {
		ssize_t n = recv(c->fd, room, sizeof(room), 0);
		if (n <= 0)
			die("the server closed a connection");
		c->body_left -= (uint64_t)n;
	} else {
		ssize_t n = recv(c->fd, c->head + c->head_len, sizeof(c->head) - 1 - c->head_len, 0);
		if (n <= 0)
			die("the server closed a connection");
		c->head_len += (size_t)n;
		c->head[c->head_len] = '\0';
		const char *end = strstr(c->head, "\r\n\r\n");
		if (end == NULL)
			return;
		c->body_left -= read_head(l, c, end);
	}
	if (c->body_left == 0)
		answered(l, c);
}

static void open_all(struct connection *all, int count, int port, int poll)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int i = 0; i < count; i++) {
		int on = 1;
		all[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (all[i].fd < 0 || connect(all[i].fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
			die("cannot connect");
		(void)setsockopt(all[i].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &all[i]};
		if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &e) != 0)
			die("cannot wait");
	}
}

static unsigned percentile(const struct load *l, double share)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < BUCKETS; i++)
		if ((double)(sum += l->times[i]) >= share * (double)l->answers)
			return i * 4 + 2;
	return BUCKETS * 4;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		die("PORT SECONDS CONNECTIONS PATHS [HEADER]...");
	static struct load load;
	static struct connection all[CONNECTIONS_MAX];
	int count = (int)strtol(argv[3], NULL, 10);
	double seconds = strtod(argv[2], NULL);
	if (count < 1 || count > CONNECTIONS_MAX)
		die("1 to 512 connections");
	make_requests(&load, argv[4], argv + 5, argc - 5);
	int poll = epoll_create1(EPOLL_CLOEXEC);
	open_all(all, count, (int)strtol(argv[1], NULL, 10), poll);
	double start = now();
	for (int i = 0; i < count; i++)
		ask(&load, &all[i]);
	while (now() - start < seconds) {
		struct epoll_event events[64];
		int n = epoll_wait(poll, events, 64, 100);
		for (int i = 0; i < n; i++)
			take(&load, events[i].data.ptr);
	}
	printf("{\"answers\": %llu, \"bad\": %llu, \"bytes\": %llu, \"seconds\": %.3f, \"p50_us\": %u, "
	       "\"p99_us\": %u}\n",
	       (unsigned long long)load.answers, (unsigned long long)load.bad, (unsigned long long)load.bytes,
	       now() - start, percentile(&load, 0.5), percentile(&load, 0.99));
	return 0;
}
