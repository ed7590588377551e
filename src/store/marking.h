/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_MARKING_H
#define HINOMI_STORE_MARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stix/object.h"
#include "store/label.h"

/*
 * From an object's marking references to its label. What markings say comes from stix/marking.h; the
 * predefined ones (TLP) are known, others are looked up among the marking-definitions in the store. Of
 * organisations and groups that a marking names by UUID, those that the store does not know name nobody.
 */
struct objects_batch; /* store/objects_batch.h */
struct writing;

#define MARKING_MEMO_IDS 8

/**
 * Answers that hold for all objects of one base that a job adds, until a marking-definition is added: most of
 * them carry the same few markings. An empty one is all zeros.
 */
struct marking_memo {
	struct {
		struct uuid ids[MARKING_MEMO_IDS];
		size_t count;
		int64_t label; /* 0: the place is free */
		bool not_here;
	} labels[16];
	size_t label_count; /* that were put in; the first of them make room */
	struct uuid missing[16];
	size_t missing_count;
	int64_t base; /* the base's label; 0: not asked yet */
};

/**
 * The label of an object.
 *
 * @param base  of its source: owner, and what holds where the markings say nothing. A TLP or PAP level of a
 * marking goes before the base's, the strictest of several counts; groups, recipients, purposes, consent,
 *              clearance and originator control can only be narrowed by markings
 * @param ids   object_marking_refs, and of a part its marking too
 * @param memo  of this base; NULL: none
 *
 * A marking that is not here, or of a kind that nobody can read, makes the label `unknown_marking`.
 * Statements (copyright, terms of use) restrict nothing.
 */
HN_MUST_USE int marking_label(struct writing *w, const struct label *base, const struct stix_id *ids,
			      size_t count, struct marking_memo *memo, int64_t *number_out,
			      bool *unknown_out);

/**
 * The label of a whole object, of a marking-definition too. One that names groups or organisations, or that
 * nobody can read, is under what it says itself, so that it tells whom it names to nobody who may not have
 * what is marked with it and nothing else.
 */
HN_MUST_USE int marking_label_of(struct writing *w, const struct label *base, const struct stix_object *o,
				 struct marking_memo *memo, int64_t *number_out, bool *unknown_out);

/**
 * Notes that the labels of a version, or of its parts, had to be made without knowing all its markings.
 *
 * @param base, memo  as for marking_label()
 */
HN_MUST_USE int marking_unknown(struct writing *w, int64_t seq, const struct label *base,
				struct marking_memo *memo, const struct stix_object *o);

/** A marking-definition was added: versions that waited for it, and their parts, get the labels that they
 * should have had. @param batch  in which the definition came; NULL: alone */
HN_MUST_USE int marking_arrived(struct writing *w, const struct stix_object *definition, int64_t owner,
				struct objects_batch *batch);

#endif
