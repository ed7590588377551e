/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/checkpoint.h"

#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"

void checkpoint_add(struct buf *out, const struct checkpoint *c)
{
	buf_addf(out, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	base64_add(out, c->root.bytes, sizeof(c->root.bytes));
	buf_addc(out, '\n');
}

void checkpoint_sign(struct buf *out, const struct checkpoint *c, const struct note_key *key,
		     const uint8_t secret[NOTE_SECRET_SIZE])
{
	struct buf text;

	buf_init(&text, NOTE_SIZE_MAX);
	checkpoint_add(&text, c);
	if (buf_err(&text) != HN_OK) {
		out->err = buf_err(&text);
	} else {
		buf_add(out, text.data, text.len);
		buf_addc(out, '\n');
		note_sign(out, text.data, text.len, key, secret, 0);
	}
	buf_clear(&text);
}

/* The next line without its line feed. */
static const char *line(const char **at, const char *end, size_t *len_out)
{
	const char *feed = memchr(*at, '\n', (size_t)(end - *at));
	if (feed == NULL)
		return NULL;
	const char *start = *at;
	*len_out = (size_t)(feed - start);
	*at = feed + 1;
	return start;
}

/* Decimal without leading zeroes. */
static int size_of(const char *text, size_t len, uint64_t *out)
{
	uint64_t size = 0;
	if (len == 0 || (len > 1 && text[0] == '0'))
		return HN_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(size, UINT64_C(10), &size) ||
		    __builtin_add_overflow(size, (uint64_t)(text[i] - '0'), &size))
			return HN_EFORMAT;
	}
	*out = size;
	return HN_OK;
}

static int root_of(const char *text, size_t len, struct merkle_hash *out)
{
	struct buf root;

	buf_init(&root, 64);
	int rc = base64_decode(text, len, &root);
	if (rc == HN_OK && root.len != sizeof(out->bytes))
		rc = HN_EFORMAT;
	if (rc == HN_OK)
		memcpy(out->bytes, root.data, sizeof(out->bytes));
	buf_clear(&root);
	return rc;
}

int checkpoint_parse(const char *text, size_t len, struct checkpoint *out)
{
	struct checkpoint c = {{0}};
	const char *at = text;
	const char *end = text + len;
	size_t n = 0;

	const char *origin = line(&at, end, &n);
	if (origin == NULL || n == 0)
		return HN_EFORMAT;
	if (n > NOTE_NAME_MAX)
		return HN_ELIMIT;
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)origin[i] < ' ')
			return HN_EFORMAT;
	if (!utf8_valid(origin, n))
		return HN_EFORMAT;
	memcpy(c.origin, origin, n);
	const char *size = line(&at, end, &n);
	if (size == NULL || size_of(size, n, &c.size) != HN_OK)
		return HN_EFORMAT;
	const char *root = line(&at, end, &n);
	int rc = root == NULL ? HN_EFORMAT : root_of(root, n, &c.root);
	if (rc != HN_OK)
		return rc == HN_ENOMEM ? rc : HN_EFORMAT;
	while (at < end)
		if (line(&at, end, &n) == NULL || n == 0)
			return HN_EFORMAT;
	*out = c;
	return HN_OK;
}

int checkpoint_open(const char *data, size_t len, const struct note_key *key, struct checkpoint *out)
{
	struct note note;
	struct note_key named;
	struct checkpoint c;

	int rc = note_parse(data, len, &note);
	if (rc == HN_OK)
		rc = checkpoint_parse(note.text, note.text_len, &c);
	if (rc == HN_OK && key != NULL && key->name[0] == '\0') {
		rc = note_key_init(&named, c.origin, key->type, key->public_key);
		key = &named;
	}
	if (rc == HN_OK && key != NULL)
		rc = note_verify(&note, key, NULL);
	if (rc == HN_OK && key != NULL && strcmp(c.origin, key->name) != 0)
		rc = HN_EAUTH;
	if (rc == HN_OK)
		*out = c;
	return rc;
}
