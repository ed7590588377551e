/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A request as it comes from the network: head, then a chunked body, headers that are agreed on, the path. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/chunked.h"
#include "http/head.h"
#include "http/negotiate.h"
#include "http/path.h"
#include "tests/fuzz/target.h"

#define OURS "application/json|application/taxii+json;version=2.1"

static void check_field(const struct head *h, const char *text, size_t len, const struct head_field *f)
{
	assert(f->name >= text && f->name + f->name_len < text + len && f->name_len > 0);
	assert(f->value >= text && f->value + f->value_len < text + len);
	assert(!memchr(f->value, '\n', f->value_len) && !memchr(f->value, '\0', f->value_len));
	size_t chosen;
	(void)negotiate_lang(f->value, f->value_len, LANG_EN);
	(void)negotiate_choose(f->value, f->value_len, OURS, &chosen);
	(void)negotiate_content(f->value, f->value_len, OURS, &chosen);
	(void)negotiate_etag(f->value, f->value_len, "a", true);
	(void)h;
}

static void check_head(const struct head *h, const char *text, size_t len)
{
	assert(h->path_len > 0 && (h->path[0] == '/' || h->path[0] == '*'));
	assert(h->path >= text && h->path + h->path_len <= text + len);
	assert(h->http_10 || h->host);
	for (size_t i = 0; i < h->field_count; i++)
		check_field(h, text, len, &h->fields[i]);
	char *room = malloc(h->path_len + 1);
	size_t n;
	assert(room);
	if (path_segment(h->path + 1, h->path_len - 1, room, &n) == HN_OK)
		assert(n < h->path_len && !memchr(room, '/', n) && room[n] == '\0');
	free(room);
}

/* Any cutting gives the same. */
static void check_chunks(const uint8_t *data, size_t len)
{
	struct chunked whole, bytes;
	size_t whole_len = 0, bytes_len = 0, at = 0, taken, piece_len;
	const uint8_t *piece;
	int whole_rc = HN_OK, bytes_rc = HN_OK;
	chunked_init(&whole);
	while (at < len && whole_rc == HN_OK) {
		whole_rc = chunked_read(&whole, data + at, len - at, &taken, &piece, &piece_len);
		if (whole_rc < 0)
			break;
		assert(taken <= len - at && piece >= data + at && piece + piece_len <= data + at + taken);
		whole_len += piece_len;
		at += taken;
	}
	chunked_init(&bytes);
	for (at = 0; at < len && bytes_rc == HN_OK; at++) {
		bytes_rc = chunked_read(&bytes, data + at, 1, &taken, &piece, &piece_len);
		bytes_len += bytes_rc < 0 ? 0 : piece_len;
	}
	assert(whole_rc == bytes_rc && (whole_rc < 0 || whole_len == bytes_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct head head;
	unsigned status = 0;
	ssize_t end = head_end((const char *)data, len, 0);
	if (end <= 0)
		return 0;
	char *text = malloc((size_t)end);
	assert(text);
	memcpy(text, data, (size_t)end);
	if (head_read(text, (size_t)end, &head, &status) == HN_OK)
		check_head(&head, text, (size_t)end);
	else
		assert(status >= 400);
	free(text);
	check_chunks(data + end, len - (size_t)end);
	return 0;
}
