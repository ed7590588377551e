/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"
#include "resolver/policy_store.h"

#define EVENTS 64

struct loop {
	int epoll_fd;
	int stop_fd;
	atomic_bool stopped;
	uint64_t round;
	int64_t now_ms;
	int64_t utc_ns;
	struct loop_timer *first, *last; /* by time */
	struct loop_handler stop;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void loop_look_at_clock(struct loop *l)
{
	l->now_ms = monotonic_ms();
	l->utc_ns = utc_now_ns();
}

static void on_stop(void *context, unsigned events)
{
	const struct loop *l = context;
	uint64_t count;
	(void)events;
	(void)!read(l->stop_fd, &count, sizeof(count));
}

int loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (!l)
		return HN_ENOMEM;
	l->stop = (struct loop_handler){on_stop, l};
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll_fd < 0 || l->stop_fd < 0 || loop_add(l, l->stop_fd, LOOP_READ, &l->stop) != HN_OK) {
		loop_free(l);
		return HN_EIO;
	}
	loop_look_at_clock(l);
	*out = l;
	return HN_OK;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	int error = errno;
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	if (l->stop_fd >= 0)
		(void)close(l->stop_fd);
	free(l);
	errno = error;
}

static int control(struct loop *l, int operation, int fd, unsigned events, struct loop_handler *handler)
{
	struct epoll_event event = {.data.ptr = handler};
	if (events & LOOP_READ)
		event.events |= EPOLLIN | EPOLLRDHUP;
	if (events & LOOP_WRITE)
		event.events |= EPOLLOUT;
	return epoll_ctl(l->epoll_fd, operation, fd, &event) == 0 ? HN_OK : HN_EIO;
}

int loop_add(struct loop *l, int fd, unsigned events, struct loop_handler *handler)
{
	return control(l, EPOLL_CTL_ADD, fd, events, handler);
}

int loop_change(struct loop *l, int fd, unsigned events, struct loop_handler *handler)
{
	return control(l, EPOLL_CTL_MOD, fd, events, handler);
}

void loop_remove(struct loop *l, int fd)
{
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

uint64_t loop_round(const struct loop *l)
{
	return l->round;
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

uint32_t loop_now_s(const struct loop *l)
{
	return (uint32_t)(l->now_ms / 1000);
}

int64_t loop_utc_ns(const struct loop *l)
{
	return l->utc_ns;
}

void loop_timer_clear(struct loop *l, struct loop_timer *timer)
{
	if (!timer->set)
		return;
	timer->set = false;
	if (timer->previous)
		timer->previous->next = timer->next;
	else
		l->first = timer->next;
	if (timer->next)
		timer->next->previous = timer->previous;
	else
		l->last = timer->previous;
	timer->next = timer->previous = NULL;
}

void loop_timer_set(struct loop *l, struct loop_timer *timer, int64_t at_ms)
{
	loop_timer_clear(l, timer);
	struct loop_timer *before = l->last;
	while (before && before->at_ms > at_ms)
		before = before->previous;
	timer->at_ms = at_ms;
	timer->previous = before;
	timer->next = before ? before->next : l->first;
	if (timer->next)
		timer->next->previous = timer;
	else
		l->last = timer;
	if (before)
		before->next = timer;
	else
		l->first = timer;
	timer->set = true;
}

static void run_timers(struct loop *l)
{
	while (l->first && l->first->at_ms <= l->now_ms) {
		struct loop_timer *timer = l->first;
		loop_timer_clear(l, timer);
		timer->due(timer->context);
	}
}

static int wait_ms(const struct loop *l)
{
	if (!l->first)
		return -1;
	int64_t left = l->first->at_ms - monotonic_ms();
	if (left <= 0)
		return 0;
	return left < INT32_MAX ? (int)left : INT32_MAX;
}

static unsigned told(uint32_t events)
{
	unsigned of_ours = 0;
	if (events & EPOLLIN)
		of_ours |= LOOP_READ;
	if (events & EPOLLOUT)
		of_ours |= LOOP_WRITE;
	if (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
		of_ours |= LOOP_HUNG;
	return of_ours;
}

/* @return how many descriptors were ready */
static int run_round(struct loop *l, int timeout_ms, const struct loop_idle *idle)
{
	struct epoll_event events[EVENTS];
	policy_thread_offline();
	int n = epoll_wait(l->epoll_fd, events, EVENTS, timeout_ms);
	policy_thread_online();
	loop_look_at_clock(l);
	l->round++;
	for (int i = 0; i < n; i++) {
		const struct loop_handler *handler = events[i].data.ptr;
		handler->ready(handler->context, told(events[i].events));
	}
	run_timers(l);
	idle->idle(idle->context);
	return n;
}

void loop_run(struct loop *l, const struct loop_idle *idle)
{
	while (!atomic_load_explicit(&l->stopped, memory_order_acquire))
		(void)run_round(l, wait_ms(l), idle);
	int64_t until = monotonic_ms() + LOOP_LAST_MS;
	while (run_round(l, 0, idle) > 0 && l->now_ms < until) {
	}
}

void loop_stop(struct loop *l)
{
	static const uint64_t one = 1;
	atomic_store_explicit(&l->stopped, true, memory_order_release);
	(void)!write(l->stop_fd, &one, sizeof(one));
}
