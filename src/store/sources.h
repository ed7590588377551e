/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SOURCES_H
#define HINOMI_STORE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "store/asker.h"
#include "store/label.h"
#include "store/objects.h"
#include "store/store.h"

/*
 * From where objects come. A source belongs to an organisation, which owns what comes from it. Its
 * administrators and analysts read and change it, and the centre's; to everybody else it is not there.
 */

enum source_kind {
	SOURCE_STIX,  /* bundles behind a URL */
	SOURCE_TAXII, /* a collection of a TAXII 2.1 server */
	SOURCE_MISP,  /* an event, a list of events, or a feed (manifest.json) behind a URL */
	SOURCE_CSV,
	SOURCE_LIST,
	SOURCE_DROP, /* files that are put into a folder of the hub's */
	SOURCE_API,  /* what people and machines hand in by themselves */
	SOURCE_KINDS,
};

/** "stix", "taxii", ... */
const char *source_kind_name(enum source_kind kind);
/** @return -1: no such word */
int source_kind_value(const char *word, size_t len);

#define SOURCE_TEXT_MAX    16384
#define SOURCE_NAME_MAX    256
#define SOURCE_WHERE_MAX   1024
#define SOURCE_CURSOR_MAX  1024 /* bytes of what a server gave to go on with */
#define SOURCE_ERROR_MAX   400
#define SOURCE_FETCH_BYTES (1u << 30) /* of one answer, unless the quota says less */
#define SOURCE_EVERY_MIN   (60 * INT64_C(1000000))

struct source {
	int64_t number, revision, organisation;
	struct uuid id, organisation_id;
	enum source_kind kind;
	bool enabled;
	bool by_default; /* of its organisation's hand-ins that name no source */
	unsigned trust;  /* 0..100 */
	int64_t made_us; /* when it was put first */
	struct label label;
	int64_t every_us;     /* between two runs; 0: only when somebody asks for it */
	uint64_t objects_day; /* quota; 0: none */
	uint64_t fetch_bytes; /* most bytes of one answer */
	char name[SOURCE_NAME_MAX + 1];
	char where[SOURCE_WHERE_MAX + 1]; /* URL; of a TAXII source the collection's, or a server's with: */
	char collection[SOURCE_NAME_MAX +
			1];      /* TAXII: its id, alias or title there; "" where it is `where` */
	enum source_kind format; /* of a dropped file: STIX, MISP, CSV or LIST; of others the kind */
};

/** What it brought, and what use it was. */
struct source_use {
	uint64_t runs, bytes;
	uint64_t outcomes[OBJECT_OUTCOMES];
	uint64_t refused;
	uint64_t sightings, hits; /* of what it brought */
};

/**
 * Makes or replaces one.
 *
 *     {"name": "...", "organisation": uuid, "kind": "taxii", "where": "https://...", "trust": 60,
 *      "collection": "...", "format": "csv", "marking": {...}, "every": "PT1H", "quota": {"objects_day":
 * 100000, "bytes_fetch": 10485760}, "enabled": true, "default": false}
 *
 * @param revision      the one it replaces; 0: it must not be there; -1: whatever is there
 * @param revision_out  the new one; the old one where nothing changed
 * @return HN_EFORMAT, HN_ELIMIT: the JSON; HN_EAUTH: the actor may not; HN_ESTATE, HN_EEXIST: revision, a
 *         second default, another organisation than before; HN_ENOENT: what it names, or itself to this actor
 */
HN_MUST_USE int sources_put(struct writing *w, const struct asker *actor, const struct uuid *id,
			    int64_t revision, const char *text, size_t len, int64_t *number_out,
			    int64_t *revision_out, struct fault *fault);

/** What it signs in with, sealed by the hub; len 0 takes it away. @return HN_ENOENT, HN_EAUTH */
HN_MUST_USE int sources_put_secret(struct writing *w, const struct asker *actor, const struct uuid *id,
				   const uint8_t *sealed, size_t len, struct fault *fault);

/** The sealed secret, for the hub itself. Nothing is appended where there is none. */
HN_MUST_USE int sources_secret(struct reader *reader, int64_t number, struct buf *out);

/** Puts `enabled` to false; what it brought stays. @return HN_ENOENT, HN_EAUTH */
HN_MUST_USE int sources_disable(struct writing *w, const struct asker *actor, const struct uuid *id,
				int64_t *revision_out, struct fault *fault);

/** Asks for a run as soon as may be: its back-off is forgotten. During a run it is remembered, and another
 * one follows. @return HN_ENOENT, HN_EAUTH, HN_ESTATE: it is
 * disabled or fetches nothing */
HN_MUST_USE int sources_run_now(struct writing *w, const struct asker *actor, const struct uuid *id,
				struct fault *fault);

/** One by its identifier. @return HN_ENOENT: not there, or not the reader's to know */
HN_MUST_USE int sources_find(struct reader *reader, const struct uuid *id, struct source *out);

/** The default of the reader's own organisation. @return HN_ENOENT */
HN_MUST_USE int sources_default(struct reader *reader, struct source *out);

/** Appends its JSON: what was put, with `state` and `use`. @return HN_ENOENT */
HN_MUST_USE int sources_get(struct reader *reader, const struct uuid *id, struct buf *out,
			    int64_t *revision_out);

/** The same for those behind a number, separated by commas. */
HN_MUST_USE int sources_list(struct reader *reader, int64_t after, size_t limit, struct buf *out,
			     int64_t *last_out, bool *more_out);

/**
 * Adds to its counters, in the transaction that adds the objects.
 *
 * @return HN_ELIMIT: the day's quota of objects would be passed; nothing is counted
 */
HN_MUST_USE int sources_count(struct writing *w, int64_t number, const struct source_use *add);

#endif
