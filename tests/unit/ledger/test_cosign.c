/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/cosign.h"

#include "../check.h"
#include "base/file.h"
#include "world.h"

static struct world w, fork_world;
static uint8_t public_key[NOTE_PUBLIC_SIZE], secret_key[NOTE_SECRET_SIZE];
static struct note_key cosigner_key;
static char state_path[128];
static struct fault fault;

static int begin(void **state)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = {9};
	(void)state;
	world_init(&w);
	world_init(&fork_world);
	assert_int_equal(crypto_sign_seed_keypair(public_key, secret_key, seed), 0);
	assert_int_equal(note_key_init(&cosigner_key, "commission.example/w1", NOTE_COSIGNATURE, public_key),
			 HN_OK);
	(void)snprintf(state_path, sizeof(state_path), "%s/state", w.dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_clear(&w);
	world_clear(&fork_world);
	return 0;
}

static int cosign(struct world *log, uint64_t time_s, struct buf *out)
{
	struct cosigner c = {&log->key, &cosigner_key, secret_key, state_path};
	struct tlog *t = NULL;
	buf_init(out, NOTE_SIZE_MAX);
	int rc = tlog_open(log->fd, &log->key, &t, &fault);
	if (rc == HN_OK)
		rc = cosign_head(&c, t, time_s, out, &fault);
	tlog_free(t);
	return rc;
}

static void growth_is_cosigned_and_remembered(void **state)
{
	(void)state;
	static const uint64_t steps[] = {0, 1, 0, 255, 300, 65536};
	uint64_t size = 0;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct buf out, remembered;
		struct note note;
		struct checkpoint head;
		uint64_t time_s = 0;
		world_grow(&w, steps[i], 10000);
		size += steps[i];
		assert_int_equal(cosign(&w, 1790000000 + i, &out), HN_OK);
		assert_int_equal(checkpoint_open(out.data, out.len, &w.key, &head), HN_OK);
		assert_int_equal(head.size, size);
		assert_int_equal(note_parse(out.data, out.len, &note), HN_OK);
		assert_int_equal(note_verify(&note, &cosigner_key, &time_s), HN_OK);
		assert_int_equal(time_s, 1790000000 + i);
		buf_init(&remembered, NOTE_SIZE_MAX);
		assert_int_equal(file_read(state_path, &remembered), HN_OK);
		assert_int_equal(remembered.len, out.len);
		assert_memory_equal(remembered.data, out.data, out.len);
		buf_clear(&out);
		buf_clear(&remembered);
	}
}

static void expect_refusal(struct world *log, const char *word)
{
	struct buf out, before, after;
	buf_init(&before, NOTE_SIZE_MAX);
	buf_init(&after, NOTE_SIZE_MAX);
	assert_int_equal(file_read(state_path, &before), HN_OK);
	assert_int_equal(cosign(log, 1, &out), HN_EAUTH);
	assert_non_null(strstr(fault.message, word));
	assert_int_equal(out.len, 0);
	assert_int_equal(file_read(state_path, &after), HN_OK);
	assert_memory_equal(before.data, after.data, before.len);
	buf_clear(&out);
	buf_clear(&before);
	buf_clear(&after);
}

static void a_rollback_is_refused(void **state)
{
	(void)state;
	struct buf out;
	world_grow(&w, 30, 30);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
	/* Another log of the same key and name that is shorter. */
	world_grow(&fork_world, 29, 29);
	expect_refusal(&fork_world, "rollback: cosigned was size 30 with root ");
	assert_non_null(strstr(fault.message, "now it is size 29 with root "));
}

static void a_fork_is_refused(void **state)
{
	(void)state;
	struct buf out;
	world_grow(&w, 30, 30);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
	world_grow(&fork_world, 30, 30);
	expect_refusal(&fork_world, "fork");
	world_grow(&fork_world, 300, 30);
	expect_refusal(&fork_world, "fork");
	/* The true log goes on. */
	world_grow(&w, 1, 1);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
}

static void damaged_tiles_are_refused(void **state)
{
	(void)state;
	struct buf out;
	world_grow(&w, 300, 300);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
	world_grow(&w, 300, 300);
	int fd = openat(w.fd, "ledger/tile/1/000.p/2", O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 4), 1);
	(void)close(fd);
	expect_refusal(&w, "damaged");
}

static void a_state_of_another_log_or_cosigner_is_refused(void **state)
{
	(void)state;
	struct buf out;
	world_grow(&w, 3, 3);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
	struct note_key kept = cosigner_key;
	assert_int_equal(note_key_init(&cosigner_key, "other.example/w1", NOTE_COSIGNATURE, public_key),
			 HN_OK);
	assert_int_equal(cosign(&w, 1, &out), HN_EFORMAT);
	assert_string_equal(fault.place, state_path);
	cosigner_key = kept;
	buf_clear(&out);
	assert_int_equal(truncate(state_path, 0), 0);
	assert_int_equal(cosign(&w, 1, &out), HN_EFORMAT);
	buf_clear(&out);
}

static void the_log_goes_on_under_a_cosigned_checkpoint(void **state)
{
	(void)state;
	struct buf out;
	world_grow(&w, 3, 3);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	assert_int_equal(file_write_whole_at(w.fd, "ledger/checkpoint", out.data, out.len, 0644, true),
			 HN_OK);
	buf_clear(&out);
	world_grow(&w, 3, 3);
	assert_int_equal(cosign(&w, 1, &out), HN_OK);
	buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(growth_is_cosigned_and_remembered, begin, end),
		cmocka_unit_test_setup_teardown(a_rollback_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_fork_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(damaged_tiles_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_state_of_another_log_or_cosigner_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(the_log_goes_on_under_a_cosigned_checkpoint, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
