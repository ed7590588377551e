/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/groups.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "base/lang.h"
#include "resolver/prefix_map.h"

/* A certificate, or a token under the key, and whose it is. */
struct print {
	uint8_t digest[SHA256_SIZE];
	uint32_t group;
};

struct groups {
	struct prefix_map *prefixes;
	struct print *certificates; /* sorted, as are the tokens */
	struct print *tokens;
	size_t certificate_count, token_count;
};

/* Random: nobody can tell which tokens lie beside each other. */
static uint8_t token_key[crypto_generichash_KEYBYTES];
static pthread_once_t token_key_once = PTHREAD_ONCE_INIT;

static void make_token_key(void)
{
	randombytes_buf(token_key, sizeof(token_key));
}

static int compare(const void *a, const void *b)
{
	return memcmp(((const struct print *)a)->digest, ((const struct print *)b)->digest, SHA256_SIZE);
}

static const struct resolver_group *group_at(const struct resolver_config *c, uint32_t group)
{
	return RESOLVER_ITEM(resolver_group, &c->groups, group);
}

/* The later group is at fault: it names what an earlier one has. */
static int refuse_twice(const struct resolver_config *c, const char *what, uint32_t a, uint32_t b,
			struct fault *fault)
{
	const struct resolver_group *first = group_at(c, a < b ? a : b), *second = group_at(c, a < b ? b : a);
	if (a == b)
		return config_fault(fault, HN_EEXIST, c->file, second->line, "groups",
				    tr("'%s' has %s twice", "'%s' に %s が二度ある"), second->name, what);
	return config_fault(
		fault, HN_EEXIST, c->file, second->line, "groups",
		tr("'%s' and '%s' (line %u) both have %s", "'%s' と '%s'(%u行)の両方に %s がある"),
		second->name, first->name, first->line, what);
}

static int add_prefixes(struct groups *g, const struct resolver_config *c, struct fault *fault)
{
	char text[IP_PREFIX_TEXT_SIZE];
	struct prefix_value twice[2];
	size_t count = 0, at = 0;

	for (size_t i = 0; i < c->groups.count; i++)
		count += group_at(c, (uint32_t)i)->prefixes.count;
	struct prefix_value *rows = calloc(count + 1, sizeof(*rows));
	if (rows == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < c->groups.count; i++) {
		const struct resolver_group *group = group_at(c, (uint32_t)i);
		for (size_t k = 0; k < group->prefixes.count; k++)
			rows[at++] = (struct prefix_value){*RESOLVER_ITEM(ip_prefix, &group->prefixes, k),
							   (uint32_t)i};
	}
	int rc = prefix_map_new(rows, count, &g->prefixes, twice);
	free(rows);
	if (rc != HN_EEXIST)
		return rc;
	ip_prefix_format(&twice[0].prefix, text);
	return refuse_twice(c, text, twice[0].value, twice[1].value, fault);
}

/* Sorts, and refuses what stands there twice. */
static int settle(struct print prints[], size_t count, const char *what, const struct resolver_config *c,
		  struct fault *fault)
{
	if (count > 0)
		qsort(prints, count, sizeof(prints[0]), compare);
	for (size_t i = 1; i < count; i++)
		if (compare(&prints[i - 1], &prints[i]) == 0)
			return refuse_twice(c, what, prints[i - 1].group, prints[i].group, fault);
	return HN_OK;
}

static int add_certificates(struct groups *g, const struct resolver_config *c, struct fault *fault)
{
	size_t count = 0;
	for (size_t i = 0; i < c->groups.count; i++)
		count += group_at(c, (uint32_t)i)->certificates.count;
	g->certificates = calloc(count + 1, sizeof(*g->certificates));
	if (g->certificates == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < c->groups.count; i++) {
		const struct config_list *list = &group_at(c, (uint32_t)i)->certificates;
		for (size_t k = 0; k < list->count; k++) {
			struct print *p = &g->certificates[g->certificate_count++];
			memcpy(p->digest, RESOLVER_ITEM(config_digest, list, k)->bytes, SHA256_SIZE);
			p->group = (uint32_t)i;
		}
	}
	return settle(g->certificates, count, tr("the same certificate", "同じ証明書"), c, fault);
}

