/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/set.h"

#include <stdio.h>
#include <unistd.h>

#include "match/him.h"
#include "match/merge.h"
#include "tests/unit/match/world.h"

#include "tests/unit/check.h"

#define WORLDS    34
#define QUESTIONS 250

/* A hit is that of the list, with its key, its metadata and what stood left of it. */
static void compare(const struct world *w, bool found, const struct set_hit *hit,
		    const struct world_entry *expected, unsigned extra)
{
	struct entry_meta meta;
	struct entry_key key;
	uint8_t scratch[32];
	char object[32];

	assert_int_equal(found, expected != NULL);
	if (!found)
		return;
	assert_int_equal(hit->kind, expected->kind);
	assert_int_equal(hit->allow, expected->allow);
	set_meta(w->set, hit, &meta);
	(void)snprintf(object, sizeof(object), "object--%u", expected->number);
	assert_string_equal(meta.object, object);
	assert_string_equal(meta.act, expected->number % 2 == 0 ? "act-even" : "act-odd");
	assert_int_equal(meta.valid_until_ns, expected->number % 5 == 0 ? 1000000 : 0);
	assert_int_equal(meta.confidence, 255);
	assert_int_equal(set_key(w->set, hit, &key, scratch), HN_OK);
	assert_int_equal(key.kind, expected->kind);
	assert_int_equal(key.len, expected->len);
	assert_memory_equal(key.data, expected->data, key.len);
	if (expected->kind == ENTRY_PREFIX4 || expected->kind == ENTRY_PREFIX6)
		assert_int_equal(hit->prefix_len, extra);
	else
		assert_int_equal(hit->labels_left, extra);
}

static void ask_world(struct world *w)
{
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint8_t value[254];
		struct set_hit hit;
		unsigned extra = 0;
		const struct world_entry *expected;

		world_address4(w, value);
		expected = world_find_ip(w, value, 4, &extra);
		compare(w, set_find_ip4(w->set, value, &hit), &hit, expected, extra);

		extra = 0;
		world_address6(w, value);
		expected = world_find_ip(w, value, 16, &extra);
		compare(w, set_find_ip6(w->set, value, &hit), &hit, expected, extra);

		extra = 0;
		size_t len = world_name(w, value);
		uint8_t *name = exact_copy(value, len);
		expected = world_find_name(w, name, len, &extra);
		compare(w, set_find_name(w->set, name, len, &hit), &hit, expected, extra);
		struct suffixes cut;
		struct fetches f = {0};
		if (suffixes_cut(&cut, name, len)) {
			set_prefetch_suffixes(w->set, &cut, &f);
			fetches_go(&f);
			set_prefetch_records(w->set, &cut, &f);
			fetches_go(&f);
			compare(w, set_find_suffixes(w->set, &cut, &hit), &hit, expected, extra);
		}
		if (expected != NULL && expected->kind == ENTRY_WILDCARD)
			assert_int_equal(hit.bytes_left, len - expected->len);
		free(name);

		len = world_url(w, value);
		expected = world_find_url(w, value, len);
		compare(w, set_find_url(w->set, value, len, &hit), &hit, expected, 0);
	}
}

static void the_fast_matcher_equals_a_naive_one(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world *w = world_new(seed, 1 + seed % WORLD_LAYERS_MAX, seed % 3 == 0 ? 40 : 360);
		ask_world(w);
		set_populate(w->set);
		ask_world(w);
		world_free(w);
	}
}

struct listing {
	struct world *w;
	struct him_build *b;
	size_t count;
	struct world_entry *entries; /* those that live */
};

static int list(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct listing *l = context;
	const struct world_entry *e = world_live(l->w, key->kind, key->data, key->len);
	char object[32];
	assert_non_null(e);
	(void)snprintf(object, sizeof(object), "object--%u", e->number);
	assert_string_equal(meta->object, object);
	assert_true(l->count < WORLD_LAYERS_MAX * WORLD_ENTRIES_MAX);
	l->entries[l->count++] = *e;
	return HN_OK;
}

/* In pieces the same comes in the same order, and no piece is long. */
static void list_in_pieces(struct world *w, const struct listing *whole)
{
	struct listing pieces = {.w = w};
	struct set_place place = {0};
	bool more = true;
	pieces.entries = calloc(WORLD_LAYERS_MAX * WORLD_ENTRIES_MAX, sizeof(*pieces.entries));
	assert_non_null(pieces.entries);
	while (more) {
		size_t before = pieces.count;
		assert_int_equal(set_each_from(w->set, &place, list, &pieces, &more), HN_OK);
		assert_true(pieces.count - before <= 1024);
	}
	assert_int_equal(pieces.count, whole->count);
	for (size_t i = 0; i < whole->count; i++)
		assert_int_equal(pieces.entries[i].number, whole->entries[i].number);
	free(pieces.entries);
}

