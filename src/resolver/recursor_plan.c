/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/recursor_plan.h"

#include <stdlib.h>

#define COLLECTOR_CACHE (4u << 20)

int recursor_plan_make(const struct resolver_config *config, struct recursor_plan *out)
{
	const struct resolver_recursion *r = &config->recursion;
	*out = (struct recursor_plan){
		.forward = calloc(r->forward.count + 1, sizeof(*out->forward)),
		.stubs = calloc(r->stubs.count + 1, sizeof(*out->stubs)),
	};
	if (!out->forward || !out->stubs) {
		recursor_plan_clear(out);
		return HN_ENOMEM;
	}
	for (size_t i = 0; i < r->forward.count; i++) {
		const struct resolver_forward *f = RESOLVER_ITEM(resolver_forward, &r->forward, i);
		out->forward[i] = (struct recursor_forward){{f->address, f->port}, f->tls_name, f->spki};
	}
	for (size_t i = 0; i < r->stubs.count; i++) {
		const struct resolver_stub *s = RESOLVER_ITEM(resolver_stub, &r->stubs, i);
		out->stubs[i] = (struct recursor_stub){.zone = s->zone,
						       .addresses = s->addresses.items,
						       .count = s->addresses.count,
						       .prime = s->prime,
						       .insecure = s->insecure};
	}
	recursor_options_init(&out->options);
	if (r->threads > 0)
		out->options.threads = r->threads;
	if (r->cache > 0)
		out->options.cache_size = r->cache;
	if (r->trust_anchors)
		out->options.trust_anchors = r->trust_anchors;
	if (r->root_hints)
		out->options.root_hints = r->root_hints;
	out->options.forward = out->forward;
	out->options.forward_count = r->forward.count;
	out->options.stubs = out->stubs;
	out->options.stub_count = r->stubs.count;
	out->options.ca_file = r->ca;
	out->options.answer_ms = (uint32_t)(r->answer_ns / 1000000);
	out->options.total_max = r->total_max;
	out->options.zone_max = r->zone_max;
	out->options.client_max = r->client_max;
	out->options.ask_localhost = r->ask_localhost;
	out->options.whole_names = r->whole_names;
	out->options.validation_date = r->validation_date;
	return HN_OK;
}

int recursor_plan_collector(const struct resolver_config *config, struct recursor_plan *out)
{
	struct resolver_config own = *config;
	own.recursion.forward = config->collector.forward;
	own.recursion.stubs = (struct config_list){0};
	own.recursion.threads = 1;
	own.recursion.cache = COLLECTOR_CACHE;
	return recursor_plan_make(&own, out);
}

void recursor_plan_clear(struct recursor_plan *plan)
{
	free(plan->forward);
	free(plan->stubs);
	*plan = (struct recursor_plan){0};
}
