/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/recursion.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>

#define NS_A_US          1000u
#define RCODE_SERVFAIL   2
#define RCODE_NXDOMAIN   3
#define RCODE_AT         3 /* in a message's header, its lower half */
#define EDE_OTHER        0
#define EDE_NOT_READY    14
#define EDE_NO_REACHABLE 22

/* By enum recursor_failure. */
static const uint16_t failure_ede[RECURSOR_FAILURES] = {
	[RECURSOR_UNREACHABLE] = EDE_NO_REACHABLE, [RECURSOR_TIMEOUT] = EDE_NO_REACHABLE,
	[RECURSOR_LIMIT_ZONE] = EDE_OTHER,         [RECURSOR_LIMIT_CLIENT] = EDE_OTHER,
	[RECURSOR_LIMIT_TOTAL] = EDE_OTHER,        [RECURSOR_STOPPED] = EDE_NOT_READY,
	[RECURSOR_NO_MEMORY] = EDE_OTHER,
};

/* One writer: no locked instruction is needed. */
static void count(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
			      memory_order_relaxed);
}

void retired_add(struct retired *retired, struct resolution *one)
{
	pthread_mutex_lock(&retired->mutex);
	one->next_retired = retired->first;
	retired->first = one;
	pthread_cond_signal(&retired->more);
	pthread_mutex_unlock(&retired->mutex);
}

void recursion_give(struct recursion *t, struct ask *ask)
{
	struct ask *last = atomic_load_explicit(&t->inbox, memory_order_relaxed);
	do
		ask->next_arrived = last;
	while (!atomic_compare_exchange_weak_explicit(&t->inbox, &last, ask, memory_order_release,
						      memory_order_relaxed));
	/* The thread takes all at once, so whoever comes first wakes it for those behind. */
	if (last == NULL)
		reactor_wake(t->reactor);
}

struct resolution *recursion_succeed(struct recursion *t, struct resolution *successor)
{
	struct resolution *unused = atomic_exchange_explicit(&t->successor, successor, memory_order_acq_rel);
	reactor_wake(t->reactor);
	return unused;
}

static unsigned latency_slot(uint64_t us)
{
	unsigned slot = us == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us);
	return slot < RECURSOR_LATENCY_SLOTS ? slot : RECURSOR_LATENCY_SLOTS - 1;
}

static void leave_line(struct recursion *t, struct ask *ask)
{
	if (ask->later != NULL)
		ask->later->earlier = ask->earlier;
	else
		t->latest = ask->earlier;
	if (ask->earlier != NULL)
		ask->earlier->later = ask->later;
	else
		t->earliest = ask->later;
}

static void nobody_waits(struct recursion_shared *shared)
{
	pthread_mutex_lock(&shared->mutex);
	pthread_cond_broadcast(&shared->nobody_waits);
	pthread_mutex_unlock(&shared->mutex);
}

/* Calls back one who stands in no list any more, and forgets it. */
static void tell(struct recursion *t, struct ask *ask, struct recursor_answer *answer)
{
	uint64_t us = (reactor_now_ns(t->reactor) - ask->since_ns) / NS_A_US;
	answer->latency_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	count(&t->counts.latency[latency_slot(us)], 1);
	count(&t->counts.latency_us, us);
	if (answer->failure == RECURSOR_ANSWERED)
		count(&t->counts.answered[answer->security], 1);
	else
		count(&t->counts.failed[answer->failure], 1);
	if (answer->rcode == RCODE_NXDOMAIN)
		count(&t->counts.nxdomain, 1);

	ask->done(ask->context, answer);
	client_limit_give_back(&t->shared->clients, ask->cells);
	free(ask);
	uint32_t waited = atomic_fetch_sub(&t->shared->waiting, 1);
	if (waited == 1 && atomic_load(&t->shared->draining))
		nobody_waits(t->shared);
}

static void tell_failure(struct recursion *t, struct ask *ask, enum recursor_failure failure)
{
	struct recursor_answer answer = {
		.failure = failure, .rcode = RCODE_SERVFAIL, .ede = failure_ede[failure], .why = ""};
	tell(t, ask, &answer);
}

static void tell_waiters(struct recursion *t, struct question *q, struct recursor_answer *answer)
{
	for (struct ask *ask = question_take_waiter(q); ask != NULL; ask = question_take_waiter(q)) {
		leave_line(t, ask);
		tell(t, ask, answer);
	}
}

static void remove_question(struct recursion *t, struct question *q)
{
	questions_remove(&t->questions, q);
	atomic_fetch_sub_explicit(&t->shared->under_way, 1, memory_order_relaxed);
}

