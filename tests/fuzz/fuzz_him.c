/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * A hostile .him file: whatever opens is asked, listed and merged; nothing may leave its bytes or fail to
 * end. What verifies must list as many entries as its header says.
 */
#include <stdlib.h>
#include <string.h>

#include "match/him_each.h"
#include "match/merge.h"
#include "match/set.h"
#include "tests/fuzz/target.h"

static int count(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	uint64_t *entries = context;
	if (key->len == 0 || (meta->object != NULL && strlen(meta->object) > 1u << 30))
		abort();
	(*entries)++;
	return HN_OK;
}

/* Asks for each entry by its own key: what verifies must be found. */
static int find(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct set_hit hit;
	struct entry_key found;
	uint8_t scratch[32];
	(void)meta;
	if (!set_find_entry((const struct set *)context, key, &hit) ||
	    set_key((const struct set *)context, &hit, &found, scratch) != HN_OK || found.len != key->len ||
	    memcmp(found.data, key->data, key->len) != 0)
		abort();
	return HN_OK;
}

static void ask(const struct set *s, const uint8_t *data, size_t len)
{
	static const uint8_t name[] = "\3www\3bad\7example";
	struct set_hit hit;
	struct entry_meta meta;
	for (size_t at = 0; at + 36 <= len && at < 4096; at += 61) {
		if (set_find_ip4(s, data + at, &hit))
			set_meta(s, &hit, &meta);
		if (set_find_ip6(s, data + at, &hit))
			set_meta(s, &hit, &meta);
		if (set_find_name(s, data + at, 36, &hit))
			set_meta(s, &hit, &meta);
		(void)set_find_key(s, ENTRY_JA4, data + at, 36, &hit);
		(void)set_find_url(s, data + at, 36, &hit);
		(void)set_holder(s, 4, data + at);
		(void)set_holder(s, 6, data + at);
	}
	(void)set_find_name(s, name, sizeof(name) - 1, &hit);
}

static bool act_is_short(const void *context, const char *act)
{
	(void)context;
	return strnlen(act, 8) < 8;
}

struct outside {
	struct entry_pass pass;
	bool filter;
	uint64_t entries, bytes;
};

static int outside(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct outside *o = context;
	const struct entry_pass *p = &o->pass;
	if (o->filter) {
		bool wide = (key->kind == ENTRY_PREFIX4 && key->data[4] < p->prefix4) ||
			    (key->kind == ENTRY_PREFIX6 && key->data[16] < p->prefix6);
		if (meta->allow || ((p->kinds >> key->kind & 1) != 0 && !wide && meta->act != NULL &&
				    act_is_short(NULL, meta->act)))
			return HN_OK;
	}
	o->entries++;
	o->bytes += key->len;
	return HN_OK;
}

/* What may pass is left out of a walk, and nothing else. */
static void walk_outside(const struct set *s, const uint8_t *data, size_t len)
{
	uint8_t a = data[len - 1], b = data[len / 2];
	struct outside naive = {.pass = {.kinds = a | (uint32_t)b << 8,
					 .prefix4 = a % 33,
					 .prefix6 = b % 129,
					 .act = act_is_short},
				.filter = true};
	struct outside fast = {.pass = naive.pass};
	if (set_each(s, outside, &naive) != HN_OK ||
	    set_each_outside(s, &fast.pass, outside, &fast) != HN_OK || naive.entries != fast.entries ||
	    naive.bytes != fast.bytes)
		abort();
}

static void merge(const struct set *s)
{
	const struct him_build_limits limits = {100000, 1u << 24};
	struct him_build *b;
	const uint8_t *file;
	size_t size;
	uint8_t digest[32];
	if (merge_set(s, &limits, &b) != HN_OK)
		return;
	if (him_build_finish(b, &file, &size, digest) == HN_OK && him_verify(file, size, NULL) != HN_OK)
		abort();
	him_build_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct set *s;
	struct fault fault = {0};
	const void *const files[] = {data};
	uint64_t entries = 0;
	if (set_open_bytes(files, &len, 1, &s, &fault) != HN_OK)
		return 0;
	ask(s, data, len);
	if (set_each(s, count, &entries) != HN_OK)
		abort();
	if (him_verify(data, len, &fault) == HN_OK &&
	    (entries != set_info(s)->entries || set_each(s, find, s) != HN_OK))
		abort();
	walk_outside(s, data, len);
	merge(s);
	set_close(s);
	return 0;
}
