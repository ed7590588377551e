/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RING_BLOCK_H
#define HINOMI_SENSOR_RING_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/capture.h"

/* One block of a TPACKET_V3 ring (packet(7); Documentation/networking/packet_mmap.rst of Linux). */

/** The walk through one block. */
struct ring_block {
	uint8_t *data;
	size_t size;
	size_t at;     /* of the next frame's header */
	uint32_t left; /* frames */
	uint32_t link_type;
	bool outgoing; /* frames that this machine sends count too */
	uint64_t taken;
	uint64_t own;    /* frames of this machine that were passed over */
	uint64_t broken; /* frames that do not lie in the block; the walk ends at the first */
};

/**
 * Begins.
 *
 * @param data  the block, which the kernel has handed over; the tag of a VLAN that it took out of a frame is
 *              put back in place
 */
void ring_block_begin(struct ring_block *b, uint8_t *data, size_t size, uint32_t link_type, bool outgoing);

/** The next frames, at most CAPTURE_BATCH_MAX; they point into the block. Count 0: there are no more. */
void ring_block_next(struct ring_block *b, struct capture_batch *out);

/** Bytes of the block that the kernel has used: what is to be wiped. */
size_t ring_block_used(const uint8_t *data, size_t size);

#endif
