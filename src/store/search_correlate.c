/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "match/canonical.h"
#include "store/object_rows.h"
#include "store/search.h"
#include "store/search_value.h"

enum { VALUES_MAX = 1000 }; /* of one object that are asked for */

/* The object itself, as the reader may see it. */
struct self {
	struct stix_object object;
	uint8_t *bytes;
	int64_t seq;
};

static int take_self(void *context, const struct object_row *row)
{
	struct self *self = context;
	self->seq = row->seq;
	self->bytes = malloc(row->len);
	if (self->bytes == NULL)
		return HN_ENOMEM;
	memcpy(self->bytes, row->bytes, row->len);
	return stix_object_read(&self->object, cur_of(self->bytes, row->len), row->spec, &STIX_DEFAULTS,
				NULL);
}

/* The others of one value: counted first, then told, for a value that too many share links nothing. */
struct others {
	const struct correlation *value;
	int64_t self;
	int (*fn)(void *context, const struct correlation *value, const struct object_row *other);
	void *context;
	size_t count;
};

static int count_other(void *context, const struct object_row *row)
{
	struct others *o = context;
	o->count += row->seq != o->self;
	return HN_OK;
}

static int tell_other(void *context, const struct object_row *row)
{
	struct others *o = context;
	return row->seq == o->self ? HN_OK : o->fn(o->context, o->value, row);
}

void search_value_text(const struct stix_value *v, struct buf *out)
{
	buf_reset(out);
	if (v->kind == STIX_VALUE_ENTRY) {
		const struct entry_key e = {
			.kind = (enum entry_kind)v->entry_kind, .len = (uint16_t)v->key_len, .data = v->key};
		canonical_format(&e, out);
	} else {
		buf_add(out, v->key, v->key_len);
	}
}

/* Whether what is left of a masked row still speaks of the value. */
static bool still_speaks(void *context, const struct object_row *row)
{
	return !row->masked || value_asked_in(context, row);
}

/* Of masked rows only those whose value is not hidden count: else the count would tell of it. */
static int each_other(struct reader *reader, const struct value_asked *asked, const struct value_hits *hits,
		      size_t limit, object_fn fn, struct others *others)
{
	struct telling t = {.reader = reader,
			    .content = true,
			    .limit = limit,
			    .wanted = still_speaks,
			    .wanted_context = (void *)(uintptr_t)asked,
			    .fn = fn,
			    .context = others};
	struct db_rows *rows;
	int err =
		db_query(reader_db(reader), &rows,
			 "SELECT " OBJECT_COLUMNS ", c.bytes FROM version v" OBJECT_CONTENT
			 "WHERE v.seq ANY_OF($1) AND SEES(v.label) AND " OBJECT_NEWEST " ORDER BY v.seq DESC",
			 db_ints(hits->seqs, hits->count));
	return err == HN_OK ? object_rows_tell(&t, rows) : err;
}

/* What all values of one object are asked with. */
struct asking {
	struct reader *reader;
	size_t limit;
	int64_t self;
	int (*fn)(void *context, const struct correlation *value, const struct object_row *other);
	void *context;
};

static int correlate_value(const struct asking *ask, const struct stix_value *v, struct buf *text)
{
	struct value_key key;
	struct value_asked asked = {.keys = &key, .key_count = 1};
	struct value_hits hits;
	value_key_of(v, &key);
	search_value_text(v, text);
	struct correlation value = {.kind = v->kind, .text = text->data, .len = text->len};
	struct others others = {.value = &value, .self = ask->self, .fn = ask->fn, .context = ask->context};
	int err = value_hits_find(ask->reader, &asked, INT64_MAX, &hits);
	if (err == HN_OK && hits.count > 1)
		err = each_other(ask->reader, &asked, &hits, ask->limit + 2, count_other, &others);
	value.cut = others.count > ask->limit;
	if (err == HN_OK && others.count > 0)
		err = ask->fn(ask->context, &value, NULL);
	if (err == HN_OK && others.count > 0 && !value.cut)
		err = each_other(ask->reader, &asked, &hits, ask->limit + 2, tell_other, &others);
	value_hits_clear(&hits);
	return err;
}

int search_correlations(struct reader *reader, const struct stix_id *id, size_t limit,
			int (*fn)(void *context, const struct correlation *value,
				  const struct object_row *other),
			void *context)
{
	struct self self = {.seq = 0};
	struct buf text;
	stix_object_init(&self.object);
	buf_init(&text, ENTRY_KEY_MAX * 4);
	int err = objects_get(reader, id, take_self, &self);
	const struct asking ask = {reader, limit, self.seq, fn, context};
	size_t count = self.object.value_count < VALUES_MAX ? self.object.value_count : VALUES_MAX;
	for (size_t i = 0; err == HN_OK && i < count; i++)
		err = correlate_value(&ask, &self.object.values[i], &text);
	buf_clear(&text);
	stix_object_clear(&self.object);
	free(self.bytes);
	return err;
}
