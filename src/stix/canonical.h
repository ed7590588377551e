/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_CANONICAL_H
#define HINOMI_STIX_CANONICAL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "stix/object.h"

/*
 * JSON in the one form that equal JSON has (RFC 8785): no white space, names in the order of their UTF-16
 * code units, numbers as ECMAScript writes them, no needless escapes.
 */

#define STIX_DIGEST_SIZE 32

/** Appends one JSON value. @return as stix_object_read(), or of out */
HN_MUST_USE int stix_canonical(struct cur json, const struct stix_limits *limits, struct buf *out,
			       struct fault *fault);

/** Appends an object that was read. @return HN_ENOMEM, or of out */
HN_MUST_USE int stix_object_canonical(const struct stix_object *o, struct buf *out);

/** SHA-256 of its canonical JSON: two objects of one digest say the same. @return HN_ENOMEM, HN_ELIMIT */
HN_MUST_USE int stix_object_digest(const struct stix_object *o, uint8_t out[STIX_DIGEST_SIZE]);

/** Appends a finite number as ECMAScript writes it (RFC 8785, 3.2.2.3). */
void stix_number(double value, struct buf *out);

#endif
