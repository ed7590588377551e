/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "sensor/ring_block.h"

#include "tests/fuzz/target.h"

/* A block as the kernel hands it over, whatever it holds: every frame lies inside it, the walk ends, and each
 * frame that was announced is taken, passed over or broken. The first byte chooses how it is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ring_block b;
	struct capture_batch batch;
	uint64_t taken = 0;

	if (len < 1)
		return 0;
	size_t size = len - 1;
	uint8_t *block = malloc(size == 0 ? 1 : size);
	if (block == NULL)
		return 0;
	if (size > 0)
		memcpy(block, data + 1, size);
	ring_block_begin(&b, block, size, (data[0] & 1) != 0 ? 1 : 101, (data[0] & 2) != 0);
	uint64_t announced = b.left;
	/* Frames that announce themselves over and over do so at most as often as the header says. */
	for (unsigned turn = 0; turn < 4096; turn++) {
		ring_block_next(&b, &batch);
		for (size_t i = 0; i < batch.count; i++) {
			const struct capture_record *r = &batch.records[i];
			if (r->data < block || r->len > size || r->data > block + size - r->len ||
			    r->wire_len < r->len)
				abort();
		}
		taken += batch.count;
		if (batch.count == 0)
			break;
	}
	if (batch.count == 0 && (b.left != 0 || taken != b.taken || b.taken + b.own + b.broken != announced))
		abort();
	if (ring_block_used(block, size) > size)
		abort();
	free(block);
	return 0;
}
