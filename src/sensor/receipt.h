/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RECEIPT_H
#define HINOMI_SENSOR_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/key.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/uuid.h"
#include "match/set.h"
#include "sensor/message.h"

/*
 * Receipt, version 1: what an interval (of `hinomi select`: an input) came to, signed by the edge. One line
 * of JSON:
 * {"receipt": {...}, "protected": ..., "signature": ...}; the signature is a JWS (RFC 7515) with the receipt
 * as detached payload: over protected "." base64url(receipt), the receipt being the very bytes in the line.
 */

#define RECEIPT_LINE_MAX (1u << 20)

/** What every receipt of a run says. */
struct receipt_context {
	struct uuid edge;
	struct uuid epoch;
	int64_t begun_ns; /* the run; no record was made before */
	const struct authorization *authorization;
	const struct trust *trust;
	const struct domestic *domestic;
	const struct set *const *sets;
	size_t set_count;
	const struct key *identity;
	const struct confinement *parser;
	const struct confinement *writer;
	bool memory_locked;
	bool recorded;
	bool secret_drawn; /* the pseudonym secret was drawn by this run, not sealed by the commission */
};

/** What one receipt says. */
struct receipt {
	uint64_t number; /* from 1, goes on through the runs in a directory */
	int64_t made_ns;
	const char *input;       /* its name, for people */
	const char *input_state; /* "kept" or "unlinking" */
	bool digest_given;       /* the input's digest is what --digest said, and was not taken */
	const struct message_sums *sums;
	uint64_t records_offset; /* where its records begin in selected.ndjson, and how many bytes and lines
				    they are */
	uint64_t records_bytes;
	uint64_t records_count;
	uint8_t records_digest[SHA256_SIZE]; /* of those bytes */
	bool has_former;
	uint8_t former[SHA256_SIZE]; /* of the former receipt's line without its line feed */
};

/** Appends the signed line with its line feed. @return what buf_err() says */
HN_MUST_USE int receipt_add(const struct receipt_context *c, const struct receipt *r, struct buf *out);

/** What a run must know of the last receipt of a directory to go on. */
struct receipt_tail {
	uint64_t number;
	uint64_t records_begin; /* offset of its first record */
	uint64_t records_end;   /* offset behind the last record that a receipt covers */
	uint64_t records;
	int64_t erase_by_ns; /* when the retention of its records ends */
	uint64_t flows_selected;
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
