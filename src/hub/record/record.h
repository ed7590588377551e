/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_RECORD_RECORD_H
#define HINOMI_HUB_RECORD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/uuid.h"

/*
 * What the hub must be able to prove, and what it remembers of who read what. The ledger (src/ledger) takes
 * logins, changes of rights, approvals, questions about holds, refusals, reads of what is closest kept: one
 * thread writes it, many entries to one fsync. The access log takes every other request: lines of JSON in
 * files that are turned over by size.
 */
struct note_key; /* ledger/note.h */
struct record;
struct store;
struct tile; /* ledger/tile.h */

struct record_options {
	int dir_fd;                /* the data folder: ledger/, private/, access/ lie in it */
	const char *origin;        /* of the log: "hinomi/hub/NAME" */
	const uint8_t *secret_key; /* NOTE_SECRET_SIZE bytes */
	size_t queue_max;          /* entries that may wait */
	uint64_t access_bytes;     /* of one file of the access log, then the next is begun */
	unsigned access_files;     /* of them are kept; 0: all */
	struct store *store;       /* whose outbox it empties (store/outbox.h); NULL: none */
};

/** Opens or begins the log. @return as ledger_open() */
HN_MUST_USE int record_open(const struct record_options *options, struct record **out, struct fault *fault);

/** Begins the thread, which first takes what the store's outbox still holds. */
HN_MUST_USE int record_start(struct record *r, struct fault *fault);

/** Writes what waits, ends the thread. */
void record_stop(struct record *r);

/** NULL is allowed. */
void record_free(struct record *r);

/**
 * Queues an entry.
 *
 * @param kind    log_entry_kind_ok()
 * @param record  JSON object, copied
 * @param done    told from the record's thread when it is durable (HN_OK), or that it is not; NULL: nobody
 * @return HN_ELIMIT: too many wait, or the ledger cannot be written at the moment; then done is not called
 */
HN_MUST_USE int record_append(struct record *r, const char *kind, const void *record, size_t len,
			      void (*done)(void *context, int err), void *context);

/** The store's outbox holds something new; done as above once all of it is durable in the ledger. */
HN_MUST_USE int record_outbox(struct record *r, void (*done)(void *context, int err), void *context);

/** A line of the access log. Texts live during the call. */
struct access_entry {
	int64_t time_ns, duration_ns;
	const struct uuid *request, *account; /* account NULL: nobody signed in */
	const struct ip *address;
	const char *method, *route; /* operation, or "" */
	const char *how;            /* signed in; NULL */
	unsigned status;
	uint64_t objects, bytes_in, bytes_out;
};

/** From any thread; lost, and counted, where the disk is full. */
void record_access(struct record *r, const struct access_entry *entry);

/** The log's name. */
const char *record_origin(const struct record *r);

/** The last checkpoint, a signed note. @return as buf_err() */
HN_MUST_USE int record_checkpoint(struct record *r, struct buf *out);

/** The key that signs the checkpoints, its public half. */
void record_key(const struct record *r, struct note_key *out);

/** Reads a tile or bundle of the log into out, which is emptied. @return as read_tile_at() */
HN_MUST_USE int record_tile(const struct record *r, const struct tile *tile, struct buf *out);

/** Whether entries can be written now. */
int record_state(const struct record *r);

/** Appends counters in the text form of Prometheus. */
void record_metrics(struct record *r, struct buf *out);

#endif
