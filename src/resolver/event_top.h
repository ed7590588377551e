/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_TOP_H
#define HINOMI_RESOLVER_EVENT_TOP_H

#include <stdint.h>

#include "base/err.h"
#include "resolver/event_ring.h"

/*
 * Which listed entries are met most, in bounded memory (Metwally, Agrawal, El Abbadi: the space-saving
 * summary, 2005). With N events so far, each entry met more often than N / EVENT_TOP_SIZE times is in it;
 * an entry's count is too high by at most its `over`, never too low.
 */
#define EVENT_TOP_SIZE 1024

struct event_top_item {
	uint64_t count, over;
	uint16_t set;
	uint8_t kind, action, trigger, key_len;
	uint8_t key[EVENT_KEY_MAX];
};

struct event_top;

HN_MUST_USE int event_top_new(struct event_top **out);
/** NULL is allowed. */
void event_top_free(struct event_top *t);

void event_top_add(struct event_top *t, const struct event *e);
/** The entries met most, most first. @return how many, at most max */
size_t event_top_list(const struct event_top *t, struct event_top_item *out, size_t max);

#endif
