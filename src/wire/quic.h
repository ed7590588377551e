/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_QUIC_H
#define HINOMI_WIRE_QUIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "wire/decoder.h"

/*
 * QUIC version 1 and 2 (RFC 9000, 9001, 9369): the client's Initial packets are opened with the keys that
 * everybody on the path can derive, their CRYPTO frames put in order in the state's block, and the
 * ClientHello read by tls.h.
 *
 * Keys come from the destination connection id of the client's first Initial; an Initial that they do not
 * open and that names another id (after a Retry or a version negotiation, or when the first packet was not
 * seen) is tried with keys of its own. Work on a flow is bounded by QUIC_TRIES_MAX and QUIC_DATAGRAMS_MAX.
 *
 * The state may be that of the flow or of one direction; the server's packets are passed by in the one and
 * give nothing in the other.
 */

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu

#define QUIC_CID_MAX       20 /* bytes; RFC 9000, 17.2 */
#define QUIC_CID_MIN_FIRST 8  /* bytes of the client's first destination id; RFC 9000, 7.2 */
#define QUIC_TRIES_MAX     8  /* packets of a flow that are tried to be opened */
#define QUIC_TRIES_BLIND   3  /* the same while none was ever opened: it is the server's side, or no QUIC */
#define QUIC_DATAGRAMS_MAX 32 /* datagrams of a flow that are looked at */

enum decode_guess quic_guess(const uint8_t *data, size_t len);
enum decode_result quic_decode(struct cur data, bool ended, struct decode_state *state, struct extract *out);

#endif
