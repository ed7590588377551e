/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* CSV (RFC 4180) with a header; also with ';', tabs or '|' between cells. Columns are known by their names.
 */
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "match/import_form.h"

#define COLUMNS_MAX 64u
#define LOOK_LINES  32
#define HEADER_MAX  8192u

enum role {
	ROLE_NONE,
	ROLE_VALUE,
	ROLE_TYPE,
	ROLE_ACT,
	ROLE_CONFIDENCE,
	ROLE_FROM,
	ROLE_UNTIL,
	ROLE_MARKING,
	ROLE_OBJECT,
	ROLE_PHASE,
	ROLE_FOR_USE,
	ROLE_REVOKED
};

struct column {
	enum role role;
	enum import_type type; /* of ROLE_VALUE */
};

/* Names of columns: lower case, letters and digits only. */
static const struct {
	const char *name;
	enum role role;
	enum import_type type;
} names[] = {
	{"indicator", ROLE_VALUE, IMPORT_ANY},
	{"indicatorvalue", ROLE_VALUE, IMPORT_ANY},
	{"value", ROLE_VALUE, IMPORT_ANY},
	{"ioc", ROLE_VALUE, IMPORT_ANY},
	{"iocvalue", ROLE_VALUE, IMPORT_ANY},
	{"observable", ROLE_VALUE, IMPORT_ANY},
	{"ip", ROLE_VALUE, IMPORT_IP},
	{"ipaddress", ROLE_VALUE, IMPORT_IP},
	{"ipv4", ROLE_VALUE, IMPORT_IP},
	{"ipv6", ROLE_VALUE, IMPORT_IP},
	{"srcip", ROLE_VALUE, IMPORT_IP},
	{"dstip", ROLE_VALUE, IMPORT_IP},
	{"sourceip", ROLE_VALUE, IMPORT_IP},
	{"destinationip", ROLE_VALUE, IMPORT_IP},
	{"cidr", ROLE_VALUE, IMPORT_IP},
	{"prefix", ROLE_VALUE, IMPORT_IP},
	{"network", ROLE_VALUE, IMPORT_IP},
	{"netblock", ROLE_VALUE, IMPORT_IP},
	{"domain", ROLE_VALUE, IMPORT_HOST},
	{"domainname", ROLE_VALUE, IMPORT_HOST},
	{"hostname", ROLE_VALUE, IMPORT_HOST},
	{"host", ROLE_VALUE, IMPORT_HOST},
	{"fqdn", ROLE_VALUE, IMPORT_HOST},
	{"url", ROLE_VALUE, IMPORT_URL},
	{"uri", ROLE_VALUE, IMPORT_URL},
	{"hash", ROLE_VALUE, IMPORT_DIGEST},
	{"filehash", ROLE_VALUE, IMPORT_DIGEST},
	{"md5", ROLE_VALUE, IMPORT_DIGEST},
	{"md5hash", ROLE_VALUE, IMPORT_DIGEST},
	{"sha1", ROLE_VALUE, IMPORT_DIGEST},
	{"sha1hash", ROLE_VALUE, IMPORT_DIGEST},
	{"sha256", ROLE_VALUE, IMPORT_DIGEST},
	{"sha256hash", ROLE_VALUE, IMPORT_DIGEST},
	{"ja4", ROLE_VALUE, IMPORT_JA4},
	{"type", ROLE_TYPE, IMPORT_ANY},
	{"indicatortype", ROLE_TYPE, IMPORT_ANY},
	{"ioctype", ROLE_TYPE, IMPORT_ANY},
	{"act", ROLE_ACT, IMPORT_ANY},
	{"confidence", ROLE_CONFIDENCE, IMPORT_ANY},
	{"confidencelevel", ROLE_CONFIDENCE, IMPORT_ANY},
	{"validfrom", ROLE_FROM, IMPORT_ANY},
	{"validuntil", ROLE_UNTIL, IMPORT_ANY},
	{"expires", ROLE_UNTIL, IMPORT_ANY},
	{"expiration", ROLE_UNTIL, IMPORT_ANY},
	{"expirationdate", ROLE_UNTIL, IMPORT_ANY},
	{"expiry", ROLE_UNTIL, IMPORT_ANY},
	{"marking", ROLE_MARKING, IMPORT_ANY},
	{"tlp", ROLE_MARKING, IMPORT_ANY},
	{"id", ROLE_OBJECT, IMPORT_ANY},
	{"uuid", ROLE_OBJECT, IMPORT_ANY},
	{"indicatorid", ROLE_OBJECT, IMPORT_ANY},
	{"phase", ROLE_PHASE, IMPORT_ANY},
	{"killchainphase", ROLE_PHASE, IMPORT_ANY},
	{"toids", ROLE_FOR_USE, IMPORT_ANY},
	{"revoked", ROLE_REVOKED, IMPORT_ANY},
	{"deleted", ROLE_REVOKED, IMPORT_ANY},
};

