/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SEARCH_VALUE_H
#define HINOMI_STORE_SEARCH_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/search.h"
#include "store/value_key.h"

/* Behind store/search.h: what is asked of the index of values, and what it answers. */

struct value_asked {
	struct value_key *keys; /* each by itself */
	size_t key_count, key_room;
	struct value_range range; /* and everything in here */
	bool has_range;
};

/**
 * Makes keys of what is asked. Of addresses and names the prefixes and wildcards around them are asked too.
 *
 * @return HN_ENOENT: no such value; HN_EFORMAT, HN_ELIMIT (fault); value_asked_clear() in any case
 */
HN_MUST_USE int value_asked_read(struct reader *reader, const struct search *what, struct value_asked *out,
				 struct fault *fault);
void value_asked_clear(struct value_asked *a);

/** Asks for one key and what is around it. */
HN_MUST_USE int value_asked_key(struct reader *reader, const struct value_key *key, struct value_asked *out);

/** Whether an object's bytes, e.g. of a rendition, speak of what is asked. */
bool value_asked_in(const struct value_asked *a, const struct object_row *row);

/** Whether its texts hold all words that are asked. */
bool words_asked_in(const struct search *what, const struct object_row *row);

/** Versions that the reader may see and that speak of it: later ones first, each once. */
struct value_hits {
	int64_t *seqs;
	size_t count, room;
	bool cut;
};

/** Finds them. value_hits_clear() in any case. */
HN_MUST_USE int value_hits_find(struct reader *reader, const struct value_asked *asked, int64_t before_seq,
				struct value_hits *out);
void value_hits_clear(struct value_hits *hits);

#endif
