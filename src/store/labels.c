/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/labels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "store/db_row.h"
#include "store/decide.h"
#include "store/store.h"

/*
 * The image holds what is committed and nothing else: rows enter it when a reader's snapshot has them. The
 * writer asks the database for labels that the image does not have, so that what a transaction added and
 * then undid is never believed.
 */

#define CHUNK      256  /* labels */
#define CHUNKS_MAX 4096 /* about a million labels: ten times what a store warns about */
#define VIEWS      1024 /* kept; a power of two */
#define VIEW_LOCKS 16

enum row_kind {
	ROW_UNREADABLE, /* absent, or of another program's making: nobody sees it */
	ROW_LABEL,
	ROW_BOTH,
};

struct row {
	enum row_kind kind;
	int64_t both[2]; /* numbers below its own */
	uint64_t hash;   /* of its text */
	int64_t next;    /* in the index: the next label of this bucket */
	struct label label;
};

struct labels {
	/* Rows up to `count` do not change any more and are read without a lock. */
	_Atomic(struct row *) chunks[CHUNKS_MAX];
	_Atomic int64_t count;
	pthread_mutex_t lock; /* guards growing and the index */
	int64_t *buckets;     /* the first label of each; grows with the rows */
	size_t bucket_count;
	struct {
		pthread_mutex_t lock; /* guards the views of the pairs that are this one modulo VIEW_LOCKS */
	} view_locks[VIEW_LOCKS];
	struct view *views[VIEWS];
};

static struct row *row_at(struct labels *labels, int64_t number)
{
	int64_t at = number - 1;
	struct row *chunk = atomic_load_explicit(&labels->chunks[at / CHUNK], memory_order_acquire);
	return &chunk[at % CHUNK];
}

/* NULL: not in the image. */
static const struct row *row_get(struct labels *labels, int64_t number)
{
	if (number < 1 || number > atomic_load_explicit(&labels->count, memory_order_acquire))
		return NULL;
	return row_at(labels, number);
}

static uint64_t text_hash(const uint8_t *text, size_t len)
{
	uint64_t h = 14695981039346656037ULL; /* FNV-1a; all writers of labels are ours */
	for (size_t i = 0; i < len; i++)
		h = (h ^ text[i]) * 1099511628211ULL;
	return h ^ h >> 32;
}

/* ---- growing, under the lock ---- */

static void index_add(struct labels *labels, int64_t number)
{
	struct row *row = row_at(labels, number);
	if (row->kind != ROW_LABEL)
		return;
	int64_t *bucket = &labels->buckets[row->hash & (labels->bucket_count - 1)];
	row->next = *bucket;
	*bucket = number;
}

static int index_fit(struct labels *labels, int64_t count)
{
	if ((size_t)count <= labels->bucket_count)
		return HN_OK;
	size_t larger = labels->bucket_count == 0 ? 1024 : labels->bucket_count * 2;
	int64_t *buckets = calloc(larger, sizeof(buckets[0]));
	if (buckets == NULL)
		return HN_ENOMEM;
	free(labels->buckets);
	labels->buckets = buckets;
	labels->bucket_count = larger;
	for (int64_t i = 1; i < count; i++)
		index_add(labels, i);
	return HN_OK;
}

static void row_fill(struct row *row, const struct db_rows *rows, int64_t number)
{
	size_t len = 0;
	const uint8_t *text = db_blob(rows, 1, &len);
	row->both[0] = db_int(rows, 2);
	row->both[1] = db_int(rows, 3);
	if (text != NULL) {
		row->hash = text_hash(text, len);
		if (label_read(cur_of(text, len), &row->label) == HN_OK)
			row->kind = ROW_LABEL;
	} else if (row->both[0] > 0 && row->both[0] < number && row->both[1] > 0 && row->both[1] < number) {
		row->kind = ROW_BOTH;
	}
}

static int append(struct labels *labels, const struct db_rows *rows)
{
	int64_t number = atomic_load_explicit(&labels->count, memory_order_relaxed) + 1;
	int64_t at = number - 1;
	if (at / CHUNK >= CHUNKS_MAX)
		return HN_ELIMIT;
	if (at % CHUNK == 0) {
		struct row *chunk = calloc(CHUNK, sizeof(chunk[0]));
		if (chunk == NULL)
			return HN_ENOMEM;
		atomic_store_explicit(&labels->chunks[at / CHUNK], chunk, memory_order_release);
	}
	int err = index_fit(labels, number);
	if (err != HN_OK) {
		/* The next try makes the chunk again. */
		if (at % CHUNK == 0) {
			free(atomic_load_explicit(&labels->chunks[at / CHUNK], memory_order_relaxed));
			atomic_store_explicit(&labels->chunks[at / CHUNK], NULL, memory_order_relaxed);
		}
		return err;
	}
	if (rows != NULL)
		row_fill(row_at(labels, number), rows, number);
	index_add(labels, number);
	atomic_store_explicit(&labels->count, number, memory_order_release);
	return HN_OK;
}

