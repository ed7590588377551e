/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/buf.h"
#include "store/db_row.h"
#include "store/labels.h"
#include "store/marking.h"
#include "store/marking_find.h"
#include "store/object_inside.h"
#include "store/objects_batch.h"
#include "store/store.h"
#include "store/view_tag.h"

/*
 * Versions that wait for marking-definitions: one row for each definition that is not here. When it comes,
 * the version's bytes are read again and it gets the labels that it should have had.
 */

#define IDS_MAX 128 /* markings of an object and one of its parts */

static int wait_for(struct writing *w, int64_t seq, int64_t owner, int64_t base, struct marking_memo *memo,
		    const struct stix_id *id)
{
	struct stix_marking m;
	struct uuid_halves h = uuid_halves(&id->uuid);
	int err = stix_marking_fixed(id, &m) ? HN_OK : marking_find(w, owner, id, memo, &m);
	if (err != HN_ENOENT)
		return err;
	return db_insert_later(
		writing_db(w),
		"INSERT INTO marking_wait (uuid_a, uuid_b, seq, base) VALUES ($1, $2, $3, $4) ON CONFLICT "
		"DO NOTHING",
		db_number(h.a), db_number(h.b), db_number(seq), db_number(base));
}

int marking_unknown(struct writing *w, int64_t seq, const struct label *base, struct marking_memo *memo,
		    const struct stix_object *o)
{
	int64_t number = memo != NULL ? memo->base : 0;
	int err = number == 0 ? labels_number(w, base, &number) : HN_OK;
	if (err == HN_OK && memo != NULL)
		memo->base = number;
	for (size_t i = 0; i < o->marking_count && err == HN_OK; i++)
		err = wait_for(w, seq, base->owner, number, memo, &o->markings[i]);
	for (size_t i = 0; i < o->granular_count && err == HN_OK; i++)
		if (o->granular[i].marking.type_len != 0)
			err = wait_for(w, seq, base->owner, number, memo, &o->granular[i].marking);
	return err;
}

/* ---- a version gets other labels ---- */

#define MOVED_MAX 64 /* labels that are noted together; more are noted one by one */

/* Who waited, one after the other; what they share is asked and written once. */
struct serving {
	struct writing *w;
	struct objects_batch *batch;
	int64_t base_number; /* 0: no base yet */
	struct label base;
	struct marking_memo memo; /* of this base */
	int64_t moved[MOVED_MAX]; /* labels from or to which versions moved */
	size_t moved_count;
};

struct version {
	int64_t seq, object, type, label, own_label;
	bool newest, has_older;
	enum stix_spec spec;
	struct buf bytes;
};

static int read_version(struct db *db, int64_t seq, struct version *out)
{
	struct db_rows *rows = NULL;
	buf_init(&out->bytes, STIX_DEFAULTS.size_max);
	int err = db_query(
		db, &rows,
		"SELECT v.object, v.type, v.spec, v.label, v.own_label, v.newest, c.bytes, EXISTS (SELECT 1 "
		"FROM version o WHERE o.object = v.object AND o.newest = 0) FROM version v JOIN content c "
		"ON c.seq = v.seq WHERE v.seq = $1",
		db_number(seq));
	err = db_first(err, &rows);
	if (err != HN_OK)
		return err;
	size_t len = 0;
	const uint8_t *bytes = db_blob(rows, 6, &len);
	out->seq = seq;
	out->object = db_int(rows, 0);
	out->type = db_int(rows, 1);
	out->spec = (enum stix_spec)db_int(rows, 2);
	out->label = db_int(rows, 3);
	out->own_label = db_int(rows, 4);
	out->newest = db_int(rows, 5) != 0;
	out->has_older = db_int(rows, 7) != 0;
	buf_add(&out->bytes, bytes, len);
	db_rows_end(rows);
	return buf_err(&out->bytes);
}

static int newest_own_label(struct db *db, int64_t object, int64_t *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT own_label FROM version WHERE object = $1 AND newest = 1",
			   db_number(object));
	return db_one_number(err, &rows, out);
}

/* The newest version's label covers the older ones. */
static int set_newest(struct serving *s, const struct version *v, int64_t own)
{
	int err =
		db_run_later(writing_db(s->w), "UPDATE version SET own_label = $1, label = $1 WHERE seq = $2",
			     db_number(own), db_number(v->seq));
	if (err == HN_OK)
		err = objects_batch_tally(s->batch, s->w, v->label, v->type, -1);
	if (err == HN_OK)
		err = objects_batch_tally(s->batch, s->w, own, v->type, 1);
	return err == HN_OK && v->has_older ? object_cover_older(s->w, v->object, own) : err;
}

