/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/canonical.h"

#include <ctype.h>
#include <string.h>

#include <idn2.h>

#include "base/encode.h"
#include "base/ip.h"

#define NAME_MAX_BYTES 254 /* wire form without the root; RFC 1035, 2.3.4 */
#define LABEL_MAX      63
#define JA4_LEN        36

static bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* ---- addresses ---- */

static void key_set(struct canonical *out, enum entry_kind kind, size_t len)
{
	out->key = (struct entry_key){kind, (uint16_t)len, out->bytes};
}

int canonical_ip(const char *text, size_t len, struct canonical *out)
{
	struct ip_prefix p;
	int rc = ip_prefix_parse(text, len, &p);
	if (rc != HN_OK)
		return rc;
	bool v4 = p.addr.version == 4;
	size_t size = v4 ? 4 : 16;
	memcpy(out->bytes, p.addr.bytes, size);
	if (p.len == 8 * size) {
		key_set(out, v4 ? ENTRY_IP4 : ENTRY_IP6, size);
		return HN_OK;
	}
	out->bytes[size] = p.len;
	key_set(out, v4 ? ENTRY_PREFIX4 : ENTRY_PREFIX6, size + 1);
	return HN_OK;
}

/* ---- names ---- */

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_';
}

/* One byte of a label, escapes undone (RFC 1035, 5.1). @return its length in the text, 0 for a bad one */
static size_t label_byte(const char *text, size_t len, uint8_t *out)
{
	char c = ascii_lower(text[0]);
	if (c != '\\') {
		*out = (uint8_t)c;
		return name_char(c) ? 1 : 0;
	}
	if (len >= 4 && ascii_digit(text[1]) && ascii_digit(text[2]) && ascii_digit(text[3])) {
		int value = 100 * (text[1] - '0') + 10 * (text[2] - '0') + text[3] - '0';
		*out = (uint8_t)(value >= 'A' && value <= 'Z' ? value + 32 : value);
		return value <= 255 ? 4 : 0;
	}
	if (len < 2 || ascii_digit(text[1]) || (unsigned char)text[1] < 0x21 || (unsigned char)text[1] > 0x7e)
		return 0;
	*out = (uint8_t)ascii_lower(text[1]);
	return 2;
}

static bool all_digits(const uint8_t *label, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_digit((char)label[i]))
			return false;
	return true;
}

