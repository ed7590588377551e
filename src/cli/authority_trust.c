/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/domestic.h"
#include "authority/trust.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/authority.h"
#include "cli/authority_common.h"
#include "cli/sandbox.h"

#define LIMITS_FILE_MAX ((size_t)64 << 10)

static const struct command_help help = {
	"hinomi authority trust --threshold M KEY.pub... [OPTION]... -o TRUST.json",
	"Writes the trust file: whose signatures count, how many are needed, and the limits.\n"
	"The first one is trusted as it stands; compare its digest by another way. One with --predecessor "
	"must\n"
	"be signed ('hinomi authority sign') by that file's threshold of that file's keys.",
	"信頼ファイル（署名できる者、必要な人数、上限）を作る。\n"
	"第1号はそのまま信頼されるため、ダイジェストを別の経路で照合すること。--predecessor "
	"を付けたものには、\n"
	"前の信頼ファイルの鍵による必要数の署名（hinomi authority sign）が要る。",
	"hinomi authority trust --threshold 2 a.key.pub b.key.pub c.key.pub --domestic domestic.txt -o "
	"TRUST.json",
};

struct trust_options {
	const char *output, *limits, *mark, *reidentification, *domestic, *predecessor;
	uint64_t threshold;
	bool json;
};

static int add_keys(struct trust *t, char **paths, size_t count)
{
	struct fault fault = {{0}, {0}};

	if (count == 0 || count > TRUST_KEYS_MAX)
		return report_missing("KEY.pub");
	for (; t->key_count < count; t->key_count++) {
		struct key_public k;
		int rc = key_public_read(paths[t->key_count], &k, &fault);
		if (rc != HN_OK)
			return report_fault(rc, &fault);
		if (trust_key(t, k.id) != NULL)
			return report_value("threshold", paths[t->key_count],
					    tr("a key that was not named before", "まだ挙げていない鍵"));
		t->keys[t->key_count] = k;
	}
	return HN_EXIT_DONE;
}

static int set_reidentification(struct trust *t, const char *path)
{
	struct fault fault = {{0}, {0}};
	struct key_public k = t->keys[0];

	int rc = path == NULL ? HN_OK : key_public_read(path, &k, &fault);
	if (rc != HN_OK)
		return report_fault(rc, &fault);
	memcpy(t->reidentification_id, k.id, sizeof(k.id));
	memcpy(t->reidentification, k.x25519, sizeof(k.x25519));
	return HN_EXIT_DONE;
}

static int set_limits(struct trust *t, const char *path)
{
	struct fault fault = {{0}, {0}};
	json_t *o;

	t->limits = limits_builtin;
	if (path == NULL)
		return HN_EXIT_DONE;
	int rc = json_file_read(path, LIMITS_FILE_MAX, &o, &fault);
	if (rc == HN_OK) {
		rc = limits_read(o, t->mark == TRUST_MARK_TEST, &t->limits, &fault);
		json_decref(o);
		if (rc != HN_OK)
			log_line(LOG_LEVEL_ERROR, "'%s': %s %s", path, fault.place, fault.message);
		return rc == HN_OK ? HN_EXIT_DONE : HN_EXIT_USAGE;
	}
	return report_fault(rc, &fault);
}

static int set_mark(struct trust *t, const char *mark)
{
	if (mark == NULL)
		return HN_EXIT_DONE;
	if (strcmp(mark, trust_mark_name(TRUST_MARK_TEST)) == 0)
		t->mark = TRUST_MARK_TEST;
	else if (strcmp(mark, trust_mark_name(TRUST_MARK_DEMO)) == 0)
		t->mark = TRUST_MARK_DEMO;
	else
		return report_value("mark", mark, tr("test or demo", "test か demo "));
	return HN_EXIT_DONE;
}

static int set_domestic(struct trust *t, const char *path)
{
	struct fault fault = {{0}, {0}};
	struct domestic *d;

	if (path == NULL)
		return HN_EXIT_DONE;
	int rc = domestic_read(path, &d, &fault);
	if (rc != HN_OK)
		return report_fault(rc, &fault);
	size_t prefixes = d->prefixes;
	memcpy(t->domestic, domestic_digest(d), SHA256_SIZE);
	t->has_domestic = true;
	domestic_free(d);
	if (prefixes == 0)
		return report_value("domestic", path,
				    tr("a table with prefixes in it", "プレフィックスを含む表"));
	return HN_EXIT_DONE;
}