static int load(struct labels *labels, struct db *db)
{
	struct db_rows *rows = NULL;
	int64_t count = atomic_load_explicit(&labels->count, memory_order_relaxed);
	int err = db_query(db, &rows,
			   "SELECT number, text, both_a, both_b FROM label WHERE number > $1 ORDER BY number",
			   db_number(count));
	if (err != HN_OK)
		return err;
	while ((err = db_next(rows)) == 1) {
		int64_t number = db_int(rows, 0);
		err = HN_OK;
		while (err == HN_OK && count + 1 < number && ++count > 0)
			err = append(labels, NULL);
		if (err == HN_OK)
			err = append(labels, rows);
		if (err != HN_OK)
			break;
		count = number;
	}
	db_rows_end(rows);
	return err;
}

static int load_up_to(struct labels *labels, struct db *db, int64_t number)
{
	int err = HN_OK;
	(void)pthread_mutex_lock(&labels->lock);
	if (atomic_load_explicit(&labels->count, memory_order_relaxed) < number)
		err = load(labels, db);
	(void)pthread_mutex_unlock(&labels->lock);
	return err;
}

int labels_open(struct db *db, struct labels **out)
{
	struct labels *labels = calloc(1, sizeof(*labels));
	if (labels == NULL)
		return HN_ENOMEM;
	bool ok = pthread_mutex_init(&labels->lock, NULL) == 0;
	for (size_t i = 0; i < VIEW_LOCKS && ok; i++)
		ok = pthread_mutex_init(&labels->view_locks[i].lock, NULL) == 0;
	int err = ok ? index_fit(labels, 1) : HN_ENOMEM;
	if (err == HN_OK)
		err = load_up_to(labels, db, 1);
	if (err != HN_OK) {
		labels_close(labels);
		return err;
	}
	*out = labels;
	return HN_OK;
}

void labels_close(struct labels *labels)
{
	if (labels == NULL)
		return;
	for (size_t i = 0; i < VIEWS; i++)
		view_unref(labels->views[i]);
	for (size_t i = 0; i < CHUNKS_MAX; i++)
		free(atomic_load_explicit(&labels->chunks[i], memory_order_relaxed));
	free(labels->buckets);
	free(labels);
}

/* ---- numbers ---- */

static bool row_has_text(const struct row *row, const struct buf *text)
{
	struct buf own;
	buf_init(&own, LABEL_TEXT_MAX);
	label_write(&row->label, &own);
	bool same =
		buf_err(&own) == HN_OK && own.len == text->len && memcmp(own.data, text->data, own.len) == 0;
	buf_clear(&own);
	return same;
}

static int64_t find_in_image(struct labels *labels, const struct buf *text)
{
	uint64_t hash = text_hash((const uint8_t *)text->data, text->len);
	(void)pthread_mutex_lock(&labels->lock);
	int64_t number = labels->buckets[hash & (labels->bucket_count - 1)];
	while (number != 0) {
		const struct row *row = row_at(labels, number);
		if (row->hash == hash && row_has_text(row, text))
			break;
		number = row->next;
	}
	(void)pthread_mutex_unlock(&labels->lock);
	return number;
}

static int next_number(struct db *db, int64_t *out)
{
	struct db_rows *rows = NULL;
	int64_t last = 0;
	int err = db_query(db, &rows, "SELECT COALESCE(MAX(number), 0) FROM label");
	err = db_one_number(err, &rows, &last);
	if (err == HN_OK)
		*out = last + 1;
	return err;
}

static int find_or_add(struct db *db, const struct buf *text, int64_t *out)
{
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT number FROM label WHERE text = $1",
			   db_bytes(text->data, text->len));
	err = db_one_number(err, &rows, out);
	if (err != HN_ENOENT)
		return err;
	int64_t number = 0;
	err = next_number(db, &number);
	if (err == HN_OK)
		err = db_run(db, "INSERT INTO label (number, text) VALUES ($1, $2)", db_number(number),
			     db_bytes(text->data, text->len));
	if (err == HN_OK)
		*out = number;
	return err;
}

int labels_number(struct writing *w, const struct label *label, int64_t *number_out)
{
	struct buf text;
	buf_init(&text, LABEL_TEXT_MAX);
	label_write(label, &text);
	int err = buf_err(&text);
	if (err == HN_OK) {
		int64_t number = find_in_image(writing_labels(w), &text);
		if (number != 0)
			*number_out = number;
		else
			err = find_or_add(writing_db(w), &text, number_out);
	}
	buf_clear(&text);
	return err;
}

int labels_read(struct writing *w, int64_t number, struct label *out)
{
	struct db_rows *rows = NULL;
	int err =
		db_query(writing_db(w), &rows, "SELECT text FROM label WHERE number = $1", db_number(number));
	if (err != HN_OK)
		return err;
	err = db_next(rows);
	if (err == 1) {
		size_t len = 0;
		const uint8_t *text = db_blob(rows, 0, &len);
		err = text == NULL ? HN_ENOENT : label_read(cur_of(text, len), out);
	} else if (err == 0) {
		err = HN_ENOENT;
	}
	db_rows_end(rows);
	return err;
}

