/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_NEGOTIATE_H
#define HINOMI_HTTP_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lang.h"

/*
 * What the two sides agree on (RFC 9110, 8.3 and 12): media types, language, entity tags. Lists of media
 * types of ours are written "application/json|text/csv"; one may have parameters
 * ("application/taxii+json;version=2.1").
 */

/** The language that an Accept-Language header likes better; absent where it names neither. */
enum lang negotiate_lang(const char *value, size_t len, enum lang absent);

/** How much an Accept header likes a media type, in thousandths; 0: not at all. A parameter that the header
 * names must be ours too. */
unsigned negotiate_quality(const char *accept, size_t len, const char *media, size_t media_len);

/** The one of our list that the header likes best, the first among equals. @return NULL: none */
const char *negotiate_choose(const char *accept, size_t len, const char *ours, size_t *len_out);

/**
 * The one of our list that a Content-Type header names. A parameter that both have must be the same; of
 * others only charset is looked at, which must be UTF-8. @return NULL: none
 */
const char *negotiate_content(const char *type, size_t len, const char *ours, size_t *len_out);

/** Whether a list of entity tags (RFC 9110, 8.8.3), or "*", holds this one, given without quotes.
 *
 * @param weak  W/"..." may match too (If-None-Match) */
bool negotiate_etag(const char *list, size_t len, const char *etag, bool weak);

#endif
