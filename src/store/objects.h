/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OBJECTS_H
#define HINOMI_STORE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stix/object.h"
#include "store/store.h"

/*
 * STIX objects and their versions. A version is kept as the bytes that came, under a number that is the time
 * of its adding in microseconds, unique and strictly rising in the order of commits: whoever asks for what
 * was added after a number that he has seen misses nothing.
 *
 * Each organisation's copy of an object stands by itself: two that send the same identifier have an object
 * each, and neither learns of the other. Who may see several gets one of each version, the first that came;
 * where he asks for the newest, that of the organisation that gave the object first: nobody else's later or
 * revoked version takes its place.
 * The newest version's label covers the older ones of the same organisation too: what its owner closed is
 * closed.
 */

/** What came of an object that was handed in. */
enum object_outcome {
	OBJECT_NEW,
	OBJECT_NEWER,    /* the newest version now */
	OBJECT_OLDER,    /* a version that was missing in the middle */
	OBJECT_SAME,     /* this version is here, byte for byte or of the same meaning */
	OBJECT_CONFLICT, /* this version is here with another content: refused */
	OBJECT_OUTCOMES,
};

/** A part with a marking of its own (STIX 2.1, 7.2.3), whose label is stricter than the whole's. */
struct object_part {
	const char *selector;
	size_t selector_len;
	int64_t label;
};

struct objects_batch; /* store/objects_batch.h */

struct object_new {
	const struct stix_object *stix;
	struct objects_batch *batch; /* of which it is one; NULL: it stands alone */
	const struct object_part *parts;
	size_t part_count;
	int64_t label;      /* labels_number() */
	int64_t owner;      /* organisation from which it comes */
	int64_t source;     /* number in store/sources.h; 0: none */
	int64_t collection; /* of store/collections.h in which it was put; 0: none */
};

/** Adds a version. @param seq_out  its number, or that of the version that is here; 0 when refused */
HN_MUST_USE int objects_add(struct writing *w, const struct object_new *object,
			    enum object_outcome *outcome_out, int64_t *seq_out);

/** A version, as a reader may see it. Lives during the call. */
struct object_row {
	int64_t seq;   /* when it was added, microseconds; with masked its own number all the same */
	int64_t added; /* to the collection that was asked for; else seq */
	struct stix_id id;
	enum stix_spec spec;
	int64_t modified_ns; /* the version; what has none: when it was added here */
	bool revoked;
	bool newest;
	bool masked; /* parts were taken out: id, bytes are of the rendition, which has no digest */
	int64_t label, owner, source;
	const uint8_t *bytes;
	size_t len;
};

typedef int (*object_fn)(void *context, const struct object_row *row);

/** Which versions of an object (TAXII 2.1, 3.4.1 `match[version]`). */
enum object_versions { OBJECT_LAST = 1, OBJECT_FIRST = 2, OBJECT_ALL = 4 };

/** What to read. Zero or NULL: no condition. Lists are alternatives, conditions hold together. */
struct object_filter {
	const struct stix_id *ids;
	size_t id_count;
	const char *const *types; /* NUL-terminated */
	size_t type_count;
	unsigned versions;         /* enum object_versions joined; 0: OBJECT_LAST */
	const int64_t *version_ns; /* and these */
	size_t version_count;
	unsigned specs;     /* bits 1 << enum stix_spec; 0: of each object the latest that there is */
	int64_t after_seq;  /* added later than this */
	int64_t until_seq;  /* and not later than this; 0: no end */
	int64_t collection; /* what was put there: first, last and added mean first, last and added there */
	int64_t source;
	/* Whose copies: what this organisation gave, also where another one gave the same identifier first.
	 * With it no condition on collection or source. */
	int64_t owner;
	bool content; /* bytes are wanted; else bytes is NULL */
	bool brief;   /* neither version, owner nor source are wanted, which may then be 0 */
};

/**
 * Reads up to limit versions in the order of their adding.
 *
 * @param more_out  whether there are more behind the last
 * @return what fn returned if not HN_OK
 */
HN_MUST_USE int objects_page(struct reader *reader, const struct object_filter *filter, size_t limit,
			     object_fn fn, void *context, bool *more_out);

/** The newest version of one object. @return HN_ENOENT: not there, or not to be seen; nobody can tell which.
 */
HN_MUST_USE int objects_get(struct reader *reader, const struct stix_id *id, object_fn fn, void *context);

/**
 * How many objects (not versions) of a type the reader may see; type NULL: all. Each organisation's copy of
 * an object counts.
 *
 * @param owner  only what this organisation gave; 0: all
 */
HN_MUST_USE int objects_count(struct reader *reader, const char *type, int64_t owner, uint64_t *out);

/** Objects that point to this one, newest versions, in the order of their adding behind after_seq. */
HN_MUST_USE int objects_referring(struct reader *reader, const struct stix_id *target, int64_t after_seq,
				  size_t limit, object_fn fn, void *context, bool *more_out);

#endif
