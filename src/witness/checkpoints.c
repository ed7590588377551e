/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/checkpoints.h"

#include <sodium.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "ledger/note.h"

int checkpoints_seen(struct state *s, const char *who, struct checkpoint_seen *out)
{
	sqlite3_stmt *row;
	*out = (struct checkpoint_seen){.size = 0};
	int err = state_one(s, &row,
			    "SELECT size, root FROM checkpoints WHERE edge = ? AND finding = '' ORDER BY seq "
			    "DESC LIMIT 1",
			    "t", who);
	if (err == HN_OK) {
		out->size = (uint64_t)sqlite3_column_int64(row, 0);
		memcpy(out->root.bytes, sqlite3_column_blob(row, 1), sizeof(out->root.bytes));
	}
	state_done(row);
	return err == HN_ENOENT ? HN_OK : err;
}

static int cosign(const struct witness *w, const struct checkpoint_line *l, int64_t now_ns, struct buf *out)
{
	struct note_key key;
	struct note note;
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	(void)crypto_sign_ed25519_sk_to_pk(public_key, w->secret);
	int err = note_key_init(&key, w->origin, NOTE_COSIGNATURE, public_key);
	if (err == HN_OK)
		err = note_parse(l->note, strlen(l->note), &note);
	if (err != HN_OK)
		return err;
	buf_adds(out, l->note);
	note_sign(out, note.text, note.text_len, &key, w->secret, (uint64_t)(now_ns / NS_SECOND));
	return buf_err(out);
}

static int keep(const struct witness *w, const char *who, const struct checkpoint_line *l,
		const struct checkpoint *c)
{
	int64_t now_ns = utc_now_ns();
	struct buf cosigned;
	buf_init(&cosigned, 2 * NOTE_SIZE_MAX);
	int err = cosign(w, l, now_ns, &cosigned);
	if (err == HN_OK)
		err = state_run(w->state,
				"INSERT INTO checkpoints(edge, size, root, came, finding, note, cosigned) "
				"VALUES(?, ?, "
				"?, ?, '', ?, ?)",
				"tiditt", who, (int64_t)c->size, c->root.bytes, now_ns, l->note,
				cosigned.data);
	buf_clear(&cosigned);
	return err;
}

int checkpoints_put(const struct witness *w, const char *who, const char *origin, const uint8_t ed25519[32],
		    const struct checkpoint_line *l, struct finding *f)
{
	struct checkpoint_seen seen;
	struct checkpoint c;
	struct fault en = {0}, ja = {0};
	int err = checkpoints_seen(w->state, who, &seen);
	if (err != HN_OK)
		return err;
	memset(&c, 0, sizeof(c));
	lang_set_thread(LANG_EN);
	if (checkpoint_line_check(l, origin, ed25519, &seen, &c, &en) == HN_OK)
		return keep(w, who, l, &c);
	lang_set_thread(LANG_JA);
	if (checkpoint_line_check(l, origin, ed25519, &seen, &c, &ja) != HN_OK)
		finding_of(f, &en, &ja);
	return HN_OK;
}
