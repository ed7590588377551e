/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_RECORD_H
#define HINOMI_WITNESS_RECORD_H

#include <jansson.h>

#include "base/err.h"
#include "base/fault.h"
#include "witness/witness.h"

/*
 * The witness's own ledger (docs/ledger.md), below its data folder. What is decided goes into an outbox in
 * the same transaction, and from there into the ledger, each exactly once; a kill between leaves it in the
 * outbox.
 */
struct ledger;

/** In a transaction: an entry of this kind. @param record  an object; taken, also on an error */
HN_MUST_USE int record_put(struct state *s, const char *kind, json_t *record);

/** How many entries still wait. */
HN_MUST_USE int record_waiting(struct state *s, int64_t *out);

/** @return HN_ESTATE: another process has it and will see to the outbox */
HN_MUST_USE int record_open(const struct witness *w, struct ledger **out, struct fault *fault);

/** Moves the outbox into the ledger. */
HN_MUST_USE int record_flush(struct state *s, struct ledger *l);

#endif
