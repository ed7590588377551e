/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_TAXII_TAXII_H
#define HINOMI_HUB_TAXII_TAXII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/request.h"
#include "http/route.h"
#include "store/collections.h"
#include "store/objects.h"

/*
 * The TAXII 2.1 server (OASIS Standard, 10 June 2021): one discovery resource, one API root. What is asked
 * runs through the same store and the same view as everything else; this room only speaks the protocol.
 */
#define TAXII_ROOT        "/taxii2/nation"
#define TAXII_MEDIA       "application/taxii+json;version=2.1"
#define TAXII_PAGE        1000         /* objects, where the client names no limit */
#define TAXII_PAGE_MAX    10000        /* and at most */
#define TAXII_BYTES_MAX   (8u << 20)   /* bytes of one answer's objects; then `more` */
#define TAXII_CONTENT_MAX (100u << 20) /* bytes of one POST; max_content_length of the API root */

/** The routes of this room. */
extern const struct route TAXII_ROUTES[];

/* Handlers, by the sections of the standard. */
int taxii_discovery(struct request *r);       /* 4.1 */
int taxii_root(struct request *r);            /* 4.2 */
int taxii_status(struct request *r);          /* 4.3 */
int taxii_collections(struct request *r);     /* 5.1 */
int taxii_collection(struct request *r);      /* 5.2 */
int taxii_manifest(struct request *r);        /* 5.3 */
int taxii_objects(struct request *r);         /* 5.4 */
int taxii_object(struct request *r);          /* 5.6 */
int taxii_object_delete(struct request *r);   /* 5.7 */
int taxii_object_versions(struct request *r); /* 5.8 */

/* 5.5, adding objects: pieces, end of the input. */
int taxii_add_piece(struct request *r, const uint8_t *data, size_t len);
int taxii_add(struct request *r);

/** The error message of TAXII (3.6.1) instead of a problem. */
void taxii_problem(struct request *r, unsigned status, const char *title, const char *detail);

/** The same for what no route of ours answers for: server_options.problem. */
bool taxii_lost(struct request *r, unsigned status, const char *title, const char *detail);

/** The collection that the path's first parameter names, if it may be read (`write`: written). Else answers
 * 404 or 403 and returns HN_ESTATE. */
HN_MUST_USE int taxii_find_collection(struct request *r, struct reader *reader, bool write,
				      struct collection *out);

/** A TAXII timestamp: RFC 3339 with milliseconds or, where it needs them, more digits. */
#define TAXII_TIME_SIZE 40
void taxii_time(int64_t time_ns, char out[TAXII_TIME_SIZE]);

/** What a request filters by (3.4): added_after, limit, next, match[...]. Lists live in the request's arena.
 */
struct taxii_query {
	struct object_filter filter;
	size_t limit;
};

/** Reads it. @return HN_EFORMAT; r->fault names the parameter */
HN_MUST_USE int taxii_query_read(struct request *r, struct taxii_query *out);

#endif