static void question_failed(struct recursion *t, struct question *q, enum recursor_failure failure)
{
	struct recursor_answer answer = {
		.failure = failure, .rcode = RCODE_SERVFAIL, .ede = failure_ede[failure], .why = ""};
	tell_waiters(t, q, &answer);
	remove_question(t, q);
}

static enum recursor_security security_of(enum unbound_security security)
{
	switch (security) {
	case UNBOUND_SECURE:
		return RECURSOR_SECURE;
	case UNBOUND_BOGUS:
		return RECURSOR_BOGUS;
	case UNBOUND_INSECURE:
		break;
	}
	return RECURSOR_INSECURE;
}

static void question_done(struct unbound_question *unbound, const struct unbound_answer *said)
{
	struct question *q = (struct question *)unbound;
	struct recursion *t = q->recursion;
	if (said->packet == NULL || said->packet_len <= RCODE_AT) {
		question_failed(t, q, RECURSOR_UNREACHABLE);
		return;
	}
	struct recursor_answer answer = {
		.security = security_of(said->security),
		.rcode = said->packet[RCODE_AT] & 0x0f,
		.ede = RECURSOR_NO_EDE,
		.packet = said->packet,
		.packet_len = said->packet_len,
		.why = said->why,
	};
	if (answer.security == RECURSOR_BOGUS)
		answer.ede = unbound_ede(said->why);
	tell_waiters(t, q, &answer);
	remove_question(t, q);
}

/* Asks libunbound; when this returns the question may be done and gone. */
static void question_ask(struct recursion *t, struct question *q)
{
	if (unbound_ask(q->resolution->unbound, &q->unbound, q->name, q->name_len, q->type) != HN_OK)
		question_failed(t, q, RECURSOR_NO_MEMORY);
}

/* A question that is not under way: makes room for it, or says why not. */
static enum recursor_failure question_new(struct recursion *t, const struct ask *ask, struct question **out)
{
	struct recursion_shared *shared = t->shared;
	uint32_t others = atomic_fetch_add_explicit(&shared->under_way, 1, memory_order_relaxed);
	enum recursor_failure failure = RECURSOR_LIMIT_TOTAL;
	if (others < shared->total_max) {
		int err = questions_add(&t->questions, ask, t->current, shared->zone_max, out);
		if (err == HN_OK) {
			(*out)->recursion = t;
			(*out)->unbound.done = question_done;
			return RECURSOR_ANSWERED;
		}
		failure = err == HN_ELIMIT ? RECURSOR_LIMIT_ZONE : RECURSOR_NO_MEMORY;
	}
	atomic_fetch_sub_explicit(&shared->under_way, 1, memory_order_relaxed);
	return failure;
}

static void join_line(struct recursion *t, struct ask *ask)
{
	ask->earlier = t->latest;
	ask->later = NULL;
	if (t->latest != NULL)
		t->latest->later = ask;
	else
		t->earliest = ask;
	t->latest = ask;
}

/* The timer always stands in the heap, so that setting it cannot fail. */
static void set_patience(struct recursion *t)
{
	uint64_t at = t->earliest == NULL ? UINT64_MAX : t->earliest->since_ns + t->shared->answer_ns;
	int err = reactor_timer_set(t->reactor, &t->patience, at);
	assert(err == HN_OK);
}

/* Tells those who have waited long enough, and sets the timer for the next. */
static void look_at_patience(struct recursion *t)
{
	uint64_t now = reactor_now_ns(t->reactor);
	while (t->earliest != NULL && now - t->earliest->since_ns >= t->shared->answer_ns) {
		struct ask *ask = t->earliest;
		/* The question goes on: its answer is of use to the next who asks. */
		question_remove_waiter(ask);
		leave_line(t, ask);
		tell_failure(t, ask, RECURSOR_TIMEOUT);
	}
	set_patience(t);
}

/* Its place in the heap became free just now; each round of recursion_run() looks who waited too long. */
static void patience_ended(struct reactor_timer *timer)
{
	struct recursion *t = (struct recursion *)((char *)timer - offsetof(struct recursion, patience));
	set_patience(t);
}

static void take_ask(struct recursion *t, struct ask *ask)
{
	count(&t->counts.asked, 1);
	if (ask->refused != RECURSOR_ANSWERED) {
		tell_failure(t, ask, ask->refused);
		return;
	}
	struct question *q = questions_find(&t->questions, ask, t->current);
	bool fresh = q == NULL;
	if (fresh) {
		enum recursor_failure failure = question_new(t, ask, &q);
		if (failure != RECURSOR_ANSWERED) {
			tell_failure(t, ask, failure);
			return;
		}
	} else {
		count(&t->counts.shared, 1);
	}
	question_add_waiter(q, ask);
	join_line(t, ask);
	if (fresh)
		question_ask(t, q);
}

