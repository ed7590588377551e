/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_LOOKUP_H
#define HINOMI_RESOLVER_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "resolver/answer_cache.h"
#include "resolver/recursor.h"

/*
 * Questions of a thread that may wait, as that of the control socket: the recursor is asked and the caller
 * sleeps until its answer is there. Such a question counts for no client and stands in no count of names.
 */
struct lookup;

struct event_log;

/** @param events  whose sketch later hits of the answer belong to; NULL: none. All outlive the lookup
 *  @return HN_ENOMEM */
HN_MUST_USE int lookup_new(struct recursor *recursor, const struct event_log *events, struct lookup **out);

/**
 * Asks and waits. Not from a thread that asks the policy at that moment (policy_thread_join()).
 *
 * @param until_ms    of lookup_now_ms(): no longer
 * @param out         one reference, begun, in no cache yet; a failure is an answer too
 * @param failed_out  it is one
 *
 * @return HN_ETRUNC: nothing came in time; HN_ESTATE: it is stopped; as recursor_ask()
 */
HN_MUST_USE int lookup_ask(struct lookup *l, const struct answer_key *key, int64_t until_ms,
			   struct cached_answer **out, bool *failed_out);

/** CLOCK_MONOTONIC, as that of the answer cache. */
int64_t lookup_now_ms(void);

/** Who waits goes on at once, with HN_ESTATE, as does who asks later. NULL is allowed. */
void lookup_stop(struct lookup *l);
/** After lookup_stop() and recursor_drain(). NULL is allowed. */
void lookup_free(struct lookup *l);

#endif
