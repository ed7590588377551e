/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Requests that wait for another head. */
#include <pthread.h>

#include "base/arena.h"
#include "base/utc.h"
#include "hub/sets/sets.h"

#define WAITING_MAX 10000

struct waiting {
	struct waiting *next;
	struct request *request;
	struct uuid set;
	int64_t until_ns;
	int (*again)(struct request *r);
};

static struct {
	pthread_mutex_t lock; /* guards what follows */
	struct waiting *list;
	size_t count;
	uint64_t turn; /* rises with each head */
} follow = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t follow_turn(void)
{
	pthread_mutex_lock(&follow.lock);
	uint64_t turn = follow.turn;
	pthread_mutex_unlock(&follow.lock);
	return turn;
}

int follow_wait(struct request *r, const struct uuid *set, uint64_t turn, int64_t wait_ns,
		int (*again)(struct request *r))
{
	struct waiting *w = arena_alloc(r->arena, sizeof(*w));
	if (w == NULL)
		return HN_ENOMEM;
	*w = (struct waiting){.request = r, .set = *set, .until_ns = utc_now_ns() + wait_ns, .again = again};
	pthread_mutex_lock(&follow.lock);
	bool full = follow.count == WAITING_MAX;
	bool told = follow.turn != turn;
	if (!full) {
		request_wait(r);
		if (told) {
			request_resume(r, again);
		} else {
			w->next = follow.list;
			follow.list = w;
			follow.count++;
		}
	}
	pthread_mutex_unlock(&follow.lock);
	return full ? HN_ELIMIT : HN_OK;
}

/* What leads to each is read before it goes on: its memory is the request's. */
static size_t let_go(const struct uuid *set, int64_t now_ns, bool all)
{
	for (struct waiting **at = &follow.list; *at != NULL;) {
		struct waiting *w = *at;
		bool goes = all || (set != NULL ? uuid_compare(&w->set, set) == 0 : w->until_ns <= now_ns);
		if (!goes) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		follow.count--;
		request_resume(w->request, w->again);
	}
	return follow.count;
}

void follow_tell(const struct uuid *set)
{
	pthread_mutex_lock(&follow.lock);
	follow.turn++;
	(void)let_go(set, 0, false);
	pthread_mutex_unlock(&follow.lock);
}

size_t follow_tick(int64_t now_ns, bool all)
{
	pthread_mutex_lock(&follow.lock);
	size_t left = let_go(NULL, now_ns, all);
	pthread_mutex_unlock(&follow.lock);
	return left;
}
