/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_STAND_H
#define HINOMI_SENSOR_LIVE_STAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/trust.h"
#include "base/err.h"
#include "match/set.h"
#include "sensor/deidentify.h"
#include "sensor/facilities.h"
#include "sensor/live_control.h"
#include "sensor/patterns.h"
#include "sensor/ring.h"

#define STAND_SETS_MAX   64
#define STAND_LAYERS_MAX (SET_OVERLAYS_MAX + 1)

/*
 * What the parser of a live sensor stands on, built aside from what the writer hands over (live_control.h),
 * then adopted by each thread between two batches. Immutable from then on.
 */

/** All of it but the sets. Goes on when only sets change. */
struct footing {
	unsigned uses;
	struct trust trust;
	struct domestic *domestic;
	struct authorization *authorization; /* NULL: nothing is authorised */
	struct facilities *facilities;       /* NULL: the authorisation names none */
	struct pattern_source *sources;
	struct patterns *patterns; /* NULL: none */
	struct patterns_scratch *scratch[RING_THREADS_MAX];
	struct pseudonym_secret *secret;
	struct sealer *sealer;
};

struct stand {
	uint32_t generation;
	int64_t stops_ns;
	struct uuid edge;
	struct footing *basis;
	struct set *sets[STAND_SETS_MAX];
	size_t set_count;
	/* Files of the sets, mapped. */
	struct {
		void *data[STAND_LAYERS_MAX];
		size_t size[STAND_LAYERS_MAX];
		size_t count;
	} layers[STAND_SETS_MAX];
};

/** What comes between BEGIN and COMMIT. */
struct stand_builder {
	struct stand *stand;   /* NULL: nothing was begun */
	struct stand *present; /* whose basis goes on where none comes */
	unsigned threads;
	bool authorised;
	bool fresh; /* the basis is a new one */
	uint8_t secret[PSEUDONYM_SECRET_SIZE];
};

/**
 * Takes a message but TICK and STOP; the file is taken over. COMMIT gives *out, which is the caller's
 * (stand_free); else it is NULL.
 *
 * @return HN_EFORMAT, HN_EIO, HN_ENOMEM, and what reading the documents gives
 */
HN_MUST_USE int stand_take(struct stand_builder *b, struct control *c, int fd, struct stand **out);

/** NULL is allowed. No thread may use it any more. */
void stand_free(struct stand *s);

/** How flows become messages under it. */
void stand_deidentify(const struct stand *s, const struct uuid *epoch, struct deidentify *out);

#endif
