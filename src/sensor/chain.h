/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_CHAIN_H
#define HINOMI_SENSOR_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"

/** Where the chain of receipts in a file ends. */
struct chain {
	uint64_t lines;            /* whole ones */
	uint8_t last[SHA256_SIZE]; /* digest of the last of them, without its line feed */
};

/**
 * Goes through receipt.json: each line must hold the digest of the one before (`former`), the first none. So
 * whoever knows the last one to be right knows it of all, for the price of hashing them. A torn last line is
 * passed over.
 *
 * @return HN_EFORMAT: the fault says at which line; HN_ELIMIT for a line that is none; HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int chain_read(int receipts_fd, struct chain *out, struct fault *fault);

/**
 * Judges that end by the ledger's last receipt.
 *
 * @param line  it, without its line feed; NULL: the ledger has none
 * @return HN_OK when it is the end; HN_ENOENT when it is the one to follow, so that only its line is missing;
 *         HN_EFORMAT (fault) when a line was changed, taken away or added
 */
HN_MUST_USE int chain_judge(const struct chain *c, const char *line, size_t len, struct fault *fault);

#endif
