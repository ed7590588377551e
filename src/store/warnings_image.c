/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "store/db_row.h"
#include "store/object_inside.h"
#include "store/warnings_rows.h"

#define SPARED (1u << 20) /* versions that are remembered; a power of two */

/*
 * All lists are asked at once first: nearly everything hits none. Only what hits is asked of each list, so
 * that each list's own rules can be looked at. Versions do not change: of which it is known that they hit
 * none is remembered by their numbers, each in one place, until another takes it.
 */
struct list {
	struct uuid id;
	struct warning_policy policy;
	struct warning_lists *values;
};

/* What a revision of the rows makes. Shared by those who ask; made anew, never changed. */
struct image {
	int64_t revision;
	struct warning_lists *all;
	struct list *lists;
	size_t count;
	_Atomic int64_t *spared;
};

struct warnings {
	struct store *store;
	pthread_mutex_t loading; /* one at a time */
	pthread_rwlock_t lock;   /* guards image */
	struct image *image;
};

static void image_free(struct image *image)
{
	if (image == NULL)
		return;
	for (size_t i = 0; i < image->count; i++)
		warning_lists_free(image->lists[i].values);
	warning_lists_free(image->all);
	free(image->lists);
	free(image->spared);
	free(image);
}

int warnings_revision_now(struct db *db, int64_t *out)
{
	struct db_rows *rows;
	int err = db_query(db, &rows, "SELECT revision FROM warning_change WHERE number = 1");
	return db_one_number(err, &rows, out);
}

static int read_list(struct db *db, const struct db_rows *rows, struct image *image, struct list *list,
		     struct fault *fault)
{
	struct warning_summary summary;
	size_t body_len, len;
	const char *body = db_text(rows, 2, &body_len);
	const uint8_t *content = db_blob(rows, 3, &len);
	list->id = uuid_of_halves(db_int(rows, 0), db_int(rows, 1));
	int err = warning_policy_read(db, body, body_len, &list->id, &list->policy, NULL, fault);
	if (err == HN_OK)
		err = warning_lists_new(NULL, &list->values);
	if (err != HN_OK || len == 0)
		return err;
	err = warning_lists_add(list->values, list->policy.name, cur_of(content, len), &summary, fault);
	if (err == HN_OK)
		err = warning_lists_add(image->all, list->policy.name, cur_of(content, len), &summary, fault);
	return err;
}

static int read_lists(struct db *db, struct image *image, struct fault *fault)
{
	struct db_rows *rows;
	int err =
		db_query(db, &rows, "SELECT uuid_a, uuid_b, body, content FROM warning_list ORDER BY number");
	if (err != HN_OK)
		return err;
	int more = 0;
	while (err == HN_OK && (more = db_next(rows)) == 1) {
		struct list *lists = realloc(image->lists, (image->count + 1) * sizeof(*lists));
		if (lists == NULL) {
			err = HN_ENOMEM;
			break;
		}
		image->lists = lists;
		memset(&lists[image->count], 0, sizeof(*lists));
		err = read_list(db, rows, image, &lists[image->count++], fault);
	}
	db_rows_end(rows);
	return err != HN_OK ? err : more;
}

static int load(struct db *db, int64_t revision, struct image **out, struct fault *fault)
{
	struct image *image = calloc(1, sizeof(*image));
	if (image == NULL)
		return HN_ENOMEM;
	image->revision = revision;
	/* Pages of it that are never touched cost nothing. */
	image->spared = calloc(SPARED, sizeof(image->spared[0]));
	int err = image->spared == NULL ? HN_ENOMEM : warning_lists_new(NULL, &image->all);
	if (err == HN_OK)
		err = read_lists(db, image, fault);
	if (err != HN_OK) {
		image_free(image);
		return err;
	}
	warning_lists_finish(image->all);
	for (size_t i = 0; i < image->count; i++)
		warning_lists_finish(image->lists[i].values);
	*out = image;
	return HN_OK;
}

static int take_in(struct warnings *w, struct fault *fault)
{
	struct asker hub;
	struct reader *reader;
	struct image *image = NULL;
	int64_t revision = 0;
	asker_hub(&hub);
	int err = store_read(w->store, &hub, &reader);
	if (err != HN_OK)
		return err;
	err = warnings_revision_now(reader_db(reader), &revision);
	if (err == HN_OK && (w->image == NULL || w->image->revision != revision))
		err = load(reader_db(reader), revision, &image, fault);
	reader_end(reader);
	if (err != HN_OK || image == NULL)
		return err;
	pthread_rwlock_wrlock(&w->lock);
	struct image *old = w->image;
	w->image = image;
	pthread_rwlock_unlock(&w->lock);
	image_free(old);
	return HN_OK;
}

