/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* How an edge joins the witness by a code of the witness's own, and renews its certificate. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "bus/code.h"
#include "bus/enrol.h"
#include "bus/pki.h"
#include "http/answer.h"
#include "witness/alarm.h"
#include "witness/channel.h"
#include "witness/record.h"

#define CODE_NS    (15 * 60 * NS_SECOND)
#define FORGET_NS  (3600 * NS_SECOND)
#define PEM_MAX    8192
#define NAME_MAX_B 128

/* ---- codes ---- */

static bool name_ok(const char *name)
{
	size_t len = strlen(name);
	for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++)
		if (*c < 0x20 || *c == 0x7f)
			return false;
	return len >= 1 && len <= NAME_MAX_B;
}

static int keep_code(struct witness *w, const struct code *c, const char *name)
{
	uint8_t secret[SHA256_SIZE];
	code_secret_digest(c->secret, secret);
	int64_t now_ns = utc_now_ns();
	int err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_run(w->state, "DELETE FROM codes WHERE until < ?", "i", now_ns - FORGET_NS);
	if (err == HN_OK)
		err = state_run(w->state, "INSERT INTO codes(secret, name, until) VALUES(?, ?, ?)", "dti",
				secret, name, now_ns + CODE_NS);
	if (err == HN_OK)
		err = record_put(w->state, "witness.code", json_pack("{s:s}", "name", name));
	return state_end(w->state, err);
}

int channel_code(struct witness *w, const char *name, struct buf *out, struct fault *fault)
{
	const char *const *names = w->config->names.items;
	const struct endpoint *e = w->config->edge_listen.items;
	struct code *c = NULL;
	uint8_t root[32];
	if (!name_ok(name))
		return fault_set(fault, HN_EFORMAT, "NAME", "%s",
				 tr("1 to 128 bytes without control characters",
				    "制御文字を含まない1〜128バイトとすること"));
	pki_root_digest(w->pki, root);
	int err = code_make(names[0], e->port, root, &c);
	if (err == HN_OK)
		err = keep_code(w, c, name);
	if (err == HN_OK)
		err = code_format(c, out);
	code_free(c);
	return err == HN_OK ? HN_OK : fault_set(fault, err, "", "%s", hn_strerror(err));
}

/* ---- joining ---- */

struct enrolling {
	struct enrol_request *request;
	char edge[UUID_TEXT_SIZE], name[NAME_MAX_B + 1], pem[PEM_MAX];
	uint8_t secret[SHA256_SIZE], same[SHA256_SIZE];
};

static int sign(struct witness *w, const char *csr, size_t len, const struct uuid *edge, char pem[PEM_MAX],
		struct fault *fault)
{
	struct pki_certificate said;
	struct buf b;
	char id[UUID_TEXT_SIZE];
	buf_init(&b, PEM_MAX - 1);
	int err = pki_sign_edge(w->pki, csr, len, edge, utc_now_ns(), &b, &said, fault);
	uuid_format(edge, id);
	if (err == HN_OK)
		err = state_run(w->state, "INSERT INTO certificates VALUES(?, ?, ?)", "tti", said.serial, id,
				said.until_ns);
	if (err == HN_OK)
		memcpy(pem, b.data, b.len + 1);
	buf_clear(&b);
	return err;
}

/* @return HN_EAUTH: no code that works; HN_EEXIST: it was answered before, e->pem is that answer */
static int find_code(struct state *s, struct enrolling *e)
{
	sqlite3_stmt *row;
	int err = state_one(s, &row, "SELECT name, request, pem FROM codes WHERE secret = ? AND until > ?",
			    "di", e->secret, utc_now_ns());
	if (err == HN_OK) {
		(void)snprintf(e->name, sizeof(e->name), "%s", state_text(row, 0));
		bool used = sqlite3_column_bytes(row, 1) > 0;
		bool same = sqlite3_column_bytes(row, 1) == SHA256_SIZE &&
			    memcmp(sqlite3_column_blob(row, 1), e->same, SHA256_SIZE) == 0;
		(void)snprintf(e->pem, sizeof(e->pem), "%s", state_text(row, 2));
		err = !used ? HN_OK : same ? HN_EEXIST : HN_EAUTH;
	}
	state_done(row);
	return err == HN_ENOENT ? HN_EAUTH : err;
}

