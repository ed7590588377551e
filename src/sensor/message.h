/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_MESSAGE_H
#define HINOMI_SENSOR_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/pseudonym.h"
#include "authority/seal.h"
#include "authority/sums.h"
#include "base/buf.h"
#include "base/confine.h"
#include "base/cur.h"
#include "base/digest.h"
#include "base/err.h"

/*
 * What the parser tells the writer over the pipe. The parser reads hostile bytes, so the writer reads its
 * messages as hostile too: one frame is a 32-bit length, then a type, then fields in network order, nothing
 * left over.
 */

#define MESSAGE_MAX      65536 /* bytes of a frame without its length */
#define ORGANISATION_MAX 255   /* bytes */

enum message_type {
	MESSAGE_RECORD = 1,  /* a selected flow has ended */
	MESSAGE_SUMS = 2,    /* an interval has ended: make a receipt */
	MESSAGE_FAULT = 3,   /* an input could not be read on; its sums follow */
	MESSAGE_READY = 4,   /* the first message, and only it: the sandbox is closed */
	MESSAGE_ADOPTED = 5, /* live: what was handed over is in force */
};

/** One end of a flow. */
struct message_endpoint {
	uint16_t port;
	bool identified; /* ip holds; else the next three do */
	struct ip ip;
	char organisation[ORGANISATION_MAX + 1]; /* "" when nobody holds the address */
	char pseudonym[PSEUDONYM_TEXT_SIZE];
	char prefix_pseudonym[PSEUDONYM_TEXT_SIZE];
	char sealed[SEAL_TEXT_SIZE];
};

/** Which record of a flow it is. */
enum record_phase {
	RECORD_ONLY,  /* of files: the one at its end */
	RECORD_OPEN,  /* live: at the match */
	RECORD_CLOSE, /* live: at its end */
	RECORD_PHASES,
};

struct message_record {
	uint64_t seq;        /* from 1 in an epoch; never twice */
	uint8_t phase;       /* enum record_phase */
	uint64_t open_seq;   /* of the opening record; its own but in a closing one */
	uint32_t generation; /* of the sets that `set` to `slot` are numbers in */
	int64_t first_ns, last_ns, match_ns;
	uint64_t packets[2], bytes[2];    /* 0: from src, 1: from dst */
	struct message_endpoint src, dst; /* src sent the first packet */
	uint8_t protocol;
	uint8_t ip_version;
	uint8_t class; /* of the packet that matched */
	uint8_t field; /* enum field */
	uint32_t set;  /* where the writer finds the indicator: set, layer, handle, slot */
	uint32_t layer;
	uint32_t handle;
	uint32_t slot;
	uint8_t kind;
	uint8_t prefix_len;
	uint8_t labels_left;
	uint8_t bytes_left;
	uint32_t pattern; /* for FIELD_PATTERN */
	uint16_t pattern_offset;
	uint16_t dns_type;
	uint8_t dns_rcode;
	bool dns_response;
};

struct message_sums {
	uint32_t input;  /* number of the input that has ended */
	bool last;       /* nothing follows */
	bool cut;        /* the input ends inside a record or could not be read on */
	bool has_digest; /* of the input as it is stored */
	uint8_t digest[SHA256_SIZE];
	uint32_t oldest;      /* live: the lowest generation of sets that a selected flow still has */
	uint64_t flows_ended; /* live: selected flows that ended, each with its closing record */
	uint64_t records;     /* of the input */
	uint64_t input_bytes;
	struct sums sums;
};

struct message_fault {
	uint32_t input;
	int32_t error; /* enum hn_err */
};

struct message_ready {
	struct confinement confinement;
	bool memory_locked;
	bool secret_drawn; /* the pseudonym secret was drawn, not sealed by the commission */
};

/** Answers what was handed over. */
struct message_adopted {
	uint32_t generation;
	int64_t at_ns;
};

struct message {
	enum message_type type;
	union {
		struct message_record record;
		struct message_sums sums;
		struct message_fault fault;
		struct message_ready ready;
		struct message_adopted adopted;
	};
};

/** Appends a frame with its length. @return what buf_err() says */
HN_MUST_USE int message_encode(const struct message *m, struct buf *out);

/**
 * Reads one frame from a pipe.
 *
 * @param frame  room for MESSAGE_MAX bytes: its body
 * @return HN_ENOENT at the end of the pipe; HN_EFORMAT, HN_ETRUNC, HN_EIO
 */
HN_MUST_USE int message_read(int fd, uint8_t *frame, size_t *len_out);

/**
 * Reads a frame's body (without its length).
 *
 * @return HN_EFORMAT, HN_ETRUNC or HN_ELIMIT for what no honest parser would send: a text with control
 * characters or that is not UTF-8, values outside of their enums, sums that do not hold
 */
HN_MUST_USE int message_decode(struct cur in, struct message *out);

#endif
