/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_HOLDS_H
#define HINOMI_STORE_HOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "match/canonical.h"
#include "store/store.h"

/*
 * The hold register (deconfliction): "we are watching this, ask before you block it". A hold is shown as its
 * marking says; whoever names a value learns whether it is held, and nothing else, whatever the marking. The
 * holder sees each question.
 *
 * A held prefix or wildcard covers what lies inside it; a question about a prefix or wildcard meets the holds
 * inside. A held URL is met by a question about its host, for who blocks the host blocks the URL; a question
 * about a URL meets the hold of its host.
 */
#define HOLD_TEXT_MAX  2000 /* bytes of reason and contact */
#define HOLD_VALUE_MAX 2100 /* bytes of a value as people write it */
#define HOLD_PREFIX4   24   /* wider prefixes are neither held nor asked: that would be fishing */
#define HOLD_PREFIX6   48

/** A row. Texts live during the call. */
struct hold {
	int64_t number;
	struct uuid id;
	int64_t revision;     /* rises with each change */
	int64_t organisation; /* who holds */
	struct uuid organisation_id;
	struct uuid person; /* who entered it */
	const char *value;  /* canonical text */
	const char *reason, *contact;
	int64_t made_us, until_us; /* until: the first moment at which it does not hold */
	int64_t released_us;       /* 0: not released */
	int64_t label;
};
typedef int (*hold_fn)(void *context, const struct hold *hold);

struct hold_new {
	struct uuid id;
	int64_t organisation;
	struct uuid person;
	const struct entry_key *key; /* hold_value() */
	const char *reason, *contact;
	int64_t until_us;
	int64_t label; /* labels_number() */
};

/**
 * Reads a value that somebody would hold or asks about.
 *
 * @return HN_EFORMAT: no value of our kinds; HN_ELIMIT: wider than HOLD_PREFIX4/6, or a wildcard of a top
 *         level; the fault says so
 */
HN_MUST_USE int hold_value(const char *text, size_t len, struct canonical *out, struct fault *fault);

/** Enters one. @return HN_EEXIST: this identifier is taken */
HN_MUST_USE int holds_add(struct writing *w, const struct hold_new *hold);

/**
 * Changes reason, contact, until and label of a hold that is not released; value and holder stay.
 *
 * @param revision  that the changer saw; -1: any
 * @return HN_ENOENT: not there, or of another organisation; HN_ESTATE: released, or changed meanwhile
 */
HN_MUST_USE int holds_change(struct writing *w, const struct hold_new *hold, int64_t revision);

/** Releases: nobody is told "held" any more. @return as holds_change() */
HN_MUST_USE int holds_release(struct writing *w, int64_t organisation, const struct uuid *id,
			      int64_t revision);

/** One hold as the reader may see it. @return HN_ENOENT; what fn returned */
HN_MUST_USE int holds_get(struct reader *reader, const struct uuid *id, hold_fn fn, void *context);

/** Holds that the reader may see, in the order of their entering behind a number. */
HN_MUST_USE int holds_list(struct reader *reader, int64_t after, bool all, int64_t now_us, size_t limit,
			   hold_fn fn, void *context, bool *more_out);

/** Who asks, for the holders. */
struct hold_asker {
	int64_t organisation;
	struct uuid account;
	bool approval; /* an approval asked by itself */
};

/** Asks, and notes the question at each hold that it meets. */
HN_MUST_USE int holds_ask(struct writing *w, const struct entry_key *key, const struct hold_asker *asker,
			  bool *held_out);

/** The same without noting it, for what only looks. */
struct db;
HN_MUST_USE int holds_look(struct db *db, const struct entry_key *key, int64_t now_us, bool *held_out);

/** A question that met a hold. */
struct hold_question {
	int64_t number;
	int64_t made_us;
	struct uuid organisation; /* who asked */
	bool approval;
};
typedef int (*hold_question_fn)(void *context, const struct hold_question *question);

/** The questions that met a hold, latest first, before a number (0: from the last). @return HN_ENOENT where
 * the reader is not of the holder */
HN_MUST_USE int holds_questions(struct reader *reader, const struct uuid *id, int64_t before, size_t limit,
				hold_question_fn fn, void *context, bool *more_out);

#endif
