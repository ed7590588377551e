/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_LEDGER_H
#define HINOMI_LEDGER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "ledger/checkpoint.h"
#include "ledger/io.h"
#include "ledger/log_entry.h"

#define LEDGER_RECORD_MAX    (1u << 20)   /* bytes of one record */
#define LEDGER_PENDING_MAX   (262144u)    /* appends between two commits */
#define LEDGER_PENDING_BYTES (256u << 20) /* and bytes of their records */

/**
 * The one writer of a log. Below its directory it keeps
 *
 *   ledger/checkpoint, ledger/tile/...   public, C2SP tlog-tiles: commitments only
 *   private/records, private/index       salts and records (ledger/private.h), mode 0600
 *
 * A record is in the log when ledger_commit() has returned HN_OK, and not before. From then on
 * it is never lost or rewritten, whatever fails or is killed later. Not for several threads.
 */
struct ledger;

struct ledger_options {
	const char *origin;         /* "hinomi/<sensor>": names the log and its key; note_name_ok() */
	const uint8_t *secret_key;  /* NOTE_SECRET_SIZE bytes; copied into locked memory */
	const struct ledger_io *io; /* NULL: the operating system */
};

/**
 * Opens the log below dir_fd, or begins one: makes the directories (0755 and 0700) and a signed
 * checkpoint of size 0. An existing one must carry our signature and its right edge must fit it;
 * what lies beyond the checkpoint (left by a kill or a full disk) was never in the log and is
 * dropped. Takes a lock, so a second writer is refused.
 *
 * Does everything that needs existing files. Later calls use, below ledger/ only: mkdirat,
 * openat (creating, or a directory for its fsync), pwrite64, sync_file_range, fsync, renameat within a
 * directory, unlinkat of files that the log has outgrown, close, getrandom; and pwrite64, sync_file_range,
 * fsync on the two files of private/ that are open already. Up to PUBLISH_FILES files are open at once, fewer
 * where the process may not. In Landlock's words: READ_DIR, WRITE_FILE, MAKE_REG, MAKE_DIR, REMOVE_FILE,
 * REMOVE_DIR below dir_fd.
 *
 * @param dir_fd  stays the caller's; may be closed afterwards
 * @return HN_EAUTH when signature, key or tree do not fit; HN_EFORMAT for damaged files;
 *         HN_ESTATE while another has it open; HN_ENOSPC, HN_EIO, HN_ENOMEM. The fault says
 *         which file.
 */
HN_MUST_USE int ledger_open(int dir_fd, const struct ledger_options *options, struct ledger **out,
			    struct fault *fault);

/** Closes it; what was appended and not committed is dropped. NULL is allowed. */
void ledger_close(struct ledger *l);

/**
 * Appends a record in memory: draws its salt, computes its entry.
 *
 * @param kind       log_entry_kind_ok()
 * @param time_ns    base/utc.h; the log keeps microseconds
 * @param index_out  its index once committed; may be NULL
 * @return HN_EFORMAT for a kind; HN_ELIMIT over a limit above (commit first); HN_ENOMEM;
 *         HN_ESTATE after a failed commit. Nothing is appended then.
 */
HN_MUST_USE int ledger_append(struct ledger *l, const char *kind, int64_t time_ns, const void *record,
			      size_t len, uint64_t *index_out);

/**
 * Makes everything appended durable: records, salts, bundles and tiles in any order, then the signed
 * checkpoint by rename. Nothing appended: does nothing.
 *
 * @return HN_OK; HN_ENOSPC or HN_EIO (errno): the log stands at the checkpoint on disk, which is
 *         the former one or, if only its last fsync failed, the new one. This ledger then refuses
 *         everything with HN_ESTATE; close it, and open it anew to go on.
 */
HN_MUST_USE int ledger_commit(struct ledger *l);

/** Entries in the log, without those not committed. */
uint64_t ledger_size(const struct ledger *l);

/** Entries appended and not committed. */
uint64_t ledger_pending(const struct ledger *l);

/** The last committed checkpoint as the signed note on disk; lives until the next commit or close. */
const char *ledger_checkpoint(const struct ledger *l, size_t *len_out);

#endif
