/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators match */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "base/utc.h"
#include "cli/indicators.h"
#include "cli/indicators_common.h"
#include "cli/sandbox.h"
#include "match/canonical.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

static const struct command_help help = {
	.usage = "hinomi indicators match [OPTION]... SET.him [OVERLAY.him]... VALUE...",
	.text_en = "Looks each value up as the sensor does and tells the entry that decides. A value is an "
		   "address,\n"
		   "prefix, name, URL, digest or JA4. Exits with 1 when no value matches.",
	.text_ja = "センサーと同じ方法で各値を照合し、判定の根拠となる項目を示す。値はアドレス、プレフィック"
		   "ス、\n"
		   "名前、URL、ダイジェスト、JA4。どの値も一致しなければ終了コード1で終わる。",
	.example = "hinomi indicators match SET.him 192.0.2.7 www.bad.example",
};

/* Whether a file is one of ours by its first bytes; a value that names no file is none. */
static bool is_set_file(const char *path)
{
	struct him_file file;
	if (him_map(path, &file, NULL) != HN_OK)
		return false;
	bool is = file.size >= sizeof(HIM_MAGIC) - 1 &&
		  memcmp(file.data, HIM_MAGIC, sizeof(HIM_MAGIC) - 1) == 0;
	him_unmap(&file);
	return is;
}

/* The entry of the prefix itself, or of a wider one. */
static bool find_prefix(const struct set *s, const struct entry_key *prefix, struct set_hit *out)
{
	size_t size = prefix->len - 1u;
	struct ip ip = {.version = size == 4 ? 4 : 6};
	memcpy(ip.bytes, prefix->data, size);
	for (int len = prefix->data[size]; len >= 0; len--) {
		uint8_t data[17];
		struct ip masked = ip_mask(&ip, (unsigned)len);
		memcpy(data, masked.bytes, size);
		data[size] = (uint8_t)len;
		struct entry_key key = {prefix->kind, prefix->len, data};
		if (set_find_entry(s, &key, out))
			return true;
	}
	return false;
}

/* The entry of the wildcard itself, or of one that covers it. */
static bool find_wildcard(const struct set *s, const struct entry_key *name, struct set_hit *out)
{
	for (size_t at = 0; at < name->len; at += 1u + name->data[at]) {
		struct entry_key key = {ENTRY_WILDCARD, (uint16_t)(name->len - at), name->data + at};
		if (set_find_entry(s, &key, out))
			return true;
	}
	return false;
}

static bool find(const struct set *s, const struct entry_key *key, struct set_hit *out)
{
	switch (key->kind) {
	case ENTRY_IP4:
		return set_find_ip4(s, key->data, out);
	case ENTRY_IP6:
		return set_find_ip6(s, key->data, out);
	case ENTRY_PREFIX4:
	case ENTRY_PREFIX6:
		return find_prefix(s, key, out);
	case ENTRY_NAME:
		return set_find_name(s, key->data, key->len, out);
	case ENTRY_WILDCARD:
		return find_wildcard(s, key, out);
	case ENTRY_URL:
		return set_find_url(s, key->data, key->len, out);
	default:
		return set_find_key(s, key->kind, key->data, key->len, out);
	}
}

static bool valid_now(const struct entry_meta *meta)
{
	int64_t now = utc_now_ns();
	return now >= meta->valid_from_ns && (meta->valid_until_ns == 0 || now < meta->valid_until_ns);
}

static void tell_json(const char *value, const struct set *s, const struct set_hit *hit)
{
	struct entry_key key;
	struct entry_meta meta;
	uint8_t scratch[32];
	if (hit == NULL || set_key(s, hit, &key, scratch) != HN_OK) {
		indicators_print_json_line(json_pack("{s:s, s:b}", "value", value, "match", 0));
		return;
	}
	set_meta(s, hit, &meta);
	json_t *o = indicators_json_entry(&key, &meta);
	(void)json_object_set_new(o, "value", json_string(value));
	(void)json_object_set_new(o, "match", json_true());
	(void)json_object_set_new(o, "valid_now", json_boolean(valid_now(&meta)));
	(void)json_object_set_new(o, "layer", json_integer(hit->layer));
	(void)json_object_set_new(o, "handle", json_integer(hit->handle));
	indicators_print_json_line(o);
}

static void tell_text(const char *value, const struct set *s, const struct set_hit *hit)
{
	struct entry_key key;
	struct entry_meta meta;
	uint8_t scratch[32];
	struct buf line;
	if (hit == NULL || set_key(s, hit, &key, scratch) != HN_OK) {
		printf(tr("%s: no match\n", "%s: 一致なし\n"), value);
		return;
	}
	set_meta(s, hit, &meta);
	buf_init(&line, LINE_MAX_BYTES);
	buf_addf(&line, "%s: ", value);
	indicators_text_entry(&key, &meta, &line);
	if (!valid_now(&meta))
		buf_addf(&line, "  %s", tr("(not valid now)", "(現在は有効期間外)"));
	if (buf_err(&line) == HN_OK)
		printf("%s\n", line.data);
	buf_clear(&line);
}

/* @return the exit code: done when one matched */
static int match_all(const struct set *s, char **values, size_t count, bool json)
{
	int exit = HN_EXIT_NO;
	for (size_t i = 0; i < count; i++) {
		struct canonical value;
		struct set_hit hit;
		if (canonical_value(values[i], strlen(values[i]), &value) != HN_OK) {
			log_line(LOG_LEVEL_ERROR,
				 tr("'%s' is no address, prefix, name, URL, digest or JA4",
				    "'%s' "
				    "はアドレス、プレフィックス、名前、URL、ダイジェスト、JA4のいずれでもな"
				    "い"),
				 values[i]);
			return HN_EXIT_USAGE;
		}
		bool found = find(s, &value.key, &hit);
		if (json)
			tell_json(values[i], s, found ? &hit : NULL);
		else
			tell_text(values[i], s, found ? &hit : NULL);
		if (found)
			exit = HN_EXIT_DONE;
	}
	return exit;
}

int indicators_match(int argc, char **argv)
{
	bool json = false;
	const struct option_row rows[] = {{"json", 0, OPTION_FLAG, &json, NULL,
					   "one JSON object for each value", "値ごとに一つのJSONを出す", 0,
					   0},
					  {0}};
	char **args;
	size_t count, files = 1;
	struct set *s;
	struct fault fault = {0};
	int rc = options_read(argc, argv, rows, &help, &args, &count);
	if (rc >= 0)
		return rc;
	while (files < count && files <= SET_OVERLAYS_MAX && is_set_file(args[files]))
		files++;
	if (count <= files) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("match needs a set and a value; see --help", "集合と値が要る。--help を参照"));
		return HN_EXIT_USAGE;
	}
	rc = SANDBOX(NULL);
	if (rc != -1)
		return rc;
	rc = set_open((const char *const *)args, files, &s, &fault);
	if (rc != HN_OK)
		return indicators_fail(rc, &fault);
	rc = match_all(s, args + files, count - files, json);
	set_close(s);
	return rc;
}
