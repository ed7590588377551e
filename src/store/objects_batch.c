/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/objects_batch.h"

#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/object_inside.h"
#include "store/types.h"

enum { TYPES_KEPT = 64, TYPE_KEPT_MAX = 64, TALLIES_KEPT = 64 };

/* First halves of identifiers in an open table; who sends identifiers that fall together only makes it slow
 * for one batch, which is bounded. 0 is an empty place. */
struct objects_batch {
	uint64_t *halves;
	size_t mask, filled;
	struct {
		char name[TYPE_KEPT_MAX];
		size_t len;
		int64_t number;
	} types[TYPES_KEPT];
	size_t type_count;
	struct {
		int64_t label, type, by;
	} tallies[TALLIES_KEPT];
	size_t tally_count;
};

static uint64_t half_of(const struct uuid *id)
{
	uint64_t half = (uint64_t)uuid_halves(id).a;
	return half == 0 ? 1 : half;
}

/* @return whether it was there already */
static bool put(struct objects_batch *b, uint64_t half)
{
	size_t at = (half * 0x9e3779b97f4a7c15U >> 20) & b->mask;
	while (b->halves[at] != 0) {
		if (b->halves[at] == half)
			return true;
		at = (at + 1) & b->mask;
	}
	/* More than it was made for: who asks then asks the store. */
	if (b->filled > b->mask / 2)
		return true;
	b->halves[at] = half;
	b->filled++;
	return false;
}

static int ask(struct objects_batch *b, struct writing *w, const struct uuid *ids, size_t count)
{
	int64_t *halves = malloc((count + 1) * sizeof(*halves));
	if (halves == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < count; i++)
		halves[i] = uuid_halves(&ids[i]).a;
	struct db_rows *rows;
	int err = db_query(writing_db(w), &rows, "SELECT DISTINCT uuid_a FROM object WHERE uuid_a ANY_OF($1)",
			   db_ints(halves, count));
	int more = 0;
	if (err == HN_OK) {
		while ((more = db_next(rows)) == 1) {
			uint64_t half = (uint64_t)db_int(rows, 0);
			(void)put(b, half == 0 ? 1 : half);
		}
		db_rows_end(rows);
	}
	free(halves);
	return err == HN_OK && more < 0 ? more : err;
}

int objects_batch_new(struct writing *w, const struct uuid *ids, size_t count, struct objects_batch **out)
{
	struct objects_batch *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return HN_ENOMEM;
	/* Those that are there, and those that are added: at most as many again; the table stays half empty.
	 */
	size_t room = 64;
	while (room < count * 4)
		room *= 2;
	b->mask = room - 1;
	b->halves = calloc(room, sizeof(*b->halves));
	int err = b->halves == NULL ? HN_ENOMEM : ask(b, w, ids, count);
	if (err != HN_OK) {
		objects_batch_free(b);
		return err;
	}
	*out = b;
	return HN_OK;
}

void objects_batch_free(struct objects_batch *b)
{
	if (b == NULL)
		return;
	free(b->halves);
	free(b);
}

bool objects_batch_is_new(struct objects_batch *b, const struct uuid *id)
{
	return b != NULL && !put(b, half_of(id));
}

int objects_batch_type(struct objects_batch *b, struct writing *w, const struct stix_id *id,
		       int64_t *number_out)
{
	for (size_t i = 0; b != NULL && i < b->type_count; i++)
		if (b->types[i].len == id->type_len &&
		    memcmp(b->types[i].name, id->type, id->type_len) == 0) {
			*number_out = b->types[i].number;
			return HN_OK;
		}
	int err = types_number(writing_types(w), w, id->type, id->type_len, number_out);
	if (err == HN_OK && b != NULL && b->type_count < TYPES_KEPT && id->type_len <= TYPE_KEPT_MAX) {
		memcpy(b->types[b->type_count].name, id->type, id->type_len);
		b->types[b->type_count].len = id->type_len;
		b->types[b->type_count++].number = *number_out;
	}
	return err;
}

static int put_tally(struct writing *w, int64_t label, int64_t type, int64_t by)
{
	return db_run_later(
		writing_db(w),
		"INSERT INTO tally (label, type, objects) VALUES ($1, $2, $3) "
		"ON CONFLICT (label, type) DO UPDATE SET objects = tally.objects + excluded.objects",
		db_number(label), db_number(type), db_number(by));
}

int objects_batch_tally(struct objects_batch *b, struct writing *w, int64_t label, int64_t type, int64_t by)
{
	for (size_t i = 0; b != NULL && i < b->tally_count; i++)
		if (b->tallies[i].label == label && b->tallies[i].type == type) {
			b->tallies[i].by += by;
			return HN_OK;
		}
	if (b == NULL || b->tally_count == TALLIES_KEPT)
		return put_tally(w, label, type, by);
	b->tallies[b->tally_count].label = label;
	b->tallies[b->tally_count].type = type;
	b->tallies[b->tally_count++].by = by;
	return HN_OK;
}

int objects_batch_end(struct objects_batch *b, struct writing *w)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < b->tally_count; i++)
		if (b->tallies[i].by != 0)
			err = put_tally(w, b->tallies[i].label, b->tallies[i].type, b->tallies[i].by);
	b->tally_count = 0;
	return err;
}
