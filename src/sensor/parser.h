/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_PARSER_H
#define HINOMI_SENSOR_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/key.h"
#include "authority/trust.h"
#include "base/uuid.h"
#include "match/set.h"

/*
 * The process that reads packets. It has no file system, opens nothing, and tells the writer by messages what
 * it selected and what everything came to.
 */

struct parser_input {
	const char *name;
	int fd;
};

struct parser_options {
	const struct authorization *authorization;
	const struct trust *trust;
	const struct domestic *domestic;
	const struct set *const *sets;
	size_t set_count;
	struct uuid edge;
	struct uuid epoch;
	struct parser_input *inputs;
	size_t input_count;
	size_t flows_max;
	unsigned threads; /* 1, or 2: headers on one, flows on the other */
	bool take_digest; /* of each input, on a thread of its own */
	int pipe_fd;      /* to the writer */
	pid_t writer;     /* without it there is nothing to do */
};

/**
 * Runs in the child process after fork() and never returns. The identity opens the pseudonym secret and is
 * wiped before the first byte of input is looked at.
 */
_Noreturn void parser_run(const struct parser_options *options, struct key *identity);

#endif
