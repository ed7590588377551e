/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/log_entry.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/encode.h"

bool log_entry_kind_ok(const char *kind, size_t len)
{
	if (len == 0 || len > LOG_ENTRY_KIND_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = kind[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool inner = (c == '-' || c == '.') && i > 0 && i + 1 < len;
		if (!letter && !inner)
			return false;
	}
	return true;
}

void log_entry_commit(const uint8_t salt[LOG_ENTRY_SALT_SIZE], const void *record, size_t len,
		      uint8_t out[32])
{
	sha256_parts(salt, LOG_ENTRY_SALT_SIZE, record, len, NULL, 0, out);
}

size_t log_entry_format(const struct log_entry *entry, char out[LOG_ENTRY_TEXT_MAX])
{
	char hex[2 * sizeof(entry->commitment) + 1];
	char time[UTC_SIZE];

	hex_encode(entry->commitment, sizeof(entry->commitment), hex);
	utc_format(entry->time_ns, time);
	int n = snprintf(out, LOG_ENTRY_TEXT_MAX,
			 "{\"commitment\":\"%s\",\"kind\":\"%s\",\"time\":\"%s\",\"v\":1}", hex, entry->kind,
			 time);
	return (size_t)n;
}

/* The text up to the next quote, which is read over. */
static const char *quoted(struct cur *c, size_t max, size_t *len_out)
{
	const uint8_t *quote = memchr(c->at, '"', cur_left(c) < max + 1 ? cur_left(c) : max + 1);
	if (quote == NULL)
		return NULL;
	*len_out = (size_t)(quote - c->at);
	const char *text = (const char *)cur_take(c, *len_out);
	cur_skip(c, 1);
	return text;
}

static bool literal(struct cur *c, const char *text)
{
	const uint8_t *p = cur_take(c, strlen(text));
	return p != NULL && memcmp(p, text, strlen(text)) == 0;
}

int log_entry_parse(const void *data, size_t len, struct log_entry *out)
{
	struct log_entry e = {{0}};
	struct cur c = cur_of(data, len);
	char again[LOG_ENTRY_TEXT_MAX];
	const char *text;
	size_t text_len = 0;

	if (!literal(&c, "{\"commitment\":\"") || (text = quoted(&c, 64, &text_len)) == NULL ||
	    hex_decode(text, text_len, e.commitment, sizeof(e.commitment)) != HN_OK)
		return HN_EFORMAT;
	if (!literal(&c, ",\"kind\":\"") || (text = quoted(&c, LOG_ENTRY_KIND_MAX, &text_len)) == NULL ||
	    !log_entry_kind_ok(text, text_len))
		return HN_EFORMAT;
	memcpy(e.kind, text, text_len);
	if (!literal(&c, ",\"time\":\"") || (text = quoted(&c, UTC_SIZE, &text_len)) == NULL ||
	    utc_parse(text, text_len, &e.time_ns) != HN_OK)
		return HN_EFORMAT;
	/* One entry has one spelling: write it again and compare. */
	size_t again_len = log_entry_format(&e, again);
	if (again_len != len || memcmp(again, data, len) != 0)
		return HN_EFORMAT;
	*out = e;
	return HN_OK;
}

int bundle_next(struct cur *bundle, const uint8_t **data_out, size_t *len_out)
{
	if (cur_left(bundle) == 0)
		return HN_ENOENT;
	struct cur entry = cur_sub(bundle, cur_be16(bundle));
	if (!cur_ok(bundle) || !cur_ok(&entry))
		return HN_ETRUNC;
	*len_out = cur_left(&entry);
	*data_out = entry.at;
	return HN_OK;
}
