/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_RESOLVER_POLICY_WORLD_H
#define HINOMI_TESTS_UNIT_RESOLVER_POLICY_WORLD_H

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "match/build.h"
#include "match/canonical.h"
#include "match/him.h"
#include "resolver/policy.h"
#include "tests/unit/check.h"

/* A directory of its own, files of sets in it, and questions as people write them. */

struct world {
	char dir[64];
	char path[16][128]; /* what world_path() gave */
	size_t paths;
};

static inline void world_open(struct world *w)
{
	*w = (struct world){.dir = "/tmp/hinomi-policy-XXXXXX"};
	assert_non_null(mkdtemp(w->dir));
}

static inline const char *world_path(struct world *w, const char *name)
{
	char *out = w->path[w->paths++ % COUNT(w->path)];
	size_t dir = strlen(w->dir), len = strlen(name);
	assert_true(dir + 1 + len < sizeof(w->path[0]));
	memcpy(out, w->dir, dir);
	out[dir] = '/';
	memcpy(out + dir + 1, name, len + 1);
	return out;
}

static inline int world_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline void world_close(struct world *w)
{
	assert_int_equal(nftw(w->dir, world_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline const char *world_text(struct world *w, const char *name, const char *text)
{
	const char *path = world_path(w, name);
	assert_int_equal(file_write_whole(path, text, strlen(text), 0600, true), HN_OK);
	return path;
}

/** An entry: a value as people write it; "+" in front: an allow entry; "-": a removal. */
struct world_entry {
	const char *value;
	int64_t from, until;
	const char *marking;
	uint8_t confidence; /* 0: 80 */
};

/** A `.him`; base: NULL, or the digest of the base it belongs to. */
static inline const char *world_him(struct world *w, const char *name, const uint8_t *base,
				    const struct world_entry *entries, size_t count, uint8_t digest_out[32])
{
	const char *path = world_path(w, name);
	struct him_build *b;
	const uint8_t *data;
	size_t size;
	uint8_t digest[32];
	assert_int_equal(him_build_new("world", NULL, &b), HN_OK);
	if (base != NULL)
		him_build_base(b, base);
	for (size_t i = 0; i < count; i++) {
		const char *value = entries[i].value;
		struct entry_meta meta = {.object = "indicator--1",
					  .marking = entries[i].marking,
					  .confidence = entries[i].confidence ? entries[i].confidence : 80,
					  .valid_from_ns = entries[i].from,
					  .valid_until_ns = entries[i].until,
					  .allow = value[0] == '+'};
		struct canonical key;
		bool removal = value[0] == '-';
		value += meta.allow || removal;
		assert_int_equal(canonical_value(value, strlen(value), &key), HN_OK);
		if (removal)
			assert_int_equal(him_build_remove(b, &key.key), HN_OK);
		else
			assert_int_equal(him_build_add(b, &key.key, &meta), HN_OK);
	}
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	assert_int_equal(him_build_write(b, path), HN_OK);
	him_build_free(b);
	if (digest_out != NULL)
		memcpy(digest_out, digest, 32);
	return path;
}

/** "www.example" in wire form without the root's byte. */
static inline size_t world_name(const char *text, uint8_t out[256])
{
	size_t len = 0;
	while (*text != '\0') {
		size_t n = strcspn(text, ".");
		out[len++] = (uint8_t)n;
		memcpy(out + len, text, n);
		len += n;
		text += n + (text[n] == '.');
	}
	return len;
}

static inline struct ip world_ip(const char *text)
{
	struct ip ip;
	assert_int_equal(ip_parse(text, strlen(text), &ip), HN_OK);
	return ip;
}

/** Every other name in the steps of a batch, which come to the same. */
static inline void judge_by_steps(const struct policy *p, unsigned view, struct policy_verdict *v,
				  const uint8_t *name, size_t len, int64_t now_ns)
{
	struct suffixes cut;
	struct fetches f = {0};
	if (len % 2 == 0 || !suffixes_cut(&cut, name, len)) {
		policy_judge_name(v, name, len, now_ns);
		return;
	}
	policy_prefetch_name(p, view, &cut, &f);
	fetches_go(&f);
	policy_prefetch_records(p, view, &cut, &f);
	fetches_go(&f);
	policy_judge_suffixes(v, &cut, now_ns);
}

/** What becomes of a question: "qname >cname #address @client !nsname ~nsaddress", in the order given. */
static inline void world_judge(const struct policy *p, unsigned view, const char *question, int64_t now_ns,
			       struct policy_verdict *v)
{
	char text[256];
	policy_begin(p, view, v);
	(void)snprintf(text, sizeof(text), "%s", question);
	for (char *save = NULL, *word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		uint8_t name[256];
		struct ip ip;
		if (word[0] == '#' || word[0] == '@' || word[0] == '~')
			ip = world_ip(word + 1);
		switch (word[0]) {
		case '@':
			policy_judge_client(v, &ip, now_ns);
			break;
		case '#':
			policy_judge_address(v, &ip, now_ns);
			break;
		case '~':
			policy_judge_ns_address(v, &ip, now_ns);
			break;
		case '>':
			policy_judge_cname(v, name, world_name(word + 1, name), now_ns);
			break;
		case '!':
			policy_judge_ns_name(v, name, world_name(word + 1, name), now_ns);
			break;
		default:
			judge_by_steps(p, view, v, name, world_name(word, name), now_ns);
		}
		if (policy_is_final(v))
			return;
	}
}

#endif
