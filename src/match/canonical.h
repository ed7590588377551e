/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_CANONICAL_H
#define HINOMI_MATCH_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "match/entry.h"

/*
 * Between what people write and the keys of a set (struct entry_key). All functions return HN_OK with
 * out->key pointing into out->bytes, or HN_EFORMAT (not such a value) or HN_ELIMIT (too long), and leave
 * out->key untouched then. White space and quotes around the value are the caller's to take off, and so is
 * undoing "hxxp" and "[.]".
 */
struct canonical {
	struct entry_key key; /* data points to bytes: do not copy the struct */
	uint8_t bytes[ENTRY_KEY_MAX];
};

/** An address, or a prefix "addr/len" with host bits zero. A prefix of full length is an address. */
HN_MUST_USE int canonical_ip(const char *text, size_t len, struct canonical *out);

/**
 * A host name, or "*.name" for a wildcard. Letters, digits, hyphen and underscore; other bytes as "\DDD" or
 * "\X" (RFC 1035, 5.1); beyond ASCII by IDNA 2008 with the mapping of UTS 46. One dot at the end is allowed.
 * A last label of digits only is refused: that is a broken address.
 */
HN_MUST_USE int canonical_name(const char *text, size_t len, struct canonical *out);

/**
 * "[scheme://][user@]host[:port][/path][?query][#fragment]" with a host as above or an address. Port 80 of
 * http, 443 of https and both where no scheme stands are dropped, an absent path is "/", bytes that no
 * browser sends as they are (space, controls, quotes, <>, beyond ASCII) become %XX. Case and escapes of the
 * path stay as they are written.
 */
HN_MUST_USE int canonical_url(const char *text, size_t len, struct canonical *out);

/** Hex of an MD5 (32 digits), SHA-1 (40) or SHA-256 (64). */
HN_MUST_USE int canonical_digest(const char *text, size_t len, struct canonical *out);

/** A JA4 client fingerprint, e.g. "t13d1516h2_8daaf6152771_e5627efa2ab1"; hex in either case. */
HN_MUST_USE int canonical_ja4(const char *text, size_t len, struct canonical *out);

/** Whichever of these the text is: address or prefix, digest, JA4, URL (has "/"), name. A broken prefix is no
 * URL. */
HN_MUST_USE int canonical_value(const char *text, size_t len, struct canonical *out);

/** Whether a key is in canonical form. Everything that enters a set is asked. */
bool canonical_check(const struct entry_key *key);

/** Appends a key as people write it; canonical_value() of it gives the key again. */
void canonical_format(const struct entry_key *key, struct buf *out);

/** Labels of a name in wire form. @return 0 when it is not well formed (RFC 1035, 3.1; at most 254 bytes, no
 * root). */
unsigned canonical_labels(const uint8_t *name, size_t len);

#endif
