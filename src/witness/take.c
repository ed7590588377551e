/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Receipts, checkpoints and health as they come: kept, checked, cosigned. */
#include "witness/take.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/receipt_check.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "bus/checkpoint_line.h"
#include "ledger/note.h"
#include "witness/checkpoints.h"
#include "witness/judge.h"

#define REFUSED_MAX 1000 /* lines of one edge that are kept though nothing could be read in them */
#define HEALTH_MAX  (64u << 10)

/* ---- what cannot be taken ---- */

int take_refused(struct state *s, const char *who, const char *what, enum alarm_kind kind,
		 const struct finding *f, const char *line, size_t len)
{
	int err = state_run(s, "INSERT INTO refused(edge, stream, came, finding, line) VALUES(?, ?, ?, ?, ?)",
			    "ttitb", who, what, utc_now_ns(), f->en, line, len);
	if (err == HN_OK)
		err = state_run(
			s,
			"DELETE FROM refused WHERE edge = ? AND seq <= (SELECT seq FROM refused WHERE edge = "
			"? ORDER BY seq DESC LIMIT 1 OFFSET ?)",
			"tti", who, who, (int64_t)REFUSED_MAX);
	return err == HN_OK ? alarm_raise(s, &(struct alarm){.kind = kind,
							     .edge = who,
							     .subject = what,
							     .en = f->en,
							     .ja = f->ja})
			    : err;
}

/* ---- receipts ---- */

struct former {
	bool any;
	uint64_t number;
	uint8_t digest[SHA256_SIZE];
	struct receipt_facts facts;
};

/* Checked in the one language, and where it fails in the other, for the alarm stands in both. */
static int check_line(const struct taking *t, const char *line, size_t len, struct receipt_facts *facts,
		      struct finding *f)
{
	struct key_public key = {{0}};
	struct fault en = {0}, ja = {0};
	memcpy(key.ed25519, t->peer->ed25519, sizeof(key.ed25519));
	key_id_of(key.ed25519, key.id);
	lang_set_thread(LANG_EN);
	int err = receipt_check(line, len, &key, facts, &en);
	lang_set_thread(LANG_JA);
	if (err != HN_OK && err != HN_ENOMEM && receipt_check(line, len, &key, facts, &ja) != HN_OK)
		finding_of(f, &en, &ja);
	return err;
}

static int read_former(struct taking *t, uint64_t number, struct former *f)
{
	sqlite3_stmt *row;
	int err =
		state_one(t->w->state, &row,
			  "SELECT number, digest, line FROM receipts WHERE edge = ? AND number < ? ORDER BY "
			  "number DESC LIMIT 1",
			  "ti", t->peer->edge, (int64_t)number);
	if (err == HN_OK) {
		f->any = true;
		f->number = (uint64_t)sqlite3_column_int64(row, 0);
		memcpy(f->digest, sqlite3_column_blob(row, 1), sizeof(f->digest));
		err = receipt_check(sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2), NULL,
				    &f->facts, NULL);
	}
	state_done(row);
	return err == HN_ENOENT ? HN_OK : err;
}

static int tell_gap(struct taking *t, uint64_t from, uint64_t to, struct finding *f)
{
	char en[160], ja[160], subject[24];
	(void)snprintf(subject, sizeof(subject), "%" PRIu64, from);
	(void)snprintf(en, sizeof(en), "numbers %" PRIu64 " to %" PRIu64 " never came", from, to);
	(void)snprintf(ja, sizeof(ja), "番号 %" PRIu64 " から %" PRIu64 " までが届いていない", from, to);
	finding_set(f, en, ja);
	return alarm_raise(
		t->w->state,
		&(struct alarm){
			.kind = ALARM_GAP, .edge = t->peer->edge, .subject = subject, .en = en, .ja = ja});
}

static int check_chain(struct taking *t, const struct receipt_facts *facts, struct finding *f)
{
	struct former *former = calloc(1, sizeof(*former));
	struct fault en = {0}, ja = {0};
	int err = former == NULL ? HN_ENOMEM : read_former(t, facts->tail.number, former);
	uint64_t due = err == HN_OK && former->any ? former->number + 1 : 1;
	if (err == HN_OK && facts->tail.number > due) {
		err = tell_gap(t, due, facts->tail.number - 1, f);
	} else if (err == HN_OK) {
		lang_set_thread(LANG_EN);
		int follows =
			receipt_follows(former->any ? &former->facts : NULL, former->digest, facts, &en);
		lang_set_thread(LANG_JA);
		if (follows != HN_OK && receipt_follows(former->any ? &former->facts : NULL, former->digest,
							facts, &ja) != HN_OK) {
			finding_of(f, &en, &ja);
			err = alarm_raise(t->w->state, &(struct alarm){.kind = ALARM_RECEIPT,
								       .edge = t->peer->edge,
								       .subject = "chain",
								       .en = f->en,
								       .ja = f->ja});
		}
	}
	free(former);
	return err;
}

struct totals {
	int64_t seen, selected, erased, pending;
};

