/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/application.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/authorization.h"
#include "authority/jws.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "witness/alarm.h"
#include "witness/record.h"
#include "witness/signatures.h"
#include "witness/trusted.h"

/* What can be said of a document is said whatever it asks for; whether it is lawful is seen to by itself. */
static const struct limits any_limits = {
	.basis = {{0x0f, INT64_MAX}, {0x0f, INT64_MAX}, {0x0f, INT64_MAX}},
	.retention_ns = INT64_MAX,
	.entries = UINT32_MAX,
};

/* ---- what the hub shows ---- */

struct shown {
	const char *id, *state;
	struct jws doc;
	uint8_t digest[SHA256_SIZE];
	struct buf text; /* of the document */
};

static int read_document(const json_t *document, struct shown *out)
{
	json_add(&out->text, document);
	int err = buf_err(&out->text);
	if (err == HN_OK)
		err = jws_parse(out->text.data, out->text.len, &out->doc, NULL);
	if (err == HN_OK)
		jws_digest(&out->doc, out->digest);
	return err;
}

/* What it shows people, what it says of it, and what it asks to sign must be one thing. */
static bool is_one(const struct shown *sh, const json_t *shown)
{
	char digest[SHA256_HEX_SIZE];
	json_t *payload = NULL;
	hex_encode(sh->digest, sizeof(sh->digest), digest);
	const char *said = json_string_value(json_object_get(shown, "digest"));
	bool one = said != NULL && strcmp(said, digest) == 0 &&
		   json_object_read((const char *)sh->doc.payload, sh->doc.payload_len, &payload, NULL) ==
			   HN_OK &&
		   json_equal(payload, json_object_get(shown, "payload")) != 0;
	const char *id = json_string_value(json_object_get(payload, "id"));
	one = one && id != NULL && strcmp(id, sh->id) == 0;
	json_decref(payload);
	return one;
}

static int tell_other(struct state *s, const char *id, const char *en, const char *ja)
{
	return alarm_raise(
		s, &(struct alarm){.kind = ALARM_HUB_OTHER, .edge = "", .subject = id, .en = en, .ja = ja});
}

static int add(struct state *s, const char *id, const struct jws *j, const char *text, size_t len,
	       const char *state)
{
	uint8_t digest[SHA256_SIZE];
	struct authorization *a = NULL;
	jws_digest(j, digest);
	bool good = authorization_read(j->payload, j->payload_len, &any_limits, &a, NULL) == HN_OK;
	int err = state_run(
		s,
		"INSERT INTO applications(id, digest, document, state, party, came) VALUES(?, ?, ?, ?, ?, "
		"?)",
		"tdbtti", id, digest, text, len, state, good && a->party != NULL ? a->party : "",
		utc_now_ns());
	authorization_free(a);
	char hex[SHA256_HEX_SIZE];
	hex_encode(digest, sizeof(digest), hex);
	return err == HN_OK ? record_put(s, "witness.application",
					 json_pack("{s:s, s:s, s:s}", "authorisation", id, "digest", hex,
						   "state", state))
			    : err;
}

static int take_unknown(struct state *s, const struct shown *sh)
{
	if (strcmp(sh->state, "handed") == 0)
		return add(s, sh->id, &sh->doc, sh->text.data, sh->text.len, "handed");
	if (strcmp(sh->state, "draft") == 0 || strcmp(sh->state, "refused") == 0)
		return HN_OK;
	int err = add(s, sh->id, &sh->doc, sh->text.data, sh->text.len, "unseen");
	return err == HN_OK
		       ? alarm_raise(s,
				     &(struct alarm){.kind = ALARM_UNAUTHORISED,
						     .edge = "",
						     .subject = sh->id,
						     .once = true,
						     .en = "the hub says that it is signed or issued, and it "
							   "was never seen here",
						     .ja = "ハブは署名済み又は交付済みとしているが、ここでは"
							   "一度も見ていない"})
		       : err;
}

