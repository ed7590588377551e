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

/* A log elsewhere: what it gives, and how it lies. */
struct elsewhere {
	struct tlog *real;
	unsigned asked;
	int err;
	bool empty, cut, swapped;
};

static int give(void *context, const struct tile *tile, struct buf *out)
{
	struct elsewhere *e = context;
	e->asked++;
	if (e->err != HN_OK)
		return e->err;
	assert_int_equal(tlog_tile(e->real, tile, out), HN_OK);
	if (e->empty)
		buf_reset(out);
	if (e->cut)
		out->len--;
	if (e->swapped)
		out->data[0] ^= 1;
	return HN_OK;
}

static int prove_elsewhere(struct elsewhere *e, uint64_t from, struct merkle_hash path[MERKLE_PROOF_MAX],
			   size_t *len)
{
	struct tlog *t = NULL;
	size_t note_len;
	const char *note = tlog_note(e->real, &note_len);
	assert_int_equal(tlog_open_elsewhere(note, note_len, &w.key, give, e, &t, NULL), HN_OK);
	assert_int_equal(tlog_fd(t), -1);
	int rc = tlog_consistency(t, from, tlog_head(t)->size, path, len);
	tlog_free(t);
	return rc;
}

static void a_log_elsewhere_is_proved_from_few_tiles(void **state)
{
	(void)state;
	static const uint64_t sizes[] = {1, 255, 256, 257, 65535, 65536, 65999};
	struct merkle_hash path[MERKLE_PROOF_MAX], old;
	size_t len = 0;
	struct elsewhere e = {NULL, 0, HN_OK, false, false, false};
	world_grow(&w, 66000, 10000);
	e.real = read_log();
	const struct checkpoint *head = tlog_head(e.real);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		e.asked = 0;
		assert_int_equal(tlog_root(e.real, sizes[i], &old), HN_OK);
		assert_int_equal(prove_elsewhere(&e, sizes[i], path, &len), HN_OK);
		assert_int_equal(merkle_verify_consistency(sizes[i], &old, 66000, &head->root, path, len),
				 HN_OK);
		assert_true(e.asked <= 8);
	}
	/* It is not there, it is no tile, it is another one. */
	e.err = HN_EIO;
	assert_int_equal(prove_elsewhere(&e, 257, path, &len), HN_EIO);
	e.err = HN_OK;
	e.empty = true;
	assert_int_equal(prove_elsewhere(&e, 257, path, &len), HN_EFORMAT);
	e.empty = false;
	e.cut = true;
	assert_int_equal(prove_elsewhere(&e, 257, path, &len), HN_EFORMAT);
	e.cut = false;
	e.swapped = true;
	assert_int_equal(tlog_root(e.real, 257, &old), HN_OK);
	assert_int_equal(prove_elsewhere(&e, 257, path, &len), HN_OK);
	assert_int_equal(merkle_verify_consistency(257, &old, 66000, &head->root, path, len), HN_EAUTH);
	tlog_free(e.real);
}

static void a_checkpoint_from_elsewhere_is_checked(void **state)
{
	(void)state;
	struct tlog *t = NULL;
	struct note_key other;
	struct elsewhere e = {NULL, 0, HN_OK, false, false, false};
	size_t len;
	world_grow(&w, 3, 3);
	e.real = read_log();
	const char *note = tlog_note(e.real, &len);
	assert_int_equal(note_key_init(&other, "hinomi/other", NOTE_ED25519, w.public_key), HN_OK);
	assert_int_equal(tlog_open_elsewhere(note, len, &other, give, &e, &t, NULL), HN_EAUTH);
	for (size_t i = 0; i < len; i++) {
		char *part = (char *)exact_copy(note, i);
		assert_int_not_equal(tlog_open_elsewhere(part, i, &w.key, give, &e, &t, NULL), HN_OK);
		free(part);
	}
	assert_null(t);
	assert_int_equal(e.asked, 0);
	tlog_free(e.real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(paths_equal_those_of_the_definition, begin, end),
		cmocka_unit_test_setup_teardown(proofs_hold_over_three_levels_of_tiles, begin, end),
		cmocka_unit_test_setup_teardown(an_open_log_stays_readable_while_it_grows, begin, end),
		cmocka_unit_test_setup_teardown(what_is_no_log_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_log_elsewhere_is_proved_from_few_tiles, begin, end),
		cmocka_unit_test_setup_teardown(a_checkpoint_from_elsewhere_is_checked, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
