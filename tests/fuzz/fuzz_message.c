/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "sensor/message.h"

#include "tests/fuzz/target.h"

/* A frame's body as the parser may send it: what is taken is what would be sent again, byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct message m;
	struct buf again;

	if (message_decode(cur_of(data, len), &m) != HN_OK)
		return 0;
	buf_init(&again, 2 * MESSAGE_MAX);
	if (message_encode(&m, &again) != HN_OK || again.len != len + 4 ||
	    load_be32((const uint8_t *)again.data) != len || memcmp(again.data + 4, data, len) != 0)
		abort();
	if (m.type == MESSAGE_SUMS && !sums_hold(&m.sums.sums))
		abort();
	buf_clear(&again);
	return 0;
}
