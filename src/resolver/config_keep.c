/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/config_keep.h"

#include <string.h>

#include "base/config_compare.h"
#include "base/lang.h"
#include "resolver/config_check.h"

/* Keys, or mappings, that only a start takes. The listeners are looked at by themselves. */
static const char *const fixed[] = {"threads",          "recursion", "cache.size",
				    "events.directory", "metrics",   "blockpage",
				    "control",          "collector", "user"};

static void add(struct buf *kept, const char *name)
{
	if (kept->len > 0)
		buf_adds(kept, ", ");
	buf_adds(kept, name);
}

static void on_difference(void *context, const char *name)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		size_t len = strlen(fixed[i]);
		if (strncmp(name, fixed[i], len) == 0 && (name[len] == '\0' || name[len] == '.'))
			add(context, name);
	}
}

static struct resolver_listener *listener_at(const struct resolver_config *c, size_t i)
{
	return (struct resolver_listener *)c->listen.items + i;
}

/* Whether the sockets are the same. Another certificate, key or CA is read in their place. */
static bool same_listener(const struct resolver_listener *a, const struct resolver_listener *b)
{
	const struct config_key *keys = resolver_config_keys;
	while (keys->name == NULL || strcmp(keys->name, "listen") != 0)
		keys++;
	struct resolver_listener x = *a, y = *b;
	x.certificate = x.key = x.client_ca = a->client_ca ? "" : NULL;
	y.certificate = y.key = y.client_ca = b->client_ca ? "" : NULL;
	return config_same(keys->item->keys, &x, &y);
}

static bool same_listeners(const struct resolver_config *a, const struct resolver_config *b)
{
	bool same = a->listen.count == b->listen.count;
	for (size_t i = 0; same && i < a->listen.count; i++)
		same = same_listener(listener_at(a, i), listener_at(b, i));
	return same;
}

/* @return false without memory; NULL stays NULL */
static bool copy(struct resolver_config *c, const char *text, const char **out)
{
	*out = NULL;
	if (text == NULL)
		return true;
	size_t size = strlen(text) + 1;
	char *to = config_memory_take(c->memory, size);
	if (to == NULL)
		return false;
	memcpy(to, text, size);
	*out = to;
	return true;
}

static int keep_listeners(struct resolver_config *newer, const struct resolver_config *first,
			  const struct resolver_config *former)
{
	size_t count = first->listen.count;
	struct resolver_listener *l = config_memory_take(newer->memory, count * sizeof(*l));
	if (l == NULL)
		return HN_ENOMEM;
	memcpy(l, first->listen.items, count * sizeof(*l));
	for (size_t i = 0; i < count; i++) {
		const struct resolver_listener *now = listener_at(former, i);
		if (!copy(newer, now->certificate, &l[i].certificate) || !copy(newer, now->key, &l[i].key) ||
		    !copy(newer, now->client_ca, &l[i].client_ca))
			return HN_ENOMEM;
	}
	newer->listen = (struct config_list){l, count};
	return HN_OK;
}

static void take_fixed(struct resolver_config *newer, const struct resolver_config *first)
{
	newer->threads = first->threads;
	newer->recursion = first->recursion;
	newer->cache.size = first->cache.size;
	newer->events.directory = first->events.directory;
	newer->metrics = first->metrics;
	newer->blockpage = first->blockpage;
	newer->control = first->control;
	newer->collector = first->collector;
	newer->user = first->user;
}

int resolver_config_keep(struct resolver_config *newer, const struct resolver_config *first,
			 const struct resolver_config *former, struct buf *kept, struct fault *fault)
{
	struct fault inner = {{0}, {0}};
	int rc = HN_OK;
	if (!same_listeners(first, newer)) {
		add(kept, "listen");
		rc = keep_listeners(newer, first, former);
	}
	config_compare(resolver_config_keys, first, newer, on_difference, kept);
	take_fixed(newer, first);
	if (rc == HN_OK)
		rc = buf_err(kept);
	if (rc != HN_OK)
		return config_fault(fault, rc, newer->file, 0, "", "%s", hn_strerror(rc));
	rc = kept->len > 0 ? resolver_config_check(newer, &inner) : HN_OK;
	if (rc != HN_OK)
		return fault_set(
			fault, rc, inner.place,
			tr("%s; so it is while these stay as they were at the start: %.*s; restart to "
			   "change them too",
			   "%s。次のキーが起動時のままである間はそうなる: "
			   "%.*s。変えるには再起動すること"),
			inner.message, (int)kept->len, kept->data);
	return HN_OK;
}
