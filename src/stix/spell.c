/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "stix/spell.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char lower(char b)
{
	return b >= 'A' && b <= 'Z' ? (char)(b | 0x20) : b;
}

static bool is_digit(char b)
{
	return b >= '0' && b <= '9';
}

static bool is_hex(char b)
{
	return is_digit(b) || (b >= 'a' && b <= 'f');
}

static bool begins(const char *text, size_t len, const char *with)
{
	size_t i = 0;
	for (; i < len && with[i] != '\0'; i++)
		if (lower(text[i]) != lower(with[i]))
			return false;
	return with[i] == '\0';
}

static int spell_plain(const char *text, size_t len, char *out, size_t *len_out)
{
	memcpy(out, text, len);
	*len_out = len;
	return HN_OK;
}

static int spell_lower(const char *text, size_t len, char *out, size_t *len_out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = lower(text[i]);
	*len_out = len;
	return HN_OK;
}

/* STIX 2.1, 6.10: six pairs with colons; hyphens are read too. */
static int spell_mac(const char *text, size_t len, char *out, size_t *len_out)
{
	char key[17];
	if (len != sizeof(key))
		return HN_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		key[i] = lower(text[i]);
		if (i % 3 == 2 ? key[i] != ':' && key[i] != '-' : !is_hex(key[i]))
			return HN_EFORMAT;
		if (i % 3 == 2)
			key[i] = ':';
	}
	return spell_plain(key, len, out, len_out);
}

/* Serial numbers and fingerprints are written with and without colons, spaces and leading zeros. */
static int spell_certificate(const char *text, size_t len, char *out, size_t *len_out)
{
	char key[256];
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		char b = lower(text[i]);
		if (b == ':' || b == ' ' || b == '-')
			continue;
		if (n == sizeof(key) || !is_hex(b))
			return HN_EFORMAT;
		if (n > 0 || b != '0')
			key[n++] = b;
	}
	return n == 0 ? HN_EFORMAT : spell_plain(key, n, out, len_out);
}

/* "CVE-2024-1234" in either case. */
static int spell_cve(const char *text, size_t len, char *out, size_t *len_out)
{
	if (len < 13 || len > 32 || !begins(text, len, "cve-") || text[8] != '-')
		return HN_EFORMAT;
	for (size_t i = 4; i < len; i++)
		if (i != 8 && !is_digit(text[i]))
			return HN_EFORMAT;
	memcpy(out, "CVE-", 4);
	memcpy(out + 4, text + 4, len - 4);
	*len_out = len;
	return HN_OK;
}

/* "64496", or as people write it "AS64496". */
static int spell_asn(const char *text, size_t len, char *out, size_t *len_out)
{
	uint64_t number = 0;
	size_t at = begins(text, len, "as") ? 2 : 0;
	if (at == len)
		return HN_EFORMAT;
	for (; at < len; at++) {
		if (!is_digit(text[at]) || number > UINT32_MAX)
			return HN_EFORMAT;
		number = number * 10 + (uint64_t)(text[at] - '0');
	}
	*len_out = (size_t)snprintf(out, STIX_SPELL_MAX, "%llu", (unsigned long long)number);
	return HN_OK;
}

/* STIX 2.1, 6.17 wants the hive in full; people write it short all the same. */
static int spell_registry(const char *text, size_t len, char *out, size_t *len_out)
{
	static const struct {
		const char *brief, *full;
	} hives[] = {{"hklm\\", "hkey_local_machine\\"},
		     {"hkcu\\", "hkey_current_user\\"},
		     {"hkcr\\", "hkey_classes_root\\"},
		     {"hku\\", "hkey_users\\"},
		     {"hkcc\\", "hkey_current_config\\"}};
	for (size_t i = 0; i < sizeof(hives) / sizeof(hives[0]); i++) {
		size_t brief = strlen(hives[i].brief), full = strlen(hives[i].full);
		if (!begins(text, len, hives[i].brief) || len - brief > STIX_SPELL_MAX - full)
			continue;
		memcpy(out, hives[i].full, full);
		(void)spell_lower(text + brief, len - brief, out + full, len_out);
		*len_out += full;
		return HN_OK;
	}
	return spell_lower(text, len, out, len_out);
}

/* "SHA-512:..." : the name in capitals, the digits in lower case but for those that are no hex. */
static int spell_digest(const char *text, size_t len, char *out, size_t *len_out)
{
	const char *colon = memchr(text, ':', len);
	if (colon == NULL || colon == text || colon == text + len - 1)
		return HN_EFORMAT;
	bool as_written = begins(text, len, "ssdeep:") || begins(text, len, "tlsh:");
	for (size_t i = 0; i < len; i++) {
		bool name = text + i < colon;
		char b = lower(text[i]);
		if (name && b >= 'a' && b <= 'z')
			out[i] = (char)(b & ~0x20);
		else
			out[i] = name || as_written ? text[i] : b;
	}
	*len_out = len;
	return HN_OK;
}

int stix_spell(enum stix_value_kind kind, const char *text, size_t len, char out[STIX_SPELL_MAX],
	       size_t *len_out)
{
	if (len == 0)
		return HN_EFORMAT;
	if (len > STIX_SPELL_MAX)
		return HN_ELIMIT;
	switch (kind) {
	case STIX_VALUE_ENTRY:
		return HN_EFORMAT;
	case STIX_VALUE_EMAIL:
		return spell_lower(text, len, out, len_out);
	case STIX_VALUE_ASN:
		return spell_asn(text, len, out, len_out);
	case STIX_VALUE_MAC:
		return spell_mac(text, len, out, len_out);
	case STIX_VALUE_REGISTRY:
		return spell_registry(text, len, out, len_out);
	case STIX_VALUE_CERTIFICATE:
		return spell_certificate(text, len, out, len_out);
	case STIX_VALUE_VULNERABILITY:
		return spell_cve(text, len, out, len_out);
	case STIX_VALUE_DIGEST:
		return spell_digest(text, len, out, len_out);
	default:
		return spell_plain(text, len, out, len_out);
	}
}
