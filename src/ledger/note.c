/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/note.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/utf8.h"

#define DASH        "\xE2\x80\x94 " /* em dash, space */
#define ID_SIZE     4
#define TIME_SIZE   8
#define ED25519_LEN 64

/* Unicode's White_Space beyond ASCII, as UTF-8. */
static bool unicode_space(const char *c, size_t len)
{
	static const char *const spaces[] = {
		"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
		"\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
	};
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (strlen(spaces[i]) == len && memcmp(spaces[i], c, len) == 0)
			return true;
	/* U+2000 to U+200A */
	return len == 3 && memcmp(c, "\xE2\x80", 2) == 0 && (uint8_t)c[2] >= 0x80 && (uint8_t)c[2] <= 0x8A;
}

bool note_name_ok(const char *name, size_t len)
{
	if (len == 0 || len > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len;) {
		size_t n = utf8_char_len(name + i, len - i);
		if (n == 0 || (n == 1 && ((uint8_t)name[i] <= ' ' || name[i] == '+' || name[i] == 0x7f)) ||
		    unicode_space(name + i, n))
			return false;
		i += n;
	}
	return true;
}

int note_key_init(struct note_key *key, const char *name, enum note_type type,
		  const uint8_t public_key[NOTE_PUBLIC_SIZE])
{
	uint8_t tail[2 + NOTE_PUBLIC_SIZE] = {0x0A, (uint8_t)type};
	uint8_t digest[SHA256_SIZE];

	if (!note_name_ok(name, strlen(name)))
		return HN_EFORMAT;
	memcpy(tail + 2, public_key, NOTE_PUBLIC_SIZE);
	sha256_parts(name, strlen(name), tail, sizeof(tail), NULL, 0, digest);
	(void)snprintf(key->name, sizeof(key->name), "%s", name);
	key->type = type;
	key->id = load_be32(digest);
	memcpy(key->public_key, public_key, NOTE_PUBLIC_SIZE);
	return HN_OK;
}

void note_key_nameless(struct note_key *key, enum note_type type, const uint8_t public_key[NOTE_PUBLIC_SIZE])
{
	memset(key, 0, sizeof(*key));
	key->type = type;
	memcpy(key->public_key, public_key, NOTE_PUBLIC_SIZE);
}

void note_vkey_format(const struct note_key *key, char out[NOTE_VKEY_MAX])
{
	uint8_t data[1 + NOTE_PUBLIC_SIZE] = {(uint8_t)key->type};
	char text[sodium_base64_ENCODED_LEN(1 + NOTE_PUBLIC_SIZE, sodium_base64_VARIANT_ORIGINAL)];

	memcpy(data + 1, key->public_key, NOTE_PUBLIC_SIZE);
	sodium_bin2base64(text, sizeof(text), data, sizeof(data), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(out, NOTE_VKEY_MAX, "%s+%08x+%s", key->name, key->id, text);
}

/* The last part of a vkey: type and public key. */
static int vkey_data(const char *text, size_t len, uint8_t *type_out, uint8_t public_key[NOTE_PUBLIC_SIZE])
{
	struct buf data;

	buf_init(&data, NOTE_VKEY_MAX);
	int rc = base64_decode(text, len, &data);
	if (rc == HN_OK && data.len < 1)
		rc = HN_EFORMAT;
	if (rc == HN_OK) {
		*type_out = (uint8_t)data.data[0];
		if ((*type_out != NOTE_ED25519 && *type_out != NOTE_COSIGNATURE) ||
		    data.len != 1 + NOTE_PUBLIC_SIZE)
			rc = HN_EUNSUPPORTED;
		else
			memcpy(public_key, data.data + 1, NOTE_PUBLIC_SIZE);
	}
	buf_clear(&data);
	return rc;
}

int note_vkey_parse(const char *text, size_t len, struct note_key *out)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[ID_SIZE];
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	uint8_t type = 0;
	struct note_key key;

	const char *plus = memchr(text, '+', len);
	if (plus == NULL || !note_name_ok(text, (size_t)(plus - text)))
		return HN_EFORMAT;
	size_t name_len = (size_t)(plus - text);
	const char *rest = plus + 1;
	size_t rest_len = len - name_len - 1;
	if (rest_len < 9 || rest[8] != '+' || hex_decode(rest, 8, id, sizeof(id)) != HN_OK)
		return HN_EFORMAT;
	int rc = vkey_data(rest + 9, rest_len - 9, &type, public_key);
	if (rc != HN_OK)
		return rc;
	memcpy(name, text, name_len);
	name[name_len] = '\0';
	rc = note_key_init(&key, name, type == NOTE_ED25519 ? NOTE_ED25519 : NOTE_COSIGNATURE, public_key);
	if (rc != HN_OK)
		return rc;
	if (key.id != load_be32(id))
		return HN_EAUTH;
	*out = key;
	return HN_OK;
}

/* UTF-8 without control characters other than the line feed. */
static bool clean_text(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)data[i] < ' ' && data[i] != '\n')
			return false;
	return utf8_valid(data, len);
}