/* ASCII text to wire form. */
static int name_wire(const char *text, size_t len, uint8_t out[NAME_MAX_BYTES], size_t *len_out)
{
	size_t used = 0, label = 0; /* label: where its length byte stands */
	bool open = false;

	for (size_t i = 0; i < len;) {
		if (text[i] == '.') {
			if (!open || used - label - 1 == 0)
				return HN_EFORMAT;
			open = false;
			i++;
			continue;
		}
		if (!open) {
			if (used == NAME_MAX_BYTES)
				return HN_ELIMIT;
			label = used++;
			out[label] = 0;
			open = true;
		}
		uint8_t byte;
		size_t n = label_byte(text + i, len - i, &byte);
		if (n == 0)
			return HN_EFORMAT;
		if (used == NAME_MAX_BYTES || out[label] == LABEL_MAX)
			return HN_ELIMIT;
		out[used++] = byte;
		out[label]++;
		i += n;
	}
	if (used == 0 || all_digits(out + label + 1, used - label - 1))
		return HN_EFORMAT;
	*len_out = used;
	return HN_OK;
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Beyond ASCII: A-labels first. */
static int name_idna(const char *text, size_t len, uint8_t out[NAME_MAX_BYTES], size_t *len_out)
{
	char copy[4 * NAME_MAX_BYTES + 1];
	uint8_t *ascii = NULL;
	if (len >= sizeof(copy))
		return HN_ELIMIT;
	if (memchr(text, '\\', len) != NULL || memchr(text, '\0', len) != NULL)
		return HN_EFORMAT;
	memcpy(copy, text, len);
	copy[len] = '\0';
	int found = idn2_lookup_u8((const uint8_t *)copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (found != IDN2_OK)
		return found == IDN2_MALLOC ? HN_ENOMEM : HN_EFORMAT;
	int rc = name_wire((const char *)ascii, strlen((const char *)ascii), out, len_out);
	idn2_free(ascii);
	return rc;
}

static int host_wire(const char *text, size_t len, uint8_t out[NAME_MAX_BYTES], size_t *len_out)
{
	return is_ascii(text, len) ? name_wire(text, len, out, len_out) : name_idna(text, len, out, len_out);
}

int canonical_name(const char *text, size_t len, struct canonical *out)
{
	enum entry_kind kind = ENTRY_NAME;
	uint8_t wire[NAME_MAX_BYTES];
	size_t wire_len;
	if (len > 2 && text[0] == '*' && text[1] == '.') {
		kind = ENTRY_WILDCARD;
		text += 2;
		len -= 2;
	}
	int rc = host_wire(text, len, wire, &wire_len);
	if (rc != HN_OK)
		return rc;
	memcpy(out->bytes, wire, wire_len);
	key_set(out, kind, wire_len);
	return HN_OK;
}

unsigned canonical_labels(const uint8_t *name, size_t len)
{
	unsigned labels = 0;
	if (len > NAME_MAX_BYTES)
		return 0;
	for (size_t at = 0; at < len; at += 1u + name[at], labels++)
		if (name[at] == 0 || name[at] > LABEL_MAX || name[at] >= len - at)
			return 0;
	return labels;
}

/* ---- digests and fingerprints ---- */

int canonical_digest(const char *text, size_t len, struct canonical *out)
{
	enum entry_kind kind = len == 32 ? ENTRY_MD5 : len == 40 ? ENTRY_SHA1 : ENTRY_SHA256;
	if (len != 32 && len != 40 && len != 64)
		return HN_EFORMAT;
	int rc = hex_decode(text, len, out->bytes, len / 2);
	if (rc == HN_OK)
		key_set(out, kind, len / 2);
	return rc;
}

/* "a" protocol, version, SNI, counts, ALPN, and two pieces of hex, each of its set of characters. */
static bool ja4_valid(const char *text)
{
	static const char protocols[] = "tqd", sni[] = "di", versions[] = "13 12 11 10 s3 s2 d1 d2 d3 00";
	const char version[] = {text[1], text[2], '\0'};
	if (strchr(protocols, text[0]) == NULL || strchr(sni, text[3]) == NULL ||
	    strstr(versions, version) == NULL || version[0] == ' ' || version[1] == ' ')
		return false;
	for (int i = 4; i < 8; i++)
		if (!ascii_digit(text[i]))
			return false;
	for (int i = 8; i < 10; i++)
		if (!isalnum((unsigned char)text[i]))
			return false;
	if (text[10] != '_' || text[23] != '_')
		return false;
	for (int i = 11; i < JA4_LEN; i++)
		if (i != 23 && !ascii_digit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return false;
	return true;
}

int canonical_ja4(const char *text, size_t len, struct canonical *out)
{
	char ja4[JA4_LEN + 1];
	if (len != JA4_LEN || memchr(text, '\0', len) != NULL)
		return HN_EFORMAT;
	for (size_t i = 0; i < len; i++)
		ja4[i] = i == 8 || i == 9 ? text[i]
					  : ascii_lower(text[i]); /* ALPN's characters keep their case */
	ja4[len] = '\0';
	if (!ja4_valid(ja4))
		return HN_EFORMAT;
	memcpy(out->bytes, ja4, len);
	key_set(out, ENTRY_JA4, len);
	return HN_OK;
}

/* ---- any of them ---- */

/* "192.0.2.1/24" is meant as a prefix, though a wrong one; as a URL it needs its scheme. */
static bool like_prefix(const char *text, size_t len)
{
	const char *slash = memrchr(text, '/', len);
	struct ip ip;
	if (slash == NULL || ip_parse(text, (size_t)(slash - text), &ip) != HN_OK)
		return false;
	const char *end = text + len;
	if (end - slash < 2 || end - slash > 4)
		return false;
	return all_digits((const uint8_t *)slash + 1, (size_t)(end - slash - 1));
}

int canonical_value(const char *text, size_t len, struct canonical *out)
{
	int (*const kinds[])(const char *, size_t, struct canonical *) = {canonical_ip, canonical_digest,
									  canonical_ja4};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i](text, len, out) == HN_OK)
			return HN_OK;
	if (like_prefix(text, len))
		return HN_EFORMAT;
	return memchr(text, '/', len) != NULL ? canonical_url(text, len, out)
					      : canonical_name(text, len, out);
}

/* Host bits are zero. */
static bool prefix_valid(const uint8_t *data, size_t size)
{
	struct ip ip = {.version = size == 4 ? 4 : 6};
	if (data[size] >= 8 * size)
		return false;
	memcpy(ip.bytes, data, size);
	struct ip masked = ip_mask(&ip, data[size]);
	return memcmp(masked.bytes, ip.bytes, sizeof(ip.bytes)) == 0;
}

static bool lower_name(const struct entry_key *key)
{
	if (canonical_labels(key->data, key->len) == 0)
		return false;
	for (size_t i = 0; i < key->len; i++)
		if (key->data[i] >= 'A' && key->data[i] <= 'Z')
			return false;
	return true;
}

static bool url_valid(const struct entry_key *key)
{
	const uint8_t *slash = memchr(key->data, '/', key->len);
	if (slash == NULL || slash == key->data)
		return false;
	for (size_t i = 0; i < key->len; i++) {
		if (key->data[i] <= 0x20 || key->data[i] >= 0x7f || key->data[i] == '#')
			return false;
		if (key->data + i < slash && key->data[i] >= 'A' && key->data[i] <= 'Z')
			return false;
	}
	return true;
}

bool canonical_check(const struct entry_key *key)
{
	static const uint8_t sizes[ENTRY_KIND_COUNT] = {
		[ENTRY_IP4] = 4,  [ENTRY_IP6] = 16,  [ENTRY_PREFIX4] = 5, [ENTRY_PREFIX6] = 17,
		[ENTRY_MD5] = 16, [ENTRY_SHA1] = 20, [ENTRY_SHA256] = 32, [ENTRY_JA4] = JA4_LEN,
	};
	if ((unsigned)key->kind >= ENTRY_KIND_COUNT || key->len == 0 || key->len > ENTRY_KEY_MAX ||
	    (sizes[key->kind] != 0 && sizes[key->kind] != key->len))
		return false;
	switch (key->kind) {
	case ENTRY_PREFIX4:
	case ENTRY_PREFIX6:
		return prefix_valid(key->data, key->len - 1u);
	case ENTRY_NAME:
	case ENTRY_WILDCARD:
		return lower_name(key);
	case ENTRY_URL:
		return url_valid(key);
	case ENTRY_JA4: {
		char text[JA4_LEN + 1] = {0};
		memcpy(text, key->data, JA4_LEN);
		return memchr(text, '\0', JA4_LEN) == NULL && ja4_valid(text);
	}
	default:
		return true;
	}
}

/* ---- back to text ---- */

static void format_ip(const struct entry_key *key, struct buf *out)
{
	struct ip_prefix p = {.addr.version = key->len < 16 ? 4 : 6, .len = key->data[key->len - 1]};
	char text[IP_PREFIX_TEXT_SIZE];
	memcpy(p.addr.bytes, key->data, key->len < 16 ? 4 : 16);
	if (key->kind == ENTRY_PREFIX4 || key->kind == ENTRY_PREFIX6)
		ip_prefix_format(&p, text);
	else
		ip_format(&p.addr, text);
	buf_adds(out, text);
}

/* A lone label that reads as a digest or JA4 gets the root's dot, which they cannot have. */
static bool reads_otherwise(const struct entry_key *key)
{
	struct canonical other;
	const char *text = (const char *)key->data + 1;
	size_t len = key->len - 1u;
	return key->data[0] == len &&
	       (canonical_digest(text, len, &other) == HN_OK || canonical_ja4(text, len, &other) == HN_OK);
}

static void format_name(const struct entry_key *key, struct buf *out)
{
	for (size_t at = 0; at < key->len; at += 1u + key->data[at]) {
		if (at > 0)
			buf_addc(out, '.');
		for (size_t i = at + 1; i <= at + key->data[at] && i < key->len; i++) {
			if (name_char((char)key->data[i]))
				buf_addc(out, (char)key->data[i]);
			else
				buf_addf(out, "\\%03u", key->data[i]);
		}
	}
}

/* A port that is some scheme's default is dropped where no scheme stands, so the other scheme has to. */
static const char *url_scheme(const struct entry_key *key)
{
	const uint8_t *slash = memchr(key->data, '/', key->len);
	size_t host = slash == NULL ? key->len : (size_t)(slash - key->data);
	if (host > 4 && memcmp(key->data + host - 4, ":443", 4) == 0)
		return "http://";
	if (host > 3 && memcmp(key->data + host - 3, ":80", 3) == 0)
		return "https://";
	if (like_prefix((const char *)key->data, key->len))
		return "http://";
	return "";
}

void canonical_format(const struct entry_key *key, struct buf *out)
{
	char hex[2 * 32 + 1];
	switch (key->kind) {
	case ENTRY_IP4:
	case ENTRY_IP6:
	case ENTRY_PREFIX4:
	case ENTRY_PREFIX6:
		format_ip(key, out);
		break;
	case ENTRY_WILDCARD:
		buf_adds(out, "*.");
		format_name(key, out);
		break;
	case ENTRY_NAME:
		format_name(key, out);
		if (reads_otherwise(key))
			buf_addc(out, '.');
		break;
	case ENTRY_MD5:
	case ENTRY_SHA1:
	case ENTRY_SHA256:
		hex_encode(key->data, key->len < 32 ? key->len : 32, hex);
		buf_adds(out, hex);
		break;
	case ENTRY_URL:
		buf_adds(out, url_scheme(key));
		buf_add(out, key->data, key->len);
		break;
	default:
		buf_add(out, key->data, key->len);
	}
}
