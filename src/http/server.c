/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/server.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/lang.h"
#include "base/utc.h"
#include "http/tls.h"
#include "http/worker.h"

#define BACKLOG  1024
#define DRAIN_NS (20 * 1000000) /* between two looks */

static socklen_t socket_address(const struct endpoint *address, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){0};
	if (address->ip.version == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_family = AF_INET;
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->ip.bytes, 4);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(address->port);
	memcpy(&in->sin6_addr, address->ip.bytes, 16);
	return sizeof(*in);
}

int server_listen(const struct endpoint *address, int *fd_out, struct fault *fault)
{
	struct sockaddr_storage to;
	char text[IP_TEXT_SIZE], place[IP_TEXT_SIZE + 8];
	int on = 1;
	socklen_t len = socket_address(address, &to);
	ip_format(&address->ip, text);
	(void)snprintf(place, sizeof(place), address->ip.version == 6 ? "[%s]:%u" : "%s:%u", text,
		       address->port);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fault_set(fault, HN_EIO, place, "%s", hn_errno_text(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (to.ss_family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(fd, (struct sockaddr *)&to, len) == 0 && listen(fd, BACKLOG) == 0) {
		*fd_out = fd;
		return HN_OK;
	}
	int error = errno;
	(void)close(fd);
	if (error == EADDRINUSE)
		return fault_set(fault, HN_EEXIST, place, "%s",
				 tr("another program listens there; end it or choose another with --listen",
				    "他のプログラムが待ち受けている。それを終えるか、--listen で変えること"));
	return fault_set(fault, HN_EIO, place, "%s", hn_errno_text(error));
}

static int make_worker(struct server *s, struct worker *w)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = w};
	w->server = s;
	w->queue_end = &w->queue;
	w->date_second = -1;
	(void)pthread_mutex_init(&w->lock, NULL);
	randombytes_buf(w->uid_key, sizeof(w->uid_key));
	w->counters = calloc(router_count(s->options.router) + 1, sizeof(*w->counters));
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->spare_fd = w->event_fd < 0 ? -1 : dup(w->event_fd);
	if (!w->counters)
		return HN_ENOMEM;
	if (w->epoll_fd < 0 || w->event_fd < 0 || w->spare_fd < 0 ||
	    epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->event_fd, &event) != 0)
		return HN_EIO;
	return HN_OK;
}

int server_new(const struct server_options *options, struct server **out, struct fault *fault)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc = s ? HN_OK : HN_ENOMEM;
	bool told = false;
	if (s) {
		s->options = *options;
		s->workers = calloc(options->threads, sizeof(*s->workers));
		s->listeners = calloc(options->listener_count + 1, sizeof(*s->listeners));
		rc = s->workers && s->listeners ? HN_OK : HN_ENOMEM;
	}
	if (rc == HN_OK && options->listener_count > 0)
		memcpy(s->listeners, options->listeners, options->listener_count * sizeof(*s->listeners));
	if (rc == HN_OK)
		rc = limit_new(&s->limit);
	if (rc == HN_OK)
		rc = holders_new(options->connection_max, &s->holders);
	if (rc == HN_OK && options->tls) {
		s->options.tls = NULL; /* the caller's */
		rc = tls_context_new(options->tls, options->program, &s->tls, fault);
		told = rc != HN_OK;
	}
	while (rc == HN_OK && s->worker_count < options->threads) {
		struct worker *w = &s->workers[s->worker_count];
		w->index = s->worker_count++;
		rc = make_worker(s, w);
	}
	if (rc == HN_OK) {
		*out = s;
		return HN_OK;
	}
	if (!told)
		(void)fault_set(fault, rc, "", "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	if (s)
		s->options.listener_count = 0; /* still the caller's */
	server_free(s);
	return rc;
}

int server_start(struct server *server, struct fault *fault)
{
	for (unsigned i = 0; i < server->worker_count; i++) {
		struct worker *w = &server->workers[i];
		if (pthread_create(&w->thread, NULL, worker_run, w) != 0)
			return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
		w->started = true;
	}
	return HN_OK;
}

static void kick_all(struct server *s)
{
	for (unsigned i = 0; i < s->worker_count; i++)
		worker_kick(&s->workers[i]);
}

void server_go(struct server *server)
{
	atomic_store(&server->going, true);
	kick_all(server);
}

static void wait_for_none(struct server *s, int64_t limit_ns)
{
	const struct timespec pause = {.tv_nsec = DRAIN_NS};
	for (int64_t passed_ns = 0; atomic_load(&s->connections) > 0 && passed_ns < limit_ns;
	     passed_ns += DRAIN_NS) {
		kick_all(s);
		(void)nanosleep(&pause, NULL);
	}
}

void server_drain(struct server *server, int64_t limit_ns)
{
	atomic_store(&server->going, false);
	atomic_store(&server->draining, true);
	kick_all(server);
	wait_for_none(server, limit_ns);
	atomic_store(&server->cutting, true);
	atomic_store(&server->stopping, true);
	kick_all(server);
}

void server_join(struct server *server)
{
	for (unsigned i = 0; i < server->worker_count; i++) {
		if (server->workers[i].started)
			(void)pthread_join(server->workers[i].thread, NULL);
		server->workers[i].started = false;
	}
}

void server_free(struct server *server)
{
	if (!server)
		return;
	if (server->workers)
		server_join(server);
	for (unsigned i = 0; server->workers && i < server->worker_count; i++)
		worker_clear(&server->workers[i]);
	if (server->listeners)
		for (size_t i = 0; i < server->options.listener_count; i++)
			(void)close(server->listeners[i]);
	tls_context_free(server->tls);
	limit_free(server->limit);
	holders_free(server->holders);
	free(server->listeners);
	free(server->workers);
	free(server);
}

int server_tls_replace(struct server *server, const struct server_tls *tls, struct fault *fault)
{
	return tls_context_replace(server->tls, tls, fault);
}

int server_cut_peer(struct server *server, const char *serial)
{
	int rc = HN_OK;
	for (unsigned i = 0; i < server->worker_count; i++) {
		struct worker_cut *cut = calloc(1, sizeof(*cut));
		if (!cut) {
			rc = HN_ENOMEM;
			continue;
		}
		(void)snprintf(cut->serial, sizeof(cut->serial), "%s", serial);
		worker_add_cut(&server->workers[i], cut);
	}
	return rc;
}

bool server_draining(const struct server *server)
{
	return atomic_load(&server->draining);
}
