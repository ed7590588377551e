/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* hinomi indicators show */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/lang.h"
#include "base/log.h"
#include "base/options.h"
#include "cli/indicators.h"
#include "cli/indicators_common.h"
#include "cli/sandbox.h"
#include "match/him_each.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

static const struct command_help help = {
	.usage = "hinomi indicators show [OPTION]... SET.him",
	.text_en = "Tells what a base or an overlay holds. With --entries each entry follows on a line of "
		   "its own;\n"
		   "with --json too, each line is one JSON object.",
	.text_ja = "基本集合または差分集合の内容を示す。--entries を付けると各項目を一行ずつ続けて示す。\n"
		   "--json も付けると各行が一つのJSONになる。",
	.example = "hinomi indicators show --entries SET.him",
};

/* The header, in words that both forms of output use. */
struct summary {
	const struct him *h;
	uint64_t by_kind[ENTRY_KIND_COUNT];
	uint64_t entries, tombstones, allows;
	int widest4, widest6; /* -1: none */
	char digest[SHA256_HEX_SIZE], base[SHA256_HEX_SIZE], origin[SHA256_HEX_SIZE];
};

static int widest(const struct him_bits *bits, int lengths)
{
	for (int i = 0; i < lengths; i++)
		if (bits->words[i / 64] >> i % 64 & 1)
			return i;
	return -1;
}

static void summarise(const struct him *h, struct summary *out)
{
	*out = (struct summary){
		.h = h, .widest4 = widest(&h->lengths4_live, 32), .widest6 = widest(&h->lengths6_live, 128)};
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
		out->by_kind[i] = h->tables[i].entries;
		out->entries += h->tables[i].entries;
		out->tombstones += h->tables[i].tombstones;
		out->allows += h->tables[i].allows;
	}
	hex_encode(h->digest, sizeof(h->digest), out->digest);
	hex_encode(h->base, sizeof(h->base), out->base);
	hex_encode(h->origin, sizeof(h->origin), out->origin);
}

static void print_text(const struct summary *s)
{
	const struct him *h = s->h;
	printf(tr("set        %s\n", "集合        %s\n"), h->id);
	printf(tr("version    %s\n", "版          %s\n"), s->digest);
	if (h->flags & HIM_OVERLAY)
		printf(tr("overlay of %s\n", "差分の対象  %s\n"), s->base);
	else
		printf("%s\n", tr("base", "基本集合"));
	printf(tr("size       %zu bytes\n", "大きさ      %zuバイト\n"), h->size);
	printf("%s", tr("holds      ", "内容        "));
	indicators_print_counts(s->entries, s->by_kind);
	if (s->allows > 0)
		printf(tr("allowed    %" PRIu64 " of them\n", "うち許可    %" PRIu64 "件\n"), s->allows);
	if (s->tombstones > 0)
		printf(tr("removes    %" PRIu64 " entries of older layers\n",
			  "取消し      %" PRIu64 "件 (古い層の項目)\n"),
		       s->tombstones);
	if (s->widest4 >= 0)
		printf(tr("widest     IPv4 /%d\n", "最も広い    IPv4 /%d\n"), s->widest4);
	if (s->widest6 >= 0)
		printf(tr("widest     IPv6 /%d\n", "最も広い    IPv6 /%d\n"), s->widest6);
	if (h->flags & HIM_STRIPPED)
		printf(tr("metadata   left out; the full file is %s\n",
			  "付加情報    除外。完全なファイルは %s\n"),
		       s->origin);
	else
		printf(tr("metadata   %u different rows\n", "付加情報    %u通り\n"), h->row_count);
	if (h->tables[HIM_TABLE_HOLDINGS].entries > 0)
		printf(tr("holdings   %" PRIu64 " prefixes\n", "保有情報    %" PRIu64 "プレフィックス\n"),
		       h->tables[HIM_TABLE_HOLDINGS].entries);
}

static void set_count(json_t *object, const char *name, uint64_t n)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)n));
}

