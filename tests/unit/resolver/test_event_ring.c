/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_ring.h"

#include <pthread.h>

#include "../check.h"
#include "resolver/site_ring.h"

#define SMALL 4096

/* Sizes change from event to event, so that records end everywhere in the ring. */
static void fill(struct event *e, uint64_t number)
{
	e->time_ns = (int64_t)number;
	e->key_len = (uint8_t)(number * 7 % (EVENT_KEY_MAX + 1));
	e->object_len = (uint8_t)(number * 13 % (EVENT_OBJECT_MAX + 1));
	e->marking_len = (uint8_t)(number * 5 % (EVENT_MARKING_MAX + 1));
	memset(e->bytes, (int)(number % 251), (size_t)e->key_len + e->object_len + e->marking_len);
}

static void check(const struct event *e, uint64_t number)
{
	assert_int_equal(e->time_ns, number);
	assert_int_equal(e->key_len, number * 7 % (EVENT_KEY_MAX + 1));
	for (size_t i = 0; i < (size_t)e->key_len + e->object_len + e->marking_len; i++)
		assert_int_equal(e->bytes[i], number % 251);
}

static bool put(struct event_ring *r, uint64_t number)
{
	struct event *e = event_ring_claim(r);
	if (!e)
		return false;
	fill(e, number);
	event_ring_commit(r);
	return true;
}

static void what_goes_in_comes_out_in_order(void **state)
{
	(void)state;
	struct event_ring *r;
	uint64_t in = 0, out = 0;
	assert_int_equal(event_ring_new(SMALL, &r), HN_OK);
	assert_null(event_ring_peek(r));
	for (unsigned round = 0; round < 2000; round++) {
		for (unsigned i = 0; i < round % 6; i++)
			assert_true(put(r, in++));
		for (; out < in; out++) {
			const struct event *e = event_ring_peek(r);
			assert_non_null(e);
			check(e, out);
			event_ring_pop(r);
		}
		assert_null(event_ring_peek(r));
	}
	assert_int_equal(event_ring_lost(r), 0);
	event_ring_free(r);
}

static void a_full_ring_counts_what_it_loses_and_goes_on(void **state)
{
	(void)state;
	struct event_ring *r;
	uint64_t in = 0;
	assert_int_equal(event_ring_new(SMALL, &r), HN_OK);
	while (put(r, in))
		in++;
	assert_true(in > 5);
	assert_false(put(r, in));
	assert_int_equal(event_ring_lost(r), 2);
	for (uint64_t out = 0; out < in; out++) {
		check(event_ring_peek(r), out);
		event_ring_pop(r);
	}
	assert_null(event_ring_peek(r));
	assert_true(put(r, 5));
	check(event_ring_peek(r), 5);
	event_ring_free(r);
}

static void sites_come_out_in_order_and_are_counted_when_lost(void **state)
{
	(void)state;
	struct site_ring *r;
	uint64_t out[1000], next = 0;
	assert_int_equal(site_ring_new(&r), HN_OK);
	for (uint64_t i = 0; i < SITE_RING_SIZE + 3; i++)
		site_ring_put(r, i);
	assert_int_equal(r->lost, 3);
	for (size_t n; (n = site_ring_take(r, out, COUNT(out))) > 0;)
		for (size_t i = 0; i < n; i++)
			assert_int_equal(out[i], next++);
	assert_int_equal(next, SITE_RING_SIZE);
	site_ring_put(r, 77);
	assert_int_equal(site_ring_take(r, out, COUNT(out)), 1);
	assert_int_equal(out[0], 77);
	free(r);
}

struct pair {
	struct event_ring *events;
	struct site_ring *sites;
	_Atomic bool ended;
};

#define MANY 200000

static void *produce(void *context)
{
	struct pair *p = context;
	for (uint64_t i = 1; i <= MANY; i++) {
		(void)put(p->events, i);
		site_ring_put(p->sites, i);
	}
	p->ended = true;
	return NULL;
}

/* Numbers only rise, each event is whole, and what is missing was counted. */
static void two_threads_see_the_same(void **state)
{
	(void)state;
	struct pair p = {0};
	pthread_t thread;
	uint64_t events = 0, sites = 0, last_event = 0, last_site = 0, out[256];
	assert_int_equal(event_ring_new(SMALL, &p.events), HN_OK);
	assert_int_equal(site_ring_new(&p.sites), HN_OK);
	assert_int_equal(pthread_create(&thread, NULL, produce, &p), 0);
	for (bool ended = false; !ended;) {
		ended = p.ended;
		for (const struct event *e; (e = event_ring_peek(p.events)) != NULL; events++) {
			assert_true((uint64_t)e->time_ns > last_event);
			last_event = (uint64_t)e->time_ns;
			check(e, last_event);
			event_ring_pop(p.events);
		}
		for (size_t n; (n = site_ring_take(p.sites, out, COUNT(out))) > 0; sites += n) {
			for (size_t i = 0; i < n; i++) {
				assert_true(out[i] > last_site);
				last_site = out[i];
			}
		}
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(events + event_ring_lost(p.events), MANY);
	assert_int_equal(sites + p.sites->lost, MANY);
	event_ring_free(p.events);
	free(p.sites);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out_in_order),
		cmocka_unit_test(a_full_ring_counts_what_it_loses_and_goes_on),
		cmocka_unit_test(sites_come_out_in_order_and_are_counted_when_lost),
		cmocka_unit_test(two_threads_see_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
