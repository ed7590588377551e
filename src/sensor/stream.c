/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/locked.h"

struct stream_pool {
	struct stream *streams;
	uint32_t count;
	uint32_t free; /* how many are free */
	uint32_t hand; /* the clock's hand over buffers, for eviction */
	uint32_t *free_list;
	size_t size;
};

int stream_pool_new(size_t count, struct stream_pool **out, bool *locked_out)
{
	if (count == 0 || count > UINT32_MAX / 2)
		return HN_ELIMIT;
	struct stream_pool *pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return HN_ENOMEM;
	pool->size = count * sizeof(struct stream);
	pool->streams = locked_alloc(pool->size, locked_out);
	pool->free_list = calloc(count, sizeof(*pool->free_list));
	if (pool->streams == NULL || pool->free_list == NULL) {
		locked_free(pool->streams, pool->size);
		free(pool->free_list);
		free(pool);
		return HN_ENOMEM;
	}
	pool->count = (uint32_t)count;
	for (uint32_t i = 0; i < pool->count; i++)
		pool->free_list[pool->free++] = pool->count - i;
	*out = pool;
	return HN_OK;
}

void stream_pool_free(struct stream_pool *pool)
{
	if (pool == NULL)
		return;
	for (uint32_t i = 0; i < pool->count; i++)
		if (pool->streams[i].in_use)
			locked_wipe(&pool->streams[i], sizeof(pool->streams[i]));
	locked_free(pool->streams, pool->size);
	free(pool->free_list);
	free(pool);
}

struct stream *stream_at(struct stream_pool *pool, uint32_t number)
{
	assert(number >= 1 && number <= pool->count);
	return &pool->streams[number - 1];
}

uint32_t stream_number(const struct stream_pool *pool, const struct stream *s)
{
	return (uint32_t)(s - pool->streams) + 1;
}

struct stream *stream_take(struct stream_pool *pool, struct stream **evicted_out)
{
	*evicted_out = NULL;
	if (pool->free == 0) {
		*evicted_out = &pool->streams[pool->hand];
		pool->hand = (pool->hand + 1) % pool->count;
		return NULL;
	}
	struct stream *s = stream_at(pool, pool->free_list[--pool->free]);
	s->in_use = true;
	return s;
}

void stream_give(struct stream_pool *pool, struct stream *s)
{
	/* Only what was written can hold bytes of a flow. */
	size_t high = s->pieces == 0 ? 0 : s->piece[s->pieces - 1].to;
	if (s->state.block == s->data)
		high = STREAM_BYTES;
	locked_wipe(s->data, high);
	memset(s, 0, offsetof(struct stream, data));
	pool->free_list[pool->free++] = stream_number(pool, s);
}

size_t stream_filled(const struct stream *s)
{
	return s->pieces > 0 && s->piece[0].from == 0 ? s->piece[0].to : 0;
}

/* Copies what of [from, to) no piece covers yet. */
static void copy_holes(struct stream *s, size_t from, size_t to, const uint8_t *data, size_t offset)
{
	size_t at = from;
	for (size_t i = 0; i < s->pieces && at < to; i++) {
		if (s->piece[i].to <= at)
			continue;
		size_t hole_end = s->piece[i].from < to ? s->piece[i].from : to;
		if (hole_end > at)
			memcpy(s->data + at, data + (at - offset), hole_end - at);
		if (s->piece[i].to > at)
			at = s->piece[i].to;
	}
	if (at < to)
		memcpy(s->data + at, data + (at - offset), to - at);
}

int stream_put(struct stream *s, uint64_t offset, const uint8_t *data, size_t len)
{
	if (offset >= STREAM_BYTES || len == 0)
		return HN_OK;
	size_t from = (size_t)offset;
	size_t to = len > STREAM_BYTES - from ? STREAM_BYTES : from + len;

	/* Pieces [first, last) touch the new one and become one with it. */
	size_t first = 0;
	while (first < s->pieces && s->piece[first].to < from)
		first++;
	size_t last = first;
	while (last < s->pieces && s->piece[last].from <= to)
		last++;
	if (first == last && s->pieces == STREAM_GAPS_MAX + 1)
		return HN_ELIMIT;
	copy_holes(s, from, to, data, from);
	struct stream_piece joined = {(uint16_t)from, (uint16_t)to};
	if (first < last) {
		if (s->piece[first].from < joined.from)
			joined.from = s->piece[first].from;
		if (s->piece[last - 1].to > joined.to)
			joined.to = s->piece[last - 1].to;
	}
	memmove(&s->piece[first + 1], &s->piece[last], (s->pieces - last) * sizeof(s->piece[0]));
	s->piece[first] = joined;
	s->pieces = (uint8_t)(s->pieces - (last - first) + 1);
	return HN_OK;
}
