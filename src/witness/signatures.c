/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/signatures.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "authority/trust.h"
#include "base/buf.h"
#include "base/utc.h"
#include "witness/trusted.h"

static bool holds(const struct trust *t, const struct jws *j, size_t i)
{
	struct jws one = *j;
	one.signatures = &j->signatures[i];
	one.count = 1;
	return jws_check(&one, t->keys, t->key_count, 1, NULL) == REFUSAL_NONE;
}

static bool has(const struct jws *j, const char *kid)
{
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->signatures[i].kid, kid) == 0)
			return true;
	return false;
}

static int newest(struct state *s, struct trust **out)
{
	*out = malloc(sizeof(**out));
	return *out == NULL ? HN_ENOMEM : trusted_newest(s, *out);
}

int signatures_check(struct state *s, const struct jws *j, struct fault *fault)
{
	struct trust *t;
	int err = newest(s, &t);
	for (size_t i = 0; err == HN_OK && i < j->count; i++)
		if (!holds(t, j, i))
			err = fault_set(fault, HN_EAUTH, "/signatures", "%s",
					refusal_text(REFUSAL_SIGNATURE_WRONG));
	if (err == HN_OK && j->count == 0)
		err = fault_set(fault, HN_EAUTH, "/signatures", "%s",
				refusal_text(REFUSAL_SIGNATURES_TOO_FEW));
	if (err == HN_ENOENT)
		err = fault_set(fault, HN_EAUTH, "", "%s", refusal_text(REFUSAL_TRUST_UNKNOWN));
	free(t);
	return err;
}

static size_t count_holding(const struct trust *t, const struct jws *j)
{
	size_t n = 0;
	for (size_t i = 0; i < j->count; i++)
		n += holds(t, j, i);
	return n;
}

int signatures_count(struct state *s, const struct jws *j, size_t *holding_out, unsigned *threshold_out)
{
	struct trust *t;
	int err = newest(s, &t);
	*holding_out = err == HN_OK ? count_holding(t, j) : 0;
	*threshold_out = err == HN_OK ? t->threshold : 0;
	free(t);
	return err == HN_ENOENT ? HN_OK : err;
}

/* Ours with theirs, each right one once. */
static int join(const struct trust *t, const struct jws *theirs, struct jws *ours)
{
	size_t kept = 0;
	struct jws_signature *all =
		reallocarray(ours->signatures, ours->count + theirs->count + 1, sizeof(*all));
	if (all == NULL)
		return HN_ENOMEM;
	ours->signatures = all;
	for (size_t i = 0; i < ours->count; i++)
		if (holds(t, ours, i))
			all[kept++] = all[i];
	ours->count = kept;
	for (size_t i = 0; i < theirs->count && ours->count < JWS_SIGNATURES_MAX; i++)
		if (holds(t, theirs, i) && !has(ours, theirs->signatures[i].kid))
			all[ours->count++] = theirs->signatures[i];
	return HN_OK;
}

static int keep(struct state *s, const char *id, const struct trust *t, const struct jws *j, bool push)
{
	struct buf text;
	buf_init(&text, JWS_SIZE_MAX);
	jws_add(j, &text);
	int err = buf_err(&text);
	if (err == HN_OK)
		err = state_run(s, "UPDATE applications SET document = ? WHERE id = ?", "bt", text.data,
				text.len, id);
	if (err == HN_OK && push)
		err = state_run(s,
				"UPDATE applications SET push = 'document' WHERE id = ? AND state IN "
				"('handed', 'signed')",
				"t", id);
	if (err == HN_OK && j->count >= t->threshold)
		err = state_run(s,
				"UPDATE applications SET state = 'signed', decided = ? WHERE id = ? AND "
				"state = 'handed'",
				"it", utc_now_ns(), id);
	buf_clear(&text);
	return err;
}

int signatures_merge(struct state *s, const char *id, const struct jws *j, enum signatures_push push)
{
	struct trust *t;
	struct jws ours = {0};
	sqlite3_stmt *row = NULL;
	int err = newest(s, &t);
	if (err == HN_OK)
		err = state_one(s, &row, "SELECT document FROM applications WHERE id = ?", "t", id);
	if (err == HN_OK)
		err = jws_parse(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0), &ours,
				NULL);
	state_done(row);
	if (err == HN_OK)
		err = join(t, j, &ours);
	/* What the hub itself lacks is handed to it again: another machine's signature may have come first.
	 */
	if (err == HN_OK)
		err = keep(s, id, t, &ours,
			   push == PUSH_ALWAYS    ? ours.count > 0
			   : push == PUSH_LACKING ? ours.count > count_holding(t, j)
						  : false);
	jws_clear(&ours);
	free(t);
	return err == HN_ENOENT ? HN_OK : err;
}