static int set_older(struct serving *s, const struct version *v, int64_t own)
{
	struct db *db = writing_db(s->w);
	int64_t both = own;
	int64_t newest = 0;
	int err = newest_own_label(db, v->object, &newest);
	if (err == HN_OK)
		err = labels_both(s->w, own, newest, &both);
	if (err != HN_OK)
		return err;
	return db_run_later(db, "UPDATE version SET own_label = $1, label = $2 WHERE seq = $3",
			    db_number(own), db_number(both), db_number(v->seq));
}

/* In the order in which they were added: those that say a language only have none. */
static int set_parts(struct serving *s, int64_t seq, const struct stix_object *o)
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
		err = marking_label(s->w, &s->base, ids, o->marking_count + 1, &s->memo, &label, &not_here);
		if (err == HN_OK)
			err = db_run_later(writing_db(s->w),
					   "UPDATE part SET label = $1 WHERE seq = $2 AND place = $3",
					   db_number(label), db_number(seq), db_number(place));
		place++;
	}
	return err;
}

static int moved(struct serving *s, int64_t label)
{
	for (size_t i = 0; i < s->moved_count; i++)
		if (s->moved[i] == label)
			return HN_OK;
	if (s->moved_count == MOVED_MAX)
		return view_tag_moved(s->w, label);
	s->moved[s->moved_count++] = label;
	return HN_OK;
}

static int relabel_object(struct serving *s, const struct version *v, const struct stix_object *o)
{
	int64_t own = 0;
	bool not_here = false;
	int err = marking_label_of(s->w, &s->base, o, &s->memo, &own, &not_here);
	if (err == HN_OK)
		err = moved(s, v->label);
	if (err == HN_OK && own != v->own_label)
		err = moved(s, own);
	if (err == HN_OK && own != v->own_label)
		err = v->newest ? set_newest(s, v, own) : set_older(s, v, own);
	return err == HN_OK ? set_parts(s, v->seq, o) : err;
}

static int relabel(struct serving *s, int64_t seq)
{
	struct version v;
	struct stix_object o;
	stix_object_init(&o);
	int err = read_version(writing_db(s->w), seq, &v);
	if (err == HN_OK)
		err = stix_object_read(&o, cur_of(v.bytes.data, v.bytes.len), v.spec, &STIX_DEFAULTS, NULL);
	if (err == HN_OK)
		err = relabel_object(s, &v, &o);
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

static int take_base(struct serving *s, int64_t number)
{
	if (s->base_number == number)
		return HN_OK;
	s->base_number = 0;
	s->memo = (struct marking_memo){0};
	int err = labels_read(s->w, number, &s->base);
	if (err == HN_OK)
		s->base_number = number;
	return err;
}

/* Those of `waiting` for whom the definition holds get their labels and wait no longer. */
static int serve(struct serving *s, const struct uuid_halves *h, const struct waiting *waiting, size_t count,
		 int64_t owner, bool for_all)
{
	int64_t served[WAITING_MAX];
	size_t served_count = 0;
	int err = HN_OK;
	for (size_t i = 0; i < count && err == HN_OK; i++) {
		err = take_base(s, waiting[i].base);
		if (err != HN_OK || (!for_all && s->base.owner != owner))
			continue;
		err = relabel(s, waiting[i].seq);
		served[served_count++] = waiting[i].seq;
	}
	if (err != HN_OK || served_count == 0)
		return err;
	return db_run(writing_db(s->w),
		      "DELETE FROM marking_wait WHERE uuid_a = $1 AND uuid_b = $2 AND seq ANY_OF($3)",
		      db_number(h->a), db_number(h->b), db_ints(served, served_count));
}

int marking_arrived(struct writing *w, const struct stix_object *definition, int64_t owner,
		    struct objects_batch *batch)
{
	struct uuid_halves h = uuid_halves(&definition->id.uuid);
	struct waiting waiting[WAITING_MAX];
	struct serving s = {.w = w, .batch = batch};
	size_t count = 0;
	int64_t after = 0;
	bool for_all = false;
	int err = marking_holds_for_all(w, owner, &for_all);
	do {
		if (err == HN_OK)
			err = next_waiting(writing_db(w), &h, after, waiting, &count);
		if (err == HN_OK && count > 0) {
			err = serve(&s, &h, waiting, count, owner, for_all);
			after = waiting[count - 1].seq;
		}
	} while (err == HN_OK && count == WAITING_MAX);
	for (size_t i = 0; err == HN_OK && i < s.moved_count; i++)
		err = view_tag_moved(w, s.moved[i]);
	return err;
}
