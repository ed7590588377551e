/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdio.h>
#include <string.h>

#include "base/config_private.h"
#include "base/lang.h"

#define NAME_SIZE 160

static void add_words(const struct config_key *row, struct buf *out)
{
	for (const struct config_word *w = row->words; w->word != NULL; w++)
		buf_addf(out, "%s`%s`", w == row->words ? "" : ", ", w->word);
}

static const char *kind_text(const struct config_key *row)
{
	switch (row->kind) {
	case CONFIG_TEXT:
		return tr("text", "文字列");
	case CONFIG_PATH:
		return tr("path", "パス");
	case CONFIG_INTEGER:
		return tr("whole number", "整数");
	case CONFIG_SIZE:
		return tr("size", "大きさ");
	case CONFIG_DURATION:
		return tr("duration", "時間");
	case CONFIG_BOOL:
		return tr("`true` or `false`", "`true` か `false`");
	case CONFIG_ADDRESS:
		return tr("address", "アドレス");
	case CONFIG_ENDPOINT:
		return tr("address, with or without port", "アドレス(ポート番号は任意)");
	case CONFIG_PREFIX:
		return tr("prefix", "プレフィックス");
	case CONFIG_UUID:
		return "UUID";
	case CONFIG_DIGEST:
		return "SHA-256";
	case CONFIG_MAPPING:
		return tr("keys", "キーの組");
	default:
		return "";
	}
}

static void add_kind(const struct config_key *row, struct buf *out)
{
	if (row->kind == CONFIG_LIST) {
		buf_adds(out, tr("list of: ", "リスト: "));
		add_kind(row->item, out);
	} else if (row->kind == CONFIG_WORDS) {
		buf_adds(out, tr("list of: ", "リスト: "));
		add_words(row, out);
	} else if (row->kind == CONFIG_WORD) {
		add_words(row, out);
	} else {
		buf_adds(out, kind_text(row));
	}
	if (row->kind == CONFIG_INTEGER && row->max != 0)
		buf_addf(out, " %llu–%llu", (unsigned long long)row->min, (unsigned long long)row->max);
	if ((row->flags & CONFIG_SECRET) != 0)
		buf_adds(out, tr(", secret", "、秘密"));
}

/* The tables are constants of ours and shallow. */
static void add_rows(const struct config_key keys[], const char *prefix, struct buf *out)
{
	for (const struct config_key *row = keys; row->name != NULL || row->kind == CONFIG_LINE; row++) {
		char name[NAME_SIZE];
		if (row->name == NULL)
			continue;
		bool of_mappings = row->kind == CONFIG_LIST && row->item->kind == CONFIG_MAPPING;
		(void)snprintf(name, sizeof(name), "%s%s", prefix, row->name);
		buf_addf(out, "| `%s` | ", name);
		add_kind(row, out);
		if ((row->flags & CONFIG_REQUIRED) != 0)
			buf_addf(out, " | %s | ", tr("required", "必須"));
		else if (row->preset != NULL)
			buf_addf(out, " | `%s` | ", row->preset);
		else
			buf_adds(out, " | | ");
		buf_addf(out, "%s |\n", tr(row->help_en, row->help_ja));
		(void)snprintf(name, sizeof(name), "%s%s%s.", prefix, row->name, of_mappings ? "[]" : "");
		if (of_mappings)
			add_rows(row->item->keys, name, out);
		else if (row->kind == CONFIG_MAPPING)
			add_rows(row->keys, name, out);
	}
}

void config_reference(const struct config_key keys[], struct buf *out)
{
	buf_adds(out, tr("| Key | Value | Default | Meaning |\n", "| キー | 値 | 既定 | 意味 |\n"));
	buf_adds(out, "|---|---|---|---|\n");
	add_rows(keys, "", out);
}
