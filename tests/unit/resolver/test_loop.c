/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/loop.h"

#include <fcntl.h>
#include <unistd.h>

#include "resolver/policy_store.h"

#include "../check.h"

#define MARKS 16

/* What happened, in its order. */
struct world {
	struct loop *loop;
	char marks[MARKS];
	size_t count;
	size_t until; /* then the loop is stopped */
	int pipe[2];
	struct loop_handler handler;
	struct loop_timer repeat;
};

struct marked {
	struct world *world;
	struct loop_timer timer;
	char mark;
};

static void nothing(void *context)
{
	(void)context;
}

static const struct loop_idle idle = {nothing, NULL};

static void mark(struct world *w, char what)
{
	if (w->count < MARKS - 1)
		w->marks[w->count++] = what;
	if (w->count == w->until)
		loop_stop(w->loop);
}

static void on_due(void *context)
{
	struct marked *m = context;
	assert_false(m->timer.set);
	mark(m->world, m->mark);
}

static int set_up(void **state)
{
	static struct world w;
	w = (struct world){.count = 0};
	assert_int_equal(loop_new(&w.loop), HN_OK);
	assert_int_equal(pipe2(w.pipe, O_NONBLOCK | O_CLOEXEC), 0);
	policy_thread_join();
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	policy_thread_leave();
	loop_free(w->loop);
	(void)close(w->pipe[0]);
	(void)close(w->pipe[1]);
	return 0;
}

/* However they are set, they are due by their time, and equal ones in the order in which they were set. */
static void timers_are_due_in_order(void **state)
{
	static const struct {
		char mark;
		int64_t in_ms;
	} set[] = {{'d', 4}, {'a', 1}, {'e', 5}, {'b', 2}, {'c', 2}, {'f', 9}};
	struct world *w = *state;
	struct marked timers[COUNT(set)];
	int64_t now = loop_now_ms(w->loop);
	w->until = COUNT(set) - 1;
	for (size_t i = 0; i < COUNT(set); i++) {
		timers[i] = (struct marked){.world = w, .mark = set[i].mark, .timer = {.due = on_due}};
		timers[i].timer.context = &timers[i];
		loop_timer_set(w->loop, &timers[i].timer, now + set[i].in_ms);
	}
	/* Set anew it has another time, cleared it has none; clearing twice is allowed. */
	loop_timer_set(w->loop, &timers[0].timer, now + 20);
	loop_timer_set(w->loop, &timers[0].timer, now + 4);
	loop_timer_clear(w->loop, &timers[5].timer);
	loop_timer_clear(w->loop, &timers[5].timer);
	loop_run(w->loop, &idle);
	assert_string_equal(w->marks, "abcde");
}

static void repeats(void *context)
{
	struct world *w = context;
	mark(w, 'r');
	if (w->count < w->until)
		loop_timer_set(w->loop, &w->repeat, loop_now_ms(w->loop) + 1);
}

static void a_timer_may_set_itself(void **state)
{
	struct world *w = *state;
	w->until = 3;
	w->repeat = (struct loop_timer){.due = repeats, .context = w};
	loop_timer_set(w->loop, &w->repeat, loop_now_ms(w->loop));
	loop_run(w->loop, &idle);
	assert_string_equal(w->marks, "rrr");
}

static void on_bytes(void *context, unsigned events)
{
	struct world *w = context;
	char c;
	if (events & LOOP_READ && read(w->pipe[0], &c, 1) == 1)
		mark(w, c);
	else if (events & LOOP_HUNG)
		mark(w, '!');
}

/* What was ready when it was stopped is still told, and then it ends by itself. */
static void finishes_what_is_ready(void **state)
{
	struct world *w = *state;
	w->handler = (struct loop_handler){on_bytes, w};
	assert_int_equal(loop_add(w->loop, w->pipe[0], LOOP_READ, &w->handler), HN_OK);
	assert_int_equal(write(w->pipe[1], "xyz", 3), 3);
	loop_stop(w->loop);
	uint64_t round = loop_round(w->loop);
	loop_run(w->loop, &idle);
	assert_string_equal(w->marks, "xyz");
	assert_true(loop_round(w->loop) > round);
}

static void tells_only_what_was_asked_for(void **state)
{
	struct world *w = *state;
	w->handler = (struct loop_handler){on_bytes, w};
	assert_int_equal(loop_add(w->loop, w->pipe[0], 0, &w->handler), HN_OK);
	assert_int_equal(write(w->pipe[1], "x", 1), 1);
	loop_stop(w->loop);
	loop_run(w->loop, &idle);
	assert_string_equal(w->marks, "");
	assert_int_equal(loop_change(w->loop, w->pipe[0], LOOP_READ, &w->handler), HN_OK);
	loop_stop(w->loop);
	loop_run(w->loop, &idle);
	assert_string_equal(w->marks, "x");
	/* That the other end is gone is told unasked, until it is removed. */
	assert_int_equal(close(w->pipe[1]), 0);
	w->pipe[1] = -1;
	w->until = 2;
	loop_run(w->loop, &idle);
	assert_int_equal(w->marks[1], '!');
	loop_remove(w->loop, w->pipe[0]);
	size_t count = w->count;
	loop_run(w->loop, &idle);
	assert_int_equal(w->count, count);
	assert_int_equal(loop_change(w->loop, w->pipe[0], LOOP_READ, &w->handler), HN_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_are_due_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_timer_may_set_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finishes_what_is_ready, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_only_what_was_asked_for, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
