/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Trust file, domestic table and revocations of the nation: handed to every sensor as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/domestic.h"
#include "authority/revocations.h"
#include "authority/trust.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/authorisations.h"
#include "hub/api/common.h"
#include "hub/demonstration.h"
#include "hub/edge/edge.h"
#include "hub/hub.h"
#include "hub/request/request_store.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"

#define DOCUMENT_MAX ((size_t)16 << 20)

static const char *const kinds[NATION_DOCUMENTS] = {"trust", "domestic", "revocations"};

static int kind_value(const char *word, size_t len)
{
	for (int i = 0; i < NATION_DOCUMENTS; i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], word, len) == 0)
			return i;
	return -1;
}

/* ---- reading ---- */

static int read_one(struct request *r, enum nation_document kind, struct nation_document_row *row,
		    struct buf *out)
{
	struct reader *reader;
	int err = request_read(r, &reader);
	if (err != HN_OK)
		return err;
	err = nation_documents_get(reader, kind, row);
	if (err == HN_OK && out != NULL)
		err = edge_documents_get(reader, row->digest, out);
	reader_end(reader);
	return err;
}

int nation_get_list(struct request *r)
{
	struct buf *b = answer_body(r);
	bool any = false;
	buf_adds(b, "{\"documents\":[");
	for (int i = 0; i < NATION_DOCUMENTS; i++) {
		struct nation_document_row row;
		char digest[SHA256_HEX_SIZE];
		int err = read_one(r, (enum nation_document)i, &row, NULL);
		if (err == HN_ENOENT)
			continue;
		if (err != HN_OK)
			return err;
		hex_encode(row.digest, sizeof(row.digest), digest);
		buf_addf(b, "%s{\"kind\":\"%s\",\"number\":%lld,\"digest\":\"%s\",\"size\":%zu",
			 any ? "," : "", kinds[i], (long long)row.number, digest, row.size);
		common_time(b, "made", row.made_us);
		buf_addc(b, '}');
		any = true;
	}
	buf_adds(b, "]}");
	return answer_send(r, 200, NULL);
}

int nation_document_get(struct request *r)
{
	int kind = kind_value(r->params[0].text, r->params[0].len);
	struct nation_document_row row;
	if (kind < 0)
		return HN_ENOENT;
	int err = read_one(r, (enum nation_document)kind, &row, answer_body(r));
	if (err != HN_OK)
		return err;
	return answer_send(r, 200, kind == NATION_DOMESTIC ? "text/plain" : "application/jose+json");
}

/* ---- putting ---- */

struct putting {
	enum nation_document kind;
	int64_t number;
	uint8_t digest[SHA256_SIZE];
	struct trust known, trust;
	bool has_known;
	struct buf text; /* of the one that is there */
	struct revocations list;
};

void nation_end(struct request *r)
{
	struct putting *p = r->state;
	if (p != NULL) {
		buf_clear(&p->text);
		revocations_clear(&p->list);
		free(p);
	}
	r->state = NULL;
}

static int refuse(struct request *r, const char *text)
{
	return fault_set(&r->fault, HN_EFORMAT, "", "%s", text);
}

static int read_known(struct request *r, struct putting *p)
{
	struct nation_document_row row;
	int err = read_one(r, NATION_TRUST, &row, &p->text);
	if (err == HN_OK)
		err = trust_parse(p->text.data, p->text.len, &p->known, &r->fault);
	p->has_known = err == HN_OK;
	buf_reset(&p->text);
	return err == HN_ENOENT ? HN_OK : err;
}

/* The first is taken as it stands, for whoever hands it in answers for it; a later one must follow. */
static int judge_trust(struct request *r, struct putting *p)
{
	struct refusal_detail detail = {0};
	int err = trust_parse(r->body.data, r->body.len, &p->trust, &r->fault);
	p->number = (int64_t)p->trust.number;
	if (err == HN_OK && !demonstration_allowed(hub_of(r)->config, &p->trust, &r->fault))
		return HN_EFORMAT;
	if (err != HN_OK || !p->has_known || memcmp(p->known.digest, p->trust.digest, SHA256_SIZE) == 0)
		return err;
	enum refusal why = trust_follows(&p->known, r->body.data, r->body.len, &detail);
	return why == REFUSAL_NONE ? HN_OK : refuse(r, refusal_text(why));
}