static int take_shown(struct state *s, const struct shown *sh)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT digest FROM applications WHERE id = ?", "t", sh->id);
	if (err == HN_ENOENT)
		return take_unknown(s, sh);
	bool same = err == HN_OK && memcmp(sqlite3_column_blob(row, 0), sh->digest, SHA256_SIZE) == 0;
	state_done(row);
	if (err != HN_OK)
		return err;
	return same ? signatures_merge(s, sh->id, &sh->doc,
				       strcmp(sh->state, "handed") == 0 ? PUSH_LACKING : PUSH_NEVER)
		    : tell_other(s, sh->id, "its content is another than what was handed in under this id",
				 "この番号で提出された内容と異なる");
}

int application_shown(struct state *s, const json_t *shown)
{
	struct uuid uuid;
	struct shown sh = {.id = json_string_value(json_object_get(shown, "id")),
			   .state = json_string_value(json_object_get(shown, "state"))};
	if (sh.id == NULL || sh.state == NULL || uuid_parse(sh.id, strlen(sh.id), &uuid) != HN_OK)
		return tell_other(s, "", "a list that is none", "一覧の形式が不正");
	buf_init(&sh.text, JWS_SIZE_MAX);
	int err = read_document(json_object_get(shown, "document"), &sh);
	if (err == HN_ENOMEM)
		return err;
	if (err != HN_OK || !is_one(&sh, shown))
		err = tell_other(s, sh.id, "what it shows is not what it asks to sign",
				 "表示する内容と署名を求める内容が異なる");
	else
		err = take_shown(s, &sh);
	jws_clear(&sh.doc);
	buf_clear(&sh.text);
	return err;
}

int application_bring(struct state *s, const char *text, size_t len, struct fault *fault)
{
	struct jws j = {0};
	struct authorization *a = NULL;
	sqlite3_stmt *row;
	int err = jws_parse(text, len, &j, fault);
	if (err == HN_OK)
		err = authorization_read(j.payload, j.payload_len, &any_limits, &a, fault);
	if (err == HN_OK)
		err = state_one(s, &row, "SELECT digest FROM applications WHERE id = ?", "t", a->id_text);
	if (err == HN_OK) {
		bool same = memcmp(sqlite3_column_blob(row, 0), a->digest, SHA256_SIZE) == 0;
		state_done(row);
		err = same ? state_run(s,
				       "UPDATE applications SET state = 'handed' WHERE id = ? AND state = "
				       "'unseen'",
				       "t", a->id_text)
			   : fault_set(fault, HN_EEXIST, "/id", "%s",
				       tr("another application has this id", "この番号の別の申請がある"));
		if (err == HN_OK)
			err = signatures_merge(s, a->id_text, &j, PUSH_NEVER);
	} else if (err == HN_ENOENT) {
		err = add(s, a->id_text, &j, text, len, "handed");
		if (err == HN_OK)
			err = signatures_merge(s, a->id_text, &j, PUSH_NEVER);
	}
	authorization_free(a);
	jws_clear(&j);
	return err;
}

/* ---- decoding ---- */

static int decode(sqlite3_stmt *row, int column, struct jws *j, struct authorization **out,
		  struct fault *fault)
{
	int err = jws_parse(sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column), j,
			    fault);
	return err == HN_OK ? authorization_read(j->payload, j->payload_len, &any_limits, out, fault) : err;
}

struct giving {
	int (*one)(void *context, const struct authorization *a);
	void *context;
};

static int give_signed(void *context, sqlite3_stmt *row)
{
	const struct giving *g = context;
	struct jws j = {0};
	struct authorization *a = NULL;
	int err = decode(row, 0, &j, &a, NULL) == HN_OK ? g->one(g->context, a) : HN_OK;
	authorization_free(a);
	jws_clear(&j);
	return err;
}

