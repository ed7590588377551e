/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_MATCH_WORLD_H
#define HINOMI_TESTS_UNIT_MATCH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/build.h"
#include "match/set.h"

/*
 * A small random world for properties: a base and overlays whose keys fall on each other often, kept as plain
 * lists that are searched from end to end, beside the files that the compiler makes of them.
 */

#define WORLD_LAYERS_MAX  (SET_OVERLAYS_MAX + 1)
#define WORLD_ENTRIES_MAX 400

struct world_entry {
	enum entry_kind kind;
	uint16_t len;
	uint8_t data[256];
	bool tombstone, allow;
	unsigned number; /* its object is "object--NUMBER" */
};

struct world_layer {
	struct world_entry entries[WORLD_ENTRIES_MAX]; /* one for each key */
	size_t count;
	uint8_t *file; /* of its exact size */
	size_t file_size;
};

struct world {
	uint64_t state; /* of the random numbers */
	size_t layers;  /* the base is layers[0] */
	struct world_layer layer[WORLD_LAYERS_MAX];
	struct set *set;
};

uint64_t world_random(struct world *w);
/** Random bytes like those that the world's entries are made of, so that questions hit. */
void world_address4(struct world *w, uint8_t out[4]);
void world_address6(struct world *w, uint8_t out[16]);
size_t world_name(struct world *w, uint8_t out[254]);
size_t world_url(struct world *w, uint8_t out[254]);

/** Makes the world of a seed and opens it. Free it. */
struct world *world_new(uint64_t seed, size_t layers, size_t entries);
void world_free(struct world *w);

/** Compiles a list of entries, in a random order and with some given twice. The file is of its exact size;
 * free it. */
uint8_t *world_compile(struct world *w, const struct world_entry entries[], size_t count,
		       const uint8_t *base_digest, bool strip, size_t *size_out);

/** Draws what may pass, and compares what set_each_outside() lists with set_each() less what passes. */
void world_check_outside(struct world *w, const struct set *s);

/** The newest entry of a key; NULL for none, also when that is a tombstone. */
const struct world_entry *world_live(const struct world *w, enum entry_kind kind, const uint8_t *key,
				     size_t len);

/** What should be found, by going through everything. prefix_len or labels_left go to *extra_out. */
const struct world_entry *world_find_ip(const struct world *w, const uint8_t *addr, size_t size,
					unsigned *extra_out);
const struct world_entry *world_find_name(const struct world *w, const uint8_t *name, size_t len,
					  unsigned *extra_out);
const struct world_entry *world_find_url(const struct world *w, const uint8_t *url, size_t len);

#endif
