/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_CAPTURE_H
#define HINOMI_WIRE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * Reading capture files: pcap (both byte orders, micro- and nanoseconds, the modified form with longer
 * record headers; formats of other programs are refused by name) and pcapng (draft-ietf-opsawg-pcapng:
 * sections of either byte order, several interfaces, if_tsresol, if_tsoffset, simple, enhanced and obsolete
 * packet blocks), plain or compressed with gzip or zstd (by content, not by name; several members or frames
 * in a row).
 *
 * Every input, regular files too, is read into a fixed pool of locked, core-dump-excluded blocks. Bytes of
 * packets lie there (and, before they are unpacked, in memory of the same kind) and nowhere else; they are
 * overwritten or wiped before a block is used again, and wiped when it is not used for a while and when the
 * input has ended. No file is mapped: another process that changes it or makes it shorter meanwhile changes
 * what is read next, never what was looked at.
 *
 * After capture_open() only read(2) on the descriptor, madvise, anonymous mmap and munmap (a zstd frame with
 * a larger window than the one before) and futex are called.
 */

struct capture;

/** One packet of a batch. data is valid until the batch is released. */
struct capture_record {
	const uint8_t *data;
	uint32_t len;       /* captured bytes */
	uint32_t wire_len;  /* bytes on the wire as the file says, never less than len */
	int64_t time_ns;    /* base/utc.h; never negative. 0 in a simple packet block, which has no time */
	uint32_t link_type; /* LINKTYPE_ */
};

#define CAPTURE_BATCH_MAX 64

struct capture_batch {
	struct capture_record records[CAPTURE_BATCH_MAX];
	size_t count;
	void *hold; /* what keeps the records' bytes alive; for capture_release() */
};

/** How reading ended, or what went wrong on the way; counted in the receipt. */
struct capture_stats {
	uint64_t records;
	uint64_t bytes_read;      /* of the file as it is stored */
	uint64_t blocks_skipped;  /* pcapng blocks of kinds that hold no packets */
	uint64_t records_refused; /* longer than CAPTURE_RECORD_MAX, or contradicting themselves */
	bool cut;                 /* the file ends inside a record or a compressed frame */
};

#define CAPTURE_RECORD_MAX 262144 /* bytes a packet may have been captured with; as libpcap's own limit */

/** The pool that input passes through. One for all inputs of a program. */
struct capture_pool;

/**
 * Makes a pool of blocks of locked memory. When memory cannot be locked (RLIMIT_MEMLOCK) it is still excluded
 * from core dumps and *locked_out is false: the receipt says so.
 */
HN_MUST_USE int capture_pool_new(size_t blocks, struct capture_pool **out, bool *locked_out);
/** Wipes and frees. NULL is allowed. */
void capture_pool_free(struct capture_pool *pool);

/**
 * Takes over fd (also on failure), at whose offset reading begins, and looks at its first bytes. A sandbox
 * may close behind it.
 *
 * @param name  for messages
 * @return HN_EFORMAT (not a capture; the fault says what it looks like), HN_ETRUNC (empty), HN_EUNSUPPORTED,
 * HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int capture_open(int fd, const char *name, struct capture_pool *pool, struct capture **out,
			     struct fault *fault);

/**
 * The next packets, at most CAPTURE_BATCH_MAX. A damaged record is skipped and counted where the format
 * allows to go on; else reading ends there and stats.cut is set. Never fails for what the file holds.
 *
 * @return HN_OK, with count 0 at the end; HN_EIO when the operating system fails to read
 */
HN_MUST_USE int capture_next(struct capture *c, struct capture_batch *batch);

/**
 * Gives the batch's bytes back; may be called from another thread than capture_next(). Every batch needs it.
 * When all blocks of the pool are held, capture_next() waits for a release: a program that reads and releases
 * on one thread may hold no more batches than the pool has blocks, less two.
 */
void capture_release(struct capture_batch *batch);

/** What was read so far; lives as long as the capture. */
const struct capture_stats *capture_stats(const struct capture *c);

/**
 * Whether capture_next() may soon wait for a release. Where batches are released on another thread, that
 * thread must be at work whenever this says so after a batch was read; else both may wait for each other.
 */
bool capture_runs_short(const struct capture *c);

/**
 * A function that is given each stored byte (compressed, as in the file), in order, on the reading thread,
 * before the packets in it are returned (what capture_open() has read: at once). The bytes behind the last
 * packet, or behind damage, too. To be called before the first capture_next().
 */
void capture_on_bytes(struct capture *c, void (*sink)(void *context, const uint8_t *data, size_t len),
		      void *context);

/** Batches must have been released. NULL is allowed. */
void capture_close(struct capture *c);

#endif
