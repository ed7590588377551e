/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_FORM_H
#define HINOMI_STORE_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/uuid.h"

/*
 * Reads what people write into a JSON object, strictly. The fault's place becomes a JSON pointer from the
 * document's root, however deep the reading was. Absent members that are not required leave *out untouched.
 */
struct form {
	const json_t *at; /* the object that is read */
	struct arena *arena;
	struct fault *fault;
};

/** Text of 1..max bytes without control characters. Lives as long as the JSON. */
HN_MUST_USE int form_text(const struct form *f, const char *name, bool required, size_t max,
			  const char **out);
/** RFC 3339 into microseconds since 1970. */
HN_MUST_USE int form_time(const struct form *f, const char *name, int64_t *us_out);
HN_MUST_USE int form_uuid(const struct form *f, const char *name, bool required, struct uuid *out);
/** One word. @param value  number of a word, or -1 */
HN_MUST_USE int form_word(const struct form *f, const char *name, bool required,
			  int (*value)(const char *word, size_t len), int *out);
/** A list of words. @param bit  the bit of a word, or -1 */
HN_MUST_USE int form_words(const struct form *f, const char *name, bool required,
			   int (*bit)(const char *word, size_t len), unsigned *bits_out);
/** `from` and `until`: the second is later than the first. */
HN_MUST_USE int form_period(const struct form *f, int64_t *from_us, int64_t *until_us);

/**
 * A list of objects: makes room for them in the arena and has `item` read each (f->at is the object).
 *
 * @param max   most elements
 * @param size  bytes of one; NULL arrays are left where the list is empty or absent
 */
HN_MUST_USE int form_objects(const struct form *f, const char *name, size_t max, size_t size, void **out,
			     size_t *count_out, int (*item)(const struct form *f, void *item));

/** A list of UUIDs without repetition. */
HN_MUST_USE int form_uuids(const struct form *f, const char *name, size_t max, struct uuid **out,
			   size_t *count_out);

/** Puts the name of the member that holds it before the place of a fault. @return err */
int form_within(const struct form *f, const char *name, int err);

/** Fills the fault at a member of this object: "must be ...". @return HN_EFORMAT */
int form_wrong(const struct form *f, const char *name, const char *en, const char *ja);

#endif
