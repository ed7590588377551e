/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LOOKUP_H
#define HINOMI_SENSOR_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/set.h"
#include "wire/field.h"

struct selection;

/** The sets of a run, asked in their order; an allow entry of any of them ends the question. */
struct lookup {
	const struct set *const *sets;
	size_t count;
	uint32_t wanted; /* bit (1 << enum value_kind): kinds that some set holds */
};

enum lookup_answer {
	LOOKUP_NONE,
	LOOKUP_NOT_YET, /* listed, and its validity begins later */
	LOOKUP_FOUND,
};

/** Asks these sets, in this order; they stay the caller's and must outlive the lookup. */
void lookup_init(struct lookup *l, const struct set *const *sets, size_t count);

/** Fills set, hit and match_ns of the selection when found. */
enum lookup_answer lookup_address(const struct lookup *l, uint8_t ip_version, const uint8_t *addr,
				  int64_t time_ns, struct selection *out);

/** The first value of the extract that is listed; fills also field and what DNS said. */
enum lookup_answer lookup_extract(const struct lookup *l, const struct extract *x, int64_t time_ns,
				  struct selection *out);

/** Touches what lookup_address() will read. */
void lookup_prefetch(const struct lookup *l, uint8_t ip_version, const uint8_t *a, const uint8_t *b);

#endif
