/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_map.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"

#define RUN_MAX    8  /* bounds that are gone through one by one: a cache line */
#define INDEX_BITS 16 /* of one node at most */
#define NO_NODE    UINT32_MAX
#define IS_NODE    (UINT32_C(1) << 31)
#define IS_LOW     (UINT32_C(1) << 31) /* of a value: number of the half map for the lower 64 bits */

/* A part of a node's range: the bounds from `first` on, as many as `rest` says; or the node that says more.
 */
struct slot {
	uint32_t first;
	uint32_t rest;
};

/* Cuts the range that begins with `start` into equal slots. */
struct node {
	uint64_t start;
	uint32_t slots; /* how many, and where they begin */
	uint32_t slot;
	uint32_t first, last; /* its bounds */
	uint8_t shift;
};

/* Bounds of 64 bits: those of IPv4, of the upper half of IPv6, or of the lower half under one upper half. */
struct half {
	uint32_t first, last;
	uint32_t node; /* NO_NODE: few enough to go through */
};

struct prefix_map {
	struct half v4, v6;
	uint64_t *bounds;
	uint32_t *values; /* from this bound on */
	struct slot *slots;
	struct node *nodes;
	struct half *lows;
	size_t bound_count, slot_count, node_count, low_count;
	size_t bound_cap, slot_cap, node_cap, low_cap;
};

typedef unsigned __int128 wide;

/* A bound of 128 bits, before the halves are parted. */
struct edge {
	wide at;
	uint32_t value;
};

static wide wide_of(const struct ip *ip)
{
	if (ip->version == 4)
		return load_be32(ip->bytes);
	return (wide)load_be64(ip->bytes) << 64 | load_be64(ip->bytes + 8);
}

static unsigned width(uint8_t version)
{
	return version == 4 ? 32 : 128;
}

/* Makes room for one more. @return false without memory */
static bool room(void **items, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return true;
	size_t wanted = *cap == 0 ? 16 : *cap * 2;
	void *grown = reallocarray(*items, wanted, size);
	if (grown == NULL)
		return false;
	*items = grown;
	*cap = wanted;
	return true;
}

static bool add_bound(struct prefix_map *m, uint64_t at, uint32_t value)
{
	size_t cap = m->bound_cap;
	void *bounds = m->bounds, *values = m->values;
	bool ok = room(&values, m->bound_count, &cap, sizeof(*m->values));
	m->values = values;
	ok = ok && room(&bounds, m->bound_count, &m->bound_cap, sizeof(*m->bounds));
	m->bounds = bounds;
	if (!ok)
		return false;
	m->bounds[m->bound_count] = at;
	m->values[m->bound_count++] = value;
	return true;
}

