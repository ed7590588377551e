/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_IMPORT_TEXT_H
#define HINOMI_MATCH_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cur.h"

/* Small pieces of reading lines that people and programs write. */

/**
 * Copies text for metadata as a C string: control characters and what is not UTF-8 become '?', cut at a
 * character where it does not fit.
 */
void import_text(char *out, size_t size, const char *text, size_t len);

/**
 * The next line without its end (LF, CRLF), as a slice of the input. Lines over the limit come whole too.
 *
 * @return false at the end of the input
 */
bool import_line(struct cur *in, const char **line_out, size_t *len_out);

/** Takes spaces, tabs and no-break spaces off both ends. */
void import_trim(const char **text, size_t *len);

/** Whether the text begins a comment: #, ;, // or !. */
bool import_is_comment(const char *text, size_t len);

#endif
