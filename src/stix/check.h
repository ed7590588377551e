/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_CHECK_H
#define HINOMI_STIX_CHECK_H

#include "base/arena.h"
#include "match/canonical.h"
#include "match/stix_pattern.h"
#include "stix/object.h"
#include "stix/tape.h"
#include "stix/types.h"

/* Inside of stix_object_read(): one object's tape against the tables, taking the facts on the way. */

/** A structure that waits to be checked. */
struct stix_work {
	uint32_t token;
	uint32_t observed; /* 2.0's dictionary of observed objects that it stands in; 0: none */
	const struct stix_table *table;
	const struct stix_type *type; /* whose extensions it may have; NULL: none */
	unsigned versions;
};

/** What an object keeps from one reading to the next. */
struct stix_memory {
	struct stix_tape tape;
	struct arena *keys; /* of values */
	struct buf scratch, pattern_text;
	struct stix_pattern pattern;
	struct canonical canonical;
	struct stix_work *work;
	size_t work_count, work_room;
	size_t marking_room, granular_room, ref_room, value_room, text_room;
};

struct stix_checker {
	struct stix_object *o;
	struct stix_memory *m;
	const struct stix_tape *t;
	const struct stix_limits *limits;
	struct fault *fault;
};

/** Checks the whole object, of the type and version that o says. */
HN_MUST_USE int stix_check(struct stix_checker *c, const struct stix_type *type);

/** Checks one value of a property, or one element where it is a list (kinds.c). */
HN_MUST_USE int stix_check_value(struct stix_checker *c, const struct stix_work *w,
				 const struct stix_property *p, uint32_t token);

/** Checks rules of w->table or its base; members[i] is the value of property i, 0 where it is absent
 * (rules.c). */
HN_MUST_USE int stix_check_rules(struct stix_checker *c, const struct stix_work *w,
				 const struct stix_rule *rules, const uint32_t *members);

/** Takes what struct stix_object keeps of a property (facts.c). */
HN_MUST_USE int stix_take(struct stix_checker *c, const struct stix_work *w, const struct stix_property *p,
			  uint32_t token);
/** Takes one text for people. */
HN_MUST_USE int stix_take_text(struct stix_checker *c, uint32_t token);
/** Takes all identifiers that the object refers to by. */
HN_MUST_USE int stix_take_refs(struct stix_checker *c);

/** Puts a structure on the list. */
HN_MUST_USE int stix_later(struct stix_checker *c, const struct stix_work *w);

/** Makes room for one more of `size` bytes in an array. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int stix_grow(void **array, size_t count, size_t *room, size_t size, size_t max);

/** The text of a string, without escapes; lives until the scratch memory is used again. */
HN_MUST_USE int stix_plain(struct stix_checker *c, uint32_t token, const char **text_out, size_t *len_out);

/** Reads a timestamp that stix_check_value() let pass; times beyond ours become the nearest. */
HN_MUST_USE int stix_time(const struct stix_tape *t, uint32_t token, int64_t *out);

/** Fills the fault with the token's place. @return err */
int stix_fail(struct stix_checker *c, uint32_t token, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** Whether a selector of a granular marking names something that is there. */
bool stix_selector_token(const struct stix_tape *t, const char *selector, size_t len, uint32_t *token_out);

#endif