static unsigned bits_of(uint64_t value)
{
	return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* Slots for bounds first..last: about as many as bounds, so that most slots hold few. */
static bool add_node(struct prefix_map *m, uint32_t first, uint32_t last, uint32_t *number_out)
{
	void *nodes = m->nodes;
	bool ok = room(&nodes, m->node_count, &m->node_cap, sizeof(*m->nodes));
	m->nodes = nodes;
	if (!ok)
		return false;
	uint64_t start = m->bounds[first], span = m->bounds[last - 1] - start;
	unsigned wanted = bits_of(last - first), all = bits_of(span);
	wanted = wanted > INDEX_BITS ? INDEX_BITS : wanted;
	uint8_t shift = (uint8_t)(all > wanted ? all - wanted : 0);
	uint32_t slots = (uint32_t)(span >> shift) + 1;
	uint32_t slot = (uint32_t)m->slot_count;

	while (m->slot_cap - m->slot_count < slots) {
		void *grown = reallocarray(m->slots, m->slot_cap + slots, 2 * sizeof(*m->slots));
		if (grown == NULL)
			return false;
		m->slots = grown;
		m->slot_cap = 2 * (m->slot_cap + slots);
	}
	m->slot_count += slots;
	*number_out = (uint32_t)m->node_count;
	m->nodes[m->node_count++] = (struct node){start, slots, slot, first, last, shift};
	for (uint32_t i = 0, at = first; i < slots; i++) {
		uint32_t from = at;
		while (at < last && (m->bounds[at] - start) >> shift == i)
			at++;
		m->slots[slot + i] = (struct slot){from, at - from};
	}
	return true;
}

/* Nodes until every slot holds few bounds; each node parts its bounds, so this ends. */
static bool index_half(struct prefix_map *m, struct half *half)
{
	half->node = NO_NODE;
	if (half->last - half->first <= RUN_MAX)
		return true;
	size_t begin = m->node_count;
	if (!add_node(m, half->first, half->last, &half->node))
		return false;
	for (size_t n = begin; n < m->node_count; n++) {
		for (uint32_t i = 0; i < m->nodes[n].slots; i++) {
			struct slot s = m->slots[m->nodes[n].slot + i];
			uint32_t number;
			if (s.rest <= RUN_MAX)
				continue;
			if (!add_node(m, s.first, s.first + s.rest, &number))
				return false;
			m->slots[m->nodes[n].slot + i].rest = number | IS_NODE;
		}
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct prefix_value *x = a, *y = b;
	if (x->prefix.addr.version != y->prefix.addr.version)
		return x->prefix.addr.version < y->prefix.addr.version ? -1 : 1;
	int order = memcmp(x->prefix.addr.bytes, y->prefix.addr.bytes, sizeof(x->prefix.addr.bytes));
	if (order != 0)
		return order;
	if (x->prefix.len != y->prefix.len)
		return x->prefix.len < y->prefix.len ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static void put_edge(struct edge edges[], size_t *count, wide at, uint32_t value)
{
	if (*count > 0 && edges[*count - 1].at == at)
		(*count)--; /* a shorter one at the same place, of no width */
	if (*count > 0 && edges[*count - 1].value == value)
		return;
	edges[(*count)++] = (struct edge){at, value};
}

/*
 * The bounds of sorted prefixes of one version. A prefix begins at its address with its value; where it ends,
 * that of the one around it begins again, or none.
 */
static size_t make_edges(const struct prefix_value rows[], size_t count, struct edge edges[])
{
	struct {
		wide last; /* address within */
		uint32_t value;
	} open[130] = {{0}};
	size_t depth = 0, made = 0;

	put_edge(edges, &made, 0, PREFIX_NONE);
	for (size_t i = 0; i <= count; i++) {
		wide at = i < count ? wide_of(&rows[i].prefix.addr) : 0;
		while (depth > 0 && (i == count || open[depth - 1].last < at)) {
			wide after = open[--depth].last + 1;
			uint32_t around = depth > 0 ? open[depth - 1].value : PREFIX_NONE;
			if (depth > 0 && open[depth - 1].last < after)
				continue; /* both end here */
			if (after != 0)
				put_edge(edges, &made, after, around);
		}
		if (i == count)
			break;
		unsigned hosts = width(rows[i].prefix.addr.version) - rows[i].prefix.len;
		wide span = hosts == 128 ? ~(wide)0 : ((wide)1 << hosts) - 1;
		assert(depth < sizeof(open) / sizeof(open[0]));
		open[depth].last = at + span;
		open[depth++].value = rows[i].value;
		put_edge(edges, &made, at, rows[i].value);
	}
	return made;
}

static bool add_half(struct prefix_map *m, const struct edge edges[], size_t count, struct half *half)
{
	half->first = (uint32_t)m->bound_count;
	for (size_t i = 0; i < count; i++)
		if (!add_bound(m, (uint64_t)edges[i].at, edges[i].value))
			return false;
	half->last = (uint32_t)m->bound_count;
	return true;
}

/* The bounds under one upper half, of which the first may lie before it. */
static bool add_low(struct prefix_map *m, const struct edge edges[], size_t count, uint32_t before)
{
	void *lows = m->lows;
	struct half half = {.first = (uint32_t)m->bound_count};
	bool ok = room(&lows, m->low_count, &m->low_cap, sizeof(*m->lows));
	m->lows = lows;
	if (ok && (uint64_t)edges[0].at != 0)
		ok = add_bound(m, 0, before);
	for (size_t i = 0; ok && i < count; i++)
		ok = add_bound(m, (uint64_t)edges[i].at, edges[i].value);
	half.last = (uint32_t)m->bound_count;
	if (ok)
		m->lows[m->low_count++] = half;
	return ok;
}

static uint64_t upper(const struct edge *e)
{
	return (uint64_t)(e->at >> 64);
}

/*
 * Parts IPv6 bounds into upper halves and, where something changes within one, its lower halves. The upper
 * ones stay apart until the end, since both kinds stand in one array.
 */
static bool add_v6(struct prefix_map *m, const struct edge edges[], size_t count)
{
	struct edge *uppers = calloc(2 * count + 1, sizeof(*uppers));
	size_t made = 0;
	uint32_t value = PREFIX_NONE;
	bool ok = uppers != NULL;

	for (size_t i = 0; ok && i < count;) {
		size_t end = i;
		bool within = false;
		for (; end < count && upper(&edges[end]) == upper(&edges[i]); end++)
			within = within || (uint64_t)edges[end].at != 0;
		uint64_t at = upper(&edges[i]);
		if (within) {
			ok = add_low(m, edges + i, end - i, value);
			put_edge(uppers, &made, at, (uint32_t)(m->low_count - 1) | IS_LOW);
		}
		value = edges[end - 1].value;
		if (!within)
			put_edge(uppers, &made, at, value);
		else if (at != UINT64_MAX)
			put_edge(uppers, &made, (wide)at + 1, value);
		i = end;
	}
	ok = ok && add_half(m, uppers, made, &m->v6);
	free(uppers);
	return ok;
}

static bool build(struct prefix_map *m, const struct prefix_value rows[], size_t count)
{
	size_t fours = 0;
	while (fours < count && rows[fours].prefix.addr.version == 4)
		fours++;
	/* Each prefix makes a bound where it begins and one where it ends; and there is the first. */
	struct edge *edges = calloc(2 * count + 1, sizeof(*edges));
	if (edges == NULL)
		return false;
	bool ok = add_half(m, edges, make_edges(rows, fours, edges), &m->v4);
	ok = ok && add_v6(m, edges, make_edges(count > fours ? rows + fours : rows, count - fours, edges));
	free(edges);
	ok = ok && index_half(m, &m->v4) && index_half(m, &m->v6);
	for (size_t i = 0; ok && i < m->low_count; i++)
		ok = index_half(m, &m->lows[i]);
	return ok;
}

int prefix_map_new(struct prefix_value rows[], size_t count, struct prefix_map **out,
		   struct prefix_value twice_out[2])
{
	if (count > 0)
		qsort(rows, count, sizeof(rows[0]), compare);
	for (size_t i = 1; i < count; i++) {
		struct prefix_value other = rows[i - 1];
		other.value = rows[i].value;
		if (compare(&other, &rows[i]) == 0) {
			twice_out[0] = rows[i - 1];
			twice_out[1] = rows[i];
			return HN_EEXIST;
		}
	}
	struct prefix_map *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return HN_ENOMEM;
	if (!build(m, rows, count)) {
		prefix_map_free(m);
		return HN_ENOMEM;
	}
	*out = m;
	return HN_OK;
}

void prefix_map_free(struct prefix_map *map)
{
	if (map == NULL)
		return;
	free(map->bounds);
	free(map->values);
	free(map->slots);
	free(map->nodes);
	free(map->lows);
	free(map);
}

size_t prefix_map_size(const struct prefix_map *map)
{
	return sizeof(*map) + map->bound_cap * (sizeof(*map->bounds) + sizeof(*map->values)) +
	       map->slot_cap * sizeof(*map->slots) + map->node_cap * sizeof(*map->nodes) +
	       map->low_cap * sizeof(*map->lows);
}

/* How many of the bounds from `first` on are not above x: that many, without a branch that could be
 * mispredicted. */
static inline uint32_t run(const struct prefix_map *m, uint32_t first, uint32_t count, uint64_t x)
{
	uint32_t below = 0;
	for (uint32_t i = 0; i < count; i++)
		below += m->bounds[first + i] <= x;
	return first + below;
}

/* The value at x. The first bound of a half is 0, so that one always is not above. */
static inline uint32_t find(const struct prefix_map *m, const struct half *half, uint64_t x)
{
	uint32_t number = half->node;
	if (number == NO_NODE)
		return m->values[run(m, half->first, half->last - half->first, x) - 1];
	for (;;) {
		const struct node *n = &m->nodes[number];
		if (x < n->start)
			return m->values[n->first - 1];
		uint64_t i = (x - n->start) >> n->shift;
		if (i >= n->slots)
			return m->values[n->last - 1];
		struct slot s = m->slots[n->slot + i];
		if ((s.rest & IS_NODE) == 0)
			return m->values[run(m, s.first, s.rest, x) - 1];
		number = s.rest & ~IS_NODE;
	}
}

uint32_t prefix_map_find4(const struct prefix_map *map, uint32_t address)
{
	return find(map, &map->v4, address);
}

uint32_t prefix_map_find6(const struct prefix_map *map, uint64_t high, uint64_t low)
{
	uint32_t value = find(map, &map->v6, high);
	if (value == PREFIX_NONE || (value & IS_LOW) == 0)
		return value;
	return find(map, &map->lows[value & ~IS_LOW], low);
}
