/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_VALUE_KEY_H
#define HINOMI_STORE_VALUE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match/entry.h"
#include "stix/object.h"

/*
 * The key under which a value stands in the index (table `value`): bytes whose order puts together what
 * belongs together, so that one range of keys is everything inside a prefix or below a name.
 *
 *   'A' 4|6 address length     addresses and prefixes: those inside a prefix follow it
 *   'N' labels from the top,   names: those below a name follow it; a wildcard has the label "*"
 *       a NUL behind each
 *   others: a letter and the value's canonical bytes
 *
 * A value of more than VALUE_KEY_MAX bytes keeps its beginning and the SHA-256 of all of it.
 */
#define VALUE_KEY_MAX 224

struct value_key {
	uint16_t len;
	uint8_t bytes[VALUE_KEY_MAX];
};

/** The key of a value that an object speaks of. */
void value_key_of(const struct stix_value *value, struct value_key *out);

/** The key of an entry's canonical form (match/canonical.h). */
void value_key_of_entry(const struct entry_key *entry, struct value_key *out);

/** The key of another kind of value, by its text as stix/object.h writes it. */
void value_key_of_text(enum stix_value_kind kind, const void *text, size_t len, struct value_key *out);

/** A range: keys from `first` on and below `behind`. */
struct value_range {
	struct value_key first, behind;
	unsigned
		length; /* of a prefix: its bits. Wider ones that begin at its first address are not inside */
};

/** Everything inside a prefix or below a name, with itself. @return false: of another kind of value */
bool value_range_inside(const struct entry_key *entry, struct value_range *out);

/** Key of the prefix of `length` bits that holds an address or prefix. @return false: it is not that long */
bool value_key_around(const struct value_key *address, unsigned length, struct value_key *out);

/** Whether it is an address or prefix, and of how many bits; family 4 or 6. */
bool value_key_is_address(const struct value_key *key, unsigned *family_out, unsigned *length_out);

/** The key of the wildcard directly above a name, again and again up to the top. @return false: no more */
bool value_key_above(const struct value_key *name, unsigned *labels, struct value_key *out);

#endif
