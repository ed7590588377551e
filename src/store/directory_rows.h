/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_DIRECTORY_ROWS_H
#define HINOMI_STORE_DIRECTORY_ROWS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/uuid.h"
#include "store/credentials.h"
#include "store/db_row.h"
#include "store/directory.h"

/*
 * The directory's tables. Each change writes a row of `directory_change`; its revision is the thing's new
 * one, and of a new thing its number too, so that no number is ever given twice.
 */

/** A row of organisation, sharing_group or person. */
struct directory_row {
	int64_t number; /* 0: not there */
	int64_t revision;
	struct buf text; /* buf_clear() it */
};

/** Reads one. A row that is not there has the number 0. */
HN_MUST_USE int directory_row_get(struct db *db, enum directory_thing thing, const struct uuid *id,
				  struct directory_row *out);

/**
 * Takes the first row of a question whose columns are number, revision and body, and ends the rows.
 *
 * @param err        of the question, as of db_first() (store/db_row.h)
 * @param text_max   bytes of the body
 * @param fourth_out the number in a fourth column; NULL: there is none
 */
HN_MUST_USE int directory_row_take(int err, struct db_rows **rows, size_t text_max, struct directory_row *out,
				   int64_t *fourth_out);

/** Notes a change of a thing; number 0: a new one. */
HN_MUST_USE int directory_row_note(struct db *db, enum directory_thing thing, int64_t number,
				   int64_t *revision_out);

/**
 * Writes an organisation or group in the place of `row`, whose number and revision are set anew. Nothing
 * happens where the text is the same.
 */
HN_MUST_USE int directory_row_put(struct db *db, enum directory_thing thing, const struct uuid *id,
				  struct directory_row *row, const char *text, size_t len);

/** The number of an organisation or group. @return HN_ENOENT, with a fault at `place` */
HN_MUST_USE int directory_row_number(struct db *db, enum directory_thing thing, const struct uuid *id,
				     const char *place, int64_t *out, struct fault *fault);

/** Checks the revision that somebody saw against what is there (organisations_put()). */
HN_MUST_USE int directory_row_is(const struct directory_row *row, int64_t revision, struct fault *fault);

/** Whether two objects have equal members of this name, or neither has one. */
bool same_member(const json_t *a, const json_t *b, const char *name);

/** A refusal by a rule of who may change what. @return HN_EAUTH */
int not_allowed(struct fault *fault, const char *place, const char *en, const char *ja);

/** Whether the actor administers this organisation, or the centre. */
bool administers(const struct asker *actor, int64_t organisation);
bool administers_centre(const struct asker *actor);

/** Reads a row of credential, from its columns in CREDENTIAL_COLUMNS's order. */
HN_MUST_USE int credential_of_row(const struct db_rows *rows, struct credential *out);
#define CREDENTIAL_COLUMNS                                                                                   \
	"number, uuid_a, uuid_b, kind, person, organisation, scopes, used_for, purposes, tlp_max, "          \
	"session, created, expires, step, revision, title, prefix, secret"

#endif
