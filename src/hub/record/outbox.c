/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/outbox.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "hub/record/record_inside.h"
#include "ledger/private.h"

/*
 * From the store's outbox into the ledger, each entry once. An entry carries its number as the member
 * "change". A kill between the ledger's commit and the outbox's emptying leaves rows that the ledger has:
 * they are found at its end, since an entry is never older than its row.
 */

#define SLACK_US (INT64_C(60) * 1000000) /* between an entry's time and its turn */

struct tail {
	struct record *record;
	int64_t newest; /* highest "change" that was found */
};

static void look_at(struct tail *t, const struct buf *record)
{
	json_t *root = json_loadb(record->data, record->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *change = json_object_get(root, "change");
	if (json_is_integer(change) && json_integer_value(change) > t->newest)
		t->newest = json_integer_value(change);
	json_decref(root);
}

/* From the log's end back to what was written before the oldest row. */
static int read_tail(struct tail *t, int64_t oldest)
{
	struct private *p;
	struct private_slot slot;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	struct buf record;
	int rc = private_open(t->record->options.dir_fd, false, &p);
	if (rc != HN_OK)
		return rc;
	buf_init(&record, LEDGER_RECORD_MAX);
	for (uint64_t i = t->record->size; i > 0 && rc == HN_OK; i--) {
		rc = private_slot(p, i - 1, &slot);
		if (rc != HN_OK || slot.time_ns / 1000 < oldest - SLACK_US)
			break;
		if (slot.state == PRIVATE_ERASED)
			continue;
		rc = private_record(p, &slot, salt, &record);
		if (rc == HN_OK)
			look_at(t, &record);
	}
	buf_clear(&record);
	private_free(p);
	return rc;
}

static int first_row(void *context, int64_t number, const char *kind, const uint8_t *record, size_t len)
{
	(void)kind;
	(void)record;
	(void)len;
	*(int64_t *)context = number;
	return HN_EEXIST;
}

int outbox_begin(struct record *r)
{
	struct tail t = {.record = r};
	int64_t oldest = 0;
	if (!r->options.store)
		return HN_OK;
	int rc = outbox_each(r->options.store, r->options.origin, 0, first_row, &oldest);
	if (rc == HN_OK)
		return HN_OK; /* it is empty */
	if (rc != HN_EEXIST)
		return rc;
	rc = read_tail(&t, oldest);
	r->outbox_number = t.newest;
	return rc;
}

struct append {
	struct record *record;
	int64_t upto;
};

static int append_row(void *context, int64_t number, const char *kind, const uint8_t *record, size_t len)
{
	struct append *a = context;
	int rc = ledger_append(a->record->ledger, kind, number * 1000, record, len, NULL);
	if (rc == HN_OK)
		a->upto = number;
	return rc;
}

int outbox_append(struct record *r, int64_t *upto_out)
{
	struct append a = {.record = r};
	if (!r->options.store)
		return HN_OK;
	int rc = outbox_each(r->options.store, r->options.origin, r->outbox_number, append_row, &a);
	*upto_out = a.upto;
	return rc;
}

void outbox_done(struct record *r, int64_t upto)
{
	if (upto == 0)
		return;
	r->outbox_number = upto;
	(void)!outbox_drop(r->options.store, r->options.origin, upto);
}
