/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HTTP_CHUNKED_H
#define HINOMI_HTTP_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The chunked transfer coding (RFC 9112, 7.1), read as it comes, strictly: CRLF and nothing else ends a line.
 * Extensions and trailers are passed over, up to a limit in all.
 */
#define CHUNKED_EXTRA_MAX 4096 /* bytes of extensions and trailers in one body */

struct chunked {
	uint8_t state;
	uint8_t digits;
	uint32_t extra; /* bytes of extensions and trailers so far */
	uint64_t left;  /* of this chunk */
};

/** Begins a body. */
void chunked_init(struct chunked *c);

/**
 * Takes bytes up to the next piece of content.
 *
 * @param taken_out  how many bytes of data were read, the piece included
 * @param piece_out  the piece, inside data; its length is 0 where more bytes are needed
 * @return 1: the body ended behind what was taken; HN_OK; HN_EFORMAT; HN_ELIMIT
 */
HN_MUST_USE int chunked_read(struct chunked *c, const uint8_t *data, size_t len, size_t *taken_out,
			     const uint8_t **piece_out, size_t *piece_len_out);

#endif
