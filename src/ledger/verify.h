/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_VERIFY_H
#define HINOMI_LEDGER_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "ledger/checkpoint.h"

/** What a whole check of a log found. Numbers count what was checked before it ended. */
struct verify_report {
	struct checkpoint head;
	bool signature_checked; /* a key was given and its signature holds */
	uint64_t entries;       /* hashed, in their form, and as their tiles say */
	uint64_t tiles;         /* hash tiles, also partial ones of former checkpoints */
	uint64_t bundles;       /* entry bundles, likewise */
	uint64_t beyond;        /* files beyond the checkpoint: never in the log */
	bool private_there;
	uint64_t records; /* private records that fit their commitments */
	uint64_t erased;  /* and those that were erased */
};

/**
 * Rechecks a log wholly: signature, every tile, bundle, entry, private record, and that nothing
 * else lies there.
 *
 * @param dir_fd  as for tlog_open()
 * @param key     the log's key, or NULL to leave the signature unchecked
 * @param fault   on HN_EAUTH the file, and the first entry or hash in it that does not fit
 * @return HN_OK; HN_EAUTH when something does not fit; HN_ENOENT without a checkpoint; HN_EIO,
 *         HN_ENOMEM when it could not be finished
 */
HN_MUST_USE int ledger_verify(int dir_fd, const struct note_key *key, struct verify_report *out,
			      struct fault *fault);

#endif
