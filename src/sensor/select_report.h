/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_SELECT_REPORT_H
#define HINOMI_SENSOR_SELECT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/writer.h"

/** Prints what a run came to on standard output, for a person in the user's language or as JSON. */
void select_report(const struct writer_result *result, const char *directory, uint64_t ledger_entries,
		   bool json);

#endif
