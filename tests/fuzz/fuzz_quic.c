/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/fuzz/decoded.h"
#include "tests/fuzz/quic_seal.h"
#include "tests/fuzz/target.h"
#include "wire/quic.h"

#define SEALED    0x01 /* the pieces are frames, which are sealed as a client seals them */
#define VERSION_2 0x02
#define PIECE_MAX 4000

/* Input: one byte of flags; then pieces, each behind its length in two bytes: datagrams of one flow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct decoder quic = {
		.name = "quic", .protocol = 17, .block = true, .decode = quic_decode};
	static const uint8_t cid[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	static struct transcript t;
	static uint8_t packet[PIECE_MAX + SEAL_OVERHEAD];
	struct decode_state state;
	struct cur c = cur_of(data, len);

	uint8_t flags = cur_u8(&c);
	uint32_t version = (flags & VERSION_2) != 0 ? QUIC_V2 : QUIC_V1;
	transcript_start(&t, &state);
	uint32_t calls = 0;
	while (cur_left(&c) > 0 && t.result == DECODE_MORE) {
		size_t n = cur_be16(&c) % (PIECE_MAX + 1);
		if (n > cur_left(&c))
			n = cur_left(&c);
		const uint8_t *piece = cur_take(&c, n);
		if (piece == NULL)
			break;
		(void)quic_guess(piece, n);
		if ((flags & SEALED) != 0) {
			n = quic_seal(version, cid, 8, cid, 8, calls, piece, n, packet);
			transcript_call(&t, &quic, &state, packet, n, false);
		} else {
			transcript_call(&t, &quic, &state, piece, n, false);
		}
		calls++;
	}
	MUST(calls <= QUIC_DATAGRAMS_MAX);
	return 0;
}
