/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SCHEMA_H
#define HINOMI_STORE_SCHEMA_H

/**
 * One step of the database's form. Rooms of the store add steps of their own, each a row with the next
 * number; a database that somebody uses knows which it has (table `schema_step`: number, name, when).
 */
struct schema_step {
	int number;                    /* from 1, rising without gaps */
	const char *name;              /* what it brings, in a few words */
	const char *const *statements; /* in the words of store/db.h; ends with NULL. "SQLITE: " or
					* "POSTGRES: " in front: for that one only */
};

/** All steps; the last row is zero. */
extern const struct schema_step SCHEMA_STEPS[];

#endif
