/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/labels.h"
#include "store/marking.h"
#include "store/marking_find.h"
#include "store/object_inside.h"
#include "store/store.h"
#include "store/view_tag.h"

/*
 * Versions that wait for marking-definitions: one row for each definition that is not here. When it comes,
 * the version's bytes are read again and it gets the labels that it should have had.
 */

#define IDS_MAX 128 /* markings of an object and one of its parts */

static int wait_for(struct writing *w, int64_t seq, int64_t owner, int64_t base, const struct stix_id *id)
{
	struct stix_marking m;
	struct uuid_halves h = uuid_halves(&id->uuid);
	int err = stix_marking_fixed(id, &m) ? HN_OK : marking_find(w, owner, id, &m);
	if (err != HN_ENOENT)
		return err;
	return db_run(
		writing_db(w),
		"INSERT INTO marking_wait (uuid_a, uuid_b, seq, base) VALUES ($1, $2, $3, $4) ON CONFLICT "
		"DO NOTHING",
		db_number(h.a), db_number(h.b), db_number(seq), db_number(base));
}

int marking_unknown(struct writing *w, int64_t seq, const struct label *base, const struct stix_object *o)
{
	int64_t number = 0;
	int err = labels_number(w, base, &number);
	for (size_t i = 0; i < o->marking_count && err == HN_OK; i++)
		err = wait_for(w, seq, base->owner, number, &o->markings[i]);
	for (size_t i = 0; i < o->granular_count && err == HN_OK; i++)
		if (o->granular[i].marking.type_len != 0)
			err = wait_for(w, seq, base->owner, number, &o->granular[i].marking);
	return err;
}

/* ---- a version gets other labels ---- */

struct version {
	int64_t seq, object, type, label, own_label;
	bool newest;
	enum stix_spec spec;
	struct buf bytes;
};

static int read_version(struct db *db, int64_t seq, struct version *out)
{
	struct db_rows *rows = NULL;
	buf_init(&out->bytes, STIX_DEFAULTS.size_max);
	int err = db_query(
		db, &rows,
		"SELECT v.object, v.type, v.spec, v.label, v.own_label, v.newest, c.bytes FROM version "
		"v JOIN content c ON c.seq = v.seq WHERE v.seq = $1",
		db_number(seq));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1) {
		size_t len = 0;
		const uint8_t *bytes = db_blob(rows, 6, &len);
		out->seq = seq;
		out->object = db_int(rows, 0);
		out->type = db_int(rows, 1);
		out->spec = (enum stix_spec)db_int(rows, 2);
		out->label = db_int(rows, 3);
		out->own_label = db_int(rows, 4);
		out->newest = db_int(rows, 5) != 0;
		buf_add(&out->bytes, bytes, len);
		err = buf_err(&out->bytes);
	} else if (err == 0) {
		err = HN_ENOENT;
	}
	db_rows_end(rows);
	return err;
}

static int newest_own_label(struct db *db, int64_t object, int64_t *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT own_label FROM version WHERE object = $1 AND newest = 1",
			   db_number(object));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1)
		*out = db_int(rows, 0);
	db_rows_end(rows);
	if (err == 1)
		return HN_OK;
	return err == 0 ? HN_ENOENT : err;
}

static int tally(struct db *db, const struct version *v, int64_t label, int64_t by)
{
	return db_run(
		db,
		"INSERT INTO tally (label, type, objects) VALUES ($1, $2, $3) ON CONFLICT (label, type) DO "
		"UPDATE SET objects = tally.objects + excluded.objects",
		db_number(label), db_number(v->type), db_number(by));
}

/* The newest version's label covers the older ones. */
static int set_newest(struct writing *w, const struct version *v, int64_t own)
{
	struct db *db = writing_db(w);
	int err = db_run(db, "UPDATE version SET own_label = $1, label = $1 WHERE seq = $2", db_number(own),
			 db_number(v->seq));
	if (err == HN_OK)
		err = tally(db, v, v->label, -1);
	if (err == HN_OK)
		err = tally(db, v, own, 1);
	return err == HN_OK ? object_cover_older(w, v->object, own) : err;
}

static int set_older(struct writing *w, const struct version *v, int64_t own)
{
	int64_t both = own;
	int64_t newest = 0;
	int err = newest_own_label(writing_db(w), v->object, &newest);
	if (err == HN_OK)
		err = labels_both(w, own, newest, &both);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w), "UPDATE version SET own_label = $1, label = $2 WHERE seq = $3",
		      db_number(own), db_number(both), db_number(v->seq));
}

