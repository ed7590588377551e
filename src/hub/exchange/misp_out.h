/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_MISP_OUT_H
#define HINOMI_HUB_EXCHANGE_MISP_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/siphash.h"
#include "base/uuid.h"
#include "http/request.h"
#include "hub/exchange/outflow.h"
#include "hub/exchange/warned.h"
#include "stix/object.h"
#include "store/objects.h"

/*
 * Pieces of a MISP feed, written for misp_feed.c: heads of events, attributes, the UUID of a day's event.
 */
#define MISP_DAY_US      (INT64_C(24) * 3600 * 1000000)
#define MISP_SOURCES_DAY 4096 /* sources of one day that the manifest tells once; more may be told again */

/** All that the asker may see as one event (hub/exchange/misp_feed.c), for /export. */
extern const struct outflow_form MISP_EXPORT;

/** What days' UUIDs are made with. */
struct misp_key {
	uint8_t key[SIPHASH_KEY];
	struct uuid centre;
};

/** What the writers of events share. */
struct misp_feed {
	struct misp_key key;
	struct stix_object object;
	struct buf value;
	const char *name;            /* of the hub */
	const struct warned *warned; /* NULL: no list is asked */
	int64_t now_ns;
	uint64_t day, source; /* of the event that is asked for */
	uint64_t told_day;    /* manifest: whose sources are remembered */
	int64_t told[MISP_SOURCES_DAY];
	size_t told_count;
	size_t written; /* attributes, or events of the manifest */
};

/** Of the centre's own identifier: two hubs' days are different events. */
void misp_read_key(const struct request *r, struct misp_key *out);

/**
 * The UUID of a day's event. Day and source stand in it (version 8, RFC 9562) under a digest of them, so that
 * the event is found again without a list, and a number of ours is not shown as it is.
 */
struct uuid misp_day_uuid(const struct misp_key *key, uint64_t day, uint64_t source);
/** Back again. @return whether it is one of ours */
bool misp_uuid_day(const struct misp_key *key, const struct uuid *u, uint64_t *day, uint64_t *source);

/** The type of MISP that says the same; its category follows from the type. NULL: it is no attribute. */
const char *misp_attribute_type(const struct stix_value *v);

void misp_feed_init(struct misp_feed *f, const struct request *r, const struct warned *warned);
/** @param feed  a struct misp_feed */
void misp_feed_clear(void *feed);

/** Reads a row's object into f->object. @param holds  whether it is to be acted on now. @return HN_ENOMEM */
HN_MUST_USE int misp_read(struct misp_feed *f, const struct object_row *row, bool *holds);

/** Whether a value goes out as an attribute. @param hit  the warning list that names it, if one does */
bool misp_gives(const struct misp_feed *f, const struct stix_value *v, struct warning_hit *hit);
/** Whether any value of what misp_read() has read does. */
bool misp_gives_any(const struct misp_feed *f);

/* Members of events. */
void misp_add_tag(struct buf *out, const char *tlp);
void misp_add_uuid(struct buf *out, const char *name, const struct uuid *uuid);
void misp_add_day_head(struct buf *out, const struct misp_feed *f, uint64_t day);
/** Of an event with all of it, of now. */
void misp_add_export_head(struct buf *out, const struct misp_feed *f);
/** Of a report that misp_read() has read. */
void misp_add_report_head(struct buf *out, const struct misp_feed *f, const struct object_row *row);
/** The values of an object, each an attribute. */
HN_MUST_USE int misp_add_attributes(struct misp_feed *f, struct reader *reader, const struct object_row *row,
				    struct buf *out);

bool misp_is_indicator(const struct object_row *row);
/** The UTC day of its adding, since 1970. */
uint64_t misp_day_of(const struct object_row *row);

#endif
