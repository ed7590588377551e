/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "stix/canonical.h"
#include "store/db.h"
#include "store/labels.h"
#include "store/object_inside.h"
#include "store/objects.h"
#include "store/objects_batch.h"

/* The newest version of an object that is here. */
struct standing {
	int64_t number, newest, modified, label, own_label;
	bool here;        /* from this owner */
	bool apart;       /* from another one too */
	bool apart_alone; /* which has stood alone until now */
};

struct adding {
	struct writing *w;
	struct db *db;
	const struct object_new *o;
	struct uuid_halves id;
	int64_t type, spec, modified, seq;
};

/* What has no versions of its own is versioned by when it came; a marking-definition by its creation. */
static int64_t version_of(const struct stix_object *o, int64_t seq)
{
	if (o->modified_ns != STIX_NO_TIME)
		return o->modified_ns;
	return o->created_ns != STIX_NO_TIME ? o->created_ns : seq * 1000;
}

static bool versioned_by_arrival(const struct stix_object *o)
{
	return o->modified_ns == STIX_NO_TIME && o->created_ns == STIX_NO_TIME;
}

static int find_standing(struct adding *a, struct standing *out)
{
	struct standing found = {0};
	struct db_rows *rows;
	int err = db_query(
		a->db, &rows,
		"SELECT o.number, o.newest, v.modified, v.label, v.own_label, o.owner, v.flags FROM object o "
		"JOIN version v ON v.seq = o.newest "
		"WHERE o.uuid_a = $1 AND o.uuid_b = $2 AND o.type = $3 AND o.spec = $4",
		db_number(a->id.a), db_number(a->id.b), db_number(a->type), db_number(a->spec));
	if (err != HN_OK)
		return err;
	int more;
	while ((more = db_next(rows)) == 1) {
		if (db_int(rows, 5) != a->o->owner) {
			found.apart = true;
			found.apart_alone |= (db_int(rows, 6) & VERSION_SHARED) == 0;
			continue;
		}
		found.here = true;
		found.number = db_int(rows, 0);
		found.newest = db_int(rows, 1);
		found.modified = db_int(rows, 2);
		found.label = db_int(rows, 3);
		found.own_label = db_int(rows, 4);
	}
	db_rows_end(rows);
	if (more < 0)
		return more;
	*out = found;
	return HN_OK;
}

/* Another organisation's copies learn that they are not alone, so that reading gives one of them. */
static int share_others(struct adding *a)
{
	return db_run_later(
		a->db,
		"UPDATE version SET flags = flags + $1 WHERE (flags & $1) = 0 AND object IN "
		"(SELECT number FROM object WHERE uuid_a = $2 AND uuid_b = $3 AND type = $4 AND spec = $5)",
		db_number(VERSION_SHARED), db_number(a->id.a), db_number(a->id.b), db_number(a->type),
		db_number(a->spec));
}

static int tally(struct adding *a, int64_t label, int64_t by)
{
	return objects_batch_tally(a->o->batch, a->w, label, a->type, by);
}

static int64_t flags_of(const struct stix_object *o, size_t part_count, const struct standing *s)
{
	return (o->revoked ? VERSION_REVOKED : 0) | (s->apart ? VERSION_SHARED : 0) |
	       (part_count > 0 ? VERSION_GRANULAR : 0);
}

/* Parts that not everybody who sees the object may see, and the identifier of what the others see. */
static int insert_parts(struct adding *a, int64_t number)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < a->o->part_count; i++) {
		const struct object_part *part = &a->o->parts[i];
		err = db_insert_later(
			a->db, "INSERT INTO part (seq, place, selector, label) VALUES ($1, $2, $3, $4)",
			db_number(a->seq), db_number((int64_t)i),
			db_string(part->selector, part->selector_len), db_number(part->label));
	}
	if (err != HN_OK || a->o->part_count == 0)
		return err;
	struct uuid uuid = uuid_v4();
	struct uuid_halves twin = uuid_halves(&uuid);
	return db_insert_later(
		a->db, "INSERT INTO twin (object, uuid_a, uuid_b) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		db_number(number), db_number(twin.a), db_number(twin.b));
}

