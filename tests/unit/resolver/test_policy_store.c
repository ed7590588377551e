/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_store.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "resolver/policy_files.h"
#include "tests/unit/resolver/policy_world.h"

#define NOW     1000
#define THREADS 3
#define SWAPS   40
#define COMINGS 300

#define SOA "$TTL 60\n@ SOA ns h 1 2 3 4 5\n"

struct home {
	struct world w;
	char directory[128], zone[128];
	struct policy_set_spec sets[2];
	uint16_t order[2];
	struct policy_view_spec view;
	struct policy_spec spec;
	const char *zone_path;
	uint8_t digest[32];
	struct policy_store *store;
};

static void home_open(struct home *h)
{
	static const struct world_entry base[] = {{"base.test"}, {"both.test"}};
	*h = (struct home){.order = {0, 1}};
	world_open(&h->w);
	memcpy(h->directory, world_path(&h->w, "sets"), sizeof(h->directory));
	assert_int_equal(mkdir(h->directory, 0700), 0);
	(void)world_him(&h->w, "sets/0.him", NULL, base, COUNT(base), h->digest);
	memcpy(h->zone, world_text(&h->w, "zone", SOA "zone.test CNAME .\n"), sizeof(h->zone));
	h->zone_path = h->zone;
	h->sets[0] = (struct policy_set_spec){
		.name = "sets", .directory = h->directory, .action = POLICY_NXDOMAIN, .ttl = 5};
	h->sets[1] = (struct policy_set_spec){.name = "zone",
					      .rpz = true,
					      .paths = &h->zone_path,
					      .path_count = 1,
					      .action = POLICY_GIVEN,
					      .keep_percent = 50};
	h->view = (struct policy_view_spec){"all", h->order, 2};
	h->spec = (struct policy_spec){h->sets, 2, &h->view, 1};
	assert_int_equal(policy_store_new(&h->spec, &h->store, NULL), HN_OK);
}

static void home_close(struct home *h)
{
	policy_store_free(h->store);
	world_close(&h->w);
}

static enum policy_action ask(const struct home *h, const char *question)
{
	struct policy_verdict v;
	world_judge(policy_store_get(h->store), 0, question, NOW, &v);
	return (enum policy_action)v.action;
}

static uint64_t generation(const struct home *h)
{
	return policy_generation(policy_store_get(h->store));
}

