/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/bounds.h"

#include <stdio.h>
#include <string.h>

#include "authority/authorization.h"
#include "base/encode.h"
#include "base/ip.h"
#include "base/lang.h"

#define KEY_TEXT_SIZE 128

/* The entry for people; cut where it is long. */
static void key_text(const struct entry_key *key, char out[KEY_TEXT_SIZE])
{
	size_t used = 0;
	struct ip ip = {{0}, 4};
	bool v6 = key->kind == ENTRY_IP6 || key->kind == ENTRY_PREFIX6;
	bool address = v6 || key->kind == ENTRY_IP4 || key->kind == ENTRY_PREFIX4;

	out[0] = '\0';
	if (address && key->len >= (v6 ? 16 : 4)) {
		ip.version = v6 ? 6 : 4;
		memcpy(ip.bytes, key->data, v6 ? 16 : 4);
		ip_format(&ip, out);
		if (key->kind == ENTRY_PREFIX4 || key->kind == ENTRY_PREFIX6)
			(void)snprintf(out + strlen(out), 8, "/%u", key->data[key->len - 1]);
		return;
	}
	if (key->kind == ENTRY_MD5 || key->kind == ENTRY_SHA1 || key->kind == ENTRY_SHA256) {
		hex_encode(key->data, key->len > 48 ? 48 : key->len, out);
		return;
	}
	/* Names have length bytes where dots belong; whatever else is not printable becomes '?'. */
	bool name = key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD;
	for (size_t i = name ? 1 : 0; i < key->len && used < KEY_TEXT_SIZE - 1; i++) {
		uint8_t byte = key->data[i];
		char other = name && byte < 64 && byte != '-' && (byte < '0' || byte > '9') ? '.' : '?';
		out[used++] = byte > 0x20 && byte < 0x7f && other == '?' ? (char)byte : other;
	}
	out[used] = '\0';
}

static enum refusal outside(struct refusal_detail *detail, const struct bounds *b,
			    const struct entry_key *key, const char *why)
{
	char text[KEY_TEXT_SIZE];
	key_text(key, text);
	return refusal_set(detail, REFUSAL_SET_OUT_OF_BOUNDS,
			   tr("set '%s', entry '%s' (%s): %s", "セット「%s」の「%s」（%s）: %s"), b->set,
			   text, entry_kind_name(key->kind), why);
}

static bool prefix_too_wide(const struct bounds *b, const struct entry_key *key)
{
	if (key->len == 0)
		return false;
	uint8_t len = key->data[key->len - 1];
	return (key->kind == ENTRY_PREFIX4 && len < b->prefix4) ||
	       (key->kind == ENTRY_PREFIX6 && len < b->prefix6);
}

enum refusal bounds_check_entry(const struct authorization *a, const struct bounds *b,
				const struct entry_key *key, const struct entry_meta *meta,
				struct refusal_detail *detail)
{
	if (meta != NULL && meta->allow)
		return REFUSAL_NONE;
	if ((unsigned)key->kind >= ENTRY_KIND_COUNT || (b->kinds & BOUNDS_KIND_BIT(key->kind)) == 0)
		return outside(
			detail, b, key,
			tr("this kind of entry is not authorised", "この種類の項目は承認されていない"));
	if (prefix_too_wide(b, key)) {
		char why[96];
		(void)snprintf(why, sizeof(why),
			       tr("wider than /%u, the widest authorised", "承認された最大の幅 /%u より広い"),
			       key->kind == ENTRY_PREFIX4 ? b->prefix4 : b->prefix6);
		return outside(detail, b, key, why);
	}
	if (meta == NULL || meta->act == NULL || meta->act[0] == '\0')
		return outside(detail, b, key, tr("names no target act", "対象不正行為が示されていない"));
	if (!authorization_has_act(a, meta->act))
		return outside(detail, b, key,
			       tr("names a target act that is not authorised",
				  "承認されていない対象不正行為を示している"));
	return REFUSAL_NONE;
}

static bool act_passes(const void *context, const char *act)
{
	return act[0] != '\0' && authorization_has_act(context, act);
}

struct entry_pass bounds_pass(const struct authorization *a, const struct bounds *b)
{
	return (struct entry_pass){.kinds = b->kinds,
				   .prefix4 = b->prefix4,
				   .prefix6 = b->prefix6,
				   .act = act_passes,
				   .context = a};
}

enum refusal bounds_check_count(const struct bounds *b, uint64_t entries, struct refusal_detail *detail)
{
	if (entries <= b->entries_max)
		return REFUSAL_NONE;
	return refusal_set(detail, REFUSAL_SET_OUT_OF_BOUNDS,
			   tr("set '%s' holds %llu entries, at most %llu are authorised",
			      "セット「%s」の項目は%llu件だが、承認されているのは%llu件までである"),
			   b->set, (unsigned long long)entries, (unsigned long long)b->entries_max);
}
