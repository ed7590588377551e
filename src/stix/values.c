/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "stix/check.h"
#include "stix/spell.h"

static int add(struct stix_checker *c, const struct stix_value *value)
{
	struct stix_object *o = c->o;
	void *values = o->values;
	int rc = stix_grow(&values, o->value_count, &c->m->value_room, sizeof(*o->values),
			   c->limits->values_max);
	o->values = values;
	if (rc == HN_OK)
		o->values[o->value_count++] = *value;
	return rc;
}

/* A key of bytes as they are; one that is empty or too long is none. */
static int add_key(struct stix_checker *c, enum stix_value_kind kind, const void *key, size_t len)
{
	struct stix_value value = {.kind = kind, .key_len = len};
	if (len == 0 || len > STIX_SPELL_MAX)
		return HN_OK;
	value.key = (const uint8_t *)arena_text(c->m->keys, key, len);
	return value.key == NULL ? HN_ENOMEM : add(c, &value);
}

static int add_entry(struct stix_checker *c)
{
	const struct entry_key *key = &c->m->canonical.key;
	struct stix_value value = {
		.kind = STIX_VALUE_ENTRY, .entry_kind = (uint8_t)key->kind, .key_len = key->len};
	if (key->kind == ENTRY_IP4)
		value.prefix_len = 32;
	else if (key->kind == ENTRY_IP6)
		value.prefix_len = 128;
	else if (key->kind == ENTRY_PREFIX4 || key->kind == ENTRY_PREFIX6)
		value.prefix_len = key->data[key->len - 1];
	value.key = (const uint8_t *)arena_text(c->m->keys, key->data, key->len);
	return value.key == NULL ? HN_ENOMEM : add(c, &value);
}

/* What is no value in this form is none; only lack of memory or room ends the reading. */
static int add_canonical(struct stix_checker *c, int rc)
{
	return rc == HN_OK ? add_entry(c) : HN_OK;
}

static char lower(char b)
{
	return b >= 'A' && b <= 'Z' ? (char)(b | 0x20) : b;
}

/* In its one spelling; what is no such value is none. */
static int add_spelt(struct stix_checker *c, enum stix_value_kind kind, const char *text, size_t len)
{
	char key[STIX_SPELL_MAX];
	size_t key_len;
	return stix_spell(kind, text, len, key, &key_len) == HN_OK ? add_key(c, kind, key, key_len) : HN_OK;
}

/* STIX 2.1, 6.10: here it must be one. */
static int take_mac(struct stix_checker *c, const char *text, size_t len)
{
	char key[STIX_SPELL_MAX];
	size_t key_len;
	int rc = stix_spell(STIX_VALUE_MAC, text, len, key, &key_len);
	return rc == HN_OK ? add_key(c, STIX_VALUE_MAC, key, key_len) : HN_EFORMAT;
}

/* ---- addresses ---- */

/* "192.0.2.77/24" with host bits, which the standard does not forbid: the prefix that holds it. */
static int read_address(struct stix_checker *c, const char *text, size_t len)
{
	struct canonical *out = &c->m->canonical;
	uint8_t bytes[17];
	unsigned bits = 0;
	int rc = canonical_ip(text, len, out);
	const char *slash = len == 0 ? NULL : memchr(text, '/', len);
	if (rc == HN_OK || slash == NULL || (size_t)(text + len - slash) > 4 || slash == text + len - 1 ||
	    (slash[1] == '0' && slash + 2 < text + len))
		return rc;
	for (const char *at = slash + 1; at < text + len; at++) {
		if (*at < '0' || *at > '9')
			return HN_EFORMAT;
		bits = bits * 10 + (unsigned)(*at - '0');
	}
	rc = canonical_ip(text, (size_t)(slash - text), out);
	if (rc != HN_OK || bits > out->key.len * 8u)
		return HN_EFORMAT;
	memcpy(bytes, out->key.data, out->key.len);
	for (unsigned i = 0; i < out->key.len; i++) {
		unsigned keep = bits <= i * 8 ? 0 : bits - i * 8;
		if (keep < 8)
			bytes[i] &= (uint8_t)(0xff00u >> keep);
	}
	bytes[out->key.len] = (uint8_t)bits;
	memcpy(out->bytes, bytes, out->key.len + 1u);
	out->key.kind = out->key.kind == ENTRY_IP4 ? ENTRY_PREFIX4 : ENTRY_PREFIX6;
	out->key.len++;
	out->key.data = out->bytes;
	return HN_OK;
}

