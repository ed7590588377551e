/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "http/negotiate.h"

#include <string.h>
#include <strings.h>

#define Q_ONE 1000

struct text {
	const char *at;
	size_t len;
};

static struct text trimmed(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Up to the byte, which is taken too, outside of quotes; the rest where it is not there. */
static bool next_part(struct text *rest, char c, struct text *out)
{
	if (!rest->at)
		return false;
	bool quoted = false;
	size_t i = 0;
	for (; i < rest->len && (quoted || rest->at[i] != c); i++) {
		if (rest->at[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->at[i] == '\\' && i + 1 < rest->len)
			i++;
	}
	*out = trimmed((struct text){rest->at, i});
	if (i < rest->len) {
		rest->at += i + 1;
		rest->len -= i + 1;
	} else {
		*rest = (struct text){NULL, 0};
	}
	return true;
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

static bool is_word(struct text t, const char *word)
{
	return same(t, (struct text){word, strlen(word)});
}

/* "name=value" or "name="value"". */
static bool read_parameter(struct text part, struct text *name, struct text *value)
{
	struct text rest = part;
	if (!next_part(&rest, '=', name) || !rest.at)
		return false;
	*value = trimmed(rest);
	if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"') {
		value->at++;
		value->len -= 2;
	}
	return name->len > 0;
}

/* "0.8", up to three digits (RFC 9110, 12.4.2); what is malformed counts as 0. */
static unsigned read_quality(struct text t)
{
	unsigned value = 0, unit = Q_ONE;
	if (t.len == 0 || t.len > 5 || (t.at[0] != '0' && t.at[0] != '1') || (t.len > 1 && t.at[1] != '.'))
		return 0;
	value = (unsigned)(t.at[0] - '0') * Q_ONE;
	for (size_t i = 2; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return 0;
		unit /= 10;
		value += (unsigned)(t.at[i] - '0') * unit;
	}
	return value > Q_ONE ? 0 : value;
}

/* The value of a media type's parameter. */
static bool find_parameter(struct text media, struct text name, struct text *value_out)
{
	struct text part, its_name;
	(void)next_part(&media, ';', &part);
	while (next_part(&media, ';', &part))
		if (read_parameter(part, &its_name, value_out) && same(its_name, name))
			return true;
	return false;
}

static struct text base_of(struct text media)
{
	struct text part;
	(void)next_part(&media, ';', &part);
	return part;
}

/* How narrow a range is that covers the type: 0 not at all, 1 any, 2 type/any, 3 the type, more with
 * parameters. */
static unsigned covers(struct text range, struct text media, unsigned *quality_out)
{
	struct text rest = range, part, name, value, ours, base = base_of(media);
	unsigned narrow = 0;
	*quality_out = Q_ONE;
	(void)next_part(&rest, ';', &part);
	if (is_word(part, "*/*"))
		narrow = 1;
	else if (part.len > 2 && memcmp(part.at + part.len - 2, "/*", 2) == 0 && base.len >= part.len &&
		 strncasecmp(part.at, base.at, part.len - 1) == 0)
		narrow = 2;
	else if (same(part, base))
		narrow = 3;
	while (narrow > 0 && next_part(&rest, ';', &part)) {
		if (!read_parameter(part, &name, &value))
			continue;
		if (is_word(name, "q")) {
			*quality_out = read_quality(value);
			break; /* what follows are extensions */
		}
		if (!find_parameter(media, name, &ours)) {
			if (!is_word(name, "charset") || !is_word(value, "utf-8"))
				return 0;
		} else if (!same(ours, value)) {
			return 0;
		} else {
			narrow++;
		}
	}
	return narrow;
}

unsigned negotiate_quality(const char *accept, size_t len, const char *media, size_t media_len)
{
	struct text rest = {accept, len}, range;
	unsigned best = 0, quality = 0;
	while (next_part(&rest, ',', &range)) {
		unsigned its;
		unsigned narrow = covers(range, (struct text){media, media_len}, &its);
		if (narrow > best) {
			best = narrow;
			quality = its;
		}
	}
	return quality;
}

const char *negotiate_choose(const char *accept, size_t len, const char *ours, size_t *len_out)
{
	struct text rest = {ours, strlen(ours)}, media, chosen = {NULL, 0};
	unsigned best = 0;
	while (next_part(&rest, '|', &media)) {
		unsigned quality = negotiate_quality(accept, len, media.at, media.len);
		if (quality > best) {
			best = quality;
			chosen = media;
		}
	}
	*len_out = chosen.len;
	return chosen.at;
}

static bool is_content(struct text type, struct text media)
{
	struct text rest = type, part, name, value, ours;
	(void)next_part(&rest, ';', &part);
	if (!same(part, base_of(media)))
		return false;
	while (next_part(&rest, ';', &part)) {
		if (!read_parameter(part, &name, &value))
			return false;
		if (find_parameter(media, name, &ours) ? !same(ours, value)
						       : is_word(name, "charset") && !is_word(value, "utf-8"))
			return false;
	}
	return true;
}

const char *negotiate_content(const char *type, size_t len, const char *ours, size_t *len_out)
{
	struct text rest = {ours, strlen(ours)}, media;
	while (next_part(&rest, '|', &media)) {
		if (is_content((struct text){type, len}, media)) {
			*len_out = media.len;
			return media.at;
		}
	}
	*len_out = 0;
	return NULL;
}

/* The primary subtag: "ja-JP" is "ja". */
static bool is_language(struct text range, const char *language)
{
	size_t n = strlen(language);
	return range.len >= n && strncasecmp(range.at, language, n) == 0 &&
	       (range.len == n || range.at[n] == '-');
}

enum lang negotiate_lang(const char *value, size_t len, enum lang absent)
{
	struct text rest = {value, len}, part;
	unsigned best = 0;
	enum lang chosen = absent;
	while (next_part(&rest, ',', &part)) {
		struct text range, parameter, name, number;
		unsigned quality = Q_ONE;
		(void)next_part(&part, ';', &range);
		if (next_part(&part, ';', &parameter) && read_parameter(parameter, &name, &number) &&
		    is_word(name, "q"))
			quality = read_quality(number);
		bool ja = is_language(range, "ja"), en = is_language(range, "en");
		if ((ja || en) && quality > best) {
			best = quality;
			chosen = ja ? LANG_JA : LANG_EN;
		}
	}
	return chosen;
}

bool negotiate_etag(const char *list, size_t len, const char *etag, bool weak)
{
	struct text rest = {list, len}, tag;
	size_t n = strlen(etag);
	while (next_part(&rest, ',', &tag)) {
		if (is_word(tag, "*"))
			return true;
		if (weak && tag.len > 2 && tag.at[0] == 'W' && tag.at[1] == '/') {
			tag.at += 2;
			tag.len -= 2;
		}
		if (tag.len == n + 2 && tag.at[0] == '"' && tag.at[n + 1] == '"' &&
		    memcmp(tag.at + 1, etag, n) == 0)
			return true;
	}
	return false;
}