static int set_predecessor(struct trust *t, const char *path)
{
	static struct trust old;

	t->number = 1;
	if (path == NULL)
		return HN_EXIT_DONE;
	int code = load_trust(path, &old);
	if (code != HN_EXIT_DONE)
		return code;
	t->number = old.number + 1;
	t->has_predecessor = true;
	memcpy(t->predecessor, old.digest, SHA256_SIZE);
	return HN_EXIT_DONE;
}

static int build(const struct trust_options *o, char **paths, size_t count, struct trust *t)
{
	int code;
	if ((code = add_keys(t, paths, count)) != HN_EXIT_DONE ||
	    (code = set_reidentification(t, o->reidentification)) != HN_EXIT_DONE ||
	    (code = set_mark(t, o->mark)) != HN_EXIT_DONE ||
	    (code = set_limits(t, o->limits)) != HN_EXIT_DONE ||
	    (code = set_domestic(t, o->domestic)) != HN_EXIT_DONE ||
	    (code = set_predecessor(t, o->predecessor)) != HN_EXIT_DONE)
		return code;
	if (o->threshold > count) {
		log_line(LOG_LEVEL_ERROR,
			 tr("--threshold %llu is more than the %zu keys",
			    "--threshold %llu が鍵の数%zuを超えている"),
			 (unsigned long long)o->threshold, count);
		return HN_EXIT_USAGE;
	}
	t->threshold = (unsigned)o->threshold;
	t->issued_ns = utc_now_ns() / 1000 * 1000;
	return HN_EXIT_DONE;
}

int authority_trust(int argc, char **argv)
{
	struct trust_options o = {0};
	char **args;
	size_t count;
	const struct option_row rows[] = {
		{"output", 'o', OPTION_STRING, &o.output, "TRUST.json", "the file to write",
		 "書き出すファイル"},
		{"threshold", 0, OPTION_COUNT, &o.threshold, "M", "signatures needed", "必要な署名の数", 1,
		 TRUST_KEYS_MAX},
		{"limits", 0, OPTION_STRING, &o.limits, "FILE", "a nation's own, narrower limits (JSON)",
		 "国が定める、より狭い上限（JSON）"},
		{"mark", 0, OPTION_STRING, &o.mark, "test|demo",
		 "never for real use; stands in every receipt", "実運用でない印。すべての受領証に記される"},
		{"reidentification", 0, OPTION_STRING, &o.reidentification, "KEY.pub",
		 "key that can re-identify (default: the first)", "再識別に使う鍵（省略時は最初の鍵）"},
		{"domestic", 0, OPTION_STRING, &o.domestic, "FILE", "the lawful table of domestic prefixes",
		 "適法な国内アドレス表"},
		{"predecessor", 0, OPTION_STRING, &o.predecessor, "OLD.json",
		 "the trust file this one replaces", "置き換える前の信頼ファイル"},
		{"json", 0, OPTION_FLAG, &o.json, NULL, "print JSON", "JSONで出力する"},
		{NULL}};

	int code = options_read(argc, argv, rows, &help, &args, &count);
	if (code != -1)
		return code;
	if (o.output == NULL || o.threshold == 0)
		return report_missing(o.output == NULL ? "-o TRUST.json" : "--threshold M");
	code = SANDBOX(o.output);
	if (code != -1)
		return code;
	struct trust *t = calloc(1, sizeof(*t));
	struct buf payload;
	buf_init(&payload, (size_t)1 << 20);
	code = t == NULL ? HN_EXIT_UNFINISHED : build(&o, args, count, t);
	if (code == HN_EXIT_DONE)
		code = trust_payload(t, &payload) == HN_OK ? save_draft(o.output, &payload, o.json, NULL)
							   : HN_EXIT_UNFINISHED;
	buf_clear(&payload);
	free(t);
	return code;
}
