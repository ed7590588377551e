/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EXPLAIN_H
#define HINOMI_RESOLVER_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "resolver/policy.h"

/* Why a question is answered as it is: which entry of which set decides, and which others matched and lost.
 */

/** How far a question was judged. */
enum explain_end {
	EXPLAIN_BEFORE,     /* client and name decide: nothing is resolved for it */
	EXPLAIN_WHOLE,      /* the answer too, as far as the server judges it */
	EXPLAIN_OFFLINE,    /* client and name only: nothing can be resolved here */
	EXPLAIN_UNANSWERED, /* it cannot be resolved: there is no answer that could be judged */
	EXPLAIN_LATE,       /* what is to be judged did not come in time */
};

/** A question that was judged. About 70 KiB. */
struct explained {
	const uint8_t *name; /* wire form, lower case, without the root's byte */
	size_t len;
	const char *type; /* asked for, as text; NULL: it does not matter */
	bool by_client;   /* the client was judged */
	int64_t now_ns;
	enum explain_end end;
	struct policy_verdict verdict; /* made with the trace below */
	struct policy_trace trace;
};

/** Appends lines for people, in their language. @return what buf_err() says; HN_ENOENT for no such view */
HN_MUST_USE int explain_text(const struct explained *q, struct buf *out);

/**
 * Appends one JSON object: name, type, view, generation, action ("allow", "none" or an action), decided (the
 * match or null), judged (each value that was: trigger, value, step), matches: set, set_id, set_version,
 * organisation, contact, place (from 1), trigger, entry, value (what matched), step (CNAMEs before it),
 * object, marking, confidence, labels_left, action, status ("decides", "logged", "frees", "loses") and why;
 * and, where something was not judged, note.
 */
HN_MUST_USE int explain_json(const struct explained *q, struct buf *out);

#endif
