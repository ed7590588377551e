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

struct telling_others {
	const struct correlation *value;
	int64_t self;
	int (*fn)(void *context, const struct correlation *value, const struct object_row *other);
	void *context;
};

static int tell_other(void *context, const struct object_row *row)
{
	struct telling_others *t = context;
	return row->seq == t->self ? HN_OK : t->fn(t->context, t->value, row);
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

static int correlate_value(struct reader *reader, const struct stix_value *v, size_t limit, struct buf *text,
			   struct telling_others *others)
{
	struct value_key key;
	struct value_asked asked = {.keys = &key, .key_count = 1};
	struct value_hits hits;
	value_key_of(v, &key);
	search_value_text(v, text);
	struct correlation value = {.kind = v->kind, .text = text->data, .len = text->len};
	int err = value_hits_find(reader, &asked, INT64_MAX, &hits);
	value.cut = hits.count > limit + 1 || hits.cut;
	others->value = &value;
	if (err == HN_OK && value.cut)
		err = others->fn(others->context, &value, NULL);
	if (err == HN_OK && !value.cut && hits.count > 1) {
		struct telling t = {.reader = reader,
				    .content = true,
				    .limit = limit + 1,
				    .wanted = still_speaks,
				    .wanted_context = &asked,
				    .fn = tell_other,
				    .context = others};
		struct db_rows *rows;
		err = db_query(reader_db(reader), &rows,
			       "SELECT " OBJECT_COLUMNS ", c.bytes FROM version v" OBJECT_CONTENT
			       "WHERE v.seq ANY_OF($1) AND SEES(v.label) AND " OBJECT_NEWEST
			       " ORDER BY v.seq DESC",
			       db_ints(hits.seqs, hits.count));
		if (err == HN_OK)
			err = object_rows_tell(&t, rows);
	}
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
	struct telling_others others = {.self = self.seq, .fn = fn, .context = context};
	size_t count = self.object.value_count < VALUES_MAX ? self.object.value_count : VALUES_MAX;
	for (size_t i = 0; err == HN_OK && i < count; i++)
		err = correlate_value(reader, &self.object.values[i], limit, &text, &others);
	buf_clear(&text);
	stix_object_clear(&self.object);
	free(self.bytes);
	return err;
}
