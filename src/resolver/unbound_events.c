/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/unbound_events.h"

#include <stdbool.h>
#include <stdlib.h>

struct unbound_event {
	struct ub_event event; /* first: libunbound sees only this */
	struct unbound_events *events;
	struct reactor_event descriptor;
	struct reactor_timer timer;
	short bits;
	void (*callback)(int fd, short bits, void *context);
	void *context;
	struct unbound_event *next, *previous;
	bool active;
};

static struct unbound_event *event_of(struct ub_event *e)
{
	return (struct unbound_event *)e;
}

static void link_active(struct unbound_event *e)
{
	e->active = true;
	e->previous = NULL;
	e->next = e->events->active;
	if (e->next != NULL)
		e->next->previous = e;
	e->events->active = e;
}

static void deactivate(struct unbound_event *e)
{
	if (!e->active)
		return;
	reactor_forget(e->events->reactor, &e->descriptor);
	reactor_timer_clear(e->events->reactor, &e->timer);
	e->active = false;
	if (e->next != NULL)
		e->next->previous = e->previous;
	if (e->previous != NULL)
		e->previous->next = e->next;
	else
		e->events->active = e->next;
}

static void descriptor_ready(struct reactor_event *descriptor, unsigned events)
{
	struct unbound_event *e =
		(struct unbound_event *)((char *)descriptor - offsetof(struct unbound_event, descriptor));
	int bits = 0;
	if (events & REACTOR_READ)
		bits |= UB_EV_READ;
	if (events & REACTOR_WRITE)
		bits |= UB_EV_WRITE;
	e->callback(e->descriptor.fd, (short)bits, e->context);
}

static void timer_due(struct reactor_timer *timer)
{
	struct unbound_event *e =
		(struct unbound_event *)((char *)timer - offsetof(struct unbound_event, timer));
	e->bits &= ~UB_EV_TIMEOUT;
	e->callback(e->descriptor.fd, UB_EV_TIMEOUT, e->context);
}

static void event_add_bits(struct ub_event *event, short bits)
{
	event_of(event)->bits |= bits;
}

static void event_del_bits(struct ub_event *event, short bits)
{
	event_of(event)->bits = (short)(event_of(event)->bits & ~bits);
}

static void event_set_fd(struct ub_event *event, int fd)
{
	event_of(event)->descriptor.fd = fd;
}

static void event_free(struct ub_event *event)
{
	if (event == NULL)
		return;
	deactivate(event_of(event));
	free(event);
}

static int event_del(struct ub_event *event)
{
	deactivate(event_of(event));
	return 0;
}

static int event_add(struct ub_event *event, struct timeval *wait)
{
	struct unbound_event *e = event_of(event);
	deactivate(e);
	struct reactor *r = e->events->reactor;
	if (r == NULL)
		return -1;
	link_active(e);
	unsigned wanted = 0;
	if (e->bits & UB_EV_READ)
		wanted |= REACTOR_READ;
	if (e->bits & UB_EV_WRITE)
		wanted |= REACTOR_WRITE;
	int err = HN_OK;
	if (wanted != 0 && e->descriptor.fd >= 0)
		err = reactor_want(r, &e->descriptor, wanted);
	if (err == HN_OK && wait != NULL && (e->bits & UB_EV_TIMEOUT)) {
		uint64_t us = (uint64_t)wait->tv_sec * 1000000 + (uint64_t)wait->tv_usec;
		err = reactor_timer_set(r, &e->timer, reactor_now_ns(r) + us * 1000);
	}
	if (err == HN_OK)
		return 0;
	deactivate(e);
	return -1;
}

static int event_add_timer(struct ub_event *event, struct ub_event_base *base,
			   void (*callback)(int, short, void *), void *context, struct timeval *wait)
{
	struct unbound_event *e = event_of(event);
	deactivate(e);
	e->events = (struct unbound_events *)base;
	e->callback = callback;
	e->context = context;
	e->bits |= UB_EV_TIMEOUT;
	return event_add(event, wait);
}

/* Signals are the program's own business. */
static int event_no_signal(struct ub_event *event, struct timeval *wait)
{
	(void)event, (void)wait;
	return -1;
}

static int event_no_signal_del(struct ub_event *event)
{
	(void)event;
	return -1;
}

static void event_no_wsaevent(struct ub_event *event)
{
	(void)event;
}

static void event_no_wouldblock(struct ub_event *event, int bits)
{
	(void)event, (void)bits;
}

static struct ub_event_vmt event_table = {
	.add_bits = event_add_bits,
	.del_bits = event_del_bits,
	.set_fd = event_set_fd,
	.free = event_free,
	.add = event_add,
	.del = event_del,
	.add_timer = event_add_timer,
	.del_timer = event_del,
	.add_signal = event_no_signal,
	.del_signal = event_no_signal_del,
	.winsock_unregister_wsaevent = event_no_wsaevent,
	.winsock_tcp_wouldblock = event_no_wouldblock,
};

static struct ub_event *base_new_event(struct ub_event_base *base, int fd, short bits,
				       void (*callback)(int, short, void *), void *context)
{
	struct unbound_event *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->event = (struct ub_event){UB_EVENT_MAGIC, &event_table};
	e->events = (struct unbound_events *)base;
	e->descriptor = (struct reactor_event){.fd = fd, .ready = descriptor_ready};
	e->timer.due = timer_due;
	e->bits = bits;
	e->callback = callback;
	e->context = context;
	return &e->event;
}

static struct ub_event *base_no_signal(struct ub_event_base *base, int fd,
				       void (*callback)(int, short, void *), void *context)
{
	(void)base, (void)fd, (void)callback, (void)context;
	return NULL;
}

static struct ub_event *base_no_wsaevent(struct ub_event_base *base, void *wsaevent,
					 void (*callback)(int, short, void *), void *context)
{
	(void)base, (void)wsaevent, (void)callback, (void)context;
	return NULL;
}

/* The reactor runs and ends by itself. */
static void base_free(struct ub_event_base *base)
{
	(void)base;
}

static int base_dispatch(struct ub_event_base *base)
{
	(void)base;
	return 0;
}

static int base_loopexit(struct ub_event_base *base, struct timeval *wait)
{
	(void)base, (void)wait;
	return 0;
}

static struct ub_event_base_vmt base_table = {
	.free = base_free,
	.dispatch = base_dispatch,
	.loopexit = base_loopexit,
	.new_event = base_new_event,
	.new_signal = base_no_signal,
	.winsock_register_wsaevent = base_no_wsaevent,
};

void unbound_events_init(struct unbound_events *e)
{
	*e = (struct unbound_events){.base = {UB_EVENT_MAGIC, &base_table}};
}

void unbound_events_detach(struct unbound_events *e)
{
	while (e->active != NULL)
		deactivate(e->active);
	e->reactor = NULL;
}
