/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_INTAKE_H
#define HINOMI_HUB_EXCHANGE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "stix/object.h"
#include "store/label.h"
#include "store/objects.h"
#include "store/store.h"

/*
 * The one way in for STIX, whoever hands it in: a request of the API, a TAXII POST, a TAXII or file source,
 * an importer that makes STIX of something else. JSON comes in pieces of any size; objects are cut out, read,
 * labelled and added in batches, each batch in one transaction. While one batch is being made durable the
 * next is read. What is wrong with an object is its own failure; the rest goes on.
 *
 * Memory: three batches (INTAKE_BATCH_BYTES each) and one object, however long the input is.
 */
#define INTAKE_BATCH_OBJECTS 1024
#define INTAKE_BATCH_BYTES   (2u << 20)
#define INTAKE_FAILURES_MAX  1000 /* that are told one by one; more are only counted */

/** From where it comes, and what holds where it says nothing itself. */
struct intake_terms {
	int64_t owner;      /* the organisation */
	int64_t source;     /* store/sources.h; 0: none */
	int64_t collection; /* 0: none */
	struct label label; /* of objects without markings; what they say joins it, so it never gets looser */
	enum stix_spec spec;              /* of objects that do not say and stand in no bundle that says */
	const struct stix_limits *limits; /* NULL: STIX_DEFAULTS */
	uint64_t objects_max;             /* a quota; 0: none */
	bool dry;                         /* find out what would come of it, change nothing */
};

/** An object that was not taken. */
struct intake_failure {
	uint64_t index;       /* in the input, from 0 */
	char id[STIX_ID_MAX]; /* "" where it could not be read */
	struct fault fault;   /* place: JSON pointer inside the object */
};

/** What came of all of it. */
struct intake_result {
	uint64_t objects;                   /* that stood in the input */
	uint64_t outcomes[OBJECT_OUTCOMES]; /* by enum object_outcome */
	uint64_t failed;                    /* refused; OBJECT_CONFLICT are among them */
	const struct intake_failure *failures;
	size_t failure_count;
	int64_t first_seq, last_seq; /* numbers of what was added or here already; 0: none */
};

/** Told of each object that was taken, on the writer's thread, when it is not yet durable; for status lists.
 */
typedef void (*intake_taken_fn)(void *context, const struct stix_object *object, enum object_outcome outcome,
				int64_t seq);

struct intake;

/**
 * Begins.
 *
 * @param ready  called from the store's thread when intake_feed() may go on or intake_end() has its result;
 * NULL: intake_feed() and intake_end() wait by themselves
 */
HN_MUST_USE int intake_new(struct store *store, const struct intake_terms *terms,
			   void (*ready)(void *context), void *context, struct intake **out);

/** Before the first feed. NULL: nobody is told. */
void intake_on_taken(struct intake *in, intake_taken_fn fn, void *context);

#define INTAKE_WAIT                                                                                          \
	1 /* the piece was taken; hand in no more: call intake_wait(), and go on after ready()               \
	   */

/**
 * Takes a piece.
 *
 * @return HN_OK, INTAKE_WAIT, HN_EFORMAT or HN_ETRUNC (what follows cannot be read: the fault says where),
 *         HN_ENOSPC, HN_EIO, HN_ELIMIT (quota); earlier batches stay
 */
HN_MUST_USE int intake_feed(struct intake *in, const void *data, size_t len, struct fault *fault);

/** The input has ended. @return HN_OK: all is durable; INTAKE_WAIT: ask again after ready(); as above */
HN_MUST_USE int intake_end(struct intake *in, struct fault *fault);

/** After INTAKE_WAIT: asks for ready(), which may be called at once, from within. Touch nothing after it. */
void intake_wait(struct intake *in);

/** After intake_end() returned something else than INTAKE_WAIT, or after an error. Lives with the intake. */
void intake_result(const struct intake *in, struct intake_result *out);

/** Waits for batches that are under way, then frees. NULL is allowed. */
void intake_free(struct intake *in);

#endif
