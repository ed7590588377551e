/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_SELECT_VERIFY_H
#define HINOMI_SENSOR_SELECT_VERIFY_H

#include <stdbool.h>

/**
 * `hinomi select --verify`: confines itself so that it can write nothing, rechecks an output directory
 * (output_verify.h), prints the result.
 *
 * @param key_path  the sensor's public key; NULL: signatures are not checked, which is said
 * @return the exit code
 */
int select_verify(const char *directory, const char *key_path, bool json);

#endif
