/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/tlog.h"

#include "../check.h"
#include "log_world.h"
#include "naive.h"

#define ENTRIES 300u

static struct tlog *read_log(void)
{
	struct tlog *t = NULL;
	struct fault fault = {{0}, {0}};
	assert_int_equal(tlog_open(w.fd, &w.key, &t, &fault), HN_OK);
	return t;
}

static void paths_equal_those_of_the_definition(void **state)
{
	(void)state;
	static struct merkle_hash leaves[ENTRIES];
	struct merkle_hash path[MERKLE_PROOF_MAX], want[MERKLE_PROOF_MAX], root;
	size_t len;

	world_grow(&w, ENTRIES, 37);
	struct tlog *t = read_log();
	assert_int_equal(tlog_head(t)->size, ENTRIES);
	for (unsigned i = 0; i < ENTRIES; i++)
		assert_int_equal(tlog_leaf(t, i, &leaves[i]), HN_OK);
	for (unsigned n = 1; n <= ENTRIES; n++) {
		assert_int_equal(tlog_root(t, n, &root), HN_OK);
		struct merkle_hash naive = naive_root(leaves, n);
		assert_memory_equal(&root, &naive, sizeof(root));
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(tlog_inclusion(t, i, n, path, &len), HN_OK);
			assert_int_equal(merkle_verify_inclusion(i, n, &leaves[i], path, len, &root), HN_OK);
			if (n % 16 == 1 || n == ENTRIES) {
				assert_int_equal(len, naive_path(leaves, i, n, want));
				assert_memory_equal(path, want, len * sizeof(*path));
			}
			struct merkle_hash old;
			assert_int_equal(tlog_root(t, i, &old), HN_OK);
			assert_int_equal(tlog_consistency(t, i, n, path, &len), HN_OK);
			assert_int_equal(merkle_verify_consistency(i, &old, n, &root, path, len), HN_OK);
			if (i > 0 && n % 16 == 1)
				assert_int_equal(len, naive_subproof(leaves, i, n, 1, want));
		}
		assert_int_equal(tlog_inclusion(t, n, n, path, &len), HN_ENOENT);
	}
	assert_int_equal(tlog_inclusion(t, 0, ENTRIES + 1, path, &len), HN_ENOENT);
	assert_int_equal(tlog_consistency(t, 5, 4, path, &len), HN_ENOENT);
	assert_int_equal(tlog_root(t, ENTRIES + 1, &root), HN_ENOENT);
	tlog_free(t);
}

static void proofs_hold_over_three_levels_of_tiles(void **state)
{
	(void)state;
	static const uint64_t spots[] = {0, 255, 256, 65535, 65536, 65791, 65792, 65999};
	struct merkle_hash path[MERKLE_PROOF_MAX], leaf, old;
	size_t len;

	world_grow(&w, 66000, 10000);
	struct tlog *t = read_log();
	const struct checkpoint *head = tlog_head(t);
	for (size_t i = 0; i < COUNT(spots); i++) {
		assert_int_equal(tlog_leaf(t, spots[i], &leaf), HN_OK);
		assert_int_equal(tlog_inclusion(t, spots[i], head->size, path, &len), HN_OK);
		assert_int_equal(merkle_verify_inclusion(spots[i], head->size, &leaf, path, len, &head->root),
				 HN_OK);
		assert_int_equal(tlog_root(t, spots[i], &old), HN_OK);
		assert_int_equal(tlog_consistency(t, spots[i], head->size, path, &len), HN_OK);
		assert_int_equal(
			merkle_verify_consistency(spots[i], &old, head->size, &head->root, path, len), HN_OK);
	}
	tlog_free(t);
}

static void an_open_log_stays_readable_while_it_grows(void **state)
{
	(void)state;
	struct merkle_hash path[MERKLE_PROOF_MAX], leaf;
	struct buf entry;
	size_t len;

	world_grow(&w, 100, 10);
	struct tlog *t = read_log();
	world_grow(&w, 400, 50);
	/* Its partial tiles are gone by now; the full ones begin alike. */
	buf_init(&entry, 1024);
	for (unsigned i = 0; i < 100; i++) {
		buf_reset(&entry);
		assert_int_equal(tlog_entry(t, i, &entry), HN_OK);
		merkle_leaf(entry.data, entry.len, &leaf);
		assert_int_equal(tlog_inclusion(t, i, 100, path, &len), HN_OK);
		assert_int_equal(merkle_verify_inclusion(i, 100, &leaf, path, len, &tlog_head(t)->root),
				 HN_OK);
	}
	assert_int_equal(tlog_entry(t, 100, &entry), HN_ENOENT);
	buf_clear(&entry);
	tlog_free(t);
}

static void what_is_no_log_is_refused(void **state)
{
	(void)state;
	struct tlog *t = NULL;
	struct fault fault;
	assert_int_equal(tlog_open(w.fd, NULL, &t, &fault), HN_ENOENT);
	world_grow(&w, 3, 3);
	struct note_key other;
	assert_int_equal(note_key_init(&other, "hinomi/other", NOTE_ED25519, w.public_key), HN_OK);
	assert_int_equal(tlog_open(w.fd, &other, &t, &fault), HN_EAUTH);
	note_key_nameless(&other, NOTE_ED25519, w.public_key);
	assert_int_equal(tlog_open(w.fd, &other, &t, &fault), HN_OK);
	tlog_free(t);
	/* The log's own directory will do. */
	int fd = openat(w.fd, "ledger", O_RDONLY | O_DIRECTORY);
	assert_int_equal(tlog_open(fd, &w.key, &t, &fault), HN_OK);
	assert_int_equal(tlog_parent_fd(t), -1);
	tlog_free(t);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(paths_equal_those_of_the_definition, begin, end),
		cmocka_unit_test_setup_teardown(proofs_hold_over_three_levels_of_tiles, begin, end),
		cmocka_unit_test_setup_teardown(an_open_log_stays_readable_while_it_grows, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_log_is_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
