/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_CONFIG_H
#define HINOMI_SENSOR_LIVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"

/** sensor.yaml; docs/sensor.md has every key. */
struct live_config {
	const char *interface; /* one of these two */
	const char *replay;
	bool outgoing;
	uint32_t threads;
	uint64_t ring;  /* bytes, of each thread */
	uint64_t flows; /* of all threads */
	const char *output;
	int64_t interval_ns;
	const char *user; /* NULL: who started it */
	const char
		*edge; /* folder that the edge program keeps; what it gives may also be named one by one: */
	const char *identity;
	const char *trust;
	const char *domestic;
	const char *authorization;
	const char *revocations;
	struct config_list indicators; /* const char *: "BASE.him,OVERLAY.him" */
	struct config_memory *memory;
};

extern const struct config_key live_config_keys[];

/**
 * Reads it. What is not named but lies in the edge's folder gets its name.
 *
 * @param path       NULL: sensor.yaml here
 * @param interface  NULL, or what takes the place of `interface` and `replay`
 * @return as config_read()
 */
HN_MUST_USE int live_config_read(const char *path, const char *interface, struct live_config *out,
				 struct fault *fault);
void live_config_clear(struct live_config *c);

#endif
