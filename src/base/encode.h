/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_ENCODE_H
#define HINOMI_BASE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/** Lower-case hex with a NUL; out holds 2 * len + 1 bytes. */
void hex_encode(const void *data, size_t len, char *out);

/** Exactly len bytes from 2 * len hex digits of either case. @return HN_EFORMAT else; then out is untouched.
 */
HN_MUST_USE int hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len);

/** Appends base64url without padding (RFC 4648, 5; RFC 7515, 2). */
void base64url_add(struct buf *b, const void *data, size_t len);

/** Appends standard base64 with padding (RFC 4648, 4). */
void base64_add(struct buf *b, const void *data, size_t len);

/** Decodes strict base64url without padding; appends to out. @return HN_EFORMAT, or what buf_err() says. */
HN_MUST_USE int base64url_decode(const char *text, size_t len, struct buf *out);

/** Decodes strict base64 with padding; appends to out. @return HN_EFORMAT, or what buf_err() says. */
HN_MUST_USE int base64_decode(const char *text, size_t len, struct buf *out);

#endif