static struct ask *take_inbox(struct recursion *t)
{
	struct ask *ask = atomic_exchange_explicit(&t->inbox, NULL, memory_order_acquire);
	struct ask *first = NULL;
	while (ask != NULL) {
		struct ask *before = ask->next_arrived;
		ask->next_arrived = first;
		first = ask;
		ask = before;
	}
	return first;
}

static void retire(struct recursion *t, struct resolution *one)
{
	unbound_detach(one->unbound);
	retired_add(&t->shared->retired, one);
}

/* What is still under way in the former context is asked anew in the current one. */
static void move_questions(struct recursion *t, struct resolution *from)
{
	while (from->questions != NULL) {
		struct question *q = from->questions;
		unbound_cancel(from->unbound, &q->unbound);
		question_move(q, t->current);
		question_ask(t, q);
	}
}

/* Lets a new context take over, if there is one. The current one goes on with what is under way in it; one
 * before that must end now, so that there are never more than two caches. */
static void look_at_successor(struct recursion *t)
{
	struct resolution *successor = atomic_exchange_explicit(&t->successor, NULL, memory_order_acq_rel);
	if (successor == NULL)
		return;
	unbound_attach(successor->unbound, t->reactor);
	struct resolution *oldest = t->former;
	t->former = t->current;
	t->current = successor;
	if (t->former != NULL)
		count(&t->counts.restarted, 1);
	if (oldest != NULL) {
		move_questions(t, oldest);
		retire(t, oldest);
	}
}

static void look_at_former(struct recursion *t)
{
	if (t->former == NULL || t->former->questions != NULL)
		return;
	retire(t, t->former);
	t->former = NULL;
}

/* A question asked after recursion_succeed() returned is found with its successor: first the inbox is
 * emptied, then the successor looked for. */
static void look_at_inbox(struct recursion *t)
{
	struct ask *ask = take_inbox(t);
	look_at_successor(t);
	while (ask != NULL) {
		struct ask *next = ask->next_arrived;
		take_ask(t, ask);
		ask = next;
	}
}

static void stop_questions(struct recursion *t, struct resolution *where)
{
	if (where == NULL)
		return;
	while (where->questions != NULL) {
		struct question *q = where->questions;
		unbound_cancel(where->unbound, &q->unbound);
		question_failed(t, q, RECURSOR_STOPPED);
	}
}

/* Whoever is inside recursor_ask() still comes; nobody enters it any more. */
static void stop_all(struct recursion *t)
{
	stop_questions(t, t->former);
	stop_questions(t, t->current);
	while (atomic_load(&t->shared->entering) != 0)
		sched_yield();
	for (struct ask *ask = take_inbox(t); ask != NULL;) {
		struct ask *next = ask->next_arrived;
		count(&t->counts.asked, 1);
		tell_failure(t, ask, RECURSOR_STOPPED);
		ask = next;
	}
}

static void idle_hook(void *context)
{
	const struct recursion *t = context;
	t->shared->hooks.idle(t->shared->hooks.context, t->number);
}

static void woken_hook(void *context)
{
	const struct recursion *t = context;
	t->shared->hooks.woken(t->shared->hooks.context, t->number);
}

void recursion_run(struct recursion *t)
{
	const struct recursor_hooks *hooks = &t->shared->hooks;
	const struct reactor_hooks around = {
		.idle = hooks->idle == NULL ? NULL : idle_hook,
		.woken = hooks->woken == NULL ? NULL : woken_hook,
		.context = t,
	};
	if (hooks->started != NULL)
		hooks->started(hooks->context, t->number);
	while (!atomic_load(&t->shared->stopping)) {
		look_at_inbox(t);
		look_at_former(t);
		look_at_patience(t);
		reactor_round(t->reactor, &around);
	}
	stop_all(t);
	if (hooks->ended != NULL)
		hooks->ended(hooks->context, t->number);
}

int recursion_init(struct recursion *t, struct recursion_shared *shared, unsigned number)
{
	t->shared = shared;
	t->number = number;
	t->patience.due = patience_ended;
	const struct reactor_clock clock = {shared->clock.now_ns, shared->clock.context};
	int err = reactor_new(&clock, &t->reactor);
	if (err == HN_OK)
		err = reactor_timer_set(t->reactor, &t->patience, UINT64_MAX);
	if (err == HN_OK)
		err = questions_init(&t->questions, shared->total_max);
	return err;
}

static void free_resolution(struct resolution *one)
{
	if (one == NULL)
		return;
	unbound_detach(one->unbound);
	unbound_free(one->unbound);
	free(one);
}

void recursion_clear(struct recursion *t)
{
	free_resolution(t->current);
	free_resolution(t->former);
	free_resolution(atomic_load(&t->successor));
	questions_clear(&t->questions);
	reactor_free(t->reactor);
}
