/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_FORM_H
#define HINOMI_WITNESS_FORM_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * A field of a form as browsers send it (application/x-www-form-urlencoded, WHATWG URL, 5.1).
 *
 * @param value_max  bytes
 * @param out        holds value_max + 1 bytes; NUL-terminated. Untouched on an error
 * @return HN_ENOENT: it is not there; HN_EFORMAT: a broken percent sign, a NUL, no UTF-8, or the field stands
 *         there twice; HN_ELIMIT
 */
HN_MUST_USE int form_field(const char *body, size_t len, const char *name, size_t value_max, char *out);

/** Appends text to a page: what means something in HTML becomes a reference, what is no text a blank. */
void html_text(struct buf *page, const char *text);

#endif