/* STIX 2.1, 6.8 and 6.9. */
static int take_address(struct stix_checker *c, bool six, const char *text, size_t len)
{
	int rc = read_address(c, text, len);
	enum entry_kind kind = c->m->canonical.key.kind;
	if (rc == HN_OK && (kind == ENTRY_IP6 || kind == ENTRY_PREFIX6) == six)
		return add_entry(c);
	return HN_EFORMAT;
}

/* ---- digests and certificates ---- */

static bool names_equal(const char *a, size_t len, const char *b)
{
	size_t i = 0;
	for (; i < len && b[i] != '\0'; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return i == len && b[i] == '\0';
}

static int take_digest(struct stix_checker *c, const char *name, size_t name_len, const char *text,
		       size_t len)
{
	static const struct {
		const char *name;
		size_t digits;
	} entries[] = {{"MD5", 32}, {"SHA-1", 40}, {"SHA1", 40}, {"SHA-256", 64}, {"SHA256", 64}};
	char key[512];
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (names_equal(name, name_len, entries[i].name))
			return len == entries[i].digits
				       ? add_canonical(c, canonical_digest(text, len, &c->m->canonical))
				       : HN_OK;
	if (name_len + 1 + len > sizeof(key))
		return HN_OK;
	bool as_written = names_equal(name, name_len, "SSDEEP") || names_equal(name, name_len, "TLSH");
	for (size_t i = 0; i < name_len; i++)
		key[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] & ~0x20) : name[i];
	key[name_len] = ':';
	for (size_t i = 0; i < len; i++)
		key[name_len + 1 + i] = as_written ? text[i] : lower(text[i]);
	return add_key(c, STIX_VALUE_DIGEST, key, name_len + 1 + len);
}

static int take_hashes(struct stix_checker *c, bool certificate, uint32_t token)
{
	const struct stix_token *tokens = c->t->tokens;
	int rc = HN_OK;
	for (uint32_t i = token + 1; rc == HN_OK && i < tokens[token].next; i = tokens[i].next) {
		size_t name_len, len;
		const char *name = stix_tape_name(c->t, i, &name_len);
		const char *text;
		rc = stix_plain(c, i + 1, &text, &len);
		if (rc == HN_OK)
			rc = certificate ? add_spelt(c, STIX_VALUE_CERTIFICATE, text, len)
					 : take_digest(c, name, name_len, text, len);
	}
	return rc;
}

/* ---- identifiers of others ---- */

static int take_external(struct stix_checker *c, uint32_t token)
{
	char key[512];
	const char *text;
	size_t source_len, len;
	uint32_t source = stix_tape_member(c->t, token, "source_name");
	uint32_t id = stix_tape_member(c->t, token, "external_id");
	if (source == 0 || id == 0 || c->t->tokens[source].kind != JSON_TOKEN_STRING ||
	    c->t->tokens[id].kind != JSON_TOKEN_STRING)
		return HN_OK;
	int rc = stix_plain(c, source, &text, &source_len);
	if (rc != HN_OK || source_len + 2 > sizeof(key))
		return rc;
	memcpy(key, text, source_len);
	key[source_len] = ':';
	rc = stix_plain(c, id, &text, &len);
	if (rc == HN_OK)
		rc = add_spelt(c, STIX_VALUE_VULNERABILITY, text, len);
	if (rc != HN_OK || len == 0 || source_len + 1 + len > sizeof(key))
		return rc;
	memcpy(key + source_len + 1, text, len);
	return add_key(c, STIX_VALUE_EXTERNAL, key, source_len + 1 + len);
}