/* Puts a version into the collection, if there is one. */
static int collect(struct adding *a, int64_t seq, int64_t added)
{
	if (a->o->collection == 0)
		return HN_OK;
	return db_insert_later(
		a->db,
		"INSERT INTO collected (collection, added, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		db_number(a->o->collection), db_number(added), db_number(seq));
}

static int insert_version(struct adding *a, const struct standing *s, int64_t number, int64_t label,
			  bool newest)
{
	const struct stix_object *o = a->o->stix;
	int err = db_insert_later(
		a->db,
		"INSERT INTO version (seq, object, uuid_a, uuid_b, type, spec, modified, label, own_label, "
		"source, newest, flags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		db_number(a->seq), db_number(number), db_number(a->id.a), db_number(a->id.b),
		db_number(a->type), db_number(a->spec), db_number(a->modified), db_number(label),
		db_number(a->o->label), db_number(a->o->source), db_number(newest),
		db_number(flags_of(o, a->o->part_count, s)));
	if (err == HN_OK)
		err = db_insert_later(a->db, "INSERT INTO content (seq, bytes) VALUES ($1, $2)",
				      db_number(a->seq), db_bytes(o->bytes, o->len));
	if (err == HN_OK)
		err = collect(a, a->seq, a->seq);
	for (size_t i = 0; err == HN_OK && i < o->ref_count; i++) {
		struct uuid_halves target = uuid_halves(&o->refs[i].target.uuid);
		err = db_insert_later(
			a->db,
			"INSERT INTO reference (target_a, target_b, seq) VALUES ($1, $2, $3) ON "
			"CONFLICT DO NOTHING",
			db_number(target.a), db_number(target.b), db_number(a->seq));
	}
	if (err == HN_OK)
		err = insert_parts(a, number);
	if (err == HN_OK && newest)
		err = tally(a, label, 1);
	return err;
}

static int insert_first(struct adding *a, const struct standing *s)
{
	int err = db_insert_later(a->db,
				  "INSERT INTO object (number, uuid_a, uuid_b, type, spec, owner, newest) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $1)",
				  db_number(a->seq), db_number(a->id.a), db_number(a->id.b),
				  db_number(a->type), db_number(a->spec), db_number(a->o->owner));
	if (err == HN_OK && s->apart_alone)
		err = share_others(a);
	return err == HN_OK ? insert_version(a, s, a->seq, a->o->label, true) : err;
}

int object_cover_older(struct writing *w, int64_t number, int64_t newest_label)
{
	struct db *db = writing_db(w);
	enum { BATCH = 64 };
	int64_t after = 0;
	for (;;) {
		int64_t seqs[BATCH], labels[BATCH];
		size_t count = 0;
		struct db_rows *rows;
		int err = db_query(
			db, &rows,
			"SELECT seq, own_label FROM version WHERE object = $1 AND seq > $2 AND newest = 0 "
			"ORDER BY seq LIMIT 64",
			db_number(number), db_number(after));
		if (err != HN_OK)
			return err;
		int more = 1;
		while (count < BATCH && (more = db_next(rows)) == 1) {
			seqs[count] = db_int(rows, 0);
			labels[count++] = db_int(rows, 1);
		}
		db_rows_end(rows);
		if (more < 0)
			return more;
		for (size_t i = 0; err == HN_OK && i < count; i++) {
			int64_t both = labels[i];
			if (both != newest_label)
				err = labels_both(w, labels[i], newest_label, &both);
			if (err == HN_OK)
				err = db_run_later(db, "UPDATE version SET label = $1 WHERE seq = $2",
						   db_number(both), db_number(seqs[i]));
		}
		if (err != HN_OK || count < BATCH)
			return err;
		after = seqs[count - 1];
	}
}

static int insert_newer(struct adding *a, const struct standing *s)
{
	int err = db_run_later(a->db, "UPDATE version SET newest = 0 WHERE seq = $1", db_number(s->newest));
	if (err == HN_OK)
		err = tally(a, s->label, -1);
	if (err == HN_OK)
		err = db_run_later(a->db, "UPDATE object SET newest = $1 WHERE number = $2",
				   db_number(a->seq), db_number(s->number));
	if (err == HN_OK)
		err = object_cover_older(a->w, s->number, a->o->label);
	return err == HN_OK ? insert_version(a, s, s->number, a->o->label, true) : err;
}

static int insert_older(struct adding *a, const struct standing *s)
{
	int64_t both = a->o->label;
	int err = HN_OK;
	if (both != s->own_label)
		err = labels_both(a->w, both, s->own_label, &both);
	return err == HN_OK ? insert_version(a, s, s->number, both, false) : err;
}

static bool same_meaning(const uint8_t *bytes, size_t len, const struct stix_object *o)
{
	struct stix_object standing;
	uint8_t a[STIX_DIGEST_SIZE], b[STIX_DIGEST_SIZE];
	stix_object_init(&standing);
	bool same = stix_object_read(&standing, cur_of(bytes, len), o->spec, &STIX_DEFAULTS, NULL) == HN_OK &&
		    stix_object_digest(&standing, a) == HN_OK && stix_object_digest(o, b) == HN_OK &&
		    memcmp(a, b, sizeof(a)) == 0;
	stix_object_clear(&standing);
	return same;
}

/* The bytes of this object's version with this time (0: of its newest). @return HN_ENOENT */
static int compare_version(struct adding *a, int64_t number, int64_t modified, int64_t newest,
			   int64_t *seq_out, bool *same_out)
{
	struct db_rows *rows;
	int err = newest != 0
			  ? db_query(a->db, &rows, "SELECT seq, bytes FROM content WHERE seq = $1",
				     db_number(newest))
			  : db_query(a->db, &rows,
				     "SELECT c.seq, c.bytes FROM version v JOIN content c ON c.seq = v.seq "
				     "WHERE v.object = $1 AND v.modified = $2",
				     db_number(number), db_number(modified));
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	if (more == 1) {
		size_t len;
		const uint8_t *bytes = db_blob(rows, 1, &len);
		const struct stix_object *o = a->o->stix;
		*seq_out = db_int(rows, 0);
		*same_out =
			(len == o->len && memcmp(bytes, o->bytes, len) == 0) || same_meaning(bytes, len, o);
	}
	db_rows_end(rows);
	return more == 1 ? HN_OK : more < 0 ? more : HN_ENOENT;
}

static int add_version(struct adding *a, const struct standing *s, enum object_outcome *outcome)
{
	bool arrival = versioned_by_arrival(a->o->stix);
	bool same = false;
	int64_t seq = 0;
	int err = HN_ENOENT;
	if (arrival || a->modified <= s->modified)
		err = compare_version(a, s->number, a->modified, arrival ? s->newest : 0, &seq, &same);
	if (err == HN_OK && (same || !arrival)) {
		*outcome = same ? OBJECT_SAME : OBJECT_CONFLICT;
		a->seq = same ? seq : 0;
		/* Here, but perhaps not yet there: whoever follows the collection meets it now. */
		return same && a->o->collection != 0 ? collect(a, seq, writing_next_seq(a->w)) : HN_OK;
	}
	if (err != HN_OK && err != HN_ENOENT)
		return err;
	a->seq = writing_next_seq(a->w);
	a->modified = version_of(a->o->stix, a->seq);
	*outcome = a->modified > s->modified ? OBJECT_NEWER : OBJECT_OLDER;
	return *outcome == OBJECT_NEWER ? insert_newer(a, s) : insert_older(a, s);
}

int objects_add(struct writing *w, const struct object_new *object, enum object_outcome *outcome_out,
		int64_t *seq_out)
{
	const struct stix_object *o = object->stix;
	struct adding a = {
		.w = w, .db = writing_db(w), .o = object, .id = uuid_halves(&o->id.uuid), .spec = o->spec};
	int err = objects_batch_type(object->batch, w, &o->id, &a.type);
	struct standing s = {0};
	if (err == HN_OK && !objects_batch_is_new(object->batch, &o->id.uuid))
		err = find_standing(&a, &s);
	if (err != HN_OK)
		return err;
	enum object_outcome outcome = OBJECT_NEW;
	a.modified = version_of(o, 0);
	if (s.here) {
		err = add_version(&a, &s, &outcome);
	} else {
		a.seq = writing_next_seq(w);
		a.modified = version_of(o, a.seq);
		err = insert_first(&a, &s);
	}
	if (err != HN_OK)
		return err;
	*outcome_out = outcome;
	*seq_out = a.seq;
	return HN_OK;
}
