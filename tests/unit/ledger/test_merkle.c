/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/merkle.h"

#include "../check.h"
#include "base/encode.h"
#include "naive.h"

#define SIZES 130

static struct merkle_hash of_hex(const char *hex)
{
	struct merkle_hash h;
	assert_int_equal(hex_decode(hex, strlen(hex), h.bytes, sizeof(h.bytes)), HN_OK);
	return h;
}

/* The eight leaves that implementations of RFC 6962 test with, and the roots of their trees. */
static void known_trees(void **state)
{
	(void)state;
	static const struct {
		const char *leaf, *root;
	} rows[] = {
		{"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
		{"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
		{"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
		{"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
		{"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
		{"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
		{"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
		{"606162636465666768696a6b6c6d6e6f",
		 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
	};
	struct merkle_hash leaves[COUNT(rows)];
	struct merkle_hash empty;

	merkle_empty(&empty);
	struct merkle_hash want = of_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_memory_equal(&empty, &want, sizeof(want));
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t data[16];
		size_t len = strlen(rows[i].leaf) / 2;
		assert_int_equal(hex_decode(rows[i].leaf, 2 * len, data, len), HN_OK);
		uint8_t *exact = exact_copy(data, len);
		merkle_leaf(exact, len, &leaves[i]);
		free(exact);
		struct merkle_hash root = naive_root(leaves, i + 1);
		want = of_hex(rows[i].root);
		assert_memory_equal(&root, &want, sizeof(want));
	}
	struct merkle_hash root;
	merkle_subtree(leaves, 8, &root);
	assert_memory_equal(&root, &want, sizeof(want));
}

static void each_path_leads_to_its_root_and_no_other_does(void **state)
{
	(void)state;
	struct merkle_hash leaves[SIZES], path[MERKLE_PROOF_MAX + 1], root;
	naive_leaves(leaves, SIZES);
	for (uint64_t n = 1; n <= SIZES; n++) {
		root = naive_root(leaves, n);
		for (uint64_t i = 0; i < n; i++) {
			size_t len = naive_path(leaves, i, n, path);
			assert_int_equal(merkle_verify_inclusion(i, n, &leaves[i], path, len, &root), HN_OK);
			path[len] = root;
			assert_int_equal(merkle_verify_inclusion(i, n, &leaves[i], path, len + 1, &root),
					 HN_EAUTH);
			if (len == 0)
				continue;
			assert_int_equal(merkle_verify_inclusion(i, n, &leaves[i], path, len - 1, &root),
					 HN_EAUTH);
			assert_int_equal(merkle_verify_inclusion(i ^ 1, n, &leaves[i], path, len, &root),
					 HN_EAUTH);
			path[i % len].bytes[i % 32] ^= 1;
			assert_int_equal(merkle_verify_inclusion(i, n, &leaves[i], path, len, &root),
					 HN_EAUTH);
		}
		assert_int_equal(merkle_verify_inclusion(n, n, &leaves[0], path, 0, &root), HN_EAUTH);
	}
	assert_int_equal(merkle_verify_inclusion(0, 0, &leaves[0], path, 0, &root), HN_EAUTH);
}

static void each_growth_is_consistent_and_no_other_is(void **state)
{
	(void)state;
	struct merkle_hash leaves[SIZES], path[MERKLE_PROOF_MAX + 1], bad;
	naive_leaves(leaves, SIZES);
	for (uint64_t n = 1; n <= SIZES; n++) {
		struct merkle_hash root = naive_root(leaves, n);
		for (uint64_t m = 1; m <= n; m++) {
			struct merkle_hash old = naive_root(leaves, m);
			size_t len = naive_subproof(leaves, m, n, 1, path);
			assert_int_equal(merkle_verify_consistency(m, &old, n, &root, path, len), HN_OK);
			path[len] = root;
			assert_int_equal(merkle_verify_consistency(m, &old, n, &root, path, len + 1),
					 HN_EAUTH);
			bad = old;
			bad.bytes[m % 32] ^= 1;
			assert_int_equal(merkle_verify_consistency(m, &bad, n, &root, path, len), HN_EAUTH);
			if (m < n)
				assert_int_equal(merkle_verify_consistency(n, &root, m, &old, path, len),
						 HN_EAUTH);
			if (len == 0)
				continue;
			assert_int_equal(merkle_verify_consistency(m, &old, n, &root, path, len - 1),
					 HN_EAUTH);
			path[m % len].bytes[n % 32] ^= 1;
			assert_int_equal(merkle_verify_consistency(m, &old, n, &root, path, len), HN_EAUTH);
		}
	}
}

static void every_tree_continues_the_empty_one(void **state)
{
	(void)state;
	struct merkle_hash empty, root, path[1];
	merkle_empty(&empty);
	merkle_leaf("x", 1, &root);
	assert_int_equal(merkle_verify_consistency(0, &empty, 1, &root, NULL, 0), HN_OK);
	assert_int_equal(merkle_verify_consistency(0, &empty, 0, &empty, NULL, 0), HN_OK);
	path[0] = root;
	assert_int_equal(merkle_verify_consistency(0, &empty, 1, &root, path, 1), HN_EAUTH);
	assert_int_equal(merkle_verify_consistency(0, &root, 1, &root, NULL, 0), HN_EAUTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_trees),
		cmocka_unit_test(each_path_leads_to_its_root_and_no_other_does),
		cmocka_unit_test(each_growth_is_consistent_and_no_other_is),
		cmocka_unit_test(every_tree_continues_the_empty_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
