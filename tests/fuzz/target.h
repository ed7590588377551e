/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_FUZZ_TARGET_H
#define HINOMI_TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/** What each fuzz target defines (libFuzzer's own name). @return 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
