/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_INPUT_DIGEST_H
#define HINOMI_SENSOR_INPUT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "wire/capture.h"

/** SHA-256 of an input as it is stored, taken on a thread of its own while the packets are read. */
struct input_digest;

/**
 * Takes the memory, which must be locked while the right to do so is there.
 *
 * @param locked_out  false when the bytes that wait for the thread could not be locked in memory
 * @return HN_ENOMEM
 */
HN_MUST_USE int input_digest_new(struct input_digest **out, bool *locked_out);

/**
 * Makes the thread, which waits. Threads must be there before the sandbox closes, so one serves all inputs in
 * turn.
 *
 * @return HN_ENOMEM
 */
HN_MUST_USE int input_digest_start(struct input_digest *d);

/** Begins with an input, of which nothing was read yet: its bytes are handed to the thread as they are read.
 */
void input_digest_begin(struct input_digest *d, struct capture *capture);

/** Waits until all of the input is in. */
void input_digest_end(struct input_digest *d, uint8_t out[SHA256_SIZE]);

#endif
