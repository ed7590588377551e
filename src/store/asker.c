/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/asker.h"

#include <string.h>

void asker_public(struct asker *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = ORG_PUBLIC;
	out->tlp_max = TLP_CLEAR;
}

void asker_hub(struct asker *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = ORG_CENTRE;
	out->tlp_max = TLP_RED;
	out->clearance = CLEARANCE_MAX;
	out->hub = true;
}

static bool same_numbers(const int64_t *a, size_t a_count, const int64_t *b, size_t b_count)
{
	return a_count == b_count && memcmp(a, b, a_count * sizeof(a[0])) == 0;
}

bool asker_same(const struct asker *a, const struct asker *b)
{
	return a->organisation == b->organisation && a->kind == b->kind && a->clearance == b->clearance &&
	       a->tlp_max == b->tlp_max && a->purposes == b->purposes && a->contents == b->contents &&
	       a->onward == b->onward && a->sets_only == b->sets_only && a->hub == b->hub &&
	       same_numbers(a->groups, a->group_count, b->groups, b->group_count) &&
	       same_numbers(a->parents, a->parent_count, b->parents, b->parent_count) &&
	       same_numbers(a->parent_groups, a->parent_group_count, b->parent_groups,
			    b->parent_group_count) &&
	       a->authorization_count == b->authorization_count &&
	       memcmp(a->authorizations, b->authorizations,
		      a->authorization_count * sizeof(a->authorizations[0])) == 0;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static uint64_t mix_numbers(uint64_t h, const int64_t *numbers, size_t count)
{
	h = mix(h, count);
	for (size_t i = 0; i < count; i++)
		h = mix(h, (uint64_t)numbers[i]);
	return h;
}

uint64_t asker_hash(const struct asker *a)
{
	uint64_t h = mix((uint64_t)a->organisation, (uint64_t)a->kind << 32 | a->clearance);
	h = mix(h, (uint64_t)a->purposes << 32 | (uint64_t)a->tlp_max << 16 | a->contents);
	h = mix(h, (uint64_t)a->onward << 2 | (uint64_t)a->sets_only << 1 | (uint64_t)a->hub);
	h = mix_numbers(h, a->groups, a->group_count);
	h = mix_numbers(h, a->parents, a->parent_count);
	h = mix_numbers(h, a->parent_groups, a->parent_group_count);
	for (size_t i = 0; i < a->authorization_count; i++) {
		uint64_t half;
		memcpy(&half, a->authorizations[i].bytes, sizeof(half));
		h = mix(h, half);
	}
	return h;
}
