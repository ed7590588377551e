/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFIG_H
#define HINOMI_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"

/*
 * Configuration: YAML 1.1 as libyaml's event parser gives it, read against a table of keys that a room
 * declares. The document is one mapping. Refused: unknown and duplicate keys, anchors, aliases, tags, a
 * second document, a key without a value, control characters in a value, and whatever passes a limit below.
 */
#define CONFIG_SIZE_MAX  (1u << 20) /* bytes of a file */
#define CONFIG_DEPTH_MAX 8          /* mappings and lists in one another */
#define CONFIG_TEXT_MAX  4096       /* bytes of one value */
#define CONFIG_KEYS_MAX  64         /* rows of one table */

/* What a key takes, and what stands in the struct at its place. Texts and lists live as long as the memory.
 */
enum config_kind {
	CONFIG_TEXT, /* const char *; min..max bytes (max 0: CONFIG_TEXT_MAX); "" only where min is 0 */
	CONFIG_PATH, /* const char *; a relative one was written beside the file and is made to lead there */
	CONFIG_INTEGER,  /* uint16_t, uint32_t or uint64_t; decimal, min..max */
	CONFIG_SIZE,     /* uint64_t, bytes; "65536", "64 KiB", "64MiB", "2 GiB"; min..max bytes */
	CONFIG_DURATION, /* int64_t, nanoseconds; "500ms", "30s", "5m", "1h", "3d"; min..max nanoseconds */
	CONFIG_BOOL,     /* bool; true or false */
	CONFIG_WORD,     /* int; one of `words` */
	CONFIG_WORDS,    /* unsigned; a list of `words`, whose values are joined by or */
	CONFIG_ADDRESS,  /* struct ip */
	CONFIG_ENDPOINT, /* struct endpoint; "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53" */
	CONFIG_PREFIX,   /* struct ip_prefix; "192.0.2.0/24" or a lone address */
	CONFIG_UUID,     /* struct uuid */
	CONFIG_DIGEST,   /* struct config_digest; a SHA-256 as 64 hex digits or as base64 */
	CONFIG_LIST,     /* struct config_list of what `item` says; min..max items (max 0: no other limit) */
	CONFIG_MAPPING,  /* a struct, whose table is `keys`; absent: its defaults, and its CONFIG_LINE 0 */
	CONFIG_LINE,     /* unsigned: line on which this mapping begins, from 1. The row has no name */
};

/** An address with a port; 0 where none was written and the row has none. */
struct endpoint {
	struct ip ip;
	uint16_t port;
};

struct config_digest {
	uint8_t bytes[SHA256_SIZE];
	bool present;
};

/** Items one behind the other. NULL where the key was not given; "[]" is not NULL, with a count of 0. */
struct config_list {
	void *items;
	size_t count;
};

/** A word of an enumeration. A table of them ends with a word that is NULL. */
struct config_word {
	const char *word;
	int value;
};

/** Flags of a row. */
enum {
	CONFIG_REQUIRED = 1, /* absent is an error */
	CONFIG_SECRET = 2,   /* the value is never quoted, neither in faults nor elsewhere */
};

/** One key. A table ends with a row without a name whose kind is not CONFIG_LINE: {0}. */
struct config_key {
	const char *name; /* [a-z0-9_]+ */
	enum config_kind kind;
	size_t offset; /* of the member, in the struct of this table; CONFIG_AT() gives it and the next */
	size_t size;   /* of the member; of the item's struct in a list's `item` */
	unsigned flags;
	uint64_t min, max;
	const char *preset; /* default, written as in a file; NULL: the member is zero (of a scalar only) */
	const struct config_word *words;
	const struct config_key *keys; /* of a mapping */
	const struct config_key *item; /* of a list: what each is (no name, no offset; not a list) */
	uint16_t port;                 /* of an endpoint without one */
	const char *help_en;           /* one line each, for the reference page */
	const char *help_ja;
};

/** Where a row's value goes, as two members of an initialiser. */
#define CONFIG_AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)

/** What the texts and lists of one configuration stand in. */
struct config_memory;

/**
 * Reads a configuration file.
 *
 * @param keys        asserted to be sound: names, sizes, defaults that are values
 * @param out         the table's struct, zeroed by the caller; worth nothing on an error
 * @param memory_out  free it after the last use of out; NULL on an error
 * @param fault       place "FILE:LINE: key.list[2].key" (counted from 0), message what is wrong
 *
 * @return HN_ENOENT, HN_EIO (errno): the file; HN_ELIMIT: too large or too deep; HN_EFORMAT; HN_ENOMEM
 */
HN_MUST_USE int config_read(const char *path, const struct config_key keys[], void *out,
			    struct config_memory **memory_out, struct fault *fault);

/** The same of a text; name stands in faults, and relative paths lead to where it lies. */
HN_MUST_USE int config_parse(const char *name, const char *text, size_t len, const struct config_key keys[],
			     void *out, struct config_memory **memory_out, struct fault *fault);

/** Wipes and frees. NULL is allowed. */
void config_memory_free(struct config_memory *memory);

/** Takes zeroed memory that lives as long as the configuration, for what a room adds. @return NULL: none left
 */
void *config_memory_take(struct config_memory *memory, size_t size);

/**
 * A fault of what a room checks itself, with the same place. line 0: the file alone.
 *
 * @return err
 */
int config_fault(struct fault *fault, int err, const char *name, unsigned line, const char *key,
		 const char *format, ...) __attribute__((format(printf, 6, 7)));

/** Appends the reference of a table as Markdown: key, kind and range, default, help, in the user's language.
 */
void config_reference(const struct config_key keys[], struct buf *out);

#endif
