/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_IMPORTER_MISP_H
#define HINOMI_HUB_EXCHANGE_IMPORTER_MISP_H

#include "base/arena.h"
#include "hub/exchange/importer_inside.h"
#include "stix/marking.h"
#include "stix/tape.h"

/* Between the parts of the reader of MISP's core format. */

/** One event that is being made into STIX. */
struct misp_event {
	struct importer *imp;
	const struct stix_tape *tape;
	struct arena *arena; /* texts of the event */
	struct arena *piece; /* of one attribute; reset behind it */
	struct buf *scratch;
	struct buf refs; /* identifiers in quotes for the report */
	size_t ref_count, refs_left;
	struct uuid id, report;
	bool has_org, grouping;
	struct uuid org;
	int64_t modified_ns, created_ns;
	struct stix_marking marking; /* of the event: what holds for its parts */
};

/** What tags say beside labels. */
struct misp_tags {
	struct stix_marking marking; /* joined with what held before */
	struct buf labels;           /* JSON strings, separated by commas */
	struct buf phases;           /* kill_chain_phases' elements */
	struct buf techniques;       /* identifiers in quotes of what the tags name: "attack-pattern--..." */
};

/** A member as text: strings as they are, numbers as written, true and false as "1" and "0"; "" where it is
 * absent or null. NULL: no memory. */
const char *misp_text(struct misp_event *e, struct arena *arena, uint32_t object, const char *name);
bool misp_flag(struct misp_event *e, uint32_t object, const char *name, bool absent);
/** Seconds since 1970, or RFC 3339, in nanoseconds; 0: none. */
int64_t misp_time(struct misp_event *e, uint32_t object, const char *name);
/** The UUID of an object of MISP; one of its place where it has none. */
struct uuid misp_uuid(struct misp_event *e, uint32_t object, const char *kind);

/** Notes an identifier for the report. */
void misp_note_ref(struct misp_event *e, const char *type, const struct uuid *id);

void misp_tags_init(struct misp_tags *tags, const struct misp_event *e);
void misp_tags_clear(struct misp_tags *tags);
/** Reads "Tag" of an object and, of attributes and events, "Galaxy". */
HN_MUST_USE int misp_tags_read(struct misp_event *e, uint32_t object, struct misp_tags *tags);
/** "distribution" and "SharingGroup" of an object, where no tag says a TLP level. */
HN_MUST_USE int misp_distribution_read(struct misp_event *e, uint32_t object, struct misp_tags *tags);

/** Adds labels, kill chain phases and markings to the object being written; writes the marking's definition
 * in front of it, so call misp_marking_write() first. */
HN_MUST_USE int misp_marking_write(struct misp_event *e, const struct misp_tags *tags, struct buf *ref_out);
void misp_tags_write(struct misp_event *e, const struct misp_tags *tags, const struct buf *marking_ref,
		     const char *const more_labels[], bool phases);

/** An organisation as identity, once an event; its UUID. @return false: it has no UUID */
bool misp_identity_write(struct misp_event *e, uint32_t org, struct uuid *out);

/** One attribute: its object or objects, or why it has none. @param object_name  of the MISP object in which
 * it stands; \"\" */
HN_MUST_USE int misp_attribute(struct misp_event *e, uint32_t attribute, const char *object_name,
			       bool deleted);

/** One event, whole. */
HN_MUST_USE int misp_event_read(struct importer *imp, const struct stix_tape *tape, uint32_t event);

#endif
