/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_WRITE_H
#define HINOMI_STIX_WRITE_H

#include "base/buf.h"
#include "stix/tape.h"

/* Writing JSON from a tape; inside of this room. */

/** Appends a string in quotes, with those escapes only that JSON demands (RFC 8785, 3.2.2.2). */
void stix_write_string(const char *text, size_t len, struct buf *out);

/** Appends a string or number token in canonical form. @return HN_ENOMEM */
HN_MUST_USE int stix_write_scalar(const struct stix_tape *t, uint32_t token, struct buf *scratch,
				  struct buf *out);

/** Appends the value at a token in canonical form. @return HN_ENOMEM, or of out */
HN_MUST_USE int stix_write_value(const struct stix_tape *t, uint32_t token, struct buf *out);

/** Order of two names by their UTF-16 code units (RFC 8785, 3.2.3): below, equal to or above 0. */
int stix_compare_names(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
