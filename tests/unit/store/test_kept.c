/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/kept.h"

#include "../check.h"
#include "store_world.h"

struct keeping {
	struct uuid account;
	const char *key;
	struct kept kept;
	bool put;
	int err;
};

static int job(struct writing *w, void *context)
{
	struct keeping *k = context;
	k->err = k->put ? kept_put(w, &k->account, k->key, strlen(k->key), &k->kept)
			: kept_find(w, &k->account, k->key, strlen(k->key), &k->kept);
	return k->put ? k->err : HN_OK;
}

static void init(struct keeping *k, uint8_t account, const char *key, uint8_t digest)
{
	memset(k, 0, sizeof(*k));
	k->account.bytes[0] = account;
	k->key = key;
	k->kept.digest[0] = digest;
	buf_init(&k->kept.fields, 1 << 16);
	buf_init(&k->kept.body, 1 << 20);
}

static void clear(struct keeping *k)
{
	buf_clear(&k->kept.fields);
	buf_clear(&k->kept.body);
}

static int put(struct store_world *w, uint8_t account, const char *key, uint8_t digest, size_t body_len)
{
	struct keeping k;
	init(&k, account, key, digest);
	k.put = true;
	k.kept.status = 201;
	(void)snprintf(k.kept.media, sizeof(k.kept.media), "application/json");
	(void)snprintf(k.kept.etag, sizeof(k.kept.etag), "v1");
	buf_adds(&k.kept.fields, "Location: /x\r\n");
	for (size_t i = 0; i < body_len; i++)
		buf_addc(&k.kept.body, (char)i);
	int err = store_write(w->store, job, &k);
	clear(&k);
	return err;
}

static int find(struct store_world *w, uint8_t account, const char *key, uint8_t digest)
{
	struct keeping k;
	init(&k, account, key, digest);
	assert_int_equal(store_write(w->store, job, &k), HN_OK);
	if (k.err == HN_OK) {
		assert_int_equal(k.kept.status, 201);
		assert_string_equal(k.kept.media, "application/json");
		assert_string_equal(k.kept.etag, "v1");
		assert_int_equal(k.kept.fields.len, strlen("Location: /x\r\n"));
		for (size_t i = 0; i < k.kept.body.len; i++)
			assert_int_equal((uint8_t)k.kept.body.data[i], i & 0xff);
	}
	clear(&k);
	return k.err;
}

static void an_answer_is_found_again_by_who_asked(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	assert_int_equal(find(&w, 1, "key", 5), HN_ENOENT);
	assert_int_equal(put(&w, 1, "key", 5, 1000), HN_OK);
	assert_int_equal(find(&w, 1, "key", 5), HN_OK);
	assert_int_equal(find(&w, 1, "key", 6), HN_EEXIST); /* another request under the same key */
	assert_int_equal(find(&w, 2, "key", 5), HN_ENOENT); /* somebody else's key of the same name */
	assert_int_equal(find(&w, 1, "ke", 5), HN_ENOENT);
	assert_int_equal(put(&w, 2, "key", 6, 0), HN_OK);
	assert_int_equal(find(&w, 2, "key", 6), HN_OK);
	assert_int_equal(put(&w, 1, "key", 7, 10), HN_EEXIST);
	world_close(&w);
}

static void it_is_forgotten_after_a_day(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	w.now_us = INT64_C(1800000000000000);
	assert_int_equal(put(&w, 1, "old", 5, 10), HN_OK);
	w.now_us += KEPT_US;
	assert_int_equal(find(&w, 1, "old", 5), HN_OK);
	w.now_us += 1;
	assert_int_equal(find(&w, 1, "old", 5), HN_ENOENT);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM kept"), 1);
	assert_int_equal(put(&w, 1, "new", 5, 10), HN_OK);
	assert_int_equal(world_ask(&w, "SELECT count(*) FROM kept"), 1);
	assert_int_equal(put(&w, 1, "old", 9, 10), HN_OK); /* the key is free again */
	world_close(&w);
}

static void what_is_too_large_is_not_kept(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	assert_int_equal(put(&w, 1, "large", 5, KEPT_BODY_MAX), HN_OK);
	assert_int_equal(find(&w, 1, "large", 5), HN_OK);
	assert_int_equal(put(&w, 1, "larger", 5, KEPT_BODY_MAX + 1), HN_ELIMIT);
	assert_int_equal(find(&w, 1, "larger", 5), HN_ENOENT);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_found_again_by_who_asked),
		cmocka_unit_test(it_is_forgotten_after_a_day),
		cmocka_unit_test(what_is_too_large_is_not_kept),
	};
	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
