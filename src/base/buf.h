/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_BUF_H
#define HINOMI_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * Growing bytes with a maximum that is set at birth. A failed append sets `err` for good and
 * changes nothing more, so a writer may append a run and look at buf_err() once. `data` always
 * has a NUL behind `len` once anything was appended.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* bytes of content that it may hold */
	int err;
};

/** An empty buffer that will hold at most max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);

/** Frees the memory; the buffer may be initialised again. NULL data is allowed. */
void buf_clear(struct buf *b);

/** Empties the buffer, keeps its memory, forgets its error. */
void buf_reset(struct buf *b);

/** Makes room for extra bytes, so that appending them cannot fail. @return as buf_err(), but sets no error.
 */
HN_MUST_USE int buf_reserve(struct buf *b, size_t extra);

/* Append bytes; text to its NUL; a character; formatted text. On failure see `err` above. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/** Appends integers in network or little-endian order, for our encoders. */
void buf_be16(struct buf *b, uint16_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_be64(struct buf *b, uint64_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);

/** Appends text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json_string(struct buf *b, const char *text, size_t len);

/** @return HN_OK, HN_ELIMIT (max passed) or HN_ENOMEM of the first append that failed. */
HN_MUST_USE int buf_err(const struct buf *b);

#endif