static int join(struct witness *w, struct enrolling *e, struct fault *fault)
{
	const struct enrol_request *q = e->request;
	char program[3 * ENROL_WORD_MAX + 8];
	int64_t now_ns = utc_now_ns();
	(void)snprintf(program, sizeof(program), "%s %s (%s)", q->program.name, q->program.version,
		       q->program.build);
	int err = sign(w, q->csr, q->csr_len, &q->edge, e->pem, fault);
	if (err == HN_OK)
		err = state_run(
			w->state,
			"INSERT INTO edges(id, name, kind, ed25519, program, enrolled, heard, receipt_at) "
			"VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET name = excluded.name, "
			"kind = excluded.kind, program = excluded.program, revoked = 0",
			"tttdtiii", e->edge, e->name, enrol_kind_name(q->kind), q->identity.ed25519, program,
			now_ns, now_ns, now_ns);
	if (err == HN_OK)
		err = state_run(w->state, "UPDATE codes SET request = ?, pem = ? WHERE secret = ?", "dtd",
				e->same, e->pem, e->secret);
	if (err == HN_OK)
		err = record_put(w->state, "witness.enrolled",
				 json_pack("{s:s, s:s}", "edge", e->edge, "name", e->name));
	return err;
}

static int refuse(struct witness *w, struct request *r, const struct enrolling *e)
{
	const struct alarm a = {
		.kind = ALARM_IDENTITY,
		.edge = e->edge,
		.subject = "",
		.en = "a code that was used, is over or was never given out",
		.ja = "使用済み、期限切れ、又は発行していないコード",
	};
	int err = state_begin(w->state);
	if (err == HN_OK)
		err = state_end(w->state, alarm_raise(w->state, &a));
	return err != HN_OK
		       ? err
		       : answer_problem(r, 403, "code",
					tr("this code does not work: it was used, it is over, or it was not "
					   "given out for this; ask for a new one",
					   "このコードは使えない: 使用済み、期限切れ、又は用途が異なる。"
					   "新しいコードを求めること"));
}

static int answer_enrolled(const struct witness *w, struct request *r, const struct enrolling *e)
{
	struct enrol_answer a = {
		.edge = e->request->edge,
		.certificate = (char *)(uintptr_t)e->pem,
		.root = (char *)(uintptr_t)pki_root_pem(w->pki),
	};
	/* What the witness signs with: it makes no heads, but cosignatures. */
	(void)crypto_sign_ed25519_sk_to_pk(a.head_key.ed25519, w->secret);
	key_id_of(a.head_key.ed25519, a.head_key.id);
	(void)snprintf(a.name, sizeof(a.name), "%s", e->name);
	(void)snprintf(a.hub, sizeof(a.hub), "%s", w->config->name);
	int err = enrol_answer_write(&a, answer_body(r));
	return err == HN_OK ? answer_send(r, 201, NULL) : err;
}

void channel_enrol_end(struct request *r)
{
	enrol_request_free(r->state);
	r->state = NULL;
}

int channel_enrol_post(struct request *r)
{
	struct witness *w = r->program;
	struct enrolling *e = arena_alloc(r->arena, sizeof(*e));
	struct enrol_request *q = enrol_request_new();
	r->state = q;
	if (e == NULL || q == NULL)
		return HN_ENOMEM;
	int err = enrol_request_read(r->body.data, r->body.len, q, &r->fault);
	if (err != HN_OK)
		return err;
	e->request = q;
	uuid_format(&q->edge, e->edge);
	code_secret_digest(q->secret, e->secret);
	/* What makes it the same request: who asks, for which key. */
	sha256_parts(q->identity.ed25519, sizeof(q->identity.ed25519), q->csr, q->csr_len, "", 0, e->same);
	err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = find_code(w->state, e);
	bool again = err == HN_EEXIST, unknown = err == HN_EAUTH;
	if (err == HN_OK)
		err = join(w, e, &r->fault);
	err = state_end(w->state, again ? HN_OK : err);
	if (unknown)
		return refuse(w, r, e);
	return err == HN_OK ? answer_enrolled(w, r, e) : err;
}

int channel_renew_post(struct request *r)
{
	struct witness *w = r->program;
	const struct channel_peer *p = channel_peer_of(r);
	char *csr = arena_alloc(r->arena, PKI_CSR_MAX + 1), *pem = arena_alloc(r->arena, PEM_MAX);
	if (csr == NULL || pem == NULL)
		return HN_ENOMEM;
	int err = renew_request_read(r->body.data, r->body.len, csr, &r->fault);
	if (err == HN_OK)
		err = state_begin(w->state);
	if (err != HN_OK)
		return err;
	err = state_end(w->state, sign(w, csr, strlen(csr), &p->id, pem, &r->fault));
	if (err == HN_OK)
		err = renew_answer_write(pem, pki_root_pem(w->pki), answer_body(r));
	return err == HN_OK ? answer_send(r, 200, NULL) : err;
}
