/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_STREAM_H
#define HINOMI_SENSOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/decoder.h"

/*
 * The bytes that reassembly still needs: for each direction that a decoder waits for, the first STREAM_BYTES
 * in order, at most STREAM_GAPS_MAX pieces out of order; of bytes that come twice the first received win.
 * Buffers are a fixed pool of locked memory, kept out of core dumps and wiped when they are given back.
 */

#define STREAM_BYTES    16384
#define STREAM_GAPS_MAX 64

struct flow;

struct stream_piece {
	uint16_t from;
	uint16_t to; /* one past the last byte; never 0 */
};

struct stream {
	struct decode_state state;
	struct flow *owner; /* the caller's; meaningless while free */
	uint8_t direction;  /* of the flow */
	bool in_use;
	uint8_t pieces; /* how many pieces hold bytes; they are apart from each other and in order */
	uint16_t start; /* bytes at the front that the decoder has consumed */
	struct stream_piece piece[STREAM_GAPS_MAX + 1];
	uint8_t data[STREAM_BYTES];
};

struct stream_pool;

/** @param locked_out false when the memory could not be locked */
HN_MUST_USE int stream_pool_new(size_t count, struct stream_pool **out, bool *locked_out);
/** Wipes and frees. NULL is allowed. */
void stream_pool_free(struct stream_pool *pool);

/**
 * A free buffer, empty. When none is free the one handed out longest ago is taken from its owner, who is told
 * first through *evicted_out: then it still shows its old owner and the caller must forget it there and call
 * again.
 *
 * @return NULL with *evicted_out set, or a buffer
 */
struct stream *stream_take(struct stream_pool *pool, struct stream **evicted_out);
void stream_give(struct stream_pool *pool, struct stream *s);

/** By the number that stream_number() told; numbers begin at 1. */
struct stream *stream_at(struct stream_pool *pool, uint32_t number);
uint32_t stream_number(const struct stream_pool *pool, const struct stream *s);

/**
 * Puts bytes at an offset from the direction's start. What lies beyond STREAM_BYTES is dropped.
 *
 * @return HN_OK; HN_ELIMIT when it would make more than STREAM_GAPS_MAX pieces (nothing is kept of it)
 */
HN_MUST_USE int stream_put(struct stream *s, uint64_t offset, const uint8_t *data, size_t len);

/** Bytes in order from the direction's start, consumed ones included. */
size_t stream_filled(const struct stream *s);

#endif
