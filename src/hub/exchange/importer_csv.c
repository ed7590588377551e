/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* CSV with a header (RFC 4180); columns are known by their names. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "hub/exchange/importer_lines.h"

#define COLUMNS_MAX 128

enum column {
	COLUMN_NONE,
	COLUMN_VALUE,
	COLUMN_TYPE,
	COLUMN_NAME,
	COLUMN_DESCRIPTION,
	COLUMN_CONFIDENCE,
	COLUMN_CREATED,
	COLUMN_FROM,
	COLUMN_UNTIL,
	COLUMN_TLP,
	COLUMN_LABELS,
	COLUMN_COUNT
};

/* Names of columns: lower case, letters and digits only. Those of a type give the value its type. */
static const struct {
	const char *name;
	enum column column;
	const char *type;
} names[] = {
	{"value", COLUMN_VALUE, ""},
	{"indicator", COLUMN_VALUE, ""},
	{"indicatorvalue", COLUMN_VALUE, ""},
	{"ioc", COLUMN_VALUE, ""},
	{"iocvalue", COLUMN_VALUE, ""},
	{"observable", COLUMN_VALUE, ""},
	{"ip", COLUMN_VALUE, "ip"},
	{"ipaddress", COLUMN_VALUE, "ip"},
	{"ipv4", COLUMN_VALUE, "ip"},
	{"ipv6", COLUMN_VALUE, "ip"},
	{"domain", COLUMN_VALUE, "domain"},
	{"hostname", COLUMN_VALUE, "hostname"},
	{"fqdn", COLUMN_VALUE, "hostname"},
	{"url", COLUMN_VALUE, "url"},
	{"md5", COLUMN_VALUE, "md5"},
	{"sha1", COLUMN_VALUE, "sha1"},
	{"sha256", COLUMN_VALUE, "sha256"},
	{"sha512", COLUMN_VALUE, "sha512"},
	{"hash", COLUMN_VALUE, ""},
	{"email", COLUMN_VALUE, "email"},
	{"filename", COLUMN_VALUE, "filename"},
	{"type", COLUMN_TYPE, ""},
	{"indicatortype", COLUMN_TYPE, ""},
	{"ioctype", COLUMN_TYPE, ""},
	{"name", COLUMN_NAME, ""},
	{"title", COLUMN_NAME, ""},
	{"description", COLUMN_DESCRIPTION, ""},
	{"comment", COLUMN_DESCRIPTION, ""},
	{"note", COLUMN_DESCRIPTION, ""},
	{"confidence", COLUMN_CONFIDENCE, ""},
	{"created", COLUMN_CREATED, ""},
	{"date", COLUMN_CREATED, ""},
	{"firstseen", COLUMN_FROM, ""},
	{"validfrom", COLUMN_FROM, ""},
	{"validuntil", COLUMN_UNTIL, ""},
	{"expires", COLUMN_UNTIL, ""},
	{"expiration", COLUMN_UNTIL, ""},
	{"tlp", COLUMN_TLP, ""},
	{"marking", COLUMN_TLP, ""},
	{"tags", COLUMN_LABELS, ""},
	{"labels", COLUMN_LABELS, ""},
};

struct cell {
	size_t from, len; /* in the row's text; a NUL stands behind each */
};

struct csv {
	struct buf row; /* the cells without their quotes, each with a NUL */
	struct cell cells[COLUMNS_MAX];
	size_t count;                            /* cells that are whole */
	size_t cell_from;                        /* the one that is being read */
	bool quoted, after_quote, too_long, any; /* any: the row has begun */
	uint64_t line, row_line;
	bool has_header;
	size_t columns;
	enum column roles[COLUMNS_MAX];
	const char *types[COLUMNS_MAX];
};

static int open_csv(struct importer *imp)
{
	struct csv *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return HN_ENOMEM;
	buf_init(&c->row, IMPORTER_LINE_MAX);
	c->line = c->row_line = 1;
	imp->state = c;
	return HN_OK;
}

static void close_csv(struct importer *imp)
{
	struct csv *c = imp->state;
	buf_clear(&c->row);
	free(c);
}

static const char *cell_text(const struct csv *c, size_t i)
{
	return i < c->count ? c->row.data + c->cells[i].from : "";
}

