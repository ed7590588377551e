/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_AUTHORITY_SUMS_H
#define HINOMI_AUTHORITY_SUMS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The accounts of a run. What a receipt states must hold exactly:
 *     pending_before + seen = selected + erased + pending_after
 * in packets and in bytes, for each class.
 */

/** The four classes of authority/class.h, and packets whose headers gave no class. */
#define SUMS_CLASSES   5
#define SUMS_UNDECODED 4

/** Why something was erased. The first rows are those of enum packet_reason, in its order. */
enum erased_reason {
	ERASED_NOTHING, /* row 0: not erased */
	ERASED_LINK_UNKNOWN,
	ERASED_NOT_IP,
	ERASED_TRUNCATED,
	ERASED_MALFORMED,
	ERASED_TOO_DEEP,
	ERASED_CLASS,          /* a class that the authorisation does not cover; domestic-domestic always */
	ERASED_FACILITY,       /* not to or from the facility that the authorisation names */
	ERASED_OUTSIDE_TIME,   /* the packet's time lies outside the validity */
	ERASED_FRAGMENT,       /* a datagram that never became whole, broke the rules of fragments, or became
				  whole when the memory of its batch was full */
	ERASED_FLOW_CLOSED,    /* no authorised match: the flow ended by FIN or RST */
	ERASED_FLOW_IDLE,      /* ... or was silent for 60 s */
	ERASED_FLOW_EVICTED,   /* ... or gave way to a newer one (--max-flows) */
	ERASED_FLOW_END,       /* ... or the input ended */
	ERASED_NOT_AUTHORISED, /* live: no authorisation was in force, or it ceased to be while a flow was
				* pending
				*/
	ERASED_REASONS,
};

/** The reason as it stands in receipts. */
const char *erased_reason_name(enum erased_reason reason);

struct tally {
	uint64_t packets;
	uint64_t bytes; /* as on the wire */
};

struct sums {
	struct tally pending_before[SUMS_CLASSES];
	struct tally seen[SUMS_CLASSES];
	struct tally selected[SUMS_CLASSES];
	struct tally erased[SUMS_CLASSES][ERASED_REASONS];
	struct tally pending_after[SUMS_CLASSES];
	uint64_t flows_seen;
	uint64_t flows_selected;
	uint64_t flows_erased[ERASED_REASONS];
	uint64_t flows_pending;
	uint64_t values_dropped;   /* names of one message that found no place */
	uint64_t streams_dropped;  /* directions no longer looked into for want of a buffer */
	uint64_t not_seen_packets; /* lost before us: refused records, drops of an interface */
	uint64_t first_ns;         /* times of the earliest and latest packet seen; 0: none */
	uint64_t last_ns;
};

/** Adds to a tally. */
static inline void tally_add(struct tally *t, uint64_t packets, uint64_t bytes)
{
	t->packets += packets;
	t->bytes += bytes;
}

/** Adds b's numbers to a's, for sums of several threads. */
void sums_merge(struct sums *a, const struct sums *b);

/** Whether the equation above holds for every class. */
bool sums_hold(const struct sums *s);

/** What is pending becomes pending_before of a new interval; all else becomes zero. */
void sums_next(struct sums *s);

#endif
