/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/flow.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * The wheel: flows hang in the slot of the second in which they fall idle. A packet does not move its flow;
 * when a slot comes round, flows that were refreshed meanwhile are hung up anew. So time costs a visit a
 * minute, not a packet.
 */
#define WHEEL_SLOTS  128u
#define WHEEL_SHIFT  30 /* a slot is 2^30 ns */
#define BACK_JUMP_NS (600 * NS_SECOND)

struct slot {
	uint32_t tag;
	uint32_t flow; /* 1 + number, 0 free */
};

struct flow_table {
	struct flow *flows;
	struct slot *index;
	uint32_t index_mask;
	uint32_t flows_max;
	uint32_t used; /* flows that were ever handed out; those behind are untouched memory */
	uint32_t free; /* list through wheel_next */
	uint32_t count;
	int64_t tick; /* time in slots; -1: no time yet */
	int64_t now_ns;
	uint32_t head[WHEEL_SLOTS]; /* newest */
	uint32_t tail[WHEEL_SLOTS]; /* oldest */
	flow_ended_fn *ended;
	void *context;
	size_t flows_size, index_size;
};

static uint64_t hash_secret[4];

static void make_secret(void)
{
	if (hash_secret[0] == 0) {
		randombytes_buf(hash_secret, sizeof(hash_secret));
		hash_secret[0] |= 1;
	}
}

static void *map_private(size_t size)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, size, MADV_DONTDUMP);
	(void)madvise(memory, size, MADV_HUGEPAGE); /* a refusal only costs speed */
	return memory;
}

int flow_table_new(size_t flows_max, flow_ended_fn *ended, void *context, struct flow_table **out)
{
	if (flows_max < 16 || flows_max > (size_t)1 << 28)
		return HN_ELIMIT;
	make_secret();
	struct flow_table *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	size_t slots = 64;
	while (slots < flows_max + flows_max / 2)
		slots *= 2;
	t->flows_max = (uint32_t)flows_max;
	t->index_mask = (uint32_t)slots - 1;
	t->flows_size = flows_max * sizeof(struct flow);
	t->index_size = slots * sizeof(struct slot);
	t->flows = map_private(t->flows_size);
	t->index = map_private(t->index_size);
	t->tick = -1;
	t->ended = ended;
	t->context = context;
	if (t->flows == NULL || t->index == NULL) {
		flow_table_free(t);
		return HN_ENOMEM;
	}
	*out = t;
	return HN_OK;
}

void flow_table_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	if (t->flows != NULL)
		(void)munmap(t->flows, t->flows_size);
	if (t->index != NULL)
		(void)munmap(t->index, t->index_size);
	free(t);
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint32_t flow_hash_words(const uint64_t word[5], uint8_t ip_version)
{
	uint64_t h = mix(word[0] ^ hash_secret[0], word[2] ^ hash_secret[1]);
	if (ip_version == 6)
		h ^= mix(word[1] ^ hash_secret[2], word[3] ^ hash_secret[3]);
	h = mix(h ^ word[4], hash_secret[3] ^ UINT64_C(0x9E3779B97F4A7C15));
	return (uint32_t)(h ^ h >> 32);
}

uint32_t flow_hash(const struct flow_key *key)
{
	uint64_t word[5];
	_Static_assert(sizeof(word) == sizeof(*key), "the key is hashed whole");
	memcpy(word, key, sizeof(word));
	return flow_hash_words(word, key->ip_version);
}

void flow_prefetch_index(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->index[hash & t->index_mask]);
}

bool flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	for (uint32_t at = hash & t->index_mask; t->index[at].flow != 0; at = (at + 1) & t->index_mask) {
		if (t->index[at].tag != hash)
			continue;
		const struct flow *flow = &t->flows[t->index[at].flow - 1];
		__builtin_prefetch(flow, 1);
		__builtin_prefetch((const char *)flow + 64, 1);
		return true;
	}
	/* A new flow will take the front of the free list. */
	if (t->free != 0)
		__builtin_prefetch((const char *)&t->flows[t->free - 1] + 64, 1);
	return false;
}

static inline bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t x[5], y[5];
	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4])) == 0;
}

