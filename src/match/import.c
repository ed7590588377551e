/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/import.h"

#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/utf8.h"
#include "match/import_form.h"

#define HEAD_MAX 8192u /* bytes that must look like text */

const struct import_limits IMPORT_DEFAULTS = {.line_max = 65536, .unusable_max = 1000};

static const struct {
	const char *name;
	const char *text_en;
	const char *text_ja;
} reasons[IMPORT_REASON_COUNT] = {
	[IMPORT_NOT_INDICATOR] = {"not-indicator", "no indicator", "指標ではない"},
	[IMPORT_HOST_BITS] = {"host-bits", "prefix with host bits set", "ホスト部が0でないプレフィックス"},
	[IMPORT_TOO_LONG] = {"too-long", "too long", "長すぎる"},
	[IMPORT_TYPE] = {"type", "of a type that a set does not hold", "集合が扱わない種類"},
	[IMPORT_PATTERN] = {"pattern", "pattern that cannot be compiled", "変換できないパターン"},
	[IMPORT_TRIGGER] = {"trigger", "RPZ rule that a set does not hold", "集合が扱わないRPZ規則"},
	[IMPORT_REVOKED] = {"revoked", "revoked or deleted", "失効または削除済み"},
	[IMPORT_NOT_FOR_USE] = {"not-for-detection", "not meant for detection", "検知用ではない"},
	[IMPORT_SPECIAL] = {"special", "private or special address space",
			    "プライベートアドレス等の特別な空間"},
	[IMPORT_INNOCENT] = {"innocent", "would hit the innocent (warning list)",
			     "無関係の者に当たる(警告リスト)"},
};

const char *import_reason_name(enum import_reason reason)
{
	return reason < IMPORT_REASON_COUNT ? reasons[reason].name : "?";
}

const char *import_reason_text(enum import_reason reason)
{
	if (reason >= IMPORT_REASON_COUNT)
		return "?";
	return lang_get() == LANG_JA ? reasons[reason].text_ja : reasons[reason].text_en;
}

/* The order in which a form is looked for: those with unmistakable signs first. */
static const struct import_form *const forms[] = {
	&IMPORT_STIX, &IMPORT_MISP, &IMPORT_RPZ, &IMPORT_CSV, &IMPORT_HOSTS, &IMPORT_LIST,
};

static int unknown_form(struct import *im, const char *what)
{
	return fault_set(
		im->fault, HN_EFORMAT, im->name,
		tr("%s; expected is a list of indicators, a hosts file, an RPZ zone, CSV with a header, a "
		   "STIX 2 bundle or MISP events",
		   "%s。指標のリスト、hostsファイル、RPZゾーン、見出し付きCSV、STIX 2バンドル、MISPイベントの"
		   "いずれかが要る"),
		what);
}

/* Text has no NUL, and few control characters. */
static bool is_binary(struct cur in)
{
	size_t len = cur_left(&in) < HEAD_MAX ? cur_left(&in) : HEAD_MAX;
	const uint8_t *p = cur_take(&in, len);
	size_t controls = 0;
	for (size_t i = 0; i < len; i++) {
		if (p[i] == 0)
			return true;
		if (p[i] < 0x20 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t' && p[i] != '\f')
			controls++;
	}
	return controls * 20 > len;
}

/* Only JSON fits none of the rows; where it is broken, that is what to tell. */
static int unknown_json(struct import *im, struct cur in)
{
	struct json_reader r;
	enum json_token token;
	json_reader_init(&r, in, JSON_READER_DEPTH_MAX, false);
	do {
		if (json_next(&r, &token) != HN_OK)
			return import_fault_json(im, &r);
	} while (token != JSON_TOKEN_END);
	return unknown_form(im, tr("this JSON is neither STIX nor MISP", "このJSONはSTIXでもMISPでもない"));
}

static int read_form(struct import *im, struct cur in, const struct import_form *form)
{
	if (cur_left(&in) >= 3 && memcmp(in.at, "\xEF\xBB\xBF", 3) == 0)
		cur_skip(&in, 3);
	if (is_binary(in))
		return unknown_form(im, tr("this is binary, not text", "テキストではない"));
	for (size_t i = 0; form == NULL && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i]->recognise(in))
			form = forms[i];
	if (form == NULL)
		return unknown_json(im, in);
	im->summary->form = form->name;
	return form->read(im, in);
}

