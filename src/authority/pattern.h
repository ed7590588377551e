/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_PATTERN_H
#define HINOMI_AUTHORITY_PATTERN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "wire/position.h"

/*
 * Byte patterns: command information (指令情報), listed in full in what the commissioners sign, at a
 * named protocol position (wire/position.h) within the first PATTERN_WINDOW bytes of a flow, never over the
 * bodies of mail, web or messages.
 */

#define PATTERN_FIXED_MIN 4  /* consecutive bytes without wildcard */
#define PATTERN_ID_MAX    64 /* bytes; also of acts, sets */
#define PATTERNS_MAX      4096

/** One pattern. Offsets count from the start of the position's bytes. */
struct pattern {
	char id[PATTERN_ID_MAX + 1];
	char act[PATTERN_ID_MAX + 1];
	enum position position;
	uint16_t offset_min; /* where its first byte may lie, both inclusive */
	uint16_t offset_max; /* offset_max + len <= PATTERN_WINDOW */
	uint16_t len;        /* PATTERN_FIXED_MIN..PATTERN_WINDOW */
	uint8_t *bytes;      /* len of them; where mask is 0 the byte is 0 and any byte matches */
	uint8_t *mask;       /* 0xff: fixed, 0: any ("??") */
};

/**
 * Reads {"id", "act", "position", "offset": [min, max], "bytes": "de ad ?? be ef …"}.
 *
 * @return HN_EFORMAT, HN_ELIMIT (window, fixed bytes), HN_ENOMEM; the fault names the member
 */
HN_MUST_USE int pattern_read(const json_t *object, struct pattern *out, struct fault *fault);
void pattern_clear(struct pattern *p);

/** The object. @return NULL when there is no memory */
json_t *pattern_json(const struct pattern *p);

#endif
