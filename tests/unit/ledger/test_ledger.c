/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/ledger.h"

#include "../check.h"
#include "ledger/edge.h"
#include "ledger/private.h"
#include "ledger/read.h"
#include "log_world.h"

/* Reads the checkpoint on disk and recomputes its root from the entries alone. */
static uint64_t size_on_disk(void)
{
	struct checkpoint head;
	struct buf note, bundle;
	struct merkle_hash root, leaf;
	struct edge *e = malloc(sizeof(*e));
	assert_non_null(e);
	edge_init(e);
	buf_init(&note, NOTE_SIZE_MAX);
	buf_init(&bundle, TILE_BUNDLE_MAX);
	assert_int_equal(read_file_at(w.fd, "ledger/checkpoint", &note), HN_OK);
	assert_int_equal(checkpoint_open(note.data, note.len, &w.key, &head), HN_OK);
	int log_fd = openat(w.fd, "ledger", O_RDONLY | O_DIRECTORY);
	while (e->size < head.size) {
		uint64_t left = head.size - e->size;
		struct tile tile = {TILE_ENTRIES, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH,
				    e->size / TILE_WIDTH};
		const uint8_t *data;
		size_t len;
		struct log_entry entry;
		assert_int_equal(read_tile_at(log_fd, &tile, &bundle), HN_OK);
		struct cur c = cur_of(bundle.data, bundle.len);
		while (bundle_next(&c, &data, &len) == HN_OK) {
			assert_int_equal(log_entry_parse(data, len, &entry), HN_OK);
			merkle_leaf(data, len, &leaf);
			assert_int_equal(edge_push(e, &leaf, NULL, NULL), HN_OK);
		}
	}
	edge_root(e, &root);
	assert_memory_equal(&root, &head.root, sizeof(root));
	(void)close(log_fd);
	buf_clear(&note);
	buf_clear(&bundle);
	free(e);
	return head.size;
}

static void a_new_log_is_empty_and_signed(void **state)
{
	(void)state;
	struct ledger *l = world_open(&w);
	assert_int_equal(ledger_size(l), 0);
	assert_int_equal(size_on_disk(), 0);
	assert_int_equal(ledger_commit(l), HN_OK);
	ledger_close(l);
}

static void what_is_committed_is_there_when_opened_again(void **state)
{
	(void)state;
	static const uint64_t steps[] = {1, 1, 5, 249, 1, 255, 256, 257, 3, 600, 65000};
	uint64_t want = 0;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct ledger *l = world_open(&w);
		assert_int_equal(ledger_size(l), want);
		world_fill(l, steps[i], steps[i] > 1000 ? 5000 : 100);
		want += steps[i];
		assert_int_equal(ledger_size(l), want);
		size_t len;
		const char *note = ledger_checkpoint(l, &len);
		struct checkpoint head;
		assert_int_equal(checkpoint_open(note, len, &w.key, &head), HN_OK);
		assert_int_equal(head.size, want);
		ledger_close(l);
		assert_int_equal(size_on_disk(), want);
	}
}

static void what_is_not_committed_is_not_in_the_log(void **state)
{
	(void)state;
	struct ledger *l = world_open(&w);
	uint64_t index = 7;
	world_fill(l, 3, 3);
	assert_int_equal(ledger_append(l, "receipt", WORLD_TIME, "x", 1, &index), HN_OK);
	assert_int_equal(index, 3);
	assert_int_equal(ledger_pending(l), 1);
	ledger_close(l);
	l = world_open(&w);
	assert_int_equal(ledger_size(l), 3);
	ledger_close(l);
}

static void a_second_writer_is_refused(void **state)
{
	(void)state;
	struct ledger *l = world_open(&w);
	struct ledger *other = NULL;
	struct fault fault;
	assert_int_equal(ledger_open(w.fd, &w.options, &other, &fault), HN_ESTATE);
	assert_null(other);
	ledger_close(l);
	l = world_open(&w);
	ledger_close(l);
}

static void another_key_or_name_is_refused(void **state)
{
	(void)state;
	struct ledger *l = NULL;
	struct fault fault;
	uint8_t public_key[NOTE_PUBLIC_SIZE], secret_key[NOTE_SECRET_SIZE];
	world_grow(&w, 5, 5);
	assert_int_equal(crypto_sign_keypair(public_key, secret_key), 0);
	struct ledger_options other = {.origin = WORLD_ORIGIN, .secret_key = secret_key};
	assert_int_equal(ledger_open(w.fd, &other, &l, &fault), HN_EAUTH);
	assert_string_equal(fault.place, "ledger/checkpoint");
	other = (struct ledger_options){.origin = "hinomi/other", .secret_key = w.secret_key};
	assert_int_equal(ledger_open(w.fd, &other, &l, &fault), HN_EAUTH);
	other.origin = "two words";
	assert_int_equal(ledger_open(w.fd, &other, &l, &fault), HN_EFORMAT);
	assert_int_equal(size_on_disk(), 5);
}

static void wrong_appends_change_nothing(void **state)
{
	(void)state;
	struct ledger *l = world_open(&w);
	uint8_t *big = calloc(1, LEDGER_RECORD_MAX + 1);
	assert_non_null(big);
	assert_int_equal(ledger_append(l, "Bad Kind", WORLD_TIME, "x", 1, NULL), HN_EFORMAT);
	assert_int_equal(ledger_append(l, "", WORLD_TIME, "x", 1, NULL), HN_EFORMAT);
	assert_int_equal(ledger_append(l, "a", WORLD_TIME, big, LEDGER_RECORD_MAX + 1, NULL), HN_ELIMIT);
	assert_int_equal(ledger_pending(l), 0);
	assert_int_equal(ledger_append(l, "a", WORLD_TIME, big, LEDGER_RECORD_MAX, NULL), HN_OK);
	assert_int_equal(ledger_append(l, "a", -5, NULL, 0, NULL), HN_OK);
	assert_int_equal(ledger_append(l, "a", INT64_MAX, NULL, 0, NULL), HN_OK);
	assert_int_equal(ledger_commit(l), HN_OK);
	ledger_close(l);
	free(big);
	assert_int_equal(size_on_disk(), 3);
}

