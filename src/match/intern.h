/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_INTERN_H
#define HINOMI_MATCH_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Things that are kept once: texts and rows of metadata of the compiler. Each gets a number, from 0 on, in
 * the order in which it first came. No memory is asked for per thing.
 */
struct intern_slot {
	uint32_t hash;
	uint32_t number; /* plus one; 0: empty */
};

struct intern {
	uint8_t *data; /* all things behind one another */
	size_t used, cap;
	size_t *starts; /* of each thing; one more for the end */
	uint32_t count, starts_cap;
	struct intern_slot *slots; /* open addressing */
	uint32_t slots_mask;
	uint32_t seed; /* random: who makes texts collide must not make us slow */
	uint64_t bytes_max;
};

/** Holds nothing, asks for no memory. */
void intern_init(struct intern *t, uint64_t bytes_max);
void intern_clear(struct intern *t);

/** The number of a thing, which is copied when it is new. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int intern_add(struct intern *t, const void *data, size_t len, uint32_t *number_out);

static inline const uint8_t *intern_get(const struct intern *t, uint32_t number, size_t *len_out)
{
	*len_out = t->starts[number + 1] - t->starts[number];
	return t->data + t->starts[number];
}

#endif
