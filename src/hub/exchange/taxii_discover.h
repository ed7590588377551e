/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_TAXII_DISCOVER_H
#define HINOMI_HUB_EXCHANGE_TAXII_DISCOVER_H

#include "base/buf.h"
#include "hub/exchange/fetch_run.h"

/*
 * Where a collection lies that a source names by its identifier, alias or title (TAXII 2.1, 4.1, 4.2, 5.1).
 * `where` is the server's discovery or one of its API roots. Roots at another server than `where` are passed
 * over: the credential was given for this one.
 */
#define TAXII_MEDIA     "application/taxii+json;version=2.1"
#define TAXII_ROOTS_MAX 32

/**
 * Asks the server. Where the collection is another than in the run's state, its pages begin anew.
 *
 * @return as fetch_get(); HN_ENOENT: no such collection, or one that may not be read; HN_EEXIST: several of
 *         the name; HN_EFORMAT: the answer is no such resource. The place is kept in the run's state
 */
HN_MUST_USE int taxii_discover(struct fetch_run *run, struct fault *fault);

/* ---- its parts ---- */

struct taxii_roots {
	bool lone;                                        /* what was read is an API root itself */
	size_t count, elsewhere;                          /* taken; passed over */
	char urls[TAXII_ROOTS_MAX][SOURCE_WHERE_MAX + 1]; /* each ends with a slash */
};

/** Reads a discovery or an API root resource. @param base  from where it came, with a slash at its end.
 * @return HN_EFORMAT */
HN_MUST_USE int taxii_roots_read(const char *base, const char *text, size_t len, struct taxii_roots *out,
				 struct fault *fault);

/** How well a collection was named. */
enum taxii_match { TAXII_NO, TAXII_TITLE, TAXII_ALIAS, TAXII_ID };

struct taxii_found {
	enum taxii_match match;
	unsigned count; /* of this match */
	bool readable;
	char url[SOURCE_WHERE_MAX + 1];
	uint64_t seen; /* collections in all */
};

/** Reads a collections resource of a root; adds to what was found. @return HN_EFORMAT */
HN_MUST_USE int taxii_collections_read(const char *root, const char *wanted, const char *text, size_t len,
				       struct taxii_found *found, struct fault *fault);

#endif
