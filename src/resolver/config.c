/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "resolver/config_check.h"
#include "resolver/config_files.h"
#include "resolver/groups.h"
#include "resolver/prefix_file.h"

#define DEFAULT_PORT 5300

const char *resolver_default_socket(void)
{
	static char path[256];
	const char *dir = getenv("XDG_RUNTIME_DIR");
	(void)snprintf(path, sizeof(path), "%s/hinomi-resolver.sock",
		       dir != NULL && dir[0] == '/' && strlen(dir) < 200 ? dir : "/run");
	return path;
}

const struct resolver_policy *resolver_config_policy(const struct resolver_config *config, const char *name)
{
	for (size_t i = 0; i < config->policy.count; i++) {
		const struct resolver_policy *p = RESOLVER_ITEM(resolver_policy, &config->policy, i);
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

/* Items that nobody wrote. @return false without memory */
static bool give(struct resolver_config *c, struct config_list *list, size_t size, size_t count)
{
	list->items = config_memory_take(c->memory, size * count);
	list->count = list->items == NULL ? 0 : count;
	return list->items != NULL;
}

static const struct ip loopback4 = {.bytes = {127, 0, 0, 1}, .version = 4};
static const struct ip loopback6 = {.bytes = {[15] = 1}, .version = 6};

static bool give_listeners(struct resolver_config *c)
{
	if (!give(c, &c->listen, sizeof(struct resolver_listener), 2))
		return false;
	struct resolver_listener *l = c->listen.items;
	for (size_t i = 0; i < 2; i++)
		l[i] = (struct resolver_listener){.address = i == 0 ? loopback4 : loopback6,
						  .port = DEFAULT_PORT,
						  .transports = RESOLVER_UDP | RESOLVER_TCP};
	return true;
}

/* Who is served where nobody says: this machine. */
static bool give_local_group(struct resolver_config *c)
{
	if (!give(c, &c->groups, sizeof(struct resolver_group), 1))
		return false;
	struct resolver_group *g = c->groups.items;
	*g = (struct resolver_group){.name = RESOLVER_GROUP_LOCAL};
	if (!give(c, &g->prefixes, sizeof(struct ip_prefix), 2))
		return false;
	struct ip_prefix *p = g->prefixes.items;
	p[0] = (struct ip_prefix){ip_mask(&loopback4, 8), 8};
	p[1] = (struct ip_prefix){loopback6, 128};
	return true;
}

/* A group that names no policies has all of them, in their order. */
static bool give_policies(struct resolver_config *c)
{
	struct config_list all = {0};
	if (!give(c, &all, sizeof(const char *), c->policy.count))
		return false;
	for (size_t i = 0; i < all.count; i++)
		((const char **)all.items)[i] = RESOLVER_ITEM(resolver_policy, &c->policy, i)->name;
	for (size_t i = 0; i < c->groups.count; i++) {
		struct resolver_group *g = (struct resolver_group *)c->groups.items + i;
		if (g->policy.items == NULL)
			g->policy = all;
	}
	return true;
}

static int read_prefix_files(struct resolver_config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->groups.count; i++) {
		struct resolver_group *g = (struct resolver_group *)c->groups.items + i;
		if (g->prefix_file == NULL)
			continue;
		int rc = prefix_file_read(g->prefix_file, c->memory, &g->prefixes, fault);
		if (rc != HN_OK) {
			config_files_blame(c, fault);
			return rc;
		}
	}
	return HN_OK;
}

/* What nobody wrote, what goes with what, and whether the groups can be told apart. */
static int finish(struct resolver_config *c, struct fault *fault)
{
	struct groups *groups = NULL;

	if (c->listen.count == 0 && !give_listeners(c))
		return HN_ENOMEM;
	int rc = config_files_are_files(c, fault);
	if (rc == HN_OK)
		rc = read_prefix_files(c, fault);
	if (rc == HN_OK)
		rc = resolver_config_check(c, fault);
	if (rc != HN_OK)
		return rc;
	if (c->groups.count == 0 && !give_local_group(c))
		return HN_ENOMEM;
	rc = groups_new(c, &groups, fault);
	groups_free(groups);
	if (rc == HN_OK && !give_policies(c))
		rc = HN_ENOMEM;
	return rc;
}

/* Who tries the resolver as a user without a directory for such things serves without a control socket. */
static bool may_make(const char *path)
{
	char dir[256];
	size_t len = (size_t)(strrchr(path, '/') - path);
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
	return access(dir, W_OK | X_OK) == 0;
}

static char *keep(struct resolver_config *c, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = config_memory_take(c->memory, size);
	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

/* Takes over what config_read() or config_parse() made. */
static int complete(struct resolver_config *c, const char *name, int rc, struct resolver_config **out,
		    struct fault *fault)
{
	if (rc == HN_OK) {
		c->file = keep(c, name);
		rc = c->file == NULL ? HN_ENOMEM : finish(c, fault);
		if (rc == HN_ENOMEM)
			(void)config_fault(fault, rc, name, 0, "", "%s", hn_strerror(rc));
	}
	if (rc != HN_OK) {
		resolver_config_free(c);
		return rc;
	}
	*out = c;
	return HN_OK;
}

static struct resolver_config *new_config(const char *name, struct fault *fault)
{
	struct resolver_config *c = calloc(1, sizeof(*c));
	if (c == NULL)
		(void)config_fault(fault, HN_ENOMEM, name, 0, "", "%s", hn_strerror(HN_ENOMEM));
	return c;
}

int resolver_config_parse(const char *name, const char *text, size_t len, struct resolver_config **out,
			  struct fault *fault)
{
	struct resolver_config *c = new_config(name, fault);
	if (c == NULL)
		return HN_ENOMEM;
	int rc = config_parse(name, text, len, resolver_config_keys, c, &c->memory, fault);
	return complete(c, name, rc, out, fault);
}

int resolver_config_read(const char *path, struct resolver_config **out, struct fault *fault)
{
	if (path == NULL) {
		int rc = resolver_config_parse(RESOLVER_BUILT_IN, "", 0, out, fault);
		if (rc == HN_OK && may_make(resolver_default_socket()))
			(*out)->control.socket = keep(*out, resolver_default_socket());
		return rc;
	}
	struct resolver_config *c = new_config(path, fault);
	if (c == NULL)
		return HN_ENOMEM;
	int rc = config_read(path, resolver_config_keys, c, &c->memory, fault);
	return complete(c, path, rc, out, fault);
}

void resolver_config_free(struct resolver_config *config)
{
	if (config == NULL)
		return;
	config_memory_free(config->memory);
	free(config);
}
