/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/prefix_rules.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_KEPT ((1u << 24) - 1)

void prefix_rules_clear(struct prefix_rules *t)
{
	free(t->v4.rules);
	free(t->v6.rules);
	*t = (struct prefix_rules){0};
}

static struct prefix_family *family(struct prefix_rules *t, uint8_t version)
{
	return version == 4 ? &t->v4 : &t->v6;
}

int prefix_rules_add(struct prefix_rules *t, const struct ip_prefix *prefix, uint32_t rule, uint32_t line)
{
	struct prefix_family *f = family(t, prefix->addr.version);
	if (f->count == PREFIX_RULES_MAX)
		return HN_ELIMIT;
	if (f->count == f->cap) {
		uint32_t cap = f->cap == 0 ? 16 : f->cap + f->cap / 2;
		struct prefix_rule *rules = realloc(f->rules, cap * sizeof(*rules));
		if (rules == NULL)
			return HN_ENOMEM;
		f->rules = rules;
		f->cap = cap;
	}
	struct prefix_rule *r = &f->rules[f->count++];
	memcpy(r->addr, prefix->addr.bytes, sizeof(r->addr));
	r->rule = rule;
	r->parent = line > LINE_MAX_KEPT ? LINE_MAX_KEPT : line & LINE_MAX_KEPT;
	r->len = prefix->len;
	return HN_OK;
}

/* By address, then the wider before the longer, then by line. */
static int compare(const void *a, const void *b)
{
	const struct prefix_rule *x = a, *y = b;
	int order = memcmp(x->addr, y->addr, sizeof(x->addr));
	if (order != 0)
		return order;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->parent < y->parent ? -1 : x->parent > y->parent;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;
	return memcmp(a, b, whole) == 0 &&
	       (rest == 0 || ((a[whole] ^ b[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

static int unite(struct prefix_family *f, uint32_t *line_out)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < f->count; i++) {
		struct prefix_rule *r = &f->rules[i], *last = kept == 0 ? NULL : &f->rules[kept - 1];
		if (last == NULL || last->len != r->len ||
		    memcmp(last->addr, r->addr, sizeof(r->addr)) != 0) {
			f->rules[kept++] = *r;
		} else if (last->rule != r->rule) {
			*line_out = r->parent;
			return HN_EEXIST;
		}
	}
	f->count = kept;
	return HN_OK;
}

static void find_parents(struct prefix_family *f)
{
	for (uint32_t i = 0; i < f->count; i++) {
		uint32_t parent = i;
		while (parent != 0 &&
		       !same_bits(f->rules[parent - 1].addr, f->rules[i].addr, f->rules[parent - 1].len))
			parent = f->rules[parent - 1].parent;
		f->rules[i].parent = parent & LINE_MAX_KEPT;
	}
}

int prefix_rules_finish(struct prefix_rules *t, uint32_t *line_out)
{
	struct prefix_family *families[] = {&t->v4, &t->v6};
	for (size_t i = 0; i < 2; i++) {
		struct prefix_family *f = families[i];
		if (f->count == 0)
			continue;
		qsort(f->rules, f->count, sizeof(*f->rules), compare);
		int rc = unite(f, line_out);
		if (rc != HN_OK)
			return rc;
		struct prefix_rule *fitting = realloc(f->rules, f->count * sizeof(*f->rules));
		if (fitting != NULL) {
			f->rules = fitting;
			f->cap = f->count;
		}
		find_parents(f);
	}
	return HN_OK;
}

uint64_t prefix_rules_count(const struct prefix_rules *t)
{
	return (uint64_t)t->v4.count + t->v6.count;
}

uint64_t prefix_rules_bytes(const struct prefix_rules *t)
{
	return ((uint64_t)t->v4.cap + t->v6.cap) * sizeof(struct prefix_rule);
}

/* The place plus one of the longest prefix of at most len_max bits that covers the address. */
static uint32_t covering(const struct prefix_family *f, const uint8_t addr[16], unsigned len_max)
{
	uint32_t low = 0, high = f->count; /* rules before low begin at or before the address */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (memcmp(f->rules[middle].addr, addr, 16) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low != 0 && (f->rules[low - 1].len > len_max ||
			    !same_bits(f->rules[low - 1].addr, addr, f->rules[low - 1].len)))
		low = f->rules[low - 1].parent;
	return low;
}

bool prefix_rules_find(const struct prefix_rules *t, const struct ip *address, struct prefix_rules_hit *out)
{
	const struct prefix_family *f = address->version == 4 ? &t->v4 : &t->v6;
	if (f->count == 0)
		return false;
	uint32_t place = covering(f, address->bytes, 128);
	if (place == 0)
		return false;
	*out = (struct prefix_rules_hit){f->rules[place - 1].rule, place - 1,
					 (uint8_t)f->rules[place - 1].len};
	return true;
}

bool prefix_rules_covers(const struct prefix_rules *t, const struct ip_prefix *prefix)
{
	const struct prefix_family *f = prefix->addr.version == 4 ? &t->v4 : &t->v6;
	return f->count > 0 && covering(f, prefix->addr.bytes, prefix->len) != 0;
}

static void prefix_of(const struct prefix_rule *r, uint8_t version, struct ip_prefix *out)
{
	*out = (struct ip_prefix){.addr = {.version = version}, .len = (uint8_t)r->len};
	memcpy(out->addr.bytes, r->addr, sizeof(r->addr));
}

void prefix_rules_key(const struct prefix_rules *t, uint8_t version, uint32_t slot, struct ip_prefix *out)
{
	const struct prefix_family *f = version == 4 ? &t->v4 : &t->v6;
	*out = (struct ip_prefix){.addr = {.version = version}};
	if (slot < f->count)
		prefix_of(&f->rules[slot], version, out);
}

int prefix_rules_each(const struct prefix_rules *t,
		      int (*each)(void *context, const struct ip_prefix *prefix, uint32_t rule),
		      void *context)
{
	const struct prefix_family *families[] = {&t->v4, &t->v6};
	for (size_t i = 0; i < 2; i++) {
		for (uint32_t k = 0; k < families[i]->count; k++) {
			struct ip_prefix p;
			prefix_of(&families[i]->rules[k], i == 0 ? 4 : 6, &p);
			int rc = each(context, &p, families[i]->rules[k].rule);
			if (rc != HN_OK)
				return rc;
		}
	}
	return HN_OK;
}
