/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SETS_H
#define HINOMI_STORE_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/decide.h"
#include "store/store.h"

/*
 * Sets of indicators that the nation's edges follow: each for one action and one audience, kept by one
 * organisation, whose people propose and approve what is in it (store/approvals.h). Its audience is a label:
 * who sees it may fetch the set, and only what all of them may see gets into it.
 */
#define SET_NAME_MAX    200 /* bytes */
#define SET_PERSONS_MAX 5

/** The least number of persons that an action asks. */
unsigned set_persons_least(enum set_action action);

/** "watch", "block", "select"; and back, -1: no such word. */
const char *set_action_name(enum set_action action);
int set_action_value(const char *word, size_t len);

/** A row. Texts live during the call. */
struct set_row {
	int64_t number;
	struct uuid id;
	int64_t revision;
	int64_t organisation; /* whose people decide */
	struct uuid organisation_id;
	const char *name_en, *name_ja;
	enum set_action action;
	unsigned persons;
	int64_t label; /* its audience */
	int64_t made_us;
	int64_t change;  /* how often what is in it has changed */
	int64_t entries; /* in it now */
	/* What is published: all 0 and "" before the first time. */
	int64_t version;     /* of the head */
	int64_t head_change; /* the change that it holds */
	int64_t expires_us;
	const char *head; /* the signed head */
};
typedef int (*set_fn)(void *context, const struct set_row *set);

struct set_new {
	struct uuid id;
	int64_t organisation;
	const char *name_en, *name_ja;
	enum set_action action;
	unsigned persons; /* 0: the least */
	int64_t label;    /* of a change 0: as it is */
};

/** Makes one. @return HN_EFORMAT: fewer persons than its action asks, or more than SET_PERSONS_MAX; HN_EEXIST
 */
HN_MUST_USE int sets_add(struct writing *w, const struct set_new *set);

/**
 * Changes names, persons and audience; action and organisation stay. Wider audiences are refused by the
 * caller, who knows what is in it.
 *
 * @param revision  that the changer saw; -1: any
 * @return HN_ENOENT: not there or of another organisation; HN_ESTATE: changed meanwhile; HN_EFORMAT as above
 */
HN_MUST_USE int sets_change(struct writing *w, const struct set_new *set, int64_t revision);

/**
 * Begins to read as a consumer of sets: as store_read(), but the set's own label decides for who is let have
 * compiled sets alone, too.
 */
struct asker;
HN_MUST_USE int sets_read(struct store *store, const struct asker *asker, struct reader **out);

/** One that the reader may see. @return HN_ENOENT; what fn returned */
HN_MUST_USE int sets_get(struct reader *reader, const struct uuid *id, set_fn fn, void *context);

/** Those that the reader may see, in the order of their making, behind a number. */
HN_MUST_USE int sets_list(struct reader *reader, int64_t after, size_t limit, set_fn fn, void *context,
			  bool *more_out);

#endif