int application_each_signed(struct state *s, int (*one)(void *context, const struct authorization *a),
			    void *context)
{
	struct giving g = {one, context};
	return state_each(s, give_signed, &g,
			  "SELECT document FROM applications WHERE state = 'signed' ORDER BY decided, id",
			  "");
}

static bool shares(const struct authorization *a, const struct authorization *b)
{
	if (a->party != NULL && b->party != NULL && strcmp(a->party, b->party) == 0)
		return true;
	for (size_t i = 0; i < a->set_count; i++)
		if (authorization_set(b, a->sets[i].set) != NULL)
			return true;
	return false;
}

struct comparing {
	const struct authorization *now;
	struct application *out;
	bool found;
};

static int compare_one(void *context, sqlite3_stmt *row)
{
	struct comparing *c = context;
	struct jws j = {0};
	struct authorization *a = NULL;
	struct description former;
	int err = HN_OK;
	if (!c->found && decode(row, 1, &j, &a, NULL) == HN_OK && shares(c->now, a)) {
		c->found = true;
		(void)snprintf(c->out->former, sizeof(c->out->former), "%s", state_text(row, 0));
		err = describe(a, c->out->what.arena, &former);
		if (err == HN_OK)
			err = describe_difference(&c->out->what, &former);
	}
	authorization_free(a);
	jws_clear(&j);
	return err;
}

static int fill(struct state *s, sqlite3_stmt *row, struct arena *arena, struct application *out,
		struct fault *fault)
{
	struct jws j = {0};
	struct authorization *a = NULL;
	int err = decode(row, 3, &j, &a, fault);
	(void)snprintf(out->id, sizeof(out->id), "%s", state_text(row, 0));
	(void)snprintf(out->state, sizeof(out->state), "%s", state_text(row, 1));
	if (sqlite3_column_bytes(row, 2) == SHA256_SIZE)
		hex_encode(sqlite3_column_blob(row, 2), SHA256_SIZE, out->digest);
	out->reason = arena_text(arena, state_text(row, 4), strlen(state_text(row, 4)));
	out->came_ns = sqlite3_column_int64(row, 5);
	out->decided_ns = sqlite3_column_int64(row, 6);
	if (err == HN_OK)
		err = signatures_count(s, &j, &out->signatures, &out->threshold);
	if (err == HN_OK)
		err = describe(a, arena, &out->what);
	struct comparing c = {.now = a, .out = out};
	if (err == HN_OK)
		err = state_each(
			s, compare_one, &c,
			"SELECT id, document FROM applications WHERE state = 'signed' AND id != ? ORDER BY "
			"decided DESC",
			"t", out->id);
	authorization_free(a);
	jws_clear(&j);
	return err;
}

int application_get(struct state *s, const char *id, struct arena *arena, struct application *out,
		    struct fault *fault)
{
	sqlite3_stmt *row;
	memset(out, 0, sizeof(*out));
	int err = state_one(
		s, &row,
		"SELECT id, state, digest, document, reason, came, decided FROM applications WHERE id = ?",
		"t", id);
	if (err == HN_OK)
		err = fill(s, row, arena, out, fault);
	else
		(void)fault_set(fault, err, id, "%s", hn_strerror(err));
	state_done(row);
	return err;
}

/* ---- deciding ---- */

static int no_key(struct fault *fault)
{
	return fault_set(
		fault, HN_EAUTH, "key", "%s",
		tr("this machine holds no key (witness.yaml: key), or the trust file does not name it",
		   "この端末に鍵がない(witness.yaml: key)か、信頼ファイルに記載がない"));
}