static struct totals totals_of(const struct sums *s)
{
	struct totals t = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		t.seen += (int64_t)s->seen[c].packets;
		t.selected += (int64_t)s->selected[c].packets;
		t.pending += (int64_t)s->pending_after[c].packets;
		for (size_t why = 0; why < ERASED_REASONS; why++)
			t.erased += (int64_t)s->erased[c][why].packets;
	}
	return t;
}

static int keep_receipt(struct taking *t, const struct receipt_facts *facts,
			const uint8_t digest[SHA256_SIZE], const char *line, size_t len,
			const struct finding *f)
{
	const struct totals sum = totals_of(&facts->sums);
	int err =
		state_run(t->w->state,
			  "INSERT INTO receipts(edge, number, came, begins, ends, digest, finding, "
			  "finding_ja, seen, selected, "
			  "erased, pending, not_seen, line) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			  "tiiiidttiiiiib", t->peer->edge, (int64_t)facts->tail.number, t->now_ns,
			  facts->from_ns, facts->until_ns, digest, f->en, f->ja, sum.seen, sum.selected,
			  sum.erased, sum.pending, (int64_t)facts->sums.not_seen_packets, line, len);
	if (err == HN_OK)
		err = state_run(t->w->state, "UPDATE edges SET receipt_at = ? WHERE id = ?", "it", t->now_ns,
				t->peer->edge);
	return err;
}

/* Whether this number came before. @return HN_EEXIST: the same line; HN_EAUTH: another one */
static int look_known(struct taking *t, const struct receipt_facts *facts, const uint8_t digest[SHA256_SIZE])
{
	sqlite3_stmt *row;
	int err = state_one(t->w->state, &row, "SELECT digest FROM receipts WHERE edge = ? AND number = ?",
			    "ti", t->peer->edge, (int64_t)facts->tail.number);
	if (err == HN_OK)
		err = memcmp(sqlite3_column_blob(row, 0), digest, SHA256_SIZE) == 0 ? HN_EEXIST : HN_EAUTH;
	state_done(row);
	return err == HN_ENOENT ? HN_OK : err;
}

static int refuse(const struct taking *t, const struct finding *f, const char *line, size_t len)
{
	return take_refused(t->w->state, t->peer->edge, "receipts", ALARM_RECEIPT, f, line, len);
}

static int take_checked(struct taking *t, const struct receipt_facts *facts, const char *line, size_t len)
{
	struct finding f = {{0}, {0}};
	uint8_t digest[SHA256_SIZE];
	sha256(line, len, digest);
	if (uuid_compare(&facts->edge, &t->peer->id) != 0) {
		finding_set(&f, "a receipt of another edge", "別のエッジの受領証");
		return refuse(t, &f, line, len);
	}
	int err = look_known(t, facts, digest);
	if (err == HN_EEXIST)
		return HN_OK;
	if (err == HN_EAUTH) {
		finding_set(&f, "a second receipt with the number of one that came before",
			    "既に届いたものと同じ番号の、異なる受領証");
		return refuse(t, &f, line, len);
	}
	if (err == HN_OK)
		err = check_chain(t, facts, &f);
	if (err == HN_OK)
		err = judge_receipt(t->w->state, t->peer->edge, facts, line, len, &f);
	return err == HN_OK ? keep_receipt(t, facts, digest, line, len, &f) : err;
}

int take_receipt(struct taking *t, const char *line, size_t len)
{
	struct finding f = {{0}, {0}};
	struct receipt_facts *facts = calloc(1, sizeof(*facts));
	int err = facts == NULL ? HN_ENOMEM : check_line(t, line, len, facts, &f);
	if (err == HN_OK)
		err = take_checked(t, facts, line, len);
	else if (err != HN_ENOMEM)
		err = refuse(t, &f, line, len);
	free(facts);
	return err;
}

/* ---- checkpoints ---- */

int take_checkpoint(struct taking *t, const char *line, size_t len)
{
	char origin[NOTE_NAME_MAX + 1];
	struct fault fault = {0};
	struct finding f = {{0}, {0}};
	struct checkpoint_line *l = malloc(sizeof(*l));
	int err = l == NULL ? HN_ENOMEM : checkpoint_line_read(line, len, l, &fault);
	(void)snprintf(origin, sizeof(origin), "hinomi/%s", t->peer->edge);
	if (err == HN_OK)
		err = checkpoints_put(t->w, t->peer->edge, origin, t->peer->ed25519, l, &f);
	else if (err != HN_ENOMEM)
		finding_set(&f, "not a checkpoint", "チェックポイントではない");
	free(l);
	return f.en[0] != '\0'
		       ? take_refused(t->w->state, t->peer->edge, "checkpoints", ALARM_LEDGER, &f, line, len)
		       : err;
}

/* ---- health ---- */

int take_health(struct taking *t, const char *line, size_t len)
{
	json_t *health = NULL;
	/* Answers to the hub's questions, and what is no health, are nothing to the commission. */
	if (len > HEALTH_MAX || json_object_read(line, len, &health, NULL) != HN_OK)
		return HN_OK;
	int err = HN_OK;
	if (json_object_get(health, "question") == NULL)
		err = state_run(t->w->state, "UPDATE edges SET health = ? WHERE id = ?", "bt", line, len,
				t->peer->edge);
	json_decref(health);
	return err;
}
