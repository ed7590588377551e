/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/reactor.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define READY_MAX   64
#define HEAP_FIRST  64
#define NS_A_SECOND 1000000000u
#define NS_A_MS     1000000u

struct reactor {
	struct reactor_clock clock;
	int epoll_fd;
	int wake_fd;
	struct reactor_timer **heap; /* [1] is the first that is due */
	size_t heap_count, heap_max;
	struct epoll_event ready[READY_MAX];
	size_t ready_count, ready_at; /* of this round; what is forgotten becomes NULL in it */
};

int reactor_new(const struct reactor_clock *clock, struct reactor **out)
{
	struct reactor *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return HN_ENOMEM;
	r->clock = *clock;
	r->heap_max = HEAP_FIRST;
	r->heap = calloc(r->heap_max + 1, sizeof(struct reactor_timer *));
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event wake = {.events = EPOLLIN, .data.ptr = r};
	int err = HN_OK;
	if (r->heap == NULL)
		err = HN_ENOMEM;
	else if (r->epoll_fd < 0 || r->wake_fd < 0 ||
		 epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, r->wake_fd, &wake) != 0)
		err = HN_EIO;
	if (err != HN_OK) {
		int saved = errno;
		reactor_free(r);
		errno = saved;
		return err;
	}
	*out = r;
	return HN_OK;
}

void reactor_free(struct reactor *r)
{
	if (r == NULL)
		return;
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	free(r->heap);
	free(r);
}

int reactor_want(struct reactor *r, struct reactor_event *event, unsigned wanted)
{
	assert(wanted != 0);
	if (event->wanted == wanted)
		return HN_OK;
	struct epoll_event e = {.data.ptr = event};
	if (wanted & REACTOR_READ)
		e.events |= EPOLLIN;
	if (wanted & REACTOR_WRITE)
		e.events |= EPOLLOUT;
	int how = event->wanted == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	if (epoll_ctl(r->epoll_fd, how, event->fd, &e) != 0)
		return HN_EIO;
	event->wanted = wanted;
	return HN_OK;
}

void reactor_forget(struct reactor *r, struct reactor_event *event)
{
	if (event->wanted == 0)
		return;
	event->wanted = 0;
	/* Fails only for a descriptor that is closed, which the kernel has forgotten by itself. */
	(void)epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, event->fd, NULL);
	for (size_t i = r->ready_at; i < r->ready_count; i++)
		if (r->ready[i].data.ptr == event)
			r->ready[i].data.ptr = NULL;
}

/* A binary heap: the parent of place i is i / 2, and never later. */

static void heap_put(struct reactor *r, size_t place, struct reactor_timer *timer)
{
	r->heap[place] = timer;
	timer->place = place;
}

static void heap_rise(struct reactor *r, size_t place, struct reactor_timer *timer)
{
	for (; place > 1 && r->heap[place / 2]->at_ns > timer->at_ns; place /= 2)
		heap_put(r, place, r->heap[place / 2]);
	heap_put(r, place, timer);
}

static void heap_sink(struct reactor *r, size_t place, struct reactor_timer *timer)
{
	for (;;) {
		size_t child = place * 2;
		if (child > r->heap_count)
			break;
		if (child < r->heap_count && r->heap[child + 1]->at_ns < r->heap[child]->at_ns)
			child++;
		if (r->heap[child]->at_ns >= timer->at_ns)
			break;
		heap_put(r, place, r->heap[child]);
		place = child;
	}
	heap_put(r, place, timer);
}

/* Puts it where it belongs, from a place whose former timer is gone or changed. */
static void heap_settle(struct reactor *r, size_t place, struct reactor_timer *timer)
{
	if (place > 1 && r->heap[place / 2]->at_ns > timer->at_ns)
		heap_rise(r, place, timer);
	else
		heap_sink(r, place, timer);
}

int reactor_timer_set(struct reactor *r, struct reactor_timer *timer, uint64_t at_ns)
{
	if (timer->place != 0) {
		timer->at_ns = at_ns;
		heap_settle(r, timer->place, timer);
		return HN_OK;
	}
	if (r->heap_count == r->heap_max) {
		size_t max = r->heap_max * 2;
		struct reactor_timer **heap = reallocarray(r->heap, max + 1, sizeof(struct reactor_timer *));
		if (heap == NULL)
			return HN_ENOMEM;
		r->heap = heap;
		r->heap_max = max;
	}
	timer->at_ns = at_ns;
	heap_rise(r, ++r->heap_count, timer);
	return HN_OK;
}

void reactor_timer_clear(struct reactor *r, struct reactor_timer *timer)
{
	if (timer->place == 0)
		return;
	size_t place = timer->place;
	timer->place = 0;
	struct reactor_timer *last = r->heap[r->heap_count--];
	if (last != timer)
		heap_settle(r, place, last);
}

uint64_t reactor_now_ns(const struct reactor *r)
{
	if (r->clock.now_ns != NULL)
		return r->clock.now_ns(r->clock.context);
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_A_SECOND + (uint64_t)now.tv_nsec;
}

/* Until the first timer; for told time only whether it is due, since it does not pass by itself. */
static int wait_ms(const struct reactor *r)
{
	if (r->heap_count == 0)
		return -1;
	uint64_t now = reactor_now_ns(r);
	uint64_t at = r->heap[1]->at_ns;
	if (at <= now)
		return 0;
	if (r->clock.now_ns != NULL)
		return -1;
	uint64_t ms = (at - now + NS_A_MS - 1) / NS_A_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* At most as many as there were when it began, so that one which sets itself again cannot hold the round. */
static void call_timers(struct reactor *r)
{
	uint64_t now = reactor_now_ns(r);
	for (size_t left = r->heap_count; left > 0 && r->heap_count > 0 && r->heap[1]->at_ns <= now; left--) {
		struct reactor_timer *timer = r->heap[1];
		reactor_timer_clear(r, timer);
		timer->due(timer);
	}
}

static unsigned events_of(uint32_t epoll_events)
{
	if (epoll_events & (EPOLLERR | EPOLLHUP))
		return REACTOR_READ | REACTOR_WRITE;
	unsigned events = 0;
	if (epoll_events & EPOLLIN)
		events |= REACTOR_READ;
	if (epoll_events & EPOLLOUT)
		events |= REACTOR_WRITE;
	return events;
}

void reactor_round(struct reactor *r, const struct reactor_hooks *hooks)
{
	if (hooks->idle != NULL)
		hooks->idle(hooks->context);
	int count = epoll_wait(r->epoll_fd, r->ready, READY_MAX, wait_ms(r));
	if (hooks->woken != NULL)
		hooks->woken(hooks->context);

	r->ready_count = count < 0 ? 0 : (size_t)count;
	for (r->ready_at = 0; r->ready_at < r->ready_count; r->ready_at++) {
		const struct epoll_event *e = &r->ready[r->ready_at];
		if (e->data.ptr == r) {
			uint64_t many;
			(void)!read(r->wake_fd, &many, sizeof(many));
		} else if (e->data.ptr != NULL) {
			struct reactor_event *event = e->data.ptr;
			unsigned events = events_of(e->events) & event->wanted;
			if (events != 0)
				event->ready(event, events);
		}
	}
	r->ready_count = 0;
	call_timers(r);
}

void reactor_wake(struct reactor *r)
{
	uint64_t one = 1;
	/* A full counter would wake as well. */
	(void)!write(r->wake_fd, &one, sizeof(one));
}
