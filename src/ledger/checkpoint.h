/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_CHECKPOINT_H
#define HINOMI_LEDGER_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

/** A tree head (C2SP tlog-checkpoint): origin, size, root. Extension lines are allowed and not kept. */
struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	struct merkle_hash root;
};

/** Appends the note's text: three lines. */
void checkpoint_add(struct buf *out, const struct checkpoint *c);

/** Appends the whole signed note. The key's name should be the origin. */
void checkpoint_sign(struct buf *out, const struct checkpoint *c, const struct note_key *key,
		     const uint8_t secret[NOTE_SECRET_SIZE]);

/** Reads the text of a note. @return HN_EFORMAT, or HN_ELIMIT for an origin over NOTE_NAME_MAX; *out is then
 * untouched. */
HN_MUST_USE int checkpoint_parse(const char *text, size_t len, struct checkpoint *out);

/**
 * Reads a signed checkpoint and, when key is given, verifies that it signed it and that the
 * origin is the key's name. A key with an empty name takes the origin as its name: who has a
 * public key and does not mind what the log is called.
 *
 * @return HN_EFORMAT, HN_ELIMIT; HN_ENOENT when the key did not sign; HN_EAUTH when its
 *         signature does not hold or the origin is another
 */
HN_MUST_USE int checkpoint_open(const char *data, size_t len, const struct note_key *key,
				struct checkpoint *out);

#endif
