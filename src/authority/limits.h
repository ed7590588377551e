/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_LIMITS_H
#define HINOMI_AUTHORITY_LIMITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/class.h"
#include "base/err.h"
#include "base/fault.h"

/** Legal bases. Each decides which classes may be selected and what must be named. */
enum basis {
	BASIS_AGREEMENT, /* 当事者協定: a party consents; foreign-domestic only; names the party and its links
			  */
	BASIS_FOREIGN_FOREIGN, /* 外外 */
	BASIS_SPECIFIED, /* 特定外内・特定内外: communication with a foreign facility, which is named */
	BASIS_COUNT,
};

const char *basis_name(enum basis b);  /* in files */
const char *basis_title(enum basis b); /* for people */
HN_MUST_USE int basis_parse(const char *name, size_t len, enum basis *out);

/** The table of what may be signed at all. */
struct limits {
	struct {
		uint8_t classes;     /* FLOW_CLASS_BITs; never DOMESTIC_DOMESTIC */
		int64_t validity_ns; /* longest */
	} basis[BASIS_COUNT];
	uint8_t prefix4; /* widest prefix: the shortest length, e.g. 24 */
	uint8_t prefix6;
	int64_t retention_ns; /* longest */
	uint64_t entries;     /* most entries of one set */
};

/** What the program itself allows: the law as it stands. */
extern const struct limits limits_builtin;

/**
 * Reads a limits object; what it does not name stays as in limits_builtin.
 *
 * @param widen  whether it may go beyond limits_builtin (a trust file marked `test`)
 * @return HN_EFORMAT; HN_EAUTH when it would widen and may not
 */
HN_MUST_USE int limits_read(const json_t *object, bool widen, struct limits *out, struct fault *fault);

/** The object, complete. @return NULL when there is no memory */
json_t *limits_json(const struct limits *l);

#endif
