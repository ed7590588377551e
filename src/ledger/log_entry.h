/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_LOG_ENTRY_H
#define HINOMI_LEDGER_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/utc.h"

#define LOG_ENTRY_KIND_MAX  32 /* bytes; [a-z0-9] and, inside, '-' and '.' */
#define LOG_ENTRY_SALT_SIZE 32
#define LOG_ENTRY_TEXT_MAX  192 /* bytes of an entry; it has no NUL */

/**
 * An entry of the log: that a record of this kind existed at this time, and nothing of what it
 * says. Its bytes are one line of canonical JSON (RFC 8785), without a line feed:
 *
 *   {"commitment":"<64 hex digits>","kind":"<kind>","time":"<RFC 3339, microseconds, Z>","v":1}
 */
struct log_entry {
	uint8_t commitment[32]; /* SHA-256(salt || record) */
	char kind[LOG_ENTRY_KIND_MAX + 1];
	int64_t time_ns; /* base/utc.h; whole microseconds */
};

/** Whether the text may be a kind. */
bool log_entry_kind_ok(const char *kind, size_t len);

/** SHA-256(salt || record). */
void log_entry_commit(const uint8_t salt[LOG_ENTRY_SALT_SIZE], const void *record, size_t len,
		      uint8_t out[32]);

/** Writes the entry's bytes; time is cut to microseconds. @return how many, at most LOG_ENTRY_TEXT_MAX. */
size_t log_entry_format(const struct log_entry *entry, char out[LOG_ENTRY_TEXT_MAX]);

/** Reads the form above, byte for byte. @return HN_EFORMAT for any other spelling; then *out is untouched. */
HN_MUST_USE int log_entry_parse(const void *data, size_t len, struct log_entry *out);

/**
 * Takes the next entry of a bundle: big-endian uint16 length and bytes (C2SP tlog-tiles, "Log
 * entries"). The entry may be of any log.
 *
 * @return HN_OK; HN_ENOENT at the end; HN_ETRUNC when the bundle ends inside an entry
 */
HN_MUST_USE int bundle_next(struct cur *bundle, const uint8_t **data_out, size_t *len_out);

#endif
