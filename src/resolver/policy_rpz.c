/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Sets of response policy zones: an action for each record, or another one for all of them. */
#include <string.h>

#include "resolver/policy_set.h"

static bool match_of(const struct policy_set *s, const struct rpz_hit *hit, enum entry_kind kind,
		     struct policy_match *out)
{
	enum policy_action action = rpz_rule_action(s->source->zone, hit->rule);
	out->rule = hit->rule;
	out->allow = false;
	out->action = (uint8_t)(s->action == POLICY_GIVEN || action == POLICY_PASSTHRU ? action : s->action);
	out->hit = (struct set_hit){.slot = hit->slot,
				    .kind = (uint8_t)kind,
				    .prefix_len = hit->prefix_len,
				    .labels_left = hit->below ? hit->labels_left : 0,
				    .bytes_left = hit->below ? hit->bytes_left : 0};
	return true;
}

static bool find_name(const struct policy_set *s, enum policy_trigger trigger, struct suffixes *name,
		      int64_t now_ns, struct policy_match *out)
{
	struct rpz_hit hit;
	(void)now_ns;
	return rpz_find_suffixes(s->source->zone, trigger, name, &hit) &&
	       match_of(s, &hit, hit.below ? ENTRY_WILDCARD : ENTRY_NAME, out);
}

static enum entry_kind prefix_kind(uint8_t version, uint8_t len)
{
	if (version == 4)
		return len == 32 ? ENTRY_IP4 : ENTRY_PREFIX4;
	return len == 128 ? ENTRY_IP6 : ENTRY_PREFIX6;
}

static bool find_address(const struct policy_set *s, enum policy_trigger trigger, const struct ip *address,
			 int64_t now_ns, struct policy_match *out)
{
	struct rpz_hit hit;
	(void)now_ns;
	return rpz_find_address(s->source->zone, trigger, address, &hit) &&
	       match_of(s, &hit, prefix_kind(address->version, hit.prefix_len), out);
}

static void prefetch(const struct policy_set *s, struct suffixes *name, bool records, struct fetches *f)
{
	const struct name_rules *rules = s->source->zone->names[POLICY_QNAME];
	if (records)
		name_rules_prefetch_records(rules, name, f);
	else
		name_rules_prefetch(rules, name, f);
}

static bool covers(const struct policy_set *s, enum policy_trigger trigger, const struct ip_prefix *prefix,
		   bool allow, int64_t now_ns)
{
	(void)now_ns;
	return !allow && prefix_rules_covers(&s->source->zone->prefixes[trigger], prefix);
}

static size_t records(const struct policy_set *s, const struct policy_match *match,
		      struct policy_record out[POLICY_RECORDS_MAX])
{
	if (s->action == POLICY_GIVEN)
		return rpz_rule_records(s->source->zone, match->rule, out);
	return rpz_records_of((const uint8_t *)s->records.data, s->records.len, out);
}

static uint32_t ttl(const struct policy_set *s, const struct policy_match *match)
{
	return s->action == POLICY_GIVEN ? rpz_rule_ttl(s->source->zone, match->rule) : s->ttl;
}

static void prefix_entry(const struct ip_prefix *p, uint8_t scratch[32], struct entry_key *out)
{
	size_t size = p->addr.version == 4 ? 4 : 16;
	enum entry_kind kind = prefix_kind(p->addr.version, p->len);
	memcpy(scratch, p->addr.bytes, size);
	scratch[size] = p->len;
	*out = (struct entry_key){kind, (uint16_t)(p->len == 8 * size ? size : size + 1), scratch};
}

static int tell(const struct policy_set *s, const struct policy_match *match, uint8_t scratch[32],
		struct policy_told *out)
{
	const struct rpz *zone = s->source->zone;
	out->confidence = 255;
	if (match->trigger >= POLICY_TRIGGER_COUNT)
		return HN_ENOENT;
	if (zone->names[match->trigger] != NULL) {
		const uint8_t *name;
		size_t len;
		name_rules_key(zone->names[match->trigger], match->hit.slot, &name, &len);
		out->key = (struct entry_key){(enum entry_kind)match->hit.kind, (uint16_t)len, name};
	} else {
		bool v4 = match->hit.kind == ENTRY_IP4 || match->hit.kind == ENTRY_PREFIX4;
		struct ip_prefix prefix;
		prefix_rules_key(&zone->prefixes[match->trigger], v4 ? 4 : 6, match->hit.slot, &prefix);
		prefix_entry(&prefix, scratch, &out->key);
	}
	return HN_OK;
}

struct each_context {
	const struct policy_set *s;
	enum policy_trigger trigger;
	policy_each *each;
	void *context;
};

static int call(const struct each_context *c, const struct entry_key *key, uint32_t rule)
{
	const struct rpz_hit hit = {.rule = rule};
	struct policy_match match = {.trigger = (uint8_t)c->trigger};
	(void)match_of(c->s, &hit, key->kind, &match);
	return c->each(c->context, c->trigger, key, &match);
}

static int each_name(void *context, const uint8_t *name, size_t len, bool below, uint32_t rule)
{
	struct entry_key key = {below ? ENTRY_WILDCARD : ENTRY_NAME, (uint16_t)len, name};
	return call(context, &key, rule);
}

static int each_prefix(void *context, const struct ip_prefix *prefix, uint32_t rule)
{
	uint8_t scratch[32];
	struct entry_key key;
	prefix_entry(prefix, scratch, &key);
	return call(context, &key, rule);
}

static int each(const struct policy_set *s, int64_t now_ns, policy_each *callback, void *context)
{
	const struct rpz *zone = s->source->zone;
	int rc = HN_OK;
	(void)now_ns;
	for (unsigned i = 0; rc == HN_OK && i < POLICY_TRIGGER_COUNT; i++) {
		struct each_context c = {s, (enum policy_trigger)i, callback, context};
		if (zone->names[i] != NULL)
			rc = name_rules_each(zone->names[i], each_name, &c);
		else
			rc = prefix_rules_each(&zone->prefixes[i], each_prefix, &c);
	}
	return rc;
}

static void info(const struct policy_set *s, struct policy_set_info *out)
{
	const struct rpz *zone = s->source->zone;
	out->id = zone->zone;
	out->version = zone->serial_text;
	out->rpz = true;
	out->entries = rpz_count(zone);
	out->bytes = rpz_bytes(zone);
	out->layers = 1;
}

const struct policy_kind POLICY_RPZ = {find_name, find_address, prefetch, covers, records,
				       ttl,       tell,         each,     info};
