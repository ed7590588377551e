/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_top.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/siphash.h"

#define HEADS (2 * EVENT_TOP_SIZE)
#define NONE  UINT16_MAX

struct cell {
	struct event_top_item item;
	uint64_t hash;
	uint16_t next;  /* in its chain */
	uint16_t place; /* in the heap */
};

/* A heap by count, the least on top, and a hash table with chains. */
struct event_top {
	uint8_t key[SIPHASH_KEY];
	uint16_t count;
	uint16_t heads[HEADS];
	uint16_t heap[EVENT_TOP_SIZE];
	struct cell cells[EVENT_TOP_SIZE];
};

int event_top_new(struct event_top **out)
{
	struct event_top *t = calloc(1, sizeof(*t));
	if (!t)
		return HN_ENOMEM;
	randombytes_buf(t->key, sizeof(t->key));
	memset(t->heads, 0xff, sizeof(t->heads));
	*out = t;
	return HN_OK;
}

void event_top_free(struct event_top *t)
{
	free(t);
}

static uint64_t hash_of(const struct event_top *t, const struct event *e)
{
	uint8_t input[4 + EVENT_KEY_MAX] = {(uint8_t)e->set, (uint8_t)(e->set >> 8), e->kind, e->trigger};
	memcpy(input + 4, e->bytes, e->key_len);
	return siphash24(t->key, input, 4u + e->key_len);
}

static bool is_of(const struct cell *c, const struct event *e)
{
	return c->item.set == e->set && c->item.kind == e->kind && c->item.trigger == e->trigger &&
	       c->item.key_len == e->key_len && memcmp(c->item.key, e->bytes, e->key_len) == 0;
}

static struct cell *find(struct event_top *t, const struct event *e, uint64_t hash)
{
	for (uint16_t at = t->heads[hash % HEADS]; at != NONE; at = t->cells[at].next)
		if (t->cells[at].hash == hash && is_of(&t->cells[at], e))
			return &t->cells[at];
	return NULL;
}

static uint64_t count_at(const struct event_top *t, unsigned place)
{
	return t->cells[t->heap[place]].item.count;
}

static void swap(struct event_top *t, unsigned a, unsigned b)
{
	uint16_t cell = t->heap[a];
	t->heap[a] = t->heap[b];
	t->heap[b] = cell;
	t->cells[t->heap[a]].place = (uint16_t)a;
	t->cells[t->heap[b]].place = (uint16_t)b;
}

/* After a count rose. */
static void sink(struct event_top *t, unsigned place)
{
	for (;;) {
		unsigned least = place;
		for (unsigned child = 2 * place + 1; child <= 2 * place + 2 && child < t->count; child++)
			if (count_at(t, child) < count_at(t, least))
				least = child;
		if (least == place)
			return;
		swap(t, place, least);
		place = least;
	}
}

static void unchain(struct event_top *t, uint16_t index)
{
	uint16_t *at = &t->heads[t->cells[index].hash % HEADS];
	while (*at != index)
		at = &t->cells[*at].next;
	*at = t->cells[index].next;
}

/* A cell for a new entry: a free one, else that of the least, whose count it goes on with. */
static struct cell *cell_for(struct event_top *t)
{
	if (t->count < EVENT_TOP_SIZE) {
		uint16_t index = t->count++;
		struct cell *c = &t->cells[index];
		c->place = index;
		t->heap[index] = index;
		/* Nothing is less than a count of 0: it rises to the top. */
		for (unsigned at = index; at > 0; at = (at - 1) / 2)
			swap(t, at, (at - 1) / 2);
		return c;
	}
	unchain(t, t->heap[0]);
	return &t->cells[t->heap[0]];
}

void event_top_add(struct event_top *t, const struct event *e)
{
	uint64_t hash = hash_of(t, e);
	struct cell *c = find(t, e, hash);
	if (!c) {
		c = cell_for(t);
		uint64_t over = c->item.count;
		c->item = (struct event_top_item){.count = over,
						  .over = over,
						  .set = e->set,
						  .kind = e->kind,
						  .trigger = e->trigger,
						  .key_len = e->key_len};
		memcpy(c->item.key, e->bytes, e->key_len);
		c->hash = hash;
		c->next = t->heads[hash % HEADS];
		t->heads[hash % HEADS] = (uint16_t)(c - t->cells);
	}
	c->item.count++;
	c->item.action = e->action;
	sink(t, c->place);
}

static int by_count(const void *a, const void *b)
{
	const struct event_top_item *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return memcmp(x->key, y->key, sizeof(x->key));
}

size_t event_top_list(const struct event_top *t, struct event_top_item *out, size_t max)
{
	struct event_top_item *all = malloc(sizeof(*all) * EVENT_TOP_SIZE);
	size_t n = t->count < max ? t->count : max;
	if (!all)
		return 0;
	for (size_t i = 0; i < t->count; i++)
		all[i] = t->cells[i].item;
	qsort(all, t->count, sizeof(*all), by_count);
	if (n > 0)
		memcpy(out, all, n * sizeof(*out));
	free(all);
	return n;
}
