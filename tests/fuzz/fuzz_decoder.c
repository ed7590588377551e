/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/fuzz/decoded.h"
#include "tests/fuzz/target.h"
#include "wire/position.h"

static void positions(uint8_t protocol, const struct decoder *d, const uint8_t *data, size_t len)
{
	for (unsigned p = 0; p < POSITION_COUNT; p++) {
		struct position_window w;
		if (!position_find((enum position)p, protocol, d, data, len, &w))
			continue;
		MUST(w.from <= PATTERN_WINDOW && w.len <= PATTERN_WINDOW - w.from);
		MUST((size_t)w.from + w.len <= len);
	}
}

/* Input: two bytes of port; then the first bytes of a direction, or a datagram, for the whole table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t protocols[] = {6, 17};
	static struct transcript t;

	if (len < 3)
		return 0;
	uint16_t port = load_be16(data);
	data += 2;
	len -= 2;
	for (size_t i = 0; i < 2; i++) {
		const struct decoder *d = NULL;
		enum decode_guess guess = decoder_find(protocols[i], port, 40000, data, len, &d);
		MUST((guess == GUESS_YES) == (d != NULL));
		positions(protocols[i], d, data, len);
		if (d == NULL)
			continue;
		MUST(d->protocol == protocols[i] && d->guess(data, len) == GUESS_YES);
		if (d->protocol == 6)
			transcript_stream(&t, d, data, len, len);
		else
			transcript_datagram(&t, d, data, len);
	}
	return 0;
}
