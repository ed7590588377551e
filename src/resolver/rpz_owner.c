/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz_owner.h"

#include <string.h>

#define PARTS_MAX 9u /* the length, and eight words of an IPv6 address */

struct label {
	const uint8_t *text;
	uint8_t len;
};

static bool label_is(const struct label *l, const char *text)
{
	return l->len == strlen(text) && memcmp(l->text, text, l->len) == 0;
}

/* A number in decimal or hex, without leading zeros. */
static bool number(const struct label *l, unsigned base, uint32_t max, uint32_t *out)
{
	uint32_t value = 0;
	if (l->len == 0 || l->len > 4 || (l->len > 1 && l->text[0] == '0'))
		return false;
	for (unsigned i = 0; i < l->len; i++) {
		uint8_t c = l->text[i];
		unsigned digit = c >= '0' && c <= '9' ? c - 0x30u : c >= 'a' && c <= 'f' ? c - 0x57u : 16u;
		if (digit >= base)
			return false;
		value = value * base + digit;
	}
	*out = value;
	return value <= max;
}

/* Bytes from the last to the first. */
static bool parse4(const struct label parts[], struct ip *out)
{
	out->version = 4;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t byte;
		if (!number(&parts[4 - i], 10, 255, &byte))
			return false;
		out->bytes[i] = (uint8_t)byte;
	}
	return true;
}

/* Words from the last to the first; "zz" once for one or more words of zeros. */
static bool parse6(const struct label parts[], size_t count, struct ip *out)
{
	size_t word = 0;
	bool zeros = false;
	out->version = 6;
	for (size_t i = count; i-- > 1;) {
		uint32_t value;
		if (label_is(&parts[i], "zz")) {
			if (zeros || count > PARTS_MAX)
				return false;
			zeros = true;
			word += PARTS_MAX - (count - 1); /* eight words less those that are written */
			continue;
		}
		if (word > 7 || !number(&parts[i], 16, 0xffff, &value))
			return false;
		out->bytes[2 * word] = (uint8_t)(value >> 8);
		out->bytes[2 * word + 1] = (uint8_t)value;
		word++;
	}
	return word == 8;
}

static int parse_prefix(const uint8_t *data, size_t len, struct ip_prefix *out)
{
	struct label parts[PARTS_MAX] = {0};
	struct ip_prefix p = {0};
	size_t count = 0;
	uint32_t bits;
	bool zeros = false;
	for (size_t at = 0; at < len; at += 1u + data[at]) {
		if (count == PARTS_MAX)
			return HN_EFORMAT;
		parts[count] = (struct label){data + at + 1, data[at]};
		zeros |= label_is(&parts[count++], "zz");
	}
	if (count < 2 || !number(&parts[0], 10, 128, &bits))
		return HN_EFORMAT;
	bool v4 = count == 5 && !zeros;
	if (!(v4 ? parse4(parts, &p.addr) : parse6(parts, count, &p.addr)) || (v4 && bits > 32))
		return HN_EFORMAT;
	struct ip masked = ip_mask(&p.addr, bits);
	if (memcmp(masked.bytes, p.addr.bytes, sizeof(masked.bytes)) != 0)
		return HN_EFORMAT; /* host bits are zero; the draft, 4.1.1 */
	p.len = (uint8_t)bits;
	*out = p;
	return HN_OK;
}

static int parse_name(const uint8_t *data, size_t len, struct rpz_owner *out)
{
	out->below = len >= 2 && data[0] == 1 && data[1] == '*';
	size_t skip = out->below ? 2 : 0;
	out->name = data + skip;
	out->name_len = (uint8_t)(len - skip);
	return out->name_len == 0 && !out->below ? HN_EFORMAT : HN_OK;
}

int rpz_owner_parse(const struct zone_name *owner, struct rpz_owner *out)
{
	static const struct {
		const char *label;
		enum policy_trigger trigger;
	} words[] = {
		{"rpz-client-ip", POLICY_CLIENT},
		{"rpz-ip", POLICY_ADDRESS},
		{"rpz-nsdname", POLICY_NS_NAME},
		{"rpz-nsip", POLICY_NS_ADDRESS},
	};
	size_t last = 0;
	*out = (struct rpz_owner){.trigger = POLICY_QNAME};
	for (size_t at = 0; at < owner->len; at += 1u + owner->data[at])
		last = at;
	struct label label = {owner->data + last + 1, owner->len == 0 ? (uint8_t)0 : owner->data[last]};
	if (label.len < 4 || memcmp(label.text, "rpz-", 4) != 0)
		return parse_name(owner->data, owner->len, out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!label_is(&label, words[i].label))
			continue;
		out->trigger = words[i].trigger;
		return out->trigger == POLICY_NS_NAME ? parse_name(owner->data, last, out)
						      : parse_prefix(owner->data, last, &out->prefix);
	}
	return HN_EUNSUPPORTED;
}

/* The longest run of two or more words of zeros becomes "zz". */
static void format6(const struct ip *ip, struct buf *out)
{
	unsigned best = 8, best_len = 1;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && ip->bytes[2 * (i + n)] == 0 && ip->bytes[2 * (i + n) + 1] == 0)
			n++;
		if (n > best_len) {
			best = i;
			best_len = n;
		}
	}
	for (unsigned i = 8; i-- > 0;) {
		if (best < 8 && i >= best && i < best + best_len) {
			if (i == best)
				buf_adds(out, ".zz");
			continue;
		}
		buf_addf(out, ".%x", ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1]);
	}
}

void rpz_prefix_format(const struct ip_prefix *prefix, struct buf *out)
{
	const uint8_t *b = prefix->addr.bytes;
	buf_addf(out, "%u", prefix->len);
	if (prefix->addr.version == 4)
		buf_addf(out, ".%u.%u.%u.%u", b[3], b[2], b[1], b[0]);
	else
		format6(&prefix->addr, out);
}
