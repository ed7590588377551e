/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_WRITER_H
#define HINOMI_SENSOR_LIVE_WRITER_H

#include <stdint.h>
#include <sys/types.h>

#include "authority/key.h"
#include "base/err.h"
#include "base/uuid.h"
#include "sensor/live_config.h"
#include "sensor/output.h"

/*
 * The process of a live sensor that writes. It reads and judges what people and the edge put there, hands it
 * to the parser (live_control.h), takes the parser's messages as hostile, and makes records, receipts, ledger
 * and state.json. It never sees a packet.
 */
struct live_writer_options {
	const struct live_config *config;
	struct output *output;
	const struct key *identity;
	struct uuid edge, epoch;
	int64_t begun_ns;
	int pipe_fd;
	int control_fd;
	int signal_fd; /* serving_signals() */
	pid_t parser;
};

/**
 * Confines itself, then runs until SIGTERM or SIGINT.
 *
 * @return an exit code: done; HN_EXIT_INPUT without a trust file or domestic table; HN_EXIT_NOT_AUTHORISED
 * for a replay under a trust file that is not marked demo; HN_EXIT_UNFINISHED when the disk was full or the
 * parser ended: what is written verifies up to its last receipt. One line has been logged.
 */
HN_MUST_USE int live_writer_run(const struct live_writer_options *options);

#endif
