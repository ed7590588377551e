/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_QUIC_CRYPTO_H
#define HINOMI_WIRE_QUIC_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/quic.h"

/* The client's Initial protection (RFC 9001, 5; RFC 9369, 3.3). The only file of the room that knows
 * OpenSSL's ciphers. */

struct quic_keys {
	uint8_t key[16];
	uint8_t iv[12];
	uint8_t hp[16];
};

/**
 * Keys of the client's Initial packets.
 *
 * @param version  QUIC_V1 or QUIC_V2
 * @param cid_len  0..QUIC_CID_MAX
 * @return HN_EUNSUPPORTED for another version; HN_ENOMEM
 */
HN_MUST_USE int quic_keys_derive(uint32_t version, const uint8_t *cid, size_t cid_len, struct quic_keys *out);

/**
 * Takes off header protection and opens the packet.
 *
 * @param packet     from its first byte to its end, as its Length field says
 * @param pn_offset  where the packet number begins
 * @param out        room for len bytes; the frames
 * @return HN_ETRUNC (too short for a sample); HN_EAUTH (other keys, or damaged); HN_ENOMEM. On an error the
 * content of out is not to be used.
 */
HN_MUST_USE int quic_open(const struct quic_keys *keys, const uint8_t *packet, size_t len, size_t pn_offset,
			  uint8_t *out, size_t *len_out);

#endif
