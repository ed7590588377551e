/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/lookup.h"

#include "sensor/engine.h"

static const struct {
	enum entry_kind entry;
	enum value_kind value;
} kinds[] = {
	{ENTRY_IP4, VALUE_IP4},     {ENTRY_PREFIX4, VALUE_IP4}, {ENTRY_IP6, VALUE_IP6},
	{ENTRY_PREFIX6, VALUE_IP6}, {ENTRY_NAME, VALUE_NAME},   {ENTRY_WILDCARD, VALUE_NAME},
	{ENTRY_URL, VALUE_URL},     {ENTRY_JA4, VALUE_JA4},
};

void lookup_init(struct lookup *l, const struct set *const *sets, size_t count)
{
	*l = (struct lookup){.sets = sets, .count = count};
	for (size_t s = 0; s < count; s++) {
		const struct set_info *info = set_info(sets[s]);
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (info->by_kind[kinds[k].entry] > 0)
				l->wanted |= 1u << kinds[k].value;
	}
}

static bool find(const struct set *set, enum value_kind kind, const uint8_t *data, size_t len,
		 struct set_hit *hit)
{
	switch (kind) {
	case VALUE_IP4:
		return set_find_ip4(set, data, hit);
	case VALUE_IP6:
		return set_find_ip6(set, data, hit);
	case VALUE_NAME:
		return set_find_name(set, data, len, hit);
	case VALUE_URL:
		return set_find_url(set, data, len, hit);
	case VALUE_JA4:
		return set_find_key(set, ENTRY_JA4, data, len, hit);
	case VALUE_KIND_COUNT:
		break;
	}
	return false;
}

static enum lookup_answer ask(const struct lookup *l, enum value_kind kind, const uint8_t *data, size_t len,
			      int64_t time_ns, struct selection *out)
{
	enum lookup_answer answer = LOOKUP_NONE;
	struct set_hit hit;

	if ((l->wanted >> kind & 1) == 0)
		return LOOKUP_NONE;
	for (size_t s = 0; s < l->count; s++) {
		if (!find(l->sets[s], kind, data, len, &hit))
			continue;
		if (hit.allow)
			return LOOKUP_NONE;
		if (answer == LOOKUP_FOUND)
			continue;
		struct entry_meta meta;
		set_meta(l->sets[s], &hit, &meta);
		if (meta.valid_until_ns != 0 && time_ns >= meta.valid_until_ns)
			continue;
		if (time_ns < meta.valid_from_ns) {
			answer = LOOKUP_NOT_YET;
			continue;
		}
		answer = LOOKUP_FOUND;
		out->hit = hit;
		out->set = (uint32_t)s;
		out->match_ns = time_ns;
	}
	return answer;
}

enum lookup_answer lookup_address(const struct lookup *l, uint8_t ip_version, const uint8_t *addr,
				  int64_t time_ns, struct selection *out)
{
	bool v4 = ip_version == 4;
	return ask(l, v4 ? VALUE_IP4 : VALUE_IP6, addr, v4 ? 4 : 16, time_ns, out);
}

enum lookup_answer lookup_extract(const struct lookup *l, const struct extract *x, int64_t time_ns,
				  struct selection *out)
{
	for (size_t i = 0; i < x->count; i++) {
		const struct observed *value = &x->items[i];
		if (ask(l, value->kind, value->data, value->len, time_ns, out) != LOOKUP_FOUND)
			continue;
		out->field = value->field;
		out->dns_type = x->dns_type;
		out->dns_rcode = x->dns_rcode;
		out->dns_response = x->dns_response;
		return LOOKUP_FOUND;
	}
	return LOOKUP_NONE;
}

void lookup_prefetch(const struct lookup *l, uint8_t ip_version, const uint8_t *a, const uint8_t *b)
{
	for (size_t s = 0; s < l->count; s++) {
		if (ip_version == 4) {
			set_prefetch_ip4(l->sets[s], a);
			set_prefetch_ip4(l->sets[s], b);
		} else {
			set_prefetch_ip6(l->sets[s], a);
			set_prefetch_ip6(l->sets[s], b);
		}
	}
}