static void each_live_entry_is_listed_once_and_a_merge_is_a_fresh_compile(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world *w = world_new(seed, 1 + seed % WORLD_LAYERS_MAX, 300);
		struct listing l = {.w = w};
		const uint8_t *merged;
		uint8_t digest[32];
		size_t merged_size, fresh_size;

		l.entries = calloc(WORLD_LAYERS_MAX * WORLD_ENTRIES_MAX, sizeof(*l.entries));
		assert_non_null(l.entries);
		assert_int_equal(set_each(w->set, list, &l), HN_OK);
		assert_int_equal(set_info(w->set)->entries, l.count);
		list_in_pieces(w, &l);
		assert_int_equal(merge_set(w->set, NULL, &l.b), HN_OK);
		assert_int_equal(him_build_finish(l.b, &merged, &merged_size, digest), HN_OK);
		uint8_t *fresh = world_compile(w, l.entries, l.count, NULL, false, &fresh_size);
		assert_int_equal(merged_size, fresh_size);
		assert_memory_equal(merged, fresh, fresh_size);
		assert_int_equal(him_verify(merged, merged_size, NULL), HN_OK);
		him_build_free(l.b);
		free(fresh);
		free(l.entries);
		world_free(w);
	}
}

static void what_does_not_pass_is_listed_and_nothing_else(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world *w = world_new(seed, 1 + seed % WORLD_LAYERS_MAX, 300);
		for (int i = 0; i < 8; i++)
			world_check_outside(w, w->set);
		world_free(w);
	}
}

static int five(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	size_t *count = context;
	(void)key;
	(void)meta;
	return ++*count == 5 ? HN_ELIMIT : HN_OK;
}

static void a_listing_stops_when_told(void **state)
{
	(void)state;
	struct world *w = world_new(7, 2, 100);
	size_t count = 0;
	assert_int_equal(set_each(w->set, five, &count), HN_ELIMIT);
	assert_int_equal(count, 5);
	world_free(w);
}

static void malformed_names_are_not_found(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {{"", 0},      {"\0", 1},      {"\1", 1}, {"\2a", 2}, {"\100aaaaaaaaaa", 11},
		     {"\1a\0", 3}, {"\1a\377b", 4}};
	struct world *w = world_new(3, 3, 300);
	struct set_hit hit;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *name = exact_copy(cases[i].bytes, cases[i].len);
		assert_false(set_find_name(w->set, name, cases[i].len, &hit));
		free(name);
	}
	world_free(w);
}

static void layers_that_do_not_belong_together_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new(11, 3, 50), *other = world_new(12, 2, 50);
	const void *files[3];
	size_t sizes[3];
	struct set *s = NULL;
	struct fault fault;
	const struct {
		const struct world_layer *layers[3];
		size_t count;
		int rc;
	} cases[] = {
		{{&w->layer[0], &w->layer[1], &w->layer[2]}, 3, HN_OK},
		{{&w->layer[0]}, 1, HN_OK},
		{{&w->layer[1]}, 1, HN_ESTATE},
		{{&w->layer[1], &w->layer[0]}, 2, HN_ESTATE},
		{{&w->layer[0], &w->layer[0]}, 2, HN_ESTATE},
		{{&w->layer[0], &other->layer[1]}, 2, HN_ESTATE},
		{{&other->layer[0], &w->layer[1]}, 2, HN_ESTATE},
		{{&w->layer[0]}, 0, HN_ELIMIT},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t k = 0; k < cases[i].count; k++) {
			files[k] = cases[i].layers[k]->file;
			sizes[k] = cases[i].layers[k]->file_size;
		}
		assert_int_equal(set_open_bytes(files, sizes, cases[i].count, &s, &fault), cases[i].rc);
		if (cases[i].rc == HN_OK)
			set_close(s);
	}
	world_free(w);
	world_free(other);
}

static void a_set_without_metadata_answers_alike_and_takes_the_full_overlays(void **state)
{
	(void)state;
	struct world *w = world_new(21, 2, 300);
	struct world_layer *base = &w->layer[0];
	size_t size;
	uint8_t *stripped = world_compile(w, base->entries, base->count, NULL, true, &size);
	const void *files[] = {stripped, w->layer[1].file};
	const size_t sizes[] = {size, w->layer[1].file_size};
	struct set *s;

	assert_true(size < base->file_size);
	assert_int_equal(him_verify(stripped, size, NULL), HN_OK);
	assert_int_equal(set_open_bytes(files, sizes, 2, &s, NULL), HN_OK);
	assert_int_equal(set_info(s)->entries, set_info(w->set)->entries);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint8_t name[254];
		size_t len = world_name(w, name);
		struct set_hit full = {0}, bare = {0};
		struct entry_meta meta;
		bool found = set_find_name(w->set, name, len, &full);
		assert_int_equal(set_find_name(s, name, len, &bare), found);
		if (!found)
			continue;
		assert_memory_equal(&full, &bare, sizeof(full));
		set_meta(s, &bare, &meta);
		assert_int_equal(meta.object == NULL, bare.layer == 1);
	}
	set_close(s);
	free(stripped);
	world_free(w);
}

