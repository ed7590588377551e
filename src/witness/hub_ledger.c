/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/hub_ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/log.h"
#include "base/utc.h"
#include "ledger/tlog.h"
#include "witness/alarm.h"
#include "witness/checkpoints.h"
#include "witness/record.h"
#include "witness/take.h"

#define PATH_PREFIX "/api/v1/ledger/"
#define NOTE_PAGE   (2 * NOTE_SIZE_MAX)

/* Numbers that are kept; under the ledger's own name the size of the last checkpoint whose cosignature it
 * took. */
#define ANSWERED "hub_answered"     /* when it answered last, whatever */
#define HEARD    "hub_ledger_heard" /* when it was last shown whole, and judged */

static void warn(const char *what, int err)
{
	if (err != HN_OK)
		log_line(LOG_LEVEL_ERROR, tr("the hub's %s: %s", "ハブの%s: %s"), what, hn_strerror(err));
}

static int put_number(struct state *s, const char *name, int64_t value)
{
	int err = state_begin(s);
	return err == HN_OK ? state_end(s, state_number_put(s, name, value)) : err;
}

/* ---- the key ---- */

static int parse_key(const char *text, size_t len, struct note_key *out)
{
	int err = note_vkey_parse(text, len, out);
	return err == HN_OK && out->type != NOTE_ED25519 ? HN_EFORMAT : err;
}

static int kept_key(struct state *s, struct note_key *out)
{
	sqlite3_stmt *row;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	err = state_one(s, &row, "SELECT value FROM texts WHERE name = 'hub_key'", "");
	if (err == HN_OK)
		err = parse_key(state_text(row, 0), strlen(state_text(row, 0)), out);
	state_done(row);
	return state_end(s, err);
}

/* The first one that is shown is kept. */
static int first_key(struct hub_client *c, struct state *s, struct note_key *out)
{
	struct buf answer;
	char word[NOTE_VKEY_MAX];
	buf_init(&answer, NOTE_VKEY_MAX);
	int err = hub_ask_openly(c, PATH_PREFIX "key", &answer) == 200 && answer.len > 0 ? HN_OK : HN_EIO;
	size_t len = err == HN_OK ? strcspn(answer.data, "\n") : 0;
	if (err == HN_OK && parse_key(answer.data, len, out) != HN_OK)
		err = HN_EIO;
	buf_clear(&answer);
	if (err == HN_OK)
		err = state_begin(s);
	if (err != HN_OK)
		return err;
	note_vkey_format(out, word);
	err = state_run(s, "INSERT INTO texts VALUES('hub_key', ?)", "t", word);
	if (err == HN_OK)
		err = record_put(s, "witness.hub-key", json_pack("{s:s}", "key", word));
	return state_end(s, err);
}

static int find_key(struct hub_client *c, const struct witness *w, struct note_key *out)
{
	const char *word = w->config->hub.ledger_key;
	if (word != NULL)
		return parse_key(word, strlen(word), out);
	int err = kept_key(w->state, out);
	return err == HN_ENOENT ? first_key(c, w->state, out) : err;
}

/* ---- who is there ---- */

static int tell_other(struct state *s)
{
	int err = state_begin(s);
	return err == HN_OK
		       ? state_end(s,
				   alarm_raise(
					   s, &(struct alarm){.kind = ALARM_HUB_LEDGER,
							      .edge = "",
							      .subject = "key",
							      .en = "its checkpoint is not signed by the key "
								    "that is known here: another hub, or "
								    "another key",
							      .ja = "チェックポイントに、ここで既知の鍵の署名"
								    "がない。別のハブ、又は別の鍵である"}))
		       : err;
}

