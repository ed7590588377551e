/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_TLOG_H
#define HINOMI_LEDGER_TLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/tile.h"

/**
 * A log to read, as one checkpoint shows it: proofs from its tiles. Reads the tiles it needs and
 * keeps some of them. A writer may go on beside it. Not for several threads.
 *
 * What it gives out is proved against the checkpoint's root by the caller (merkle_verify_...),
 * so a tampered tile leads to a proof that fails, never to a false one.
 */
struct tlog;

/**
 * Opens the log below dir_fd, which is the directory with checkpoint and tile/, or the one above
 * it with ledger/.
 *
 * @param key  when given, it must have signed the checkpoint and be named as its origin
 * @return HN_ENOENT without a checkpoint; HN_EFORMAT; HN_EAUTH; HN_EIO; HN_ENOMEM
 */
HN_MUST_USE int tlog_open(int dir_fd, const struct note_key *key, struct tlog **out, struct fault *fault);
void tlog_free(struct tlog *t);

/**
 * Gives a tile of a log that lies elsewhere.
 *
 * @param out  emptied, then filled with the tile's bytes
 * @return HN_OK; HN_EIO when it could not be had; HN_EFORMAT when there is none; HN_ENOMEM
 */
typedef int tlog_read_fn(void *context, const struct tile *tile, struct buf *out);

/**
 * Opens a log that lies elsewhere, as one checkpoint shows it; tlog_fd() and tlog_parent_fd() are then -1. Of
 * a log of any size it asks for a few tiles a level, and never for more than TLOG_READS_MAX.
 *
 * @param note  the signed checkpoint, copied
 * @param key   must have signed it and be named as its origin
 * @param read  called with `context` as long as the log is open
 * @return HN_EFORMAT, HN_EAUTH, HN_ENOMEM
 */
HN_MUST_USE int tlog_open_elsewhere(const char *note, size_t len, const struct note_key *key,
				    tlog_read_fn *read, void *context, struct tlog **out,
				    struct fault *fault);
#define TLOG_READS_MAX 256u

const struct checkpoint *tlog_head(const struct tlog *t);
/** The checkpoint as it stood on disk. */
const char *tlog_note(const struct tlog *t, size_t *len_out);
/** The log's own directory. */
int tlog_fd(const struct tlog *t);
/** The directory above, which may hold private/; -1 when a bare log was opened. */
int tlog_parent_fd(const struct tlog *t);

/**
 * Reads a tile or bundle of the head's tree: the file of that very width, else the first part of
 * the full one. out is emptied first.
 *
 * @return HN_ENOENT; HN_EFORMAT when its size is not the tile's; HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int tlog_tile(struct tlog *t, const struct tile *tile, struct buf *out);

/** The bytes of entry index: appends to out. @return HN_ENOENT beyond the head; HN_EFORMAT; as tlog_tile() */
HN_MUST_USE int tlog_entry(struct tlog *t, uint64_t index, struct buf *out);

/** The hash of leaf index as the level-0 tile has it. */
HN_MUST_USE int tlog_leaf(struct tlog *t, uint64_t index, struct merkle_hash *out);

/** The path of leaf index in the tree of size leaves (RFC 6962, 2.1.1). @return HN_ENOENT outside; as
 * tlog_tile() */
HN_MUST_USE int tlog_inclusion(struct tlog *t, uint64_t index, uint64_t size,
			       struct merkle_hash path_out[MERKLE_PROOF_MAX], size_t *len_out);

/** The path from old_size to size (RFC 6962, 2.1.2); empty for old_size 0 or size. As above. */
HN_MUST_USE int tlog_consistency(struct tlog *t, uint64_t old_size, uint64_t size,
				 struct merkle_hash path_out[MERKLE_PROOF_MAX], size_t *len_out);

/** The root of the first size leaves. As above. */
HN_MUST_USE int tlog_root(struct tlog *t, uint64_t size, struct merkle_hash *out);

#endif
