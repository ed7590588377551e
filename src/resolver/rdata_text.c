/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rdata_text.h"

#include <string.h>
#include <strings.h>

#include "base/cur.h"
#include "base/encode.h"
#include "base/ip.h"
#include "wire/dns_number.h"

#define TYPE_SPF   99
#define TYPE_CAA   257
#define STRING_MAX 255 /* bytes of a character-string; RFC 1035, 3.3 */

/*
 * What stands in the RDATA of a type, a letter a field: 4 and 6 an address, n a name, b, h and w a number of
 * 8, 16, 32 bits, t a character-string (RFC 1035, 3.3), T one or more of them, v text without a length to the
 * end.
 */
static const struct type_row {
	const char *name;
	uint16_t type;
	const char *fields; /* NULL: only as "\#" */
} types[] = {
	{"A", DNS_TYPE_A, "4"},
	{"AAAA", DNS_TYPE_AAAA, "6"},
	{"CNAME", DNS_TYPE_CNAME, "n"},
	{"TXT", DNS_TYPE_TXT, "T"},
	{"MX", DNS_TYPE_MX, "hn"},
	{"NS", DNS_TYPE_NS, "n"},
	{"PTR", DNS_TYPE_PTR, "n"},
	{"DNAME", DNS_TYPE_DNAME, "n"},
	{"SRV", DNS_TYPE_SRV, "hhhn"},
	{"SPF", TYPE_SPF, "T"},
	{"CAA", TYPE_CAA, "btv"},
	{"SOA", DNS_TYPE_SOA, "nnwwwww"},
	{"HTTPS", DNS_TYPE_HTTPS, NULL},
	{"SVCB", DNS_TYPE_SVCB, NULL},
	{"DS", DNS_TYPE_DS, NULL},
	{"RRSIG", DNS_TYPE_RRSIG, NULL},
	{"NSEC", DNS_TYPE_NSEC, NULL},
	{"DNSKEY", DNS_TYPE_DNSKEY, NULL},
	{"NSEC3", DNS_TYPE_NSEC3, NULL},
	{"NSEC3PARAM", DNS_TYPE_NSEC3PARAM, NULL},
	{"NAPTR", DNS_TYPE_NAPTR, NULL},
	{"CDS", 59, NULL},
	{"CDNSKEY", 60, NULL},
	{"ZONEMD", 63, NULL},
	{"TLSA", 52, NULL},
	{"SSHFP", 44, NULL},
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static const struct type_row *row_of(uint16_t type)
{
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

/* Decimal digits only, at most max. */
static int number_parse(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (len == 0 || len > 10)
		return HN_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return HN_EFORMAT;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > max)
		return HN_EFORMAT;
	*out = value;
	return HN_OK;
}

int rrtype_parse(const char *text, size_t len, uint16_t *out)
{
	uint64_t number;
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		if (strlen(types[i].name) == len && strncasecmp(types[i].name, text, len) == 0) {
			*out = types[i].type;
			return HN_OK;
		}
	}
	if (len < 5 || strncasecmp(text, "TYPE", 4) != 0 ||
	    number_parse(text + 4, len - 4, UINT16_MAX, &number) != HN_OK)
		return HN_ENOENT;
	*out = (uint16_t)number;
	return HN_OK;
}

void rrtype_format(uint16_t type, struct buf *out)
{
	const struct type_row *row = row_of(type);
	if (row != NULL)
		buf_adds(out, row->name);
	else
		buf_addf(out, "TYPE%u", type);
}

/* ---- from text ---- */

struct words {
	const struct zone_text *entry;
	size_t at, count;
	const struct zone_name *origin;
};

static int address_parse(const char *text, size_t len, char field, struct buf *out)
{
	struct ip ip;
	int rc = ip_parse(text, len, &ip);
	if (rc != HN_OK)
		return rc;
	if (ip.version != field - '0')
		return HN_EFORMAT;
	buf_add(out, ip.bytes, ip.version == 4 ? 4 : 16);
	return HN_OK;
}

