/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/trusted.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

static int add(struct state *s, const struct trust *t, const char *text, size_t len)
{
	return state_run(s, "INSERT OR IGNORE INTO trusts VALUES(?, ?, ?)", "dib", t->digest,
			 (int64_t)t->number, text, len);
}

static int read_row(sqlite3_stmt *row, struct trust *out)
{
	return trust_parse(sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0), out, NULL);
}

int trusted_newest(struct state *s, struct trust *out)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT text FROM trusts ORDER BY number DESC LIMIT 1", "");
	if (err == HN_OK)
		err = read_row(row, out);
	state_done(row);
	return err;
}

int trusted_get(struct state *s, const uint8_t digest[SHA256_SIZE], struct trust *out)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT text FROM trusts WHERE digest = ?", "d", digest);
	if (err == HN_OK)
		err = read_row(row, out);
	state_done(row);
	return err;
}

int trusted_put_own(struct state *s, const char *text, size_t len, struct fault *fault)
{
	struct trust *t = malloc(sizeof(*t));
	int err = t == NULL ? HN_ENOMEM : trust_parse(text, len, t, fault);
	if (err == HN_OK)
		err = add(s, t, text, len);
	free(t);
	return err;
}

int trusted_put_shown(struct state *s, const char *text, size_t len, struct fault *fault)
{
	struct trust *pair = calloc(2, sizeof(*pair));
	struct refusal_detail detail = {0};
	int err = pair == NULL ? HN_ENOMEM : trust_parse(text, len, &pair[0], fault);
	if (err == HN_OK)
		err = trusted_get(s, pair[0].digest, &pair[1]);
	if (err == HN_ENOENT) {
		err = trusted_newest(s, &pair[1]);
		if (err == HN_OK && trust_follows(&pair[1], text, len, &detail) != REFUSAL_NONE)
			err = fault_set(fault, HN_EAUTH, "trust", "%s",
					tr("neither known here nor signed by those who are",
					   "ここで既知のものでも、その署名を受けた後継でもない"));
		if (err == HN_OK)
			err = add(s, &pair[0], text, len);
	}
	free(pair);
	return err;
}

static int refuse(struct fault *fault, enum refusal why)
{
	return fault_set(fault, HN_EAUTH, "revocations", "%s", refusal_text(why));
}

static int parse(struct state *s, const char *text, size_t len, struct revocations *out, struct fault *fault)
{
	struct refusal_detail detail = {0};
	struct trust *t = malloc(sizeof(*t));
	int err = t == NULL ? HN_ENOMEM : trusted_newest(s, t);
	if (err == HN_OK) {
		enum refusal why = revocations_parse(text, len, t, out, &detail);
		err = why == REFUSAL_NONE ? HN_OK : refuse(fault, why);
	}
	free(t);
	return err;
}

int revoked_newest(struct state *s, struct revocations *out)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT text FROM revocations ORDER BY number DESC LIMIT 1", "");
	if (err == HN_OK)
		err = parse(s, sqlite3_column_blob(row, 0), (size_t)sqlite3_column_bytes(row, 0), out, NULL);
	state_done(row);
	return err;
}

int revoked_put(struct state *s, const char *text, size_t len, bool push, struct fault *fault)
{
	struct revocations now = {0}, next = {0};
	struct refusal_detail detail = {0};
	int err = parse(s, text, len, &next, fault);
	if (err != HN_OK)
		return err;
	err = revoked_newest(s, &now);
	bool any = err == HN_OK;
	enum refusal why = any ? revocations_follows(&now, &next, &detail) : REFUSAL_NONE;
	if (why != REFUSAL_NONE)
		err = refuse(fault, why);
	else if (err == HN_OK || err == HN_ENOENT)
		err = state_run(s, "INSERT OR IGNORE INTO revocations VALUES(?, ?, ?, ?)", "iibi",
				(int64_t)next.number, next.issued_ns, text, len, (int64_t)push);
	revocations_clear(&now);
	revocations_clear(&next);
	return err;
}
