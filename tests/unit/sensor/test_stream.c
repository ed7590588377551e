/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/stream.h"

#include "../check.h"

static struct stream_pool *pool_of(size_t count)
{
	struct stream_pool *pool;
	bool locked;
	assert_int_equal(stream_pool_new(count, &pool, &locked), HN_OK);
	return pool;
}

static struct stream *take(struct stream_pool *pool)
{
	struct stream *evicted;
	struct stream *s = stream_take(pool, &evicted);
	assert_non_null(s);
	return s;
}

static void put(struct stream *s, uint64_t offset, const char *text)
{
	assert_int_equal(stream_put(s, offset, (const uint8_t *)text, strlen(text)), HN_OK);
}

static void pieces_in_any_order_become_one(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	struct stream *s = take(pool);
	put(s, 6, "world");
	assert_int_equal(stream_filled(s), 0);
	put(s, 0, "hell");
	assert_int_equal(stream_filled(s), 4);
	put(s, 4, "o ");
	assert_int_equal(stream_filled(s), 11);
	assert_memory_equal(s->data, "hello world", 11);
	stream_pool_free(pool);
}

static void the_byte_that_came_first_wins(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	struct stream *s = take(pool);
	put(s, 2, "CC");
	put(s, 0, "xxxxxx");
	put(s, 1, "yyyyyyyy");
	assert_int_equal(stream_filled(s), 9);
	assert_memory_equal(s->data, "xxCCxxyyy", 9);
	stream_pool_free(pool);
}

static void what_lies_beyond_the_window_is_dropped(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	struct stream *s = take(pool);
	uint8_t big[STREAM_BYTES + 100];
	memset(big, 'a', sizeof(big));
	assert_int_equal(stream_put(s, 10, big, sizeof(big)), HN_OK);
	assert_int_equal(stream_put(s, UINT64_C(1) << 40, big, 10), HN_OK);
	assert_int_equal(stream_put(s, 0, big, 10), HN_OK);
	assert_int_equal(stream_filled(s), STREAM_BYTES);
	stream_pool_free(pool);
}

static void more_gaps_than_the_limit_are_refused_and_change_nothing(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	struct stream *s = take(pool);
	for (unsigned i = 0; i <= STREAM_GAPS_MAX; i++)
		put(s, 2 * i, "a");
	assert_int_equal(stream_put(s, 1000, (const uint8_t *)"b", 1), HN_ELIMIT);
	put(s, 1, "a"); /* closing a gap is always allowed */
	assert_int_equal(stream_filled(s), 3);
	stream_pool_free(pool);
}

static void a_full_pool_offers_the_one_held_longest(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(2);
	struct stream *first = take(pool), *evicted;
	(void)take(pool);
	assert_null(stream_take(pool, &evicted));
	assert_ptr_equal(evicted, first);
	stream_give(pool, evicted);
	assert_ptr_equal(take(pool), first);
	stream_pool_free(pool);
}

static void a_buffer_given_back_is_wiped(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	struct stream *s = take(pool);
	put(s, 100, "secret");
	stream_give(pool, s);
	for (size_t i = 0; i < STREAM_BYTES; i++)
		assert_int_equal(s->data[i], 0);
	assert_int_equal(s->pieces, 0);
	stream_pool_free(pool);
}

/* Random pieces of a text, against an array of bytes that remembers who came first. */
static void random_pieces_agree_with_a_naive_buffer(void **state)
{
	(void)state;
	struct stream_pool *pool = pool_of(1);
	uint64_t seed = 99;
	for (int world = 0; world < 300; world++) {
		struct stream *s = take(pool);
		uint8_t bytes[512];
		bool have[512] = {false};
		for (int step = 0; step < 60; step++) {
			uint8_t piece[64];
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			size_t offset = (size_t)(seed >> 33) % 448;
			size_t len = 1 + (size_t)(seed >> 50) % 60;
			memset(piece, 'a' + step % 26, len);
			if (stream_put(s, offset, piece, len) != HN_OK)
				continue;
			for (size_t i = 0; i < len; i++) {
				if (!have[offset + i])
					bytes[offset + i] = piece[i];
				have[offset + i] = true;
			}
			size_t filled = 0;
			while (filled < 512 && have[filled])
				filled++;
			assert_int_equal(stream_filled(s), filled);
			assert_memory_equal(s->data, bytes, filled);
		}
		stream_give(pool, s);
	}
	stream_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_in_any_order_become_one),
		cmocka_unit_test(the_byte_that_came_first_wins),
		cmocka_unit_test(what_lies_beyond_the_window_is_dropped),
		cmocka_unit_test(more_gaps_than_the_limit_are_refused_and_change_nothing),
		cmocka_unit_test(a_full_pool_offers_the_one_held_longest),
		cmocka_unit_test(a_buffer_given_back_is_wiped),
		cmocka_unit_test(random_pieces_agree_with_a_naive_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
