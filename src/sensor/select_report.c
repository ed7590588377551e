/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/select_report.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/class.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/lang.h"

#define REPORT_MAX (64u << 10)

static const char *reason_text(enum erased_reason reason)
{
	switch (reason) {
	case ERASED_LINK_UNKNOWN:
		return tr("link type not read", "未対応のリンク種別");
	case ERASED_NOT_IP:
		return tr("not IP", "IPでない");
	case ERASED_TRUNCATED:
		return tr("captured too short", "記録が短すぎる");
	case ERASED_MALFORMED:
		return tr("malformed", "形式が正しくない");
	case ERASED_TOO_DEEP:
		return tr("nested too deep", "入れ子が深すぎる");
	case ERASED_CLASS:
		return tr("class not authorised", "承認外の通信区分");
	case ERASED_FACILITY:
		return tr("not the named facility", "承認で指定のない設備");
	case ERASED_OUTSIDE_TIME:
		return tr("outside of the validity", "有効期間外");
	case ERASED_FRAGMENT:
		return tr("incomplete fragments", "断片が揃わない");
	case ERASED_FLOW_CLOSED:
		return tr("no match, flow closed", "一致なし (フロー終了)");
	case ERASED_FLOW_IDLE:
		return tr("no match, flow silent for 60 s", "一致なし (60秒間通信なし)");
	case ERASED_FLOW_EVICTED:
		return tr("no match, gave way", "一致なし (新しいフローに譲った)");
	case ERASED_FLOW_END:
		return tr("no match, input ended", "一致なし (入力終了)");
	case ERASED_NOT_AUTHORISED:
		return tr("nothing authorised", "承認なし");
	case ERASED_NOTHING:
	case ERASED_REASONS:
		break;
	}
	return "";
}

static struct tally total(const struct tally t[SUMS_CLASSES])
{
	struct tally all = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		tally_add(&all, t[c].packets, t[c].bytes);
	return all;
}

static struct tally erased_for(const struct sums *s, size_t reason)
{
	struct tally all = {0};
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		tally_add(&all, s->erased[c][reason].packets, s->erased[c][reason].bytes);
	return all;
}

static struct tally erased_total(const struct sums *s)
{
	struct tally all = {0};
	for (size_t r = 0; r < ERASED_REASONS; r++) {
		struct tally one = erased_for(s, r);
		tally_add(&all, one.packets, one.bytes);
	}
	return all;
}

static void add_row(struct buf *b, const char *name, struct tally t)
{
	buf_addf(b, "  %12llu %15llu  %s\n", (unsigned long long)t.packets, (unsigned long long)t.bytes,
		 name);
}

static void add_text(struct buf *b, const struct writer_result *r, const char *directory, uint64_t entries)
{
	const struct sums *s = &r->sums;
	buf_addf(b, "  %12s %15s\n", tr("packets", "パケット"), tr("bytes", "バイト"));
	add_row(b, tr("seen", "観測"), total(s->seen));
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		char name[96];
		if (s->seen[c].packets == 0)
			continue;
		(void)snprintf(name, sizeof(name), "  %s",
			       c == SUMS_UNDECODED ? tr("undecoded", "解読不能")
						   : flow_class_title((enum flow_class)c));
		add_row(b, name, s->seen[c]);
	}
	add_row(b, tr("selected", "選別"), total(s->selected));
	add_row(b, tr("erased", "消去"), erased_total(s));
	for (size_t reason = 1; reason < ERASED_REASONS; reason++) {
		char name[96];
		struct tally t = erased_for(s, reason);
		if (t.packets == 0)
			continue;
		(void)snprintf(name, sizeof(name), "  %s", reason_text((enum erased_reason)reason));
		add_row(b, name, t);
	}
	add_row(b, tr("pending", "保留"), total(s->pending_after));
	buf_addf(
		b,
		tr("Flows: %llu begun, %llu selected. Records: %llu. Receipts: %llu. Ledger: %llu entries.\n",
		   "フロー: 開始%llu、選別%llu。記録: %llu。受領証: %llu。台帳: %llu件。\n"),
		(unsigned long long)s->flows_seen, (unsigned long long)s->flows_selected,
		(unsigned long long)r->records, (unsigned long long)r->receipts, (unsigned long long)entries);
	buf_addf(b,
		 tr("Sandbox: Landlock ABI %u, system calls filtered, packet memory %s.\n",
		    "隔離: Landlock ABI %u、システムコール制限あり、パケット用メモリは%s。\n"),
		 r->parser_abi,
		 r->memory_locked ? tr("locked", "固定済み")
				  : tr("not locked (RLIMIT_MEMLOCK)", "固定なし(RLIMIT_MEMLOCK)"));
	if (r->cut)
		buf_adds(b, tr("An input ends in the middle; what was there is accounted for.\n",
			       "途中で切れている入力がある。読めた分は計上した。\n"));
	buf_addf(b, tr("Output: %s\n", "出力: %s\n"), directory);
}

static void add_tally(struct buf *b, const char *name, struct tally t)
{
	buf_addf(b, "\"%s\":{\"packets\":%llu,\"bytes\":%llu}", name, (unsigned long long)t.packets,
		 (unsigned long long)t.bytes);
}

static void add_json(struct buf *b, const struct writer_result *r, const char *directory, uint64_t entries)
{
	const struct sums *s = &r->sums;
	buf_addc(b, '{');
	add_tally(b, "seen", total(s->seen));
	buf_addc(b, ',');
	add_tally(b, "selected", total(s->selected));
	buf_addc(b, ',');
	add_tally(b, "erased", erased_total(s));
	buf_addc(b, ',');
	add_tally(b, "pending", total(s->pending_after));
	buf_adds(b, ",\"erased_by_reason\":{");
	bool first = true;
	for (size_t reason = 1; reason < ERASED_REASONS; reason++) {
		struct tally t = erased_for(s, reason);
		if (t.packets == 0)
			continue;
		if (!first)
			buf_addc(b, ',');
		add_tally(b, erased_reason_name((enum erased_reason)reason), t);
		first = false;
	}
	buf_addf(b,
		 "},\"flows\":{\"begun\":%llu,\"selected\":%llu},\"records\":%llu,\"receipts\":%llu,"
		 "\"ledger_entries\":%llu,\"cut\":%s,\"memory_locked\":%s,\"landlock_abi\":%u,\"output\":",
		 (unsigned long long)s->flows_seen, (unsigned long long)s->flows_selected,
		 (unsigned long long)r->records, (unsigned long long)r->receipts, (unsigned long long)entries,
		 r->cut ? "true" : "false", r->memory_locked ? "true" : "false", r->parser_abi);
	buf_json_string(b, directory, strlen(directory));
	buf_adds(b, "}\n");
}

void select_report(const struct writer_result *result, const char *directory, uint64_t ledger_entries,
		   bool json)
{
	struct buf b;
	buf_init(&b, REPORT_MAX);
	if (json)
		add_json(&b, result, directory, ledger_entries);
	else
		add_text(&b, result, directory, ledger_entries);
	if (buf_err(&b) == HN_OK)
		(void)!fd_write_all(STDOUT_FILENO, b.data, b.len);
	buf_clear(&b);
}
