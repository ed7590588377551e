/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_EXPIRY_H
#define HINOMI_SENSOR_EXPIRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * The end of retention: each receipt says by when its records are to be erased (receipt.h). They are
 * overwritten in place with line feeds, so that what the receipts of others say of the file stays true and a
 * reader of lines finds empty ones.
 *
 * A receipt's records begin with '{'. That one byte is overwritten last, after the erasure stands in the
 * ledger, so it tells after a kill at any moment whether the work is done; until then it is simply done
 * again. A kill right after the entry gives a second entry that names the same receipts.
 */

#define EXPIRY_BATCH 512 /* receipts */

/** Some receipts whose records are overwritten but for their first byte. */
struct expiry {
	uint64_t records;
	uint64_t bytes;
	size_t count; /* of receipts */
	struct {
		uint64_t number; /* of the receipt */
		uint64_t offset; /* of its records */
	} receipts[EXPIRY_BATCH];
};

/**
 * Goes through receipt.json for up to EXPIRY_BATCH receipts whose time has come and whose records are still
 * there; overwrites those, durably, but for their first bytes.
 *
 * @param ed25519   the edge's public key: a receipt that is not signed by it erases nothing
 * @param now_ns    base/utc.h
 * @param position  where in receipt.json to begin, 0 at first; then where to go on
 * @return HN_OK: count below EXPIRY_BATCH means that the end was reached; HN_EFORMAT, HN_EAUTH (fault);
 *         HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int expiry_overwrite(int receipts_fd, int records_fd, const uint8_t ed25519[32], int64_t now_ns,
				 off_t *position, struct expiry *out, struct fault *fault);

/** Appends what the ledger is told: how many records and bytes, and of which receipts. */
void expiry_entry(const struct expiry *e, struct buf *out);

/** Overwrites the first bytes, durably: the work is done. @return HN_EIO */
HN_MUST_USE int expiry_finish(int records_fd, const struct expiry *e);

#endif
