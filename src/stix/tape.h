/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_TAPE_H
#define HINOMI_STIX_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/json_reader.h"

struct stix_limits;

/*
 * One JSON value read once, as a flat list of its tokens: what follows an object's name, its place in the
 * bytes, and what stands behind it are all one step away, and there is neither tree nor recursion. The memory
 * is used again for one value after the other.
 *
 *     {"a": [1, "x"], "b": {}}     0 OBJECT, 1 NAME a, 2 ARRAY, 3 NUMBER 1, 4 STRING x, 5 NAME b, 6 OBJECT
 */
struct stix_token {
	uint32_t at;  /* string and name: behind the quote; container: its bracket; else the first byte */
	uint32_t len; /* bytes without quotes; a container with both brackets */
	uint32_t
		next; /* token behind this value; of a name: of the next member's name, or the object's end */
	uint8_t kind; /* enum json_token; never an END */
	bool escaped; /* a string with escapes; a name that had some: at counts in names then */
};

struct stix_tape {
	const uint8_t *bytes;
	struct stix_token *tokens; /* [0] is the whole */
	uint32_t count;
	struct buf names; /* names that had escapes, without them */
	/* private */
	uint32_t room;
	uint32_t *sorted; /* names of one object, in order */
	uint32_t sorted_count, sorted_room;
};

/** An empty tape; allocates nothing. */
void stix_tape_init(struct stix_tape *t);
/** Gives the memory back. */
void stix_tape_clear(struct stix_tape *t);

/**
 * Reads exactly one JSON value. The bytes must outlive the tape's use. Refused: what is not JSON or not
 * UTF-8, two members of one name in an object, whole numbers beyond 2^53 - 1 (STIX 2.1, 2.8), other numbers
 * that are not finite as double.
 *
 * @return HN_EFORMAT (also where the bytes end too early), HN_ELIMIT, HN_ENOMEM; the fault's place is a JSON
 * pointer
 */
HN_MUST_USE int stix_tape_read(struct stix_tape *t, struct cur in, const struct stix_limits *limits,
			       struct fault *fault);

/** The text of a name, without escapes. */
static inline const char *stix_tape_name(const struct stix_tape *t, uint32_t name, size_t *len_out)
{
	const struct stix_token *k = &t->tokens[name];
	*len_out = k->len;
	return k->escaped ? t->names.data + k->at : (const char *)t->bytes + k->at;
}

/** A string or number as json_text() reads it. */
struct json_string stix_tape_string(const struct stix_tape *t, uint32_t token);

/** Whether a string equals the text. */
bool stix_tape_is(const struct stix_tape *t, uint32_t token, const char *text);

/** The value of a member. @return 0: the object has none of this name (no member's value is token 0) */
uint32_t stix_tape_member(const struct stix_tape *t, uint32_t object, const char *name);

/** The same of a name with its length. */
uint32_t stix_tape_find(const struct stix_tape *t, uint32_t object, const char *name, size_t len);

/**
 * Makes stix_tape_look_up() know an object's members; until another is made known or the next reading. For
 * where many names are looked for in one object.
 *
 * @return HN_ENOMEM
 */
HN_MUST_USE int stix_tape_index(struct stix_tape *t, uint32_t object);

/** As stix_tape_find() in the object that was made known last, in logarithmic time. */
uint32_t stix_tape_look_up(const struct stix_tape *t, const char *name, size_t len);

/** JSON pointer to a token (RFC 6901), cut where it is too long. */
void stix_tape_pointer(const struct stix_tape *t, uint32_t token, char out[JSON_READER_POINTER_MAX]);

#endif
