/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/ip.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "tests/fuzz/target.h"

/* The readers of base that take one short text: what is read, written and read again is the same. */

static void times(const char *text, size_t len)
{
	char written[UTC_SIZE];
	int64_t when, again, span;
	if (utc_parse(text, len, &when) == HN_OK) {
		utc_format(when, written);
		assert(utc_parse(written, strlen(written), &again) == HN_OK);
		assert(again == when - when % 1000);
	}
	if (utc_duration_parse(text, len, &span) == HN_OK)
		assert(span >= 0 && span % NS_SECOND == 0);
}

static void addresses(const char *text, size_t len)
{
	char written[IP_PREFIX_TEXT_SIZE];
	struct ip ip, again;
	struct ip_prefix prefix, prefix_again;
	if (ip_parse(text, len, &ip) == HN_OK) {
		(void)ip_is_global(&ip);
		ip_format(&ip, written);
		assert(ip_parse(written, strlen(written), &again) == HN_OK);
		assert(memcmp(&ip, &again, sizeof(ip)) == 0);
	}
	if (ip_prefix_parse(text, len, &prefix) == HN_OK) {
		assert(ip_prefix_has(&prefix, &prefix.addr));
		ip_prefix_format(&prefix, written);
		assert(ip_prefix_parse(written, strlen(written), &prefix_again) == HN_OK);
		assert(prefix.len == prefix_again.len);
	}
}

static void uuids(const char *text, size_t len)
{
	char written[UUID_TEXT_SIZE];
	struct uuid u, again;
	if (uuid_parse(text, len, &u) != HN_OK)
		return;
	uuid_format(&u, written);
	assert(uuid_parse(written, strlen(written), &again) == HN_OK);
	assert(memcmp(&u, &again, sizeof(u)) == 0);
}

static void encodings(const char *text, size_t len)
{
	struct buf bytes, written;
	buf_init(&bytes, len);
	buf_init(&written, 2 * len + 4);
	if (base64_decode(text, len, &bytes) == HN_OK) {
		base64_add(&written, bytes.data, bytes.len);
		assert(written.len == len && (len == 0 || memcmp(written.data, text, len) == 0));
	}
	buf_reset(&bytes);
	buf_reset(&written);
	if (base64url_decode(text, len, &bytes) == HN_OK) {
		base64url_add(&written, bytes.data, bytes.len);
		assert(written.len == len && (len == 0 || memcmp(written.data, text, len) == 0));
	}
	buf_clear(&bytes);
	buf_clear(&written);
	uint8_t raw[64];
	if (len / 2 <= sizeof(raw))
		(void)!hex_decode(text, len, raw, len / 2);
}

static void characters(const char *text, size_t len)
{
	struct buf json;
	assert(utf8_uncut_len(text, len) <= len);
	buf_init(&json, 6 * len + 2);
	buf_json_string(&json, text, len);
	assert(buf_err(&json) == HN_OK);
	assert(utf8_valid(json.data, json.len));
	assert(!utf8_valid(text, len) || utf8_uncut_len(text, len) == len);
	buf_clear(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	if (len > 4096)
		return 0;
	times(text, len);
	addresses(text, len);
	uuids(text, len);
	encodings(text, len);
	characters(text, len);
	return 0;
}
