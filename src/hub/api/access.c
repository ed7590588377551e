/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Why somebody sees an object or not: what decide() says, rule by rule. */
#include <string.h>

#include "base/lang.h"
#include "http/answer.h"
#include "hub/api/account.h"
#include "hub/hub.h"
#include "store/decide.h"
#include "store/directory.h"
#include "store/labels.h"
#include "store/objects.h"

#define LABELS_MAX 32 /* of an object: its own, and what joined them */

struct found {
	int64_t owner, label;
};

static int take(void *context, const struct object_row *row)
{
	struct found *f = context;
	f->owner = row->owner;
	f->label = row->label;
	return HN_OK;
}

/* A "both" comes apart into the labels that it asks for. */
static int labels_of(struct labels *labels, int64_t number, struct label *out, size_t *count)
{
	int64_t pair[2];
	if (*count == LABELS_MAX)
		return HN_ELIMIT;
	int err = labels_get(labels, number, &out[*count], pair);
	if (err == HN_OK)
		++*count;
	if (err != HN_EUNSUPPORTED)
		return err;
	err = labels_of(labels, pair[0], out, count);
	return err == HN_OK ? labels_of(labels, pair[1], out, count) : err;
}

static bool is_auditor(const struct asker *a)
{
	return a->organisation != 0 && a->kind == ORG_CENTRE && (a->roles & ROLE_AUDITOR) != 0;
}

/* Auditors of the centre ask about anything but what is selected; others about what they see. */
static int find(struct request *r, const struct stix_id *id, struct found *out, struct label *labels,
		size_t *count)
{
	struct asker hub;
	struct reader *reader = NULL;
	asker_hub(&hub);
	int err = store_read(hub_of(r)->store, is_auditor(r->who.asker) ? &hub : r->who.asker, &reader);
	if (err != HN_OK)
		return err;
	err = objects_get(reader, id, take, out);
	if (err == HN_OK)
		err = labels_of(reader_labels(reader), out->label, labels, count);
	reader_end(reader);
	return err;
}

/* Whether the rule lets pass for every label; the reason is that of the first that does not. */
static bool write_rule(struct buf *b, const struct rule *rule, const struct asker *asker,
		       const struct label *labels, size_t count)
{
	bool passes = true;
	for (size_t i = 0; i < count; i++)
		passes = passes && rule->ask(asker, &labels[i]) == RULE_PASS;
	const char *reason_en = passes ? rule->pass_en : rule->deny_en;
	const char *reason_ja = passes ? rule->pass_ja : rule->deny_ja;
	const char *reason = lang_get() == LANG_JA ? reason_ja : reason_en;
	buf_addf(b, "{\"rule\":\"%s\",\"passes\":%s,\"reason\":", rule->name, passes ? "true" : "false");
	buf_json_string(b, reason, strlen(reason));
	buf_addc(b, '}');
	return passes;
}

static int write_answer(struct request *r, const struct asker *asker, const struct label *labels,
			size_t count)
{
	struct buf *b = answer_body(r);
	bool seen = true;
	buf_adds(b, "{\"rules\":[");
	for (const struct rule *rule = DECIDE_RULES; rule->name != NULL; rule++) {
		if (rule != DECIDE_RULES)
			buf_addc(b, ',');
		seen = write_rule(b, rule, asker, labels, count) && seen;
	}
	buf_addf(b, "],\"seen\":%s,\"standing\":\"%s\"}", seen ? "true" : "false",
		 standing_name(decide_standing(asker, &labels[0])));
	return answer_send(r, 200, NULL);
}

static int explain(struct request *r)
{
	struct stix_id id;
	struct uuid person;
	struct uuid organisation;
	struct found found = {0};
	struct asker asker;
	struct label labels[LABELS_MAX];
	size_t count = 0;
	size_t len = 0;
	int64_t now_us = r->received_ns / 1000;
	const char *text = request_query(r, "object", &len);
	int err = stix_id_parse(text, len, &id);
	text = request_query(r, "person", &len);
	if (err == HN_OK)
		err = uuid_parse(text, len, &person);
	text = request_query(r, "organisation", &len);
	if (err == HN_OK && text != NULL)
		err = uuid_parse(text, len, &organisation);
	if (err == HN_OK)
		err = find(r, &id, &found, labels, &count);
	if (err != HN_OK)
		return err;
	const struct asker *who = r->who.asker;
	bool oneself = who->person != 0 &&
		       directory_number(hub_of(r)->directory, DIRECTORY_PERSON, &person) == who->person;
	bool owns = found.owner == who->organisation && (who->roles & ROLE_ADMINISTRATOR) != 0;
	if (!oneself && !owns && !is_auditor(who))
		return fault_set(
			&r->fault, HN_EAUTH, "", "%s",
			tr("others are explained to their objects' owners and to the centre's auditors",
			   "他者についての説明は、情報の提供元の管理者とセンターの監査担当のみ閲覧できる"));
	err = directory_person_asker(hub_of(r)->directory, &person, text == NULL ? NULL : &organisation,
				     now_us, &asker);
	if (err == HN_EAUTH)
		err = HN_ENOENT;
	return err == HN_OK ? write_answer(r, &asker, labels, count) : err;
}

static const struct query_spec query[] = {
	{.name = "object",
	 .kind = QUERY_STIX,
	 .required = true,
	 .help_en = "the object",
	 .help_ja = "オブジェクト"},
	{.name = "person", .kind = QUERY_UUID, .required = true, .help_en = "who", .help_ja = "利用者"},
	{.name = "organisation",
	 .kind = QUERY_UUID,
	 .help_en = "for which that person acts",
	 .help_ja = "その利用者が行為する組織"},
	{0},
};

const struct route ACCESS_ROUTES[] = {
	{.method = HTTP_GET,
	 .pattern = "/api/v1/access/explain",
	 .operation = "explainAccess",
	 .handle = explain,
	 .query = query,
	 .answers = {{200, "access", NULL}},
	 .tag = "access",
	 .summary_en = "Why somebody sees an object or not, rule by rule",
	 .summary_ja = "ある利用者がオブジェクトを閲覧できる（できない）理由"},
	{0},
};
