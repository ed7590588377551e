/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"
#include "base/utc.h"
#include "base/utf8.h"

#define DAY_NS (86400 * NS_SECOND)

bool field_name_ok(const char *text, size_t max)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(text);
	return len >= 1 && len <= max && strspn(text, chars) == len;
}

bool field_text_ok(const char *text, size_t max)
{
	size_t len = strlen(text);
	if (len < 1 || len > max || !utf8_valid(text, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return true;
}

static int wrong(struct fault *fault, const char *name, const char *what)
{
	char place[256];
	(void)snprintf(place, sizeof(place), "/%s", name);
	return fault_set(fault, HN_EFORMAT, place, tr("must be %s", "は%sでなければならない"), what);
}

int field_identifier(const json_t *o, const char *name, size_t max, const char **out, struct fault *fault)
{
	const char *text;
	int rc = json_get_string(o, name, true, &text, fault);
	if (rc != HN_OK)
		return rc;
	if (!field_name_ok(text, max))
		return wrong(fault, name,
			     tr("a name of letters, digits, '.', '_' and '-'",
				"英数字と '.'、'_'、'-' からなる名前"));
	*out = text;
	return HN_OK;
}

int field_text(const json_t *o, const char *name, bool required, size_t max, const char **out,
	       struct fault *fault)
{
	const char *text = NULL;
	int rc = json_get_string(o, name, required, &text, fault);
	if (rc != HN_OK || text == NULL)
		return rc;
	if (!field_text_ok(text, max))
		return wrong(fault, name,
			     tr("text without control characters, not empty and not too long",
				"制御文字を含まず、空でも長過ぎもしない文字列"));
	*out = text;
	return HN_OK;
}

int field_uuid(const json_t *o, const char *name, struct uuid *out, struct fault *fault)
{
	const char *text;
	int rc = json_get_string(o, name, true, &text, fault);
	if (rc != HN_OK)
		return rc;
	return uuid_parse(text, strlen(text), out) == HN_OK ? HN_OK
							    : wrong(fault, name, tr("a UUID", "UUID"));
}

int field_time(const json_t *o, const char *name, int64_t *out, struct fault *fault)
{
	const char *text;
	int rc = json_get_string(o, name, true, &text, fault);
	if (rc != HN_OK)
		return rc;
	if (utc_parse(text, strlen(text), out) != HN_OK)
		return wrong(fault, name,
			     tr("a time such as 2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z のような時刻"));
	return HN_OK;
}

int field_duration(const json_t *o, const char *name, bool required, int64_t *out, struct fault *fault)
{
	const char *text = NULL;
	int64_t ns;
	int rc = json_get_string(o, name, required, &text, fault);
	if (rc != HN_OK || text == NULL)
		return rc;
	if (utc_duration_parse(text, strlen(text), &ns) != HN_OK || ns <= 0)
		return wrong(fault, name, tr("a duration such as P30D", "P30D のような期間"));
	*out = ns;
	return HN_OK;
}

int field_hex(const json_t *o, const char *name, bool required, uint8_t *out, size_t len, struct fault *fault)
{
	const char *text = NULL;
	int rc = json_get_string(o, name, required, &text, fault);
	if (rc != HN_OK || text == NULL)
		return rc;
	if (strpbrk(text, "ABCDEF") != NULL || hex_decode(text, strlen(text), out, len) != HN_OK)
		return wrong(fault, name,
			     tr("lower-case hex of the right length", "正しい長さの小文字の16進数"));
	return HN_OK;
}

int field_base64url(const json_t *o, const char *name, bool required, uint8_t *out, size_t len,
		    struct fault *fault)
{
	const char *text = NULL;
	struct buf bytes;
	int rc = json_get_string(o, name, required, &text, fault);
	if (rc != HN_OK || text == NULL)
		return rc;
	buf_init(&bytes, len);
	rc = base64url_decode(text, strlen(text), &bytes);
	if (rc == HN_ENOMEM)
		rc = fault_set(fault, rc, "", "%s", hn_strerror(rc));
	else if (rc != HN_OK || bytes.len != len)
		rc = wrong(fault, name, tr("base64url of the right length", "正しい長さのbase64url"));
	else if (len > 0)
		memcpy(out, bytes.data, len);
	buf_clear(&bytes);
	return rc;
}

int field_type(const json_t *o, const char *type, struct fault *fault)
{
	const char *text;
	int64_t version;
	int rc = json_get_string(o, "type", true, &text, fault);
	if (rc != HN_OK)
		return rc;
	if (strcmp(text, type) != 0)
		return fault_set(fault, HN_EFORMAT, "/type",
				 tr("is '%.64s', not '%s'", "は '%.64s' であり '%s' ではない"), text, type);
	rc = json_get_int(o, "version", true, 0, INT64_MAX, &version, fault);
	if (rc != HN_OK)
		return rc;
	if (version != 1)
		return fault_set(
			fault, HN_EUNSUPPORTED, "/version",
			tr("is %lld; this program knows 1", "は%lldだが、このプログラムが扱うのは1である"),
			(long long)version);
	return HN_OK;
}

void field_duration_format(int64_t ns, char out[FIELD_DURATION_SIZE])
{
	if (ns % DAY_NS == 0)
		(void)snprintf(out, FIELD_DURATION_SIZE, "P%" PRId64 "D", ns / DAY_NS);
	else
		(void)snprintf(out, FIELD_DURATION_SIZE, "PT%" PRId64 "S", ns / NS_SECOND);
}

void field_put(json_t *o, const char *name, json_t *value, bool *bad)
{
	if (json_object_set_new(o, name, value) != 0)
		*bad = true;
}

void field_put_string(json_t *o, const char *name, const char *text, bool *bad)
{
	field_put(o, name, json_string(text), bad);
}

void field_put_uuid(json_t *o, const char *name, const struct uuid *u, bool *bad)
{
	char text[UUID_TEXT_SIZE];
	uuid_format(u, text);
	field_put_string(o, name, text, bad);
}

void field_put_time(json_t *o, const char *name, int64_t time_ns, bool *bad)
{
	char text[UTC_SIZE];
	utc_format(time_ns, text);
	field_put_string(o, name, text, bad);
}

void field_put_duration(json_t *o, const char *name, int64_t ns, bool *bad)
{
	char text[FIELD_DURATION_SIZE];
	field_duration_format(ns, text);
	field_put_string(o, name, text, bad);
}

void field_put_hex(json_t *o, const char *name, const uint8_t *data, size_t len, bool *bad)
{
	char text[2 * 128 + 1];
	if (len > 128) {
		*bad = true;
		return;
	}
	hex_encode(data, len, text);
	field_put_string(o, name, text, bad);
}

void field_put_base64url(json_t *o, const char *name, const uint8_t *data, size_t len, bool *bad)
{
	struct buf text;
	buf_init(&text, 4096);
	base64url_add(&text, data, len);
	if (buf_err(&text) != HN_OK)
		*bad = true;
	else
		field_put_string(o, name, text.data, bad);
	buf_clear(&text);
}

void field_put_strings(json_t *o, const char *name, const char *const *items, size_t count, bool *bad)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count && array != NULL; i++)
		if (json_array_append_new(array, json_string(items[i])) != 0)
			*bad = true;
	field_put(o, name, array, bad);
}

int field_finish(json_t *o, bool bad, struct buf *out)
{
	if (o != NULL && !bad)
		json_add(out, o);
	json_decref(o);
	return o == NULL || bad ? HN_ENOMEM : buf_err(out);
}
