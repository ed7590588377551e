/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_LABELS_H
#define HINOMI_STORE_LABELS_H

#include <stdint.h>

#include "base/err.h"
#include "store/asker.h"
#include "store/label.h"
#include "store/view.h"

/*
 * The table `label` and its image in memory. The writer adds rows; readers work out views. Several hubs on
 * one PostgreSQL each keep an image and read what is new when a snapshot holds a number beyond it.
 */
struct db;
struct labels;
struct writing;

/** Reads the table. The image is shared by all threads. */
HN_MUST_USE int labels_open(struct db *db, struct labels **out);
void labels_close(struct labels *labels);

/** The number of a label; a row is added where there is none. */
HN_MUST_USE int labels_number(struct writing *w, const struct label *label, int64_t *number_out);

/** A label by its number, also of the open transaction. @return HN_ENOENT: there is none, or it is a "both"
 */
HN_MUST_USE int labels_read(struct writing *w, int64_t number, struct label *out);

/** The number of "both of these": seen by who sees both (an older version under a newer one's marking). */
HN_MUST_USE int labels_both(struct writing *w, int64_t a, int64_t b, int64_t *number_out);

/** A label by its number. @return HN_ENOENT; HN_EUNSUPPORTED for a "both", whose two numbers are then in
 * both_out[2]. */
HN_MUST_USE int labels_get(struct labels *labels, int64_t number, struct label *out, int64_t both_out[2]);

/** Whose it is; of a "both" the first's owner. 0: no such label. Takes no lock that a writer holds long. */
int64_t labels_owner(struct labels *labels, int64_t number);

/**
 * The view of an asker over all labels committed now. Kept by asker; unref it after use.
 *
 * @param db  a connection inside a snapshot: labels beyond the image are read from it
 */
HN_MUST_USE int labels_view(struct labels *labels, struct db *db, const struct asker *asker,
			    struct view **out);

#endif
