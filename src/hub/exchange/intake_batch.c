/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/intake_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "stix/marking.h"
#include "store/marking.h"
#include "store/objects_batch.h"
#include "store/sources.h"

/* Of one object: references to markings, and parts that have one. */
enum { MARKINGS_MAX = 32, PARTS_MAX = 256 };

/* What clocks may be apart: a version of the far future would hide all that come. */
#define AHEAD_MAX_NS (24 * 3600 * NS_SECOND)

struct intake_batch *intake_batch_new(struct intake *in)
{
	struct intake_batch *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->intake = in;
	b->room = INTAKE_BATCH_BYTES;
	b->bytes = malloc(b->room);
	b->items = calloc(INTAKE_BATCH_OBJECTS, sizeof(*b->items));
	if (b->bytes == NULL || b->items == NULL) {
		intake_batch_free(b);
		return NULL;
	}
	for (size_t i = 0; i < INTAKE_BATCH_OBJECTS; i++)
		stix_object_init(&b->items[i].object);
	return b;
}

void intake_batch_free(struct intake_batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; b->items != NULL && i < INTAKE_BATCH_OBJECTS; i++)
		stix_object_clear(&b->items[i].object);
	free(b->items);
	free(b->bytes);
	free(b);
}

void intake_batch_reset(struct intake_batch *b)
{
	b->len = 0;
	b->count = 0;
	b->refused = 0;
}

bool intake_batch_fits(const struct intake_batch *b, size_t len)
{
	return b->count == 0 || (b->count < INTAKE_BATCH_OBJECTS && len <= b->room - b->len);
}

int intake_batch_add(struct intake_batch *b, uint64_t index, const uint8_t *bytes, size_t len,
		     enum stix_spec spec, const struct stix_limits *limits, struct fault *fault)
{
	if (len > b->room - b->len) {
		/* Only an empty batch is asked: nothing points to the old memory. */
		uint8_t *more = realloc(b->bytes, len);
		if (more == NULL)
			return HN_ENOMEM;
		b->bytes = more;
		b->room = len;
	}
	struct intake_item *item = &b->items[b->count];
	uint8_t *copy = b->bytes + b->len;
	memcpy(copy, bytes, len);
	int err = stix_object_read(&item->object, cur_of(copy, len), spec, limits, fault);
	if (err != HN_OK)
		return err;
	if (item->object.marking_count > MARKINGS_MAX || item->object.granular_count > PARTS_MAX)
		return fault_set(fault, HN_ELIMIT,
				 item->object.marking_count > MARKINGS_MAX ? "/object_marking_refs"
									   : "/granular_markings",
				 tr("more than %d markings", "マーキングが%d個を超えている"),
				 item->object.marking_count > MARKINGS_MAX ? MARKINGS_MAX : PARTS_MAX);
	if (item->object.modified_ns != STIX_NO_TIME &&
	    item->object.modified_ns > utc_now_ns() + AHEAD_MAX_NS)
		return fault_set(fault, HN_EFORMAT, "/modified", "%s",
				 tr("is more than a day ahead; no later version could take its place",
				    "が現在より1日を超えて先である。後の版と置き換えられなくなる"));
	item->index = index;
	item->seq = 0;
	b->len += len;
	b->count++;
	return HN_OK;
}

const struct stix_object *intake_batch_last(const struct intake_batch *b)
{
	return b->count < INTAKE_BATCH_OBJECTS ? &b->items[b->count].object : NULL;
}

/* ---- labels ---- */

/* Objects of one input mostly carry the same few markings. */
struct labelling {
	struct writing *w;
	const struct label *base;
	struct objects_batch *ahead;
	struct marking_memo memo;
};

/* Parts with markings of their own: each label is the whole's and the part's. */
static int label_parts(struct labelling *l, const struct stix_object *o, struct object_part parts[PARTS_MAX],
		       size_t *count_out, bool *unknown)
{
	struct stix_id ids[MARKINGS_MAX + 1];
	size_t count = 0;
	for (size_t i = 0; i < o->granular_count; i++) {
		const struct stix_granular *g = &o->granular[i];
		if (g->marking.type_len == 0)
			continue;
		memcpy(ids, o->markings, o->marking_count * sizeof(ids[0]));
		ids[o->marking_count] = g->marking;
		parts[count].selector = g->selector;
		parts[count].selector_len = g->selector_len;
		bool not_here = false;
		int err = marking_label(l->w, l->base, ids, o->marking_count + 1, &l->memo,
					&parts[count].label, &not_here);
		if (err != HN_OK)
			return err;
		*unknown |= not_here;
		count++;
	}
	*count_out = count;
	return HN_OK;
}

static int write_item(struct intake_item *item, struct labelling *l, const struct intake_terms *terms)
{
	struct object_part parts[PARTS_MAX];
	struct object_new new = {
		.stix = &item->object,
		.batch = l->ahead,
		.parts = parts,
		.owner = terms->owner,
		.source = terms->source,
		.collection = terms->collection,
	};
	bool unknown = false;
	int err = marking_label_of(l->w, l->base, &item->object, &l->memo, &new.label, &unknown);
	if (err == HN_OK)
		err = label_parts(l, &item->object, parts, &new.part_count, &unknown);
	if (err == HN_OK)
		err = objects_add(l->w, &new, &item->outcome, &item->seq);
	if (err == HN_OK && unknown && item->outcome <= OBJECT_OLDER)
		err = marking_unknown(l->w, item->seq, l->base, &l->memo, &item->object);
	if (err != HN_OK || !stix_marking_is(&item->object.id))
		return err;
	/* What it means may be known only now: of objects behind it and of those that came before it. */
	l->memo = (struct marking_memo){0};
	return item->outcome == OBJECT_NEW ? marking_arrived(l->w, &item->object, terms->owner, l->ahead)
					   : HN_OK;
}

static int ask_ahead(struct intake_batch *b, struct writing *w, struct objects_batch **out)
{
	struct uuid *ids = malloc((b->count + 1) * sizeof(*ids));
	if (ids == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < b->count; i++)
		ids[i] = b->items[i].object.id.uuid;
	int err = objects_batch_new(w, ids, b->count, out);
	free(ids);
	return err;
}

/* What the source brought stands in the transaction that adds it; so does its quota of the day. */
static int count(const struct intake_batch *b, struct writing *w, int64_t source)
{
	struct source_use use = {.refused = b->refused};
	if (source == 0)
		return HN_OK;
	for (size_t i = 0; i < b->count; i++)
		use.outcomes[b->items[i].outcome]++;
	return sources_count(w, source, &use);
}

int intake_batch_write(struct intake_batch *b, struct writing *w, const struct intake_terms *terms)
{
	struct objects_batch *ahead = NULL;
	int err = ask_ahead(b, w, &ahead);
	struct labelling l = {.w = w, .base = &terms->label, .ahead = ahead};
	for (size_t i = 0; err == HN_OK && i < b->count; i++)
		err = write_item(&b->items[i], &l, terms);
	if (err == HN_OK)
		err = objects_batch_end(ahead, w);
	objects_batch_free(ahead);
	return err == HN_OK ? count(b, w, terms->source) : err;
}