int warnings_current(struct warnings *w)
{
	pthread_mutex_lock(&w->loading);
	int err = take_in(w, NULL);
	pthread_mutex_unlock(&w->loading);
	return err;
}

int64_t warnings_revision(struct warnings *w)
{
	pthread_rwlock_rdlock(&w->lock);
	int64_t revision = w->image->revision;
	pthread_rwlock_unlock(&w->lock);
	return revision;
}

int warnings_open(struct store *store, struct warnings **out, struct fault *fault)
{
	struct warnings *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	w->store = store;
	pthread_mutex_init(&w->loading, NULL);
	pthread_rwlock_init(&w->lock, NULL);
	int err = take_in(w, fault);
	if (err != HN_OK)
		warnings_close(w);
	else
		*out = w;
	return err;
}

void warnings_close(struct warnings *w)
{
	if (w == NULL)
		return;
	image_free(w->image);
	pthread_mutex_destroy(&w->loading);
	pthread_rwlock_destroy(&w->lock);
	free(w);
}

static enum warning_action action_of(const struct warning_policy *policy, int64_t consumer, const char *way)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct warning_rule *rule = &policy->rules[i];
		if ((rule->consumer == 0 || rule->consumer == consumer) &&
		    (rule->way[0] == '\0' || strcmp(rule->way, way) == 0))
			return rule->action;
	}
	return policy->action;
}

/* The strictest first, else in the order of the lists. */
static size_t add_hit(struct warning_hit *hits, size_t max, size_t count, const struct list *list,
		      enum warning_action action)
{
	size_t place = count;
	while (place > 0 && hits[place - 1].action < action)
		place--;
	if (place >= max)
		return count;
	if (count == max)
		count--;
	memmove(&hits[place + 1], &hits[place], (count - place) * sizeof(hits[0]));
	hits[place] = (struct warning_hit){.list = list->id, .action = action};
	(void)snprintf(hits[place].name, sizeof(hits[place].name), "%s", list->policy.name);
	return count + 1;
}

size_t warnings_find(struct warnings *w, const struct entry_key *key, int64_t consumer, const char *way,
		     struct warning_hit *hits, size_t max)
{
	size_t count = 0;
	pthread_rwlock_rdlock(&w->lock);
	const struct image *image = w->image;
	if (warning_find(image->all, key) != NULL)
		for (size_t i = 0; i < image->count; i++) {
			enum warning_action action = action_of(&image->lists[i].policy, consumer, way);
			if (action != WARNING_OFF && warning_find(image->lists[i].values, key) != NULL)
				count = add_hit(hits, max, count, &image->lists[i], action);
		}
	pthread_rwlock_unlock(&w->lock);
	return count;
}

static _Atomic int64_t *spared_place(const struct image *image, int64_t seq)
{
	uint64_t spread = (uint64_t)seq * 0x9e3779b97f4a7c15ULL;
	return &image->spared[spread >> 32 & (SPARED - 1)];
}

bool warnings_spares(struct warnings *w, int64_t seq)
{
	pthread_rwlock_rdlock(&w->lock);
	bool spared =
		seq != 0 && atomic_load_explicit(spared_place(w->image, seq), memory_order_relaxed) == seq;
	pthread_rwlock_unlock(&w->lock);
	return spared;
}

bool warnings_meet(struct warnings *w, int64_t seq, const struct entry_key *keys, size_t count)
{
	bool met = false;
	pthread_rwlock_rdlock(&w->lock);
	for (size_t i = 0; i < count && !met; i++)
		met = warning_find(w->image->all, &keys[i]) != NULL;
	if (!met && seq != 0)
		atomic_store_explicit(spared_place(w->image, seq), seq, memory_order_relaxed);
	pthread_rwlock_unlock(&w->lock);
	return met;
}

void warnings_in_force(struct warnings *w, int64_t consumer, const char *way, size_t counts[3])
{
	memset(counts, 0, 3 * sizeof(counts[0]));
	pthread_rwlock_rdlock(&w->lock);
	for (size_t i = 0; i < w->image->count; i++)
		counts[action_of(&w->image->lists[i].policy, consumer, way)]++;
	pthread_rwlock_unlock(&w->lock);
}
