/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_CHECKPOINT_LINE_H
#define HINOMI_BUS_CHECKPOINT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

/*
 * A line of the stream `checkpoints`: a signed checkpoint of the edge's ledger, and the proof (RFC
 * 9162, 2.1.4) that it continues the one of the line before, so that whoever keeps the last one sees every
 * rewriting:
 *     {"checkpoint": signed note, "from": size of the former, "consistency": [base64 of a hash...]}
 */
struct checkpoint_line {
	char note[NOTE_SIZE_MAX + 1]; /* NUL-terminated */
	uint64_t from;
	struct merkle_hash path[MERKLE_PROOF_MAX];
	size_t path_len;
};

/** Appends the line without a line feed. @return what buf_err() says */
HN_MUST_USE int checkpoint_line_write(const struct checkpoint_line *l, struct buf *out);

/** @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; out is then undefined */
HN_MUST_USE int checkpoint_line_read(const char *text, size_t len, struct checkpoint_line *out,
				     struct fault *fault);

/** The last checkpoint that was seen of a log. */
struct checkpoint_seen {
	uint64_t size; /* 0: none yet */
	struct merkle_hash root;
};

/**
 * Whether the line's checkpoint is signed by the edge (origin "hinomi/UUID") and continues the one that was
 * seen.
 *
 * @param origin   "hinomi/UUID of the edge"
 * @param ed25519  its public key
 * @param out      the checkpoint; may be NULL
 * @return HN_EFORMAT; HN_EAUTH: another key, another log, smaller than what was seen, or history was
 * rewritten
 */
HN_MUST_USE int checkpoint_line_check(const struct checkpoint_line *l, const char *origin,
				      const uint8_t ed25519[32], const struct checkpoint_seen *seen,
				      struct checkpoint *out, struct fault *fault);

#endif
