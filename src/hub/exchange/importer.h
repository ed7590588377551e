/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_IMPORTER_H
#define HINOMI_HUB_EXCHANGE_IMPORTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * Makes STIX 2.1 of what others publish in other forms: MISP core format, CSV with a header, text lists.
 * Bytes come in pieces of any size, objects go out one a line, for the intake (hub/exchange/intake.h). What
 * has no place in STIX is left out with its reason; nothing is left out in silence.
 *
 * The same input gives the same identifiers: MISP's own UUIDs where there are any, else UUIDv5 of the source
 * and the value; so what is handed in again is known again.
 *
 * Memory: one event (MISP), one row (CSV), one line (list), and the first IMPORTER_TOLD_MAX things left out.
 */
enum importer_format { IMPORTER_STIX, IMPORTER_MISP, IMPORTER_CSV, IMPORTER_LIST, IMPORTER_FORMATS };

/** By its word ("stix", "misp", "csv", "list"). @return -1: no such format */
int importer_format_value(const char *word, size_t len);

#define IMPORTER_EVENT_MAX (32u << 20) /* bytes of one MISP event */
#define IMPORTER_LINE_MAX  (64u << 10) /* bytes of a line, a row */
#define IMPORTER_TOLD_MAX  1000
#define IMPORTER_VALUE_MAX 128 /* bytes of a value that is told */
#define IMPORTER_REASONS   32

/** What holds for one input. Texts are copied. */
struct importer_terms {
	struct uuid space;   /* of deterministic identifiers: the source's, or the organisation's */
	const char *name;    /* of the source; "" */
	int64_t created_ns;  /* of objects that say no time themselves */
	int64_t imported_ns; /* now: valid_from of what says no time itself */
};

/** Something that has no place. */
struct importer_left {
	const char *reason;                 /* one word: "type", "value", ... */
	char place[64];                     /* line, or the identifier of the attribute */
	char value[IMPORTER_VALUE_MAX + 1]; /* UTF-8, cut */
	char detail[192];                   /* in the language of the thread that read it */
};

struct importer_report {
	uint64_t objects;  /* that went out */
	uint64_t left_out; /* in all */
	struct {
		const char *reason;
		uint64_t count;
	} reasons[IMPORTER_REASONS];
	size_t reason_count;
	const struct importer_left *left; /* the first IMPORTER_TOLD_MAX */
	size_t left_count;
};

struct importer;

HN_MUST_USE int importer_new(enum importer_format format, const struct importer_terms *terms,
			     struct importer **out);
/** NULL is allowed. */
void importer_free(struct importer *imp);

/**
 * Takes a piece; appends what it makes to out. STIX goes through as it is.
 *
 * @return HN_EFORMAT, HN_ELIMIT: this is not such a form, the fault says where; of out
 */
HN_MUST_USE int importer_feed(struct importer *imp, const void *data, size_t len, struct buf *out,
			      struct fault *fault);

/** The input has ended. @return HN_ETRUNC in the middle of something; as above */
HN_MUST_USE int importer_end(struct importer *imp, struct buf *out, struct fault *fault);

/** Lives until the importer is fed again or freed. */
void importer_report(const struct importer *imp, struct importer_report *out);

#endif
