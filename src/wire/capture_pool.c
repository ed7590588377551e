/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/locked.h"
#include "wire/capture_parts.h"

struct capture_pool {
	pthread_mutex_t mutex; /* guards `free`; taken once a block, never once a packet */
	pthread_cond_t released;
	struct capture_block *free;
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
	for (size_t i = 0; i < blocks; i++) {
		struct capture_block *b = &pool->blocks[i];
		*b = (struct capture_block){.data = pool->memory + i * CAPTURE_BLOCK_SIZE, .pool = pool};
		b->next = pool->free;
		pool->free = b;
	}
	*out = pool;
	return HN_OK;
}

void capture_pool_free(struct capture_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->count; i++)
		locked_wipe(pool->blocks[i].data, pool->blocks[i].used);
	locked_free(pool->memory, pool->count * CAPTURE_BLOCK_SIZE);
	(void)pthread_cond_destroy(&pool->released);
	(void)pthread_mutex_destroy(&pool->mutex);
	free(pool);
}

struct capture_block *capture_block_take(struct capture_pool *pool)
{
	(void)pthread_mutex_lock(&pool->mutex);
	while (pool->free == NULL)
		(void)pthread_cond_wait(&pool->released, &pool->mutex);
	struct capture_block *block = pool->free;
	pool->free = block->next;
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
	locked_wipe(block->data, block->used);
	block->used = 0;
	struct capture_pool *pool = block->pool;
	(void)pthread_mutex_lock(&pool->mutex);
	block->next = pool->free;
	pool->free = block;
	(void)pthread_cond_signal(&pool->released);
	(void)pthread_mutex_unlock(&pool->mutex);
}
