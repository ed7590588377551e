/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_RING_H
#define HINOMI_SENSOR_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "sensor/ring_block.h"

/*
 * An interface's packets by AF_PACKET and a ring of blocks that the kernel fills (TPACKET_V3). This file
 * knows that kernel interface. What the kernel put into a block is wiped before the block goes back.
 */

#define RING_BLOCK_BYTES (1u << 20)
#define RING_THREADS_MAX 64

/** What opening needs: it is done with privileges, before anything else is read. */
struct ring_options {
	const char *interface;
	uint64_t bytes; /* of one ring; rounded down to whole blocks */
	unsigned rings; /* the interface's flows are shared out among so many (PACKET_FANOUT_HASH) */
	bool outgoing;  /* what this machine sends too */
};

/** A ring that is open; the kernel fills it already. */
struct ring_socket {
	int fd;
	uint32_t link_type;
	unsigned blocks;
};

/** @return HN_EIO (errno), HN_EUNSUPPORTED (a kind of interface that we cannot read); the fault says which */
HN_MUST_USE int ring_open(const struct ring_options *options, struct ring_socket out[], struct fault *fault);

/** A ring as the process has it that reads. */
struct ring {
	struct ring_socket socket;
	uint8_t *map;
	unsigned next; /* block */
	bool holding;  /* a block is being walked */
	bool outgoing;
	struct ring_block block;
	uint64_t broken; /* frames that did not lie in their block, since ring_lost() */
};

/** Maps it, outside core dumps. @param locked_out false when its memory could not be locked. @return HN_EIO
 */
HN_MUST_USE int ring_map(const struct ring_socket *socket, bool outgoing, struct ring *out, bool *locked_out);

/**
 * The next packets, if there are any; count 0: none at this moment (poll the socket). They are the caller's
 * until the next call.
 */
void ring_next(struct ring *r, struct capture_batch *out);

/** Packets that never reached us since the last call: the ring was full, or they were broken. */
uint64_t ring_lost(struct ring *r);

#endif