struct cell {
	const char *text;
	size_t len;
};

struct csv {
	struct import *im;
	char delimiter;
	struct column columns[COLUMNS_MAX];
	size_t count;
	uint64_t line;  /* where the row began */
	uint64_t lines; /* read so far */
	struct cell cells[COLUMNS_MAX];
	struct buf unquoted;         /* of one row: cells with doubled quotes */
	size_t offsets[COLUMNS_MAX]; /* plus one: the cell lies at that place of unquoted */
	char object[IMPORT_TEXT_MAX], act[IMPORT_TEXT_MAX], marking[IMPORT_TEXT_MAX], phase[IMPORT_TEXT_MAX];
};

static struct column column_of(const char *text, size_t len)
{
	char plain[32];
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (used == sizeof(plain) - 1)
			return (struct column){ROLE_NONE, IMPORT_ANY};
		plain[used++] = c;
	}
	plain[used] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(plain, names[i].name) == 0)
			return (struct column){names[i].role, names[i].type};
	return (struct column){ROLE_NONE, IMPORT_ANY};
}

/* Takes the cells of a header line. @return whether one holds indicators */
static bool read_header(struct csv *c, const char *line, size_t len, char delimiter)
{
	bool value = false;
	c->count = 0;
	c->delimiter = delimiter;
	for (;;) {
		const char *end = memchr(line, delimiter, len);
		size_t n = end == NULL ? len : (size_t)(end - line);
		const char *text = line;
		size_t text_len = n;
		import_trim(&text, &text_len);
		if (text_len >= 2 && text[0] == '"' && text[text_len - 1] == '"') {
			text++;
			text_len -= 2;
		}
		if (c->count == COLUMNS_MAX)
			return false;
		c->columns[c->count] = column_of(text, text_len);
		value |= c->columns[c->count++].role == ROLE_VALUE;
		if (end == NULL)
			return value;
		line += n + 1;
		len -= n + 1;
	}
}

/* A header of more than one column, or of one whose name is the whole line. A comment may hold it too. */
static bool is_header(struct csv *c, const char *line, size_t len)
{
	static const char delimiters[] = {',', ';', '\t', '|'};
	bool comment = len > 0 && line[0] == '#';
	if (len > HEADER_MAX)
		return false;
	while (len > 0 && (line[0] == '#' || line[0] == ' ')) {
		line++;
		len--;
	}
	for (size_t i = 0; i < sizeof(delimiters); i++)
		if (memchr(line, delimiters[i], len) != NULL && read_header(c, line, len, delimiters[i]))
			return true;
	return !comment && len > 0 && read_header(c, line, len, ',');
}

/* The first line that is no comment must be the header, or the comment before it. */
static bool find_header(struct csv *c, struct cur *in)
{
	const char *line;
	size_t len;
	for (unsigned n = 0; n < LOOK_LINES && import_line(in, &line, &len); n++) {
		c->lines++;
		import_trim(&line, &len);
		if (len == 0)
			continue;
		if (is_header(c, line, len))
			return true;
		if (!import_is_comment(line, len))
			return false;
	}
	return false;
}

