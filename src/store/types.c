/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/types.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/store.h"

struct type_name {
	size_t len;
	char text[];
};

struct types {
	pthread_mutex_t lock; /* of who adds; readers need none: a slot is set once */
	_Atomic(struct type_name *) names[TYPES_MAX];
};

static int remember(struct types *t, int64_t number, const char *name, size_t len)
{
	if (number <= 0 || number >= TYPES_MAX)
		return HN_ELIMIT;
	pthread_mutex_lock(&t->lock);
	int err = HN_OK;
	if (atomic_load(&t->names[number]) == NULL) {
		struct type_name *n = malloc(sizeof(*n) + len + 1);
		if (n == NULL) {
			err = HN_ENOMEM;
		} else {
			n->len = len;
			memcpy(n->text, name, len);
			n->text[len] = '\0';
			atomic_store_explicit(&t->names[number], n, memory_order_release);
		}
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}

/* The rows that a statement finds, remembered; the last one's number. */
static int take_rows(struct types *t, struct db_rows *rows, int64_t *last_out)
{
	int more;
	int err = HN_OK;
	while (err == HN_OK && (more = db_next(rows)) != 0) {
		if (more < 0) {
			err = more;
			break;
		}
		size_t len;
		const char *name = db_text(rows, 1, &len);
		*last_out = db_int(rows, 0);
		err = remember(t, *last_out, name, len);
	}
	db_rows_end(rows);
	return err;
}

int types_open(struct db *db, struct types **out)
{
	struct types *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	pthread_mutex_init(&t->lock, NULL);
	struct db_rows *rows;
	int64_t last;
	int err = db_query(db, &rows, "SELECT number, name FROM type");
	if (err == HN_OK)
		err = take_rows(t, rows, &last);
	if (err != HN_OK) {
		types_close(t);
		return err;
	}
	*out = t;
	return HN_OK;
}

void types_close(struct types *types)
{
	if (types == NULL)
		return;
	for (size_t i = 0; i < TYPES_MAX; i++)
		free(atomic_load(&types->names[i]));
	pthread_mutex_destroy(&types->lock);
	free(types);
}

static int64_t find_in_image(struct types *t, const char *name, size_t len)
{
	for (size_t i = 1; i < TYPES_MAX; i++) {
		const struct type_name *n = atomic_load_explicit(&t->names[i], memory_order_acquire);
		if (n == NULL)
			break;
		if (n->len == len && memcmp(n->text, name, len) == 0)
			return (int64_t)i;
	}
	return 0;
}

int types_find(struct types *types, struct db *db, const char *name, size_t len, int64_t *number_out)
{
	int64_t number = find_in_image(types, name, len);
	if (number == 0) {
		struct db_rows *rows;
		int err = db_query(db, &rows, "SELECT number, name FROM type WHERE name = $1",
				   db_string(name, len));
		if (err == HN_OK)
			err = take_rows(types, rows, &number);
		if (err != HN_OK)
			return err;
		if (number == 0)
			return HN_ENOENT;
	}
	*number_out = number;
	return HN_OK;
}

/* The number that a statement about a name gives; 0: no row. */
static int one_number(struct db *db, const char *sql, const char *name, size_t len, int64_t *out)
{
	struct db_rows *rows;
	const struct db_value value = db_string(name, len);
	int err = db_query_values(db, sql, &value, 1, &rows);
	if (err != HN_OK)
		return err;
	int more = db_next(rows);
	*out = more == 1 ? db_int(rows, 0) : 0;
	db_rows_end(rows);
	return more < 0 ? more : HN_OK;
}

int types_number(struct types *types, struct writing *w, const char *name, size_t len, int64_t *number_out)
{
	int64_t number = find_in_image(types, name, len);
	/* What is found or added here is not remembered: it may be undone. A reader's look-up remembers it.
	 */
	int err = number != 0 ? HN_OK
			      : one_number(writing_db(w), "SELECT number FROM type WHERE name = $1", name,
					   len, &number);
	if (err == HN_OK && number == 0)
		err = one_number(
			writing_db(w),
			"INSERT INTO type (number, name) SELECT coalesce(max(number), 0) + 1, $1 FROM type "
			"WHERE true RETURNING number",
			name, len, &number);
	if (err != HN_OK)
		return err;
	if (number >= TYPES_MAX)
		return HN_ELIMIT;
	*number_out = number;
	return HN_OK;
}

int types_name(struct types *types, struct db *db, int64_t number, const char **name_out, size_t *len_out)
{
	if (number <= 0 || number >= TYPES_MAX)
		return HN_ENOENT;
	const struct type_name *n = atomic_load_explicit(&types->names[number], memory_order_acquire);
	if (n == NULL) {
		struct db_rows *rows;
		int64_t found = 0;
		int err = db_query(db, &rows, "SELECT number, name FROM type WHERE number = $1",
				   db_number(number));
		if (err == HN_OK)
			err = take_rows(types, rows, &found);
		if (err != HN_OK)
			return err;
		n = atomic_load_explicit(&types->names[number], memory_order_acquire);
		if (n == NULL)
			return HN_ENOENT;
	}
	*name_out = n->text;
	*len_out = n->len;
	return HN_OK;
}
