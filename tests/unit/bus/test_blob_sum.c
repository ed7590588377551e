/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/blob_sum.h"

#include "base/digest.h"
#include "match/him.h"
#include "tests/unit/check.h"

#define SIZE      200
#define STATED_AT 24

static void add_in_pieces(struct blob_sum *s, const uint8_t *data, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;
		uint8_t *piece = exact_copy(data + at, n);
		blob_sum_add(s, piece, n);
		free(piece);
	}
}

/* A set's file, as far as its digest goes. */
static void make_set(uint8_t out[SIZE], uint8_t digest[32])
{
	for (size_t i = 0; i < SIZE; i++)
		out[i] = (uint8_t)i;
	memcpy(out, HIM_MAGIC, sizeof(HIM_MAGIC) - 1);
	sha256_parts(out, STATED_AT, out + STATED_AT + 32, SIZE - STATED_AT - 32, "", 0, digest);
	memcpy(out + STATED_AT, digest, 32);
}

static void a_document_is_named_by_its_bytes(void **state)
{
	struct blob_sum *s = blob_sum_new();
	uint8_t digest[32], other[32] = {0};
	(void)state;
	assert_non_null(s);
	for (size_t len = 0; len < 120; len += 7) {
		uint8_t data[120];
		memset(data, (int)len, sizeof(data));
		sha256(data, len, digest);
		for (size_t step = 1; step < 64; step += 9) {
			add_in_pieces(s, data, len, step);
			assert_true(blob_sum_is(s, digest));
		}
		add_in_pieces(s, data, len, 120);
		assert_false(blob_sum_is(s, other));
	}
	blob_sum_free(s);
}

static void a_set_is_named_by_what_it_states(void **state)
{
	struct blob_sum *s = blob_sum_new();
	uint8_t data[SIZE], digest[32];
	(void)state;
	assert_non_null(s);
	make_set(data, digest);
	for (size_t step = 1; step <= SIZE; step++) {
		add_in_pieces(s, data, SIZE, step);
		assert_true(blob_sum_is(s, digest));
	}
	for (size_t at = 0; at < SIZE; at++) {
		data[at] ^= 1;
		add_in_pieces(s, data, SIZE, SIZE);
		assert_false(blob_sum_is(s, digest));
		data[at] ^= 1;
	}
	for (size_t len = 0; len < SIZE; len++) {
		add_in_pieces(s, data, len, SIZE);
		assert_false(blob_sum_is(s, digest));
	}
	add_in_pieces(s, data, SIZE / 2, 10);
	blob_sum_reset(s);
	add_in_pieces(s, data, SIZE, 10);
	assert_true(blob_sum_is(s, digest));
	blob_sum_free(s);
	blob_sum_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_named_by_its_bytes),
		cmocka_unit_test(a_set_is_named_by_what_it_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
