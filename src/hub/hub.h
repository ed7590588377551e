/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_HUB_H
#define HINOMI_HUB_HUB_H

#include "base/err.h"
#include "base/fault.h"
#include "http/request.h"

struct fetch_keeper;
struct directory;  /* store/directory.h */
struct hub_config; /* hub/config.h */
struct identity;   /* hub/identity */
struct record;     /* hub/record/record.h */
struct server;     /* http/server.h */
struct store;      /* store/store.h */

/**
 * What all parts of a hub that runs share. Made whole before the first request is read, then constant; a
 * reload changes what the members hold and the configuration, which stays until the hub ends; of the others
 * never the members.
 */
struct hub {
	const struct hub_config
		*_Atomic config; /* a reload puts another in its place; read it once for one thing */
	struct store *store;
	struct directory *directory; /* organisations, people */
	struct record *record;       /* the ledger's thread and the access log */
	struct identity *identity;   /* who signs in, and how */
	struct server *server;
	struct fetch_keeper *fetch; /* of the processes that fetch (hub/exchange/fetch_process.h) */
};

/** The hub whose request it is. */
static inline struct hub *hub_of(const struct request *r)
{
	return r->program;
}

/**
 * A part that keeps something of its own while the hub runs (a schedule, a cache, a thread): a row in the
 * table of hub/parts.c. Any of the functions may be NULL.
 */
struct hub_part {
	const char *name;
	/** Before the first request: threads are begun here. The process is confined to its files already. */
	int (*start)(struct hub *hub, struct fault *fault);
	/** SIGHUP. An error changes nothing. */
	int (*reload)(struct hub *hub, struct fault *fault);
	/** No request is under way any more; the store and the record still take what is left. In turn from
	 * the last to the first. */
	void (*stop)(struct hub *hub);
};

/** All parts, in the order in which they begin; ends with NULL. */
extern const struct hub_part *const HUB_PARTS[];

#endif
