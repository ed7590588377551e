/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RECEIPT_CHECK_H
#define HINOMI_SENSOR_RECEIPT_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/key.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "sensor/receipt.h"
#include "sensor/sums.h"

/** What a receipt says that others can be held against. */
struct receipt_facts {
	struct receipt_tail tail;
	struct uuid edge;
	struct uuid epoch;
	int64_t made_ns;
	uint8_t records_digest[SHA256_SIZE];
	bool has_former;
	uint8_t former[SHA256_SIZE];
	struct tally pending_before[SUMS_CLASSES];
	struct tally pending_after[SUMS_CLASSES];
};

/**
 * Checks one line of receipt.json (without its line feed) by itself, strictly: byte for byte as receipt_add()
 * writes it, the members of catalog/receipt.schema.json and no others, the signature, and that the sums hold
 * by class and by reason.
 *
 * @param key  the edge's; NULL: the signature's form is looked at, and not whether it holds
 * @return HN_EFORMAT, HN_ELIMIT, HN_EAUTH: it does not hold, the fault's place is a JSON pointer; HN_ENOMEM
 */
HN_MUST_USE int receipt_check(const char *line, size_t len, const struct key_public *key,
			      struct receipt_facts *out, struct fault *fault);

/** Whether an object has the form that the schema gives the member `receipt`. @return HN_EFORMAT */
HN_MUST_USE int receipt_form(const json_t *receipt, struct fault *fault);

#endif
