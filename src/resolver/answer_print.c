/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/answer_print.h"

#include <string.h>

#include "base/lang.h"

#define DEPTH_MAX   6
#define COLUMNS_MAX 16
#define CELL_MAX    256

/* What members are called. Others are shown by their own names. */
static const struct label {
	const char *name, *en, *ja;
} labels[] = {
	{"action", "action", "動作"},
	{"allowed", "allowed", "許可"},
	{"answered", "answered", "応答"},
	{"blocked", "blocked", "遮断"},
	{"bytes", "bytes", "バイト"},
	{"cache", "cache", "キャッシュ"},
	{"client", "client", "クライアント"},
	{"confidence", "confidence", "確度"},
	{"contact", "contact", "申立先"},
	{"count", "count", "回数"},
	{"decided", "decides", "決定"},
	{"entries", "entries", "項目数"},
	{"entry", "entry", "項目"},
	{"errors", "errors", "エラー"},
	{"generation", "generation", "版"},
	{"group", "group", "グループ"},
	{"groups", "groups", "グループ"},
	{"hits", "hits", "ヒット"},
	{"labels_left", "labels left of it", "左に残るラベル"},
	{"layers", "layers", "層"},
	{"listeners", "listeners", "待受け"},
	{"loaded", "loaded", "読込み"},
	{"marking", "marking", "取扱表示"},
	{"matches", "matches", "一致"},
	{"misses", "misses", "ミス"},
	{"name", "name", "名前"},
	{"names", "names", "名前"},
	{"object", "object", "オブジェクト"},
	{"organisation", "organisation", "組織"},
	{"place", "place", "順位"},
	{"policy", "policy", "ポリシー"},
	{"queries", "queries", "問合せ"},
	{"reason", "ground", "根拠"},
	{"refused", "refused", "拒否"},
	{"set", "set", "集合"},
	{"set_id", "set id", "集合ID"},
	{"set_version", "version", "版"},
	{"sets", "sets", "集合"},
	{"since", "since", "起動"},
	{"stale", "stale", "期限切れ応答"},
	{"status", "state", "状態"},
	{"threads", "threads", "スレッド"},
	{"trigger", "trigger", "契機"},
	{"uptime", "uptime", "稼働時間"},
	{"version", "version", "版"},
	{"view", "view", "ビュー"},
	{"why", "why", "理由"},
};

static const char *label_of(const char *name)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].name, name) == 0)
			return tr(labels[i].en, labels[i].ja);
	return name;
}

/* Names come from outside: none of their bytes may steer a terminal. */
static void add_text(struct buf *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
		bool upper = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0; /* C1 */
		if (upper)
			c++;
		buf_addc(out, *c < 0x20 || *c == 0x7f || upper ? '?' : (char)*c);
	}
}

static void add_scalar(struct buf *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		add_text(out, json_string_value(value));
		break;
	case JSON_INTEGER:
		buf_addf(out, "%lld", (long long)json_integer_value(value));
		break;
	case JSON_REAL:
		buf_addf(out, "%.3f", json_real_value(value));
		break;
	case JSON_TRUE:
		buf_adds(out, tr("yes", "はい"));
		break;
	case JSON_FALSE:
		buf_adds(out, tr("no", "いいえ"));
		break;
	default:
		buf_adds(out, "-");
	}
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

/* Columns on a terminal: wide characters, which are all of ours beyond ASCII, take two. */
static size_t columns(const char *text)
{
	size_t n = 0;
	for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
		n += *c < 0x80 ? 1 : (*c & 0xC0) == 0x80 ? 0 : 2;
	return n;
}

static void pad(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_addc(out, ' ');
}

static void cell_text(const json_t *row, const char *key, struct buf *cell)
{
	const json_t *value = json_object_get(row, key);
	buf_reset(cell);
	if (value == NULL)
		buf_addc(cell, '-');
	else if (is_scalar(value))
		add_scalar(cell, value);
	else
		buf_addf(cell, "(%zu)",
			 json_is_array(value) ? json_array_size(value) : json_object_size(value));
	if (cell->len == 0)
		buf_addc(cell, '-');
}

static void add_cell(struct buf *out, const char *text, size_t width, bool last)
{
	size_t taken = columns(text);
	buf_adds(out, text);
	if (!last)
		pad(out, (taken < width ? width - taken : 0) + 2);
}

/* A table whose columns are the members of the first row. */
static void add_table(struct buf *out, const json_t *rows, size_t indent)
{
	const char *keys[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX], count = 0;
	const char *key;
	json_t *value;
	struct buf cell;

	buf_init(&cell, CELL_MAX);
	json_object_foreach(json_array_get(rows, 0), key, value)
	{
		if (count == COLUMNS_MAX)
			break;
		widths[count] = columns(label_of(key));
		for (size_t i = 0; i < json_array_size(rows); i++) {
			cell_text(json_array_get(rows, i), key, &cell);
			size_t width = cell.data == NULL ? 0 : columns(cell.data);
			widths[count] = width > widths[count] ? width : widths[count];
		}
		keys[count++] = key;
	}
	pad(out, indent);
	for (size_t k = 0; k < count; k++)
		add_cell(out, label_of(keys[k]), widths[k], k + 1 == count);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		buf_addc(out, '\n');
		pad(out, indent);
		for (size_t k = 0; k < count; k++) {
			cell_text(json_array_get(rows, i), keys[k], &cell);
			add_cell(out, cell.data == NULL ? "" : cell.data, widths[k], k + 1 == count);
		}
	}
	buf_addc(out, '\n');
	buf_clear(&cell);
}

static void add_array(struct buf *out, const json_t *array, size_t indent)
{
	if (json_array_size(array) > 0 && json_is_object(json_array_get(array, 0))) {
		add_table(out, array, indent);
		return;
	}
	pad(out, indent);
	for (size_t i = 0; i < json_array_size(array); i++) {
		buf_adds(out, i == 0 ? "" : ", ");
		add_scalar(out, json_array_get(array, i));
	}
	if (json_array_size(array) == 0)
		buf_adds(out, tr("none", "なし"));
	buf_addc(out, '\n');
}

/* As deep as the answer is, and no deeper than DEPTH_MAX. */
static void add_members(struct buf *out, const json_t *object, size_t indent, unsigned depth)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		pad(out, indent);
		buf_adds(out, label_of(key));
		buf_addc(out, ':');
		if (is_scalar(value)) {
			buf_addc(out, ' ');
			add_scalar(out, value);
			buf_addc(out, '\n');
		} else if (json_is_array(value) && !json_is_object(json_array_get(value, 0))) {
			buf_addc(out, ' ');
			add_array(out, value, 0);
		} else if (depth < DEPTH_MAX) {
			buf_addc(out, '\n');
			if (json_is_array(value))
				add_array(out, value, indent + 2);
			else
				add_members(out, value, indent + 2, depth + 1);
		} else {
			buf_adds(out, " ...\n");
		}
	}
}

void answer_print(const json_t *answer, struct buf *out)
{
	if (json_is_object(answer)) {
		add_members(out, answer, 0, 1);
	} else if (json_is_array(answer)) {
		add_array(out, answer, 0);
	} else if (!json_is_null(answer)) {
		add_scalar(out, answer);
		buf_addc(out, '\n');
	}
}