static bool recognise_csv(struct cur in)
{
	struct csv *c;
	if (import_is_json(in) || (c = calloc(1, sizeof(*c))) == NULL)
		return false;
	bool found = find_header(c, &in);
	free(c);
	return found;
}

/* ---- rows ---- */

/* Behind an opening quote. Doubled quotes send the cell through the buffer. */
static int read_quoted(struct csv *c, struct cur *in, struct cell *out, size_t *offset_out)
{
	const uint8_t *from = in->at;
	size_t offset = c->unquoted.len;
	bool doubled = false;
	for (;;) {
		const uint8_t *quote = memchr(in->at, '"', cur_left(in));
		if (quote == NULL)
			return import_fault_line(
				c->im, HN_EFORMAT, c->line,
				tr("a quoted cell has no end", "引用符で始まるセルが閉じていない"));
		size_t n = (size_t)(quote - in->at);
		for (const uint8_t *p = in->at; p < quote; p++)
			c->lines += *p == '\n' ? 1 : 0;
		const uint8_t *piece = cur_take(in, n + 1);
		bool again = cur_left(in) > 0 && *in->at == '"';
		if (doubled || again) {
			buf_add(&c->unquoted, piece, n);
			if (again)
				buf_addc(&c->unquoted, '"');
			doubled = true;
		}
		if (!again) {
			*out = (struct cell){(const char *)from, (size_t)(quote - from)};
			break;
		}
		cur_skip(in, 1);
	}
	if (doubled) {
		*offset_out = offset + 1;
		out->len = c->unquoted.len - offset;
	}
	return buf_err(&c->unquoted);
}

static int read_cell(struct csv *c, struct cur *in, struct cell *out, size_t *offset_out)
{
	*offset_out = 0;
	if (cur_left(in) > 0 && *in->at == '"') {
		cur_skip(in, 1);
		int rc = read_quoted(c, in, out, offset_out);
		/* What stands between the closing quote and the delimiter is passed over. */
		while (rc == HN_OK && cur_left(in) > 0 && *in->at != (uint8_t)c->delimiter && *in->at != '\n')
			cur_skip(in, 1);
		return rc;
	}
	const uint8_t *from = in->at;
	const uint8_t *at = from;
	while (at < in->end && *at != (uint8_t)c->delimiter && *at != '\n')
		at++;
	cur_skip(in, (size_t)(at - from));
	*out = (struct cell){(const char *)from, (size_t)(at - from)};
	return HN_OK;
}

/* Reads one row; cells that are missing are empty, those over the header are passed over. */
static int read_row(struct csv *c, struct cur *in)
{
	size_t n = 0;
	int rc = HN_OK;
	c->line = ++c->lines;
	buf_reset(&c->unquoted);
	for (size_t i = 0; i < c->count; i++) {
		c->cells[i] = (struct cell){"", 0};
		c->offsets[i] = 0;
	}
	for (;;) {
		struct cell cell;
		size_t offset;
		rc = read_cell(c, in, &cell, &offset);
		if (rc != HN_OK)
			return rc;
		if (n < c->count) {
			c->cells[n] = cell;
			c->offsets[n] = offset;
		}
		n++;
		if (cur_left(in) == 0 || cur_u8(in) == '\n')
			break;
	}
	for (size_t i = 0; i < c->count; i++) {
		if (c->offsets[i] > 0)
			c->cells[i].text = c->unquoted.data + c->offsets[i] - 1;
		import_trim(&c->cells[i].text, &c->cells[i].len);
	}
	return HN_OK;
}

static const struct cell *cell_of(const struct csv *c, enum role role)
{
	static const struct cell empty = {"", 0};
	for (size_t i = 0; i < c->count; i++)
		if (c->columns[i].role == role && c->cells[i].len > 0)
			return &c->cells[i];
	return &empty;
}

static bool has_column(const struct csv *c, enum role role)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->columns[i].role == role)
			return true;
	return false;
}

static bool is_true(const struct cell *cell)
{
	return (cell->len == 1 && cell->text[0] == '1') ||
	       (cell->len == 4 && strncasecmp(cell->text, "true", 4) == 0) ||
	       (cell->len == 3 && strncasecmp(cell->text, "yes", 3) == 0);
}

