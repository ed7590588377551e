/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "store/directory_private.h"
#include "store/directory_rows.h"
#include "store/object_inside.h"
#include "store/owners_image.h"

/* ---- hashes ---- */

static uint64_t hash_bytes(uint64_t h, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 1099511628211ULL;
	return h ^ h >> 29;
}

/* Identifiers and logins are given by people whom the hub knows; secrets are digests. */
static uint64_t hash_of(unsigned kind, const void *data, size_t len)
{
	return hash_bytes(14695981039346656037ULL ^ kind, data, len);
}

static uint64_t key_of(const struct entry *e)
{
	const struct credential *c = &e->credential;
	if (e->thing == DIRECTORY_PERSON)
		return hash_of(0, e->person.login, strlen(e->person.login));
	if (e->thing != DIRECTORY_CREDENTIAL)
		return (uint64_t)e->number;
	if (c->kind == CREDENTIAL_PASSWORD || c->kind == CREDENTIAL_TOTP)
		return hash_of(c->kind, &c->person, sizeof(c->person));
	return hash_of(c->kind, c->secret, c->secret_len);
}

static struct entry **next_of(struct entry *e, bool key)
{
	return key ? &e->next_key : &e->next_id;
}

static struct entry **bucket_of(const struct entry_index *index, uint64_t hash)
{
	return &index->buckets[hash & (index->bucket_count - 1)];
}

static void index_insert(struct entry_index *index, struct entry *e, bool key)
{
	struct entry **bucket = bucket_of(index, key ? e->key_hash : e->id_hash);
	*next_of(e, key) = *bucket;
	*bucket = e;
	index->count++;
}

static int index_grow(struct entry_index *index, bool key)
{
	if (index->count < index->bucket_count)
		return HN_OK;
	struct entry_index larger = {.bucket_count = index->bucket_count == 0 ? 64 : 2 * index->bucket_count};
	larger.buckets = calloc(larger.bucket_count, sizeof(struct entry *));
	if (larger.buckets == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < index->bucket_count; i++) {
		struct entry *e = index->buckets[i];
		while (e != NULL) {
			struct entry *next = *next_of(e, key);
			index_insert(&larger, e, key);
			e = next;
		}
	}
	free(index->buckets);
	*index = larger;
	return HN_OK;
}

static void index_remove(struct entry_index *index, struct entry *e, bool key)
{
	struct entry **at = bucket_of(index, key ? e->key_hash : e->id_hash);
	while (*at != e)
		at = next_of(*at, key);
	*at = *next_of(e, key);
	index->count--;
}

static struct entry *first_in(const struct entry_index *index, uint64_t hash)
{
	return index->bucket_count == 0 ? NULL : *bucket_of(index, hash);
}

/* ---- finding ---- */