static int take_externals(struct stix_checker *c, uint32_t list)
{
	int rc = HN_OK;
	for (uint32_t i = list + 1; rc == HN_OK && i < c->t->tokens[list].next; i = c->t->tokens[i].next)
		rc = take_external(c, i);
	return rc;
}

/* ---- by what it is ---- */

static int take_text(struct stix_checker *c, enum stix_taken what, const char *text, size_t len)
{
	switch (what) {
	case STIX_TAKEN_IP4:
	case STIX_TAKEN_IP6:
		return take_address(c, what == STIX_TAKEN_IP6, text, len);
	case STIX_TAKEN_DOMAIN:
		return add_canonical(c, canonical_name(text, len, &c->m->canonical));
	case STIX_TAKEN_URL:
		return add_canonical(c, canonical_url(text, len, &c->m->canonical));
	case STIX_TAKEN_EMAIL:
		return add_spelt(c, STIX_VALUE_EMAIL, text, len);
	case STIX_TAKEN_FILENAME:
		return add_key(c, STIX_VALUE_FILENAME, text, len);
	case STIX_TAKEN_SERIAL:
		return add_spelt(c, STIX_VALUE_CERTIFICATE, text, len);
	case STIX_TAKEN_MAC:
		return take_mac(c, text, len);
	case STIX_TAKEN_MUTEX:
		return add_key(c, STIX_VALUE_MUTEX, text, len);
	case STIX_TAKEN_REGISTRY:
		return add_spelt(c, STIX_VALUE_REGISTRY, text, len);
	case STIX_TAKEN_VULNERABILITY:
		return add_spelt(c, STIX_VALUE_VULNERABILITY, text, len);
	default:
		return HN_OK;
	}
}

int stix_values_take(struct stix_checker *c, enum stix_taken what, uint32_t token)
{
	const char *text;
	size_t len;
	switch (what) {
	case STIX_TAKEN_HASHES:
	case STIX_TAKEN_CERTIFICATE_HASHES:
		return take_hashes(c, what == STIX_TAKEN_CERTIFICATE_HASHES, token);
	case STIX_TAKEN_EXTERNAL:
		return take_externals(c, token);
	case STIX_TAKEN_ASN: {
		struct json_string s = stix_tape_string(c->t, token);
		return add_spelt(c, STIX_VALUE_ASN, (const char *)s.text, s.len);
	}
	default:
		break;
	}
	int rc = stix_plain(c, token, &text, &len);
	if (rc == HN_OK)
		rc = take_text(c, what, text, len);
	if (rc == HN_EFORMAT)
		return stix_fail(c, token, rc,
				 what == STIX_TAKEN_MAC ? tr("this is no MAC address", "MACアドレスではない")
							: tr("this is no address or prefix of its family",
							     "この版のIPアドレスでもプレフィックスでもない"));
	return rc;
}

/* ---- patterns ---- */

static const struct {
	const char *path;
	enum stix_taken what;
} paths[] = {
	{"ipv4-addr:value", STIX_TAKEN_IP4},
	{"ipv6-addr:value", STIX_TAKEN_IP6},
	{"domain-name:value", STIX_TAKEN_DOMAIN},
	{"url:value", STIX_TAKEN_URL},
	{"email-addr:value", STIX_TAKEN_EMAIL},
	{"file:name", STIX_TAKEN_FILENAME},
	{"mac-addr:value", STIX_TAKEN_MAC},
	{"mutex:name", STIX_TAKEN_MUTEX},
	{"windows-registry-key:key", STIX_TAKEN_REGISTRY},
	{"x509-certificate:serial_number", STIX_TAKEN_SERIAL},
	{"vulnerability:name", STIX_TAKEN_VULNERABILITY},
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);
	return n >= k && memcmp(text + n - k, end, k) == 0;
}

