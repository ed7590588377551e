/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_JSON_READER_H
#define HINOMI_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * A pull reader for JSON (RFC 8259) of any size, for bulk input. It holds no tree and does not recurse: its
 * memory is struct json_reader, whatever the input is. Strict: UTF-8 (RFC 3629) everywhere, no lone
 * surrogates, no control characters in strings, no comments, no trailing commas. Duplicate names are the
 * caller's to notice; base/json.h is for small documents that need a tree.
 *
 * After json_next() gave an error, every further call gives the same one.
 */

#define JSON_READER_DEPTH_MAX 64
#define JSON_READER_POINTER_MAX                                                                              \
	256 /* bytes of a JSON pointer with its NUL; a longer one is cut, with "..." */

enum json_token {
	JSON_TOKEN_END, /* nothing but white space is left */
	JSON_TOKEN_OBJECT,
	JSON_TOKEN_OBJECT_END,
	JSON_TOKEN_ARRAY,
	JSON_TOKEN_ARRAY_END,
	JSON_TOKEN_NAME, /* of a member; its value follows */
	JSON_TOKEN_STRING,
	JSON_TOKEN_NUMBER,
	JSON_TOKEN_TRUE,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_NULL,
};

/** One container that is open: where in it the reader stands. */
struct json_reader_frame {
	const uint8_t *name; /* of the member read last, as it stands in the input; NULL in an array */
	size_t name_len;
	uint64_t index; /* of the element read last, in an array */
	bool object;
};

/** A string, a name or a number as it stands in the input, without quotes; checked. May be kept and read
 * later. */
struct json_string {
	const uint8_t *text;
	size_t len;
	bool escaped; /* there are escapes in it */
};

struct json_reader {
	struct cur in;
	const uint8_t *start;
	int err;                   /* the first error, for good */
	struct json_string string; /* see json_next() */
	/* private */
	const char *error_en, *error_ja;
	uint8_t state;
	unsigned depth, depth_max;
	bool many;
	struct json_reader_frame frames[JSON_READER_DEPTH_MAX];
};

/**
 * Begins. The bytes must outlive the reader.
 *
 * @param depth_max  containers that may be open at once, 1..JSON_READER_DEPTH_MAX
 * @param many       false: one value and END; true: values one after the other with white space between them
 *                   (also none, e.g. NDJSON) until END
 */
void json_reader_init(struct json_reader *r, struct cur in, unsigned depth_max, bool many);

/**
 * Reads the next token. For NAME, STRING and NUMBER, r->string is its text, which points into the input.
 *
 * @return HN_OK; HN_ETRUNC where the input ends too early, HN_EFORMAT, HN_ELIMIT for a depth over depth_max
 */
HN_MUST_USE int json_next(struct json_reader *r, enum json_token *out);

/**
 * Reads to the end of the value whose first token was just read: after OBJECT or ARRAY to its end, after NAME
 * over the whole member value; after another token it does nothing. What is skipped is checked all the same.
 */
HN_MUST_USE int json_skip(struct json_reader *r, enum json_token token);

/**
 * The string without escapes: points into the input where there are none, else into scratch, which is emptied
 * first. @return HN_ELIMIT where scratch may not hold it, HN_ENOMEM
 */
HN_MUST_USE int json_text(const struct json_string *s, struct buf *scratch, const char **text_out,
			  size_t *len_out);

/** Whether the string equals the text; escapes in the input are understood. */
bool json_text_is(const struct json_string *s, const char *text);

/** Bytes read so far; after an error the offset at which it was noticed. */
size_t json_offset(const struct json_reader *r);

/** JSON pointer (RFC 6901) to the value read last; "" is the whole. */
void json_pointer(const struct json_reader *r, char out[JSON_READER_POINTER_MAX]);

/**
 * Tells of the reader's error: place is "/pointer (byte N)", message what is wrong. Hands back r->err, so
 * that one can write `return json_fault(&r, fault)`.
 */
int json_fault(const struct json_reader *r, struct fault *fault);

#endif
