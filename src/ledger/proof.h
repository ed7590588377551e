/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_PROOF_H
#define HINOMI_LEDGER_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/checkpoint.h"
#include "ledger/log_entry.h"
#include "ledger/tlog.h"

#define PROOF_FORMAT   "hinomi-ledger-proof/1"
#define PROOF_SIZE_MAX (8u << 20) /* bytes of the JSON */

/**
 * One record disclosed, with all that is needed to verify it without the log:
 *
 *   {"format": PROOF_FORMAT, "index": N, "entry": TEXT, "salt": HEX,
 *    "record": TEXT or "record_base64": BASE64, "path": [HEX...], "checkpoint": NOTE}
 */
struct proof {
	uint64_t index;
	struct log_entry entry;
	struct checkpoint head;
	struct buf record; /* initialised by proof_read() and given to the caller, also on errors */
};

/**
 * Appends the proof of entry index to out; checks it first.
 *
 * @return HN_ENOENT beyond the head, or without private/; HN_ESTATE when the record was erased;
 *         HN_EAUTH when entry, record or tiles do not fit; HN_EFORMAT, HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int proof_make(struct tlog *t, uint64_t index, struct buf *out, struct fault *fault);

/**
 * Reads and verifies a proof: record and salt give the commitment, the entry's path the root,
 * the key signed the checkpoint. key NULL leaves the signature unchecked.
 *
 * @return HN_OK; HN_EFORMAT, HN_ELIMIT when it cannot be read; HN_EAUTH when it does not hold; the
 *         fault says which part. Clear out->record with buf_clear() in any case.
 */
HN_MUST_USE int proof_read(const char *text, size_t len, const struct note_key *key, struct proof *out,
			   struct fault *fault);

#endif