/* A character-string, or without its length. */
static int string_parse(const char *text, size_t len, bool bare, struct buf *out)
{
	uint8_t bytes[STRING_MAX];
	size_t used = 0;
	for (size_t at = 0; at < len;) {
		uint8_t byte;
		size_t n = zone_unescape(text + at, len - at, &byte);
		if (n == 0)
			return HN_EFORMAT;
		if (used == sizeof(bytes))
			return HN_ELIMIT;
		bytes[used++] = byte;
		at += n;
	}
	if (!bare)
		buf_addc(out, (char)(unsigned char)used);
	buf_add(out, bytes, used);
	return HN_OK;
}

static int name_parse(const struct words *w, const char *text, size_t len, struct buf *out)
{
	struct zone_name name;
	int rc = zone_name_parse(text, len, w->origin, &name);
	if (rc != HN_OK)
		return rc;
	buf_add(out, name.data, name.len);
	buf_addc(out, '\0');
	return HN_OK;
}

static int integer_parse(const char *text, size_t len, char field, struct buf *out)
{
	uint64_t max = field == 'b' ? UINT8_MAX : field == 'h' ? UINT16_MAX : UINT32_MAX, value;
	int rc = number_parse(text, len, max, &value);
	if (rc != HN_OK)
		return rc;
	if (field == 'b')
		buf_addc(out, (char)(unsigned char)value);
	else if (field == 'h')
		buf_be16(out, (uint16_t)value);
	else
		buf_be32(out, (uint32_t)value);
	return HN_OK;
}

static int field_parse(const struct words *w, char field, struct buf *out)
{
	size_t len;
	bool quoted;
	const char *text = zone_word(w->entry, w->at, &len, &quoted);
	switch (field) {
	case '4':
	case '6':
		return quoted ? HN_EFORMAT : address_parse(text, len, field, out);
	case 'n':
		return quoted ? HN_EFORMAT : name_parse(w, text, len, out);
	case 't':
	case 'T':
	case 'v':
		return string_parse(text, len, field == 'v', out);
	default:
		return quoted ? HN_EFORMAT : integer_parse(text, len, field, out);
	}
}

/* "\# length hex...", the hex in any number of words. */
static int generic_parse(struct words *w, struct buf *out)
{
	uint64_t size;
	size_t len, got = 0;
	bool quoted;
	if (++w->at == w->count)
		return HN_EFORMAT;
	const char *text = zone_word(w->entry, w->at++, &len, &quoted);
	if (number_parse(text, len, RDATA_MAX, &size) != HN_OK)
		return HN_EFORMAT;
	for (; w->at < w->count; w->at++) {
		uint8_t bytes[1024];
		text = zone_word(w->entry, w->at, &len, &quoted);
		for (size_t i = 0, n; i < len; i += n) {
			n = len - i < 2 * sizeof(bytes) ? len - i : 2 * sizeof(bytes);
			if (n % 2 != 0 || hex_decode(text + i, n, bytes, n / 2) != HN_OK)
				return HN_EFORMAT;
			buf_add(out, bytes, n / 2);
			got += n / 2;
		}
	}
	return got == size ? HN_OK : HN_EFORMAT;
}

/* Names of a known type must be names, whoever wrote the bytes: answers carry them. */
static bool rdata_valid(const char *fields, const uint8_t *data, size_t len);

int rdata_parse(uint16_t type, const struct zone_text *entry, size_t first, const struct zone_name *origin,
		struct buf *out)
{
	struct words w = {entry, first, zone_words(entry), origin};
	const struct type_row *row = row_of(type);
	size_t start = out->len;
	int rc = HN_OK;
	if (w.at == w.count)
		return HN_EFORMAT;
	if (zone_word_is(entry, first, "\\#")) {
		rc = generic_parse(&w, out);
		if (rc == HN_OK && buf_err(out) == HN_OK && row != NULL && row->fields != NULL &&
		    (out->len == start ||
		     !rdata_valid(row->fields, (const uint8_t *)out->data + start, out->len - start)))
			return HN_EFORMAT;
		return rc == HN_OK ? buf_err(out) : rc;
	}
	if (row == NULL || row->fields == NULL)
		return HN_EUNSUPPORTED;
	for (const char *field = row->fields; rc == HN_OK && *field != '\0'; field++) {
		if (w.at == w.count)
			return HN_EFORMAT;
		do
			rc = field_parse(&w, *field, out);
		while (++w.at < w.count && *field == 'T' && rc == HN_OK);
	}
	if (rc == HN_OK && w.at != w.count)
		return HN_EFORMAT;
	return rc == HN_OK ? buf_err(out) : rc;
}

