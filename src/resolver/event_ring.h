/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_RING_H
#define HINOMI_RESOLVER_EVENT_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"

/*
 * From one serving thread to the writer of events: a ring of records of bounded size, one producer, one
 * consumer, no lock. A full ring never makes the producer wait: what does not fit is counted as lost.
 *
 * A record holds the entry that was listed, never the name that was asked.
 */
#define EVENT_KEY_MAX       254
#define EVENT_OBJECT_MAX    127 /* bytes; a longer id is cut */
#define EVENT_MARKING_MAX   63
#define EVENT_NO_RCODE      255 /* nothing was answered */
#define EVENT_NO_CONFIDENCE 255

/** One question about which policy decided, or that a log-only set matched. */
struct event {
	int64_t time_ns;
	uint64_t generation; /* of the policy */
	uint32_t group;
	struct ip client;
	uint8_t transport; /* 0..3: UDP, TCP, TLS, HTTPS */
	uint16_t qtype;
	uint16_t set;    /* number in the policy */
	uint8_t rcode;   /* of the answer; EVENT_NO_RCODE */
	uint8_t action;  /* enum policy_action */
	uint8_t trigger; /* enum policy_trigger */
	uint8_t kind;    /* enum entry_kind */
	uint8_t labels_left, bytes_left;
	uint8_t key_len;
	uint8_t object_len;  /* 0: the entry has none */
	uint8_t marking_len; /* 0: the entry has none */
	uint8_t confidence;  /* 0..100; EVENT_NO_CONFIDENCE */
	/* The entry's key, then the object's id, then its marking. */
	uint8_t bytes[EVENT_KEY_MAX + EVENT_OBJECT_MAX + EVENT_MARKING_MAX];
};

/** Bytes of an event that are filled. */
static inline size_t event_size(const struct event *e)
{
	return offsetof(struct event, bytes) + e->key_len + e->object_len + e->marking_len;
}

struct event_ring;

/** @param bytes  a power of two, at least 4096. @return HN_ENOMEM */
HN_MUST_USE int event_ring_new(size_t bytes, struct event_ring **out);
/** NULL is allowed. */
void event_ring_free(struct event_ring *r);

/* ---- the producer's ---- */

/** Room for one event, to be filled; NULL: the ring is full, and one is counted as lost. */
struct event *event_ring_claim(struct event_ring *r);
/** Hands over what was claimed last. */
void event_ring_commit(struct event_ring *r);

/* ---- the consumer's ---- */

/** The oldest event, or NULL. Valid until event_ring_pop(). */
const struct event *event_ring_peek(struct event_ring *r);
void event_ring_pop(struct event_ring *r);

/** Since the beginning. From any thread. */
uint64_t event_ring_lost(const struct event_ring *r);

#endif
