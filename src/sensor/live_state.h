/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_STATE_H
#define HINOMI_SENSOR_LIVE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/sums.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/utc.h"
#include "base/uuid.h"
#include "sensor/live_case.h"

#define LIVE_REFUSALS_MAX 16

struct live_refusal {
	int64_t at_ns;
	enum refusal refusal;
	char what[24];
	char name[256];
	char detail[512];
};

/** What state.json says; docs/sensor.md has its members. */
struct live_state {
	struct uuid edge, epoch;
	int64_t begun_ns;
	const char *input;
	bool replay;
	const struct live_world *world;
	const struct live_case *present; /* NULL: nothing yet */
	int64_t since_ns;                /* it is in force */
	bool stopped;
	uint64_t receipts, records; /* of this run */
	uint64_t receipt;           /* number of the last one; 0: none yet */
	int64_t receipt_ns;
	uint64_t packets, bytes;
	uint64_t erased_records; /* at the end of their retention */
	struct sums sums;        /* of this run; pending is that of the last interval */
	bool memory_locked;
	const struct confinement *parser, *writer;
	struct live_refusal refusals[LIVE_REFUSALS_MAX];
	size_t refusal_count; /* ever */
};

/** Remembers one. */
void live_state_refused(struct live_state *s, int64_t at_ns, enum refusal r, const char *detail,
			const char *what, const char *name);

/** Puts state.json into a directory, whole. @return as file_write_whole_at(), HN_ENOMEM */
HN_MUST_USE int live_state_write(const struct live_state *s, int dir_fd, int64_t now_ns);

#endif
