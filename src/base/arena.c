/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 8192 /* bytes of an ordinary block */

struct block {
	struct block *next;
	size_t size, used; /* of data */
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *blocks; /* the newest first */
	size_t taken, max;
	size_t block; /* bytes of an ordinary one */
};

static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof(*b) + size);
	if (b)
		*b = (struct block){.size = size};
	return b;
}

struct arena *arena_new(size_t max)
{
	return arena_new_small(max, BLOCK_SIZE);
}

struct arena *arena_new_small(size_t max, size_t block)
{
	struct arena *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->max = max;
	a->block = block;
	a->blocks = block_new(block);
	if (!a->blocks) {
		free(a);
		return NULL;
	}
	return a;
}

void arena_reset(struct arena *a)
{
	while (a->blocks->next) {
		struct block *b = a->blocks;
		a->blocks = b->next;
		free(b);
	}
	a->blocks->used = 0;
	a->taken = 0;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	free(a->blocks);
	free(a);
}

/* What is larger than an ordinary block gets one of its own size. */
static struct block *add_block(struct arena *a, size_t size)
{
	struct block *b = block_new(size > a->block ? size : a->block);
	if (!b)
		return NULL;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	if (size > a->max)
		return NULL;
	size_t whole = (size + align - 1) / align * align;
	if (whole > a->max - a->taken)
		return NULL;
	struct block *b = a->blocks;
	if (whole > b->size - b->used)
		b = add_block(a, whole);
	if (!b)
		return NULL;
	void *at = b->data + b->used;
	b->used += whole;
	a->taken += whole;
	return memset(at, 0, whole);
}

char *arena_text(struct arena *a, const void *text, size_t len)
{
	if (len >= a->max)
		return NULL;
	char *copy = arena_alloc(a, len + 1);
	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}
