/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_LAYERS_H
#define HINOMI_MATCH_LAYERS_H

#include "base/digest.h"
#include "match/him.h"
#include "match/set.h"

/* The inside of a set in force, shared by the sources that open it and that ask it. */

#define LAYERS_MAX (SET_OVERLAYS_MAX + 1)

struct layer {
	struct him him;
	struct him_file file; /* no data: the bytes are the caller's */
	void *copied;         /* the tables in huge pages, or NULL */
	size_t copied_size;
};

struct set {
	size_t count;
	bool allows4, allows6; /* some prefix entry of that family is an allow entry */
	bool allows_wildcard;
	bool prefixes4, prefixes6;
	struct him_bits lengths4, lengths6; /* of live prefixes of any layer */
	struct him_bits depths_wildcard;
	struct layer layers[LAYERS_MAX]; /* newest first */
	struct set_info info;
	char version[SHA256_HEX_SIZE];
};

/** The entry of a key as a table keeps it, in the newest layer that has one; a tombstone too. */
bool layers_find(const struct set *s, unsigned table, const uint8_t *key, size_t len, size_t first_layer,
		 uint32_t *entry_out, uint32_t *slot_out, size_t *layer_out);

#endif
