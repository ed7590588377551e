/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/utc.h"

static struct policy_set_spec set_spec(const struct resolver_policy *p)
{
	return (struct policy_set_spec){
		.name = p->name,
		.rpz = p->rpz != NULL,
		.paths = p->rpz ? &p->rpz : p->set.items,
		.path_count = p->rpz ? 1 : p->set.count,
		.directory = p->directory,
		.action = (enum policy_action)p->action,
		.sinkholes = p->sinkhole.items,
		.sinkhole_count = p->sinkhole.count,
		.records = p->records.items,
		.record_count = p->records.count,
		.ttl = (uint32_t)(p->ttl_ns / NS_SECOND),
		.reason = (enum policy_reason)p->reason,
		.contact = p->contact,
		.organisation = p->organisation,
		.name_servers = p->name_servers,
		.keep_percent = (uint8_t)p->keep_percent,
	};
}

static uint16_t number_of(const struct resolver_config *config, const char *name)
{
	return (uint16_t)(resolver_config_policy(config, name) -
			  RESOLVER_ITEM(resolver_policy, &config->policy, 0));
}

/* The view whose list is this, or a new one behind the others. */
static size_t view_of(struct policy_plan *plan, const uint16_t *numbers, size_t count)
{
	for (size_t i = 0; i < plan->spec.view_count; i++) {
		const struct policy_view_spec *v = &plan->view_specs[i];
		if (v->set_count == count &&
		    (count == 0 || memcmp(v->sets, numbers, count * sizeof(*numbers)) == 0))
			return i;
	}
	size_t at = plan->spec.view_count++;
	if (at < POLICY_VIEWS_MAX) {
		(void)snprintf(plan->names[at], sizeof(plan->names[at]), "view-%zu", at);
		plan->view_specs[at] = (struct policy_view_spec){plan->names[at], numbers, count};
	}
	return at;
}

static int plan_views(const struct resolver_config *config, struct policy_plan *plan, struct fault *fault)
{
	uint16_t *numbers = plan->numbers;
	for (size_t g = 0; g < config->groups.count; g++) {
		const struct resolver_group *group = RESOLVER_ITEM(resolver_group, &config->groups, g);
		const char *const *names = group->policy.items;
		for (size_t i = 0; i < group->policy.count; i++)
			numbers[i] = number_of(config, names[i]);
		size_t view = view_of(plan, numbers, group->policy.count);
		if (view >= POLICY_VIEWS_MAX)
			return config_fault(fault, HN_ELIMIT, config->file, group->line, "groups",
					    tr("more than %d different lists of policies",
					       "ポリシーの並びが %d 種類を超える"),
					    POLICY_VIEWS_MAX);
		plan->views[g] = (uint8_t)view;
		numbers += group->policy.count;
	}
	return HN_OK;
}

int policy_plan_make(const struct resolver_config *config, struct policy_plan *out, struct fault *fault)
{
	size_t listed = 0;
	for (size_t g = 0; g < config->groups.count; g++)
		listed += RESOLVER_ITEM(resolver_group, &config->groups, g)->policy.count;
	*out = (struct policy_plan){
		.views = calloc(config->groups.count + 1, sizeof(*out->views)),
		.sets = calloc(config->policy.count + 1, sizeof(*out->sets)),
		.view_specs = calloc(POLICY_VIEWS_MAX, sizeof(*out->view_specs)),
		.numbers = calloc(listed + 1, sizeof(*out->numbers)),
		.names = calloc(POLICY_VIEWS_MAX, sizeof(*out->names)),
	};
	int rc = HN_ENOMEM;
	if (out->views && out->sets && out->view_specs && out->numbers && out->names) {
		for (size_t i = 0; i < config->policy.count; i++)
			out->sets[i] = set_spec(RESOLVER_ITEM(resolver_policy, &config->policy, i));
		out->spec = (struct policy_spec){out->sets, config->policy.count, out->view_specs, 0};
		rc = plan_views(config, out, fault);
	} else {
		(void)fault_set(fault, rc, "", "%s", hn_strerror(rc));
	}
	if (rc != HN_OK)
		policy_plan_clear(out);
	return rc;
}

void policy_plan_clear(struct policy_plan *plan)
{
	free(plan->views);
	free(plan->sets);
	free(plan->view_specs);
	free(plan->numbers);
	free(plan->names);
	*plan = (struct policy_plan){0};
}
