/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN  4096u
#define BLOCK_KEEP (1u << 20)

struct pool_block {
	struct pool_block *next;
	size_t size, used;
	_Alignas(16) unsigned char data[];
};

void *pool_take(struct pool *p, size_t len)
{
	if (len > SIZE_MAX / 4)
		return NULL;
	len = (len + 15) & ~(size_t)15;
	struct pool_block *b = p->current;
	while (b != NULL && b->size - b->used < len && b->next != NULL) {
		b = b->next;
		b->used = 0;
	}
	if (b == NULL || b->size - b->used < len) {
		size_t size = b == NULL ? BLOCK_MIN : b->size * 2;
		size = size > BLOCK_KEEP ? BLOCK_KEEP : size;
		size = size < len ? len : size;
		struct pool_block *more = malloc(sizeof(*more) + size);
		if (more == NULL)
			return NULL;
		more->next = NULL;
		more->size = size;
		more->used = 0;
		if (b == NULL)
			p->first = more;
		else
			b->next = more;
		b = more;
	}
	p->current = b;
	void *at = b->data + b->used;
	b->used += len;
	return at;
}

void *pool_copy(struct pool *p, const void *data, size_t len)
{
	void *at = pool_take(p, len);
	if (at != NULL && len > 0)
		memcpy(at, data, len);
	return at;
}

void pool_reset(struct pool *p)
{
	struct pool_block **link = &p->first;
	while (*link != NULL) {
		struct pool_block *b = *link;
		if (b->size > BLOCK_KEEP) {
			*link = b->next;
			free(b);
			continue;
		}
		b->used = 0;
		link = &b->next;
	}
	p->current = p->first;
}

void pool_clear(struct pool *p)
{
	struct pool_block *b = p->first;
	while (b != NULL) {
		struct pool_block *next = b->next;
		free(b);
		b = next;
	}
	*p = (struct pool){0};
}