/* ---- to text ---- */

void wire_name_format(const uint8_t *name, size_t len, struct buf *out)
{
	size_t at = 0;
	while (at < len && name[at] != 0) {
		size_t end = at + 1 + name[at];
		for (at++; at < end && at < len; at++) {
			uint8_t c = name[at];
			if (c <= 0x20 || c >= 0x7f)
				buf_addf(out, "\\%03u", c);
			else if (strchr(".;()\"\\@$", c) != NULL)
				buf_addf(out, "\\%c", c);
			else
				buf_addc(out, (char)c);
		}
		buf_addc(out, '.');
	}
	if (at == 0)
		buf_addc(out, '.');
}

static void string_format(struct cur *c, size_t len, struct buf *out)
{
	const uint8_t *text = cur_take(c, len);
	buf_addc(out, '"');
	for (size_t i = 0; text != NULL && i < len; i++) {
		if (text[i] < 0x20 || text[i] >= 0x7f)
			buf_addf(out, "\\%03u", text[i]);
		else if (text[i] == '"' || text[i] == '\\')
			buf_addf(out, "\\%c", text[i]);
		else
			buf_addc(out, (char)text[i]);
	}
	buf_addc(out, '"');
}

static void name_format(struct cur *c, struct buf *out)
{
	struct cur name = *c;
	for (uint8_t n = cur_u8(c); n != 0; n = cur_u8(c)) {
		if (n > 63)
			c->bad = true;
		cur_skip(c, n);
	}
	if ((size_t)(c->at - name.at) > ZONE_NAME_MAX + 1)
		c->bad = true;
	if (cur_ok(c))
		wire_name_format(name.at, (size_t)(c->at - name.at), out);
}

static void field_format(char field, struct cur *c, struct buf *out)
{
	struct ip ip = {.version = field == '4' ? 4 : 6};
	char text[IP_TEXT_SIZE];
	switch (field) {
	case '4':
	case '6': {
		size_t size = field == '4' ? 4 : 16;
		const uint8_t *bytes = cur_take(c, size);
		if (bytes == NULL)
			return;
		memcpy(ip.bytes, bytes, size);
		ip_format(&ip, text);
		buf_adds(out, text);
		return;
	}
	case 'n':
		name_format(c, out);
		return;
	case 'T':
	case 't':
		string_format(c, cur_u8(c), out);
		return;
	case 'v':
		if (cur_left(c) > STRING_MAX)
			c->bad = true;
		string_format(c, cur_left(c), out);
		return;
	default:
		buf_addf(out, "%u", field == 'b' ? cur_u8(c) : field == 'h' ? cur_be16(c) : cur_be32(c));
	}
}

/* @return false when the bytes are not what the fields say */
static bool fields_format(const char *fields, const uint8_t *data, size_t len, struct buf *out)
{
	struct cur c = cur_of(data, len);
	for (const char *field = fields; *field != '\0'; field++) {
		do {
			if (field != fields || c.at != data)
				buf_addc(out, ' ');
			field_format(*field, &c, out);
		} while (*field == 'T' && cur_ok(&c) && cur_left(&c) > 0);
	}
	return cur_ok(&c) && cur_left(&c) == 0;
}

static bool rdata_valid(const char *fields, const uint8_t *data, size_t len)
{
	struct buf text;
	buf_init(&text, 8 * RDATA_MAX);
	bool valid = fields_format(fields, data, len, &text) && buf_err(&text) == HN_OK;
	buf_clear(&text);
	return valid;
}

void rdata_format(uint16_t type, const uint8_t *data, size_t len, struct buf *out)
{
	const struct type_row *row = row_of(type);
	size_t start = out->len;
	if (row != NULL && row->fields != NULL && fields_format(row->fields, data, len, out))
		return;
	out->len = start;
	buf_addf(out, "\\# %zu ", len);
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%02x", data[i]);
}
