/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_SSH_H
#define HINOMI_WIRE_SSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/decoder.h"
#include "wire/position.h"

/* SSH (RFC 4253, 4.2): the identification line is recognised; it is a position for command patterns
 * (position.h). */

#define SSH_BANNER_MAX 255 /* bytes with CR LF */

enum decode_guess ssh_guess(const uint8_t *data, size_t len);
enum decode_result ssh_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out);
/** The identification line, as position.h says. */
bool ssh_window(const uint8_t *data, size_t len, struct position_window *out);

#endif
