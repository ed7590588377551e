/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_OUTPUT_H
#define HINOMI_SENSOR_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * The output directory: selected.ndjson, receipt.json, ledger/ and private/, and nothing else. Everything
 * only grows; a receipt is in the ledger before it stands in receipt.json, and records are durable before
 * their receipt. Only records whose retention has ended are overwritten (output_expire).
 */

struct output;

/** What output_open() had to mend after a run that was killed or ran out of disk. */
struct output_mended {
	uint64_t records_dropped; /* bytes of records that no receipt covers */
	bool receipt_added;       /* a receipt of the ledger was missing in receipt.json */
	/* What the last receipt of a run that ended between its inputs left to a next one that never came.
	 * All of it went with the run's memory; zero once an entry `mended` stands behind that receipt. */
	uint64_t pending_packets;
	uint64_t pending_bytes;
	uint64_t flows_lost; /* selected, and counted as that, but without a record */
};

/**
 * Opens the directory, or makes it (0700), and its ledger. Records behind the last receipt are erased: nobody
 * accounts for them, and the same input gives them again.
 *
 * @return as ledger_open(), and HN_EIO, HN_ENOSPC; HN_EAUTH when the directory belongs to another edge or
 * identity; HN_EFORMAT when a line of receipt.json was changed, taken away or added (then nothing is mended)
 */
HN_MUST_USE int output_open(const char *path, const struct uuid *edge, const struct key *identity,
			    struct output **out, struct output_mended *mended, struct fault *fault);
/** What output_expire() erased. */
struct output_expired {
	uint64_t receipts;
	uint64_t records;
};

/**
 * Erases the records whose retention ended (their receipts' `erase_by`) and enters `expired` with their
 * number into the ledger. Receipts stay. Ended at any moment, it is finished by the next call.
 *
 * @param now_ns  base/utc.h; a time before the ledger's newest entry is not believed
 * @return HN_EFORMAT, HN_EAUTH, HN_EIO, HN_ENOSPC, HN_ENOMEM; the fault says where
 */
HN_MUST_USE int output_expire(struct output *o, const struct key *identity, int64_t now_ns,
			      struct output_expired *out, struct fault *fault);

/** NULL is allowed. What was added since the last receipt stays behind uncovered. */
void output_close(struct output *o);

/** The directory, for a sandbox rule. */
int output_fd(const struct output *o);

/** Appends records (whole lines). @return HN_ENOSPC, HN_EIO */
HN_MUST_USE int output_records(struct output *o, const void *lines, size_t len);

/** The records since the last receipt: where they begin, how many bytes, and their digest. Makes them
 * durable. */
HN_MUST_USE int output_records_end(struct output *o, uint64_t *offset_out, uint64_t *bytes_out,
				   uint8_t digest_out[SHA256_SIZE]);

/** Number of the next receipt, and the digest of the former one. @return whether there is a former one */
bool output_former(const struct output *o, uint64_t *number_out, uint8_t digest_out[SHA256_SIZE]);

/** Puts a receipt line (with its line feed) into the ledger, then into receipt.json; durable when it returns.
 */
HN_MUST_USE int output_receipt(struct output *o, const char *line, size_t len, int64_t time_ns);

/** An entry of another kind, durable when it returns. */
HN_MUST_USE int output_entry(struct output *o, const char *kind, const void *record, size_t len,
			     int64_t time_ns);

/** Time of the newest entry that the ledger had when it was opened; 0: it was empty. */
int64_t output_newest_ns(const struct output *o);

/** Entries in the ledger. */
uint64_t output_entries(const struct output *o);

#endif
