/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/flight.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cur.h"
#include "wire/dns_answer.h"

#define HEADS          1024
#define WAITERS_MAX    65536 /* of one thread */
#define STALE_AFTER_MS 1800  /* RFC 8767, 5: the client response timer */
#define TTL_MAX        86400 /* seconds; RFC 8767, 4 lets us choose at most 7 days */
#define NEGATIVE_MAX   3600  /* RFC 2308, 5: one to three hours have been found to work well */
#define FAILURE_TTL    5     /* seconds; RFC 9520, 3.2: at least 1, at most 300 */
#define SHAPE_ROOM     1024  /* more than the packet, for names that were compressed better there */
#define RECORD_LEN_MIN 11    /* bytes of the shortest record: owner at the root, no data */

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

/* An answer that says SERVFAIL, kept for a moment so that a broken zone is not asked for each question. */
static struct cached_answer *failure(const struct flight *f, const struct recursor_answer *r)
{
	uint8_t message[DNS_HEADER_LEN + NAME_MAX_WIRE + 5] = {0};
	size_t at = DNS_HEADER_LEN;
	store_be16(message + 2, DNS_QR | DNS_RA | DNS_RCODE_SERVFAIL);
	store_be16(message + 4, 1);
	memcpy(message + at, f->key.name, f->key.name_len);
	at += f->key.name_len + 1u;
	store_be16(message + at, f->key.type);
	store_be16(message + at + 2, DNS_CLASS_IN);
	bool ours = r->failure >= RECURSOR_LIMIT_ZONE;
	struct cached_answer *a =
		cached_answer_new(&f->key, message, at + 4, NULL, 0, ours ? 0 : FAILURE_TTL, 0);
	if (a && r->ede != RECURSOR_NO_EDE)
		a->ede = r->ede;
	return a;
}

static struct cached_answer *shape(const struct flight *f, const struct recursor_answer *r)
{
	size_t room = r->packet_len + SHAPE_ROOM;
	size_t ttl_max = r->packet_len / RECORD_LEN_MIN + 1;
	uint8_t *message = malloc(room);
	uint16_t *ttl_at = malloc(ttl_max * sizeof(*ttl_at));
	struct dns_shaped s;
	struct cached_answer *a = NULL;
	if (!message || !ttl_at)
		goto out;
	if (dns_answer_shape(r->packet, r->packet_len, f->key.variant & ANSWER_DNSSEC, message, room, ttl_at,
			     ttl_max, &s) != HN_OK) {
		a = failure(f, r);
		goto out;
	}
	uint16_t flags = load_be16(message + 2);
	bool secure = r->security == RECURSOR_SECURE;
	store_be16(message + 2, (uint16_t)(secure ? flags | DNS_AD : flags & ~DNS_AD));
	uint32_t ttl_limit = s.negative ? NEGATIVE_MAX : TTL_MAX;
	a = cached_answer_new(&f->key, message, s.len, ttl_at, s.ttl_count,
			      s.ttl < ttl_limit ? s.ttl : ttl_limit, 0);
out:
	free(message);
	free(ttl_at);
	return a;
}

static void on_answer(void *context, const struct recursor_answer *r)
{
	struct flight *f = context;
	bool unchecked = f->key.variant & ANSWER_UNCHECKED;
	f->failed = r->failure != RECURSOR_ANSWERED || !r->packet ||
		    (r->security == RECURSOR_BOGUS && !unchecked);
	f->answer = f->failed ? failure(f, r) : shape(f, r);
	if (f->answer)
		f->answer->site = f->site;
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
	/* It is stored by our clock; until now it only knew for how long it is fresh. */
	if (f->answer) {
		f->answer->stored = loop_now_s(all->loop);
		f->answer->expires += f->answer->stored;
	}
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