static void each_layer_says_what_it_changes(void **state)
{
	(void)state;
	struct world *w = world_new(41, 5, 300);
	for (size_t i = 0; i < w->layers; i++) {
		const struct world_layer *layer = &w->layer[w->layers - 1 - i];
		struct set_changes have, want;
		memset(&want, 0, sizeof(want));
		for (size_t k = 0; k < layer->count; k++) {
			const struct world_entry *e = &layer->entries[k];
			if (e->tombstone)
				want.removed[e->kind]++;
			else
				want.added[e->kind]++;
		}
		set_layer_changes(w->set, i, &have);
		assert_memory_equal(&have, &want, sizeof(have));
	}
	world_free(w);
}

static void files_are_opened_by_path(void **state)
{
	(void)state;
	struct world *w = world_new(31, 2, 300);
	char dir[] = "/tmp/hinomi-set-XXXXXX";
	char base[64], overlay[64];
	struct fault fault;
	struct set *s;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(base, sizeof(base), "%s/base.him", dir);
	(void)snprintf(overlay, sizeof(overlay), "%s/overlay.him", dir);
	const char *const paths[] = {base, overlay};
	assert_int_equal(set_open(paths, 2, &s, &fault), HN_ENOENT);
	assert_string_equal(fault.place, base);
	for (size_t i = 0; i < 2; i++) {
		FILE *file = fopen(paths[i], "wb");
		assert_non_null(file);
		assert_int_equal(fwrite(w->layer[i].file, 1, w->layer[i].file_size, file),
				 w->layer[i].file_size);
		assert_int_equal(fclose(file), 0);
	}
	assert_int_equal(set_open(paths, 2, &s, &fault), HN_OK);
	assert_int_equal(set_info(s)->layers, 2);
	assert_memory_equal(set_layer_digest(s, 0), w->layer[1].file + 24, 32);
	assert_memory_equal(set_layer_digest(s, 1), w->layer[0].file + 24, 32);
	assert_null(set_layer_digest(s, 2));
	set_close(s);
	assert_int_equal(truncate(overlay, 3000), 0);
	assert_int_equal(set_open(paths, 2, &s, &fault), HN_ETRUNC);
	assert_string_equal(fault.place, overlay);
	assert_int_equal(unlink(base), 0);
	assert_int_equal(unlink(overlay), 0);
	assert_int_equal(rmdir(dir), 0);
	world_free(w);
}

static void the_holder_of_an_address_is_that_of_the_longest_prefix(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *holder;
	} rows[] = {{"192.0.2.0/24", "Ministry"}, {"192.0.2.128/25", "Office"},  {"192.0.2.200", "Desk"},
		    {"0.0.0.0/0", "World"},       {"2001:db8::/32", "Ministry"}, {"2001:db8::1", "Host"}};
	static const struct {
		const char *addr, *holder;
	} cases[] = {{"192.0.2.1", "Ministry"}, {"192.0.2.129", "Office"},   {"192.0.2.200", "Desk"},
		     {"203.0.113.1", "World"},  {"2001:db8::2", "Ministry"}, {"2001:db8::1", "Host"},
		     {"2001:db9::1", NULL}};
	struct him_build *b;
	struct set *s;
	const uint8_t *data;
	size_t size;
	uint8_t digest[32];

	assert_int_equal(him_build_new("held", NULL, &b), HN_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ip_prefix p;
		assert_int_equal(ip_prefix_parse(rows[i].prefix, strlen(rows[i].prefix), &p), HN_OK);
		assert_int_equal(him_build_holdings(b, &p, rows[i].holder), HN_OK);
	}
	assert_int_equal(him_build_finish(b, &data, &size, digest), HN_OK);
	assert_int_equal(him_verify(data, size, NULL), HN_OK);
	const void *const files[] = {data};
	assert_int_equal(set_open_bytes(files, &size, 1, &s, NULL), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip;
		assert_int_equal(ip_parse(cases[i].addr, strlen(cases[i].addr), &ip), HN_OK);
		const char *holder = set_holder(s, ip.version, ip.bytes);
		if (cases[i].holder == NULL)
			assert_null(holder);
		else
			assert_string_equal(holder, cases[i].holder);
	}
	set_close(s);
	him_build_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_matcher_equals_a_naive_one),
		cmocka_unit_test(each_live_entry_is_listed_once_and_a_merge_is_a_fresh_compile),
		cmocka_unit_test(what_does_not_pass_is_listed_and_nothing_else),
		cmocka_unit_test(a_listing_stops_when_told),
		cmocka_unit_test(malformed_names_are_not_found),
		cmocka_unit_test(layers_that_do_not_belong_together_are_refused),
		cmocka_unit_test(each_layer_says_what_it_changes),
		cmocka_unit_test(a_set_without_metadata_answers_alike_and_takes_the_full_overlays),
		cmocka_unit_test(files_are_opened_by_path),
		cmocka_unit_test(the_holder_of_an_address_is_that_of_the_longest_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