static int judge_domestic(struct request *r, const struct putting *p)
{
	struct domestic *table = NULL;
	int err = domestic_parse(r->body.data, r->body.len, &table, &r->fault);
	if (err != HN_OK)
		return err;
	bool other = p->has_known && p->known.has_domestic &&
		     memcmp(p->known.domestic, table->digest, sizeof(table->digest)) != 0;
	bool empty = table->prefixes == 0;
	domestic_free(table);
	return empty   ? refuse(r, refusal_text(REFUSAL_DOMESTIC_EMPTY))
	       : other ? refuse(r, refusal_text(REFUSAL_DOMESTIC_OTHER))
		       : HN_OK;
}

static int judge_revocations(struct request *r, struct putting *p)
{
	struct refusal_detail detail = {0};
	struct nation_document_row row;
	struct revocations now = {0};
	if (!p->has_known)
		return refuse(r, refusal_text(REFUSAL_TRUST_UNKNOWN));
	enum refusal why = revocations_parse(r->body.data, r->body.len, &p->known, &p->list, &detail);
	if (why != REFUSAL_NONE)
		return refuse(r, refusal_text(why));
	p->number = (int64_t)p->list.number;
	int err = read_one(r, NATION_REVOCATIONS, &row, &p->text);
	if (err == HN_ENOENT)
		return HN_OK;
	if (err == HN_OK)
		why = revocations_parse(p->text.data, p->text.len, &p->known, &now, &detail);
	if (err == HN_OK && why == REFUSAL_NONE)
		why = revocations_follows(&now, &p->list, &detail);
	revocations_clear(&now);
	return err != HN_OK ? err : why == REFUSAL_NONE ? HN_OK : refuse(r, refusal_text(why));
}

/* What the list names is revoked here too; sensors see to it by themselves. */
static int mark_revoked(struct writing *w, const struct revocations *list)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < list->count; i++)
		err = authorizations_revoke(w, &list->ids[i]);
	return err;
}

static int put(struct writing *w, struct request *r, void *context)
{
	const struct putting *p = context;
	char digest[SHA256_HEX_SIZE], record[192];
	int err = nation_documents_put(w, p->kind, p->number, p->digest, r->body.data, r->body.len);
	if (err == HN_OK && p->kind == NATION_REVOCATIONS)
		err = mark_revoked(w, &p->list);
	hex_encode(p->digest, sizeof(p->digest), digest);
	(void)snprintf(record, sizeof(record), "{\"digest\":\"%s\",\"document\":\"%s\",\"number\":%lld}",
		       digest, kinds[p->kind], (long long)p->number);
	if (err == HN_OK)
		err = request_note(w, r, "hub.nation.document", record, strlen(record));
	edge_heads_decided();
	return err == HN_OK ? answer_send(r, 204, NULL) : err;
}

/* The centre's administrators and the commission speak for the nation. */
static bool speaks(const struct asker *a)
{
	return a->kind == ORG_CENTRE || a->kind == ORG_COMMISSION;
}

int nation_document_put(struct request *r)
{
	if (!speaks(r->who.asker))
		return HN_EAUTH;
	int kind = kind_value(r->params[0].text, r->params[0].len);
	struct putting *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return HN_ENOMEM;
	buf_init(&p->text, DOCUMENT_MAX);
	r->state = p;
	if (kind < 0)
		return HN_ENOENT;
	p->kind = (enum nation_document)kind;
	sha256(r->body.data, r->body.len, p->digest);
	int err = read_known(r, p);
	if (err == HN_OK)
		err = kind == NATION_TRUST      ? judge_trust(r, p)
		      : kind == NATION_DOMESTIC ? judge_domestic(r, p)
						: judge_revocations(r, p);
	return err == HN_OK ? request_change(r, put, p) : err;
}