static void takes_what_changed(void **state)
{
	static const struct world_entry overlay[] = {{"-both.test"}, {"new.test"}};
	struct home h;
	struct fault fault;
	(void)state;
	home_open(&h);
	assert_int_equal(generation(&h), 1);
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(generation(&h), 1); /* nothing had changed */

	(void)world_him(&h.w, "sets/1.him", h.digest, overlay, COUNT(overlay), NULL);
	assert_int_equal(ask(&h, "new.test"), POLICY_NONE);
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(generation(&h), 2);
	assert_int_equal(ask(&h, "new.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "both.test"), POLICY_NONE);
	assert_int_equal(ask(&h, "base.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "zone.test"), POLICY_NXDOMAIN);

	/* Another configuration of the same files. */
	h.sets[0].action = POLICY_DROP;
	assert_int_equal(policy_store_reload(h.store, &h.spec, false, &fault), HN_OK);
	assert_int_equal(generation(&h), 3);
	assert_int_equal(ask(&h, "base.test"), POLICY_DROP);
	home_close(&h);
}

static void keeps_the_old_one_on_an_error(void **state)
{
	static const char *const broken[] = {"", "half", SOA "zone.test CNAME", SOA "zone.test CNAME .",
					     SOA "a CNAME .\na CNAME *.\n"};
	struct home h;
	struct fault fault;
	(void)state;
	home_open(&h);
	for (size_t i = 0; i < COUNT(broken); i++) {
		(void)world_text(&h.w, "zone", broken[i]);
		fault.place[0] = fault.message[0] = '\0';
		assert_int_not_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
		assert_ptr_equal(strstr(fault.place, h.zone), fault.place);
		assert_true(fault.message[0] != '\0');
		assert_int_equal(generation(&h), 1);
		assert_int_equal(ask(&h, "zone.test"), POLICY_NXDOMAIN);
	}
	assert_int_equal(remove(h.zone), 0);
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_ENOENT);
	assert_int_equal(ask(&h, "zone.test"), POLICY_NXDOMAIN);
	(void)world_text(&h.w, "zone", SOA "zone.test CNAME *.\n");
	(void)world_text(&h.w, "sets/1.him", "half");
	assert_int_not_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(ask(&h, "zone.test"), POLICY_NXDOMAIN);
	home_close(&h);
}

static void takes_a_much_smaller_zone_only_by_force(void **state)
{
	struct home h;
	struct fault fault;
	(void)state;
	home_open(&h);
	(void)world_text(&h.w, "zone", SOA "zone.test CNAME .\nb CNAME .\nc CNAME .\nd CNAME .\n");
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	(void)world_text(&h.w, "zone", SOA "zone.test CNAME .\n");
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_ESTATE);
	assert_int_equal(ask(&h, "b"), POLICY_NXDOMAIN);
	assert_int_equal(policy_store_reload(h.store, NULL, true, &fault), HN_OK);
	assert_int_equal(ask(&h, "b"), POLICY_NONE);
	home_close(&h);
}

/* A zone file too large to be read in passing; "large.test" stands in it. */
static void write_large_zone(struct home *h)
{
	static char text[POLICY_RPZ_SMALL + 128];
	size_t len = (size_t)snprintf(text, sizeof(text), SOA "zone.test CNAME .\nlarge.test CNAME .\n");
	memset(text + len, ';', POLICY_RPZ_SMALL);
	text[len + POLICY_RPZ_SMALL] = '\n';
	assert_int_equal(file_write_whole(h->zone, text, len + POLICY_RPZ_SMALL + 1, 0600, true), HN_OK);
}

static void takes_an_overlay_past_a_large_file(void **state)
{
	static const struct world_entry overlay[] = {{"-both.test"}, {"new.test"}};
	struct home h;
	struct fault fault;
	bool left = true;
	(void)state;
	home_open(&h);
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_false(left);
	assert_int_equal(generation(&h), 1);

	write_large_zone(&h);
	(void)world_him(&h.w, "sets/1.him", h.digest, overlay, COUNT(overlay), NULL);
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_true(left);
	assert_int_equal(ask(&h, "new.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "both.test"), POLICY_NONE);
	assert_int_equal(ask(&h, "zone.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "large.test"), POLICY_NONE);
	assert_int_equal(generation(&h), 2);

	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(ask(&h, "large.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "new.test"), POLICY_NXDOMAIN);
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_false(left);
	assert_int_equal(generation(&h), 3);
	home_close(&h);
}

/* A base too large to be read in passing. */
static void write_large_base(struct home *h, const char *name, const struct world_entry *entries,
			     size_t count, uint8_t digest[32])
{
	struct him_build *b;
	const uint8_t *data;
	size_t size;
	assert_int_equal(him_build_new("world", NULL, &b), HN_OK);
	for (size_t i = 0; i < count; i++) {
		struct canonical key;
		const struct entry_meta meta = {.object = "list"};
		assert_int_equal(canonical_value(entries[i].value, strlen(entries[i].value), &key), HN_OK);
		assert_int_equal(him_build_add(b, &key.key, &meta), HN_OK);
	}
	for (uint32_t i = 0; i < 1500000; i++) {
		const uint8_t address[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		const struct entry_key key = {ENTRY_IP4, 4, address};
		const struct entry_meta meta = {.object = "list"};
		assert_int_equal(him_build_add(b, &key, &meta), HN_OK);
	}
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	assert_true(size > POLICY_HIM_SMALL);
	assert_int_equal(him_build_write(b, world_path(&h->w, name)), HN_OK);
	him_build_free(b);
}

/*
 * A publisher puts a new base in place and removes the overlay whose entries it holds now. Until it is read
 * the old base and that overlay serve on, and another overlay of the old base is taken.
 */
static void keeps_what_a_new_base_will_hold(void **state)
{
	static const struct world_entry first[] = {{"first.test"}}, second[] = {{"second.test"}},
					third[] = {{"third.test"}}, all[] = {{"base.test"}, {"first.test"}};
	struct home h;
	struct fault fault;
	bool left = false;
	uint8_t digest[32];
	(void)state;
	home_open(&h);
	(void)world_him(&h.w, "sets/1.him", h.digest, first, COUNT(first), NULL);
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_int_equal(ask(&h, "first.test"), POLICY_NXDOMAIN);

	write_large_base(&h, "sets/0.him", all, COUNT(all), digest);
	assert_int_equal(remove(world_path(&h.w, "sets/1.him")), 0);
	(void)world_him(&h.w, "sets/2.him", h.digest, second, COUNT(second), NULL);
	(void)world_him(&h.w, "sets/3.him", digest, third, COUNT(third), NULL);
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_true(left);
	assert_int_equal(ask(&h, "both.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "first.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "second.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "third.test"), POLICY_NONE); /* it belongs to the base that is read */

	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(ask(&h, "both.test"), POLICY_NONE);
	assert_int_equal(ask(&h, "first.test"), POLICY_NXDOMAIN);
	assert_int_equal(ask(&h, "second.test"), POLICY_NONE);
	assert_int_equal(ask(&h, "third.test"), POLICY_NXDOMAIN);
	assert_non_null(policy_note(policy_store_get(h.store), 0));
	assert_int_equal(policy_store_reload_small(h.store, &left, &fault), HN_OK);
	assert_false(left);
	home_close(&h);
}

/* Counters are by slot: another order of sets, one that is gone and one that is new change none of them. */
static void a_set_keeps_its_slot(void **state)
{
	struct home h;
	struct fault fault;
	(void)state;
	home_open(&h);
	const uint16_t sets = policy_slot(policy_store_get(h.store), 0),
		       zone = policy_slot(policy_store_get(h.store), 1);
	assert_int_not_equal(sets, zone);
	struct policy_set_spec turned[] = {h.sets[1], h.sets[0]};
	const struct policy_spec spec = {turned, 2, &h.view, 1, NULL};
	assert_int_equal(policy_store_reload(h.store, &spec, false, &fault), HN_OK);
	assert_int_equal(policy_slot(policy_store_get(h.store), 0), zone);
	assert_int_equal(policy_slot(policy_store_get(h.store), 1), sets);
	for (unsigned i = 0; i < 2 * POLICY_SETS_MAX; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "new-%u", i);
		turned[1].name = name;
		assert_int_equal(policy_store_reload(h.store, &spec, false, &fault), HN_OK);
		const struct policy *p = policy_store_get(h.store);
		assert_int_equal(policy_slot(p, 0), zone);
		assert_int_not_equal(policy_slot(p, 1), zone);
		assert_true(policy_slot(p, 1) < POLICY_SETS_MAX);
	}
	home_close(&h);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void hears_of_its_own_files_only(void **state)
{
	static const struct world_entry overlay[] = {{"new.test"}};
	char hidden[160], gone[160];
	struct home h;
	struct fault fault;
	int fd = -1;
	(void)state;
	home_open(&h);
	assert_int_equal(policy_store_watch(h.store, &fd, &fault), HN_OK);
	assert_false(readable(fd));
	(void)world_text(&h.w, "other", "x");
	(void)world_text(&h.w, "sets/readme", "x");
	assert_false(policy_store_changed(h.store));
	(void)world_him(&h.w, "sets/1.him", h.digest, overlay, COUNT(overlay), NULL);
	assert_true(readable(fd));
	assert_true(policy_store_changed(h.store));
	assert_false(policy_store_changed(h.store));
	(void)world_text(&h.w, "zone", SOA "zone.test CNAME *.\n");
	assert_true(policy_store_changed(h.store));
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(ask(&h, "zone.test"), POLICY_NODATA);
	assert_int_equal(ask(&h, "new.test"), POLICY_NXDOMAIN);
	(void)snprintf(gone, sizeof(gone), "%s/1.him", h.directory);
	assert_int_equal(unlink(gone), 0);
	assert_true(policy_store_changed(h.store));
	(void)snprintf(hidden, sizeof(hidden), "%s/.part.him", h.directory);
	assert_int_equal(file_write_whole(hidden, "x", 1, 0600, true), HN_OK);
	assert_false(policy_store_changed(h.store));
	home_close(&h);
}

/* ---- threads ---- */

/* As a publisher does who brings an overlay and takes it back. */
static void *come_and_go(void *context)
{
	const struct home *h = context;
	char there[160], hidden[160];
	struct buf bytes;
	bool well = true;
	buf_init(&bytes, 1 << 16);
	(void)snprintf(there, sizeof(there), "%s/1.him", h->directory);
	(void)snprintf(hidden, sizeof(hidden), "%s/.1.him", h->directory);
	well = file_read(hidden, &bytes) == HN_OK;
	for (unsigned i = 0; i < COMINGS && well; i++)
		well = file_write_whole(there, bytes.data, bytes.len, 0600, true) == HN_OK &&
		       unlink(there) == 0;
	buf_clear(&bytes);
	return well ? context : NULL;
}

static void a_file_that_goes_while_it_is_listed_is_no_fault(void **state)
{
	static const struct world_entry overlay[] = {{"new.test"}};
	struct home h;
	struct fault fault = {{0}, {0}};
	pthread_t thread;
	void *well = NULL;
	(void)state;
	home_open(&h);
	(void)world_him(&h.w, "sets/.1.him", h.digest, overlay, COUNT(overlay), NULL);
	assert_int_equal(pthread_create(&thread, NULL, come_and_go, &h), 0);
	while (pthread_tryjoin_np(thread, &well) != 0) {
		int rc = policy_store_reload(h.store, NULL, false, &fault);
		if (rc != HN_OK)
			print_message("%s: %s\n", fault.place, fault.message);
		assert_int_equal(rc, HN_OK);
	}
	assert_non_null(well);
	assert_int_equal(policy_store_reload(h.store, NULL, false, &fault), HN_OK);
	assert_int_equal(ask(&h, "new.test"), POLICY_NONE);
	home_close(&h);
}

struct asker {
	const struct home *h;
	atomic_bool *stop;
	atomic_uint *started;
	uint64_t asked;
	bool wrong;
};

/* What one generation says fits together: an odd one blocks odd.test, an even one even.test, each base.test.
 */
static bool fits(const struct policy *p)
{
	struct policy_verdict odd, even, base;
	bool is_odd = policy_generation(p) % 2 == 1;
	world_judge(p, 0, "odd.test", NOW, &odd);
	world_judge(p, 0, "even.test", NOW, &even);
	world_judge(p, 0, "base.test", NOW, &base);
	return (odd.action == POLICY_NODATA) == is_odd && (even.action == POLICY_NODATA) == !is_odd &&
	       base.action == POLICY_NXDOMAIN;
}

static void *ask_until_stopped(void *context)
{
	struct asker *a = context;
	policy_thread_join();
	atomic_fetch_add(a->started, 1);
	while (!atomic_load(a->stop)) {
		a->wrong |= !fits(policy_store_get(a->h->store));
		a->asked++;
		if (a->asked % 7 == 0) {
			policy_thread_offline();
			policy_thread_online();
		} else {
			policy_thread_quiet();
		}
	}
	policy_thread_leave();
	return NULL;
}

static void is_replaced_while_threads_ask(void **state)
{
	struct home h;
	pthread_t threads[THREADS];
	struct asker askers[THREADS];
	atomic_bool stop = false;
	atomic_uint started = 0;
	(void)state;
	home_open(&h);
	(void)world_text(&h.w, "zone", SOA "even.test CNAME *.\n");
	assert_int_equal(policy_store_reload(h.store, NULL, true, NULL), HN_OK);
	for (size_t i = 0; i < THREADS; i++) {
		askers[i] = (struct asker){&h, &stop, &started, 0, false};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_until_stopped, &askers[i]), 0);
	}
	while (atomic_load(&started) < THREADS)
		sched_yield();
	for (unsigned i = 0; i < SWAPS; i++) {
		bool odd = generation(&h) % 2 == 0; /* what comes */
		(void)world_text(&h.w, "zone", odd ? SOA "odd.test CNAME *.\n" : SOA "even.test CNAME *.\n");
		assert_int_equal(policy_store_reload(h.store, NULL, true, NULL), HN_OK);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(askers[i].wrong);
		assert_true(askers[i].asked > 0);
	}
	assert_int_equal(generation(&h), 2 + SWAPS);
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_changed),
		cmocka_unit_test(keeps_the_old_one_on_an_error),
		cmocka_unit_test(takes_a_much_smaller_zone_only_by_force),
		cmocka_unit_test(takes_an_overlay_past_a_large_file),
		cmocka_unit_test(keeps_what_a_new_base_will_hold),
		cmocka_unit_test(a_set_keeps_its_slot),
		cmocka_unit_test(hears_of_its_own_files_only),
		cmocka_unit_test(a_file_that_goes_while_it_is_listed_is_no_fault),
		cmocka_unit_test(is_replaced_while_threads_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
