/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/check.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/key.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"

static char dir[] = "/tmp/hinomi-key-XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
	static const char *const names[] = {"a", "a.pub", "p", "p.pub", "s", "s.pub", "bad", "c.pub"};
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static const char *in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

/* RFC 8037, appendix A.3: thumbprint of the key of appendix A.1. */
static void id_is_the_thumbprint_of_rfc_8037(void **state)
{
	uint8_t public[32];
	char id[KEY_ID_SIZE];
	struct buf bytes;
	const char *x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

	(void)state;
	buf_init(&bytes, 32);
	assert_int_equal(base64url_decode(x, strlen(x), &bytes), HN_OK);
	assert_int_equal(bytes.len, 32);
	memcpy(public, bytes.data, 32);
	buf_clear(&bytes);
	key_id_of(public, id);
	assert_string_equal(id, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

static void written_keys_are_read_back(void **state)
{
	static const struct {
		const char *name, *passphrase;
	} cases[] = {{"a", NULL}, {"p", "correct horse"}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct key *k, *again;
		struct key_public public;
		struct stat st;
		uint8_t signature[KEY_SIGNATURE_SIZE], sealed[4 + crypto_box_SEALBYTES], opened[4] = {0};
		const char *path = in_dir(cases[i].name);
		char pub[160];

		assert_int_equal(key_make("委員A", &k), HN_OK);
		assert_int_equal(key_write(k, path, cases[i].passphrase, NULL), HN_OK);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(key_read(path, cases[i].passphrase, &again, NULL), HN_OK);
		assert_memory_equal(key_public(k), key_public(again), sizeof(struct key_public));
		assert_memory_equal(key_secret(k), key_secret(again), 64);
		(void)snprintf(pub, sizeof(pub), "%s.pub", path);
		assert_int_equal(key_public_read(pub, &public, NULL), HN_OK);
		assert_memory_equal(&public, key_public(k), sizeof(public));

		key_sign(again, "text", 4, signature);
		assert_true(key_verify(public.ed25519, "text", 4, signature));
		assert_false(key_verify(public.ed25519, "texT", 4, signature));
		assert_int_equal(crypto_box_seal(sealed, (const uint8_t *)"text", 4, public.x25519), 0);
		assert_int_equal(key_unseal(again, sealed, sizeof(sealed), opened), HN_OK);
		assert_memory_equal(opened, "text", 4);
		sealed[5] ^= 1;
		opened[0] = 'x';
		assert_int_equal(key_unseal(again, sealed, sizeof(sealed), opened), HN_EAUTH);
		assert_int_equal(opened[0], 'x');
		assert_int_equal(key_unseal(again, sealed, 47, opened), HN_EAUTH);
		key_free(k);
		key_free(again);
	}
}

static void a_key_is_never_replaced(void **state)
{
	struct key *k;
	struct fault fault;
	struct buf before, after;

	(void)state;
	buf_init(&before, 4096);
	buf_init(&after, 4096);
	assert_int_equal(file_read(in_dir("a"), &before), HN_OK);
	assert_int_equal(key_make("other", &k), HN_OK);
	assert_int_equal(key_write(k, in_dir("a"), NULL, &fault), HN_EEXIST);
	assert_int_equal(file_read(in_dir("a"), &after), HN_OK);
	assert_memory_equal(before.data, after.data, before.len);
	/* A public file that stands alone is somebody's too. */
	assert_int_equal(file_write_whole(in_dir("c.pub"), "x", 1, 0644, false), HN_OK);
	assert_int_equal(key_write(k, in_dir("c"), NULL, &fault), HN_EEXIST);
	assert_int_not_equal(access(in_dir("c"), F_OK), 0);
	key_free(k);
	buf_clear(&before);
	buf_clear(&after);
}

static void passphrases_are_asked_for(void **state)
{
	struct key *k = NULL;
	(void)state;
	assert_int_equal(key_read(in_dir("p"), NULL, &k, NULL), HN_EAUTH);
	assert_int_equal(key_read(in_dir("p"), "wrong", &k, NULL), HN_EAUTH);
	assert_null(k);
	assert_int_equal(key_read(in_dir("none"), NULL, &k, NULL), HN_ENOENT);
}

static void damaged_files_are_refused(void **state)
{
	struct buf good;
	struct key *k;

	(void)state;
	buf_init(&good, 4096);
	assert_int_equal(file_read(in_dir("a"), &good), HN_OK);
	for (size_t len = 0; len < good.len; len++) {
		assert_int_equal(file_write_whole(in_dir("bad"), good.data, len, 0600, true), HN_OK);
		assert_int_equal(key_read(in_dir("bad"), NULL, &k, NULL), HN_EFORMAT);
	}
	buf_addc(&good, '\n');
	assert_int_equal(file_write_whole(in_dir("bad"), good.data, good.len, 0600, true), HN_OK);
	assert_int_equal(key_read(in_dir("bad"), NULL, &k, NULL), HN_EFORMAT);
	good.data[11] = '2'; /* "hinomi-key 2" */
	assert_int_equal(file_write_whole(in_dir("bad"), good.data, good.len, 0600, true), HN_OK);
	assert_int_equal(key_read(in_dir("bad"), NULL, &k, NULL), HN_EUNSUPPORTED);
	buf_clear(&good);
}

static void public_text_is_read_and_written(void **state)
{
	struct key_public k, again;
	struct buf text;

	(void)state;
	buf_init(&text, 4096);
	assert_int_equal(key_public_read(in_dir("a.pub"), &k, NULL), HN_OK);
	assert_int_equal(key_public_write(&k, &text), HN_OK);
	assert_int_equal(key_public_parse(text.data, text.len, &again, NULL), HN_OK);
	assert_memory_equal(k.ed25519, again.ed25519, 32);
	assert_string_equal(k.id, again.id);
	assert_int_equal(key_public_parse(text.data, text.len / 2, &again, NULL), HN_EFORMAT);
	buf_clear(&text);
}

static void public_file_must_match_its_id(void **state)
{
	struct key_public k;
	struct buf text;

	(void)state;
	buf_init(&text, 4096);
	assert_int_equal(file_read(in_dir("a.pub"), &text), HN_OK);
	char *at = strstr(text.data, "\"ed25519\": \"");
	assert_non_null(at);
	at[14] = at[14] == 'A' ? 'B' : 'A';
	assert_int_equal(file_write_whole(in_dir("bad"), text.data, text.len, 0600, true), HN_OK);
	assert_int_equal(key_public_read(in_dir("bad"), &k, NULL), HN_EFORMAT);
	assert_int_equal(key_public_parse(text.data, text.len, &k, NULL), HN_EFORMAT);
	buf_clear(&text);
}

static void names_are_text(void **state)
{
	static const char *const bad[] = {"", "a\nb", "\xff", "\x7f"};
	char long_name[KEY_NAME_MAX + 2];
	struct key *k;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(key_make(bad[i], &k), HN_EFORMAT);
	memset(long_name, 'a', sizeof(long_name));
	long_name[KEY_NAME_MAX + 1] = '\0';
	assert_int_equal(key_make(long_name, &k), HN_EFORMAT);
	long_name[KEY_NAME_MAX] = '\0';
	assert_int_equal(key_make(long_name, &k), HN_OK);
	key_free(k);
}

static void identity_is_made_once(void **state)
{
	struct key *first, *second;
	struct uuid a, b;
	bool made = false;

	(void)state;
	assert_int_equal(identity_load_or_make(in_dir("s"), "sensor", &first, &made, NULL), HN_OK);
	assert_true(made);
	assert_int_equal(identity_load_or_make(in_dir("s"), "sensor", &second, &made, NULL), HN_OK);
	assert_false(made);
	key_sensor_id(key_public(first), &a);
	key_sensor_id(key_public(second), &b);
	assert_memory_equal(&a, &b, sizeof(a));
	key_free(first);
	key_free(second);
	key_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(id_is_the_thumbprint_of_rfc_8037),
					   cmocka_unit_test(written_keys_are_read_back),
					   cmocka_unit_test(a_key_is_never_replaced),
					   cmocka_unit_test(passphrases_are_asked_for),
					   cmocka_unit_test(damaged_files_are_refused),
					   cmocka_unit_test(public_file_must_match_its_id),
					   cmocka_unit_test(public_text_is_read_and_written),
					   cmocka_unit_test(names_are_text),
					   cmocka_unit_test(identity_is_made_once)};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
