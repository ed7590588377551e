/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "authority/verify.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority verify --trust TRUST.json [OPTION]... A.json",
	"Says whether the authorisation holds, as a sensor judges it, and all that it allows. Ends with 1 "
	"when it\n"
	"does not hold; then what it says is printed as not authorised. Of a trust file it says whether it "
	"follows\n"
	"from TRUST.json.",
	"承認書が有効かどうかを、センサーと同じ基準で判定し、認められる内容をすべて示す。\n"
	"有効でない場合は終了コード1で終わり、内容は承認されていないものとして表示する。\n"
	"信頼ファイルを与えると、TRUST.json を正しく引き継ぐかどうかを示す。",
	"hinomi authority verify --trust TRUST.json A.json",
};

struct verify_options {
	const char *trust, *at, *revocations, *sensor, *domestic;
	bool json, recorded;
};

static json_t *signers_json(const struct jws *j, const struct trust *trust)
{
	json_t *array = json_array();
	for (size_t i = 0; i < j->count; i++) {
		const struct key_public *k = trust_key(trust, j->signatures[i].kid);
		json_t *o = json_pack("{s:s}", "kid", j->signatures[i].kid);
		if (k != NULL && o != NULL)
			(void)json_object_set_new(o, "name", json_string(k->name));
		(void)json_array_append_new(array, o);
	}
	return array;
}

static int print_json(const struct jws *j, const struct trust *trust, enum refusal r,
		      const struct refusal_detail *detail)
{
	struct fault fault;
	json_t *payload;
	struct buf text;

	if (json_object_read((const char *)j->payload, j->payload_len, &payload, &fault) != HN_OK)
		payload = json_null();
	json_t *o =
		json_pack("{s:b, s:s, s:s, s:s, s:o, s:o, s:i}", "authorized", r == REFUSAL_NONE, "refusal",
			  refusal_name(r), "text", refusal_text(r), "detail", detail->text, "authorization",
			  payload, "signatures", signers_json(j, trust), "threshold", (int)trust->threshold);
	buf_init(&text, 2 * JWS_SIZE_MAX);
	if (o != NULL)
		json_add(&text, o);
	int rc = o == NULL ? HN_ENOMEM : buf_err(&text);
	if (rc == HN_OK)
		puts(text.data);
	json_decref(o);
	buf_clear(&text);
	return rc;
}

static void print_text(const char *path, const struct jws *j, const struct trust *trust, enum refusal r,
		       const struct refusal_detail *detail)
{
	struct authorization *a;

	if (r == REFUSAL_NONE)
		printf(tr("%s: authorised\n", "%s: 承認されている\n"), path);
	else
		printf("%s: %s: %s%s%s\n", path, tr("NOT AUTHORISED", "承認されていない"), refusal_text(r),
		       detail->text[0] == '\0' ? "" : ": ", detail->text);
	if (authorization_read(j->payload, j->payload_len, authorization_any_limits(), &a, NULL) == HN_OK) {
		print_authorization(a, trust);
		authorization_free(a);
	}
	print_signers(j, trust);
}

/* What the command line adds to the question. */
struct asked {
	struct trust trust;
	struct revocations revocations;
	struct uuid sensor;
	struct domestic *domestic;
};

static int ask(const struct verify_options *o, struct asked *asked, struct verify_question *q)
{
	struct refusal_detail detail = {{0}};
	struct fault fault = {{0}, {0}};
	int code;

	if ((code = load_trust(o->trust, &asked->trust)) != HN_EXIT_DONE ||
	    (code = read_time("at", o->at, -1, &q->now_ns)) != HN_EXIT_DONE)
		return code;
	q->trust = &asked->trust;
	q->recorded = o->recorded;
	if (o->sensor != NULL) {
		if (uuid_parse(o->sensor, strlen(o->sensor), &asked->sensor) != HN_OK)
			return report_value("sensor", o->sensor, "UUID");
		q->sensor = &asked->sensor;
	}
	if (o->domestic != NULL) {
		int rc = domestic_read(o->domestic, &asked->domestic, &fault);
		if (rc != HN_OK)
			return report_fault(rc, &fault);
		q->domestic = asked->domestic;
	}
	if (o->revocations != NULL) {
		enum refusal r =
			revocations_read(o->revocations, &asked->trust, &asked->revocations, &detail);
		if (r != REFUSAL_NONE)
			return report_refusal(o->revocations, r, &detail);
		q->revocations = &asked->revocations;
		q->revocations_due = true;
	}
	return HN_EXIT_DONE;
}

