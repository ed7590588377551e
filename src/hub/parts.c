/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stddef.h>

#include "hub/api/events.h"
#include "hub/api/openapi.h"
#include "hub/edge/edge.h"
#include "hub/exchange/fetcher.h"
#include "hub/exchange/indexer.h"
#include "hub/exchange/secret.h"
#include "hub/exchange/trial.h"
#include "hub/hub.h"
#include "hub/sets/sets.h"

/* One a line, so that each addition is a line of its own. */
/* clang-format off */
const struct hub_part *const HUB_PARTS[] = {
	&EVENTS,
	&OPENAPI,
	&INDEXER,
	&SOURCE_SECRETS,
	&FETCHER,
	&TRIALS,
	&SETS,
	&EDGE_HEADS,
	&EDGE_REPORTS,
	&EDGE_CHANNEL,
	NULL,
};
/* clang-format on */
