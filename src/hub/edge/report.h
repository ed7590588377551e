/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EDGE_REPORT_H
#define HINOMI_HUB_EDGE_REPORT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "hub/edge/edge.h"

/*
 * What becomes of the lines that edges send, each stream in a file of its own. A function takes one line
 * inside the transaction of its batch. What is wrong with a line is told by report_refuse() and loses nothing
 * but that line; an error of the store undoes the batch, which then comes again.
 */
struct report {
	struct writing *w;
	struct hub *hub;
	struct request *request;
	const struct edge_peer *peer;
	int64_t now_us;
	uint64_t taken, known, refused;
	uint64_t seq;    /* of the line */
	char first[256]; /* why the first was refused */
};

/** Counts a refused line. @return HN_OK */
int report_refuse(struct report *r, const char *why);

/* A page of fifty lines is to be read by a person. */
#define REPORT_EVENT_MAX  ((size_t)16 << 10) /* bytes of a line */
#define REPORT_RECORD_MAX ((size_t)64 << 10)
#define REPORT_HEALTH_MAX                                                                                    \
	((size_t)512 << 10) /* of all lines of a sensor or resolver: src/edge says as much */

/** Writes what was found of a receipt to the ledger: nobody can say later that it was not seen. */
HN_MUST_USE int report_finding(struct report *r, int64_t receipt, const char *finding);

/** A line of each stream. @return an error of the store alone */
int report_event(struct report *r, const char *line, size_t len);
int report_record(struct report *r, const char *line, size_t len);
int report_receipt(struct report *r, const char *line, size_t len);
int report_checkpoint(struct report *r, const char *line, size_t len);
int report_health(struct report *r, const char *line, size_t len);

/* Members of OCSF records that several need. */

/** metadata.uid. @return HN_EFORMAT */
HN_MUST_USE int report_uid(const json_t *record, struct uuid *out);
/** `time`, in ms, as microseconds. @return HN_EFORMAT: none, or neither past nor present */
HN_MUST_USE int report_time(const struct report *r, const json_t *record, int64_t *out_us);
/** unmapped.hinomi; NULL: none */
const json_t *report_own(const json_t *record);
/** A text of an object; "" where it has none. */
const char *report_text(const json_t *object, const char *name);

/**
 * The organisation that a record is about: the one that it names, where the edge may speak of it (its own,
 * one of its clients', or any where the edge is the centre's); else the edge's own.
 */
int64_t report_organisation(const struct report *r, const char *id);

/** The UUID of "indicator--UUID"; all zero for anything else. */
struct uuid report_indicator(const char *text);

#endif
