/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "cli/compile_report.h"

#include <string.h>

#include "base/lang.h"
#include "match/import_text.h"

#define COLLECTED_MAX ((size_t)1 << 30)
#define VALUE_SHOWN   100u /* bytes of a value that are told */

typedef unsigned long long ull;

void report_init(struct report *r, bool json, bool list_all)
{
	*r = (struct report){.json = json, .list_all = list_all};
	buf_init(&r->items, COLLECTED_MAX);
	buf_init(&r->lines, COLLECTED_MAX);
	buf_init(&r->inputs, COLLECTED_MAX);
	buf_init(&r->warnings, COLLECTED_MAX);
	for (unsigned i = 0; i < IMPORT_REASON_COUNT; i++)
		buf_init(&r->shown[i], COLLECTED_MAX);
}

void report_clear(struct report *r)
{
	buf_clear(&r->items);
	buf_clear(&r->lines);
	buf_clear(&r->inputs);
	buf_clear(&r->warnings);
	for (unsigned i = 0; i < IMPORT_REASON_COUNT; i++)
		buf_clear(&r->shown[i]);
}

/* Text for a line or a terminal: control characters and bytes that are no UTF-8 become '?'. */
static void add_plain(struct buf *out, const char *text, size_t len)
{
	char plain[VALUE_SHOWN + 1];
	import_text(plain, sizeof(plain), text, len);
	buf_adds(out, plain);
	if (len > VALUE_SHOWN)
		buf_adds(out, "...");
}

static void add_json_value(struct buf *out, const char *text, size_t len)
{
	char plain[VALUE_SHOWN + 4];
	import_text(plain, VALUE_SHOWN + 1, text, len);
	size_t used = strlen(plain);
	if (len > VALUE_SHOWN)
		memcpy(plain + used, "...", 4);
	buf_json_string(out, plain, strlen(plain));
}

static void add_item(struct buf *out, const struct import_left_out *what)
{
	if (out->len > 0)
		buf_addc(out, ',');
	buf_addf(out, "{\"reason\":\"%s\",\"object\":", import_reason_name(what->reason));
	buf_json_string(out, what->object, strlen(what->object));
	buf_adds(out, ",\"value\":");
	add_json_value(out, what->value, what->value_len);
	if (what->detail[0] != '\0') {
		buf_adds(out, ",\"detail\":");
		buf_json_string(out, what->detail, strlen(what->detail));
	}
	buf_addc(out, '}');
}

static void add_line(struct buf *out, const struct import_left_out *what)
{
	buf_addf(out, "%s\t", import_reason_name(what->reason));
	add_plain(out, what->object, strlen(what->object));
	buf_addc(out, '\t');
	add_plain(out, what->value, what->value_len);
	buf_addc(out, '\t');
	add_plain(out, what->detail, strlen(what->detail));
	buf_addc(out, '\n');
}

static void add_shown(struct buf *out, const struct import_left_out *what)
{
	buf_adds(out, "      ");
	add_plain(out, what->object, strlen(what->object));
	buf_adds(out, "  '");
	add_plain(out, what->value, what->value_len);
	buf_addc(out, '\'');
	if (what->detail[0] != '\0') {
		buf_adds(out, "  ");
		add_plain(out, what->detail, strlen(what->detail));
	}
	buf_addc(out, '\n');
}

int report_left_out(void *context, const struct import_left_out *what)
{
	struct report *r = context;
	if (r->json)
		add_item(&r->items, what);
	if (r->list_all)
		add_line(&r->lines, what);
	if (!r->json && r->seen[what->reason] < REPORT_SHOWN)
		add_shown(&r->shown[what->reason], what);
	r->seen[what->reason]++;
	return buf_err(r->json ? &r->items : &r->lines);
}

void report_input(struct report *r, const char *path, const struct import_summary *s)
{
	struct buf *out = &r->inputs;
	if (!r->json) {
		buf_adds(out, "  ");
		add_plain(out, path, strlen(path));
		buf_addf(out, tr(": %s, %llu values, %llu left out", ": %s、値%llu、除外%llu"), s->form,
			 (ull)s->values, (ull)s->left_out);
		if (s->ports > 0)
			buf_addf(out, tr(", %llu without their port", "、うちポートを除いたもの%llu"),
				 (ull)s->ports);
		if (s->other > 0)
			buf_addf(out, tr(", %llu other objects", "、指標でないもの%llu"), (ull)s->other);
		buf_addc(out, '\n');
		return;
	}
	if (out->len > 0)
		buf_addc(out, ',');
	buf_adds(out, "{\"file\":");
	buf_json_string(out, path, strlen(path));
	buf_addf(out, ",\"form\":\"%s\",\"values\":%llu,\"left_out\":%llu,\"ports\":%llu,\"other\":%llu}",
		 s->form, (ull)s->values, (ull)s->left_out, (ull)s->ports, (ull)s->other);
}

void report_warning(struct report *r, const struct warning_summary *s)
{
	struct buf *out = &r->warnings;
	if (!r->json) {
		buf_adds(out, "  ");
		add_plain(out, s->name, strlen(s->name));
		buf_addf(out, tr(": %s, %llu values", ": %s、値%llu"), s->form, (ull)s->values);
		if (s->unusable > 0)
			buf_addf(out, tr(", %llu NOT usable (%s)", "、使えないもの%llu(%s)"),
				 (ull)s->unusable, s->reason == NULL ? "" : s->reason);
		buf_addc(out, '\n');
		return;
	}
	if (out->len > 0)
		buf_addc(out, ',');
	buf_adds(out, "{\"name\":");
	buf_json_string(out, s->name, strlen(s->name));
	buf_addf(out, ",\"form\":\"%s\",\"values\":%llu,\"unusable\":%llu", s->form, (ull)s->values,
		 (ull)s->unusable);
	if (s->reason != NULL) {
		buf_adds(out, ",\"reason\":");
		buf_json_string(out, s->reason, strlen(s->reason));
	}
	buf_addc(out, '}');
}

