/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_SELECT_OPTIONS_H
#define HINOMI_SENSOR_SELECT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/options.h"

#define SELECT_FLOWS_DEFAULT 1000000
#define SELECT_INPUTS_MAX    256

/** The command line of `hinomi select`. */
struct select_options {
	const char *authorization;
	const char *trust;
	const char *domestic;
	const char *identity;
	const char *sensor;
	const char *revocations;
	const char *output; /* with --verify the directory that is verified */
	const char *digest_text;
	struct option_list indicators; /* each "BASE.him" or "BASE.him,OVERLAY.him,..." */
	uint64_t flows_max;
	uint64_t threads;
	bool recorded;
	bool no_digest;
	bool consume;
	bool json;
	bool expire;
	bool verify;
	const char *key;      /* with --verify; NULL: signatures are not checked */
	const char *now_text; /* of --now; NULL: the clock's */
	int64_t now_ns;
	bool has_digest;
	uint8_t digest[SHA256_SIZE];
	char **inputs;
	size_t input_count;
};

/** Reads and checks it. @return -1 to go on; else the exit code, after one line that says what is wrong */
HN_MUST_USE int select_options_read(int argc, char **argv, struct select_options *out);

#endif