/* The key, opened for one signature. */
static int open_key(struct witness *w, const char *passphrase, struct key **out, struct fault *fault)
{
	struct trust *t = malloc(sizeof(*t));
	struct key *k = NULL;
	int err = t == NULL ? HN_ENOMEM : w->config->key == NULL ? no_key(fault) : HN_OK;
	if (err == HN_OK)
		err = key_read(w->config->key, passphrase, &k, fault);
	if (err == HN_OK) {
		err = state_begin(w->state);
		if (err == HN_OK)
			err = state_end(w->state, trusted_newest(w->state, t));
		if (err == HN_ENOENT || (err == HN_OK && trust_key(t, key_public(k)->id) == NULL))
			err = no_key(fault);
	}
	free(t);
	if (err == HN_OK)
		*out = k;
	else
		key_free(k);
	return err;
}

/* Reads what waits. @return HN_ESTATE: it does not */
static int read_waiting(struct state *s, const char *id, struct jws *out, struct fault *fault)
{
	sqlite3_stmt *row;
	struct authorization *a = NULL;
	int err = state_one(s, &row, "SELECT document FROM applications WHERE id = ? AND state = 'handed'",
			    "t", id);
	if (err == HN_OK)
		err = decode(row, 0, out, &a, fault);
	else if (err == HN_ENOENT)
		err = fault_set(fault, HN_ESTATE, id, "%s",
				tr("no application with this id waits", "この番号の申請は待っていない"));
	authorization_free(a);
	state_done(row);
	return err;
}

static int sign_in_state(struct witness *w, const char *id, const char *digest, const struct key *k,
			 struct fault *fault)
{
	struct jws j = {0};
	uint8_t bytes[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	int err = read_waiting(w->state, id, &j, fault);
	if (err == HN_OK) {
		jws_digest(&j, bytes);
		hex_encode(bytes, sizeof(bytes), hex);
		if (strcmp(hex, digest) != 0)
			err = fault_set(fault, HN_EAUTH, "digest", "%s",
					tr("is not the digest of this application: look at it again",
					   "この申請のダイジェストではない。内容を再度確認すること"));
	}
	if (err == HN_OK)
		err = jws_sign(&j, k);
	if (err == HN_OK)
		err = signatures_merge(w->state, id, &j, PUSH_ALWAYS);
	if (err == HN_OK)
		err = record_put(w->state, "witness.signed",
				 json_pack("{s:s, s:s, s:s}", "authorisation", id, "digest", digest, "key",
					   key_public(k)->id));
	jws_clear(&j);
	return err;
}

int application_sign(struct witness *w, const char *id, const char *digest, const char *passphrase,
		     struct fault *fault)
{
	struct key *k = NULL;
	int err = open_key(w, passphrase, &k, fault);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, sign_in_state(w, id, digest, k, fault));
	key_free(k);
	return err;
}

static int take_in_state(struct witness *w, const char *id, const struct jws *taken, struct fault *fault)
{
	struct jws j = {0};
	uint8_t ours[SHA256_SIZE] = {0}, theirs[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	int err = read_waiting(w->state, id, &j, fault);
	if (err == HN_OK) {
		jws_digest(&j, ours);
		jws_digest(taken, theirs);
		if (memcmp(ours, theirs, sizeof(ours)) != 0)
			err = fault_set(fault, HN_EAUTH, "/payload", "%s",
					tr("is not what was applied for", "申請された内容ではない"));
	}
	if (err == HN_OK)
		err = signatures_check(w->state, taken, fault);
	if (err == HN_OK)
		err = signatures_merge(w->state, id, taken, PUSH_ALWAYS);
	hex_encode(ours, sizeof(ours), hex);
	if (err == HN_OK)
		err = record_put(
			w->state, "witness.signed",
			json_pack("{s:s, s:s, s:s}", "authorisation", id, "digest", hex, "key", "offline"));
	jws_clear(&j);
	return err;
}

int application_take(struct witness *w, const char *id, const char *text, size_t len, struct fault *fault)
{
	struct jws taken = {0};
	int err = jws_parse(text, len, &taken, fault);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, take_in_state(w, id, &taken, fault));
	jws_clear(&taken);
	return err;
}