static uint32_t number(const struct flow_table *t, const struct flow *flow)
{
	return (uint32_t)(flow - t->flows) + 1;
}

static void wheel_hang(struct flow_table *t, struct flow *flow, int64_t idle_at_ns)
{
	int64_t tick = idle_at_ns >> WHEEL_SHIFT;
	if (tick <= t->tick)
		tick = t->tick + 1;
	uint32_t slot = (uint32_t)tick % WHEEL_SLOTS;
	uint32_t me = number(t, flow);

	flow->slot = (uint8_t)slot;
	flow->wheel_prev = 0;
	flow->wheel_next = t->head[slot];
	if (t->head[slot] != 0)
		t->flows[t->head[slot] - 1].wheel_prev = me;
	else
		t->tail[slot] = me;
	t->head[slot] = me;
}

static void wheel_unhang(struct flow_table *t, struct flow *flow)
{
	uint32_t slot = flow->slot;
	if (flow->wheel_prev != 0)
		t->flows[flow->wheel_prev - 1].wheel_next = flow->wheel_next;
	else
		t->head[slot] = flow->wheel_next;
	if (flow->wheel_next != 0)
		t->flows[flow->wheel_next - 1].wheel_prev = flow->wheel_prev;
	else
		t->tail[slot] = flow->wheel_prev;
}

/* Takes the flow out of the index, closing the gap so that no tombstones are needed. */
static void index_remove(struct flow_table *t, const struct flow *flow)
{
	uint32_t mask = t->index_mask;
	uint32_t at = flow->hash & mask;
	uint32_t me = number(t, flow);
	while (t->index[at].flow != me)
		at = (at + 1) & mask;
	uint32_t gap = at;
	for (at = (at + 1) & mask; t->index[at].flow != 0; at = (at + 1) & mask) {
		uint32_t home = t->index[at].tag & mask;
		if (((at - home) & mask) >= ((at - gap) & mask)) {
			t->index[gap] = t->index[at];
			gap = at;
		}
	}
	t->index[gap] = (struct slot){0};
}

void flow_end(struct flow_table *t, struct flow *flow, enum flow_end why)
{
	t->ended(t->context, flow, why);
	index_remove(t, flow);
	wheel_unhang(t, flow);
	uint32_t me = number(t, flow);
	memset(flow, 0, sizeof(*flow));
	flow->wheel_next = t->free;
	t->free = me;
	t->count--;
}

static int64_t idle_at(const struct flow *flow)
{
	return flow->last_ns + ((flow->flags & FLOW_CLOSED) != 0 ? FLOW_LINGER_NS : FLOW_IDLE_NS);
}

static enum flow_end silent_end(const struct flow *flow)
{
	return (flow->flags & FLOW_CLOSED) != 0 ? FLOW_END_CLOSED : FLOW_END_IDLE;
}

/* Empties the slot of the tick that has just come: what is idle leaves, what was refreshed is hung up anew.
 */
static void turn_slot(struct flow_table *t)
{
	uint32_t slot = (uint32_t)t->tick % WHEEL_SLOTS;
	uint32_t next = t->tail[slot];
	t->tail[slot] = 0;
	t->head[slot] = 0;
	while (next != 0) {
		struct flow *flow = &t->flows[next - 1];
		next = flow->wheel_prev;
		int64_t at = idle_at(flow);
		wheel_hang(t, flow, at);
		if (at >> WHEEL_SHIFT <= t->tick && at <= t->now_ns)
			flow_end(t, flow, silent_end(flow));
	}
}

void flow_table_advance(struct flow_table *t, int64_t time_ns)
{
	int64_t tick = time_ns >> WHEEL_SHIFT;
	if (t->tick >= 0 && time_ns >= t->now_ns && tick == t->tick) {
		t->now_ns = time_ns;
		return;
	}
	if (t->tick < 0) {
		t->tick = tick;
		t->now_ns = time_ns;
		return;
	}
	if (time_ns < t->now_ns - BACK_JUMP_NS) {
		flow_table_drain(t, FLOW_END_IDLE);
		t->tick = tick;
		t->now_ns = time_ns;
		return;
	}
	if (time_ns <= t->now_ns)
		return;
	t->now_ns = time_ns;
	for (uint32_t turned = 0; t->tick < tick && turned < WHEEL_SLOTS; turned++) {
		t->tick++;
		turn_slot(t);
	}
	t->tick = tick;
}

