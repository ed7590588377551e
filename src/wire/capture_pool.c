/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/locked.h"
#include "wire/capture_parts.h"

struct capture_pool {
	pthread_mutex_t
		mutex; /* guards what follows upto `taken`; locked once a block, never once a packet */
	pthread_cond_t released;
	struct capture_block *free; /* the last to become free comes first, for it lies in the cache */
	bool rests;
	uint64_t taken; /* blocks, ever */
	_Atomic size_t free_count;
	size_t count;
	uint8_t *memory;
	struct capture_block blocks[];
};

int capture_pool_new(size_t blocks, struct capture_pool **out, bool *locked_out)
{
	size_t size, bytes;
	if (blocks < 2 || __builtin_mul_overflow(blocks, sizeof(struct capture_block), &size) ||
	    __builtin_add_overflow(size, sizeof(struct capture_pool), &size) ||
	    __builtin_mul_overflow(blocks, (size_t)CAPTURE_BLOCK_SIZE, &bytes))
		return HN_ELIMIT;
	struct capture_pool *pool = calloc(1, size);
	if (pool == NULL)
		return HN_ENOMEM;
	pool->memory = locked_alloc(bytes, locked_out);
	if (pool->memory == NULL) {
		free(pool);
		return HN_ENOMEM;
	}
	(void)pthread_mutex_init(&pool->mutex, NULL);
	(void)pthread_cond_init(&pool->released, NULL);
	pool->count = blocks;
	atomic_init(&pool->free_count, blocks);
	for (size_t i = 0; i < blocks; i++) {
		struct capture_block *b = &pool->blocks[i];
		*b = (struct capture_block){.data = pool->memory + i * CAPTURE_BLOCK_SIZE, .pool = pool};
		b->next = pool->free;
		pool->free = b;
	}
	*out = pool;
	return HN_OK;
}

void capture_block_wipe(struct capture_block *block)
{
	locked_wipe(block->data + block->from, block->upto - block->from);
	block->from = block->upto = 0;
}

void capture_pool_free(struct capture_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->count; i++)
		capture_block_wipe(&pool->blocks[i]);
	locked_free(pool->memory, pool->count * CAPTURE_BLOCK_SIZE);
	(void)pthread_cond_destroy(&pool->released);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool);
}

/* What the reader does not come back to, because it held more blocks once than now, is wiped after a while.
 */
static void wipe_old(struct capture_pool *pool)
{
	for (struct capture_block *b = pool->free; b != NULL; b = b->next)
		if (b->upto > 0 && pool->taken - b->freed > pool->count)
			capture_block_wipe(b);
}

struct capture_block *capture_block_take(struct capture_pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	while (pool->free == NULL)
		(void)pthread_cond_wait(&pool->released, &pool->mutex);
	struct capture_block *block = pool->free;
	pool->free = block->next;
	pool->rests = false;
	pool->taken++;
	wipe_old(pool);
	(void)atomic_fetch_sub_explicit(&pool->free_count, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&pool->mutex);
	atomic_store_explicit(&block->holds, 1, memory_order_relaxed);
	return block;
}

void capture_block_hold(struct capture_block *block)
{
	(void)atomic_fetch_add_explicit(&block->holds, 1, memory_order_relaxed);
}

void capture_block_drop(struct capture_block *block)
{
	if (block == NULL)
		return;
	unsigned before = atomic_fetch_sub_explicit(&block->holds, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before > 1)
		return;
	struct capture_pool *pool = block->pool;
	(void)pthread_mutex_lock(&pool->mutex);
	if (pool->rests)
		capture_block_wipe(block);
	block->freed = pool->taken;
	block->next = pool->free;
	pool->free = block;
	(void)atomic_fetch_add_explicit(&pool->free_count, 1, memory_order_relaxed);
	(void)pthread_cond_signal(&pool->released);
	(void)pthread_mutex_unlock(&pool->mutex);
}

void capture_pool_rest(struct capture_pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	pool->rests = true;
	for (struct capture_block *b = pool->free; b != NULL; b = b->next)
		capture_block_wipe(b);
	(void)pthread_mutex_unlock(&pool->mutex);
}

bool capture_pool_runs_short(const struct capture_pool *pool)
{
	return atomic_load_explicit(&pool->free_count, memory_order_relaxed) < (pool->count + 1) / 2;
}
