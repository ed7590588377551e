/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RECEIPT_WRITE_H
#define HINOMI_SENSOR_RECEIPT_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/key.h"
#include "authority/receipt.h"
#include "authority/refusal.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/uuid.h"
#include "match/set.h"
#include "sensor/message.h"

/* Making receipts (authority/receipt.h). */

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
	const char *program;  /* NULL: hinomi-select */
	enum refusal refused; /* live: why `authorization` is NULL */
	bool secret_drawn;    /* the pseudonym secret was drawn by this run, not sealed by the commission */
};

/** What one receipt says. */
struct receipt {
	uint64_t number; /* from 1, goes on through the runs in a directory */
	int64_t made_ns;
	const char *input;       /* its name, for people */
	const char *input_state; /* "kept" or "unlinking"; live "interface" or "replay" */
	bool live;
	int64_t from_ns, until_ns; /* live: the interval by the clock */
	bool digest_given;         /* the input's digest is what --digest said, and was not taken */
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

#endif
