/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_PARSER_H
#define HINOMI_SENSOR_LIVE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/uuid.h"
#include "sensor/ring.h"

/*
 * The process of a live sensor that reads packets. Its rings (or the capture it replays), the pipe and the
 * socket to the writer are open when it begins; it has no file system and opens nothing. What it is to look
 * for comes over that socket (live_control.h).
 */
struct live_parser_options {
	const char *interface; /* or the capture, for messages */
	const struct ring_socket *rings;
	unsigned threads; /* as many as rings; 1 for a replay */
	bool outgoing;
	int replay_fd;    /* -1: none */
	size_t flows_max; /* of all threads together */
	struct uuid epoch;
	int pipe_fd;
	int control_fd;
	pid_t writer; /* without it there is nothing to do */
};

/** Runs in the child process after fork() and never returns. */
_Noreturn void live_parser_run(const struct live_parser_options *options);

#endif
