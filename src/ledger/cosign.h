/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_COSIGN_H
#define HINOMI_LEDGER_COSIGN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/note.h"
#include "ledger/tlog.h"

/** Who cosigns, for which log, and where it keeps what it saw last. */
struct cosigner {
	const struct note_key *log_key; /* NOTE_ED25519; must have signed the checkpoints */
	const struct note_key *key;     /* NOTE_COSIGNATURE; the cosigner's own */
	const uint8_t *secret;          /* NOTE_SECRET_SIZE bytes */
	const char *state_path;         /* the last cosigned checkpoint; absent the first time */
};

/**
 * Cosigns the log's head (C2SP tlog-cosignature, v1) when it continues the checkpoint in the
 * state file, which is then replaced, durably, before the signature is given out. The same head
 * again is cosigned again with the new time.
 *
 * @param t       opened with log_key
 * @param time_s  now, seconds since 1970
 * @param out     the log's note with our signature line behind it
 * @return HN_EAUTH when the head is smaller than what was seen (rollback) or does not continue
 *         it (fork), the fault names both sizes and roots; HN_EFORMAT for a damaged state;
 *         HN_EIO, HN_ENOSPC, HN_ENOMEM. Unless HN_OK, the state is as it was and nothing is
 *         appended.
 */
HN_MUST_USE int cosign_head(const struct cosigner *c, struct tlog *t, uint64_t time_s, struct buf *out,
			    struct fault *fault);

#endif