static int read_note(struct hub_client *c, struct state *s, struct hub_ledger *out)
{
	struct buf answer;
	buf_init(&answer, NOTE_PAGE);
	unsigned status = hub_ask_openly(c, PATH_PREFIX "checkpoint", &answer);
	int err = status == 200 && answer.len > 0 && answer.len <= NOTE_SIZE_MAX ? HN_OK : HN_EIO;
	if (err == HN_OK) {
		out->len = answer.len;
		memcpy(out->note, answer.data, answer.len);
		out->note[answer.len] = '\0';
	}
	buf_clear(&answer);
	/* Who cannot be reached is silent altogether, which is another alarm. */
	if (status > 0 && status < 500)
		warn(ANSWERED, put_number(s, ANSWERED, utc_now_ns()));
	return err;
}

int hub_ledger_ask(struct hub_client *c, struct witness *w, struct hub_ledger *out)
{
	struct checkpoint head;
	int err = find_key(c, w, &out->key);
	if (err == HN_OK)
		err = read_note(c, w->state, out);
	if (err != HN_OK)
		return err;
	(void)snprintf(out->who, sizeof(out->who), "hub-%08" PRIx32, out->key.id);
	err = checkpoint_open(out->note, out->len, &out->key, &head);
	if (err == HN_OK || err == HN_ENOMEM)
		return err;
	warn(tr("ledger", "台帳"), tell_other(w->state));
	return HN_EAUTH;
}

/* ---- whether it goes on ---- */

static int read_tile(void *context, const struct tile *tile, struct buf *out)
{
	char path[sizeof(PATH_PREFIX) + TILE_PATH_SIZE], name[TILE_PATH_SIZE];
	tile_path(tile, name);
	(void)snprintf(path, sizeof(path), PATH_PREFIX "%s", name);
	return hub_ask(context, "GET", path, NULL, NULL, 0, out) == 200 ? HN_OK : HN_EIO;
}

/* Makes the proof from tiles; one that cannot be made of what came is left out, and then does not hold.
 * @return HN_EIO: tiles did not come */
static int prove(struct hub_client *c, const struct hub_ledger *now, struct checkpoint_line *l)
{
	struct tlog *t;
	int err = tlog_open_elsewhere(now->note, now->len, &now->key, read_tile, c, &t, NULL);
	if (err != HN_OK)
		return err;
	uint64_t size = tlog_head(t)->size;
	if (l->from > 0 && size > l->from)
		err = tlog_consistency(t, l->from, size, l->path, &l->path_len);
	if (err != HN_OK)
		l->path_len = 0;
	tlog_free(t);
	return err == HN_EFORMAT || err == HN_ENOENT ? HN_OK : err;
}

/* What it took must be in what it shows: a ledger that is held back stands still. */
static int check_entered(struct state *s, const char *who, uint64_t size, struct finding *f)
{
	int64_t entered = 0;
	char en[160], ja[160];
	int err = state_number(s, who, &entered);
	if (err != HN_OK || entered == 0 || size > (uint64_t)entered)
		return err;
	(void)snprintf(en, sizeof(en), "it took a cosignature at size %lld and shows no entry behind it",
		       (long long)entered);
	(void)snprintf(ja, sizeof(ja), "件数%lldの連署を受け取りながら、その後の項目を示さない",
		       (long long)entered);
	finding_set(f, en, ja);
	return HN_OK;
}

static int keep(const struct witness *w, const struct hub_ledger *now, const struct checkpoint_line *l,
		const struct checkpoint *head, const struct checkpoint_seen *seen)
{
	struct finding f = {{0}, {0}};
	enum lang lang = lang_get();
	bool same = head->size == seen->size && memcmp(&head->root, &seen->root, sizeof(head->root)) == 0;
	int err = HN_OK;
	if (!same)
		err = checkpoints_put(w, now->who, now->key.name, now->key.public_key, l, &f);
	lang_set_thread(lang);
	if (err == HN_OK)
		err = check_entered(w->state, now->who, head->size, &f);
	if (err == HN_OK && f.en[0] != '\0')
		err = take_refused(w->state, "", "checkpoint", ALARM_HUB_LEDGER, &f, now->note, now->len);
	return err == HN_OK ? state_number_put(w->state, HEARD, utc_now_ns()) : err;
}

