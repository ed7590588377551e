/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_IMPORT_H
#define HINOMI_MATCH_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "match/entry.h"

/*
 * Reads indicators from what others publish: lists, hosts files, RPZ zones, CSV, STIX bundles, MISP events.
 * The form is known by the content. Each value goes to a sink as an entry of a set, or is left out with a
 * reason; none is lost in silence.
 */

/** Why something is left out. */
enum import_reason {
	IMPORT_NOT_INDICATOR, /* a line or value that is none of our kinds */
	IMPORT_HOST_BITS,     /* a prefix with bits set behind its length */
	IMPORT_TOO_LONG,      /* over ENTRY_KEY_MAX or the line limit */
	IMPORT_TYPE,          /* of a type that a set does not hold: mail address, file name */
	IMPORT_PATTERN,       /* a STIX pattern, or part of one, that says more than "this value" */
	IMPORT_TRIGGER,       /* an RPZ trigger or action that a set does not hold */
	IMPORT_REVOKED,       /* the object is revoked or deleted */
	IMPORT_NOT_FOR_USE,   /* marked as not for detection (MISP to_ids) */
	IMPORT_SPECIAL,       /* private, multicast, reserved or other special address space */
	IMPORT_INNOCENT,      /* a warning list names it */
	IMPORT_REASON_COUNT,
};

/** One word for machines ("not-indicator"). */
const char *import_reason_name(enum import_reason reason);
/** A phrase for people, in their language. */
const char *import_reason_text(enum import_reason reason);

/** Something left out. Text lives during the call only. */
struct import_left_out {
	enum import_reason reason;
	const char *object; /* id of the object, or file and line */
	const char *value;  /* what stood there, cut where long; may hold any bytes */
	size_t value_len;
	const char *detail; /* more about the reason, in the user's language; "" when there is no more */
};

/**
 * Where what is read goes. A call that returns something else than HN_OK ends the reading with that; it may
 * fill the fault's message, place is filled by the reader.
 */
struct import_sink {
	void *context;
	/** meta->object is set always; meta->act only where the input names it. */
	int (*entry)(void *context, const struct entry_key *key, const struct entry_meta *meta,
		     struct fault *fault);
	int (*left_out)(void *context, const struct import_left_out *what, struct fault *fault);
};

struct import_limits {
	size_t line_max; /* bytes of a line, CSV cell or pattern that is looked at; a longer one is left out
			  */
	uint64_t unusable_max; /* values that are no indicator, before the file is taken for something else */
};

/** 64 KiB, 1,000. */
extern const struct import_limits IMPORT_DEFAULTS;

/** What was read of one input. */
struct import_summary {
	const char *form;  /* "list", "hosts", "rpz", "csv", "stix", "misp" */
	uint64_t values;   /* handed to the sink as entries */
	uint64_t left_out; /* handed to it as left out */
	uint64_t ports;    /* of those values: an address or name of which a port was taken off */
	uint64_t other;    /* objects, records or lines that are no indicators by their nature: comments not
			      counted */
};

/**
 * Reads one input.
 *
 * @param name  what objects and faults call the input, e.g. the file's name without its directory
 *
 * @return HN_EFORMAT when the form is unknown or broken; HN_ELIMIT when over unusable_max values are no
 *         indicators, or for JSON too deep; HN_ETRUNC, HN_ENOMEM; what the sink returned. The fault
 *         names the place.
 */
HN_MUST_USE int import_read(const char *name, struct cur in, const struct import_sink *sink,
			    const struct import_limits *limits, struct import_summary *out,
			    struct fault *fault);

#endif
