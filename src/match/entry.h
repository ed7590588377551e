/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_ENTRY_H
#define HINOMI_MATCH_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Kinds of entry, by their names in bounds and in `show`. */
enum entry_kind {
	ENTRY_IP4,      /* "ipv4": one address */
	ENTRY_IP6,      /* "ipv6" */
	ENTRY_PREFIX4,  /* "ipv4-prefix" */
	ENTRY_PREFIX6,  /* "ipv6-prefix" */
	ENTRY_NAME,     /* "name": this host name only */
	ENTRY_WILDCARD, /* "wildcard": every name below it, not the name itself (RFC 1034, 4.3.3; RPZ) */
	ENTRY_URL,      /* "url": host and path */
	ENTRY_MD5,      /* "md5" */
	ENTRY_SHA1,     /* "sha1" */
	ENTRY_SHA256,   /* "sha256" */
	ENTRY_JA4,      /* "ja4" */
	ENTRY_KIND_COUNT,
};

const char *entry_kind_name(enum entry_kind kind);
/** @return HN_ENOENT for an unknown name */
HN_MUST_USE int entry_kind_parse(const char *name, size_t len, enum entry_kind *out);

#define ENTRY_KEY_MAX 2048 /* bytes; a longer URL is refused */

/**
 * The canonical key of an entry: addresses in network order (prefix: address with host bits zero, then one
 * byte of length); names in wire form (length-prefixed labels, lower case, IDNA A-labels, no root byte; a
 * wildcard without its
 * "*" label); URL "host/path?query" without scheme, default port and fragment, host lower case; digests
 * binary; JA4 its 36 characters.
 */
struct entry_key {
	enum entry_kind kind;
	uint16_t len;
	const uint8_t *data;
};

/** What is told of an entry; identical rows are kept once in a set. Text points to memory of the giver; NULL:
 * none. */
struct entry_meta {
	const char *object;  /* id of the object it came from, e.g. "indicator--…", or source and line */
	const char *act;     /* the target act it belongs to */
	const char *marking; /* e.g. "TLP:AMBER" */
	const char *phase;   /* kill-chain phase */
	const char *source;  /* importers only: the input, when the entry has no id of its own; `object` names
				the  line too, for messages, and the set keeps the source */
	int64_t valid_from_ns;  /* 0: always */
	int64_t valid_until_ns; /* 0: for ever; the first instant at which it does not hold */
	uint8_t confidence;     /* 0..100; 255: not said */
	bool allow;             /* an allow entry beats every block of any set in the list */
};

/**
 * What a walk over entries may pass over, because who asked for the walk has nothing against it: allow
 * entries; and entries of these kinds, no wider than this, whose target act is approved.
 */
struct entry_pass {
	uint32_t kinds;  /* bit (1 << enum entry_kind) */
	uint8_t prefix4; /* shortest length of a prefix */
	uint8_t prefix6;
	bool (*act)(const void *context, const char *act); /* never NULL; asked seldom, not for each entry */
	const void *context;
};

#endif
