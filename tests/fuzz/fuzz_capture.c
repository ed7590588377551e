/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The bytes are a capture file, read mapped and as a stream: both must find the same packets. */
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
	struct seen mapped = read_all(memory_file(data, len, false), pool);
	struct seen streamed = read_all(memory_file(data, len, true), pool);
	require(mapped.opened == streamed.opened && mapped.hash == streamed.hash);
	require(mapped.stats.records == streamed.stats.records && mapped.stats.cut == streamed.stats.cut);
	require(mapped.stats.records_refused == streamed.stats.records_refused);
	require(mapped.stats.blocks_skipped == streamed.stats.blocks_skipped);
	return 0;
}
