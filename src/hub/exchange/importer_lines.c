/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/importer_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utf8.h"
#include "stix/marking.h"
#include "store/label.h"

#define PATTERN_MAX (IMPORTER_LINE_MAX * 2u)
#define LIST_LOOK   1000 /* lines without a value, before the input is taken for something else */

/* ---- one indicator ---- */

static int pattern_of(const struct importer_row *row, struct buf *pattern, const char **language)
{
	*language = "stix";
	if (row->type[0] == '\0')
		return importer_pattern_guess(row->value, strlen(row->value), pattern);
	int err = importer_pattern(row->type, row->value, pattern, language);
	if (err != HN_ENOENT)
		return err;
	/* A word of others for what the content shows by itself. */
	buf_reset(pattern);
	*language = "stix";
	return importer_pattern_guess(row->value, strlen(row->value), pattern) == HN_OK ? HN_OK : HN_ENOENT;
}

/* "tlp:amber", "AMBER", "TLP:AMBER+STRICT"; -1: no such level, -2: nothing said. */
static int tlp_of(const char *text)
{
	char word[16];
	size_t n = 0;
	if (strncasecmp(text, "tlp:", 4) == 0)
		text += 4;
	if (text[0] == '\0')
		return -2;
	for (; n < sizeof(word) - 1 && text[n] != '\0'; n++)
		word[n] = (char)(text[n] >= 'A' && text[n] <= 'Z' ? text[n] + 32 : text[n]);
	word[n] = '\0';
	if (text[n] != '\0')
		return -1;
	return strcmp(word, "white") == 0 ? TLP_CLEAR : tlp_value(word, n);
}

static void add_marking(struct importer *imp, int tlp)
{
	struct uuid id;
	if (tlp < 0 || stix_marking_id((enum stix_tlp)tlp, STIX_2_1, &id) != HN_OK)
		return;
	buf_adds(imp->out, ",\"object_marking_refs\":[\"");
	importer_id(imp->out, "marking-definition", &id);
	buf_adds(imp->out, "\"]");
}

/* "a, b;c" as a list. */
static void add_labels(struct importer *imp, const char *labels)
{
	bool any = false;
	while (*labels != '\0') {
		labels += strspn(labels, " ,;");
		size_t len = strcspn(labels, ",;");
		size_t end = len;
		while (end > 0 && labels[end - 1] == ' ')
			end--;
		if (end > 0) {
			buf_adds(imp->out, any ? "," : ",\"labels\":[");
			buf_json_string(imp->out, labels, end);
			any = true;
		}
		labels += len;
	}
	if (any)
		buf_addc(imp->out, ']');
}

static void write_indicator(struct importer *imp, const struct importer_row *row, const struct buf *pattern,
			    const char *language, int tlp)
{
	struct uuid id = importer_uuid(imp, language, pattern->data, pattern->len);
	int64_t created = row->created_ns != 0 ? row->created_ns : imp->terms.created_ns;
	int64_t from = row->from_ns != 0      ? row->from_ns
		       : row->created_ns != 0 ? row->created_ns
					      : imp->terms.imported_ns;
	importer_begin(imp, "indicator", &id, created, created);
	importer_text(imp, "name", row->name[0] != '\0' ? row->name : row->value);
	importer_text(imp, "description", row->description);
	importer_text(imp, "pattern", pattern->data);
	importer_text(imp, "pattern_type", language);
	importer_time(imp, "valid_from", from);
	if (row->until_ns > from)
		importer_time(imp, "valid_until", row->until_ns);
	if (row->confidence >= 0)
		buf_addf(imp->out, ",\"confidence\":%d", row->confidence);
	add_labels(imp, row->labels);
	if (imp->name[0] != '\0') {
		buf_adds(imp->out, ",\"external_references\":[{\"source_name\":");
		buf_json_string(imp->out, imp->name, strlen(imp->name));
		buf_adds(imp->out, ",\"description\":\"import\"}]");
	}
	add_marking(imp, tlp);
	importer_finish(imp);
}

