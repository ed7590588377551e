/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SEARCH_H
#define HINOMI_STORE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "stix/object.h"
#include "store/objects.h"
#include "store/store.h"

/*
 * Finding objects by what they say: by a value they speak of, by what lies inside a prefix or below a name,
 * by a STIX pattern's values, by words in Japanese or English. The index follows the commits within two
 * seconds (search_reach() says how far it is). What is found are newest versions, later added first, as the
 * reader may see them; who sees an object without some of its parts does not find it by those.
 */

/** Whether a text is found among the values: the kinds are tried in order. */
enum search_by {
	SEARCH_VALUE,   /* a value, and for addresses and names the prefixes and wildcards around it */
	SEARCH_INSIDE,  /* a prefix "192.0.2.0/24" or a name "example.com": itself and all inside or below */
	SEARCH_PATTERN, /* a STIX pattern: objects that speak of any of its values */
	SEARCH_TEXT,    /* words: all of them, in any order */
};

#define SEARCH_KEYS_MAX  512 /* values that one pattern may name */
#define SEARCH_WORDS_MAX 64
#define SEARCH_RANGE_MAX                                                                                     \
	20000 /* values inside a prefix or below a name that are looked at; then *cut_out                    \
	       */

/** What is asked. */
struct search {
	enum search_by by;
	const char *text;
	size_t len;
	int64_t before_seq; /* only what was added earlier; 0: from the latest on */
	size_t limit;       /* 1..1000 */
};

/**
 * Searches.
 *
 * @param more_out  whether there are more: go on with before_seq of the last row
 * @param cut_out   whether a limit above cut the search, so that something may be missing
 * @return HN_EFORMAT: the text is no such value, name, prefix, pattern, or has no words; HN_ELIMIT; the fault
 *         says why
 */
HN_MUST_USE int search_objects(struct reader *reader, const struct search *what, object_fn fn, void *context,
			       bool *more_out, bool *cut_out, struct fault *fault);

/** The number up to which the index has everything, and the latest that the reader may see: equal when
 * nothing of theirs is missing. What others add does not show in it. */
HN_MUST_USE int search_reach(struct reader *reader, int64_t *indexed_out, int64_t *latest_out);

/** A value that several objects share. Lives during the call. */
struct correlation {
	enum stix_value_kind kind;
	const char *text; /* for people */
	size_t len;
	bool cut; /* more than `limit` objects speak of it: it links nothing */
};

/** Puts a value as people write it in the place of what `out` holds. */
void search_value_text(const struct stix_value *value, struct buf *out);

/**
 * What other objects share values with this one. Each shared value is told once without an object, then with
 * each of the others, at most `limit` of them; a value that more speak of (`cut`) is told without objects
 * only.
 *
 * @return HN_ENOENT: not there, or not to be seen
 */
HN_MUST_USE int search_correlations(struct reader *reader, const struct stix_id *id, size_t limit,
				    int (*fn)(void *context, const struct correlation *value,
					      const struct object_row *other),
				    void *context);

/*
 * Keeping the index, which the hub has done after commits (hub/exchange/indexer.h): its rows are worked out
 * from what a reader sees, on any thread, and the writer only puts them in.
 */

/** Rows of the index for versions that are not in it yet. search_ready_free() it. */
struct search_ready;

/** Room for rows, to be used again and again. */
HN_MUST_USE int search_ready_new(struct search_ready **out);
/** NULL is allowed. */
void search_ready_free(struct search_ready *ready);

/**
 * Works out the rows for the next versions, at most `limit`, some 16 MB of objects and 8 MB of rows.
 *
 * @param taken_out  how many versions; 0: there are none
 * @param more_out   whether there are more behind them
 */
HN_MUST_USE int search_ready_work(struct reader *reader, size_t limit, struct search_ready *ready,
				  size_t *taken_out, bool *more_out);

/** A job of the writer: puts the rows in; none where another process of the hub was first. */
HN_MUST_USE int search_ready_put(struct writing *w, struct search_ready *ready);

/** Both in one, for who has nothing else to do: takes up to `limit` versions more into the index. */
HN_MUST_USE int search_index(struct writing *w, size_t limit, bool *more_out);

#endif
