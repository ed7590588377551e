/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_CAPTURE_PARTS_H
#define HINOMI_WIRE_CAPTURE_PARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/capture.h"

/*
 * What the parts of the capture reader share; nobody else includes it.
 *
 * A source gives the bytes of the file (as they are, or unpacked) into blocks, a format finds the packets in
 * them. Both are rows of tables. The bytes not read yet are the window at..end.
 */

#define CAPTURE_READ_SIZE  (128u << 10) /* bytes that are filled at once: they stay in a core's cache */
#define CAPTURE_CARRY_MAX  (320u << 10) /* bytes before them; what is longer is not read as one piece */
#define CAPTURE_BLOCK_SIZE (CAPTURE_CARRY_MAX + CAPTURE_READ_SIZE)

/*
 * One block of the pool. Whoever uses its bytes has a hold. It is filled from CAPTURE_CARRY_MAX on, the part
 * of a record that the block before ended with stands right in front, so that the system always copies to the
 * start of a page.
 *
 * While input is read the last one to let go does not wipe it, for its bytes lie in the cache of the core
 * that read them, and the next to fill it overwrites them or wipes what it does not overwrite. Who fills no
 * block so wipes it first.
 */
struct capture_block {
	uint8_t *data;     /* CAPTURE_BLOCK_SIZE */
	size_t from, upto; /* bytes that are or were used; all others are zero */
	uint64_t freed;    /* as many blocks had been taken when it became free */
	struct capture_pool *pool;
	struct capture_block *next; /* in the list of free blocks */
	_Atomic unsigned holds;
};

/** A free block with one hold; waits for one. Bytes that were used may stand in it. */
struct capture_block *capture_block_take(struct capture_pool *pool);
void capture_block_hold(struct capture_block *block);
/** NULL is allowed. */
void capture_block_drop(struct capture_block *block);
void capture_block_wipe(struct capture_block *block);

/** Reading rests: wipes the free blocks, and each that becomes free before the next one is taken. */
void capture_pool_rest(struct capture_pool *pool);

/** Whether fewer than half of the blocks are free. */
bool capture_pool_runs_short(const struct capture_pool *pool);

/** How the bytes of the file are unpacked. */
struct capture_source {
	/** @return HN_ENOMEM */
	int (*open)(struct capture *c);
	/** Some bytes. *got_out is 0 at the end. @return HN_EIO; HN_ETRUNC, HN_EFORMAT: nothing more can be
	 * unpacked */
	int (*read)(struct capture *c, uint8_t *to, size_t room, size_t *got_out);
	void (*close)(struct capture *c);
};

extern const struct capture_source capture_source_plain;
extern const struct capture_source capture_source_gzip;
extern const struct capture_source capture_source_zstd;

/** Reads stored bytes from the descriptor and tells them to the sink. *got_out is 0 at the end. @return
 * HN_EIO
 */
int capture_fetch(struct capture *c, uint8_t *to, size_t room, size_t *got_out);

/** Gives the stored bytes that are waiting in c->input, reading from the descriptor when there are none.
 * *len_out is 0 at the end. */
int capture_stored(struct capture *c, const uint8_t **data_out, size_t *len_out);

enum capture_scan {
	SCAN_FULL, /* the batch is */
	SCAN_MORE, /* `want` bytes must be in the window, or `skip` are to be passed over */
	SCAN_STOP, /* nothing behind can be trusted */
};

/** Where the packets are. */
struct capture_format {
	/** Reads the file's header from the window. @return HN_EUNSUPPORTED with a fault */
	int (*open)(struct capture *c, const char *name, struct fault *fault);
	enum capture_scan (*scan)(struct capture *c, struct capture_batch *batch);
	void (*close)(struct capture *c);
};

extern const struct capture_format capture_format_pcap;
extern const struct capture_format capture_format_pcapng;

#define CAPTURE_HEAD_SIZE  24 /* of a pcap file; a pcapng section header is longer, so no packet is in it */
#define CAPTURE_AHEAD      1024
#define CAPTURE_LINE       64           /* bytes of a cache line */
#define CAPTURE_INPUT_SIZE (128u << 10) /* stored bytes of a compressed input, read at once */

/**
 * Asks for the bytes from the next packet on, CAPTURE_AHEAD of them, that were not asked for yet (upto
 * *asked). Where the packet after the next begins is known only when the next one's length has come from
 * memory, so without it each packet waits for a cache miss of its own; measured, 104 ns a packet become 29.
 */
static inline void capture_ask_ahead(const uint8_t *next, const uint8_t *end, const uint8_t **asked)
{
	const uint8_t *from = *asked > next ? *asked : next;
	const uint8_t *upto = (size_t)(end - next) > CAPTURE_AHEAD ? next + CAPTURE_AHEAD : end;
	for (; from < upto; from += CAPTURE_LINE)
		__builtin_prefetch(from);
	*asked = from;
}

struct capture_pcap {
	bool swapped;
	bool old; /* before version 2.4 lengths may stand in the other order */
	uint32_t link_type;
	uint32_t fraction_ns;
	uint32_t header; /* bytes before each packet */
};

struct capture_interface;

struct capture_pcapng {
	bool swapped;
	bool in_section;
	uint32_t interface_count;
	struct capture_interface *interfaces; /* CAPTURE_INTERFACES_MAX */
};

struct capture {
	const uint8_t *at;
	const uint8_t *end;
	size_t want;
	uint64_t skip;
	const struct capture_format *format;
	struct capture_pcap pcap;
	struct capture_pcapng pcapng;
	struct capture_stats stats;
	bool opened;
	bool ended;
	int fd;

	const struct capture_source *source;
	struct capture_pool *pool;
	struct capture_block *block;
	void *unpacker;
	uint8_t *input; /* CAPTURE_INPUT_SIZE, stored bytes of a compressed input */
	size_t input_at;
	size_t input_len;
	uint8_t head[CAPTURE_HEAD_SIZE]; /* the window until the first block is filled */
	void (*sink)(void *context, const uint8_t *data, size_t len);
	void *sink_context;
};

#endif
