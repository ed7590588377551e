/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_INPUT_H
#define HINOMI_BASE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * A whole input as bytes in memory: a regular file mapped, anything else read; what is compressed with gzip
 * (RFC 1952) or zstd (RFC 8878), known by its first bytes, unpacked. Whoever cuts a mapped file short while
 * it is read ends the program with SIGBUS: for commands whose output then has not appeared yet, not for
 * daemons.
 */
struct input {
	const uint8_t *data;
	size_t len;
	/* private */
	void *map;
	size_t map_len;
	void *heap;
};

/**
 * @param path      "-" is standard input
 * @param size_max  bytes, unpacked
 *
 * @return HN_ENOENT, HN_EIO (errno); HN_ELIMIT when it is larger; HN_EFORMAT, HN_ETRUNC when the compressed
 * bytes are broken; HN_ENOMEM. The fault says which file and what. On an error there is nothing to close.
 */
HN_MUST_USE int input_open(const char *path, size_t size_max, struct input *out, struct fault *fault);

/** Gives the memory back. A zeroed input is allowed. */
void input_close(struct input *in);

/** Unpacks bytes in memory as above; *data_out is the caller's to free. @return also HN_ENOENT: not
 * compressed */
HN_MUST_USE int input_unpack(const uint8_t *data, size_t len, size_t size_max, uint8_t **data_out,
			     size_t *len_out);

#endif