/* One signature line without its line feed. */
static int parse_line(const char *line, size_t len, struct note_signature *out)
{
	struct buf data;

	if (len < strlen(DASH) || memcmp(line, DASH, strlen(DASH)) != 0)
		return HN_EFORMAT;
	line += strlen(DASH);
	len -= strlen(DASH);
	const char *space = memchr(line, ' ', len);
	if (space == NULL || !note_name_ok(line, (size_t)(space - line)))
		return HN_EFORMAT;
	out->name = line;
	out->name_len = (size_t)(space - line);
	const char *text = space + 1;
	size_t text_len = len - out->name_len - 1;
	buf_init(&data, NOTE_SIZE_MAX);
	int rc = base64_decode(text, text_len, &data);
	if (rc == HN_OK && data.len < ID_SIZE + 1)
		rc = HN_EFORMAT;
	if (rc == HN_OK) {
		size_t left = data.len - ID_SIZE;
		out->id = load_be32((const uint8_t *)data.data);
		out->len = left;
		memcpy(out->bytes, data.data + ID_SIZE,
		       left < sizeof(out->bytes) ? left : sizeof(out->bytes));
	}
	buf_clear(&data);
	return rc;
}

int note_parse(const char *data, size_t len, struct note *out)
{
	if (len > NOTE_SIZE_MAX)
		return HN_ELIMIT;
	if (len == 0 || data[len - 1] != '\n' || !clean_text(data, len))
		return HN_EFORMAT;
	/* The last empty line parts text and signatures. */
	size_t split = 0;
	for (size_t i = len - 1; i > 0 && split == 0; i--)
		if (data[i] == '\n' && data[i - 1] == '\n')
			split = i;
	if (split == 0 || split + 1 == len)
		return HN_EFORMAT;
	out->text = data;
	out->text_len = split;
	out->count = 0;
	for (size_t at = split + 1; at < len;) {
		const char *end = memchr(data + at, '\n', len - at);
		if (end == NULL)
			return HN_EFORMAT;
		if (out->count == NOTE_SIGNATURES_MAX)
			return HN_ELIMIT;
		int rc = parse_line(data + at, (size_t)(end - data) - at, &out->signatures[out->count]);
		if (rc != HN_OK)
			return rc;
		out->count++;
		at = (size_t)(end - data) + 1;
	}
	return HN_OK;
}

/* What a cosignature signs: two lines before the text (tlog-cosignature, "Ed25519 signed message"). */
static int cosigned_text(struct buf *b, const char *text, size_t len, uint64_t time_s)
{
	buf_init(b, NOTE_SIZE_MAX + 64);
	buf_addf(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
	buf_add(b, text, len);
	return buf_err(b);
}

static int verify_one(const struct note *note, const struct note_key *key, const struct note_signature *s,
		      uint64_t *time_out)
{
	struct buf signed_text;
	int rc = HN_EAUTH;

	if (key->type == NOTE_ED25519) {
		if (s->len != ED25519_LEN ||
		    crypto_sign_verify_detached(s->bytes, (const uint8_t *)note->text, note->text_len,
						key->public_key) != 0)
			return HN_EAUTH;
		return HN_OK;
	}
	uint64_t time_s = load_be64(s->bytes);
	if (s->len != TIME_SIZE + ED25519_LEN || time_s > INT64_MAX)
		return HN_EAUTH;
	rc = cosigned_text(&signed_text, note->text, note->text_len, time_s);
	if (rc == HN_OK &&
	    crypto_sign_verify_detached(s->bytes + TIME_SIZE, (const uint8_t *)signed_text.data,
					signed_text.len, key->public_key) != 0)
		rc = HN_EAUTH;
	if (rc == HN_OK && time_out != NULL)
		*time_out = time_s;
	buf_clear(&signed_text);
	return rc;
}

int note_verify(const struct note *note, const struct note_key *key, uint64_t *time_out)
{
	bool found = false;
	uint64_t time_s = 0;

	for (size_t i = 0; i < note->count; i++) {
		const struct note_signature *s = &note->signatures[i];
		if (s->id != key->id || s->name_len != strlen(key->name) ||
		    memcmp(s->name, key->name, s->name_len) != 0)
			continue;
		int rc = verify_one(note, key, s, &time_s);
		if (rc != HN_OK)
			return rc;
		found = true;
	}
	if (found && time_out != NULL)
		*time_out = time_s;
	return found ? HN_OK : HN_ENOENT;
}

void note_sign(struct buf *out, const char *text, size_t text_len, const struct note_key *key,
	       const uint8_t secret[NOTE_SECRET_SIZE], uint64_t time_s)
{
	struct buf signed_text;
	uint8_t data[ID_SIZE + TIME_SIZE + ED25519_LEN];
	size_t at = ID_SIZE;

	for (unsigned i = 0; i < ID_SIZE; i++)
		data[i] = (uint8_t)(key->id >> (8 * (ID_SIZE - 1 - i)));
	if (key->type == NOTE_COSIGNATURE) {
		for (unsigned i = 0; i < TIME_SIZE; i++)
			data[at++] = (uint8_t)(time_s >> (8 * (TIME_SIZE - 1 - i)));
		int rc = cosigned_text(&signed_text, text, text_len, time_s);
		if (rc != HN_OK) {
			buf_clear(&signed_text);
			out->err = rc;
			return;
		}
		crypto_sign_detached(data + at, NULL, (const uint8_t *)signed_text.data, signed_text.len,
				     secret);
		buf_clear(&signed_text);
	} else {
		crypto_sign_detached(data + at, NULL, (const uint8_t *)text, text_len, secret);
	}
	buf_addf(out, DASH "%s ", key->name);
	base64_add(out, data, at + ED25519_LEN);
	buf_addc(out, '\n');
}