int application_refuse(struct witness *w, const char *id, const char *reason, struct fault *fault)
{
	if (reason[0] == '\0' || strlen(reason) > 2000)
		return fault_set(fault, HN_EFORMAT, "reason", "%s", tr("a reason is needed", "理由が必要"));
	int err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_run(w->state,
			"UPDATE applications SET state = 'refused', reason = ?, decided = ?, push = 'refuse' "
			"WHERE id = "
			"? AND state = 'handed'",
			"tit", reason, utc_now_ns(), id);
	if (err == HN_OK && state_changed(w->state) == 0)
		err = fault_set(fault, HN_ESTATE, id, "%s",
				tr("no application with this id waits", "この番号の申請は待っていない"));
	if (err == HN_OK)
		err = record_put(w->state, "witness.refused",
				 json_pack("{s:s, s:s}", "authorisation", id, "reason", reason));
	return state_end(w->state, err);
}

/* ---- revoking ---- */

static int add_id(struct revocations *r, const char *id)
{
	struct uuid uuid;
	if (uuid_parse(id, strlen(id), &uuid) != HN_OK)
		return HN_EFORMAT;
	if (revocations_has(r, &uuid))
		return HN_OK;
	if (r->count >= REVOCATIONS_MAX)
		return HN_ELIMIT;
	struct uuid *grown = reallocarray(r->ids, r->count + 1, sizeof(*grown));
	if (grown == NULL)
		return HN_ENOMEM;
	r->ids = grown;
	r->ids[r->count++] = uuid;
	qsort(r->ids, r->count, sizeof(*r->ids), uuid_compare);
	return HN_OK;
}

static int make_list(struct state *s, const char *id, const struct key *k, struct buf *out,
		     struct fault *fault)
{
	struct revocations r = {0};
	struct buf payload;
	struct jws j = {0};
	int err = revoked_newest(s, &r);
	if (err == HN_ENOENT)
		err = HN_OK;
	int64_t former_ns = r.issued_ns;
	r.number++;
	r.issued_ns = utc_now_ns() / 1000 * 1000;
	r.next_update_ns = r.issued_ns + REVOCATIONS_NEXT_UPDATE_NS;
	if (err == HN_OK && r.issued_ns < former_ns)
		err = fault_set(fault, HN_ESTATE, "", "%s",
				tr("the former list was issued later than this clock shows; set the clock",
				   "前のリストの発行時刻が時計より進んでいる。時計を合わせること"));
	if (err == HN_OK && id != NULL)
		err = add_id(&r, id);
	buf_init(&payload, JWS_SIZE_MAX / 2);
	if (err == HN_OK)
		err = revocations_payload(&r, &payload);
	if (err == HN_OK)
		err = jws_draft(payload.data, payload.len, &j);
	if (err == HN_OK)
		err = jws_sign(&j, k);
	if (err == HN_OK) {
		jws_add(&j, out);
		err = buf_err(out);
	}
	jws_clear(&j);
	buf_clear(&payload);
	revocations_clear(&r);
	return err;
}

static int revoke_in_state(struct witness *w, const char *id, const struct key *k, struct fault *fault)
{
	struct buf text;
	buf_init(&text, JWS_SIZE_MAX);
	int err = make_list(w->state, id, k, &text, fault);
	if (err == HN_OK)
		err = revoked_put(w->state, text.data, text.len, true, fault);
	if (err == HN_OK)
		err = record_put(w->state, id != NULL ? "witness.revoked" : "witness.revocations-renewed",
				 json_pack("{s:s, s:s}", "authorisation", id != NULL ? id : "", "key",
					   key_public(k)->id));
	buf_clear(&text);
	return err;
}

int application_revoke(struct witness *w, const char *id, const char *passphrase, struct fault *fault)
{
	struct key *k = NULL;
	int err = open_key(w, passphrase, &k, fault);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, revoke_in_state(w, id, k, fault));
	key_free(k);
	return err;
}
