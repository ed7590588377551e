/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_PATTERNS_H
#define HINOMI_SENSOR_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "wire/position.h"

/*
 * Command information: the byte patterns that the commissioners signed in full, each at a named protocol
 * position within the first 1,024 bytes of a direction of a flow; matched by Vectorscan. The only file that
 * knows that library is patterns.c.
 */

struct authorization;
struct patterns;

/** One pattern as signed. */
struct pattern_source {
	const char *id;
	enum position position;
	uint16_t offset_min; /* first byte at which it may begin, counted from the position's start */
	uint16_t offset_max; /* last such byte */
	uint16_t len;        /* bytes */
	const uint8_t *bytes;
	const uint8_t *mask; /* 0xff: this byte; 0x00: any */
};

/** Fills one source for each pattern of the authorisation, in its order. */
void patterns_sources(const struct authorization *a, struct pattern_source *out);

/** Compiles. The sources' ids must live as long. @return HN_ENOMEM, HN_ELIMIT; the fault names the pattern */
HN_MUST_USE int patterns_new(const struct pattern_source *sources, size_t count, struct patterns **out,
			     struct fault *fault);
void patterns_free(struct patterns *p);

/** Scratch memory of one thread. */
struct patterns_scratch;
HN_MUST_USE int patterns_scratch_new(const struct patterns *p, struct patterns_scratch **out);
void patterns_scratch_free(struct patterns_scratch *s);

/** How many bytes of a position can matter: where the last pattern there may end, at most 1,024. 0: none
 * there. */
size_t patterns_window(const struct patterns *p, unsigned position);

/**
 * Looks for the first pattern (lowest end, then order of the sources) at a position.
 *
 * @param data    bytes of the position from its start
 * @param from    what lies before was looked at already, but for what a pattern may span
 * @return whether one was found
 */
bool patterns_find(const struct patterns *p, struct patterns_scratch *scratch, unsigned position,
		   const uint8_t *data, size_t len, size_t from, uint32_t *pattern_out, uint16_t *offset_out);

#endif