void groups_print_token(const char *token, size_t len, uint8_t out[SHA256_SIZE])
{
	(void)pthread_once(&token_key_once, make_token_key);
	(void)crypto_generichash(out, SHA256_SIZE, (const unsigned char *)token, len, token_key,
				 sizeof(token_key));
}

static int add_tokens(struct groups *g, const struct resolver_config *c, struct fault *fault)
{
	g->tokens = calloc(c->groups.count + 1, sizeof(*g->tokens));
	if (g->tokens == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < c->groups.count; i++) {
		const char *token = group_at(c, (uint32_t)i)->token;
		if (token == NULL)
			continue;
		struct print *p = &g->tokens[g->token_count++];
		groups_print_token(token, strlen(token), p->digest);
		p->group = (uint32_t)i;
	}
	return settle(g->tokens, g->token_count, tr("the same token", "同じトークン"), c, fault);
}

int groups_new(const struct resolver_config *config, struct groups **out, struct fault *fault)
{
	struct groups *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return config_fault(fault, HN_ENOMEM, config->file, 0, "groups", "%s",
				    hn_strerror(HN_ENOMEM));
	int rc = add_prefixes(g, config, fault);
	if (rc == HN_OK)
		rc = add_certificates(g, config, fault);
	if (rc == HN_OK)
		rc = add_tokens(g, config, fault);
	if (rc == HN_ENOMEM)
		(void)config_fault(fault, rc, config->file, 0, "groups", "%s", hn_strerror(rc));
	if (rc != HN_OK) {
		groups_free(g);
		return rc;
	}
	*out = g;
	return HN_OK;
}

void groups_free(struct groups *groups)
{
	if (groups == NULL)
		return;
	prefix_map_free(groups->prefixes);
	free(groups->certificates);
	free(groups->tokens);
	free(groups);
}

uint32_t groups_by_ipv4(const struct groups *groups, const uint8_t address[4])
{
	return prefix_map_find4(groups->prefixes, load_be32(address));
}

uint32_t groups_by_ipv6(const struct groups *groups, const uint8_t address[16])
{
	uint64_t high = load_be64(address), low = load_be64(address + 8);
	if (high == 0 && low >> 32 == 0xffff) /* RFC 4291, 2.5.5.2 */
		return prefix_map_find4(groups->prefixes, (uint32_t)low);
	return prefix_map_find6(groups->prefixes, high, low);
}

uint32_t groups_by_address(const struct groups *groups, const struct ip *address)
{
	if (address->version == 4)
		return groups_by_ipv4(groups, address->bytes);
	return groups_by_ipv6(groups, address->bytes);
}

static uint32_t find(const struct print prints[], size_t count, const uint8_t digest[SHA256_SIZE])
{
	struct print wanted = {.group = 0};
	memcpy(wanted.digest, digest, SHA256_SIZE);
	if (count == 0)
		return GROUP_NONE;
	const struct print *found = bsearch(&wanted, prints, count, sizeof(prints[0]), compare);
	return found == NULL ? GROUP_NONE : found->group;
}

uint32_t groups_by_certificate(const struct groups *groups, const uint8_t digest[SHA256_SIZE])
{
	return find(groups->certificates, groups->certificate_count, digest);
}

uint32_t groups_by_token(const struct groups *groups, const char *token, size_t len)
{
	uint8_t digest[SHA256_SIZE];
	groups_print_token(token, len, digest);
	return groups_by_token_print(groups, digest);
}

uint32_t groups_by_token_print(const struct groups *groups, const uint8_t print[SHA256_SIZE])
{
	return find(groups->tokens, groups->token_count, print);
}