int labels_both(struct writing *w, int64_t a, int64_t b, int64_t *number_out)
{
	if (a == b) {
		*number_out = a;
		return HN_OK;
	}
	int64_t low = a < b ? a : b;
	int64_t high = a < b ? b : a;
	struct db *db = writing_db(w);
	struct db_rows *rows = NULL;
	int err = db_query(db, &rows, "SELECT number FROM label WHERE both_a = $1 AND both_b = $2",
			   db_number(low), db_number(high));
	err = db_one_number(err, &rows, number_out);
	if (err != HN_ENOENT)
		return err;
	int64_t number = 0;
	err = next_number(db, &number);
	if (err == HN_OK)
		err = db_run(db, "INSERT INTO label (number, both_a, both_b) VALUES ($1, $2, $3)",
			     db_number(number), db_number(low), db_number(high));
	if (err == HN_OK)
		*number_out = number;
	return err;
}

int labels_get(struct labels *labels, int64_t number, struct label *out, int64_t both_out[2])
{
	const struct row *row = row_get(labels, number);
	if (row == NULL || row->kind == ROW_UNREADABLE)
		return HN_ENOENT;
	if (row->kind == ROW_BOTH) {
		memcpy(both_out, row->both, sizeof(row->both));
		return HN_EUNSUPPORTED;
	}
	*out = row->label;
	return HN_OK;
}

int64_t labels_owner(struct labels *labels, int64_t number)
{
	const struct row *row = row_get(labels, number);
	while (row != NULL && row->kind == ROW_BOTH)
		row = row_get(labels, row->both[0]); /* smaller each time */
	return row == NULL || row->kind != ROW_LABEL ? 0 : row->label.owner;
}

/* ---- views ---- */

static bool sees(struct labels *labels, const struct asker *asker, const uint64_t *bits, int64_t number)
{
	const struct row *row = row_at(labels, number);
	if (row->kind == ROW_LABEL)
		return decide(asker, &row->label, NULL);
	if (row->kind != ROW_BOTH)
		return false;
	int64_t a = row->both[0];
	int64_t b = row->both[1];
	return (bits[a / 64] >> (a % 64) & bits[b / 64] >> (b % 64) & 1) != 0;
}

/* Goes on from what an older view of the same asker knew. */
static struct view *view_make(struct labels *labels, const struct asker *asker, const struct view *older,
			      int64_t count)
{
	size_t words = (size_t)count / 64 + 1;
	struct view *view = calloc(1, sizeof(*view) + words * sizeof(uint64_t));
	if (view == NULL)
		return NULL;
	uint64_t *bits = (uint64_t *)(void *)(view + 1);
	int64_t known = older == NULL ? 0 : older->label_count;
	if (older != NULL)
		memcpy(bits, older->bits, ((size_t)known / 64 + 1) * sizeof(uint64_t));
	for (int64_t i = known + 1; i <= count; i++)
		if (sees(labels, asker, bits, i))
			bits[i / 64] |= 1ULL << (i % 64);
	view->bits = bits;
	view->label_count = count;
	view->asker = *asker;
	atomic_init(&view->refs, 1);
	return view;
}

/* Two places for each asker, the one used last first. */
static struct view **place_of(struct labels *labels, const struct asker *asker, pthread_mutex_t **lock_out)
{
	size_t pair = (size_t)asker_hash(asker) & (VIEWS / 2 - 1);
	*lock_out = &labels->view_locks[pair % VIEW_LOCKS].lock;
	return &labels->views[2 * pair];
}

static bool kept(const struct view *view, const struct asker *asker)
{
	return view != NULL && asker_same(&view->asker, asker);
}

static int view_of(struct labels *labels, const struct asker *asker, int64_t count, struct view **out)
{
	pthread_mutex_t *lock;
	struct view **places = place_of(labels, asker, &lock);
	int err = HN_OK;
	(void)pthread_mutex_lock(lock);
	if (!kept(places[0], asker)) {
		struct view *other = places[1];
		places[1] = places[0];
		places[0] = other;
	}
	bool same = kept(places[0], asker);
	if (!same || places[0]->label_count < count) {
		struct view *view = view_make(labels, asker, same ? places[0] : NULL, count);
		if (view == NULL)
			err = HN_ENOMEM;
		if (view != NULL) {
			view_unref(places[0]);
			places[0] = view;
		}
	}
	if (err == HN_OK)
		*out = view_ref(places[0]);
	(void)pthread_mutex_unlock(lock);
	return err;
}

int labels_view(struct labels *labels, struct db *db, const struct asker *asker, struct view **out)
{
	struct db_rows *rows = NULL;
	int64_t last = 0;
	int err = db_query(db, &rows, "SELECT COALESCE(MAX(number), 0) FROM label");
	err = db_one_number(err, &rows, &last);
	if (err == HN_OK && last > atomic_load_explicit(&labels->count, memory_order_acquire))
		err = load_up_to(labels, db, last);
	if (err != HN_OK)
		return err;
	return view_of(labels, asker, atomic_load_explicit(&labels->count, memory_order_acquire), out);
}
