/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_SPOOL_H
#define HINOMI_BUS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "bus/batch.h"
#include "ledger/io.h"

/*
 * What an edge has to send, on its disk until everybody who shall have it has said that it is durable there.
 * Lines of a stream are numbered from 1 within an epoch. Whatever a call has added or noted is durable when
 * the call returns; a kill at any moment, or a full disk, leaves a spool that opens and lacks nothing of
 * that.
 *
 * It is bounded. When it is full, or the disk is, the oldest events give way to a stub that counts them (it
 * needs no room), then the oldest health; records, receipts and checkpoints never: then adding fails with
 * HN_ENOSPC and who produces them has to stop. Records go at the time by which they are to be erased,
 * whether sent or not, and are overwritten before their room is given back; what is sent goes then.
 *
 * Files (docs/edge.md): DIR/NUMBER-EPOCH/STREAM/FIRST-COUNT.zst, each a line of JSON and a batch's body,
 * never changed; other endings (.sent, .space, .retention, .damaged) have lost their body;
 * DESTINATION.THROUGH are empty files whose names say what a destination has.
 *
 * Functions may be called by several threads; each works under the spool's lock, for as long as the disk
 * takes.
 */
struct spool;

enum spool_destination { SPOOL_HUB, SPOOL_WITNESS, SPOOL_DESTINATION_COUNT };

#define SPOOL_TO_HUB     (1u << SPOOL_HUB)
#define SPOOL_TO_WITNESS (1u << SPOOL_WITNESS)

#define SPOOL_POSITION_MAX 1024 /* bytes of text */
#define SPOOL_BYTES_LEAST  ((uint64_t)16 << 20)

struct spool_options {
	const char *dir;               /* made when it is not there; its parent is */
	uint64_t bytes_max;            /* on the disk, in blocks of 4 KB; at least SPOOL_BYTES_LEAST */
	unsigned wanted[STREAM_COUNT]; /* SPOOL_TO_...: who shall have the stream; 0: nobody, adding is
					  refused */
	const struct ledger_io *io;    /* NULL: the system's; for tests */
};

/**
 * Opens a spool and ends what a kill left half done. One process at a time has it.
 *
 * @param begun_out  whether an epoch was begun now: there was no spool, so whoever knows of a former epoch
 *                   knows that it is lost, and has to say so in a receipt
 * @return HN_ESTATE (another process has it), HN_EFORMAT (what lies there is no spool, or damaged so that
 *         numbers are missing: the fault names the file; moved away, a new epoch begins), HN_EIO, HN_ENOSPC,
 *         HN_ENOMEM, HN_ELIMIT (bytes_max)
 */
HN_MUST_USE int spool_open(const struct spool_options *options, struct spool **out, bool *begun_out,
			   struct fault *fault);
void spool_close(struct spool *s);

/** The epoch; rewritten by spool_renew(). */
struct uuid spool_epoch(struct spool *s);

/** What is added: whole lines, each with its line feed. */
struct spool_item {
	enum stream stream;
	const char *lines;
	size_t len;
	const char *position; /* where in its source it ends, as its producer says; UTF-8, NULL: "" */
	int64_t erase_by_ns;  /* records: the time by which they are erased; 0: not before they are sent */
};

/**
 * Adds lines as one batch; all or nothing. The position becomes durable with them, so who begins again at
 * spool_position() adds each line exactly once.
 *
 * @param batch_out  what it became; may be NULL. Events and health that came into a full spool may have given
 *                   way at once (stub)
 * @return HN_ENOSPC: no room, and nothing may give way; HN_EFORMAT, HN_ELIMIT (batch_pack: up to
 *         BATCH_PLAIN_FIT bytes and BATCH_LINES_MAX lines always fit; a position too long); HN_ESTATE: nobody
 *         wants the stream; HN_EIO, HN_ENOMEM. On an error nothing was added
 */
HN_MUST_USE int spool_add(struct spool *s, const struct spool_item *item, struct batch *batch_out);

/** The position of what was last added to the stream in this spool, whether sent or not; "" when there is
 * none. @return HN_ENOMEM, or what buf_err() says */
HN_MUST_USE int spool_position(struct spool *s, enum stream stream, struct buf *out);

/**
 * The next batch that the destination lacks. What a disk has damaged becomes a stub.
 *
 * @param body  emptied, then filled; its maximum is at least BATCH_BODY_MAX
 * @return HN_ENOENT: it has everything, or shall not have this stream; HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int spool_next(struct spool *s, enum stream stream, enum spool_destination to, struct batch *out,
			   struct buf *body);

/**
 * Notes what the destination says that it durably has, and removes what all have. A number below the one
 * noted is a destination that has lost something (came back from an older backup): it gets again what is
 * still here and a stub ("earlier") for the rest.
 *
 * @return HN_ESTATE: it has more than was ever added here: this spool came back from an older backup; call
 *         spool_renew(). HN_EIO: not durable, call again; HN_ENOENT: another epoch; HN_EFORMAT: the number
 * lies inside of a batch
 */
HN_MUST_USE int spool_acked(struct spool *s, enum stream stream, enum spool_destination to,
			    const struct uuid *epoch, uint64_t through);

/**
 * Begins a new epoch: everything that is not sent is numbered anew from 1, for all destinations; but records
 * keep their numbers, by which receipts cover them, and what was sent of them is told as gone ("earlier").
 * Who calls this says so in a receipt.
 *
 * @return HN_ENOSPC, HN_EIO, HN_ENOMEM: the old one stays
 */
HN_MUST_USE int spool_renew(struct spool *s);

/** Lets the oldest of a stream that may give way (events, health) go until so many batches are left. @return
 * HN_EIO */
HN_MUST_USE int spool_keep_newest(struct spool *s, enum stream stream, size_t most);

/** Erases records whose time has come. @param lines_out how many lines were erased unsent; may be NULL */
HN_MUST_USE int spool_erase_due(struct spool *s, int64_t now_ns, uint64_t *lines_out);

/** The earliest time at which spool_erase_due() has something to do; INT64_MAX: none. */
int64_t spool_erase_next(struct spool *s);

struct spool_stream_state {
	uint64_t added;                            /* the last line's number; 0: none */
	uint64_t through[SPOOL_DESTINATION_COUNT]; /* durable there */
	uint64_t waiting;                          /* lines that a destination lacks */
	uint64_t batches, bytes;                   /* on the disk */
	uint64_t gone[BATCH_GONE_COUNT]; /* lines that gave way in this epoch since it was opened, by why */
};

struct spool_state {
	struct uuid epoch;
	uint64_t bytes, bytes_max;
	bool full; /* the last spool_add() found no room */
	struct spool_stream_state streams[STREAM_COUNT];
};

/** How it stands. */
void spool_state(struct spool *s, struct spool_state *out);

#endif
