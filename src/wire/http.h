/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_HTTP_H
#define HINOMI_WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/decoder.h"
#include "wire/position.h"

/*
 * HTTP/1 (RFC 9110, 9112): request line and Host of the first request, and of further ones as long as their
 * beginning is certain, that is behind requests without a body. Nothing behind a head is ever looked at.
 * Responses, HTTP/2 prefaces and upgrades end the direction.
 *
 * A request is known by a usual method and the beginning of its target, and any other by the version at the
 * end of its first line, so that what comes behind it is taken for a body whatever the method.
 *
 * Host: host_add() of the Host fields, of the target's authority in absolute form, and of CONNECT.
 * URL: "host/path?query", the authority of an absolute target before Host, host in lower case without
 * trailing dot; port 80 is dropped, another port is kept as ":8080"; a fragment is dropped; the rest is as on
 * the wire. It is made only when out->wanted has it.
 */

#define HTTP_URL_MAX 2048 /* bytes; a longer one counts as dropped */

enum decode_guess http_guess(const uint8_t *data, size_t len);
enum decode_result http_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out);
/** The line of the first request, as position.h says. */
bool http_window(const uint8_t *data, size_t len, struct position_window *out);

#endif
