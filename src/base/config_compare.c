/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/config_compare.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 256

static bool is_end(const struct config_key *key)
{
	return key->name == NULL && key->kind != CONFIG_LINE;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_value(const struct config_key *key, const void *a, const void *b);

static bool same_list(const struct config_key *item, const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count || (a->items == NULL) != (b->items == NULL))
		return false;
	if (a->items == NULL)
		return true;
	for (size_t i = 0; i < a->count; i++)
		if (!same_value(item, (const char *)a->items + i * item->size,
				(const char *)b->items + i * item->size))
			return false;
	return true;
}

/* Member by member, where there may be padding. */
static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->ip.version == b->ip.version &&
	       memcmp(a->ip.bytes, b->ip.bytes, sizeof(a->ip.bytes)) == 0;
}

static bool same_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->len == b->len && a->addr.version == b->addr.version &&
	       memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes)) == 0;
}

static bool same_digest(const struct config_digest *a, const struct config_digest *b)
{
	return a->present == b->present && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool same_value(const struct config_key *key, const void *a, const void *b)
{
	switch (key->kind) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
		return same_text(*(const char *const *)a, *(const char *const *)b);
	case CONFIG_LIST:
		return same_list(key->item, a, b);
	case CONFIG_MAPPING:
		return config_same(key->keys, a, b);
	case CONFIG_ENDPOINT:
		return same_endpoint(a, b);
	case CONFIG_PREFIX:
		return same_prefix(a, b);
	case CONFIG_DIGEST:
		return same_digest(a, b);
	case CONFIG_LINE:
		return true;
	default:
		return memcmp(a, b, key->size) == 0;
	}
}

bool config_same(const struct config_key keys[], const void *a, const void *b)
{
	for (const struct config_key *key = keys; !is_end(key); key++)
		if (!same_value(key, (const char *)a + key->offset, (const char *)b + key->offset))
			return false;
	return true;
}

static void compare(const struct config_key keys[], const void *a, const void *b, const char *front,
		    config_differs *differs, void *context)
{
	for (const struct config_key *key = keys; !is_end(key); key++) {
		const void *x = (const char *)a + key->offset, *y = (const char *)b + key->offset;
		char name[NAME_SIZE];
		if (same_value(key, x, y))
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", front, front[0] == '\0' ? "" : ".", key->name);
		if (key->kind == CONFIG_MAPPING)
			compare(key->keys, x, y, name, differs, context);
		else
			differs(context, name);
	}
}

void config_compare(const struct config_key keys[], const void *a, const void *b, config_differs *differs,
		    void *context)
{
	compare(keys, a, b, "", differs, context);
}