static void print_json(const struct summary *s)
{
	const struct him *h = s->h;
	json_t *o = json_pack("{s:s, s:s, s:s, s:o}", "set", h->id, "version", s->digest, "layer",
			      h->flags & HIM_OVERLAY ? "overlay" : "base", "by_kind",
			      indicators_json_counts(s->by_kind));
	if (h->flags & HIM_OVERLAY)
		(void)json_object_set_new(o, "base", json_string(s->base));
	if (h->flags & HIM_STRIPPED)
		(void)json_object_set_new(o, "origin", json_string(s->origin));
	set_count(o, "size", h->size);
	set_count(o, "entries", s->entries);
	set_count(o, "allowed", s->allows);
	set_count(o, "removed", s->tombstones);
	set_count(o, "metadata_rows", h->row_count);
	set_count(o, "holdings", h->tables[HIM_TABLE_HOLDINGS].entries);
	if (s->widest4 >= 0)
		set_count(o, "widest_prefix4", (uint64_t)s->widest4);
	if (s->widest6 >= 0)
		set_count(o, "widest_prefix6", (uint64_t)s->widest6);
	indicators_print_json_line(o);
}

struct printing {
	const struct him *h;
	bool json;
	struct buf line;
};

static void print_holding(const struct printing *p, const struct him_entry *e)
{
	struct ip_prefix prefix;
	const char *holder;
	char text[IP_PREFIX_TEXT_SIZE];
	if (him_holding(p->h, e, &prefix, &holder) != HN_OK)
		return;
	ip_prefix_format(&prefix, text);
	if (p->json)
		indicators_print_json_line(json_pack("{s:s, s:s}", "holding", text, "organisation", holder));
	else
		printf(tr("holding %s  %s\n", "保有 %s  %s\n"), text, holder);
}

static int print_entry(void *context, const struct him_entry *e)
{
	struct printing *p = context;
	struct entry_meta meta;
	bool removed = (e->entry & HIM_TOMBSTONE) != 0;
	if (e->table == HIM_TABLE_HOLDINGS) {
		print_holding(p, e);
		return HN_OK;
	}
	him_meta(p->h, e->entry, &meta);
	if (p->json) {
		json_t *entry = indicators_json_entry(&e->key, &meta);
		(void)json_object_set_new(entry, "removed", json_boolean(removed));
		if (!removed)
			set_count(entry, "handle", (e->entry & HIM_ROW_MASK) - 1);
		indicators_print_json_line(entry);
		return HN_OK;
	}
	buf_reset(&p->line);
	indicators_text_entry(&e->key, &meta, &p->line);
	if (removed)
		buf_addf(&p->line, "  %s", tr("removed", "取消し"));
	if (buf_err(&p->line) == HN_OK)
		printf("%s\n", p->line.data);
	return HN_OK;
}

static int show(const struct him_file *file, bool entries, bool json, struct fault *fault)
{
	struct him h;
	struct summary s;
	int rc = him_open(file->data, file->size, &h, fault);
	if (rc != HN_OK)
		return rc;
	summarise(&h, &s);
	if (json)
		print_json(&s);
	else
		print_text(&s);
	if (!entries)
		return HN_OK;
	struct printing p = {.h = &h, .json = json};
	buf_init(&p.line, LINE_MAX_BYTES);
	rc = him_each(&h, print_entry, &p);
	buf_clear(&p.line);
	return rc;
}

int indicators_show(int argc, char **argv)
{
	bool entries = false, json = false;
	const struct option_row rows[] = {
		{"entries", 0, OPTION_FLAG, &entries, NULL, "list every entry too", "全項目も示す", 0, 0},
		{"json", 0, OPTION_FLAG, &json, NULL, "as JSON, one object a line", "一行に一つのJSONで出す",
		 0, 0},
		{0}};
	char **files;
	size_t count;
	struct him_file file;
	struct fault fault = {0};
	int rc = options_read(argc, argv, rows, &help, &files, &count);
	if (rc >= 0)
		return rc;
	if (count != 1) {
		log_line(LOG_LEVEL_ERROR, "%s",
			 tr("show takes one file; see --help", "ファイルを一つ指定すること。--help を参照"));
		return HN_EXIT_USAGE;
	}
	rc = SANDBOX(NULL);
	if (rc != -1)
		return rc;
	rc = him_map(files[0], &file, &fault);
	if (rc != HN_OK)
		return indicators_fail(rc, &fault);
	rc = show(&file, entries, json, &fault);
	him_unmap(&file);
	if (rc == HN_OK)
		return HN_EXIT_DONE;
	if (fault.place[0] == '\0')
		(void)snprintf(fault.place, sizeof(fault.place), "%.*s", (int)sizeof(fault.place) - 1,
			       files[0]);
	return indicators_fail(rc, &fault);
}
