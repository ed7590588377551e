/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/answer_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

#define DEPTH_MAX   6
#define MEMBERS_MAX 64
#define SCREEN      110 /* columns that a table may take */
#define CELL_MAX    256

/* What members are called, in the order in which they are shown. Others follow by their own names. */
static const struct label {
	const char *name, *en, *ja;
} labels[] = {
	{"name", "name", "名前"},
	{"type", "type", "種別"},
	{"action", "action", "動作"},
	{"version", "version", "プログラムの版"},
	{"since", "since", "起動"},
	{"uptime", "uptime", "稼働時間"},
	{"status", "state", "状態"},
	{"place", "place", "順位"},
	{"set", "set", "集合"},
	{"set_id", "set id", "集合ID"},
	{"set_version", "version", "版"},
	{"trigger", "trigger", "契機"},
	{"entry", "entry", "項目"},
	{"value", "value", "値"},
	{"step", "aliases before it", "前の別名の数"},
	{"why", "why", "理由"},
	{"reason", "ground", "根拠"},
	{"organisation", "organisation", "組織"},
	{"contact", "contact", "申立先"},
	{"object", "object", "オブジェクト"},
	{"marking", "marking", "取扱表示"},
	{"confidence", "confidence", "確度"},
	{"labels_left", "labels left of it", "左に残るラベル"},
	{"count", "count", "回数"},
	{"entries", "entries", "項目数"},
	{"layers", "layers", "層"},
	{"answers", "answers", "応答数"},
	{"hits", "hits", "ヒット"},
	{"misses", "misses", "ミス"},
	{"bytes", "bytes", "バイト"},
	{"evicted", "evicted", "追出し"},
	{"under_way", "under way", "処理中"},
	{"waiting", "waiting", "待ち"},
	{"queries", "queries", "問合せ"},
	{"blocked", "blocked", "遮断"},
	{"refused", "refused", "拒否"},
	{"client", "client", "クライアント"},
	{"group", "group", "グループ"},
	{"view", "view", "ビュー"},
	{"generation", "generation", "ポリシーの世代"},
	{"threads", "threads", "スレッド"},
	{"listeners", "listeners", "待受け"},
	{"groups", "groups", "グループ"},
	{"policy", "policy", "ポリシー"},
	{"cache", "cache", "キャッシュ"},
	{"stale", "stale", "期限切れ応答"},
	{"recursion", "recursion", "再帰問合せ"},
	{"decided", "decides", "決定"},
	{"matches", "matches", "一致"},
	{"names", "names", "名前"},
	{"sets", "sets", "集合"},
	{"file", "file", "ファイル"},
	{"kind", "kind", "種類"},
	{"over", "too high by at most", "最大過大"},
	{"note", "note", "注"},
	{"judged", "judged", "判定した値"},
	{"also", "the other type", "もう一方の種別"},
	{"asked", "asked", "問合せ"},
	{"day", "day", "日"},
	{"days", "days", "日別"},
	{"left_out", "left out", "除外"},
};

#define LABELS (sizeof(labels) / sizeof(labels[0]))

static size_t rank_of(const char *name)
{
	size_t i = 0;
	while (i < LABELS && strcmp(labels[i].name, name) != 0)
		i++;
	return i;
}

static const char *label_of(const char *name)
{
	size_t rank = rank_of(name);
	return rank == LABELS ? name : tr(labels[rank].en, labels[rank].ja);
}

static int compare(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t rank_x = rank_of(x), rank_y = rank_of(y);
	return rank_x != rank_y ? (rank_x < rank_y ? -1 : 1) : strcmp(x, y);
}

/* Adds the names of an object's members that say something and are not there yet. */
static size_t gather(const json_t *object, const char *keys[MEMBERS_MAX], size_t count)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		bool known = json_is_null(value) || count == MEMBERS_MAX;
		for (size_t i = 0; i < count; i++)
			known = known || strcmp(keys[i], key) == 0;
		if (!known)
			keys[count++] = key;
	}
	return count;
}