int import_read(const char *name, struct cur in, const struct import_sink *sink,
		const struct import_limits *limits, struct import_summary *out, struct fault *fault)
{
	return import_read_as(NULL, name, in, sink, limits, out, fault);
}

int import_read_as(const struct import_form *form, const char *name, struct cur in,
		   const struct import_sink *sink, const struct import_limits *limits,
		   struct import_summary *out, struct fault *fault)
{
	struct import_summary summary = {.form = ""};
	struct import *im = malloc(sizeof(*im));
	if (im == NULL)
		return HN_ENOMEM;
	im->sink = sink;
	im->limits = limits;
	im->summary = &summary;
	im->fault = fault;
	im->unusable = 0;
	import_text(im->name, sizeof(im->name), name, strlen(name));
	im->name_len = strlen(im->name);
	memcpy(im->object, im->name, im->name_len + 1);
	buf_init(&im->plain, limits->line_max + 16);
	if (fault != NULL)
		*fault = (struct fault){0};

	int rc = read_form(im, in, form);
	/* Anything is taken for a list that is nothing else; one without any indicator is none. */
	if (rc == HN_OK && summary.form == IMPORT_LIST.name && summary.values == 0 && im->unusable > 0)
		rc = unknown_form(im, tr("nothing in it is an indicator", "指標が一つもない"));
	if (rc != HN_OK && fault != NULL && fault->place[0] == '\0')
		(void)snprintf(fault->place, sizeof(fault->place), "%s", im->object);
	if (rc != HN_OK && fault != NULL && fault->message[0] == '\0')
		(void)snprintf(fault->message, sizeof(fault->message), "%s", hn_strerror(rc));
	buf_clear(&im->plain);
	free(im);
	*out = summary;
	return rc;
}

struct entry_meta import_no_meta(void)
{
	return (struct entry_meta){.confidence = 255};
}

void import_at_line(struct import *im, uint64_t line, struct entry_meta *meta)
{
	char digits[20];
	size_t n = 0;
	do {
		digits[n++] = (char)('0' + line % 10);
		line /= 10;
	} while (line > 0);
	char *at = im->object + im->name_len;
	*at++ = ':';
	while (n > 0)
		*at++ = digits[--n];
	*at = '\0';
	meta->object = im->object;
	meta->source = im->name;
}

int import_fault_line(struct import *im, int err, uint64_t line, const char *message)
{
	struct entry_meta meta;
	import_at_line(im, line, &meta);
	return fault_set(im->fault, err, im->object, "%s", message);
}

int import_fault_json(struct import *im, const struct json_reader *r)
{
	struct fault inner;
	int rc = json_fault(r, &inner);
	char place[sizeof(inner.place)];
	(void)snprintf(place, sizeof(place), "%.100s:%.150s", im->name, inner.place);
	return fault_set(im->fault, rc, place, "%s", inner.message);
}

int import_leave_out(struct import *im, enum import_reason reason, const char *object, const char *value,
		     size_t len, const char *detail)
{
	struct import_left_out what = {.reason = reason,
				       .object = object == NULL ? im->object : object,
				       .value = value,
				       .value_len = len,
				       .detail = detail};
	im->summary->left_out++;
	int rc = im->sink->left_out(im->sink->context, &what, im->fault);
	if (rc != HN_OK)
		return rc;
	if (reason != IMPORT_NOT_INDICATOR && reason != IMPORT_TOO_LONG)
		return HN_OK;
	if (++im->unusable <= im->limits->unusable_max)
		return HN_OK;
	return fault_set(im->fault, HN_ELIMIT, what.object,
			 tr("more than %llu values are no indicators; the form may be another than '%s'",
			    "指標ではない値が%lluを超えた。形式が '%s' ではない可能性がある"),
			 (unsigned long long)im->limits->unusable_max, im->summary->form);
}

int import_key(struct import *im, const struct entry_key *key, const struct entry_meta *meta)
{
	im->summary->values++;
	return im->sink->entry(im->sink->context, key, meta, im->fault);
}

void import_text(char *out, size_t size, const char *text, size_t len)
{
	size_t used = 0;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_char_len(text + i, len - i);
		bool plain = n > 0 && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
		if (n == 0)
			n = 1;
		if (used + n >= size)
			break;
		if (plain)
			memcpy(out + used, text + i, n);
		else
			out[used] = '?';
		used += plain ? n : 1;
		i += n;
	}
	out[used] = '\0';
}
