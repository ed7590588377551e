/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_WRITER_H
#define HINOMI_SENSOR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sensor/output.h"
#include "sensor/receipt_write.h"
#include "sensor/record.h"

/*
 * The process that writes: it takes messages over the pipe, reads them as hostile, and may make files below
 * the output directory only. It never sees a packet.
 */

struct writer_input {
	const char *name; /* as given, for people and receipts */
};

struct writer_options {
	struct output *output;
	struct record_context records;
	struct receipt_context
		receipts; /* parser, memory_locked, secret_drawn are filled from the parser's first message */
	const struct writer_input *inputs;
	size_t input_count;
	bool consume;
	int remover_fd;  /* the process that removes inputs, for --consume */
	bool has_digest; /* given by --digest */
	uint8_t digest[SHA256_SIZE];
	int pipe_fd;
	pid_t parser;
};

/** What a run came to. */
struct writer_result {
	struct sums sums; /* of the whole run */
	uint64_t receipts;
	uint64_t records;
	uint64_t packets;
	bool cut; /* some input was cut or could not be read on */
	bool memory_locked;
	unsigned parser_abi;
};

/** Closes the writer's own sandbox. @return as confine_files() and confine_calls() */
HN_MUST_USE int writer_confine(struct writer_options *options, struct confinement *state);

/**
 * Runs to the end of the parser's messages.
 *
 * @return an exit code: done; HN_EXIT_INPUT when an input could not be read; HN_EXIT_UNFINISHED when the disk
 * was full or the parser ended early: what is written verifies up to its last receipt. One line has been
 * logged.
 */
HN_MUST_USE int writer_run(struct writer_options *options, struct writer_result *result);

#endif
