/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "authority/field.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/lang.h"

void pattern_clear(struct pattern *p)
{
	free(p->bytes);
	free(p->mask);
	*p = (struct pattern){0};
}

/* "de ad ?? be": two characters a byte, blanks between bytes only. @return how many bytes, 0 when malformed.
 */
static size_t bytes_read(const char *text, uint8_t *bytes, uint8_t *mask, size_t max)
{
	size_t n = 0;
	for (const char *at = text; *at != '\0';) {
		if (n == max || at[1] == '\0')
			return 0;
		if (at[0] == '?' && at[1] == '?') {
			bytes[n] = 0;
			mask[n] = 0;
		} else if (hex_decode(at, 2, &bytes[n], 1) == HN_OK) {
			mask[n] = 0xff;
		} else {
			return 0;
		}
		n++;
		at += 2;
		if (*at == ' ' && at[1] != '\0')
			at++;
	}
	return n;
}

static size_t longest_fixed(const uint8_t *mask, size_t len)
{
	size_t run = 0, longest = 0;
	for (size_t i = 0; i < len; i++) {
		run = mask[i] == 0 ? 0 : run + 1;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static int body_read(const json_t *o, struct pattern *p, struct fault *fault)
{
	uint8_t bytes[PATTERN_WINDOW], mask[PATTERN_WINDOW];
	const char *text;

	int rc = json_get_string(o, "bytes", true, &text, fault);
	if (rc != HN_OK)
		return rc;
	size_t len = bytes_read(text, bytes, mask, sizeof(bytes));
	if (len == 0)
		return fault_set(fault, HN_EFORMAT, "/bytes",
				 tr("must be hex bytes such as 'de ad ?? be ef', at most %d",
				    "は 'de ad ?? be ef' のような%dバイト以下の16進数でなければならない"),
				 PATTERN_WINDOW);
	if (longest_fixed(mask, len) < PATTERN_FIXED_MIN)
		return fault_set(fault, HN_ELIMIT, "/bytes",
				 tr("must hold at least %d consecutive bytes without a wildcard",
				    "には、ワイルドカードでない連続した%dバイト以上が必要である"),
				 PATTERN_FIXED_MIN);
	p->bytes = malloc(len);
	p->mask = malloc(len);
	if (p->bytes == NULL || p->mask == NULL)
		return HN_ENOMEM;
	memcpy(p->bytes, bytes, len);
	memcpy(p->mask, mask, len);
	p->len = (uint16_t)len;
	return HN_OK;
}

static int offset_read(const json_t *o, struct pattern *p, struct fault *fault)
{
	const json_t *array;

	int rc = json_get_array(o, "offset", true, &array, fault);
	if (rc != HN_OK)
		return rc;
	const json_t *first = json_array_get(array, 0), *last = json_array_get(array, 1);
	if (json_array_size(array) != 2 || !json_is_integer(first) || !json_is_integer(last) ||
	    json_integer_value(first) < 0 || json_integer_value(last) < json_integer_value(first))
		return fault_set(fault, HN_EFORMAT, "/offset",
				 tr("must be [first, last]", "は [最初, 最後] でなければならない"));
	if (json_integer_value(last) > PATTERN_WINDOW - (json_int_t)p->len)
		return fault_set(fault, HN_ELIMIT, "/offset",
				 tr("the pattern would leave the first %d bytes",
				    "パターンが先頭%dバイトの範囲を外れる"),
				 PATTERN_WINDOW);
	p->offset_min = (uint16_t)json_integer_value(first);
	p->offset_max = (uint16_t)json_integer_value(last);
	return HN_OK;
}

static int position_read(const json_t *o, struct pattern *p, struct fault *fault)
{
	const char *position;

	int rc = json_get_string(o, "position", true, &position, fault);
	if (rc != HN_OK)
		return rc;
	if (position_parse(position, strlen(position), &p->position) != HN_OK)
		return fault_set(fault, HN_EFORMAT, "/position",
				 tr("'%.64s' is no position where a pattern may look",
				    "'%.64s' はパターンを照合できる位置ではない"),
				 position);
	return HN_OK;
}

int pattern_read(const json_t *object, struct pattern *out, struct fault *fault)
{
	static const char *const members[] = {"id", "act", "position", "offset", "bytes", NULL};
	struct pattern p = {0};
	const char *id, *act;
	int rc;

	if (!json_is_object(object))
		return fault_set(fault, HN_EFORMAT, "",
				 tr("must be an object", "はオブジェクトでなければならない"));
	if ((rc = json_only(object, members, fault)) != HN_OK ||
	    (rc = field_identifier(object, "id", PATTERN_ID_MAX, &id, fault)) != HN_OK ||
	    (rc = field_identifier(object, "act", PATTERN_ID_MAX, &act, fault)) != HN_OK ||
	    (rc = position_read(object, &p, fault)) != HN_OK ||
	    (rc = body_read(object, &p, fault)) != HN_OK || (rc = offset_read(object, &p, fault)) != HN_OK) {
		pattern_clear(&p);
		return rc;
	}
	memcpy(p.id, id, strlen(id) + 1);
	memcpy(p.act, act, strlen(act) + 1);
	*out = p;
	return HN_OK;
}

json_t *pattern_json(const struct pattern *p)
{
	char text[3 * PATTERN_WINDOW + 1];
	bool bad = false;
	size_t used = 0;
	json_t *o = json_object(), *offset = json_array();

	for (size_t i = 0; i < p->len; i++) {
		if (i > 0)
			text[used++] = ' ';
		if (p->mask[i] == 0)
			memcpy(text + used, "??", 3);
		else
			hex_encode(&p->bytes[i], 1, text + used);
		used += 2;
	}
	text[used] = '\0';
	field_put_string(o, "id", p->id, &bad);
	field_put_string(o, "act", p->act, &bad);
	field_put_string(o, "position", position_name(p->position), &bad);
	if (json_array_append_new(offset, json_integer(p->offset_min)) != 0 ||
	    json_array_append_new(offset, json_integer(p->offset_max)) != 0)
		bad = true;
	field_put(o, "offset", offset, &bad);
	field_put_string(o, "bytes", text, &bad);
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}
