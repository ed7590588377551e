/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_TRIAL_H
#define HINOMI_HUB_EXCHANGE_TRIAL_H

#include "hub/hub.h"
#include "store/source_runs.h"

/*
 * Dry runs of sources: what a run would bring now, from where the last one stopped, without keeping anything
 * of it. On a thread of their own, one after the other; the first FETCH_TRIAL_PARTS pages, events or files,
 * and FETCH_TRIAL_S seconds.
 */
extern const struct hub_part TRIALS;

/**
 * Makes the request wait until the trial has ended, and answers it then.
 *
 * @param sealed  what it signs in with; copied
 * @return what the handler returns; HN_ELIMIT: too many wait. r->state is the trial's: the route ends with
 *         trial_free()
 */
HN_MUST_USE int trial_begin(struct request *r, const struct source *source, const struct source_state *state,
			    const struct buf *sealed);

/** For route->end. */
void trial_free(struct request *r);

#endif
