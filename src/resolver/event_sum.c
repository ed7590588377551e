/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_sum.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/siphash.h"

#define HEADS (2 * EVENT_SUM_MAX)
#define NONE  UINT32_MAX

_Static_assert((EVENT_SUM_MAX & (EVENT_SUM_MAX - 1)) == 0, "positions are cut by a mask");

/* A ring of sums in the order in which they began, and a hash table with chains over it. */
struct event_sums {
	event_sum_over *over;
	void *context;
	uint8_t key[SIPHASH_KEY]; /* clients choose what is hashed */
	uint64_t begin, end;      /* only grow */
	uint32_t heads[HEADS];
	struct event_sum ring[EVENT_SUM_MAX];
};

int event_sums_new(event_sum_over *over, void *context, struct event_sums **out)
{
	/* calloc: what is never used is never touched. */
	struct event_sums *s = calloc(1, sizeof(*s));
	if (!s)
		return HN_ENOMEM;
	s->over = over;
	s->context = context;
	randombytes_buf(s->key, sizeof(s->key));
	memset(s->heads, 0xff, sizeof(s->heads));
	*out = s;
	return HN_OK;
}

void event_sums_free(struct event_sums *s)
{
	if (!s)
		return;
	for (; s->begin < s->end; s->begin++)
		sodium_memzero(&s->ring[s->begin % EVENT_SUM_MAX], sizeof(struct event_sum));
	free(s);
}

size_t event_sums_count(const struct event_sums *s)
{
	return (size_t)(s->end - s->begin);
}

/* What makes two events the same. */
struct identity {
	uint32_t group;
	uint16_t qtype, set;
	uint8_t action, trigger, kind, key_len;
	struct ip client;
	uint8_t key[EVENT_KEY_MAX];
};

static uint64_t hash_of(const struct event_sums *s, const struct event *e)
{
	struct identity i;
	memset(&i, 0, offsetof(struct identity, key));
	i.group = e->group;
	i.qtype = e->qtype;
	i.set = e->set;
	i.action = e->action;
	i.trigger = e->trigger;
	i.kind = e->kind;
	i.key_len = e->key_len;
	i.client = e->client;
	memcpy(i.key, e->bytes, e->key_len);
	return siphash24(s->key, &i, offsetof(struct identity, key) + e->key_len);
}

static bool is_same(const struct event *a, const struct event *b)
{
	return a->group == b->group && a->qtype == b->qtype && a->set == b->set && a->action == b->action &&
	       a->trigger == b->trigger && a->kind == b->kind && a->key_len == b->key_len &&
	       memcmp(&a->client, &b->client, sizeof(a->client)) == 0 &&
	       memcmp(a->bytes, b->bytes, a->key_len) == 0;
}

static struct event_sum *find(struct event_sums *s, const struct event *e, uint64_t hash)
{
	for (uint32_t at = s->heads[hash % HEADS]; at != NONE; at = s->ring[at].next)
		if (s->ring[at].hash == hash && is_same(&s->ring[at].event, e))
			return &s->ring[at];
	return NULL;
}

static void unlink_oldest(struct event_sums *s, uint32_t index)
{
	uint32_t *at = &s->heads[s->ring[index].hash % HEADS];
	while (*at != index)
		at = &s->ring[*at].next;
	*at = s->ring[index].next;
}

static void end_oldest(struct event_sums *s)
{
	uint32_t index = (uint32_t)(s->begin % EVENT_SUM_MAX);
	s->over(s->context, &s->ring[index]);
	unlink_oldest(s, index);
	s->begin++;
}

/* A clock that was set back ends them too. */
static bool is_over(const struct event_sum *sum, int64_t now_ns)
{
	return now_ns == INT64_MAX || now_ns - sum->first_ns >= EVENT_SUM_WINDOW_NS ||
	       sum->first_ns - now_ns >= EVENT_SUM_WINDOW_NS;
}

void event_sums_expire(struct event_sums *s, int64_t now_ns)
{
	while (s->begin < s->end && is_over(&s->ring[s->begin % EVENT_SUM_MAX], now_ns))
		end_oldest(s);
}

static void begin(struct event_sums *s, const struct event *e, uint64_t hash,
		  const struct client_pseudonyms *pseudonyms)
{
	if (s->end - s->begin == EVENT_SUM_MAX)
		end_oldest(s);
	uint32_t index = (uint32_t)(s->end++ % EVENT_SUM_MAX);
	struct event_sum *sum = &s->ring[index];
	memcpy(&sum->event, e, event_size(e));
	sum->count = 1;
	sum->first_ns = sum->last_ns = e->time_ns;
	sum->hash = hash;
	sum->next = s->heads[hash % HEADS];
	s->heads[hash % HEADS] = index;
	client_pseudonym(pseudonyms, &e->client, sum->pseudonym);
	client_prefix_pseudonym(pseudonyms, &e->client, sum->prefix_pseudonym);
}

void event_sums_add(struct event_sums *s, const struct event *e, const struct client_pseudonyms *pseudonyms)
{
	uint64_t hash = hash_of(s, e);
	struct event_sum *sum = find(s, e, hash);
	if (!sum) {
		begin(s, e, hash, pseudonyms);
		return;
	}
	sum->count++;
	if (e->time_ns < sum->first_ns)
		sum->first_ns = e->time_ns;
	if (e->time_ns > sum->last_ns)
		sum->last_ns = e->time_ns;
}
