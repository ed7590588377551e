/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EDGE_SIGHTING_H
#define HINOMI_HUB_EDGE_SIGHTING_H

#include "base/err.h"
#include "store/edge_events.h"

/**
 * Writes the STIX sighting of a day as it stands: one object an indicator, organisation, UTC day and kind of
 * source, whose identifier follows from the four; each call is another version. It is seen by the
 * organisation and the centre, or, where it comes from selected information, by the handlers.
 */
HN_MUST_USE int sighting_write(struct writing *w, const struct sighting_day *day);

#endif
