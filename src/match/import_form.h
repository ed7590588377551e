/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_IMPORT_FORM_H
#define HINOMI_MATCH_IMPORT_FORM_H

#include "base/buf.h"
#include "base/json_reader.h"
#include "match/canonical.h"
#include "match/import.h"
#include "match/import_text.h"

/*
 * Between import.c and the readers of the single forms; nobody else includes this. A form is a row of the
 * table in import.c: how its beginning looks, and how it is read.
 */

#define IMPORT_NAME_MAX   100 /* bytes of an input's name that objects carry */
#define IMPORT_OBJECT_MAX 160
#define IMPORT_TEXT_MAX   256 /* bytes of metadata taken from an input */

/** What a value is said to be; it is refused when it is not. */
enum import_type {
	IMPORT_ANY,
	IMPORT_IP,
	IMPORT_HOST, /* a name or wildcard, also with one label, also where it looks like nothing else */
	IMPORT_URL,
	IMPORT_DIGEST,
	IMPORT_JA4,
	IMPORT_UNHELD,  /* a type that a set does not hold */
	IMPORT_UNKNOWN, /* a word that names no type we know */
};

/** One reading. */
struct import {
	const struct import_sink *sink;
	const struct import_limits *limits;
	struct import_summary *summary;
	struct fault *fault;
	uint64_t unusable;
	char name[IMPORT_NAME_MAX + 1];
	char object[IMPORT_OBJECT_MAX]; /* import_at_line() writes it */
	size_t name_len;
	struct buf plain;           /* a value without its disguise */
	struct canonical canonical; /* the key being made */
};

struct import_form {
	const char *name;
	/** Whether the input, of which some are beginnings and some the whole, is of this form. */
	bool (*recognise)(struct cur in);
	int (*read)(struct import *im, struct cur in);
};

extern const struct import_form IMPORT_LIST, IMPORT_HOSTS, IMPORT_RPZ, IMPORT_CSV, IMPORT_STIX, IMPORT_MISP;

/** As import_read(), of this form whatever it looks like; NULL: by its content. */
HN_MUST_USE int import_read_as(const struct import_form *form, const char *name, struct cur in,
			       const struct import_sink *sink, const struct import_limits *limits,
			       struct import_summary *out, struct fault *fault);

/** Makes im->object "name:line" and points meta->object there. */
void import_at_line(struct import *im, uint64_t line, struct entry_meta *meta);

/** Metadata that says nothing. */
struct entry_meta import_no_meta(void);

/** Hands a value to the sink, as entry or left out. Takes off white space, quotes, disguise and port. */
HN_MUST_USE int import_value(struct import *im, const char *text, size_t len, enum import_type type,
			     const struct entry_meta *meta);

/**
 * The same with the type as a word, of a CSV column or of MISP, also a pair such as "filename|sha256". Words
 * that name no type we know: other is what the value then is.
 */
HN_MUST_USE int import_typed(struct import *im, const char *word, size_t word_len, const char *text,
			     size_t len, enum import_type other, const struct entry_meta *meta);

/** A name that stands for itself and everything below it: two entries. */
HN_MUST_USE int import_zone(struct import *im, const char *text, size_t len, const struct entry_meta *meta);

/** Hands a key to the sink. */
HN_MUST_USE int import_key(struct import *im, const struct entry_key *key, const struct entry_meta *meta);

/** Tells the sink of a value that no set can hold, and why. */
HN_MUST_USE int import_leave_out(struct import *im, enum import_reason reason, const char *object,
				 const char *value, size_t len, const char *detail);

/** Fills the fault with "name:line". */
int import_fault_line(struct import *im, int err, uint64_t line, const char *message);
/** Fills the fault with what the reader says, behind the input's name. */
int import_fault_json(struct import *im, const struct json_reader *r);

/** The type that a word of a CSV column or of MISP names; upper and lower case are the same. */
enum import_type import_type_of(const char *word, size_t len);

/** Whether the input looks like JSON: '{', or '[' with '{', '[', '"' or ']' behind it. */
bool import_is_json(struct cur in);

/**
 * A time of RFC 3339, or a date, which is its first instant. One out of range is the nearest that a set can
 * say: 0.
 * @return HN_EFORMAT
 */
HN_MUST_USE int import_time(const char *text, size_t len, int64_t *out);

/** 0..100, or 255 for anything else. */
uint8_t import_confidence(const char *text, size_t len);

/** "TLP:AMBER" and the like of "tlp:amber", "amber", "white"...; NULL when it is none. */
const char *import_tlp(const char *word, size_t len);
/** The stricter of two markings, either may be NULL. */
const char *import_tlp_stricter(const char *a, const char *b);

#endif
