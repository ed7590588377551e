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
	uint64_t appended, part; /* of noted: those that an entry of reading_append() has */
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

/** Goes on in another snapshot of the same asker: what was read before counts on. */
void reading_go_on(struct reading *g, struct reader *reader);

/** What reading_append() returns where nothing needs an entry: done is not called. */
#define READING_NOT_NOTED 1

/**
 * The same for an answer that is streamed, after the reader's end and before a part leaves: an entry of all
 * that was read so far, with its number. So the last entry with this request tells of the whole, and one that
 * was cut off stands in the ledger as far as it came. One entry for all would have to be durable before the
 * first byte and to know the last.
 *
 * @param done  called on the record's thread, as record_append() says: the part may leave on HN_OK
 */
HN_MUST_USE int reading_append(struct reading *g, void (*done)(void *context, int err), void *context);

#endif
