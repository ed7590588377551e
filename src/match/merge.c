/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/merge.h"

#include "match/him_each.h"
#include "match/layers.h"

static int add_entry(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	return him_build_add((struct him_build *)context, key, meta);
}

struct holdings_context {
	struct him_build *b;
	const struct him *h;
};

static int add_holding(void *context, const struct him_entry *e)
{
	struct holdings_context *c = context;
	struct ip_prefix prefix;
	const char *holder;
	if (e->table != HIM_TABLE_HOLDINGS)
		return HN_OK;
	int rc = him_holding(c->h, e, &prefix, &holder);
	return rc == HN_OK ? him_build_holdings(c->b, &prefix, holder) : rc;
}

static int add_holdings(struct him_build *b, const struct set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct holdings_context c = {b, &s->layers[i].him};
		if (s->layers[i].him.tables[HIM_TABLE_HOLDINGS].home > 0)
			return him_each(c.h, add_holding, &c);
	}
	return HN_OK;
}

int merge_set(const struct set *s, const struct him_build_limits *limits, struct him_build **out)
{
	struct him_build *b;
	for (size_t i = 0; i < s->count; i++)
		if (s->layers[i].him.flags & HIM_STRIPPED)
			return HN_EUNSUPPORTED;
	int rc = him_build_new(s->info.id, limits, &b);
	if (rc != HN_OK)
		return rc;
	rc = set_each(s, add_entry, b);
	if (rc == HN_OK)
		rc = add_holdings(b, s);
	if (rc != HN_OK) {
		him_build_free(b);
		return rc;
	}
	*out = b;
	return HN_OK;
}
