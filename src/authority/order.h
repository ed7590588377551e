/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_ORDER_H
#define HINOMI_AUTHORITY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/refusal.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"

/*
 * The order to re-identify: a JWS that the trust file's threshold of commissioners signs. It opens
 * exactly the records that it names.
 */

#define ORDER_RECORDS_MAX 10000
#define ORDER_GROUND_MAX  4096 /* bytes */

struct order {
	struct uuid id;
	uint8_t trust[SHA256_SIZE];
	int64_t issued_ns;
	int64_t until_ns;
	char *ground;
	struct uuid *records; /* sorted, no two alike */
	size_t count;
	uint8_t digest[SHA256_SIZE]; /* of the payload */
};

/** Appends the payload. @return what buf_err() says, HN_ENOMEM */
HN_MUST_USE int order_payload(const struct order *o, struct buf *out);

/**
 * Reads an order and verifies it.
 *
 * @return REFUSAL_NONE; a signature's refusal, REFUSAL_MALFORMED, REFUSAL_TRUST_UNKNOWN,
 * REFUSAL_CLOCK_BEHIND, REFUSAL_NO_LONGER_VALID; then out is untouched
 */
HN_MUST_USE enum refusal order_parse(const char *text, size_t len, const struct trust *trust, int64_t now_ns,
				     struct order *out, struct refusal_detail *detail);
void order_clear(struct order *o);
bool order_has(const struct order *o, const struct uuid *record);

#endif
