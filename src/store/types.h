/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_TYPES_H
#define HINOMI_STORE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * STIX type names by number (table `type`) and their image in memory. Names are few: the standard's and those
 * of extensions. The image grows only and is read without a lock.
 */
#define TYPES_MAX 4096

struct db;
struct types;
struct writing;

/** Reads the table. */
HN_MUST_USE int types_open(struct db *db, struct types **out);
/** NULL is allowed. */
void types_close(struct types *types);

/** The number of a name; a row is added where there is none. @return HN_ELIMIT over TYPES_MAX */
HN_MUST_USE int types_number(struct types *types, struct writing *w, const char *name, size_t len,
			     int64_t *number_out);

/** The number of a name that the image or, looked up through db, the table has. @return HN_ENOENT */
HN_MUST_USE int types_find(struct types *types, struct db *db, const char *name, size_t len,
			   int64_t *number_out);

/** The name of a number; lives as long as the types. @return HN_ENOENT */
HN_MUST_USE int types_name(struct types *types, struct db *db, int64_t number, const char **name_out,
			   size_t *len_out);

#endif