/* A value behind a reference: what it is its form says. */
static int take_referred(struct stix_checker *c, const char *text, size_t len)
{
	if (len > 0 && memchr(text, '@', len) != NULL)
		return add_spelt(c, STIX_VALUE_EMAIL, text, len);
	if (read_address(c, text, len) == HN_OK)
		return add_entry(c);
	int rc = take_mac(c, text, len);
	return rc == HN_EFORMAT ? add_canonical(c, canonical_name(text, len, &c->m->canonical)) : rc;
}

/* "file:hashes.'SHA-256'", also of a section or a part. @return its name, NULL: no digest */
static const char *digest_name(const char *path)
{
	const char *dot = strrchr(path, '.');
	const size_t hashes = strlen("hashes");
	if (dot == NULL || (size_t)(dot - path) < hashes || memcmp(dot - hashes, "hashes", hashes) != 0)
		return NULL;
	return dot + 1;
}

/* LIKE '%.name' is what a wildcard says; LIKE without '%' and '_' is equality. */
static int take_like(struct stix_checker *c, const struct stix_term *t)
{
	char wildcard[300];
	bool wild = t->value_len > 2 && t->value[0] == '%' && t->value[1] == '.';
	const char *rest = t->value + (wild ? 1 : 0);
	size_t len = t->value_len - (wild ? 1 : 0);
	if (strcmp(t->path, "domain-name:value") != 0 || len > 256 || memchr(rest, '%', len) != NULL ||
	    memchr(rest, '_', len) != NULL)
		return HN_OK;
	wildcard[0] = '*';
	memcpy(wildcard + 1, rest, len);
	return add_canonical(c, wild ? canonical_name(wildcard, len + 1, &c->m->canonical)
				     : canonical_name(rest, len, &c->m->canonical));
}

static int take_term(struct stix_checker *c, const struct stix_term *t)
{
	if (t->bar != STIX_OPERATOR && t->number != NULL && strcmp(t->path, "autonomous-system:number") == 0)
		return add_spelt(c, STIX_VALUE_ASN, t->number, t->number_len);
	if (t->bar == STIX_OPERATOR || t->value == NULL || t->value_len == 0)
		return HN_OK;
	if (t->like)
		return take_like(c, t);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(t->path, paths[i].path) == 0) {
			int rc = take_text(c, paths[i].what, t->value, t->value_len);
			return rc == HN_EFORMAT ? HN_OK : rc;
		}
	const char *digest = digest_name(t->path);
	if (digest != NULL && strncmp(t->path, "x509-certificate:", 17) == 0)
		return add_spelt(c, STIX_VALUE_CERTIFICATE, t->value, t->value_len);
	if (digest != NULL)
		return take_digest(c, digest, strlen(digest), t->value, t->value_len);
	if (ends_with(t->path, "_ref.value") || ends_with(t->path, "_refs[*].value"))
		return take_referred(c, t->value, t->value_len);
	if (ends_with(t->path, ".ja4") || ends_with(t->path, ":ja4"))
		return add_canonical(c, canonical_ja4(t->value, t->value_len, &c->m->canonical));
	return HN_OK;
}

int stix_values_pattern(struct stix_checker *c, uint32_t token)
{
	const char *text;
	size_t len;
	struct fault why = {0};
	struct json_string s = stix_tape_string(c->t, token);
	int rc = json_text(&s, &c->m->pattern_text, &text, &len);
	if (rc == HN_OK)
		rc = stix_pattern_read(&c->m->pattern, text, len, &why);
	if (rc == HN_EFORMAT || rc == HN_ELIMIT)
		return stix_fail(c, token, rc,
				 tr("not a STIX pattern: %s: %s", "STIXパターンではない: %s: %s"), why.place,
				 why.message);
	for (size_t i = 0; rc == HN_OK && i < c->m->pattern.count; i++)
		rc = take_term(c, &c->m->pattern.terms[i]);
	return rc;
}
