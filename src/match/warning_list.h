/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_WARNING_LIST_H
#define HINOMI_MATCH_WARNING_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "match/entry.h"

/*
 * Lists of the innocent: what an indicator must not hit. Read from MISP warning lists (JSON), the public
 * suffix list (publicsuffix.org/list) and plain lists, known by their content; all of them are asked at once.
 *
 * An entry hits the innocent when it would match something listed:
 *   - a name that is listed, that lies below a name of a MISP list of type "hostname" or below "*.name" in a
 * plain list, or that is a public suffix. A name below a public suffix is somebody's own, whatever other
 * lists say;
 *   - a wildcard under which a listed name lies, or whose own name is listed;
 *   - an address that is listed or lies in a listed prefix; a prefix that overlaps with either;
 *   - a URL that is listed, or that is the front page of a listed name or address;
 *   - a digest that is listed.
 */
struct warning_lists;

struct warning_limits {
	uint64_t values_max; /* of all lists */
	uint64_t bytes_max;  /* of memory for them */
};

/** 20 million, 2 GB. */
extern const struct warning_limits WARNING_DEFAULTS;

/** @param limits  NULL: WARNING_DEFAULTS. @return HN_ENOMEM */
HN_MUST_USE int warning_lists_new(const struct warning_limits *limits, struct warning_lists **out);
void warning_lists_free(struct warning_lists *w);

/** What one list held. */
struct warning_summary {
	char name[128];     /* as the list calls itself, else the given name */
	const char *form;   /* "misp", "suffixes", "list" */
	uint64_t values;    /* taken */
	uint64_t unusable;  /* regular expressions, substrings, values that are none of our kinds */
	uint64_t no_text;   /* of a MISP list's elements the first that is no text, from 1; 0: none */
	const char *reason; /* why some are unusable, in the user's language; NULL when none is */
};

/**
 * Reads one list. Before the first warning_find().
 *
 * @param name  what faults and hits call it where it has no name of its own
 *
 * @return HN_EFORMAT (also for JSON that is no warning list), HN_ETRUNC, HN_ELIMIT, HN_ENOMEM
 */
HN_MUST_USE int warning_lists_add(struct warning_lists *w, const char *name, struct cur in,
				  struct warning_summary *out, struct fault *fault);

/** Makes the lists ready to be asked. No more can be added. */
void warning_lists_finish(struct warning_lists *w);

/**
 * The name of the list that an entry would hit; NULL: none. Lists were numbered as they were added, the first
 * that names the value tells.
 */
const char *warning_find(const struct warning_lists *w, const struct entry_key *key);

/** Whether the address or prefix, or a URL's host, lies in or covers special address space (ip_is_global()).
 */
bool warning_is_special(const struct entry_key *key);

#endif
