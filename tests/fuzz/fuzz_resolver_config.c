/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "resolver/groups.h"
#include "resolver/prefix_file.h"
#include "tests/fuzz/target.h"

/* Whatever is taken is whole: who listens, who is served, by which policies; and every group is found again.
 */

static void check_listener(const struct resolver_config *c, size_t i)
{
	const struct resolver_listener *l = RESOLVER_ITEM(resolver_listener, &c->listen, i);
	unsigned streams = l->transports & (RESOLVER_TCP | RESOLVER_TLS | RESOLVER_HTTPS);
	assert(l->port != 0 && l->transports != 0 && (streams & (streams - 1)) == 0);
	assert((l->transports & (RESOLVER_TLS | RESOLVER_HTTPS)) == 0 ||
	       (l->certificate != NULL && l->key != NULL));
	assert(l->proxy == (l->proxies.count > 0));
}

static void check_policy(const struct resolver_policy *p)
{
	assert((p->set.count > 0) + (p->directory != NULL) + (p->rpz != NULL) == 1);
	assert(p->action != POLICY_NONE && (p->action != POLICY_GIVEN || p->rpz != NULL));
	assert((p->action == POLICY_SINKHOLE) == (p->sinkhole.count > 0));
}

static void check_group(const struct resolver_config *c, const struct groups *groups, uint32_t i)
{
	const struct resolver_group *g = RESOLVER_ITEM(resolver_group, &c->groups, i);
	assert(g->policy.items != NULL || c->policy.count == 0);
	for (size_t k = 0; k < g->policy.count; k++)
		assert(resolver_config_policy(c, ((const char *const *)g->policy.items)[k]) != NULL);
	for (size_t k = 0; k < g->prefixes.count; k++) {
		const struct ip_prefix *p = RESOLVER_ITEM(ip_prefix, &g->prefixes, k);
		assert(groups_by_address(groups, &p->addr) != GROUP_NONE);
	}
	if (g->token != NULL)
		assert(groups_by_token(groups, g->token, strlen(g->token)) == i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct resolver_config *c = NULL;
	struct groups *groups = NULL;
	struct fault fault = {0};

	if (len > 16384 || memmem(data, len, "prefix_file", 11) != NULL) /* it reads files */
		return 0;
	int rc = resolver_config_parse("f", (const char *)data, len, &c, &fault);
	if (rc != HN_OK) {
		assert(c == NULL && fault.message[0] != '\0' && fault.place[0] == 'f');
		return 0;
	}
	rc = groups_new(c, &groups, &fault);
	assert(rc == HN_OK);
	assert(c->listen.count > 0 && c->groups.count > 0);
	for (size_t i = 0; i < c->listen.count; i++)
		check_listener(c, i);
	for (size_t i = 0; i < c->policy.count; i++)
		check_policy(RESOLVER_ITEM(resolver_policy, &c->policy, i));
	for (size_t i = 0; i < c->groups.count; i++)
		check_group(c, groups, (uint32_t)i);
	struct config_list list = {0};
	if (prefix_file_parse("p", (const char *)data, len, c->memory, &list, &fault) == HN_OK)
		assert(list.count <= len);
	groups_free(groups);
	resolver_config_free(c);
	return 0;
}
