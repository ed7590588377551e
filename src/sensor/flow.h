/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_FLOW_H
#define HINOMI_SENSOR_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/utc.h"

/*
 * The flow table: bidirectional 5-tuples under tunnel and VLAN, at most a fixed number of them, oldest out
 * first. All memory is taken at birth, outside core dumps; a look-up costs one line of the index and two of
 * the flow.
 *
 * A flow is two cache lines. Ends are called "low" and "high" by their order in the key, so that both
 * directions give the same key; direction 0 is from low to high.
 */

#define FLOW_IDLE_NS      (60 * NS_SECOND)
#define FLOW_LINGER_NS    (2 * NS_SECOND) /* a closed flow waits so long for retransmissions */
#define FLOW_MEMORY_BYTES 144             /* of table and index for each flow of the maximum */

struct flow_key {
	uint8_t low[16]; /* IPv4 in the first four bytes */
	uint8_t high[16];
	uint16_t low_port;
	uint16_t high_port;
	uint8_t protocol;
	uint8_t ip_version;
	uint8_t class_low; /* class of packets from low to high: an outer header may decide it */
	uint8_t zero;
};

enum flow_state {
	FLOW_FREE,
	FLOW_PENDING,
	FLOW_SELECTED,
};

/* Bits of flow.flags. */
#define FLOW_CLOSED     0x01 /* FIN of both authorised directions, or RST, was seen */
#define FLOW_FIRST_HIGH 0x02 /* the first packet came from high */
#define FLOW_RECHECK    0x04 /* an address of it is listed, but was not valid at the time */
#define FLOW_FIN_LOW    0x08
#define FLOW_FIN_HIGH   0x10

/* Values of flow.decoder[]: 0 not known yet, else row number plus one, or one of these. */
#define FLOW_DECODER_NONE    0
#define FLOW_DECODER_UNKNOWN 254 /* nobody knows it */
#define FLOW_DECODER_DONE    255 /* this direction is not looked into any more */

struct flow {
	_Alignas(64) struct flow_key key;
	uint32_t hash;
	uint8_t state; /* enum flow_state */
	uint8_t flags;
	uint8_t decoder[2];
	int64_t last_ns;
	int64_t first_ns;

	uint64_t bytes[2]; /* by direction, as on the wire */
	uint32_t packets[2];
	uint32_t stream[2];    /* 1 + number of the buffer, or 0 (sensor/stream.h) */
	uint32_t begin_seq[2]; /* TCP: of the first byte of the stream; UDP: datagrams looked at */
	uint32_t selection;    /* 1 + number of the selection, or 0 */
	uint32_t wheel_next;   /* 1 + number of the flow, or 0 */
	uint32_t wheel_prev;
	uint8_t slot;       /* of the wheel */
	uint8_t marks;      /* sensor/payload.c */
	uint8_t scanned[2]; /* sensor/payload.c */
};

_Static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");

struct flow_table;

/** Why flow_table calls back that a flow leaves. */
enum flow_end {
	FLOW_END_CLOSED,
	FLOW_END_IDLE,
	FLOW_END_EVICTED,
	FLOW_END_INPUT,
	FLOW_END_AUTHORITY, /* what it was looked at under has ended or changed */
};

/** Called for each flow that leaves the table, just before; the flow must not be kept. */
typedef void flow_ended_fn(void *context, struct flow *flow, enum flow_end why);

/** @param flows_max 16 to 2^28. @return HN_ENOMEM, HN_ELIMIT */
HN_MUST_USE int flow_table_new(size_t flows_max, flow_ended_fn *ended, void *context,
			       struct flow_table **out);
/** Frees without calling back. NULL is allowed. */
void flow_table_free(struct flow_table *t);

/** Hash of a key, keyed by a secret of the process. */
uint32_t flow_hash(const struct flow_key *key);

/** The same of a key that is still in registers: its 40 bytes as five words, as they lie in memory. */
uint32_t flow_hash_words(const uint64_t word[5], uint8_t ip_version);

/** First touch of what flow_find() will read; then, a little later, of the flow itself. */
void flow_prefetch_index(const struct flow_table *t, uint32_t hash);
/** @return whether some flow with this hash seems to be there */
bool flow_prefetch(const struct flow_table *t, uint32_t hash);

/**
 * Lets time go on to time_ns: flows that were silent too long leave. Time that jumps back by more than ten
 * minutes (another capture) ends all flows as idle.
 */
void flow_table_advance(struct flow_table *t, int64_t time_ns);

/** The flow of the key, or NULL. One that has been silent for FLOW_IDLE_NS at time_ns leaves first. */
struct flow *flow_find(struct flow_table *t, const struct flow_key *key, uint32_t hash, int64_t time_ns);

/** A new flow with its key, times and state PENDING set; when the table is full the oldest leaves first. */
struct flow *flow_add(struct flow_table *t, const struct flow_key *key, uint32_t hash, int64_t time_ns);

/** The flow leaves now. */
void flow_end(struct flow_table *t, struct flow *flow, enum flow_end why);

/** Marks the flow closed: it leaves soon. */
void flow_close(struct flow_table *t, struct flow *flow);

/** Ends all flows; those that were silent long enough as idle, the others for this reason. */
void flow_table_drain(struct flow_table *t, enum flow_end why);

/** Calls back for each flow in the table; the callback must not add or end flows. */
void flow_each(struct flow_table *t, void (*each)(void *context, struct flow *flow), void *context);

/** Flows in the table now. */
size_t flow_count(const struct flow_table *t);

/** The class of packets of a direction. Classes are numbered as in authority/class.h: 1 and 2 are each
 * other's reverse. */
static inline unsigned flow_direction_class(const struct flow_key *key, unsigned direction)
{
	unsigned c = key->class_low;
	return direction == 0 || c == 0 || c == 3 ? c : 3 - c;
}

#endif