static void sort(const char *keys[], size_t count)
{
	if (count > 0)
		qsort((void *)keys, count, sizeof(keys[0]), compare);
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

/* How wide each column is. @return the whole table */
static size_t measure(const json_t *rows, const char *const keys[], size_t count, size_t widths[])
{
	size_t whole = 0;
	struct buf cell;

	buf_init(&cell, CELL_MAX);
	for (size_t k = 0; k < count; k++) {
		widths[k] = columns(label_of(keys[k]));
		for (size_t i = 0; i < json_array_size(rows); i++) {
			cell_text(json_array_get(rows, i), keys[k], &cell);
			size_t width = cell.data == NULL ? 0 : columns(cell.data);
			widths[k] = width > widths[k] ? width : widths[k];
		}
		whole += widths[k] + 2;
	}
	buf_clear(&cell);
	return whole;
}

static void add_table(struct buf *out, const json_t *rows, const char *const keys[], size_t count,
		      const size_t widths[], size_t indent)
{
	struct buf cell;

	buf_init(&cell, CELL_MAX);
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

static void add_members(struct buf *out, const json_t *object, size_t indent, unsigned depth);

/* As a table where the screen is wide enough, else one block a row. */
static void add_rows(struct buf *out, const json_t *rows, size_t indent, unsigned depth)
{
	const char *keys[MEMBERS_MAX];
	size_t widths[MEMBERS_MAX], count = 0;

	for (size_t i = 0; i < json_array_size(rows); i++)
		count = gather(json_array_get(rows, i), keys, count);
	sort(keys, count);
	if (indent + measure(rows, keys, count, widths) <= SCREEN) {
		add_table(out, rows, keys, count, widths, indent);
		return;
	}
	for (size_t i = 0; i < json_array_size(rows); i++) {
		if (i > 0)
			buf_addc(out, '\n');
		add_members(out, json_array_get(rows, i), indent, depth + 1);
	}
}

static void add_list(struct buf *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		buf_adds(out, i == 0 ? "" : ", ");
		add_scalar(out, json_array_get(list, i));
	}
	if (json_array_size(list) == 0)
		buf_adds(out, tr("none", "なし"));
	buf_addc(out, '\n');
}

static void add_member(struct buf *out, const json_t *value, size_t indent, unsigned depth)
{
	if (is_scalar(value)) {
		buf_addc(out, ' ');
		add_scalar(out, value);
		buf_addc(out, '\n');
	} else if (json_is_array(value) && !json_is_object(json_array_get(value, 0))) {
		buf_addc(out, ' ');
		add_list(out, value);
	} else if (depth == DEPTH_MAX) {
		buf_adds(out, " ...\n");
	} else {
		buf_addc(out, '\n');
		if (json_is_array(value))
			add_rows(out, value, indent + 2, depth + 1);
		else
			add_members(out, value, indent + 2, depth + 1);
	}
}

/* As deep as the answer is, and no deeper than DEPTH_MAX. */
static void add_members(struct buf *out, const json_t *object, size_t indent, unsigned depth)
{
	const char *keys[MEMBERS_MAX];
	size_t count = gather(object, keys, 0);

	sort(keys, count);
	for (size_t i = 0; i < count; i++) {
		pad(out, indent);
		buf_addf(out, "%s:", label_of(keys[i]));
		add_member(out, json_object_get(object, keys[i]), indent, depth);
	}
}

void answer_print(const json_t *answer, struct buf *out)
{
	if (json_is_object(answer)) {
		add_members(out, answer, 0, 1);
	} else if (json_is_array(answer) && json_is_object(json_array_get(answer, 0))) {
		add_rows(out, answer, 0, 1);
	} else if (json_is_array(answer)) {
		add_list(out, answer);
	} else if (!json_is_null(answer)) {
		add_scalar(out, answer);
		buf_addc(out, '\n');
	}
}
