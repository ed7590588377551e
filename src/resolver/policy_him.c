/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Sets of `.him` files: one action for all entries. */
#include <string.h>

#include "match/suffixes.h"
#include "resolver/policy_set.h"

static bool meta_holds(const struct entry_meta *meta, int64_t now_ns)
{
	return (meta->valid_from_ns == 0 || now_ns >= meta->valid_from_ns) &&
	       (meta->valid_until_ns == 0 || now_ns < meta->valid_until_ns);
}

/* Takes the next less specific candidate. @return whether the search may end */
static bool take(const struct set *s, const struct entry_key *key, int64_t now_ns, bool *have_io,
		 struct set_hit *io, struct set_hit *hit)
{
	if (!set_find_entry(s, key, hit) || !set_holds(s, hit, now_ns) || (*have_io && !hit->allow))
		return false;
	*io = *hit;
	*have_io = true;
	return hit->allow;
}

/*
 * The entry that was found does not hold at this time: the next that does, as if the others were not there.
 * Rare, so every suffix is asked for by itself.
 */
static bool find_name_that_holds(const struct set *s, const struct suffixes *n, int64_t now_ns,
				 struct set_hit *out)
{
	bool have = false;
	for (unsigned k = 0; k < n->labels; k++) {
		struct entry_key key = {k == 0 ? ENTRY_NAME : ENTRY_WILDCARD,
					(uint16_t)(n->len - n->starts[k]), n->data + n->starts[k]};
		struct set_hit hit;
		bool had = have;
		bool end = take(s, &key, now_ns, &have, out, &hit);
		if (end || have != had) {
			out->labels_left = (uint8_t)k;
			out->bytes_left = n->starts[k];
		}
		if (end)
			break;
	}
	return have;
}

static void prefix_key(const struct ip *address, unsigned len, uint8_t bytes[17], struct entry_key *out)
{
	bool v4 = address->version == 4;
	unsigned size = v4 ? 4 : 16;
	struct ip masked = ip_mask(address, len);
	memcpy(bytes, masked.bytes, size);
	bytes[size] = (uint8_t)len;
	if (len == 8 * size)
		*out = (struct entry_key){v4 ? ENTRY_IP4 : ENTRY_IP6, (uint16_t)size, bytes};
	else
		*out = (struct entry_key){v4 ? ENTRY_PREFIX4 : ENTRY_PREFIX6, (uint16_t)(size + 1), bytes};
}

/* The same for an address, from len bits on. */
static bool find_prefix_that_holds(const struct set *s, const struct ip *address, unsigned len,
				   int64_t now_ns, struct set_hit *out)
{
	bool have = false, end = false;
	for (unsigned n = len + 1; n-- > 0 && !end;) {
		uint8_t bytes[17];
		struct entry_key key;
		struct set_hit hit;
		prefix_key(address, n, bytes, &key);
		end = take(s, &key, now_ns, &have, out, &hit);
	}
	return have;
}

static void match_of(const struct policy_set *s, const struct set_hit *hit, struct policy_match *out)
{
	out->hit = *hit;
	out->allow = hit->allow;
	out->rule = 0;
	out->action = (uint8_t)s->action;
}

static bool find_name(const struct policy_set *s, enum policy_trigger trigger, struct suffixes *name,
		      int64_t now_ns, struct policy_match *out)
{
	const struct set *set = s->source->set;
	struct set_hit hit;
	(void)trigger;
	if (!set_find_suffixes(set, name, &hit))
		return false;
	if (!set_holds(set, &hit, now_ns) && !find_name_that_holds(set, name, now_ns, &hit))
		return false;
	match_of(s, &hit, out);
	return true;
}

static bool find_address(const struct policy_set *s, enum policy_trigger trigger, const struct ip *address,
			 int64_t now_ns, struct policy_match *out)
{
	const struct set *set = s->source->set;
	struct set_hit hit;
	bool v4 = address->version == 4;
	(void)trigger;
	if (!(v4 ? set_find_ip4(set, address->bytes, &hit) : set_find_ip6(set, address->bytes, &hit)))
		return false;
	if (!set_holds(set, &hit, now_ns) &&
	    !find_prefix_that_holds(set, address, v4 ? 32 : 128, now_ns, &hit))
		return false;
	match_of(s, &hit, out);
	return true;
}

static void prefetch(const struct policy_set *s, struct suffixes *name, bool records, struct fetches *f)
{
	if (records)
		set_prefetch_records(s->source->set, name, f);
	else
		set_prefetch_suffixes(s->source->set, name, f);
}

static bool covers(const struct policy_set *s, enum policy_trigger trigger, const struct ip_prefix *prefix,
		   bool allow, int64_t now_ns)
{
	struct set_hit hit;
	(void)trigger;
	return find_prefix_that_holds(s->source->set, &prefix->addr, prefix->len, now_ns, &hit) &&
	       hit.allow == allow;
}

static size_t records(const struct policy_set *s, const struct policy_match *match,
		      struct policy_record out[POLICY_RECORDS_MAX])
{
	(void)match;
	return rpz_records_of((const uint8_t *)s->records.data, s->records.len, out);
}

static uint32_t ttl(const struct policy_set *s, const struct policy_match *match)
{
	(void)match;
	return s->ttl;
}

static int tell(const struct policy_set *s, const struct policy_match *match, uint8_t scratch[32],
		struct policy_told *out)
{
	struct entry_meta meta;
	int rc = set_key(s->source->set, &match->hit, &out->key, scratch);
	if (rc != HN_OK)
		return rc;
	set_meta(s->source->set, &match->hit, &meta);
	out->object = meta.object;
	out->marking = meta.marking;
	out->confidence = meta.confidence;
	return HN_OK;
}

struct each_context {
	const struct policy_set *s;
	int64_t now_ns;
	policy_each *each;
	void *context;
};

static int each_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	const struct each_context *c = context;
	bool name = key->kind == ENTRY_NAME || key->kind == ENTRY_WILDCARD;
	struct policy_match match = {.action = (uint8_t)c->s->action, .allow = meta->allow};
	if ((!name && key->kind > ENTRY_PREFIX6) || !meta_holds(meta, c->now_ns))
		return HN_OK;
	int rc = c->each(c->context, name ? POLICY_QNAME : POLICY_ADDRESS, key, &match);
	if (rc == HN_OK && c->s->name_servers)
		rc = c->each(c->context, name ? POLICY_NS_NAME : POLICY_NS_ADDRESS, key, &match);
	return rc;
}

static int each(const struct policy_set *s, int64_t now_ns, policy_each *callback, void *context)
{
	struct each_context c = {s, now_ns, callback, context};
	return set_each(s->source->set, each_entry, &c);
}

static void info(const struct policy_set *s, struct policy_set_info *out)
{
	const struct set_info *i = set_info(s->source->set);
	out->id = i->id;
	out->version = i->version;
	out->entries = i->entries;
	out->layers = i->layers;
	for (size_t k = 0; k < s->source->count; k++)
		out->bytes += s->source->files[k]->bytes.grown;
}

const struct policy_kind POLICY_HIM = {find_name, find_address, prefetch, covers, records,
				       ttl,       tell,         each,     info};
