/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_SELECT_INPUTS_H
#define HINOMI_SENSOR_SELECT_INPUTS_H

#include "base/err.h"
#include "sensor/parser.h"
#include "sensor/remover.h"
#include "sensor/select_options.h"
#include "sensor/writer.h"

/** The captures, in their order, as each process knows them. */
struct select_inputs {
	struct parser_input *parser;
	struct writer_input *writer;
	struct remover_file *remover; /* filled for --consume only */
};

/**
 * Opens the captures; for --consume their directories too, after it has made sure that removing the name
 * would remove the capture. All of it lives as long as the program.
 *
 * @return -1; else the exit code, after one line
 */
HN_MUST_USE int select_inputs_open(const struct select_options *options, struct select_inputs *out);

#endif
