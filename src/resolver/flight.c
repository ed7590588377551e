/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/flight.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "resolver/recursed.h"

#define HEADS          1024
#define WAITERS_MAX    65536 /* of one thread */
#define STALE_AFTER_MS 1800  /* RFC 8767, 5: the client response timer */

struct flight {
	struct flight *next; /* of its head */
	struct flights *flights;
	struct answer_key key;
	uint64_t site;
	struct cached_answer *stale; /* one reference */
	struct waiter *waiters;
	struct loop_timer stale_due;
	/* Written by the recursion thread before it hands the flight back. */
	struct flight *next_landed;
	struct cached_answer *answer;
	bool failed;
	uint8_t name[NAME_MAX_WIRE];
};

struct flights {
	struct loop *loop;
	struct recursor *recursor;
	flight_landed *landed;
	void *context;
	struct flight *heads[HEADS];
	size_t waiting;
	int event_fd;
	struct loop_handler handler;
	_Atomic(struct flight *) landings; /* pushed by recursion threads */
};

/* ---- on a recursion thread ---- */

static void on_answer(void *context, const struct recursor_answer *r)
{
	struct flight *f = context;
	f->answer = recursed_answer(&f->key, f->site, r, &f->failed);
	struct flights *all = f->flights;
	struct flight *top = atomic_load_explicit(&all->landings, memory_order_relaxed);
	do {
		f->next_landed = top;
	} while (!atomic_compare_exchange_weak_explicit(&all->landings, &top, f, memory_order_release,
							memory_order_relaxed));
	static const uint64_t one = 1;
	if (!top)
		(void)!write(all->event_fd, &one, sizeof(one));
}

/* ---- on the serving thread ---- */

static struct flight **head_of(struct flights *all, const struct answer_key *key)
{
	return &all->heads[(key->hash >> 16) % HEADS];
}

static struct flight *find(struct flights *all, const struct answer_key *key)
{
	struct flight *f = *head_of(all, key);
	while (f &&
	       !(f->key.hash == key->hash && f->key.type == key->type && f->key.variant == key->variant &&
		 f->key.name_len == key->name_len && memcmp(f->name, key->name, key->name_len) == 0))
		f = f->next;
	return f;
}

static void take_off(struct flights *all, struct flight *f)
{
	struct flight **at = head_of(all, &f->key);
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
}

static struct waiter *take_waiters(struct flights *all, struct flight *f)
{
	struct waiter *list = f->waiters;
	for (const struct waiter *w = list; w; w = w->next)
		all->waiting--;
	f->waiters = NULL;
	return list;
}

static void free_flight(struct flight *f)
{
	cached_answer_unref(f->stale);
	free(f);
}

static void land(struct flights *all, struct flight *f)
{
	take_off(all, f);
	loop_timer_clear(all->loop, &f->stale_due);
	if (f->answer)
		recursed_begin(f->answer, loop_now_s(all->loop));
	const struct landing landing = {
		.key = &f->key,
		.answer = f->answer,
		.stale = f->stale,
		.failed = f->failed,
		.waiters = take_waiters(all, f),
	};
	all->landed(all->context, &landing);
	free_flight(f);
}

static void on_stale_due(void *context)
{
	struct flight *f = context;
	const struct landing landing = {
		.key = &f->key,
		.stale = f->stale,
		.failed = true,
		.late = true,
		.waiters = take_waiters(f->flights, f),
	};
	f->flights->landed(f->flights->context, &landing);
}

static void on_landings(void *context, unsigned events)
{
	(void)events;
	struct flights *all = context;
	uint64_t count;
	(void)!read(all->event_fd, &count, sizeof(count));
	struct flight *f = atomic_exchange_explicit(&all->landings, NULL, memory_order_acquire);
	while (f) {
		struct flight *next = f->next_landed;
		land(all, f);
		f = next;
	}
}

int flights_new(struct loop *loop, struct recursor *recursor, flight_landed *landed, void *context,
		struct flights **out)
{
	struct flights *all = calloc(1, sizeof(*all));
	if (!all)
		return HN_ENOMEM;
	all->loop = loop;
	all->recursor = recursor;
	all->landed = landed;
	all->context = context;
	all->handler = (struct loop_handler){on_landings, all};
	all->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (all->event_fd < 0 || loop_add(loop, all->event_fd, LOOP_READ, &all->handler) != HN_OK) {
		if (all->event_fd >= 0)
			(void)close(all->event_fd);
		free(all);
		return HN_EIO;
	}
	*out = all;
	return HN_OK;
}

void flights_free(struct flights *all)
{
	if (!all)
		return;
	for (size_t i = 0; i < HEADS; i++) {
		while (all->heads[i]) {
			struct flight *f = all->heads[i];
			all->heads[i] = f->next;
			loop_timer_clear(all->loop, &f->stale_due);
			for (struct waiter *w = take_waiters(all, f), *next; w; w = next) {
				next = w->next;
				flights_free_waiter(w);
			}
			cached_answer_unref(f->answer);
			free_flight(f);
		}
	}
	loop_remove(all->loop, all->event_fd);
	(void)close(all->event_fd);
	free(all);
}

static struct flight *depart(struct flights *all, const struct answer_key *key, uint64_t site,
			     struct cached_answer *stale)
{
	struct flight *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->flights = all;
	f->key = *key;
	f->site = site;
	memcpy(f->name, key->name, key->name_len);
	f->key.name = f->name;
	f->stale = stale ? cached_answer_ref(stale) : NULL;
	f->stale_due = (struct loop_timer){.due = on_stale_due, .context = f};
	struct flight **head = head_of(all, key);
	f->next = *head;
	*head = f;
	return f;
}

int flights_ask(struct flights *all, const struct answer_key *key, uint64_t site, struct cached_answer *stale,
		const struct ip *client, struct waiter *waiter)
{
	if (waiter && all->waiting >= WAITERS_MAX)
		return HN_ELIMIT;
	struct flight *f = find(all, key);
	if (!f) {
		f = depart(all, key, site, stale);
		if (!f)
			return HN_ENOMEM;
		int rc = recursor_ask(all->recursor, f->name, key->name_len, key->type, client, on_answer, f);
		if (rc != HN_OK) {
			take_off(all, f);
			free_flight(f);
			return rc;
		}
		if (stale)
			loop_timer_set(all->loop, &f->stale_due, loop_now_ms(all->loop) + STALE_AFTER_MS);
	}
	if (waiter) {
		waiter->since_ms = loop_now_ms(all->loop);
		waiter->next = f->waiters;
		f->waiters = waiter;
		all->waiting++;
	}
	return HN_OK;
}

struct waiter *flights_new_waiter(const struct asked *asked)
{
	size_t len = DNS_HEADER_LEN + asked->query.question_len;
	struct waiter *w = malloc(sizeof(*w) + len);
	if (!w)
		return NULL;
	w->next = NULL;
	w->asked = *asked;
	w->redirected = false;
	w->again = false;
	w->steps = 0;
	w->port = NULL;
	memcpy(w->question, asked->message, len);
	w->asked.message = w->question;
	if (asked->query.cookie_len > 0) {
		memcpy(w->cookie, asked->query.cookie, asked->query.cookie_len);
		w->asked.query.cookie = w->cookie;
	}
	return w;
}

void flights_free_waiter(struct waiter *w)
{
	free(w);
}
