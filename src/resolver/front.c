/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/front.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "resolver/compose.h"
#include "resolver/proxy_header.h"
#include "resolver/stream.h"
#include "resolver/thread.h"
#include "resolver/udp_batch.h"

#define ROUNDS_MAX 4 /* batches of one socket before the others have their turn */

/* One socket that takes datagrams. */
struct datagrams {
	struct front *front;
	const struct resolver_listener *listener;
	struct loop_handler handler;
	int fd;
};

struct front {
	const struct service *service;
	struct loop *loop;
	struct exchange *exchange;
	struct udp_batch *batch;
	struct streams *streams;
	struct exchange_port udp_port;
	struct exchange_unit *units;
	struct datagrams datagrams[RESOLVER_LISTENERS_MAX];
	size_t datagram_count;
	pthread_t thread;
	sem_t go;
	bool started;
};

_Static_assert(sizeof(struct udp_path) <= EXCHANGE_PATH_MAX, "a way back fits");
_Static_assert(UDP_BATCH <= EXCHANGE_BATCH, "a batch is a batch");
_Static_assert(UDP_SEND_MAX >= COMPOSE_ROOM, "an answer fits");

static void send_late(void *context, const void *path, const uint8_t *message, size_t len)
{
	struct front *f = context;
	if (len > 0 && !udp_send(path, message, len))
		count_add(&exchange_counts(f->exchange)->unsent, 1);
}

/* Behind a balancer: whom it speaks for, and the question behind its header. Who is no balancer has no word.
 */
static void read_proxy_header(const struct datagrams *d, struct asked *a)
{
	struct proxy_header header = {0};
	const struct ip_prefix *balancers = d->listener->proxies.items;
	bool known = false;
	for (size_t i = 0; i < d->listener->proxies.count && !known; i++)
		known = ip_prefix_has(&balancers[i], &a->asker.client);
	if (!known || proxy_header_read(a->message, a->len, &header) != HN_OK) {
		a->len = 0;
		return;
	}
	a->message += header.len;
	a->len -= header.len;
	if (header.client.version != 0)
		a->asker.client = header.client;
}

static void answer_batch(struct front *f, const struct datagrams *d, size_t count)
{
	struct exchange_unit *units = f->units;
	for (size_t i = 0; i < count; i++) {
		struct asked *a = &units[i].asked;
		a->message = udp_batch_message(f->batch, i, &a->len);
		udp_batch_client(f->batch, i, &a->asker.client);
		if (d->listener->proxy)
			read_proxy_header(d, a);
		a->asker.transport = RESOLVER_UDP;
		units[i].out = udp_batch_answer(f->batch, i);
	}
	exchange_batch(f->exchange, &f->udp_port, units, count);
	for (size_t i = 0; i < count; i++) {
		if (units[i].state == EXCHANGE_WAITING)
			udp_batch_path(f->batch, i, units[i].path);
		else if (units[i].out_len > 0)
			udp_batch_reply(f->batch, i, units[i].out_len);
	}
	size_t lost = udp_batch_send(f->batch, d->fd);
	if (lost > 0)
		count_add(&exchange_counts(f->exchange)->unsent, lost);
}

static void on_datagrams(void *context, unsigned events)
{
	const struct datagrams *d = context;
	(void)events;
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		size_t count = udp_batch_receive(d->front->batch, d->fd);
		if (count > 0)
			answer_batch(d->front, d, count);
		if (count < UDP_BATCH)
			return;
		loop_look_at_clock(d->front->loop);
		policy_thread_quiet();
	}
}

static int open_datagrams(struct front *f, const struct resolver_listener *listener, struct fault *fault)
{
	int fd = udp_socket_open(&listener->address, listener->port);
	if (fd < 0) {
		char text[IP_TEXT_SIZE];
		ip_format(&listener->address, text);
		return fault_set(fault, fd, "",
				 tr("cannot listen on %s port %u, udp: %s",
				    "%s のポート %u (udp) で待ち受けられない: %s"),
				 text, listener->port, hn_errno_text(errno));
	}
	struct datagrams *d = &f->datagrams[f->datagram_count++];
	*d = (struct datagrams){.front = f, .listener = listener, .fd = fd};
	d->handler = (struct loop_handler){on_datagrams, d};
	int rc = loop_add(f->loop, fd, LOOP_READ, &d->handler);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "epoll", "%s", hn_errno_text(errno));
}

static int open_listeners(struct front *f, struct fault *fault)
{
	const struct config_list *listen = &f->service->config->listen;
	for (size_t i = 0; i < listen->count; i++) {
		const struct resolver_listener *listener = RESOLVER_ITEM(resolver_listener, listen, i);
		if (!(listener->transports & RESOLVER_UDP))
			continue;
		int rc = open_datagrams(f, listener, fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int make_parts(struct front *f)
{
	int rc = loop_new(&f->loop);
	if (rc == HN_OK)
		rc = exchange_new(f->service, f->loop, &f->exchange);
	if (rc == HN_OK)
		rc = udp_batch_new(&f->batch);
	if (rc != HN_OK)
		return rc;
	f->units = calloc(UDP_BATCH, sizeof(*f->units));
	return f->units ? HN_OK : HN_ENOMEM;
}

int front_new(const struct service *service, struct front **out, struct fault *fault)
{
	struct front *f = calloc(1, sizeof(*f));
	if (!f)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	(void)sem_init(&f->go, 0, 0);
	f->service = service;
	f->udp_port = (struct exchange_port){send_late, f};
	int rc = make_parts(f);
	if (rc != HN_OK)
		(void)fault_set(fault, rc, "", "%s", hn_strerror(rc));
	else
		rc = open_listeners(f, fault);
	if (rc == HN_OK)
		rc = streams_new(service, service->tls, f->loop, f->exchange, &f->streams, fault);
	if (rc != HN_OK) {
		front_free(f);
		return rc;
	}
	*out = f;
	return HN_OK;
}

void front_free(struct front *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->datagram_count; i++)
		(void)close(f->datagrams[i].fd);
	streams_free(f->streams);
	exchange_free(f->exchange);
	udp_batch_free(f->batch);
	loop_free(f->loop);
	(void)sem_destroy(&f->go);
	free(f->units);
	free(f);
}

static void nothing(void *context)
{
	(void)context;
}

static void *serve(void *arg)
{
	struct front *f = arg;
	static const struct loop_idle idle = {nothing, NULL};
	while (sem_wait(&f->go) != 0) {
	}
	policy_thread_join();
	loop_run(f->loop, &idle);
	policy_thread_leave();
	return NULL;
}

int front_start(struct front *f)
{
	int rc = thread_start(&f->thread, serve, f);
	f->started = rc == HN_OK;
	return rc;
}

void front_go(struct front *f)
{
	(void)sem_post(&f->go);
}

void front_stop(struct front *f)
{
	front_go(f);
	loop_stop(f->loop);
}

void front_join(struct front *f)
{
	if (f->started)
		(void)pthread_join(f->thread, NULL);
	f->started = false;
}

const struct stream_counts *front_stream_counts(const struct front *f)
{
	return stream_counts(f->streams);
}

const struct exchange_counts *front_counts(const struct front *f)
{
	return exchange_counts(f->exchange);
}
