/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_UTF8_H
#define HINOMI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Length of the UTF-8 character (RFC 3629) at the front of text.
 *
 * @return 1 to 4; 0 for an overlong form, a surrogate, a value over U+10FFFF or a cut one
 */
size_t utf8_char_len(const char *text, size_t len);

/** Length of text without a character that was cut at its end, as snprintf() may do. */
size_t utf8_uncut_len(const char *text, size_t len);

/** Whether all of text is UTF-8. */
bool utf8_valid(const char *text, size_t len);

#endif
