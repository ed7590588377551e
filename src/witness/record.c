/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/record.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utc.h"
#include "ledger/ledger.h"

#define FLUSH_MAX 1000 /* entries of one turn */

int record_put(struct state *s, const char *kind, json_t *record)
{
	struct buf b;
	buf_init(&b, LEDGER_RECORD_MAX);
	if (record != NULL)
		json_add(&b, record);
	int err = record == NULL ? HN_ENOMEM : buf_err(&b);
	if (err == HN_OK)
		err = state_run(s, "INSERT INTO outbox(kind, time, record) VALUES(?, ?, ?)", "tib", kind,
				utc_now_ns(), b.data, b.len);
	buf_clear(&b);
	json_decref(record);
	return err;
}

int record_waiting(struct state *s, int64_t *out)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT count(*) FROM outbox", "");
	*out = err == HN_OK ? sqlite3_column_int64(row, 0) : 0;
	state_done(row);
	return err;
}

int record_open(const struct witness *w, struct ledger **out, struct fault *fault)
{
	const struct ledger_options options = {.origin = w->origin, .secret_key = w->secret};
	int fd = open(w->config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, HN_EIO, w->config->data, "%s", hn_strerror(HN_EIO));
	int err = ledger_open(fd, &options, out, fault);
	(void)close(fd);
	return err;
}

/* Each row is given its place in the ledger before it goes there, so that after a kill it is known whether it
 * did. */
static int place(struct state *s, struct ledger *l)
{
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	int64_t size = (int64_t)ledger_size(l);
	err = state_run(s, "DELETE FROM outbox WHERE place >= 0 AND place < ?", "i", size);
	if (err == HN_OK)
		err = state_run(s, "UPDATE outbox SET place = -1", "");
	if (err == HN_OK)
		err = state_run(
			s,
			"UPDATE outbox SET place = ? + (SELECT count(*) FROM outbox AS o WHERE o.seq < "
			"outbox.seq) WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?)",
			"ii", size, (int64_t)FLUSH_MAX);
	return state_end(s, err);
}

static int append(void *context, sqlite3_stmt *row)
{
	return ledger_append(context, state_text(row, 0), sqlite3_column_int64(row, 1),
			     sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2), NULL);
}

int record_flush(struct state *s, struct ledger *l)
{
	int64_t waiting = 0;
	int err = state_begin(s);
	if (err == HN_OK)
		err = state_end(s, record_waiting(s, &waiting));
	if (err != HN_OK || waiting == 0)
		return err;
	err = place(s, l);
	if (err == HN_OK)
		err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = state_end(s, state_each(s, append, l,
				      "SELECT kind, time, record FROM outbox WHERE place >= 0 ORDER BY seq",
				      ""));
	if (err == HN_OK)
		err = ledger_commit(l);
	if (err == HN_OK)
		err = state_begin(s);
	if (err != HN_OK)
		return err;
	return state_end(s, state_run(s, "DELETE FROM outbox WHERE place >= 0 AND place < ?", "i",
				      (int64_t)ledger_size(l)));
}
