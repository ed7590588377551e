/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/config.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "tests/fuzz/target.h"

/* A table with every kind: what is taken lies in its range, and what is refused says where. */

struct inner {
	const char *name;
	uint16_t port;
	struct config_list prefixes;
	unsigned line;
};

struct outer {
	const char *text, *path, *token;
	uint32_t number;
	uint64_t size;
	int64_t span;
	bool flag;
	int word;
	unsigned words;
	struct ip address;
	struct endpoint endpoint;
	struct uuid uuid;
	struct config_digest digest;
	struct config_list inners;
	struct inner inner;
	unsigned line;
};

static const struct config_word words[] = {{"one", 1}, {"two", 2}, {"four", 4}, {NULL, 0}};
static const struct config_key prefix = {.kind = CONFIG_PREFIX, .size = sizeof(struct ip_prefix)};
static const struct config_key inner_keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct inner, line)},
	{"name", CONFIG_TEXT, CONFIG_AT(struct inner, name), .flags = CONFIG_REQUIRED, .min = 1, .max = 8},
	{"port", CONFIG_INTEGER, CONFIG_AT(struct inner, port), .min = 1, .max = 65535, .preset = "53"},
	{"prefixes", CONFIG_LIST, CONFIG_AT(struct inner, prefixes), .item = &prefix, .max = 4},
	{0},
};
static const struct config_key inner = {
	.kind = CONFIG_MAPPING, .size = sizeof(struct inner), .keys = inner_keys};
static const struct config_key keys[] = {
	{.kind = CONFIG_LINE, CONFIG_AT(struct outer, line)},
	{"text", CONFIG_TEXT, CONFIG_AT(struct outer, text), .preset = "usual"},
	{"path", CONFIG_PATH, CONFIG_AT(struct outer, path)},
	{"token", CONFIG_TEXT, CONFIG_AT(struct outer, token), .flags = CONFIG_SECRET, .min = 16},
	{"number", CONFIG_INTEGER, CONFIG_AT(struct outer, number), .min = 2, .max = 9, .preset = "3"},
	{"size", CONFIG_SIZE, CONFIG_AT(struct outer, size), .min = 1024, .max = 1u << 30,
	 .preset = "64 MiB"},
	{"span", CONFIG_DURATION, CONFIG_AT(struct outer, span), .preset = "3d"},
	{"flag", CONFIG_BOOL, CONFIG_AT(struct outer, flag), .preset = "true"},
	{"word", CONFIG_WORD, CONFIG_AT(struct outer, word), .words = words, .preset = "two"},
	{"words", CONFIG_WORDS, CONFIG_AT(struct outer, words), .words = words},
	{"address", CONFIG_ADDRESS, CONFIG_AT(struct outer, address)},
	{"endpoint", CONFIG_ENDPOINT, CONFIG_AT(struct outer, endpoint), .port = 53},
	{"uuid", CONFIG_UUID, CONFIG_AT(struct outer, uuid)},
	{"digest", CONFIG_DIGEST, CONFIG_AT(struct outer, digest)},
	{"inners", CONFIG_LIST, CONFIG_AT(struct outer, inners), .item = &inner},
	{"inner", CONFIG_MAPPING, CONFIG_AT(struct outer, inner), .keys = inner_keys},
	{0},
};

static void check_inner(const struct inner *i)
{
	assert(i->name != NULL && i->name[0] != '\0' && strlen(i->name) <= 8);
	assert(i->port >= 1 && i->line >= 1);
	assert(i->prefixes.count <= 4 && (i->prefixes.count == 0 || i->prefixes.items != NULL));
	for (size_t k = 0; k < i->prefixes.count; k++) {
		const struct ip_prefix *p = (const struct ip_prefix *)i->prefixes.items + k;
		assert(p->addr.version == 4 || p->addr.version == 6);
	}
}

static void check(const struct outer *o)
{
	assert(utf8_valid(o->text, strlen(o->text)));
	assert(o->path == NULL || o->path[0] == '/' || strncmp(o->path, "d/", 2) == 0);
	assert(o->token == NULL || strlen(o->token) >= 16);
	assert(o->number >= 2 && o->number <= 9);
	assert(o->size >= 1024 && o->size <= 1u << 30);
	assert(o->span >= 0 && o->span % (NS_SECOND / 1000) == 0);
	assert(o->word == 1 || o->word == 2 || o->word == 4);
	assert(o->words <= 7);
	for (size_t i = 0; i < o->inners.count; i++)
		check_inner((const struct inner *)o->inners.items + i);
	if (o->inner.line != 0)
		check_inner(&o->inner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct outer o = {0};
	struct config_memory *memory;
	struct fault fault = {0};

	int rc = config_parse("d/f", (const char *)data, len, keys, &o, &memory, &fault);
	if (rc == HN_OK) {
		assert(fault.message[0] == '\0');
		check(&o);
	} else {
		assert(memory == NULL && fault.message[0] != '\0');
		assert(strncmp(fault.place, "d/f", 3) == 0);
	}
	config_memory_free(memory);
	return 0;
}
