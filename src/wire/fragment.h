/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_FRAGMENT_H
#define HINOMI_WIRE_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/packet.h"

/*
 * Puts fragmented IP datagrams together (RFC 791, 3.2; RFC 8200, 4.5) in a fixed amount of locked memory.
 *
 * Overlaps: in IPv4 the byte that came first wins; in IPv6 the whole datagram is dropped, with whatever of it
 * comes later (RFC 5722). An exact repetition of a fragment is not an overlap; it is counted and not used.
 *
 * Every packet that was taken is given back exactly once, so that the caller's books balance: in the result
 * that completes its datagram, or in a call of the drop function. Time is the packets' own. One thread a
 * table.
 */

#define FRAGMENT_DATAGRAMS  1024        /* under way at the same time; then the oldest goes */
#define FRAGMENT_PIECES     64          /* fragments of one datagram, repetitions not counted */
#define FRAGMENT_BYTES      65535       /* of one datagram without its IP header */
#define FRAGMENT_MEMORY     (16u << 20) /* bytes of all datagrams under way; then the oldest goes */
#define FRAGMENT_TIMEOUT_NS (30 * INT64_C(1000000000)) /* after the first fragment */
#define FRAGMENT_CLASSES    16                         /* values of the caller's class */

/** Why fragments did not become a datagram; each is a reason in the receipt. */
enum fragment_reason {
	FRAGMENT_OK,
	FRAGMENT_TIMED_OUT, /* the rest did not come in time */
	FRAGMENT_EVICTED,   /* newer ones needed the room */
	FRAGMENT_ENDED,     /* the input ended before */
	FRAGMENT_OVERLAP,   /* IPv6 */
	FRAGMENT_MALFORMED, /* a length or offset that no datagram can have, or that contradicts another
			       fragment */
	FRAGMENT_CUT,       /* not all of its bytes were captured */
	FRAGMENT_TOO_MANY,  /* more than FRAGMENT_PIECES */
	FRAGMENT_REASON_COUNT,
};

/** "fragment_timeout", "fragment_evicted", ...: names in receipts. */
const char *fragment_reason_name(enum fragment_reason reason);

/** What one datagram's fragments sum up to. */
struct fragment_sum {
	uint64_t packets;
	uint64_t bytes; /* on the wire, as fragment_add() was told */
	int64_t first_ns;
	int64_t last_ns;
	uint8_t class;  /* as fragment_add() was told; all packets of a sum have the same */
	uint8_t reason; /* enum fragment_reason */
};

/** Told of packets that leave the table without having become a datagram. May not call the table. */
typedef void fragment_drop_fn(void *context, const struct fragment_sum *sum);

enum fragment_state {
	FRAGMENT_WAITING,  /* taken; its packet is pending */
	FRAGMENT_COMPLETE, /* this one and those before it are a datagram */
	FRAGMENT_REFUSED,  /* not taken: this packet alone is the caller's to count, under reason */
};

struct fragment_result {
	uint8_t state;           /* enum fragment_state */
	uint8_t reason;          /* when refused */
	struct fragment_sum sum; /* when complete: all its packets, this one too */
	const uint8_t *data; /* when complete: the payload behind the IP header; in the table's memory until
				the next call for it, or where fragment_put_into() says */
	size_t len;
};

struct fragment_table;

/**
 * @param key         16 secret random bytes, so that nobody outside can choose colliding datagrams
 * @param locked_out  false: the system refused to lock the memory (base/locked.h)
 * @return HN_ENOMEM
 */
HN_MUST_USE int fragment_table_new(const uint8_t key[16], fragment_drop_fn *drop, void *context,
				   struct fragment_table **out, bool *locked_out);
/** Wipes and frees; nothing is reported any more (call fragment_end() before). NULL is allowed. */
void fragment_table_free(struct fragment_table *table);

/**
 * Takes a packet whose `fragment` is not FRAGMENT_NONE. Drops what has timed out at time_ns.
 *
 * Datagrams are told apart by version, addresses, identification, protocol (IPv4) and class, so that no
 * packet is counted in another's class. When the datagram is complete, p->protocol becomes that of its first
 * fragment, and packet_decode_reassembled(p, result->data, result->len) goes on.
 *
 * @param class  the caller's, below FRAGMENT_CLASSES
 */
void fragment_add(struct fragment_table *table, struct packet *p, uint32_t wire_len, int64_t time_ns,
		  uint8_t class, struct fragment_result *result);

/**
 * Where the next datagram that becomes complete is put together: FRAGMENT_BYTES bytes that are the caller's,
 * to wipe too, and hold no packet that is given to the table. NULL, as at first: in the table's own memory.
 */
void fragment_put_into(struct fragment_table *table, uint8_t *memory);

/**
 * As fragment_add(), for a packet inside a datagram that was put together: a tunnel's packet was cut up that
 * carries fragments itself, so that packet_decode_reassembled() left p->fragment set again. It stands for as
 * many packets and bytes as the carrier's sum, which move here (refused: they are the caller's to count), at
 * carrier->last_ns.
 *
 * Whenever a datagram is complete, p's addresses move to memory of the table, until the next call for it;
 * payload points nowhere until packet_decode_reassembled(). When it is not, nothing of p may be used behind
 * this call.
 */
void fragment_add_carried(struct fragment_table *table, struct packet *p, const struct fragment_sum *carrier,
			  uint8_t class, struct fragment_result *result);

/** Drops what has timed out at time_ns. */
void fragment_expire(struct fragment_table *table, int64_t time_ns);
/** Drops everything: the input has ended. */
void fragment_end(struct fragment_table *table);
/** Packets and bytes of a class that wait in the table. */
void fragment_pending(const struct fragment_table *table, uint8_t class, uint64_t *packets_out,
		      uint64_t *bytes_out);

#endif
