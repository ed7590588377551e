/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_PIPELINE_H
#define HINOMI_SENSOR_PIPELINE_H

#include <stdbool.h>

#include "base/err.h"
#include "sensor/engine.h"
#include "sensor/prepare.h"
#include "wire/capture.h"

/** Drives an input through the two stages, on one thread or with the flow stage on another. The result is the
 * same. */
struct pipeline;

/** @param threads 1 or 2; the second is started here, before the sandbox closes. @return HN_ENOMEM */
HN_MUST_USE int pipeline_new(struct prepare *prepare, struct engine *engine, unsigned threads,
			     struct pipeline **out);

/**
 * Reads the input to its end; when it is the last, ends all flows. Both stages are at rest when it returns.
 *
 * @return HN_OK; HN_EIO when the input could not be read on (what was read is accounted for)
 */
HN_MUST_USE int pipeline_run(struct pipeline *p, struct capture *capture, bool last);

#endif