static int look(struct hub_client *c, struct witness *w, const struct hub_ledger *now,
		struct checkpoint_line *l)
{
	struct checkpoint head;
	struct checkpoint_seen seen = {.size = 0};
	int err = checkpoint_open(now->note, now->len, &now->key, &head);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, checkpoints_seen(w->state, now->who, &seen));
	if (err != HN_OK)
		return err;
	l->from = seen.size;
	memcpy(l->note, now->note, now->len + 1);
	err = prove(c, now, l);
	if (err == HN_OK)
		err = state_begin(w->state);
	return err == HN_OK ? state_end(w->state, keep(w, now, l, &head, &seen)) : err;
}

/* ---- the cosignature ---- */

static int read_cosigned(struct state *s, const char *who, struct buf *out, int64_t *size_out,
			 int64_t *handed_out)
{
	sqlite3_stmt *row;
	int err = state_begin(s);
	if (err != HN_OK)
		return err;
	*size_out = 0;
	err = state_one(s, &row,
			"SELECT size, cosigned FROM checkpoints WHERE edge = ? AND finding = '' ORDER BY seq "
			"DESC LIMIT 1",
			"t", who);
	if (err == HN_OK) {
		*size_out = sqlite3_column_int64(row, 0);
		buf_adds(out, state_text(row, 1));
	}
	state_done(row);
	if (err == HN_OK || err == HN_ENOENT)
		err = state_number(s, who, handed_out);
	return state_end(s, err);
}

static void hand_over(struct hub_client *c, struct witness *w, const struct hub_ledger *now)
{
	static unsigned told; /* the asker's thread alone comes here */
	struct buf note, answer;
	int64_t size = 0, handed = 0;
	buf_init(&note, NOTE_PAGE);
	buf_init(&answer, NOTE_PAGE);
	int err = read_cosigned(w->state, now->who, &note, &size, &handed);
	/* Where nothing was added but the entry of our own cosignature there is nothing to say. */
	if (err == HN_OK && size > handed + (handed > 0)) {
		unsigned status = hub_ask(c, "POST", PATH_PREFIX "cosigned", "text/plain", note.data,
					  note.len, &answer);
		if (status >= 200 && status < 300)
			err = put_number(w->state, now->who, size);
		else if (status != told)
			log_line(LOG_LEVEL_WARNING,
				 tr("the hub does not take our cosignature (%u): is this witness among the "
				    "cosigners "
				    "of its hub.yaml?",
				    "ハブが連署を受け取らない(%u)。hub.yaml の cosigners "
				    "にこの立会機の鍵があるか確認すること"),
				 status);
		told = status;
	}
	warn(tr("ledger", "台帳"), err);
	buf_clear(&answer);
	buf_clear(&note);
}

void hub_ledger_look(struct hub_client *c, struct witness *w, const struct hub_ledger *now)
{
	struct checkpoint_line *l = calloc(1, sizeof(*l));
	int err = l == NULL ? HN_ENOMEM : look(c, w, now, l);
	free(l);
	if (err == HN_OK)
		hand_over(c, w, now);
	else
		warn(tr("ledger", "台帳"), err);
}

int hub_ledger_silent(struct state *s, int64_t began_ns, int64_t before_ns)
{
	char subject[UTC_SIZE], en[128], ja[128];
	int64_t heard_ns = 0, answered_ns = 0;
	int err = state_number(s, HEARD, &heard_ns);
	if (err == HN_OK)
		err = state_number(s, ANSWERED, &answered_ns);
	if (heard_ns < began_ns)
		heard_ns = began_ns;
	if (err != HN_OK || heard_ns >= before_ns || answered_ns < before_ns)
		return err;
	utc_format(heard_ns, subject);
	(void)snprintf(en, sizeof(en), "not shown whole since %s", subject);
	(void)snprintf(ja, sizeof(ja), "%s 以降、全体が示されていない", subject);
	return alarm_raise(s, &(struct alarm){.kind = ALARM_HUB_LEDGER,
					      .edge = "",
					      .subject = subject,
					      .once = true,
					      .en = en,
					      .ja = ja});
}