static void add_buf(struct buf *out, const struct buf *from)
{
	if (from->len > 0)
		buf_add(out, from->data, from->len);
}

static void add_json_name(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "\"%s\":", name);
	if (value == NULL)
		buf_adds(out, "null");
	else
		buf_json_string(out, value, strlen(value));
	buf_addc(out, ',');
}

static void write_json(const struct report *r, const struct report_result *result, struct buf *out)
{
	const struct him_build_counts *c = &result->counts;
	buf_addc(out, '{');
	add_json_name(out, "set", result->set_id);
	add_json_name(out, "file", result->digest == NULL ? NULL : result->path);
	add_json_name(out, "digest", result->digest);
	add_json_name(out, "base", result->base);
	buf_addf(out, "\"size\":%zu,\"entries\":%llu,\"by_kind\":{", result->size, (ull)c->entries);
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		buf_addf(out, "%s\"%s\":%llu", i == 0 ? "" : ",", entry_kind_name((enum entry_kind)i),
			 (ull)c->by_kind[i]);
	buf_addf(
		out,
		"},\"allow\":%llu,\"tombstones\":%llu,\"duplicates\":%llu,\"in_base\":%llu,\"holdings\":%llu,"
		"\"inputs\":[",
		(ull)c->allows, (ull)c->tombstones, (ull)c->duplicates, (ull)result->gather->in_base,
		(ull)c->holdings);
	add_buf(out, &r->inputs);
	buf_adds(out, "],\"warning_lists\":[");
	add_buf(out, &r->warnings);
	buf_addf(out, "],\"left_out\":{\"total\":%llu,\"by_reason\":{", (ull)gather_left_out(result->gather));
	for (unsigned i = 0; i < IMPORT_REASON_COUNT; i++)
		buf_addf(out, "%s\"%s\":%llu", i == 0 ? "" : ",", import_reason_name((enum import_reason)i),
			 (ull)result->gather->by_reason[i]);
	buf_adds(out, "},\"items\":[");
	add_buf(out, &r->items);
	buf_adds(out, "]}}\n");
}

static void write_left_out(const struct report *r, const struct gather *g, struct buf *out)
{
	uint64_t sum = gather_left_out(g);
	if (sum == 0)
		return;
	buf_addf(out, tr("left out: %llu\n", "除外: %llu\n"), (ull)sum);
	for (unsigned i = 0; i < IMPORT_REASON_COUNT; i++) {
		uint64_t n = g->by_reason[i];
		if (n == 0)
			continue;
		buf_addf(out, "    %s: %llu\n", import_reason_text((enum import_reason)i), (ull)n);
		add_buf(out, &r->shown[i]);
		if (n > REPORT_SHOWN)
			buf_addf(out,
				 tr("      ... and %llu more (--list-left-out FILE lists all)\n",
				    "      …ほか%llu(--list-left-out FILE で全件)\n"),
				 (ull)(n - REPORT_SHOWN));
	}
}

static void write_text(const struct report *r, const struct report_result *result, struct buf *out)
{
	const struct him_build_counts *c = &result->counts;
	buf_adds(out, tr("inputs:\n", "入力:\n"));
	add_buf(out, &r->inputs);
	if (r->warnings.len > 0) {
		buf_adds(out, tr("warning lists:\n", "警告リスト:\n"));
		add_buf(out, &r->warnings);
	}
	write_left_out(r, result->gather, out);
	if (result->digest == NULL)
		return;
	buf_addf(out, tr("entries: %llu\n", "項目: %llu\n"), (ull)c->entries);
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		if (c->by_kind[i] > 0)
			buf_addf(out, "    %s: %llu\n", entry_kind_name((enum entry_kind)i),
				 (ull)c->by_kind[i]);
	if (c->allows > 0)
		buf_addf(out, tr("allow entries among them: %llu\n", "うち許可項目: %llu\n"), (ull)c->allows);
	if (c->duplicates > 0)
		buf_addf(out, tr("duplicates: %llu\n", "重複: %llu\n"), (ull)c->duplicates);
	if (result->base != NULL)
		buf_addf(out,
			 tr("overlay of %.16s...: %llu removed, %llu in the base already\n",
			    "%.16s…への差分: 削除%llu、基本集合に既にあるもの%llu\n"),
			 result->base, (ull)c->tombstones, (ull)result->gather->in_base);
	if (c->holdings > 0)
		buf_addf(out, tr("holdings: %llu prefixes\n", "保有アドレス: %llu件\n"), (ull)c->holdings);
	buf_addf(out, tr("set '%s' written to '%s', %zu bytes\n", "集合 '%s' を '%s' に書いた。%zuバイト\n"),
		 result->set_id, result->path, result->size);
	buf_addf(out, "sha256 %s\n", result->digest);
}

void report_write(const struct report *r, const struct report_result *result, struct buf *out)
{
	if (r->json)
		write_json(r, result, out);
	else
		write_text(r, result, out);
}
