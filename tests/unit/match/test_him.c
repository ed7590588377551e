/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/him.h"

#include "base/digest.h"
#include "match/him_each.h"
#include "match/merge.h"
#include "tests/unit/match/world.h"

#include "tests/unit/check.h"

/* Where things stand in the header; docs/indicators.md. */
enum { AT_VERSION = 8, AT_FLAGS = 12, AT_SIZE = 16, AT_DIGEST = 24, AT_BASE = 56, AT_SECTIONS = 1024 };

static void seal(uint8_t *file, size_t size)
{
	sha256_parts(file, AT_DIGEST, file + AT_BASE, size - AT_BASE, NULL, 0, file + AT_DIGEST);
}

static int touch(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	unsigned *sum = context;
	for (size_t i = 0; i < key->len; i++)
		*sum += key->data[i];
	if (meta->object != NULL)
		*sum += (unsigned)strlen(meta->object);
	return HN_OK;
}

/* Asks everything of a file that may be damaged: it must end and stay inside, whatever it answers. */
static void ask(struct world *w, const uint8_t *data, size_t size)
{
	struct set *s;
	const void *const files[] = {data};
	struct set_hit hit;
	struct entry_key key;
	struct entry_meta meta;
	uint8_t value[254], scratch[32];
	unsigned sum = 0;
	size_t len;

	if (set_open_bytes(files, &size, 1, &s, NULL) != HN_OK)
		return;
	for (int i = 0; i < 10; i++) {
		world_address4(w, value);
		if (set_find_ip4(s, value, &hit))
			set_meta(s, &hit, &meta);
		(void)set_holder(s, 4, value);
		world_address6(w, value);
		if (set_find_ip6(s, value, &hit) && set_key(s, &hit, &key, scratch) == HN_OK)
			(void)touch(&sum, &key, &meta);
		len = world_name(w, value);
		if (set_find_name(s, value, len, &hit) && set_key(s, &hit, &key, scratch) == HN_OK) {
			set_meta(s, &hit, &meta);
			(void)touch(&sum, &key, &meta);
		}
		len = world_url(w, value);
		(void)set_find_url(s, value, len, &hit);
	}
	assert_int_equal(set_each(s, touch, &sum), HN_OK);
	world_check_outside(w, s);
	set_close(s);
}

static void every_shorter_file_is_refused(void **state)
{
	(void)state;
	struct world *w = world_new(41, 1, 60);
	const struct world_layer *l = &w->layer[0];
	struct him him;
	for (size_t len = 0; len < l->file_size; len += len < 3000 ? 1 : 61) {
		uint8_t *copy = exact_copy(l->file, len);
		int rc = him_open(copy, len, &him, NULL);
		assert_true(rc == HN_ETRUNC || rc == HN_EFORMAT);
		assert_true(him_verify(copy, len, NULL) != HN_OK);
		free(copy);
	}
	uint8_t *longer = malloc(l->file_size + 1);
	assert_non_null(longer);
	memcpy(longer, l->file, l->file_size);
	longer[l->file_size] = 0;
	assert_int_equal(him_open(longer, l->file_size + 1, &him, NULL), HN_EFORMAT);
	free(longer);
	world_free(w);
}

static void a_flipped_bit_is_found_and_harmless(void **state)
{
	(void)state;
	struct world *w = world_new(42, 1, 60);
	const struct world_layer *l = &w->layer[0];
	for (size_t at = 0; at < l->file_size; at += 1 + world_random(w) % 13) {
		uint8_t *copy = exact_copy(l->file, l->file_size);
		copy[at] = (uint8_t)(copy[at] ^ 1u << world_random(w) % 8);
		assert_true(him_verify(copy, l->file_size, NULL) != HN_OK);
		ask(w, copy, l->file_size);
		free(copy);
	}
	world_free(w);
}

/* Whoever makes a file can seal it: then only the walk stands between it and a wrong answer. */
static void damage_under_a_good_digest_is_harmless(void **state)
{
	(void)state;
	struct world *w = world_new(43, 1, 80);
	const struct world_layer *l = &w->layer[0];
	unsigned refused = 0, all = 0;
	for (int i = 0; i < 4000; i++) {
		uint8_t *copy = exact_copy(l->file, l->file_size);
		size_t start = i % 3 == 0 ? 0 : 2048;
		for (uint64_t k = world_random(w) % 4; k < 4; k++) {
			size_t at = start + world_random(w) % ((i % 3 == 0 ? 1500 : l->file_size) - start);
			copy[at] = (uint8_t)(world_random(w) % 3 == 0 ? 0xff : world_random(w));
		}
		memcpy(copy, l->file, 24);
		seal(copy, l->file_size);
		struct fault fault = {0};
		int rc = him_verify(copy, l->file_size, &fault);
		assert_true(rc != HN_EAUTH);
		if (rc != HN_OK)
			assert_true(fault.message[0] != '\0');
		refused += rc != HN_OK;
		all++;
		ask(w, copy, l->file_size);
		free(copy);
	}
	assert_true(refused > all / 2);
	world_free(w);
}

static void what_is_wrong_is_named(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		uint8_t value;
		int rc;
		const char *message; /* how it begins */
	} cases[] = {
		{0, 'X', HN_EFORMAT, "not an indicator set"},
		{AT_VERSION, 9, HN_EUNSUPPORTED, "format version 9"},
		{AT_FLAGS, 0x80, HN_EFORMAT, "the header is damaged"},
		{AT_SIZE + 6, 1, HN_ETRUNC, "the file has"},
		{AT_SECTIONS + 6, 1, HN_EFORMAT, "section 0 lies outside the file"},
		{AT_DIGEST, 0, HN_EAUTH, "the file is not what it states"},
		{2048 + 1, 0xff, HN_EAUTH, "the file is not what it states"},
	};
	struct world *w = world_new(44, 1, 60);
	const struct world_layer *l = &w->layer[0];
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *copy = exact_copy(l->file, l->file_size);
		struct fault fault = {0};
		copy[cases[i].at] =
			(uint8_t)(copy[cases[i].at] == cases[i].value ? cases[i].value + 1 : cases[i].value);
		assert_int_equal(him_verify(copy, l->file_size, &fault), cases[i].rc);
		assert_memory_equal(fault.message, cases[i].message, strlen(cases[i].message));
		free(copy);
	}
	world_free(w);
}

static void overlays_verify_too(void **state)
{
	(void)state;
	for (uint64_t seed = 60; seed < 70; seed++) {
		struct world *w = world_new(seed, 3, 380);
		for (size_t i = 0; i < w->layers; i++) {
			struct fault fault = {0};
			if (him_verify(w->layer[i].file, w->layer[i].file_size, &fault) != HN_OK)
				fail_msg("%s: %s", fault.place, fault.message);
		}
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shorter_file_is_refused),
		cmocka_unit_test(a_flipped_bit_is_found_and_harmless),
		cmocka_unit_test(damage_under_a_good_digest_is_harmless),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(overlays_verify_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