size_t shelf_place(const struct shelf *shelf, int64_t number)
{
	size_t low = 0;
	size_t high = shelf->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (shelf->entries[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct entry *entry_by_number(const struct directory *d, enum directory_thing thing, int64_t number)
{
	const struct shelf *shelf = &d->shelves[thing];
	size_t at = shelf_place(shelf, number);
	return at < shelf->count && shelf->entries[at]->number == number ? shelf->entries[at] : NULL;
}

struct entry *entry_by_id(const struct directory *d, enum directory_thing thing, const struct uuid *id)
{
	uint64_t hash = hash_of(0, id, sizeof(*id));
	struct entry *e = first_in(&d->shelves[thing].by_id, hash);
	while (e != NULL && (e->id_hash != hash || uuid_compare(&e->id, id) != 0))
		e = e->next_id;
	return e;
}

struct entry *entry_by_login(const struct directory *d, const char *login, size_t len)
{
	uint64_t hash = hash_of(0, login, len);
	struct entry *e = first_in(&d->shelves[DIRECTORY_PERSON].by_key, hash);
	while (e != NULL && (strlen(e->person.login) != len || memcmp(e->person.login, login, len) != 0))
		e = e->next_key;
	return e;
}

struct entry *entry_by_secret(const struct directory *d, enum credential_kind kind, const uint8_t *secret,
			      size_t len)
{
	uint64_t hash = hash_of(kind, secret, len);
	struct entry *e = first_in(&d->shelves[DIRECTORY_CREDENTIAL].by_key, hash);
	while (e != NULL && (e->credential.kind != kind || e->credential.secret_len != len ||
			     memcmp(e->credential.secret, secret, len) != 0))
		e = e->next_key;
	return e;
}

struct entry *entry_of_person(const struct directory *d, enum credential_kind kind, int64_t person)
{
	uint64_t hash = hash_of(kind, &person, sizeof(person));
	struct entry *e = first_in(&d->shelves[DIRECTORY_CREDENTIAL].by_key, hash);
	while (e != NULL && (e->credential.kind != kind || e->credential.person != person))
		e = e->next_key;
	return e;
}

/* ---- changing, under the lock ---- */

static void entry_free(struct entry *e)
{
	if (e == NULL)
		return;
	if (e->thing == DIRECTORY_ORGANISATION)
		organisation_clear(&e->organisation);
	else if (e->thing == DIRECTORY_GROUP)
		group_clear(&e->group);
	else if (e->thing == DIRECTORY_PERSON)
		person_clear(&e->person);
	free(e);
}

static void take_out(struct directory *d, enum directory_thing thing, int64_t number)
{
	struct shelf *shelf = &d->shelves[thing];
	struct entry *e = entry_by_number(d, thing, number);
	if (e == NULL)
		return;
	size_t at = shelf_place(shelf, number);
	memmove(&shelf->entries[at], &shelf->entries[at + 1], (shelf->count - at - 1) * sizeof(e));
	shelf->count--;
	index_remove(&shelf->by_id, e, false);
	index_remove(&shelf->by_key, e, true);
	if (d->centre == e)
		d->centre = NULL;
	entry_free(e);
}

/* Room for one more, so that what follows cannot fail. */
static int make_room(struct shelf *shelf)
{
	if (shelf->count == shelf->room) {
		size_t room = shelf->room == 0 ? 16 : 2 * shelf->room;
		struct entry **entries = realloc(shelf->entries, room * sizeof(entries[0]));
		if (entries == NULL)
			return HN_ENOMEM;
		shelf->entries = entries;
		shelf->room = room;
	}
	int err = index_grow(&shelf->by_id, false);
	return err == HN_OK ? index_grow(&shelf->by_key, true) : err;
}

static void put_in(struct directory *d, struct entry *e)
{
	struct shelf *shelf = &d->shelves[e->thing];
	size_t at = shelf_place(shelf, e->number);
	memmove(&shelf->entries[at + 1], &shelf->entries[at], (shelf->count - at) * sizeof(e));
	shelf->entries[at] = e;
	shelf->count++;
	e->id_hash = hash_of(0, &e->id, sizeof(e->id));
	e->key_hash = key_of(e);
	index_insert(&shelf->by_id, e, false);
	index_insert(&shelf->by_key, e, true);
	if (e->thing == DIRECTORY_ORGANISATION && e->organisation.kind == ORG_CENTRE)
		d->centre = e;
}

/* ---- loading ---- */

/* The row, as an entry. */
static int entry_of_row(enum directory_thing thing, const struct db_rows *rows, struct entry **out)
{
	struct entry *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return HN_ENOMEM;
	size_t len = 0;
	int err;
	e->number = db_int(rows, 0);
	e->id = uuid_of_halves(db_int(rows, 1), db_int(rows, 2));
	if (thing == DIRECTORY_CREDENTIAL) {
		err = credential_of_row(rows, &e->credential);
		e->revision = e->credential.revision;
	} else {
		const char *text = db_text(rows, 4, &len);
		e->revision = db_int(rows, 3);
		if (thing == DIRECTORY_ORGANISATION)
			err = organisation_read(text, len, &e->id, &e->organisation, NULL);
		else if (thing == DIRECTORY_GROUP)
			err = group_read(text, len, &e->id, &e->group, NULL);
		else
			err = person_read(text, len, &e->id, &e->person, NULL);
	}
	e->thing = thing; /* only now is there anything to clear */
	if (err != HN_OK)
		free(e);
	else
		*out = e;
	return err;
}

/* One thing, or all from a number on. */
static int query(struct db *db, enum directory_thing thing, int64_t from, int64_t to, struct db_rows **rows)
{
	if (thing == DIRECTORY_ORGANISATION)
		return db_query(
			db, rows,
			"SELECT number, uuid_a, uuid_b, revision, body FROM organisation WHERE number "
			"BETWEEN $1 AND $2 ORDER BY number",
			db_number(from), db_number(to));
	if (thing == DIRECTORY_GROUP)
		return db_query(
			db, rows,
			"SELECT number, uuid_a, uuid_b, revision, body FROM sharing_group WHERE number "
			"BETWEEN $1 AND $2 ORDER BY number",
			db_number(from), db_number(to));
	if (thing == DIRECTORY_PERSON)
		return db_query(
			db, rows,
			"SELECT number, uuid_a, uuid_b, revision, body FROM person WHERE number BETWEEN "
			"$1 AND $2 ORDER BY number",
			db_number(from), db_number(to));
	return db_query(db, rows,
			"SELECT " CREDENTIAL_COLUMNS
			" FROM credential WHERE number BETWEEN $1 AND $2 ORDER BY "
			"number",
			db_number(from), db_number(to));
}

/* A row that cannot be read (of a newer program) is as if it were not there: it gives nobody anything. */
static int load_range(struct directory *d, struct db *db, enum directory_thing thing, int64_t from,
		      int64_t to)
{
	struct db_rows *rows = NULL;
	int err = query(db, thing, from, to, &rows);
	if (err != HN_OK)
		return err;
	while ((err = db_next(rows)) == 1) {
		struct entry *e = NULL;
		err = entry_of_row(thing, rows, &e);
		if (err == HN_EFORMAT || err == HN_ELIMIT)
			continue;
		if (err == HN_OK)
			err = make_room(&d->shelves[thing]);
		if (err != HN_OK) {
			entry_free(e);
			break;
		}
		put_in(d, e);
	}
	db_rows_end(rows);
	return err;
}

struct changed {
	int64_t revision, number;
	enum directory_thing thing;
};

#define CHANGED_MAX 256 /* taken in at a time */

static int changes_after(struct db *db, int64_t revision, struct changed *out, size_t *count_out)
{
	struct db_rows *rows = NULL;
	size_t count = 0;
	int err =
		db_query(db, &rows,
			 "SELECT revision, thing, number FROM directory_change WHERE revision > $1 ORDER BY "
			 "revision LIMIT 256",
			 db_number(revision));
	if (err != HN_OK)
		return err;
	while (count < CHANGED_MAX && (err = db_next(rows)) == 1) {
		out[count++] = (struct changed){db_int(rows, 0), db_int(rows, 2),
						(enum directory_thing)db_int(rows, 1)};
	}
	db_rows_end(rows);
	*count_out = count;
	return err < 0 ? err : HN_OK;
}

static int take_in(struct directory *d, struct db *db, const struct changed *changes, size_t count)
{
	int err = HN_OK;
	(void)pthread_rwlock_wrlock(&d->lock);
	for (size_t i = 0; i < count && err == HN_OK; i++) {
		const struct changed *c = &changes[i];
		if ((unsigned)c->thing < DIRECTORY_THINGS) {
			take_out(d, c->thing, c->number);
			err = load_range(d, db, c->thing, c->number, c->number);
		}
		if (c->thing == DIRECTORY_ORGANISATION)
			atomic_store(&d->organisations_revision, c->revision);
		/* An error leaves the thing out: who it is gets nothing until the next try reads it. */
		if (err == HN_OK)
			d->revision = c->revision;
	}
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

static int refresh_from(struct directory *d, struct db *db)
{
	struct changed changes[CHANGED_MAX];
	size_t count = 0;
	int err;
	do {
		err = changes_after(db, directory_revision(d), changes, &count);
		if (err == HN_OK)
			err = take_in(d, db, changes, count);
	} while (err == HN_OK && count == CHANGED_MAX);
	return err;
}

static int refresh(struct directory *d)
{
	struct asker hub;
	struct reader *reader = NULL;
	asker_hub(&hub);
	(void)pthread_mutex_lock(&d->loading);
	int err = store_read(d->store, &hub, &reader);
	if (err == HN_OK) {
		err = refresh_from(d, reader_db(reader));
		reader_end(reader);
	}
	(void)pthread_mutex_unlock(&d->loading);
	return err;
}

/* After each commit, before those who made it are told. */
static void committed(void *context, int64_t seq)
{
	(void)seq;
	struct directory *d = context;
	/* What could not be read now is read before anybody else is believed (directory_current()). */
	atomic_store(&d->stale, refresh(d) != HN_OK);
}

static int load_all(struct directory *d)
{
	struct asker hub;
	struct reader *reader = NULL;
	struct db_rows *rows = NULL;
	asker_hub(&hub);
	int err = store_read(d->store, &hub, &reader);
	if (err != HN_OK)
		return err;
	struct db *db = reader_db(reader);
	for (int thing = 0; thing < DIRECTORY_THINGS && err == HN_OK; thing++)
		err = load_range(d, db, (enum directory_thing)thing, 0, INT64_MAX);
	if (err == HN_OK)
		err = db_query(db, &rows, "SELECT COALESCE(MAX(revision), 0) FROM directory_change");
	if (err == HN_OK) {
		err = db_next(rows);
		if (err == 1)
			d->revision = db_int(rows, 0);
		db_rows_end(rows);
		err = err < 0 ? err : HN_OK;
	}
	atomic_store(&d->organisations_revision, d->revision);
	reader_end(reader);
	return err;
}

int directory_open(struct store *store, bool shared, struct directory **out, struct fault *fault)
{
	struct directory *d = calloc(1, sizeof(*d));
	int err = d == NULL ? HN_ENOMEM : HN_OK;
	if (err == HN_OK) {
		d->store = store;
		d->shared = shared;
		if (pthread_mutex_init(&d->loading, NULL) != 0 ||
		    pthread_mutex_init(&d->owners_lock, NULL) != 0 ||
		    pthread_rwlock_init(&d->lock, NULL) != 0)
			err = HN_ENOMEM;
	}
	if (err == HN_OK)
		err = load_all(d);
	if (err == HN_OK)
		err = store_watch(store, committed, d);
	/* What was committed between the two. */
	if (err == HN_OK)
		err = refresh(d);
	if (err == HN_OK) {
		*out = d;
		return HN_OK;
	}
	directory_close(d);
	return fault_set(fault, err, "", tr("cannot read the directory: %s", "名簿を読めない: %s"),
			 hn_strerror(err));
}

void directory_close(struct directory *d)
{
	if (d == NULL)
		return;
	owners_unref(d->owners);
	for (size_t thing = 0; thing < DIRECTORY_THINGS; thing++) {
		struct shelf *shelf = &d->shelves[thing];
		for (size_t i = 0; i < shelf->count; i++)
			entry_free(shelf->entries[i]);
		free(shelf->entries);
		free(shelf->by_id.buckets);
		free(shelf->by_key.buckets);
	}
	free(d);
}

int directory_current(struct directory *d)
{
	/* Before there is a centre, `hinomi hub init` may make it any time. */
	if (!d->shared && !atomic_load(&d->stale) && directory_centre(d) != 0)
		return HN_OK;
	int err = refresh(d);
	if (err == HN_OK)
		atomic_store(&d->stale, false);
	return err;
}

int64_t directory_revision(struct directory *d)
{
	(void)pthread_rwlock_rdlock(&d->lock);
	int64_t revision = d->revision;
	(void)pthread_rwlock_unlock(&d->lock);
	return revision;
}

int64_t directory_organisations_revision(struct directory *d)
{
	return atomic_load(&d->organisations_revision);
}

int directory_each(struct directory *d,
		   int (*fn)(void *context, int64_t number, const struct organisation *o), void *context)
{
	int err = HN_OK;
	(void)pthread_rwlock_rdlock(&d->lock);
	const struct shelf *shelf = &d->shelves[DIRECTORY_ORGANISATION];
	for (size_t i = 0; i < shelf->count && err == HN_OK; i++)
		if (!shelf->entries[i]->organisation.ended)
			err = fn(context, shelf->entries[i]->number, &shelf->entries[i]->organisation);
	(void)pthread_rwlock_unlock(&d->lock);
	return err;
}

/* ---- owners ---- */

static bool holds(const struct owners *o, int64_t revision, int64_t now_us)
{
	return o != NULL && o->revision == revision && o->from_us <= now_us &&
	       (o->until_us == 0 || now_us < o->until_us);
}

int owners_get(struct directory *d, int64_t now_us, struct owners **out)
{
	int err = HN_OK;
	(void)pthread_mutex_lock(&d->owners_lock);
	if (!holds(d->owners, directory_organisations_revision(d), now_us)) {
		struct owners *made = NULL;
		err = owners_build(d, now_us, &made);
		if (err == HN_OK) {
			owners_unref(d->owners);
			d->owners = made;
		}
	}
	if (err == HN_OK) {
		(void)atomic_fetch_add_explicit(&d->owners->refs, 1, memory_order_relaxed);
		*out = d->owners;
	}
	(void)pthread_mutex_unlock(&d->owners_lock);
	return err;
}
