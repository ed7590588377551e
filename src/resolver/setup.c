/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

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
		out->stubs[i] = (struct recursor_stub){
			.zone = s->zone, .addresses = s->addresses.items, .count = s->addresses.count};
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
	return HN_OK;
}

void recursor_plan_clear(struct recursor_plan *plan)
{
	free(plan->forward);
	free(plan->stubs);
	*plan = (struct recursor_plan){0};
}

/* One key: 32 hex digits and a line's end. @return whether it is one */
static bool key_read(FILE *file, uint8_t key[SIPHASH_KEY])
{
	char line[2 * SIPHASH_KEY + 4];
	size_t len = 0;
	bool read = fgets(line, sizeof(line), file) &&
		    sodium_hex2bin(key, SIPHASH_KEY, line, strcspn(line, "\r\n"), NULL, &len, NULL) == 0 &&
		    len == SIPHASH_KEY;
	sodium_memzero(line, sizeof(line));
	return read;
}

int cookie_secrets_read(const char *path, struct cookie_secrets **out, struct fault *fault)
{
	struct cookie_secrets *secrets = sodium_malloc(sizeof(*secrets));
	if (!secrets)
		return fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
	memset(secrets, 0, sizeof(*secrets));
	if (!path) {
		randombytes_buf(secrets->made_with, SIPHASH_KEY);
		*out = secrets;
		return HN_OK;
	}
	FILE *file = fopen(path, "re");
	if (!file) {
		int rc = hn_err_of_errno(errno);
		sodium_free(secrets);
		return fault_set(fault, rc, path, "%s", strerror(errno));
	}
	bool good = key_read(file, secrets->made_with);
	if (good && getc(file) != EOF && fseek(file, -1, SEEK_CUR) == 0) {
		secrets->two = key_read(file, secrets->accepted);
		good = secrets->two && getc(file) == EOF;
	}
	(void)fclose(file);
	if (!good) {
		sodium_free(secrets);
		return fault_set(
			fault, HN_EFORMAT, path,
			tr("one or two keys of 32 hex digits are expected, each on a line of its own",
			   "16 進 32 桁の鍵が 1 行に 1 つ、1 つか 2 つ要る"));
	}
	*out = secrets;
	return HN_OK;
}
