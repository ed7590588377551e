/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/reactor.h"

#include "../check.h"

#include <unistd.h>

#define TIMERS 300

struct timed {
	struct reactor_timer timer; /* first */
	struct timed *others;       /* all, in no order */
	unsigned called;
	uint64_t at;
};

static uint64_t told;
static uint64_t last_at;

static uint64_t now_told(void *context)
{
	(void)context;
	return told;
}

static const struct reactor_hooks no_hooks = {0};

static struct reactor *told_reactor(void)
{
	const struct reactor_clock clock = {now_told, NULL};
	struct reactor *r = NULL;
	assert_int_equal(reactor_new(&clock, &r), HN_OK);
	return r;
}

static void round_at(struct reactor *r, uint64_t at)
{
	told = at;
	reactor_wake(r);
	reactor_round(r, &no_hooks);
}

static void in_order(struct reactor_timer *timer)
{
	struct timed *t = (struct timed *)timer;
	t->called++;
	assert_true(t->at >= last_at && t->at <= told);
	last_at = t->at;
}

/* Against a plain array: set, moved, taken out, and called once each, the earliest first. */
static void timers_are_called_in_order(void **state)
{
	(void)state;
	struct reactor *r = told_reactor();
	static struct timed timers[TIMERS];
	uint32_t random = 1;
	for (unsigned i = 0; i < 4000; i++) {
		random = random * 1664525u + 1013904223u;
		struct timed *t = &timers[random / 65536 % TIMERS];
		t->timer.due = in_order;
		if (random % 5 == 0) {
			reactor_timer_clear(r, &t->timer);
			t->at = 0;
		} else {
			t->at = 1 + random / 7 % 100000;
			assert_int_equal(reactor_timer_set(r, &t->timer, t->at), HN_OK);
		}
	}
	last_at = 0;
	for (uint64_t at = 0; at <= 101000; at += 500)
		round_at(r, at);
	for (size_t i = 0; i < TIMERS; i++)
		assert_int_equal(timers[i].called, timers[i].at != 0);
	reactor_free(r);
}

static struct reactor *again_on;

static void set_again(struct reactor_timer *timer)
{
	((struct timed *)timer)->called++;
	assert_int_equal(reactor_timer_set(again_on, timer, told), HN_OK);
}

static void one_that_sets_itself_ends_the_round(void **state)
{
	(void)state;
	struct timed t = {.timer.due = set_again};
	again_on = told_reactor();
	assert_int_equal(reactor_timer_set(again_on, &t.timer, 1), HN_OK);
	round_at(again_on, 5);
	assert_int_equal(t.called, 1);
	round_at(again_on, 5);
	assert_int_equal(t.called, 2);
	reactor_free(again_on);
}

struct end_of_pipe {
	struct reactor_event event; /* first */
	struct reactor *reactor;
	struct end_of_pipe **other; /* freed when this one is ready */
	unsigned *called;
};

static void free_other(struct reactor_event *event, unsigned events)
{
	struct end_of_pipe *e = (struct end_of_pipe *)event;
	assert_int_equal(events, REACTOR_READ);
	++*e->called;
	if (*e->other != NULL && *e->other != e) {
		reactor_forget(e->reactor, &(*e->other)->event);
		free(*e->other);
		*e->other = NULL;
	}
}

/* Both are ready in one round; whichever comes first frees the other, which is not called. */
static void what_is_ready_may_be_freed(void **state)
{
	(void)state;
	struct reactor *r = told_reactor();
	int fds[2][2];
	struct end_of_pipe *ends[2];
	unsigned called = 0;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		ends[i] = calloc(1, sizeof(*ends[i]));
		*ends[i] = (struct end_of_pipe){{fds[i][0], free_other, 0}, r, &ends[1 - i], &called};
		assert_int_equal(reactor_want(r, &ends[i]->event, REACTOR_READ), HN_OK);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	}
	reactor_round(r, &no_hooks);
	assert_int_equal(called, 1);
	assert_true((ends[0] == NULL) != (ends[1] == NULL));
	for (size_t i = 0; i < 2; i++) {
		if (ends[i] != NULL)
			reactor_forget(r, &ends[i]->event);
		free(ends[i]);
		close(fds[i][0]);
		close(fds[i][1]);
	}
	reactor_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_are_called_in_order),
		cmocka_unit_test(one_that_sets_itself_ends_the_round),
		cmocka_unit_test(what_is_ready_may_be_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