static void a_lost_checkpoint_is_not_a_new_log(void **state)
{
	(void)state;
	struct ledger *l = NULL;
	struct fault fault;
	world_grow(&w, 300, 100);
	assert_int_equal(unlinkat(w.fd, "ledger/checkpoint", 0), 0);
	assert_int_equal(ledger_open(w.fd, &w.options, &l, &fault), HN_EAUTH);
	assert_string_equal(fault.place, "ledger/checkpoint");
}

static void put(const char *path, const void *data, size_t len)
{
	int fd = openat(w.fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	(void)close(fd);
}

static bool there(const char *path)
{
	return faccessat(w.fd, path, F_OK, 0) == 0;
}

/* As a kill in the middle of a commit leaves it. */
static void what_lies_beyond_the_checkpoint_is_dropped(void **state)
{
	(void)state;
	char path[128];
	static const char *const beyond[] = {
		"ledger/tile/0/001",     "ledger/tile/entries/001", "ledger/tile/0/001.p/45",
		"ledger/tile/0/003.p/9", "ledger/tile/entries/002", "ledger/tile/1/000.p/2",
		"ledger/checkpoint.new",
	};
	world_grow(&w, 300, 300);
	assert_int_equal(mkdirat(w.fd, "ledger/tile/0/003.p", 0755), 0);
	for (size_t i = 0; i < COUNT(beyond); i++)
		put(beyond[i], "garbage", 7);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/private/%s", w.dir, i == 0 ? "index" : "records");
		int fd = open(path, O_WRONLY | O_APPEND);
		assert_int_equal(write(fd, "a torn tail", 11), 11);
		(void)close(fd);
	}
	struct ledger *l = world_open(&w);
	assert_int_equal(ledger_size(l), 300);
	for (size_t i = 0; i < COUNT(beyond); i++)
		assert_false(there(beyond[i]));
	assert_true(there("ledger/tile/0/001.p/44"));
	world_fill(l, 300, 7);
	ledger_close(l);
	assert_int_equal(size_on_disk(), 600);
}

static void a_damaged_edge_is_named_and_not_built_upon(void **state)
{
	(void)state;
	static const struct {
		const char *path, *place;
	} rows[] = {
		{"ledger/tile/0/001.p/44", "ledger/tile"},
		{"ledger/tile/1/000.p/1", "ledger/tile"},
		{"ledger/tile/entries/001.p/44", "tile/entries/001.p/44"},
		{"private/index", "private/index"},
		{"private/records", "private/records"},
	};
	world_grow(&w, 300, 300);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ledger *l = NULL;
		struct fault fault;
		struct buf kept;
		buf_init(&kept, 1 << 20);
		assert_int_equal(read_file_at(w.fd, rows[i].path, &kept), HN_OK);
		kept.data[kept.len - 5] ^= 1;
		/* The records are checked by verify; here only that none is cut off. */
		put(rows[i].path, kept.data,
		    kept.len - (strcmp(rows[i].path, "private/records") == 0 ? 1 : 0));
		assert_int_not_equal(ledger_open(w.fd, &w.options, &l, &fault), HN_OK);
		assert_string_equal(fault.place, rows[i].place);
		kept.data[kept.len - 5] ^= 1;
		put(rows[i].path, kept.data, kept.len);
		buf_clear(&kept);
	}
	world_grow(&w, 1, 1);
}

static void partial_tiles_go_when_their_tile_is_full(void **state)
{
	(void)state;
	struct ledger *l = world_open(&w);
	world_fill(l, 255, 51);
	ledger_close(l);
	assert_true(there("ledger/tile/0/000.p/51"));
	assert_true(there("ledger/tile/entries/000.p/255"));
	l = world_open(&w);
	world_fill(l, 1, 1);
	assert_false(there("ledger/tile/0/000.p"));
	assert_false(there("ledger/tile/entries/000.p"));
	assert_true(there("ledger/tile/0/000"));
	assert_true(there("ledger/tile/1/000.p/1"));
	ledger_close(l);
}

static void files_are_as_private_as_they_should_be(void **state)
{
	(void)state;
	struct stat st;
	world_grow(&w, 1, 1);
	assert_int_equal(fstatat(w.fd, "private", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(fstatat(w.fd, "private/records", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(w.fd, "private/index", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_log_is_empty_and_signed, begin, end),
		cmocka_unit_test_setup_teardown(what_is_committed_is_there_when_opened_again, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_committed_is_not_in_the_log, begin, end),
		cmocka_unit_test_setup_teardown(a_second_writer_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(another_key_or_name_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(wrong_appends_change_nothing, begin, end),
		cmocka_unit_test_setup_teardown(a_lost_checkpoint_is_not_a_new_log, begin, end),
		cmocka_unit_test_setup_teardown(what_lies_beyond_the_checkpoint_is_dropped, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_edge_is_named_and_not_built_upon, begin, end),
		cmocka_unit_test_setup_teardown(partial_tiles_go_when_their_tile_is_full, begin, end),
		cmocka_unit_test_setup_teardown(files_are_as_private_as_they_should_be, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
