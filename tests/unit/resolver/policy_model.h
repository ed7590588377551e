/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_RESOLVER_POLICY_MODEL_H
#define HINOMI_TESTS_UNIT_RESOLVER_POLICY_MODEL_H

#include "tests/unit/resolver/policy_world.h"

/* Sets of few names, and a model of judging that looks at every entry. */

#define SOA "$TTL 60\n@ SOA ns h 1 2 3 4 5\n"

static inline struct policy *policy_of(const struct policy_set_spec *sets, size_t count)
{
	uint16_t order[16];
	struct policy *p;
	struct fault fault;
	for (size_t i = 0; i < count; i++)
		order[i] = (uint16_t)i;
	const struct policy_view_spec view = {"all", order, count};
	const struct policy_spec spec = {sets, count, &view, 1, NULL};
	int rc = policy_new(&spec, NULL, &p, &fault);
	if (rc != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
	return p;
}

static inline struct policy_set_spec rpz_spec(const char *name, const char *const *path)
{
	return (struct policy_set_spec){
		.name = name, .rpz = true, .paths = path, .path_count = 1, .action = POLICY_GIVEN, .ttl = 30};
}

static inline struct policy_set_spec him_spec(const char *name, const char *const *path,
					      enum policy_action action)
{
	return (struct policy_set_spec){
		.name = name, .paths = path, .path_count = 1, .action = action, .ttl = 30};
}

#define MODEL_SETS    4u
#define MODEL_ENTRIES 12u

static uint64_t random_state;

static inline uint32_t next_random(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % below;
}

struct model_entry {
	char value[32]; /* name, "*.name" or an IPv4 prefix */
	bool allow;
};

struct model_set {
	bool rpz;
	enum policy_action action;
	size_t count;
	struct model_entry entries[MODEL_ENTRIES];
	enum policy_action actions[MODEL_ENTRIES]; /* of an RPZ set */
};

static inline void model_name(char *out, size_t size, bool wild)
{
	static const char *const labels[] = {"a", "b", "cc"};
	size_t used = (size_t)snprintf(out, size, "%s", wild ? "*." : "");
	unsigned depth = 1 + next_random(3);
	for (unsigned i = 0; i < depth; i++)
		used += (size_t)snprintf(out + used, size - used, "%s.", labels[next_random(3)]);
	(void)snprintf(out + used, size - used, "x");
}

static inline void model_make(struct model_set *m)
{
	static const enum policy_action actions[] = {POLICY_NXDOMAIN, POLICY_NODATA, POLICY_DROP,
						     POLICY_PASSTHRU};
	*m = (struct model_set){.rpz = next_random(2) == 0};
	m->action = actions[next_random(COUNT(actions))];
	size_t wanted = next_random(MODEL_ENTRIES);
	while (wanted-- > 0) {
		struct model_entry e;
		if (next_random(4) == 0)
			(void)snprintf(e.value, sizeof(e.value), "192.0.2.%u/%u", next_random(2) * 128,
				       25 + next_random(3));
		else
			model_name(e.value, sizeof(e.value), next_random(2) == 0);
		e.allow = !m->rpz && next_random(4) == 0;
		bool there = false;
		for (size_t i = 0; i < m->count; i++)
			there |= strcmp(m->entries[i].value, e.value) == 0;
		if (there)
			continue;
		m->actions[m->count] = m->rpz ? actions[next_random(COUNT(actions))] : m->action;
		m->entries[m->count++] = e;
	}
}

/* How specifically an entry covers a value: 0 not at all, more for a longer one. */
static inline unsigned model_covers(const struct model_entry *e, const char *value)
{
	struct ip_prefix p;
	if (ip_prefix_parse(e->value, strlen(e->value), &p) == HN_OK) {
		struct ip ip;
		return ip_parse(value, strlen(value), &ip) == HN_OK && ip_prefix_has(&p, &ip) ? 1 + p.len : 0;
	}
	if (e->value[0] != '*')
		return strcmp(e->value, value) == 0 ? 1000 : 0;
	size_t n = strlen(e->value + 1), len = strlen(value);
	return len > n && strcmp(value + len - n, e->value + 1) == 0 ? 1 + (unsigned)n : 0;
}

/* @return the entry plus one of a set that speaks for a value */
static inline size_t model_entry_of(const struct model_set *m, const char *value)
{
	size_t best = 0, allowed = 0;
	unsigned best_covers = 0;
	for (size_t i = 0; i < m->count; i++) {
		unsigned covers = model_covers(&m->entries[i], value);
		if (covers > best_covers) {
			best = i + 1;
			best_covers = covers;
		}
		if (covers > 0 && m->entries[i].allow)
			allowed = i + 1;
	}
	return allowed != 0 ? allowed : best;
}

/* A question's name, then an address of its answer. */
static inline enum policy_action model_judge(const struct model_set *sets, size_t count, const char *name,
					     const char *address)
{
	const char *values[] = {name, address};
	size_t place = count;
	enum policy_action action = POLICY_NONE;
	for (size_t v = 0; v < 2; v++) {
		bool allowed = false;
		size_t first = count;
		for (size_t i = 0; i < count; i++) {
			size_t e = model_entry_of(&sets[i], values[v]);
			allowed |= e != 0 && sets[i].entries[e - 1].allow;
			if (e != 0 && first == count)
				first = i;
		}
		if (allowed && v == 0)
			return POLICY_NONE;
		if (allowed || first >= place)
			continue;
		place = first;
		action = sets[first].actions[model_entry_of(&sets[first], values[v]) - 1];
		if (action >= POLICY_NXDOMAIN)
			return action;
	}
	return action;
}

static inline const char *model_write(struct world *w, const struct model_set *m, size_t number)
{
	static const char *const targets[] = {[POLICY_NXDOMAIN] = ".",
					      [POLICY_NODATA] = "*.",
					      [POLICY_DROP] = "rpz-drop.",
					      [POLICY_PASSTHRU] = "rpz-passthru."};
	struct world_entry entries[MODEL_ENTRIES];
	char name[32], text[2048];
	(void)snprintf(name, sizeof(name), "%zu.him", number);
	for (size_t i = 0; i < m->count; i++) {
		char *value = malloc(40);
		assert_non_null(value);
		(void)snprintf(value, 40, "%s%s", m->entries[i].allow ? "+" : "", m->entries[i].value);
		entries[i] = (struct world_entry){.value = value};
	}
	size_t used = (size_t)snprintf(text, sizeof(text), SOA);
	for (size_t i = 0; i < m->count; i++) {
		struct ip_prefix p;
		const char *value = m->entries[i].value;
		if (ip_prefix_parse(value, strlen(value), &p) == HN_OK)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%u.%u.2.0.192.rpz-ip",
						 p.len, p.addr.bytes[3]);
		else
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", value);
		used += (size_t)snprintf(text + used, sizeof(text) - used, " CNAME %s\n",
					 targets[m->actions[i]]);
	}
	const char *path =
		m->rpz ? world_text(w, name, text) : world_him(w, name, NULL, entries, m->count, NULL);
	for (size_t i = 0; i < m->count; i++)
		free((char *)(uintptr_t)entries[i].value);
	return path;
}

#endif
