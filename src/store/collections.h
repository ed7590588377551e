/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_COLLECTIONS_H
#define HINOMI_STORE_COLLECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "stix/object.h"
#include "store/label.h"
#include "store/store.h"

/*
 * Collections (TAXII 2.1, 5): named places from which objects are read and into which they are put. A
 * collection opens nothing: what somebody reads of it is what he may see of its objects. Its own two labels
 * say who reads and who writes there; who may do neither does not learn that it exists.
 */

enum collection_kind {
	COLLECTION_STORED, /* what was put into it */
	COLLECTION_ALL,    /* everything that the reader may see; nothing is put into it by name */
};

#define COLLECTION_ALIAS_MAX 64
#define COLLECTION_TEXT_MAX  2000

struct collection {
	int64_t number;
	struct uuid uuid;
	enum collection_kind kind;
	char alias[COLLECTION_ALIAS_MAX + 1]; /* "" where it has none; [a-z0-9-] */
	char title[COLLECTION_TEXT_MAX + 1];
	char description[COLLECTION_TEXT_MAX + 1];
	bool can_read, can_write;        /* of who asks */
	int64_t read_label, write_label; /* for those who keep it; 0: nobody */
};

typedef int (*collection_fn)(void *context, const struct collection *collection);

/** The collections that the reader may read or write, in the order of their making. */
HN_MUST_USE int collections_list(struct reader *reader, collection_fn fn, void *context);

/** One by its UUID or its alias. @return HN_ENOENT: not there, or neither to be read nor written */
HN_MUST_USE int collections_find(struct reader *reader, const char *name, size_t len, struct collection *out);

/** A new collection. */
struct collection_new {
	struct uuid uuid;
	enum collection_kind kind;
	const char *alias, *title, *description; /* alias and description may be NULL */
	int64_t read_label, write_label;         /* labels_number(); 0: nobody */
};

/** Adds it. @return HN_EEXIST: the UUID or the alias is taken; HN_ELIMIT, HN_EFORMAT: a text */
HN_MUST_USE int collections_add(struct writing *w, const struct collection_new *collection,
				int64_t *number_out);

/** One by its UUID, for a job that changes it: nobody's rights are asked, can_read and can_write are false.
 * @return HN_ENOENT */
HN_MUST_USE int collections_read(struct writing *w, const struct uuid *uuid, struct collection *out);

/** Changes names and labels; UUID and kind stay. @return as collections_add() */
HN_MUST_USE int collections_change(struct writing *w, int64_t number,
				   const struct collection_new *collection);

/** Makes the two collections that every hub has, where they are not: "all" and, for members to hand in,
 * "inbox".
 */
HN_MUST_USE int collections_add_first(struct writing *w, int64_t centre);

/**
 * Takes versions of an object out of a collection; they stay in the store.
 *
 * @param owner     only objects of this organisation
 * @param version   modified_ns, or STIX_NO_TIME for all
 * @return HN_ENOENT: nothing was there
 */
HN_MUST_USE int collections_remove(struct writing *w, int64_t collection, const struct stix_id *id,
				   int64_t owner, int64_t version);

#endif
