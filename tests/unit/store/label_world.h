/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_STORE_LABEL_WORLD_H
#define HINOMI_TESTS_UNIT_STORE_LABEL_WORLD_H

/* Random labels and askers among few organisations and groups, so that they meet often. */
#include "store/asker.h"
#include "store/label.h"

#define WORLD_ORGANISATIONS 6 /* numbers 1 and up; the first is the centre */
#define WORLD_GROUPS        4

/* The same numbers on every machine (xorshift; a seed is not 0). */
static inline uint32_t world_random(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static inline bool world_chance(uint64_t *state, uint32_t percent)
{
	return world_random(state, 100) < percent;
}

/* Some of 1..below, rising. */
static inline size_t world_numbers(uint64_t *state, int64_t *out, uint32_t below, uint32_t percent)
{
	size_t count = 0;
	for (uint32_t i = 1; i <= below; i++)
		if (world_chance(state, percent))
			out[count++] = i;
	return count;
}

static inline struct uuid world_authorization(uint64_t *state)
{
	return (struct uuid){.bytes = {(uint8_t)(1 + world_random(state, 3))}};
}

static inline void world_label(uint64_t *state, struct label *out)
{
	label_init(out, 1 + world_random(state, WORLD_ORGANISATIONS));
	out->tlp = (enum tlp)world_random(state, TLP_RED + 1);
	out->pap = (enum pap)world_random(state, PAP_RED + 1);
	out->clearance = world_chance(state, 70) ? 0 : world_random(state, CLEARANCE_MAX + 1);
	out->content = world_chance(state, 70) ? CONTENT_TECHNICAL : 1 + world_random(state, 3);
	out->purposes = world_chance(state, 70) ? 0 : world_random(state, 128);
	out->consent = world_chance(state, 70) ? 0 : world_random(state, 1U << ORG_KIND_COUNT);
	out->originator_control = world_chance(state, 15);
	out->unknown_marking = world_chance(state, 10);
	out->selected = world_chance(state, 15);
	if (out->selected)
		out->authorization = world_authorization(state);
	if (world_chance(state, 40))
		out->group_count = world_numbers(state, out->groups, WORLD_GROUPS, 40);
	if (world_chance(state, 40))
		out->recipient_count = world_numbers(state, out->recipients, WORLD_ORGANISATIONS, 40);
}

static inline void world_asker(uint64_t *state, struct asker *out)
{
	asker_public(out);
	if (world_chance(state, 8))
		return;
	if (world_chance(state, 4)) {
		asker_hub(out);
		return;
	}
	out->organisation = 1 + world_random(state, WORLD_ORGANISATIONS);
	out->kind = out->organisation == 1 ? ORG_CENTRE : (enum org_kind)(1 + out->organisation % 9);
	out->person = world_random(state, 4);
	out->clearance = world_random(state, CLEARANCE_MAX + 1);
	out->tlp_max = (enum tlp)(1 + world_random(state, TLP_RED));
	out->purposes = world_random(state, 128);
	out->contents = world_random(state, 4);
	out->onward = world_chance(state, 15);
	out->sets_only = world_chance(state, 5);
	out->group_count = world_numbers(state, out->groups, WORLD_GROUPS, 40);
	out->parent_count = world_numbers(state, out->parents, WORLD_ORGANISATIONS, 20);
	out->parent_group_count = world_numbers(state, out->parent_groups, WORLD_GROUPS, 20);
	if (world_chance(state, 50))
		out->authorizations[out->authorization_count++] = world_authorization(state);
}

#endif