static const char *copy_cell(const struct csv *c, enum role role, char out[IMPORT_TEXT_MAX])
{
	const struct cell *cell = cell_of(c, role);
	if (cell->len == 0)
		return NULL;
	import_text(out, IMPORT_TEXT_MAX, cell->text, cell->len);
	return out;
}

static int read_meta(struct csv *c, struct entry_meta *meta)
{
	const struct cell *from = cell_of(c, ROLE_FROM), *until = cell_of(c, ROLE_UNTIL);
	const struct cell *tlp = cell_of(c, ROLE_MARKING), *confidence = cell_of(c, ROLE_CONFIDENCE);

	import_at_line(c->im, c->line, meta);
	const char *object = copy_cell(c, ROLE_OBJECT, c->object);
	if (object != NULL) {
		meta->object = object;
		meta->source = NULL;
	}
	meta->act = copy_cell(c, ROLE_ACT, c->act);
	meta->phase = copy_cell(c, ROLE_PHASE, c->phase);
	meta->marking = import_tlp(tlp->text, tlp->len);
	if (meta->marking == NULL)
		meta->marking = copy_cell(c, ROLE_MARKING, c->marking);
	meta->confidence = import_confidence(confidence->text, confidence->len);
	if (from->len > 0 && import_time(from->text, from->len, &meta->valid_from_ns) != HN_OK)
		return HN_EFORMAT;
	if (until->len > 0 && import_time(until->text, until->len, &meta->valid_until_ns) != HN_OK)
		return HN_EFORMAT;
	return HN_OK;
}

static int take_row(struct csv *c)
{
	struct entry_meta meta = import_no_meta();
	const struct cell *type = cell_of(c, ROLE_TYPE), *first = cell_of(c, ROLE_VALUE);
	if (first->len == 0) {
		c->im->summary->other++;
		return HN_OK;
	}
	if (read_meta(c, &meta) != HN_OK)
		return import_leave_out(c->im, IMPORT_NOT_INDICATOR, meta.object, first->text, first->len,
					tr("its validity is no time", "有効期間が時刻ではない"));
	if (is_true(cell_of(c, ROLE_REVOKED)))
		return import_leave_out(c->im, IMPORT_REVOKED, meta.object, first->text, first->len, "");
	if (has_column(c, ROLE_FOR_USE) && !is_true(cell_of(c, ROLE_FOR_USE)))
		return import_leave_out(c->im, IMPORT_NOT_FOR_USE, meta.object, first->text, first->len,
					"to_ids");
	for (size_t i = 0; i < c->count; i++) {
		const struct cell *cell = &c->cells[i];
		if (c->columns[i].role != ROLE_VALUE || cell->len == 0)
			continue;
		bool any = c->columns[i].type == IMPORT_ANY;
		int rc = any ? import_typed(c->im, type->text, type->len, cell->text, cell->len, IMPORT_ANY,
					    &meta)
			     : import_value(c->im, cell->text, cell->len, c->columns[i].type, &meta);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static bool is_empty_row(struct cur in)
{
	const char *line;
	size_t len;
	if (!import_line(&in, &line, &len))
		return true;
	import_trim(&line, &len);
	return len == 0 || line[0] == '#';
}

static int read_csv(struct import *im, struct cur in)
{
	const char *line;
	size_t len;
	struct csv *c = calloc(1, sizeof(*c));
	int rc = HN_OK;
	if (c == NULL)
		return HN_ENOMEM;
	c->im = im;
	buf_init(&c->unquoted, COLUMNS_MAX * im->limits->line_max);
	(void)find_header(c, &in);
	while (rc == HN_OK && cur_left(&in) > 0) {
		if (is_empty_row(in)) {
			(void)import_line(&in, &line, &len);
			c->lines++;
			continue;
		}
		rc = read_row(c, &in);
		if (rc == HN_OK)
			rc = take_row(c);
	}
	buf_clear(&c->unquoted);
	free(c);
	return rc;
}

const struct import_form IMPORT_CSV = {"csv", recognise_csv, read_csv};
