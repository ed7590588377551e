/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/revocations.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

static const struct command_help help = {
	"hinomi authority revoke --key KEY --trust TRUST.json [--list OLD.json] [--id UUID]... -o "
	"REVOCATIONS.json",
	"Writes and signs a revocation list; one commissioner alone may. It holds what the old list held and "
	"the\n"
	"ids given. A live sensor stops when a list's next update has passed, so renew it in time, also "
	"without --id.",
	"失効リストを作り署名する。委員は一人で取り消せる。前のリストの内容に、指定したIDを加える。\n"
	"稼働中のセンサーは次回更新の期限を過ぎると停止するため、追加がなくても期限前に更新すること。",
	"hinomi authority revoke --key a.key --trust TRUST.json --list OLD.json --id ID -o REVOCATIONS.json",
};

struct revoke_options {
	const char *key, *passphrase_file, *trust, *list, *next_update, *output;
	struct option_list ids;
	bool json;
};

/* Adds the ids to those of the list; sorted, none twice. */
static int add_ids(const struct option_list *list, struct revocations *r)
{
	struct uuid *grown = reallocarray(r->ids, r->count + list->count + 1, sizeof(*grown));
	if (grown == NULL)
		return HN_EXIT_UNFINISHED;
	r->ids = grown;
	for (size_t i = 0; i < list->count; i++, r->count++)
		if (uuid_parse(list->items[i], strlen(list->items[i]), &r->ids[r->count]) != HN_OK)
			return report_value("id", list->items[i], "UUID");
	if (r->count == 0)
		return HN_EXIT_DONE;
	qsort(r->ids, r->count, sizeof(*r->ids), uuid_compare);
	size_t used = 1;
	for (size_t i = 1; i < r->count; i++)
		if (uuid_compare(&r->ids[used - 1], &r->ids[i]) != 0)
			r->ids[used++] = r->ids[i];
	r->count = used;
	if (used <= REVOCATIONS_MAX)
		return HN_EXIT_DONE;
	log_line(LOG_LEVEL_ERROR, tr("more than %d ids", "IDが%d件を超えている"), REVOCATIONS_MAX);
	return HN_EXIT_USAGE;
}

static int build(const struct revoke_options *o, const struct trust *trust, struct revocations *r)
{
	struct refusal_detail detail = {{0}};
	int64_t former_ns;

	if (o->list != NULL) {
		enum refusal why = revocations_read(o->list, trust, r, &detail);
		if (why != REFUSAL_NONE)
			return report_refusal(o->list, why, &detail);
	}
	former_ns = r->issued_ns;
	r->number++;
	r->issued_ns = utc_now_ns() / 1000 * 1000;
	r->next_update_ns = r->issued_ns + REVOCATIONS_NEXT_UPDATE_NS;
	if (r->issued_ns < former_ns) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("the old list was issued later than this machine's clock shows; set the clock",
			    "前のリストの発行時刻がこの端末の時計より進んでいる。時計を合わせること"));
		return HN_EXIT_USAGE;
	}
	if (o->next_update != NULL) {
		int code = read_time("next-update", o->next_update, r->issued_ns, &r->next_update_ns);
		if (code != HN_EXIT_DONE)
			return code;
	}
	if (r->next_update_ns <= r->issued_ns)
		return report_value("next-update", o->next_update, tr("in the future", "未来の時刻"));
	return add_ids(&o->ids, r);
}

static int sign_and_save(const struct revocations *r, const struct key *k, const char *path)
{
	struct buf payload;
	struct jws j;

	buf_init(&payload, JWS_SIZE_MAX / 2);
	int rc = revocations_payload(r, &payload);
	if (rc == HN_OK)
		rc = jws_draft(payload.data, payload.len, &j);
	buf_clear(&payload);
	if (rc == HN_OK) {
		rc = jws_sign(&j, k);
		int code = rc == HN_OK ? save_new(path, &j) : HN_EXIT_UNFINISHED;
		jws_clear(&j);
		if (rc == HN_OK)
			return code;
	}
	log_line(LOG_LEVEL_ERROR, "'%s': %s", path, hn_strerror(rc));
	return HN_EXIT_UNFINISHED;
}

static int revoke(const struct revoke_options *o)
{
	static struct trust trust;
	struct revocations r = {0};
	struct key *k;

	if (o->output == NULL)
		return report_missing("-o REVOCATIONS.json");
	int code = load_trust(o->trust, &trust);
	if (code == HN_EXIT_DONE)
		code = load_key(o->key, o->passphrase_file, &k);
	if (code != HN_EXIT_DONE)
		return code;
	if (trust_key(&trust, key_public(k)->id) == NULL) {
		struct refusal_detail detail = {{0}};
		memcpy(detail.text, key_public(k)->id, KEY_ID_SIZE);
		code = report_refusal(o->key, REFUSAL_KEY_UNKNOWN, &detail);
	} else {
		code = build(o, &trust, &r);
	}
	if (code == HN_EXIT_DONE)
		code = sign_and_save(&r, k, o->output);
	revocations_clear(&r);
	key_free(k);
	return code;
}

int authority_revoke(int argc, char **argv)
{
	static struct revoke_options o;
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &o.output, "FILE", "the file to write", "書き出すファイル"},
		{"key", 0, OPTION_STRING, &o.key, "KEY", "a commissioner's secret key", "委員の秘密鍵"},
		{"passphrase-file", 0, OPTION_STRING, &o.passphrase_file, "FILE", "the key's passphrase",
		 "鍵のパスフレーズ"},
		{"trust", 0, OPTION_STRING, &o.trust, "TRUST.json", "the trust file", "信頼ファイル"},
		{"list", 0, OPTION_STRING, &o.list, "OLD.json", "the list this one follows",
		 "前の失効リスト"},
		{"id", 0, OPTION_LIST, &o.ids, "UUID", "an authorisation to revoke", "取り消す承認書のID"},
		{"next-update", 0, OPTION_STRING, &o.next_update, "TIME",
		 "when it must be renewed (default: PT24H)", "次回更新の期限（省略時は PT24H）"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (count > 0)
		return report_value("id", args[0], tr("an option", "オプション"));
	code = SANDBOX(o.output);
	return code != -1 ? code : revoke(&o);
}
