/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_CLI_INDICATORS_COMMON_H
#define HINOMI_CLI_INDICATORS_COMMON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/fault.h"
#include "match/him.h"
#include "match/set.h"

/* What merge, verify, show and match share. */

/** Logs one line of what was wrong and where. @return the exit code (enum hn_exit) */
int indicators_fail(int rc, const struct fault *fault);

/** "12 entries: 7 ipv4, 5 name", in the user's language. */
void indicators_print_counts(uint64_t entries, const uint64_t by_kind[ENTRY_KIND_COUNT]);
/** {"ipv4": 7, "name": 5}; kinds without entries are left out. */
json_t *indicators_json_counts(const uint64_t by_kind[ENTRY_KIND_COUNT]);

/** An entry as one object: entry, kind, and of its metadata what there is. */
json_t *indicators_json_entry(const struct entry_key *key, const struct entry_meta *meta);
/** The same as text, one line without its end: "KIND KEY", then what there is. */
void indicators_text_entry(const struct entry_key *key, const struct entry_meta *meta, struct buf *out);

/** One line of JSON on standard output; frees the value. */
void indicators_print_json_line(json_t *value);

#endif