struct flow *flow_find(struct flow_table *t, const struct flow_key *key, uint32_t hash, int64_t time_ns)
{
	for (uint32_t at = hash & t->index_mask; t->index[at].flow != 0; at = (at + 1) & t->index_mask) {
		if (t->index[at].tag != hash)
			continue;
		struct flow *flow = &t->flows[t->index[at].flow - 1];
		if (!key_equal(&flow->key, key))
			continue;
		if (time_ns < idle_at(flow))
			return flow;
		flow_end(t, flow, silent_end(flow));
		return NULL;
	}
	return NULL;
}

/*
 * The oldest leaves: of the first slot to come round, from its old end. Flows that were refreshed since they
 * were hung up are hung up anew first, which each packet pays for at most once.
 */
static void evict(struct flow_table *t)
{
	for (uint32_t i = 1; i <= WHEEL_SLOTS; i++) {
		uint32_t slot = (uint32_t)(t->tick + i) % WHEEL_SLOTS;
		while (t->tail[slot] != 0) {
			struct flow *flow = &t->flows[t->tail[slot] - 1];
			int64_t tick = idle_at(flow) >> WHEEL_SHIFT;
			if (tick > t->tick + i && (uint32_t)tick % WHEEL_SLOTS != slot) {
				wheel_unhang(t, flow);
				wheel_hang(t, flow, idle_at(flow));
				continue;
			}
			flow_end(t, flow, FLOW_END_EVICTED);
			return;
		}
	}
}

struct flow *flow_add(struct flow_table *t, const struct flow_key *key, uint32_t hash, int64_t time_ns)
{
	if (t->count == t->flows_max)
		evict(t);
	uint32_t me = t->free;
	if (me != 0)
		t->free = t->flows[me - 1].wheel_next;
	else
		me = ++t->used;
	struct flow *flow = &t->flows[me - 1];
	flow->key = *key;
	flow->hash = hash;
	flow->state = FLOW_PENDING;
	flow->first_ns = time_ns;
	flow->last_ns = time_ns;
	uint32_t at = hash & t->index_mask;
	while (t->index[at].flow != 0)
		at = (at + 1) & t->index_mask;
	t->index[at] = (struct slot){hash, me};
	t->count++;
	wheel_hang(t, flow, idle_at(flow));
	return flow;
}

void flow_close(struct flow_table *t, struct flow *flow)
{
	if ((flow->flags & FLOW_CLOSED) != 0)
		return;
	flow->flags |= FLOW_CLOSED;
	wheel_unhang(t, flow);
	wheel_hang(t, flow, idle_at(flow));
}

/*
 * In the order of memory, which is the order of birth as far as places were not used twice; that is much
 * faster than in the wheel's. The memory goes back to the system, which wipes it.
 */
void flow_table_drain(struct flow_table *t, enum flow_end why)
{
	for (uint32_t i = 0; i < t->used; i++) {
		struct flow *flow = &t->flows[i];
		if (flow->state == FLOW_FREE)
			continue;
		/* What was silent long enough has ended, though its slot has not come round. */
		bool silent = (flow->flags & FLOW_CLOSED) != 0 || idle_at(flow) <= t->now_ns;
		t->ended(t->context, flow, silent ? silent_end(flow) : why);
		t->count--;
	}
	assert(t->count == 0);
	(void)madvise(t->flows, t->flows_size, MADV_DONTNEED);
	(void)madvise(t->index, t->index_size, MADV_DONTNEED);
	t->used = 0;
	t->free = 0;
	memset(t->head, 0, sizeof(t->head));
	memset(t->tail, 0, sizeof(t->tail));
}

void flow_each(struct flow_table *t, void (*each)(void *context, struct flow *flow), void *context)
{
	for (uint32_t i = 0; i < t->used; i++)
		if (t->flows[i].state != FLOW_FREE)
			each(context, &t->flows[i]);
}

size_t flow_count(const struct flow_table *t)
{
	return t->count;
}