void importer_row(struct importer *imp, const struct importer_row *row)
{
	char place[32];
	struct buf pattern;
	const char *language;
	int tlp = tlp_of(row->tlp);
	size_t len = strlen(row->value);
	(void)snprintf(place, sizeof(place), tr("line %" PRIu64, "%" PRIu64 "行目"), row->line);
	if (tlp == -1) {
		importer_leave(imp, "marking", place, row->tlp, strlen(row->tlp),
			       tr("no TLP level", "TLPの区分ではない"));
		return;
	}
	buf_init(&pattern, PATTERN_MAX);
	int err = pattern_of(row, &pattern, &language);
	if (err == HN_OK)
		write_indicator(imp, row, &pattern, language, tlp);
	else if (err == HN_ENOENT)
		importer_leave(imp, "type", place, row->value, len,
			       tr("of a type that is not known", "種別が分からない"));
	else if (err == HN_ELIMIT)
		importer_leave(imp, "too-long", place, row->value, len, tr("too long", "長すぎる"));
	else
		importer_leave(imp, "value", place, row->value, len,
			       tr("not an indicator of its type", "その種別の指標ではない"));
	buf_clear(&pattern);
}

/* ---- text lists ---- */

struct list {
	struct buf line; /* what former pieces had of it */
	bool too_long;
	uint64_t number;
};

static int open_list(struct importer *imp)
{
	struct list *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return HN_ENOMEM;
	buf_init(&l->line, IMPORTER_LINE_MAX);
	imp->state = l;
	return HN_OK;
}

static void close_list(struct importer *imp)
{
	struct list *l = imp->state;
	buf_clear(&l->line);
	free(l);
}

/* A comment: what stands behind '#' at the beginning or behind white space. */
static size_t without_comment(const char *line, size_t len)
{
	if (len > 0 && (line[0] == ';' || line[0] == '!' || (len > 1 && line[0] == '/' && line[1] == '/')))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
			return i;
	return len;
}

static int take_line(struct importer *imp, const char *line, size_t len, struct fault *fault)
{
	struct list *l = imp->state;
	char place[32];
	l->number++;
	if (l->number == 1 && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
		line += 3;
		len -= 3;
	}
	(void)snprintf(place, sizeof(place), tr("line %" PRIu64, "%" PRIu64 "行目"), l->number);
	if (l->too_long) {
		importer_leave(imp, "too-long", place, line, len, tr("too long", "長すぎる"));
		return HN_OK;
	}
	if (!utf8_valid(line, len) || memchr(line, '\0', len) != NULL) {
		importer_leave(imp, "text", place, "", 0, tr("not UTF-8 text", "UTF-8の文字列ではない"));
	} else {
		len = without_comment(line, len);
		while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
			len--;
		while (len > 0 && (*line == ' ' || *line == '\t')) {
			line++;
			len--;
		}
		if (len == 0)
			return HN_OK;
		char *value = strndup(line, len);
		if (value == NULL)
			return HN_ENOMEM;
		const struct importer_row row = {.type = "",
						 .value = value,
						 .name = "",
						 .description = "",
						 .tlp = "",
						 .labels = "",
						 .confidence = -1,
						 .line = l->number};
		importer_row(imp, &row);
		free(value);
	}
	if (imp->report.objects == 0 && imp->report.left_out >= LIST_LOOK)
		return fault_set(fault, HN_EFORMAT, place,
				 tr("this is no list of indicators, one a line",
				    "1行に一つの指標を並べたリストではない"));
	return HN_OK;
}

static int feed_list(struct importer *imp, const uint8_t *data, size_t len, struct fault *fault)
{
	struct list *l = imp->state;
	const char *at = (const char *)data;
	const char *end = at + len;
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *to = feed == NULL ? end : feed;
		buf_add(&l->line, at, (size_t)(to - at));
		if (buf_err(&l->line) == HN_ENOMEM)
			return HN_ENOMEM;
		l->too_long = buf_err(&l->line) != HN_OK;
		if (feed == NULL)
			return HN_OK;
		int err = take_line(imp, l->line.data != NULL ? l->line.data : "", l->line.len, fault);
		buf_reset(&l->line);
		l->too_long = false;
		if (err != HN_OK)
			return err;
		at = feed + 1;
	}
	return HN_OK;
}

static int end_list(struct importer *imp, struct fault *fault)
{
	struct list *l = imp->state;
	if (l->line.len == 0 && !l->too_long)
		return HN_OK;
	return take_line(imp, l->line.data, l->line.len, fault);
}

const struct importer_form IMPORTER_FORM_LIST = {"list", open_list, close_list, feed_list, end_list};
