/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_SELECTED_H
#define HINOMI_STORE_SELECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * Selected communications information (選別後通信情報): records of sensors, each under its authorisation and
 * receipt. Seen by the handlers whom the authorisation names and by nobody else; in no feed, search or
 * number. It is erased when its retention ends.
 */
struct selected_record {
	int64_t number; /* given out when it is added */
	struct uuid uid;
	int64_t edge;
	struct uuid edge_id;
	int64_t receipt; /* that covers it */
	struct uuid authorization;
	int64_t organisation; /* that its domestic end belongs to; 0: not known */
	int64_t time_us, erase_by_us;
	int64_t label; /* selected, of the authorisation: labels_number() */
	const char *body;
	size_t body_len;
};
typedef int (*selected_fn)(void *context, const struct selected_record *record);

/** Adds one, once for each uid. */
HN_MUST_USE int selected_add(struct writing *w, const struct selected_record *record, bool *new_out);

/** The newest first, of those that the reader handles. Reading it is an entry of the ledger: the caller's. */
HN_MUST_USE int selected_list(struct reader *reader, const struct uuid *authorization, int64_t before,
			      size_t limit, selected_fn fn, void *context, bool *more_out);

/** Those that a receipt covers, in their order, for the hub's own check of the receipt's digest. */
HN_MUST_USE int selected_of_receipt(struct writing *w, int64_t edge, int64_t receipt, selected_fn fn,
				    void *context);

/** Erases what is due, and days' counts of which nothing is left. @param count_out  how many went, at most
 * limit */
HN_MUST_USE int selected_erase(struct writing *w, int64_t now_us, size_t limit, uint64_t *count_out);

#endif
