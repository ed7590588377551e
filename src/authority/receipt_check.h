/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_RECEIPT_CHECK_H
#define HINOMI_AUTHORITY_RECEIPT_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "authority/receipt.h"
#include "authority/refusal.h"
#include "authority/sums.h"
#include "authority/trust.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

#define RECEIPT_AUTHORIZATIONS_MAX 64

/** What a receipt says that others can be held against. */
struct receipt_facts {
	struct receipt_tail tail; /* number, and which records it covers: offset, bytes, count, erase_by */
	struct uuid edge;
	struct uuid epoch;
	int64_t made_ns;
	/* Of a live sensor the interval by its clock, else the times of the first and last packet seen. */
	int64_t from_ns, until_ns;
	bool live; /* from an interface (or a replay), and not from a file */
	enum refusal
		refused; /* why nothing was authorised (then there are no authorisations); REFUSAL_NONE */
	enum trust_mark mark;
	uint8_t trust[SHA256_SIZE];
	uint8_t domestic[SHA256_SIZE];
	size_t authorization_count;
	struct {
		struct uuid id;
		uint8_t digest[SHA256_SIZE];
	} authorizations[RECEIPT_AUTHORIZATIONS_MAX];
	uint8_t records_digest[SHA256_SIZE];
	bool has_former;
	uint8_t former[SHA256_SIZE];
	struct sums sums;     /* first_ns and last_ns are not told */
	uint64_t flows_ended; /* live: selected flows that have ended, with a closing record */
};

/**
 * Checks one line of receipt.json (without its line feed) by itself, strictly: byte for byte as
 * receipt_seal() writes it, the members of catalog/receipt.schema.json and no others, the signature, and that
 * the sums hold by class and by reason.
 *
 * @param key  the edge's; NULL: the signature's form is looked at, and not whether it holds
 * @return HN_EFORMAT, HN_ELIMIT, HN_EAUTH: it does not hold, the fault's place is a JSON pointer; HN_ENOMEM
 */
HN_MUST_USE int receipt_check(const char *line, size_t len, const struct key_public *key,
			      struct receipt_facts *out, struct fault *fault);

/**
 * How a receipt follows the one before: same edge, next number, digest of the former line, records that begin
 * where the former's end, and within an epoch what is pending goes on from what the former left; a new epoch
 * begins with nothing pending.
 *
 * @param former         NULL: it is the first
 * @param former_digest  SHA-256 of the former line without its line feed
 * @return HN_EAUTH, the fault says what does not follow
 */
HN_MUST_USE int receipt_follows(const struct receipt_facts *former, const uint8_t former_digest[SHA256_SIZE],
				const struct receipt_facts *next, struct fault *fault);

/** Whether an object has the form that the schema gives the member `receipt`. @return HN_EFORMAT */
HN_MUST_USE int receipt_form(const json_t *receipt, struct fault *fault);

#endif
