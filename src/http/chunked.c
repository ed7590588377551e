/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/chunked.h"

#define DIGITS_MAX 15 /* of a chunk's size: below 2^60 */

enum state {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_START, /* of a line: CR here ends the body */
	TRAILER,
	TRAILER_LF,
	END_LF,
	ENDED,
};

void chunked_init(struct chunked *c)
{
	*c = (struct chunked){.state = SIZE};
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_size(struct chunked *c, uint8_t byte)
{
	int digit = hex(byte);
	if (digit >= 0) {
		if (c->digits++ == DIGITS_MAX)
			return HN_ELIMIT;
		c->left = c->left << 4 | (unsigned)digit;
		return HN_OK;
	}
	if (c->digits == 0)
		return HN_EFORMAT;
	if (byte != '\r' && byte != ';')
		return HN_EFORMAT;
	c->state = byte == '\r' ? SIZE_LF : EXTENSION;
	return HN_OK;
}

/* A line of text whose end is CR: extensions and trailers. */
static int read_extra(struct chunked *c, uint8_t byte, enum state next)
{
	if (byte == '\r') {
		c->state = (uint8_t)next;
		return HN_OK;
	}
	if ((byte < ' ' && byte != '\t') || byte == 0x7f)
		return HN_EFORMAT;
	return ++c->extra > CHUNKED_EXTRA_MAX ? HN_ELIMIT : HN_OK;
}

static int expect(struct chunked *c, uint8_t byte, uint8_t wanted, enum state next)
{
	if (byte != wanted)
		return HN_EFORMAT;
	c->state = (uint8_t)next;
	return HN_OK;
}

static int read_frame(struct chunked *c, uint8_t byte)
{
	int rc;
	switch ((enum state)c->state) {
	case SIZE:
		return read_size(c, byte);
	case EXTENSION:
		return read_extra(c, byte, SIZE_LF);
	case SIZE_LF:
		return expect(c, byte, '\n', c->left > 0 ? DATA : TRAILER_START);
	case DATA_CR:
		return expect(c, byte, '\r', DATA_LF);
	case DATA_LF:
		rc = expect(c, byte, '\n', SIZE);
		c->digits = 0;
		return rc;
	case TRAILER_START:
		if (byte == ' ' || byte == '\t')
			return HN_EFORMAT;
		c->state = TRAILER;
		return read_extra(c, byte, END_LF);
	case TRAILER:
		return read_extra(c, byte, TRAILER_LF);
	case TRAILER_LF:
		return expect(c, byte, '\n', TRAILER_START);
	case END_LF:
		return expect(c, byte, '\n', ENDED);
	case DATA:
	case ENDED:
		break;
	}
	return HN_EFORMAT;
}

int chunked_read(struct chunked *c, const uint8_t *data, size_t len, size_t *taken_out,
		 const uint8_t **piece_out, size_t *piece_len_out)
{
	size_t at = 0;
	*piece_out = data;
	*piece_len_out = 0;
	while (at < len && c->state != DATA && c->state != ENDED) {
		int rc = read_frame(c, data[at]);
		if (rc != HN_OK)
			return rc;
		at++;
	}
	if (c->state == DATA && at < len) {
		size_t n = len - at < c->left ? len - at : (size_t)c->left;
		*piece_out = data + at;
		*piece_len_out = n;
		at += n;
		c->left -= n;
		if (c->left == 0)
			c->state = DATA_CR;
	}
	*taken_out = at;
	return c->state == ENDED ? 1 : HN_OK;
}