/* ---- the header ---- */

static void take_name(struct csv *c, size_t i)
{
	char plain[32];
	size_t used = 0;
	for (const char *at = cell_text(c, i); *at != '\0'; at++) {
		char b = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
		if (((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9')) && used < sizeof(plain) - 1)
			plain[used++] = b;
	}
	plain[used] = '\0';
	c->roles[i] = COLUMN_NONE;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (strcmp(names[n].name, plain) == 0) {
			c->roles[i] = names[n].column;
			c->types[i] = names[n].type;
		}
}

static int take_header(struct importer *imp, struct fault *fault)
{
	struct csv *c = imp->state;
	bool value = false;
	for (size_t i = 0; i < c->count; i++) {
		take_name(c, i);
		value = value || c->roles[i] == COLUMN_VALUE;
		/* What a column says that nobody knows is lost for each row: it is told once. */
		if (c->roles[i] == COLUMN_NONE)
			importer_leave(imp, "column", tr("header", "見出し行"), cell_text(c, i),
				       strlen(cell_text(c, i)),
				       tr("a column that has no place", "対応する項目のない列"));
	}
	c->columns = c->count;
	c->has_header = true;
	if (!value)
		return fault_set(
			fault, HN_EFORMAT, tr("line 1", "1行目"),
			tr("no column holds indicators (value, indicator, ip, domain, url, md5, ...)",
			   "指標の列(value、indicator、ip、domain、url、md5など)がない"));
	return HN_OK;
}

/* ---- a row ---- */

/* RFC 3339, "2026-01-02 03:04:05", or a date. @return false: none of these */
static bool read_time(const char *text, int64_t *out)
{
	char whole[40];
	size_t len = strlen(text);
	if (len == 0)
		return true;
	if (len == 10)
		(void)snprintf(whole, sizeof(whole), "%sT00:00:00Z", text);
	else if (len == 19)
		(void)snprintf(whole, sizeof(whole), "%.10sT%sZ", text, text + 11);
	else
		(void)snprintf(whole, sizeof(whole), "%.39s", text);
	return utc_parse(whole, strlen(whole), out) == HN_OK;
}

static bool read_confidence(const char *text, int *out)
{
	size_t len = strlen(text);
	if (len == 0)
		return true;
	if (len > 3 || strspn(text, "0123456789") != len)
		return false;
	int value = (int)strtol(text, NULL, 10);
	if (value > 100)
		return false;
	*out = value;
	return true;
}

static bool take_cell(struct importer_row *row, enum column role, const char *text)
{
	switch (role) {
	case COLUMN_TYPE:
		row->type = text;
		return true;
	case COLUMN_NAME:
		row->name = text;
		return true;
	case COLUMN_DESCRIPTION:
		row->description = text;
		return true;
	case COLUMN_TLP:
		row->tlp = text;
		return true;
	case COLUMN_LABELS:
		row->labels = text;
		return true;
	case COLUMN_CONFIDENCE:
		return read_confidence(text, &row->confidence);
	case COLUMN_CREATED:
		return read_time(text, &row->created_ns);
	case COLUMN_FROM:
		return read_time(text, &row->from_ns);
	case COLUMN_UNTIL:
		return read_time(text, &row->until_ns);
	default:
		return true;
	}
}

static void take_row(struct importer *imp)
{
	struct csv *c = imp->state;
	struct importer_row row = {.type = "",
				   .name = "",
				   .description = "",
				   .tlp = "",
				   .labels = "",
				   .confidence = -1,
				   .line = c->row_line};
	char place[32];
	bool any = false;
	(void)snprintf(place, sizeof(place), tr("line %" PRIu64, "%" PRIu64 "行目"), c->row_line);
	for (size_t i = 0; i < c->count; i++)
		if (!take_cell(&row, c->roles[i], cell_text(c, i)))
			importer_leave(imp, "cell", place, cell_text(c, i), strlen(cell_text(c, i)),
				       tr("not a time, or not a confidence of 0 to 100",
					  "時刻でないか、0から100の信頼度でない"));
	const char *type = row.type;
	for (size_t i = 0; i < c->count; i++) {
		row.value = cell_text(c, i);
		if (c->roles[i] != COLUMN_VALUE || row.value[0] == '\0')
			continue;
		row.type = c->types[i][0] != '\0' ? c->types[i] : type;
		importer_row(imp, &row);
		any = true;
	}
	if (!any)
		importer_leave(imp, "empty", place, "", 0, tr("no value in this row", "この行に値がない"));
}

static int end_row(struct importer *imp, struct fault *fault)
{
	struct csv *c = imp->state;
	char place[32];
	int err = HN_OK;
	(void)snprintf(place, sizeof(place), tr("line %" PRIu64, "%" PRIu64 "行目"), c->row_line);
	bool text = c->row.data != NULL && utf8_valid(c->row.data, c->row.len);
	bool blank = c->count == 1 && c->cells[0].len == 0;
	if (c->too_long)
		importer_leave(imp, "too-long", place, "", 0, tr("the row is too long", "行が長すぎる"));
	else if (!text)
		importer_leave(imp, "text", place, "", 0, tr("not UTF-8 text", "UTF-8の文字列ではない"));
	else if (!c->has_header && !blank)
		err = take_header(imp, fault);
	else if (!blank && c->count != c->columns)
		importer_leave(imp, "row", place, c->row.data, strlen(c->row.data),
			       tr("has another number of cells than the header", "列数が見出し行と異なる"));
	else if (!blank)
		take_row(imp);
	buf_reset(&c->row);
	c->count = c->cell_from = 0;
	c->quoted = c->after_quote = c->too_long = c->any = false;
	c->row_line = c->line;
	if (err == HN_OK && !c->has_header && imp->report.left_out > 0)
		return fault_set(fault, HN_EFORMAT, place, tr("no header", "見出し行がない"));
	return err;
}

static void end_cell(struct csv *c)
{
	if (c->count == COLUMNS_MAX || buf_err(&c->row) != HN_OK) {
		c->too_long = true;
		return;
	}
	size_t len = c->row.len - c->cell_from;
	c->cells[c->count++] = (struct cell){c->cell_from, len};
	buf_addc(&c->row, '\0');
	c->cell_from = c->row.len;
	c->too_long = c->too_long || buf_err(&c->row) != HN_OK;
}

static int take_byte(struct importer *imp, char b, struct fault *fault)
{
	struct csv *c = imp->state;
	bool at_start = c->row.len == c->cell_from && !c->quoted && !c->after_quote;
	if (b == '\n')
		c->line++;
	if (c->quoted) {
		if (b == '"') {
			c->quoted = false;
			c->after_quote = true;
		} else {
			buf_addc(&c->row, b == '\0' ? '\x01' : b);
		}
		return HN_OK;
	}
	if (c->after_quote && b == '"') {
		buf_addc(&c->row, '"');
		c->quoted = true;
		c->after_quote = false;
		return HN_OK;
	}
	if (b == ',' || b == '\n') {
		end_cell(c);
		c->after_quote = false;
		c->any = b == ',';
		return b == '\n' ? end_row(imp, fault) : HN_OK;
	}
	c->any = true;
	if (b == '"' && at_start)
		c->quoted = true;
	else if (b != '\r')
		buf_addc(&c->row, b == '\0' ? '\x01' : b);
	return HN_OK;
}

static int feed_csv(struct importer *imp, const uint8_t *data, size_t len, struct fault *fault)
{
	struct csv *c = imp->state;
	int err = HN_OK;
	for (size_t i = 0; i < len && err == HN_OK; i++) {
		err = take_byte(imp, (char)data[i], fault);
		if (buf_err(&c->row) == HN_ENOMEM)
			return HN_ENOMEM;
		c->too_long = c->too_long || buf_err(&c->row) != HN_OK;
	}
	return err;
}

static int end_csv(struct importer *imp, struct fault *fault)
{
	struct csv *c = imp->state;
	if (c->quoted)
		return fault_set(fault, HN_ETRUNC, tr("the last row", "最後の行"),
				 tr("a quote is not closed", "引用符が閉じられていない"));
	if (!c->any && c->row.len == 0 && c->count == 0)
		return HN_OK;
	end_cell(c);
	return end_row(imp, fault);
}

const struct importer_form IMPORTER_FORM_CSV = {"csv", open_csv, close_csv, feed_csv, end_csv};
