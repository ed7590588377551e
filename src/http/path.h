/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_PATH_H
#define HINOMI_HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Percent-encoding (RFC 3986, 2.1) of paths and queries, read so that nobody behind or before us can mean
 * another path by the same bytes.
 */

/**
 * Decodes one segment of a path.
 *
 * @param out  room for len + 1 bytes; NUL-terminated
 * @return HN_EFORMAT: a byte that has no place in a path, a bad percent sign, an encoded slash, backslash or
 *         control character, dots alone, no UTF-8
 */
HN_MUST_USE int path_segment(const char *text, size_t len, char *out, size_t *len_out);

/** The same of a query's name or value: "+" is a space, slashes may be encoded. */
HN_MUST_USE int query_piece(const char *text, size_t len, char *out, size_t *len_out);

#endif