/* A trust file is asked whether it follows from the one that is trusted. */
static int answer_trust(const char *path, const struct trust *known, const struct buf *text, bool json)
{
	struct refusal_detail detail = {{0}};

	enum refusal r = trust_follows(known, text->data, text->len, &detail);
	if (json)
		printf("{\"follows\":%s,\"refusal\":\"%s\"}\n", r == REFUSAL_NONE ? "true" : "false",
		       refusal_name(r));
	else if (r == REFUSAL_NONE)
		printf(tr("%s: follows trust file number %llu\n", "%s: 信頼ファイル第%llu号を引き継ぐ\n"),
		       path, (unsigned long long)known->number);
	return r == REFUSAL_NONE ? HN_EXIT_DONE : json ? HN_EXIT_NO : report_refusal(path, r, &detail);
}

static int answer(const char *path, const struct verify_options *o, struct verify_question *q)
{
	struct refusal_detail detail = {{0}};
	struct fault fault = {{0}, {0}};
	struct authorization *a;
	struct buf text;
	struct jws j;

	int code = load_text(path, &text);
	if (code != HN_EXIT_DONE) {
		buf_clear(&text);
		return code;
	}
	static struct trust next;
	if (trust_parse(text.data, text.len, &next, NULL) == HN_OK) {
		code = answer_trust(path, q->trust, &text, o->json);
		buf_clear(&text);
		return code;
	}
	q->text = text.data;
	q->len = text.len;
	enum refusal r = verify(q, &a, &detail);
	if (r == REFUSAL_NONE)
		authorization_free(a);
	code = r == REFUSAL_NONE ? HN_EXIT_DONE : HN_EXIT_NO;
	if (jws_parse(text.data, text.len, &j, &fault) != HN_OK) {
		code = report_refusal(path, r, &detail);
	} else {
		if (!o->json)
			print_text(path, &j, q->trust, r, &detail);
		else if (print_json(&j, q->trust, r, &detail) != HN_OK)
			code = HN_EXIT_UNFINISHED;
		jws_clear(&j);
	}
	buf_clear(&text);
	return code;
}

int authority_verify(int argc, char **argv)
{
	struct verify_options o = {.at = "now"};
	static struct asked asked;
	struct verify_question q = {0};
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"trust", 0, OPTION_STRING, &o.trust, "TRUST.json", "the trust file", "信頼ファイル"},
		{"at", 0, OPTION_STRING, &o.at, "TIME", "judge as of this time (default: now)",
		 "判定の時点（省略時は現在）"},
		{"revocations", 0, OPTION_STRING, &o.revocations, "FILE",
		 "a revocation list, which must be current", "失効リスト（更新期限内のもの）"},
		{"sensor", 0, OPTION_STRING, &o.sensor, "ID", "judge for this sensor",
		 "このセンサーとして判定する"},
		{"domestic", 0, OPTION_STRING, &o.domestic, "FILE",
		 "judge with this table of domestic prefixes", "この国内アドレス表で判定する"},
		{"recorded", 0, OPTION_FLAG, &o.recorded, NULL, "judge for a recording: until retention ends",
		 "記録に対して判定する（保存期間まで）"},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "print JSON", "JSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count != 1)
		return report_missing("A.json");
	code = SANDBOX(NULL);
	if (code != -1)
		return code;
	code = ask(&o, &asked, &q);
	if (code == HN_EXIT_DONE)
		code = answer(args[0], &o, &q);
	revocations_clear(&asked.revocations);
	domestic_free(asked.domestic);
	return code;
}
