/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EXPLAIN_H
#define HINOMI_RESOLVER_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "resolver/policy.h"

/* Why a question is answered as it is: which entry of which set decides, and which others matched and lost.
 */

#define EXPLAIN_ADDRESSES_MAX 64

struct explain_question {
	const uint8_t *name; /* wire form, lower case, without the root's byte */
	size_t len;
	const struct ip *client;    /* NULL: not asked about */
	const struct ip *addresses; /* of the answer, where known */
	size_t address_count;       /* at most EXPLAIN_ADDRESSES_MAX are looked at */
	int64_t now_ns;
};

/** Appends lines for people, in their language. @return what buf_err() says; HN_ENOENT for no such view */
HN_MUST_USE int explain_text(const struct policy *p, unsigned view, const struct explain_question *q,
			     struct buf *out);

/**
 * Appends one JSON object: name, view, generation, action ("allow", "none" or an action), decided (the match
 * or null) and matches: set, set_id, set_version, organisation, contact, place (from 1), trigger, entry,
 * object, marking, confidence, labels_left, action, status ("decides", "logged", "loses") and why. Where
 * nothing decides and no addresses were given, a note says what was not judged.
 */
HN_MUST_USE int explain_json(const struct policy *p, unsigned view, const struct explain_question *q,
			     struct buf *out);

#endif
