/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_OBJECT_WORLD_H
#define HINOMI_TESTS_UNIT_STORE_OBJECT_WORLD_H

/* Objects in a fresh store: what a test says in one line. */
#include <stdarg.h>

#include "base/buf.h"
#include "base/utc.h"
#include "store/asker.h"
#include "store/labels.h"
#include "store/objects.h"
#include "store_world.h"

/* Organisations of these tests. */
enum { CENTRE = 1, ACME = 2, BOLT = 3, CORD = 4 };

/** JSON of an indicator whose UUID ends in `number`, version `day` of January 2026. */
static inline const char *an_indicator(unsigned number, unsigned day, const char *more)
{
	static char text[4096];
	snprintf(text, sizeof(text),
		 "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-"
		 "938f-%012u\","
		 "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-%02uT00:00:00.000Z\","
		 "\"pattern\":\"[ipv4-addr:value = '192.0.2.%u']\",\"pattern_type\":\"stix\","
		 "\"valid_from\":\"2026-01-01T00:00:00Z\"%s}",
		 number, day, number % 256, more);
	return text;
}

struct an_adding {
	const char *json;
	struct label label, part_label;
	const char *part; /* selector of a part with part_label; NULL: none */
	int64_t collection;
	enum object_outcome outcome;
	int64_t seq;
};

static inline int world_add_job(struct writing *w, void *context)
{
	struct an_adding *a = context;
	struct stix_object o;
	struct fault fault = {0};
	stix_object_init(&o);
	int err = stix_object_read(&o, cur_of(a->json, strlen(a->json)), STIX_2_1, &STIX_DEFAULTS, &fault);
	if (err != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	struct object_part part = {.selector = a->part};
	struct object_new new = {.stix = &o, .owner = a->label.owner, .collection = a->collection};
	err = labels_number(w, &a->label, &new.label);
	if (err == HN_OK && a->part != NULL) {
		part.selector_len = strlen(a->part);
		new.parts = &part;
		new.part_count = 1;
		err = labels_number(w, &a->part_label, &part.label);
	}
	if (err == HN_OK)
		err = objects_add(w, &new, &a->outcome, &a->seq);
	stix_object_clear(&o);
	return err;
}

/** Adds an object under a label. @return what came of it */
static inline enum object_outcome world_add(struct store_world *w, const char *json,
					    const struct label *label)
{
	struct an_adding a = {.json = json, .label = *label};
	assert_int_equal(store_write(w->store, world_add_job, &a), HN_OK);
	return a.outcome;
}

static inline struct label a_label(int64_t owner, enum tlp tlp)
{
	struct label l;
	label_init(&l, owner);
	l.tlp = tlp;
	return l;
}

/** A member organisation that may have everything up to RED, of any class and purpose. */
static inline struct asker an_asker(int64_t organisation)
{
	struct asker a;
	asker_public(&a);
	a.organisation = organisation;
	a.person = organisation * 10;
	a.kind = organisation == CENTRE ? ORG_CENTRE : ORG_OPERATOR;
	a.tlp_max = TLP_RED;
	a.contents = CONTENT_TECHNICAL | CONTENT_BACKGROUND;
	a.purposes = 127;
	return a;
}

/* What was told, as text: the last three digits of each UUID, '/', the day of the version; "~" for masked. */
struct told {
	char text[65536];
	size_t len, count;
	int64_t last;
};

static inline int world_tell(void *context, const struct object_row *row)
{
	struct told *t = context;
	assert_true(row->seq != t->last);
	t->last = row->seq;
	unsigned number = (unsigned)(row->id.uuid.bytes[14] >> 4) * 1000 +
			  (row->id.uuid.bytes[14] & 15u) * 100 + (row->id.uuid.bytes[15] >> 4) * 10u +
			  (row->id.uuid.bytes[15] & 15u);
	unsigned day = (unsigned)((row->modified_ns / NS_SECOND - 1767225600) / 86400) + 1;
	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s%s%u/%u",
				   t->count++ == 0 ? "" : " ", row->masked ? "~" : "",
				   row->masked ? 0 : number, day);
	return HN_OK;
}

/** All that somebody sees under a filter, page by page. */
static inline const char *world_see(struct store_world *w, const struct asker *who,
				    const struct object_filter *filter, size_t page)
{
	static struct told told;
	struct object_filter f = {.content = true};
	struct reader *r;
	bool more = true;
	if (filter != NULL)
		f = *filter;
	memset(&told, 0, sizeof(told));
	while (more) {
		assert_int_equal(store_read(w->store, who, &r), HN_OK);
		assert_int_equal(objects_page(r, &f, page, world_tell, &told, &more), HN_OK);
		reader_end(r);
		assert_true(!more || told.last > f.after_seq);
		f.after_seq = told.last;
	}
	return told.text;
}

static inline uint64_t world_count(struct store_world *w, const struct asker *who, const char *type)
{
	struct reader *r;
	uint64_t count;
	assert_int_equal(store_read(w->store, who, &r), HN_OK);
	assert_int_equal(objects_count(r, type, 0, &count), HN_OK);
	reader_end(r);
	return count;
}

#endif
