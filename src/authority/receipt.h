/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_RECEIPT_H
#define HINOMI_AUTHORITY_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * Receipt, version 1: what an interval (of `hinomi select`: an input) came to, signed by the edge. One line
 * of JSON:
 * {"receipt": {...}, "protected": ..., "signature": ...}; the signature is a JWS (RFC 7515) with the receipt
 * as detached payload: over protected "." base64url(receipt), the receipt being the very bytes in the line.
 */

#define RECEIPT_MAX      (256u << 10) /* bytes of a receipt */
#define RECEIPT_LINE_MAX (1u << 20)   /* and of its line */

/**
 * Signs a receipt and appends its line, with its line feed.
 *
 * @param receipt  the object as text, as json_add() spells it
 * @return what buf_err() says
 */
HN_MUST_USE int receipt_seal(const char *receipt, size_t len, const struct key *identity, struct buf *out);

/** What a run must know of the last receipt of a directory to go on. */
struct receipt_tail {
	uint64_t number;
	uint64_t records_begin; /* offset of its first record */
	uint64_t records_end;   /* offset behind the last record that a receipt covers */
	uint64_t records;
	int64_t erase_by_ns; /* when the retention of its records ends */
	uint64_t flows_selected;
	uint64_t flows_ended;     /* of selected flows: those that owe no record any more */
	uint64_t pending_packets; /* at its end */
	uint64_t pending_bytes;
};

/**
 * Reads one line (without its line feed) and verifies its signature.
 *
 * @param ed25519  the edge's public key; NULL: the signature is not looked at
 * @return HN_EFORMAT, HN_EAUTH when it is signed by another or changed
 */
HN_MUST_USE int receipt_read(const char *line, size_t len, const uint8_t ed25519[32],
			     struct receipt_tail *out, struct fault *fault);

#endif
