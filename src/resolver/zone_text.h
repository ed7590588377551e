/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_ZONE_TEXT_H
#define HINOMI_RESOLVER_ZONE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * Zone files (master files; RFC 1035, 5; RFC 2308, 4) cut into entries of words: comments, quotes, escapes
 * and lines that parentheses join. Read piece by piece, so a file of any size needs the memory of one entry.
 *
 * Every line ends with a line feed; a file that ends without one was cut.
 */

#define ZONE_ENTRY_MAX   65536 /* bytes of text of one entry */
#define ZONE_WORDS_MAX   1024  /* of one entry */
#define ZONE_COMMENT_MAX 95    /* bytes that are kept of a comment */
#define ZONE_NAME_MAX    254   /* bytes in wire form without the root's */

/** Where the bytes come from. *got_out of 0 is the end. @return HN_OK, or what zone_text_next() returns */
struct zone_source {
	int (*read)(void *context, uint8_t *to, size_t size, size_t *got_out);
	void *context;
};

/** A source of bytes in memory, which are kept by the caller. */
struct zone_bytes {
	const uint8_t *at, *end;
};
struct zone_source zone_source_bytes(struct zone_bytes *bytes);

/** Escapes stand as they were written; the quotes around a word are taken off. */
struct zone_word {
	uint32_t start; /* in the text of the entry */
	uint32_t len;
	bool quoted;
};

struct zone_text;

/** @param path for the places of faults; kept by the caller. @return HN_ENOMEM */
HN_MUST_USE int zone_text_new(const struct zone_source *source, const char *path, struct zone_text **out);
/** NULL is allowed. */
void zone_text_free(struct zone_text *t);

/**
 * The next entry with at least one word.
 *
 * @return HN_ENOENT at the end; HN_ETRUNC when the file ends inside a line, a quote or parentheses;
 * HN_EFORMAT, HN_ELIMIT; what the source returned
 */
HN_MUST_USE int zone_text_next(struct zone_text *t, struct fault *fault);

/* Of the entry read last. */
size_t zone_words(const struct zone_text *t);
/** i: below zone_words(). The text is not NUL-terminated and lives until the next entry. */
const char *zone_word(const struct zone_text *t, size_t i, size_t *len_out, bool *quoted_out);
/** Whether an unquoted word is this one, in any case. False for i beyond the last. */
bool zone_word_is(const struct zone_text *t, size_t i, const char *text);
/** The entry begins with white space: its owner is the last one's. */
bool zone_same_owner(const struct zone_text *t);
/** Of its first word, from 1 on. */
uint32_t zone_line(const struct zone_text *t);
/** The comment before all words, and the one read last, without ";" and space and cut at ZONE_COMMENT_MAX;
 * "": none. */
const char *zone_first_comment(const struct zone_text *t);
const char *zone_last_comment(const struct zone_text *t);
/** Fills the fault with "path:line" of the entry and hands back err. */
int zone_fault(const struct zone_text *t, int err, struct fault *fault, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** The same for a line that was kept, with a text as it stands. */
int zone_fault_line(const struct zone_text *t, uint32_t line, int err, struct fault *fault, const char *text);

/** A name in wire form, lower case, without the root's byte; length 0 is the root. */
struct zone_name {
	uint8_t len;
	uint8_t data[ZONE_NAME_MAX];
};

/**
 * A word as a name: "@" is the origin, without a dot at the end relative to it (RFC 1035, 5.1). Bytes beyond
 * ASCII must be written as escapes or A-labels.
 *
 * @return HN_EFORMAT, HN_ELIMIT (label or name too long)
 */
HN_MUST_USE int zone_name_parse(const char *text, size_t len, const struct zone_name *origin,
				struct zone_name *out);

/** Undoes the escape at the front of a text. @return bytes that it took, 0 for a broken one */
size_t zone_unescape(const char *text, size_t len, uint8_t *out);

#endif
