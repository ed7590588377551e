/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_PRIVATE_H
#define HINOMI_LEDGER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "ledger/io.h"
#include "ledger/log_entry.h"

/*
 * The private half beside a log. private/records is salt || record, one behind the other;
 * private/index has a slot of PRIVATE_SLOT_SIZE bytes an entry, little-endian: offset (8), time
 * in ns (8), bytes of the record (4), state (4), SHA-256 of slot number (8, little-endian) and
 * the 24 bytes before (its first 8). Both are 0600. Slot i begins where slot i - 1 ended.
 */
#define PRIVATE_SLOT_SIZE 32

enum private_state { PRIVATE_PRESENT = 1, PRIVATE_ERASED = 2 };

struct private_slot {
	uint64_t offset;
	int64_t time_ns;
	uint32_t len;
	enum private_state state;
};

void private_slot_encode(uint64_t index, const struct private_slot *slot, uint8_t out[PRIVATE_SLOT_SIZE]);
/** @return HN_EFORMAT when check, state or length do not hold */
HN_MUST_USE int private_slot_decode(uint64_t index, const uint8_t in[PRIVATE_SLOT_SIZE],
				    struct private_slot *out);

/** The private directory, opened to read, or to erase. */
struct private;

/**
 * Opens private/ below the directory of a log.
 *
 * @param erase  also for erasing
 * @return HN_ENOENT when there is none; HN_EIO
 */
HN_MUST_USE int private_open(int dir_fd, bool erase, struct private **out);
void private_free(struct private *p);

/** Slots in the index; some may lie beyond the log's checkpoint. */
uint64_t private_count(const struct private *p);
/** Bytes in private/records. */
uint64_t private_bytes(const struct private *p);

/** @return HN_ENOENT beyond the index; HN_EFORMAT for a slot that does not hold; HN_EIO */
HN_MUST_USE int private_slot(struct private *p, uint64_t index, struct private_slot *out);

/**
 * Reads salt and record of a slot; record_out is emptied first.
 *
 * @return HN_ESTATE when it was erased; HN_ETRUNC when the file ends before; HN_EIO, HN_ENOMEM
 */
HN_MUST_USE int private_record(struct private *p, const struct private_slot *slot,
			       uint8_t salt_out[LOG_ENTRY_SALT_SIZE], struct buf *record_out);

/**
 * Erases records and salts: marks the slots durably, then overwrites the bytes with zeros. The
 * public log stays as it is and verifies; without its salt a commitment says nothing any more.
 * May run beside the writer. Run again after a crash: what was begun is finished.
 *
 * @param size       entries of the log's checkpoint; slots beyond are not touched
 * @param first,end  slots [first, end)
 * @param before_ns  of these only records with an earlier time; INT64_MAX for all
 * @param io         NULL: the operating system
 * @param count_out  how many are erased now that were not before
 */
HN_MUST_USE int ledger_private_erase(struct private *p, uint64_t size, uint64_t first, uint64_t end,
				     int64_t before_ns, const struct ledger_io *io, uint64_t *count_out);

#endif
