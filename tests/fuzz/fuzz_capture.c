/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The bytes are a capture file, read at once and from a pipe in pieces: both must find the same packets. */
#include "tests/fuzz/target.h"
#include "tests/unit/wire/capture_write.h"

struct seen {
	int opened;
	uint64_t hash;
	struct capture_stats stats;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x100000001b3u;
}

static struct seen read_all(int fd, struct capture_pool *pool)
{
	struct seen seen = {0};
	struct capture *c;
	struct capture_batch batch;
	struct fault fault = {{0}, {0}};
	seen.opened = capture_open(fd, "input", pool, &c, &fault);
	require(seen.opened == HN_OK || fault.message[0] != '\0');
	if (seen.opened != HN_OK)
		return seen;
	while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			const struct capture_record *r = &batch.records[i];
			require(r->len <= CAPTURE_RECORD_MAX && r->wire_len >= r->len && r->time_ns >= 0);
			mix(&seen.hash, r->len);
			mix(&seen.hash, r->wire_len);
			mix(&seen.hash, (uint64_t)r->time_ns);
			mix(&seen.hash, r->link_type);
			for (size_t k = 0; k < r->len; k++)
				mix(&seen.hash, r->data[k]);
		}
		capture_release(&batch);
	}
	seen.stats = *capture_stats(c);
	capture_close(c);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct capture_pool *pool;
	bool locked;
	if (pool == NULL)
		require(capture_pool_new(2, &pool, &locked) == HN_OK);
	struct seen whole = read_all(memory_file(data, len), pool);
	const size_t piece = len / 12 + 1;
	if (piece > PIECE_MAX)
		return 0;
	struct seen pieces = read_all(memory_pieces(data, len, piece, piece), pool);
	/* How much of a damaged frame libzstd gives before it notices depends on how much it was given. */
	if (len > 0 && (data[0] == 0x28 || data[0] >> 4 == 5))
		return 0;
	require(whole.opened == pieces.opened && whole.hash == pieces.hash);
	require(whole.stats.records == pieces.stats.records && whole.stats.cut == pieces.stats.cut);
	require(whole.stats.records_refused == pieces.stats.records_refused);
	require(whole.stats.blocks_skipped == pieces.stats.blocks_skipped);
	return 0;
}
