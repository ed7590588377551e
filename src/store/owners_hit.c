/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* Whom an entry hits, over all that it matches. */
#include <string.h>

#include "match/canonical.h"
#include "match/suffixes.h"
#include "store/hold_inside.h"
#include "store/owners_image.h"

static void add(struct owners_hit *out, int64_t organisation)
{
	for (size_t i = out->count; i-- > 0;)
		if (out->organisations[i] == organisation)
			return;
	if (out->count == OWNERS_HIT_MAX)
		out->more = true;
	else
		out->organisations[out->count++] = organisation;
}

/* All that stand under the same key, which is the first's. */
static void add_all(const struct owners *o, uint32_t first, struct owners_hit *out)
{
	for (size_t i = first; i < o->count && owned_key_compare(&o->owned[i], &o->owned[first]) == 0; i++)
		add(out, o->owned[i].organisation);
}

static void add_found(const struct owners_found *found, struct owners_hit *out)
{
	for (size_t i = 0; i < found->count; i++)
		add(out, found->at[i].organisation);
}

/* The ranges that lie in the prefix, and the one around its beginning. */
static void hit_prefix(const struct owners *o, const uint8_t *address, unsigned length, bool v4,
		       struct owners_hit *out)
{
	const struct ranges *r = v4 ? &o->v4 : &o->v6;
	uint8_t last[16] = {0};
	size_t size = v4 ? 4 : 16;
	memcpy(last, address, size);
	for (size_t bit = length; bit < 8 * size; bit++)
		last[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	size_t at = owners_range_behind(r, address_of(address, v4));
	size_t end = owners_range_behind(r, address_of(last, v4));
	for (at = at > 0 ? at - 1 : 0; at < end && !out->more; at++)
		if (r->ranges[at].owned != OWNED_NONE)
			add_all(o, r->ranges[at].owned, out);
}

static void hit_name(const struct owners *o, const struct entry_key *key, struct owners_hit *out)
{
	struct owners_found found = {.count = 0};
	(void)owners_of_name(o, key->data, key->len, &found);
	add_found(&found, out);
}

/* Whether a name lies below another: it ends with it where a label begins. */
static bool lies_below(const struct owned *one, const struct entry_key *key)
{
	struct suffixes s;
	if (one->len <= key->len || memcmp(one->key + one->len - key->len, key->data, key->len) != 0 ||
	    !suffixes_cut(&s, one->key, one->len))
		return false;
	for (unsigned i = 0; i < s.labels; i++)
		if (s.starts[i] == one->len - key->len)
			return true;
	return false;
}

static void hit_below(const struct owners *o, const struct entry_key *key, struct owners_hit *out)
{
	for (size_t i = 0; i < o->count && !out->more; i++)
		if (o->owned[i].kind == OWNED_NAME && lies_below(&o->owned[i], key))
			add(out, o->owned[i].organisation);
}

static void hit_host(const struct owners *o, const struct entry_key *key, struct owners_hit *out)
{
	const struct entry_key *h;
	struct canonical host;
	if (!hold_host(key, &host))
		return;
	h = &host.key;
	if (h->kind == ENTRY_NAME)
		hit_name(o, h, out);
	else
		hit_prefix(o, h->data, h->kind == ENTRY_IP4 ? 32 : 128, h->kind == ENTRY_IP4, out);
}

void owners_of_entry(const struct owners *o, const struct entry_key *key, struct owners_hit *out)
{
	struct owners_found found = {.count = 0};
	memset(out, 0, sizeof(*out));
	switch (key->kind) {
	case ENTRY_IP4:
		hit_prefix(o, key->data, 32, true, out);
		break;
	case ENTRY_IP6:
		hit_prefix(o, key->data, 128, false, out);
		break;
	case ENTRY_PREFIX4:
		hit_prefix(o, key->data, key->data[4], true, out);
		break;
	case ENTRY_PREFIX6:
		hit_prefix(o, key->data, key->data[16], false, out);
		break;
	case ENTRY_WILDCARD:
		hit_below(o, key, out);
		hit_name(o, key, out);
		break;
	case ENTRY_NAME:
		hit_name(o, key, out);
		break;
	case ENTRY_URL:
		hit_host(o, key, out);
		break;
	case ENTRY_SHA256:
		(void)owners_of_certificate(o, key->data, &found);
		add_found(&found, out);
		break;
	default:
		break;
	}
}
