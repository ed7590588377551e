/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What the hub must be able to prove: the store's outbox comes into the ledger once, and a streamed answer's
 * entries add up. */
#include "hub/record/record.h"

#include <fcntl.h>
#include <semaphore.h>
#include <sodium.h>
#include <unistd.h>

#include "../store/object_world.h"
#include "base/json.h"
#include "http/route.h"
#include "hub/hub.h"
#include "hub/record/reading.h"
#include "ledger/private.h"
#include "store/outbox.h"

#define ORIGIN "hinomi/hub/test"

static struct world {
	struct store_world store;
	struct hub hub;
	uint8_t key[64];
	int dir_fd;
} world;

static int begin(void **state)
{
	uint8_t public[32];
	(void)state;
	assert_true(sodium_init() >= 0);
	world_open(&world.store);
	world.dir_fd = open(world.store.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(world.dir_fd >= 0);
	(void)crypto_sign_keypair(public, world.key);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)close(world.dir_fd);
	world_close(&world.store);
	return 0;
}

static void start(void)
{
	struct fault fault = {0};
	const struct record_options options = {.dir_fd = world.dir_fd,
					       .origin = ORIGIN,
					       .secret_key = world.key,
					       .queue_max = 100,
					       .access_bytes = 1 << 20,
					       .store = world.store.store};
	if (record_open(&options, &world.hub.record, &fault) != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	assert_int_equal(record_start(world.hub.record, &fault), HN_OK);
}

static void stop(void)
{
	record_stop(world.hub.record);
	record_free(world.hub.record);
	world.hub.record = NULL;
}

/* The members `name` of all entries, one digit each. */
static const char *entries(const char *name)
{
	static char text[64];
	struct private *p;
	struct buf record;
	size_t len = 0;
	buf_init(&record, 1 << 20);
	assert_int_equal(private_open(world.dir_fd, false, &p), HN_OK);
	for (uint64_t i = 0; i < private_count(p); i++) {
		struct private_slot slot;
		uint8_t salt[32];
		json_t *object = NULL;
		assert_int_equal(private_slot(p, i, &slot), HN_OK);
		assert_int_equal(private_record(p, &slot, salt, &record), HN_OK);
		assert_int_equal(json_object_read(record.data, record.len, &object, NULL), HN_OK);
		json_t *value = json_object_get(object, name);
		if (value == NULL)
			value = json_object_get(json_array_get(json_object_get(object, "reads"), 0), name);
		assert_true(json_is_integer(value));
		text[len++] = (char)('0' + json_integer_value(value));
		json_decref(object);
	}
	text[len] = '\0';
	private_free(p);
	buf_clear(&record);
	return text;
}

/* ---- the outbox ---- */

struct putting {
	int64_t number; /* 0: the next */
	unsigned n;
};

static int put_job(struct writing *w, void *context)
{
	struct putting *p = context;
	char record[64];
	if (p->number == 0)
		p->number = writing_next_seq(w);
	int len = snprintf(record, sizeof(record), "{\"change\":%lld,\"n\":%u}", (long long)p->number, p->n);
	return outbox_put(w, ORIGIN, p->number, "hub.test", record, (size_t)len);
}

static int64_t put(unsigned n, int64_t number)
{
	struct putting p = {.n = n, .number = number};
	world.store.now_us += 1000;
	assert_int_equal(store_write(world.store.store, put_job, &p), HN_OK);
	return p.number;
}

static void told(void *context, int err)
{
	assert_int_equal(err, HN_OK);
	assert_int_equal(sem_post(context), 0);
}

static void wait_for_outbox(void)
{
	sem_t done;
	assert_int_equal(sem_init(&done, 0, 0), 0);
	assert_int_equal(record_outbox(world.hub.record, told, &done), HN_OK);
	assert_int_equal(sem_wait(&done), 0);
	(void)sem_destroy(&done);
}

static void the_outbox_comes_into_the_ledger_once(void **state)
{
	(void)state;
	int64_t first = put(1, 0);
	int64_t second = put(2, 0);
	start(); /* takes what is there */
	assert_string_equal(entries("n"), "12");
	put(3, 0);
	wait_for_outbox();
	assert_string_equal(entries("n"), "123");
	stop();
	world_close_store(&world.store);
	world_open_store(&world.store);
	assert_int_equal(world_ask(&world.store, "SELECT count(*) FROM outbox"), 0);

	/* Killed before the rows went: they are there again, with what came later. */
	put(1, first);
	put(2, second);
	put(4, 0);
	start();
	assert_string_equal(entries("n"), "1234");
	wait_for_outbox();
	stop();
	start();
	assert_string_equal(entries("n"), "1234");
	stop();
}

static int put_foreign(struct writing *w, void *context)
{
	(void)context;
	return outbox_put(w, "hinomi/hub/other", writing_next_seq(w), "hub.test", "{\"n\":9}", 7);
}

static void another_hub_of_the_store_has_its_own(void **state)
{
	(void)state;
	assert_int_equal(store_write(world.store.store, put_foreign, NULL), HN_OK);
	put(1, 0);
	start();
	wait_for_outbox();
	assert_string_equal(entries("n"), "1");
	stop();
	assert_int_equal(
		world_ask(&world.store, "SELECT count(*) FROM outbox WHERE origin = 'hinomi/hub/other'"), 1);
}

/* ---- what is read in parts ---- */

static int add_row(void *context, const struct object_row *row)
{
	reading_add(context, row);
	return HN_OK;
}

/* Reads what was added later than a number, as one slice. */
static void read_slice(struct reading *g, const struct asker *who, int64_t after, int64_t until)
{
	const struct object_filter f = {.after_seq = after, .until_seq = until};
	struct reader *reader = NULL;
	bool more;
	assert_int_equal(store_read(world.store.store, who, &reader), HN_OK);
	reading_go_on(g, reader);
	assert_int_equal(objects_page(reader, &f, 100, add_row, g, &more), HN_OK);
	reader_end(reader);
}

static void append(struct reading *g)
{
	sem_t done;
	assert_int_equal(sem_init(&done, 0, 0), 0);
	assert_int_equal(reading_append(g, told, &done), HN_OK);
	assert_int_equal(sem_wait(&done), 0);
	(void)sem_destroy(&done);
}

static void each_part_tells_of_those_before_it(void **state)
{
	(void)state;
	static const struct route route = {.operation = "export"};
	struct asker who = an_asker(ACME);
	struct request r = {.program = &world.hub, .route = &route, .who.asker = &who};
	struct label open = a_label(ACME, TLP_GREEN), closed = a_label(ACME, TLP_AMBER_STRICT);
	struct reading parts, whole;
	int64_t marks[4] = {0};
	const unsigned slices[3][2] = {{2, 1}, {0, 2}, {1, 0}}; /* closed, open */
	unsigned number = 100;
	start();
	for (size_t s = 0; s < 3; s++) {
		for (unsigned i = 0; i < slices[s][0] + slices[s][1]; i++) {
			world.store.now_us += 1000;
			(void)world_add(&world.store, an_indicator(number++, 1, ""),
					i < slices[s][0] ? &closed : &open);
		}
		marks[s + 1] = world_ask(&world.store, "SELECT max(seq) FROM version");
	}
	reading_begin(&parts, &r, NULL);
	read_slice(&parts, &who, marks[0], marks[1]);
	append(&parts);
	read_slice(&parts, &who, marks[1], marks[2]); /* nothing that must be noted */
	assert_int_equal(reading_append(&parts, NULL, NULL), READING_NOT_NOTED);
	read_slice(&parts, &who, marks[2], marks[3]);
	append(&parts);
	assert_string_equal(entries("count"), "23");
	assert_string_equal(entries("part"), "12");
	/* The last one is of the whole, as if it had been read at once. */
	reading_begin(&whole, &r, NULL);
	read_slice(&whole, &who, 0, marks[3]);
	assert_int_equal(whole.noted, parts.noted);
	assert_int_equal(whole.count, parts.count);
	assert_memory_equal(whole.digest, parts.digest, sizeof(whole.digest));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_outbox_comes_into_the_ledger_once, begin, end),
		cmocka_unit_test_setup_teardown(another_hub_of_the_store_has_its_own, begin, end),
		cmocka_unit_test_setup_teardown(each_part_tells_of_those_before_it, begin, end),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
