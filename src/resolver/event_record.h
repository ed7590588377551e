/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_RECORD_H
#define HINOMI_RESOLVER_EVENT_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "resolver/config.h"
#include "resolver/event_ring.h"

/** How a policy's set is called in events. */
struct event_set {
	const char *name, *id, *version;
};

/** One event as it is written: equal questions of one client within a minute are one. */
struct event_told {
	const struct event *event; /* the first of them */
	uint64_t count;
	int64_t first_ns, last_ns;
	struct uuid uid;
	const struct resolver_group *group;
	const struct event_set *set;  /* NULL: not known */
	const char *pseudonym;        /* of the client; NULL: the address itself is written, which only */
	const char *prefix_pseudonym; /* ...its own organisation gets to see */
};

/**
 * Appends one line of JSON: OCSF DNS Activity (catalog/record.schema.json). Of a client that is listed itself
 * the entry is left out, unless the address is written anyway.
 *
 * @return what buf_err() says
 */
HN_MUST_USE int event_record_add(const struct event_told *t, struct buf *out);

#endif
