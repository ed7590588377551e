/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_STIX_PATTERN_H
#define HINOMI_MATCH_STIX_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * STIX patterns (STIX 2.1, 9; also those of 2.0) as a flat list of comparisons, each with the answer to one
 * question: does this comparison alone, when it holds, make the pattern hold? Only such a comparison can
 * become an entry of a set. The whole grammar is read, so that a pattern is either understood or refused with
 * its place.
 */

#define STIX_DEPTH_MAX 32
#define STIX_TERMS_MAX 100000u

/** Why a comparison cannot stand alone. */
enum stix_bar {
	STIX_ALONE,    /* it can */
	STIX_IMPLIED,  /* it only says again what its neighbour's path says (the type of an address); leave it
			  away */
	STIX_AND,      /* joined with another by AND */
	STIX_SEQUENCE, /* FOLLOWEDBY */
	STIX_QUALIFIER, /* WITHIN, REPEATS, START ... STOP */
	STIX_OPERATOR,  /* NOT, an order, LIKE, MATCHES, ISSUPERSET, EXISTS */
};

/** One value of a comparison; each member of an IN list is one of its own. */
struct stix_term {
	enum stix_bar bar;
	const char *path;  /* "ipv4-addr:value", "file:hashes.SHA-256": keys without quotes. In the pattern's
			      own memory */
	const char *value; /* text without quotes and escapes; NULL when it is no string */
	size_t value_len;
	const char *number; /* the value as written where it is a number or boolean, in the text that was
			       read; NULL otherwise */
	size_t number_len;
	bool like;   /* the operator is LIKE */
	bool subset; /* the operator is ISSUBSET */
	size_t at;   /* byte of the pattern where the comparison begins */
};

struct stix_pattern {
	struct stix_term *terms;
	size_t count;
	/* private */
	char *text; /* paths and values, each with a NUL; never longer than the pattern */
	size_t text_room, text_len;
	size_t room;
};

/** An empty pattern; allocates nothing. */
void stix_pattern_init(struct stix_pattern *p);
/** Gives the memory back. */
void stix_pattern_clear(struct stix_pattern *p);

/**
 * Reads a pattern; a former content of p is given up, its memory used again.
 *
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; the fault's place is "byte N" (from 1)
 */
HN_MUST_USE int stix_pattern_read(struct stix_pattern *p, const char *text, size_t len, struct fault *fault);

/** Why, for people. "" for STIX_ALONE. */
const char *stix_bar_text(enum stix_bar bar);

#endif
