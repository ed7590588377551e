/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_REQUEST_REQUEST_STORE_H
#define HINOMI_HUB_REQUEST_REQUEST_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/request.h"
#include "http/server.h"

/* A request of the hub with what the hub has behind it: the store, the ledger, the access log. */
struct reader;
struct writing;

/** Reads the store as who asks. reader_end() it before returning. */
HN_MUST_USE int request_read(struct request *r, struct reader **out);

/**
 * The same for what goes out as a feed, a file or a number: nothing that is from selected communications
 * information, also for who handles it. That is provided by an act of its own.
 */
HN_MUST_USE int request_read_feed(struct request *r, struct reader **out);

/**
 * Runs a change on the store's writer and answers when it is durable. The job writes the answer with
 * answer_...() as a handler does; an error undoes everything and becomes a problem. With an Idempotency-Key
 * header the answer is kept in the same transaction: the same request again, even after a kill, gets the
 * kept answer, and the job does not run; the key with another request is refused with 422. The job may run
 * again from the start (the answer begun is thrown away). Entries that it adds by request_note() are in the
 * ledger before the answer is sent.
 *
 * @return what the handler returns
 */
HN_MUST_USE int request_change(struct request *r,
			       int (*job)(struct writing *w, struct request *r, void *context),
			       void *context);

/**
 * In a job: an entry for the ledger that holds if, and only if, the transaction does.
 *
 * @param kind    log_entry_kind_ok(), e.g. "hub.login"
 * @param record  JSON object; who, when and the request's uid are put beside it
 */
HN_MUST_USE int request_note(struct writing *w, struct request *r, const char *kind, const char *record,
			     size_t len);

/**
 * In a handler that reads what is selected, clearance-marked, TLP:AMBER+STRICT or RED: an entry of the ledger
 * that is durable before the answer leaves. One for a request; a second call adds to it.
 *
 * @param digest  SHA-256 over the ids given out, in their order
 */
HN_MUST_USE int request_note_read(struct request *r, const uint8_t digest[32], uint64_t count,
				  const char *highest_marking);

/** server_options.seal: what request_note_read() told stands in the ledger before the answer leaves. */
void request_seal(struct request *r);

/** server_options.finished: a line of the access log. */
void request_log(const struct request *r, const struct request_end *end);

#endif
