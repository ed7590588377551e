/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/config_private.h"

#define CHUNK_SIZE ((size_t)16 << 10)
#define ALIGNMENT  16
#define MEMORY_MAX ((size_t)64 << 20) /* bytes; a file of a megabyte of empty items asks for more */

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct config_memory {
	struct chunk *chunks; /* newest first */
	size_t total;
};

struct config_memory *config_memory_new(void)
{
	return calloc(1, sizeof(struct config_memory));
}

void config_memory_free(struct config_memory *memory)
{
	if (memory == NULL)
		return;
	for (struct chunk *c = memory->chunks; c != NULL;) {
		struct chunk *next = c->next;
		explicit_bzero(c->bytes, c->used); /* secrets may be among it */
		free(c);
		c = next;
	}
	free(memory);
}

void *config_memory_take(struct config_memory *memory, size_t size)
{
	if (size > MEMORY_MAX)
		return NULL;
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct chunk *c = memory->chunks;
	if (c == NULL || c->size - c->used < rounded) {
		size_t room = rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE;
		if (room > MEMORY_MAX - memory->total)
			return NULL;
		c = calloc(1, sizeof(*c) + room);
		if (c == NULL)
			return NULL;
		*c = (struct chunk){.next = memory->chunks, .size = room};
		memory->chunks = c;
		memory->total += room;
	}
	void *taken = c->bytes + c->used;
	c->used += rounded;
	return taken;
}
