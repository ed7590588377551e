/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_QUESTIONS_H
#define HINOMI_RESOLVER_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/client_limit.h"
#include "resolver/recursor.h"
#include "resolver/unbound_context.h"

/* The questions of one recursion thread that are under way: each once, with all who wait for it, counted by
 * registrable domain. Plain data of that thread. */

struct question;
struct recursion;

/** Somebody who waits. Made by recursor_ask(), gone when the callback was called. */
struct ask {
	struct ask *next_arrived;    /* in the inbox */
	struct ask *earlier, *later; /* among all who wait, by arrival */
	struct ask *next_waiter, *previous_waiter;
	struct question *question; /* it waits for this; NULL: not yet */
	recursor_done *done;
	void *context;
	uint64_t since_ns;
	enum recursor_failure refused; /* before it came here */
	struct client_cells cells;
	uint16_t type;
	uint8_t name_len;
	uint8_t zone_len; /* of the registrable domain, at the name's end */
	uint8_t name[];
};

/** A context, and what is under way in it. */
struct resolution {
	struct unbound *unbound;
	struct question *questions;
	struct resolution *next_retired;
};

/** A registrable domain with questions under way. */
struct question_zone {
	struct question_zone *next; /* in its bucket */
	uint64_t hash;
	uint32_t under_way;
	uint8_t len;
	uint8_t name[];
};

struct question {
	struct unbound_question unbound; /* first */
	struct recursion *recursion;
	struct resolution *resolution;
	struct question *next_there, *previous_there; /* in the resolution's list */
	struct question *next;                        /* in its bucket */
	struct question_zone *zone;
	struct ask *waiters; /* none: nobody waits any more */
	uint64_t hash;
	uint16_t type;
	uint8_t name_len;
	uint8_t name[];
};

struct questions {
	uint8_t key[16];
	size_t mask; /* of both tables */
	struct question **buckets;
	struct question_zone **zone_buckets;
};

/** @param expected  how many there are at most, about. @return HN_ENOMEM */
HN_MUST_USE int questions_init(struct questions *t, size_t expected);
/** All questions are gone before. */
void questions_clear(struct questions *t);

/** The same question in that resolution, or NULL. */
struct question *questions_find(const struct questions *t, const struct ask *ask,
				const struct resolution *where);

/**
 * A new question for what is asked, in that resolution, without waiters.
 *
 * @return HN_ELIMIT: zone_max of its registrable domain are under way; HN_ENOMEM
 */
HN_MUST_USE int questions_add(struct questions *t, const struct ask *ask, struct resolution *where,
			      uint32_t zone_max, struct question **out);
/** Moves it to another resolution. */
void question_move(struct question *q, struct resolution *where);
/** Takes it out and frees it; its waiters are gone before. */
void questions_remove(struct questions *t, struct question *q);

/** Lets it wait for the question, or no more. */
void question_add_waiter(struct question *q, struct ask *ask);
void question_remove_waiter(struct ask *ask);
/** One who waits for it no more, or NULL. */
struct ask *question_take_waiter(struct question *q);

#endif
