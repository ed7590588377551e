/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_WARNED_H
#define HINOMI_HUB_EXCHANGE_WARNED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "http/request.h"
#include "stix/object.h"
#include "store/objects.h"
#include "store/warnings.h"

/*
 * What warning lists do to something that leaves by a way out, for who asks. It is no matter of visibility:
 * what is withheld here stays in search and under its identifier.
 */
struct warned {
	const char *way;
	int64_t consumer;          /* organisation; 0: the public */
	int64_t revision;          /* of the lists as they were when it began */
	size_t counts[3];          /* lists, by enum warning_action */
	enum warning_action worst; /* that anything can meet: WARNING_OFF saves looking */
};

/**
 * Begins to ask for a request's answer, and tells by the header Hinomi-Warning-Lists how many lists count
 * there. While lists that were changed are still being read it answers 503: see answer_is_sent().
 *
 * @param way  "csv", "misp", "rpz", "stix", "taxii"; lives as long as w
 */
HN_MUST_USE int warned_begin(struct warned *w, struct request *r, struct reader *reader, const char *way);

/** Looks again what can be met, where an answer goes on. */
void warned_go_on(struct warned *w);

/** What happens to a value. @param hit  the strictest list; set where the answer is not WARNING_OFF */
enum warning_action warned_value(const struct warned *w, const struct stix_value *value,
				 struct warning_hit *hit);

/** The strictest of an object's values. What is revoked goes out: who has it is to learn of that. */
enum warning_action warned_object(const struct warned *w, const struct stix_object *o);

/**
 * The same of a row; of other types than indicators WARNING_OFF.
 *
 * @param scratch  where the row's object is read, if need be
 * @return HN_ENOMEM
 */
HN_MUST_USE int warned_row(const struct warned *w, const struct object_row *row, struct stix_object *scratch,
			   enum warning_action *out);

#endif
