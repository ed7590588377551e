/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The first byte chooses the link type; the rest is the packet. Both readers must agree. */
#include "tests/fuzz/target.h"
#include "tests/unit/wire/packet_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint16_t links[16] = {1,   101, 113, 276, 0,  108, 12,  14,
					   228, 229, 9,   50,  51, 104, 147, 1};
	if (len == 0)
		return 0;
	struct packet p = packet_decode_checked(links[data[0] % 16], data + 1, len - 1);
	if (p.reason == PACKET_OK && p.fragment != FRAGMENT_NONE) {
		/* As if this fragment were the whole datagram. */
		packet_decode_reassembled(&p, p.payload, p.payload_len);
		packet_check(&p, data + 1, len - 1);
	}
	return 0;
}
