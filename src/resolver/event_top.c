/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_top.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "match/hash.h"

#define HEADS (2 * EVENT_TOP_SIZE)
#define NONE  UINT16_MAX

struct cell {
	uint64_t hash;
	uint16_t next;  /* in its chain */
	uint16_t place; /* in the order */
};

/*
 * Cells in the order of their counts, from place `first` on, and a hash table with chains. A count that rises
 * by one leaves the order as it is once its cell has changed places with the last of its equals. What is
 * looked at for each event is small and stays in the processor's first cache; items are written only when an
 * entry takes another's cell.
 */
struct event_top {
	uint64_t key[2];
	uint16_t first;  /* EVENT_TOP_SIZE: there is none */
	uint16_t raised; /* place whose count rose last */
	uint16_t heads[HEADS];
	uint16_t order[EVENT_TOP_SIZE];  /* of cells */
	uint64_t counts[EVENT_TOP_SIZE]; /* at each place of the order */
	struct cell cells[EVENT_TOP_SIZE];
	struct event_top_item items[EVENT_TOP_SIZE]; /* of the cells; their counts are in the order */
};

int event_top_new(struct event_top **out)
{
	struct event_top *t = calloc(1, sizeof(*t));
	if (!t)
		return HN_ENOMEM;
	t->first = EVENT_TOP_SIZE;
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
	uint64_t kind = (uint64_t)e->set << 24 | (uint64_t)e->kind << 16 | (uint64_t)e->trigger << 8;
	return hash_keyed(t->key, kind | e->key_len, e->bytes, e->key_len);
}

static bool is_of(const struct event_top_item *item, const struct event *e)
{
	return item->set == e->set && item->kind == e->kind && item->trigger == e->trigger &&
	       item->key_len == e->key_len && memcmp(item->key, e->bytes, e->key_len) == 0;
}

/* @return a cell; NONE: the entry has none */
static uint16_t find(const struct event_top *t, const struct event *e, uint64_t hash)
{
	uint16_t at = t->heads[hash % HEADS];
	while (at != NONE && (t->cells[at].hash != hash || !is_of(&t->items[at], e)))
		at = t->cells[at].next;
	return at;
}

/* The last place with the same count: mostly the one before that of the event before. */
static unsigned last_equal(const struct event_top *t, unsigned place)
{
	unsigned above = EVENT_TOP_SIZE; /* here the count is higher */
	uint64_t count = t->counts[place];
	if (t->raised > place && t->counts[t->raised] > count && t->counts[t->raised - 1] == count)
		return t->raised - 1;
	while (above - place > 1) {
		unsigned middle = (place + above) / 2;
		if (t->counts[middle] == count)
			place = middle;
		else
			above = middle;
	}
	return place;
}

static void put_at(struct event_top *t, unsigned place, uint16_t cell)
{
	t->order[place] = cell;
	t->cells[cell].place = (uint16_t)place;
}

static void count_one(struct event_top *t, uint16_t cell)
{
	unsigned place = t->cells[cell].place, last = last_equal(t, place);
	put_at(t, place, t->order[last]);
	put_at(t, last, cell);
	t->counts[last]++;
	t->raised = (uint16_t)last;
}

static void unchain(struct event_top *t, uint16_t cell)
{
	uint16_t *at = &t->heads[t->cells[cell].hash % HEADS];
	while (*at != cell)
		at = &t->cells[*at].next;
	*at = t->cells[cell].next;
}

/* A cell for a new entry: a free one, with a count of 0, else that of the least, whose count it goes on with.
 */
static uint16_t free_cell(struct event_top *t)
{
	if (t->first > 0) {
		uint16_t cell = --t->first;
		put_at(t, cell, cell);
		return cell;
	}
	unchain(t, t->order[0]);
	return t->order[0];
}

static uint16_t begin(struct event_top *t, const struct event *e, uint64_t hash)
{
	uint16_t cell = free_cell(t);
	struct event_top_item *item = &t->items[cell];
	item->over = t->counts[t->cells[cell].place];
	item->set = e->set;
	item->kind = e->kind;
	item->trigger = e->trigger;
	item->key_len = e->key_len;
	memcpy(item->key, e->bytes, e->key_len);
	t->cells[cell].hash = hash;
	t->cells[cell].next = t->heads[hash % HEADS];
	t->heads[hash % HEADS] = cell;
	return cell;
}

void event_top_add(struct event_top *t, const struct event *e)
{
	uint64_t hash = hash_of(t, e);
	uint16_t cell = find(t, e, hash);
	if (cell == NONE)
		cell = begin(t, e, hash);
	t->items[cell].action = e->action;
	count_one(t, cell);
	/* The next to give way. */
	__builtin_prefetch(&t->items[t->order[0]], 1);
}

static int by_count(const void *a, const void *b)
{
	const struct event_top_item *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	int order = memcmp(x->key, y->key, x->key_len < y->key_len ? x->key_len : y->key_len);
	return order != 0 ? order : x->key_len - y->key_len;
}

size_t event_top_list(const struct event_top *t, struct event_top_item *out, size_t max)
{
	struct event_top_item *all = malloc(sizeof(*all) * EVENT_TOP_SIZE);
	size_t count = 0;
	if (!all)
		return 0;
	for (unsigned place = t->first; place < EVENT_TOP_SIZE; place++) {
		all[count] = t->items[t->order[place]];
		all[count++].count = t->counts[place];
	}
	qsort(all, count, sizeof(*all), by_count);
	if (count > max)
		count = max;
	if (count > 0)
		memcpy(out, all, count * sizeof(*out));
	free(all);
	return count;
}
