/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <string.h>

#include "base/config_events.h"
#include "base/lang.h"

/* What libyaml says, which it says in English alone. */
static const struct {
	const char *en, *ja;
} PROBLEMS[] = {
	{"block sequence entries are not allowed in this context", "ここに '-' の項目は書けない"},
	{"control characters are not allowed", "制御文字は使えない"},
	{"could not find expected ':'", "':' がない"},
	{"could not find expected directive name", "ディレクティブの名前がない"},
	{"did not find URI escaped octet", "タグのエスケープが正しくない"},
	{"did not find expected ',' or ']'", "',' か ']' がない"},
	{"did not find expected ',' or '}'", "',' か '}' がない"},
	{"did not find expected '-' indicator", "'-' がない。字下げを確かめること"},
	{"did not find expected <document start>", "文書の始まりがない。字下げを確かめること"},
	{"did not find expected alphabetic or numeric character", "英数字がない"},
	{"did not find expected comment or line break", "改行かコメントがない"},
	{"did not find expected hexdecimal number", "十六進数がない"},
	{"did not find expected key", "キーがない。字下げを確かめること"},
	{"did not find expected node content", "値がない"},
	{"did not find expected version number", "バージョン番号がない"},
	{"did not find expected whitespace", "空白がない"},
	{"did not find expected whitespace or line break", "空白か改行がない"},
	{"found a tab character that violates indentation", "字下げにタブは使えない"},
	{"found a tab character where an indentation space is expected", "字下げにタブは使えない"},
	{"found an indentation indicator equal to 0", "字下げの幅に0は使えない"},
	{"found character that cannot start any token", "この文字から始めることはできない"},
	{"found duplicate %TAG directive", "%TAG が二重にある"},
	{"found duplicate %YAML directive", "%YAML が二重にある"},
	{"found duplicate anchor; first occurrence", "同じアンカーが二重にある"},
	{"found incompatible YAML document", "対応していないYAMLのバージョン"},
	{"found invalid Unicode character escape code", "エスケープの示す文字がない"},
	{"found undefined tag handle", "定義のないタグ"},
	{"found unexpected ':'", "ここに ':' は書けない"},
	{"found unexpected document indicator", "値の途中に文書の区切りがある"},
	{"found unexpected end of stream", "引用符が閉じないままファイルが終わっている"},
	{"found unexpected non-alphabetical character", "英字でない文字がある"},
	{"found unknown directive name", "知らないディレクティブ"},
	{"found unknown escape character", "知らないエスケープ"},
	{"incomplete UTF-8 octet sequence", "UTF-8の文字が途中で終わっている"},
	{"input is too long", "長すぎる"},
	{"invalid Unicode character", "Unicodeにない文字"},
	{"invalid leading UTF-8 octet", "UTF-8ではない"},
	{"invalid length of a UTF-8 sequence", "UTF-8ではない"},
	{"invalid trailing UTF-8 octet", "UTF-8ではない"},
	{"mapping keys are not allowed in this context", "ここにキーは書けない"},
	{"mapping values are not allowed in this context",
	 "ここに「キー: 値」は書けない。字下げと引用符を確かめること"},
};

const char *config_problem(const char *en)
{
	if (en == NULL)
		return tr("it cannot be read", "読み取れない");
	for (size_t i = 0; i < sizeof(PROBLEMS) / sizeof(PROBLEMS[0]); i++)
		if (strcmp(PROBLEMS[i].en, en) == 0)
			return tr(PROBLEMS[i].en, PROBLEMS[i].ja);
	return tr(en, "書式に誤りがある");
}
