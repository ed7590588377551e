/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_RECORD_READING_H
#define HINOMI_HUB_RECORD_READING_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "http/request.h"
#include "hub/request/request_store.h"
#include "store/label.h"
#include "store/objects.h"

/**
 * What one request read: every handler that gives out objects tells each of them. What is selected, marked
 * with a clearance, TLP:AMBER+STRICT or RED becomes one entry of the ledger, which is durable before the
 * answer leaves; all are counted for the access log.
 */
struct reading {
	struct request *request;
	struct reader *reader;
	uint64_t count, noted;
	enum tlp highest;
	bool clearance, selected;
	uint8_t digest[SHA256_SIZE]; /* of the former digest and the next identifier, from zeros on */
	/* The label asked last: rows that follow each other mostly carry the same. */
	int64_t label;
	bool label_noted;
};

/** Begins. The reader must live until reading_end(). */
void reading_begin(struct reading *g, struct request *r, struct reader *reader);

/** One object that goes out. */
void reading_add(struct reading *g, const struct object_row *row);

/** All are told: writes what must be written. @return as request_note_read(): do not answer on an error */
HN_MUST_USE int reading_end(struct reading *g);

/** What reading_append() returns where nothing needs an entry: done is not called. */
#define READING_NOT_NOTED 1

/**
 * The same for a part of an answer that is streamed, after the reader's end: an entry of its own for the
 * part.
 *
 * @param done  called on the record's thread, as record_append() says: the part may leave on HN_OK
 */
HN_MUST_USE int reading_append(struct reading *g, void (*done)(void *context, int err), void *context);

#endif
