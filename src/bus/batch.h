/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_BATCH_H
#define HINOMI_BUS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * A batch: lines of one stream from one edge, numbered without a gap from 1 within an epoch of the edge's
 * spool. Its body is one zstd frame (RFC 8878) of NDJSON: each line one JSON object and a line feed. What it
 * is stands in the headers of the request that carries it (docs/edge.md).
 *
 * A stub stands for lines that are gone: its body is the one line {"gave_way":COUNT,"why":WHY}, its count
 * that of the lines. WHY: "space" (the spool was full), "retention" (their time was over), "damaged" (the
 * disk lost them), "earlier" (they were sent and removed before this receiver asked for them).
 */

#define BATCH_BODY_MAX  ((size_t)4 << 20)  /* bytes, compressed */
#define BATCH_PLAIN_MAX ((size_t)32 << 20) /* bytes, unpacked */
#define BATCH_PLAIN_FIT ((size_t)3 << 20)  /* so many bytes fit whatever they hold */
#define BATCH_LINE_MAX  ((size_t)1 << 20)  /* bytes, with the line feed */
#define BATCH_LINES_MAX 65536
#define BATCH_SEQ_MAX   (UINT64_C(1) << 53) /* numbers stay whole in every JSON reader */

enum stream {
	STREAM_RECORDS,
	STREAM_EVENTS,
	STREAM_RECEIPTS,
	STREAM_CHECKPOINTS,
	STREAM_HEALTH,
	STREAM_COUNT,
};

/** "records", "events", "receipts", "checkpoints", "health". */
const char *stream_name(enum stream s);
/** @return HN_ENOENT: no stream has this name */
HN_MUST_USE int stream_find(const char *name, size_t len, enum stream *out);

enum batch_gone {
	BATCH_HERE, /* not a stub */
	BATCH_GONE_SPACE,
	BATCH_GONE_RETENTION,
	BATCH_GONE_DAMAGED,
	BATCH_GONE_EARLIER,
	BATCH_GONE_COUNT,
};

/** "space", "retention", ...; "" for BATCH_HERE. */
const char *batch_gone_name(enum batch_gone gone);

struct batch {
	enum stream stream;
	struct uuid epoch;
	uint64_t first,
		count; /* lines first..first + count - 1; count is at most BATCH_LINES_MAX but in a stub */
	uint8_t digest[32]; /* SHA-256 of the body as sent */
	bool stub;
	enum batch_gone gone; /* of a stub; batch_check() fills it */
};

/** The last line's number. */
static inline uint64_t batch_through(const struct batch *b)
{
	return b->first + b->count - 1;
}

/** The values of the headers of a request (Hinomi-Epoch and kin); NULL where one is absent. */
struct batch_headers {
	const char *epoch, *first, *count, *digest, *gave_way;
};

/**
 * Reads the headers. Numbers are decimal without sign or leading zero.
 *
 * @return HN_EFORMAT, HN_ELIMIT; the fault's place is the header's name
 */
HN_MUST_USE int batch_headers_read(enum stream stream, const struct batch_headers *h, struct batch *out,
				   struct fault *fault);

/** Appends the headers, each "Name: value" and CR LF. */
void batch_headers_write(const struct batch *b, struct buf *out);

/**
 * Takes a line, without its line feed, not NUL-terminated; `seq` is its number. An error ends the check with
 * it.
 */
typedef int batch_line_fn(void *context, uint64_t seq, const char *line, size_t len);

/**
 * Checks a body against what its headers say: sizes, digest, one whole frame, the count of lines, none empty
 * or too long. It unpacks piece by piece, in a memory of BATCH_LINE_MAX and a window of at most 8 MB, however
 * large the frame says that it is. Lines are not read as JSON.
 *
 * @param b     b->gone is filled for a stub
 * @param line  takes each line of a batch, none of a stub; may be NULL. A later line can still be wrong: what
 *              this does must be undone (its transaction rolled back) when batch_check() fails
 * @return HN_EAUTH (digest), HN_EFORMAT, HN_ETRUNC, HN_ELIMIT, HN_ENOMEM, or what `line` returned
 */
HN_MUST_USE int batch_check(struct batch *b, const void *body, size_t len, batch_line_fn *line, void *context,
			    struct fault *fault);

/**
 * Appends the body of these lines, and fills b's count and digest. `lines` is whole lines with their line
 * feeds.
 *
 * @param body  empty; its maximum need not be over BATCH_BODY_MAX
 * @return HN_EFORMAT (no lines, an empty one, no line feed at the end), HN_ELIMIT (too many, too long, or too
 *         large compressed: give half of them), HN_ENOMEM
 */
HN_MUST_USE int batch_pack(struct batch *b, const char *lines, size_t len, struct buf *body);

/** The same for a stub over b->first, b->count: fills stub and digest. @return HN_EFORMAT (count is 0 or past
 * BATCH_SEQ_MAX; BATCH_HERE), HN_ENOMEM */
HN_MUST_USE int batch_pack_stub(struct batch *b, enum batch_gone gone, struct buf *body);

#endif
