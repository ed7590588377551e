/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_CONFIG_COMPARE_H
#define HINOMI_BASE_CONFIG_COMPARE_H

#include <stdbool.h>

#include "base/config.h"

/* What two configurations of one table differ in. Lines, comments and the way of writing do not count. */

/** Called with "key", or "mapping.key"; a list that differs is told as a whole. The name is valid in the
 * call. */
typedef void config_differs(void *context, const char *name);

/** Calls for each key whose values differ, in the table's order. a and b are structs of the table. */
void config_compare(const struct config_key keys[], const void *a, const void *b, config_differs *differs,
		    void *context);

/** Whether no key of the table differs. */
bool config_same(const struct config_key keys[], const void *a, const void *b);

#endif
