/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OUTBOX_H
#define HINOMI_STORE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/*
 * Entries for a ledger that hold if, and only if, the change that they tell of does: they are put here in its
 * transaction, and taken away when the ledger has them. Each hub has its own, told apart by its ledger's
 * origin.
 */

/**
 * Puts an entry in.
 *
 * @param number  writing_next_seq() of this transaction; the record says it too, as the member "change"
 */
HN_MUST_USE int outbox_put(struct writing *w, const char *origin, int64_t number, const char *kind,
			   const void *record, size_t len);

#define OUTBOX_READ_MAX 100000

typedef int (*outbox_fn)(void *context, int64_t number, const char *kind, const uint8_t *record, size_t len);

/** Reads those behind a number in their order, at most OUTBOX_READ_MAX. @return what fn returned if not HN_OK
 */
HN_MUST_USE int outbox_each(struct store *store, const char *origin, int64_t after, outbox_fn fn,
			    void *context);

/** Takes away what is up to a number; soon, not before it returns. @return as store_submit() */
HN_MUST_USE int outbox_drop(struct store *store, const char *origin, int64_t upto);

#endif
