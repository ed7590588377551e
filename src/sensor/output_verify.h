/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_OUTPUT_VERIFY_H
#define HINOMI_SENSOR_OUTPUT_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/verify.h"

/** What a check of an output directory found. Numbers count what was checked before it ended. */
struct output_verified {
	struct verify_report ledger;
	uint64_t receipts;
	uint64_t committed; /* of them: whose ledger entry commits to that very line, by its salt */
	uint64_t records;
	uint64_t erased_receipts; /* whose records were erased at the end of their retention */
	uint64_t erased_records;
	/* What the last run left when it ended between its inputs, and no run after it has entered. */
	uint64_t pending_packets;
	uint64_t flows_lost; /* selected, but without a record */
	/* What did not fit, where it is known. */
	uint64_t bad_receipt; /* its number; 0: none is to blame */
	bool has_range;
	uint64_t bad_offset; /* in the file that the fault names */
	uint64_t bad_bytes;
};

/**
 * Rechecks an output directory wholly: the ledger as ledger_verify() does; each line of receipt.json by
 * itself (receipt_check.h), against the line before and against its entry in the ledger; each byte of
 * selected.ndjson against its receipt, or, where line feeds stand in its place, against the ledger's entry
 * `expired`. Changes nothing. Reads receipt.json and selected.ndjson once; its memory is that of one line, of
 * one bundle of entries, and a bit for each entry of the ledger.
 *
 * @param key    the sensor's public key; NULL leaves signatures unchecked
 * @param fault  the file, the receipt and the bytes, and what is wrong with them
 * @return HN_OK; HN_EAUTH: something does not fit; HN_ESTATE: a run went on meanwhile; HN_ENOENT: there is no
 *         ledger; HN_EFORMAT, HN_ELIMIT: a file cannot be read as what it should be; HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int output_verify(int dir_fd, const struct key_public *key, struct output_verified *out,
			      struct fault *fault);

#endif
