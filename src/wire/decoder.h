/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DECODER_H
#define HINOMI_WIRE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "wire/field.h"

/*
 * Application protocols as rows of one table. The engine asks the rows in their order which one recognises
 * the first bytes of a direction of a flow, then feeds that row. A new protocol is a new row (./x new
 * wire/THING).
 */

enum decode_result {
	DECODE_DONE, /* nothing more to read in this direction of the flow; the extract holds what was found
		      */
	DECODE_MORE, /* needs more bytes, or (consumed > 0) has read a message and waits for the next */
	DECODE_NO,   /* not this protocol after all, or broken: the direction is not looked at any more */
};

struct position_window;

/** Whether the first bytes look like the protocol. */
enum decode_guess {
	GUESS_NO,
	GUESS_MAYBE, /* too few bytes to tell */
	GUESS_YES,
};

/**
 * What a decoder remembers between two calls for one direction of a flow (TCP) or for the flow (UDP). Zero at
 * first. The engine owns it. No decoder is called again before the direction holds at least `need` bytes.
 */
struct decode_state {
	/* Bytes that must be there before the next call; 0: any more than now. Counted from the start of the
	 * next call's data, that is from behind what was consumed. `ended` overrides it. */
	uint32_t need;
	uint32_t scanned; /* the decoder's own: how far it has looked, so that nothing is read twice */
	/* Set at every call: bytes at the front that the next call's data must not have any more. With
	 * DECODE_MORE and consumed > 0 one message was read: the engine looks at the extract, then calls
	 * again at once if `need` bytes are there already. Never more than the data held. */
	uint32_t consumed;
	uint32_t own;   /* the decoder's own */
	uint8_t *block; /* DECODE_BLOCK bytes of locked memory when the row's `block` is set, else NULL;
			   zeroed at first */
};

#define DECODE_BLOCK 16384 /* bytes */

/** Roles a flow's content can play for byte patterns and for what must never be looked at. */
enum decoder_family {
	FAMILY_NONE,      /* not web, mail or messages */
	FAMILY_NAMES,     /* DNS */
	FAMILY_HANDSHAKE, /* TLS, QUIC, SSH: opening in the clear, then encrypted */
	FAMILY_WEB,
	FAMILY_MAIL, /* SMTP, POP3, IMAP: recognised so that nothing in them is looked at */
	FAMILY_MESSAGES,
};

struct decoder {
	const char *name;    /* "dns", "tls", ... as in records and receipts */
	uint8_t protocol;    /* IP protocol: 6 or 17 */
	uint8_t family;      /* enum decoder_family */
	bool every_datagram; /* UDP: each datagram is a message (DNS); else only until DECODE_DONE */
	bool block;          /* wants decode_state.block */
	uint16_t ports[6];   /* well-known ports, a hint only: 0 ends; empty: any */
	bool ports_only;     /* recognised on these ports only */
	uint8_t first; /* kinds of first byte it can begin with (decoder.c), so that most rows are not asked
			*/
	enum decode_guess (*guess)(const uint8_t *data, size_t len);
	/* The named place for byte patterns that this protocol has (position.h), and what tells which bytes
	 * it is; NULL: it has none. */
	uint8_t position; /* enum position */
	bool (*window)(const uint8_t *data, size_t len, struct position_window *out);
	/**
	 * @param data   UDP: one datagram. TCP: the direction's bytes in order from its start (less what was
	 * consumed).
	 * @param ended  TCP: nothing will follow (the 16 KiB are full, or the direction ended)
	 */
	enum decode_result (*decode)(struct cur data, bool ended, struct decode_state *state,
				     struct extract *out);
};

/** The table, ending with a row whose name is NULL. */
extern const struct decoder decoders[];

/**
 * The row that recognises the first bytes of a direction of a TCP flow, or a datagram: rows of one of the two
 * ports first, then the others, each in the table's order.
 *
 * @param protocol  6 or 17
 * @param data      TCP: at least one byte
 * @return GUESS_YES: *out is the row; GUESS_MAYBE: ask again with more bytes (TCP only); GUESS_NO: nobody
 * knows it
 */
enum decode_guess decoder_find(uint8_t protocol, uint16_t src_port, uint16_t dst_port, const uint8_t *data,
			       size_t len, const struct decoder **out);

/** The first row of that name; NULL when there is none. */
const struct decoder *decoder_by_name(const char *name);

#endif
