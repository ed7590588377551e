/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_MAIL_H
#define HINOMI_WIRE_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "wire/decoder.h"

/* Mail (RFC 5321, 1939, 3501/9051): recognised by either side's opening, so that nothing in it is looked at.
 */

enum decode_guess smtp_guess(const uint8_t *data, size_t len);
enum decode_guess pop3_guess(const uint8_t *data, size_t len);
enum decode_guess imap_guess(const uint8_t *data, size_t len);

/** For the well-known ports: everything that is not the beginning of TLS is mail. */
enum decode_guess mail_port_guess(const uint8_t *data, size_t len);

#endif