/* In the order in which they were added: those that say a language only have none. */
static int set_parts(struct writing *w, int64_t seq, const struct label *base, const struct stix_object *o)
{
	struct stix_id ids[IDS_MAX];
	int64_t place = 0;
	int err = o->marking_count < IDS_MAX ? HN_OK : HN_ELIMIT;
	for (size_t i = 0; i < o->granular_count && err == HN_OK; i++) {
		int64_t label = 0;
		bool not_here = false;
		if (o->granular[i].marking.type_len == 0)
			continue;
		memcpy(ids, o->markings, o->marking_count * sizeof(ids[0]));
		ids[o->marking_count] = o->granular[i].marking;
		err = marking_label(w, base, ids, o->marking_count + 1, &label, &not_here);
		if (err == HN_OK)
			err = db_run(writing_db(w),
				     "UPDATE part SET label = $1 WHERE seq = $2 AND place = $3",
				     db_number(label), db_number(seq), db_number(place));
		place++;
	}
	return err;
}

static int relabel_object(struct writing *w, const struct version *v, const struct label *base,
			  const struct stix_object *o)
{
	int64_t own = 0;
	bool not_here = false;
	int err = marking_label_of(w, base, o, &own, &not_here);
	if (err == HN_OK)
		err = view_tag_moved(w, v->label);
	if (err == HN_OK && own != v->own_label)
		err = view_tag_moved(w, own);
	if (err == HN_OK && own != v->own_label)
		err = v->newest ? set_newest(w, v, own) : set_older(w, v, own);
	return err == HN_OK ? set_parts(w, v->seq, base, o) : err;
}

static int relabel(struct writing *w, int64_t seq, const struct label *base)
{
	struct version v;
	struct stix_object o;
	stix_object_init(&o);
	int err = read_version(writing_db(w), seq, &v);
	if (err == HN_OK)
		err = stix_object_read(&o, cur_of(v.bytes.data, v.bytes.len), v.spec, &STIX_DEFAULTS, NULL);
	if (err == HN_OK)
		err = relabel_object(w, &v, base, &o);
	stix_object_clear(&o);
	buf_clear(&v.bytes);
	/* A version that is gone, or that nobody can read any more, waits no longer. */
	return err == HN_ENOENT || err == HN_EFORMAT ? HN_OK : err;
}

/* ---- a definition has come ---- */

struct waiting {
	int64_t seq, base;
};

#define WAITING_MAX 256

static int next_waiting(struct db *db, const struct uuid_halves *h, int64_t after,
			struct waiting out[WAITING_MAX], size_t *count_out)
{
	struct db_rows *rows = NULL;
	size_t count = 0;
	int err = db_query(
		db, &rows,
		"SELECT seq, base FROM marking_wait WHERE uuid_a = $1 AND uuid_b = $2 AND seq > $3 ORDER "
		"BY seq LIMIT 256",
		db_number(h->a), db_number(h->b), db_number(after));
	if (err != HN_OK)
		return err;
	while (count < WAITING_MAX && (err = db_next(rows)) == 1)
		out[count++] = (struct waiting){db_int(rows, 0), db_int(rows, 1)};
	db_rows_end(rows);
	*count_out = count;
	return err < 0 ? err : HN_OK;
}

static int serve(struct writing *w, const struct uuid_halves *h, const struct waiting *wait, int64_t owner,
		 bool for_all)
{
	struct label base;
	int err = labels_read(w, wait->base, &base);
	if (err != HN_OK || (!for_all && base.owner != owner))
		return err;
	err = relabel(w, wait->seq, &base);
	if (err != HN_OK)
		return err;
	return db_run(writing_db(w),
		      "DELETE FROM marking_wait WHERE uuid_a = $1 AND uuid_b = $2 AND seq = $3",
		      db_number(h->a), db_number(h->b), db_number(wait->seq));
}

int marking_arrived(struct writing *w, const struct stix_object *definition, int64_t owner)
{
	struct uuid_halves h = uuid_halves(&definition->id.uuid);
	struct waiting waiting[WAITING_MAX];
	size_t count = 0;
	int64_t after = 0;
	bool for_all = false;
	int err = marking_holds_for_all(w, owner, &for_all);
	do {
		if (err == HN_OK)
			err = next_waiting(writing_db(w), &h, after, waiting, &count);
		for (size_t i = 0; i < count && err == HN_OK; i++) {
			err = serve(w, &h, &waiting[i], owner, for_all);
			after = waiting[i].seq;
		}
	} while (err == HN_OK && count == WAITING_MAX);
	return err;
}
