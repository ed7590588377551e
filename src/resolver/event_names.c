/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/terms.h"

struct names_of {
	uint64_t generation;
	size_t count;
	struct event_set *sets; /* and their texts behind them */
	struct terms *terms;    /* a use; NULL: none */
};

struct event_names {
	_Atomic uint64_t newest;
	pthread_mutex_t lock; /* of the ring */
	size_t next;
	struct names_of ring[EVENT_NAMES_POLICIES];
};

int event_names_new(struct event_names **out)
{
	struct event_names *n = calloc(1, sizeof(*n));
	if (!n)
		return HN_ENOMEM;
	(void)pthread_mutex_init(&n->lock, NULL);
	*out = n;
	return HN_OK;
}

static void forget(struct names_of *names)
{
	free(names->sets);
	terms_release(names->terms);
}

void event_names_free(struct event_names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < EVENT_NAMES_POLICIES; i++)
		forget(&n->ring[i]);
	(void)pthread_mutex_destroy(&n->lock);
	free(n);
}

static const char *copy(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *to = *at;
	memcpy(to, text, size);
	*at += size;
	return to;
}

static struct names_of names_of(const struct policy *policy)
{
	struct names_of n = {.generation = policy_generation(policy),
			     .terms = terms_use(policy_terms(policy))};
	struct policy_set_info info;
	size_t size = POLICY_SETS_MAX * sizeof(*n.sets);
	for (size_t i = 0; i < policy_set_count(policy); i++) {
		policy_set_info(policy, i, &info);
		size += strlen(info.name) + strlen(info.id) + strlen(info.version) + 3;
	}
	n.sets = calloc(1, size);
	if (!n.sets)
		return n;
	n.count = POLICY_SETS_MAX;
	char *at = (char *)(n.sets + n.count);
	for (size_t i = 0; i < policy_set_count(policy); i++) {
		policy_set_info(policy, i, &info);
		n.sets[info.slot].name = copy(&at, info.name);
		n.sets[info.slot].id = copy(&at, info.id);
		n.sets[info.slot].version = copy(&at, info.version);
	}
	return n;
}

void event_names_put(struct event_names *n, const struct policy *policy)
{
	struct names_of names = names_of(policy);
	(void)pthread_mutex_lock(&n->lock);
	struct names_of *place = &n->ring[n->next++ % EVENT_NAMES_POLICIES];
	struct names_of old = *place;
	*place = names;
	(void)pthread_mutex_unlock(&n->lock);
	atomic_store_explicit(&n->newest, names.generation, memory_order_release);
	forget(&old);
}

uint64_t event_names_newest(const struct event_names *n)
{
	return atomic_load_explicit(&n->newest, memory_order_acquire);
}

const struct event_set *event_names_lock(struct event_names *n, uint64_t generation, uint16_t set,
					 uint32_t group, const struct resolver_group **group_out)
{
	static const struct resolver_group unknown = {.name = ""};
	*group_out = &unknown;
	(void)pthread_mutex_lock(&n->lock);
	for (size_t i = 0; i < EVENT_NAMES_POLICIES; i++) {
		const struct names_of *names = &n->ring[i];
		if (names->generation != generation)
			continue;
		if (names->terms && group < names->terms->config->groups.count)
			*group_out = terms_group(names->terms, group);
		return set < names->count && names->sets[set].name ? &names->sets[set] : NULL;
	}
	return NULL;
}

void event_names_unlock(struct event_names *n)
{
	(void)pthread_mutex_unlock(&n->lock);
}
