/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/checkpoint.h"
#include "ledger/note.h"

#include "../check.h"
#include <sodium.h>

static uint8_t public_key[NOTE_PUBLIC_SIZE], secret_key[NOTE_SECRET_SIZE];

static int make_keys(void **state)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = {7};
	(void)state;
	return crypto_sign_seed_keypair(public_key, secret_key, seed);
}

static struct note_key key_of(const char *name, enum note_type type)
{
	struct note_key key;
	assert_int_equal(note_key_init(&key, name, type, public_key), HN_OK);
	return key;
}

/* A well-known public log's key: its id is computed, not believed. */
static void a_published_key_reads(void **state)
{
	(void)state;
	static const char text[] = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
	struct note_key key;
	char again[NOTE_VKEY_MAX];
	assert_int_equal(note_vkey_parse(text, strlen(text), &key), HN_OK);
	assert_string_equal(key.name, "sum.golang.org");
	assert_int_equal(key.id, 0x033de0ae);
	note_vkey_format(&key, again);
	assert_string_equal(again, text);
	for (size_t len = 0; len < strlen(text); len++) {
		uint8_t *exact = exact_copy(text, len);
		assert_int_not_equal(note_vkey_parse((const char *)exact, len, &key), HN_OK);
		free(exact);
	}
	char other[sizeof(text)];
	memcpy(other, text, sizeof(text));
	other[strlen("sum.golang.org+")] = '1';
	assert_int_equal(note_vkey_parse(other, strlen(other), &key), HN_EAUTH);
}

static void names_are_one_word(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{"hinomi/edge-1", true}, {"火の見/東京", true}, {"", false},      {"a b", false},
		{"a+b", false},          {"a\nb", false},       {"a\tb", false},  {"a\xE3\x80\x80z", false},
		{"a\xC2\xA0z", false},   {"a\xFF", false},      {"a\x7f", false}, {"\xE2\x80\x89", false},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(note_name_ok(rows[i].name, strlen(rows[i].name)), rows[i].ok);
}

static void note_of(struct buf *note, const char *text, const struct note_key *key, uint64_t time_s)
{
	buf_init(note, NOTE_SIZE_MAX);
	buf_adds(note, text);
	buf_addc(note, '\n');
	note_sign(note, text, strlen(text), key, secret_key, time_s);
	assert_int_equal(buf_err(note), HN_OK);
}

static void what_was_signed_verifies_and_no_other_byte_does(void **state)
{
	(void)state;
	struct note_key keys[] = {key_of("hinomi/a", NOTE_ED25519), key_of("hinomi/w", NOTE_COSIGNATURE)};
	for (size_t k = 0; k < COUNT(keys); k++) {
		struct buf b;
		struct note note;
		uint64_t time_s = 1;
		note_of(&b, "hinomi/a\n0\nAAAA\n", &keys[k], 1790000000);
		assert_int_equal(note_parse(b.data, b.len, &note), HN_OK);
		assert_int_equal(note_verify(&note, &keys[k], &time_s), HN_OK);
		assert_int_equal(time_s, k == 0 ? 0 : 1790000000);
		assert_int_equal(note_verify(&note, &keys[1 - k], NULL), HN_ENOENT);
		for (size_t i = 0; i < b.len; i++) {
			uint8_t *copy = exact_copy(b.data, b.len);
			copy[i] ^= 1;
			if (note_parse((const char *)copy, b.len, &note) == HN_OK)
				assert_int_not_equal(note_verify(&note, &keys[k], NULL), HN_OK);
			free(copy);
		}
		for (size_t len = 0; len < b.len; len++) {
			uint8_t *copy = exact_copy(b.data, len);
			assert_int_not_equal(note_parse((const char *)copy, len, &note), HN_OK);
			free(copy);
		}
		buf_clear(&b);
	}
}

static void unknown_signatures_are_passed_over_and_a_bad_known_one_is_not(void **state)
{
	(void)state;
	struct note_key a = key_of("hinomi/a", NOTE_ED25519);
	struct note_key other = key_of("hinomi/b", NOTE_ED25519);
	struct buf b;
	struct note note;
	note_of(&b, "text\n\nmore\n", &other, 0);
	note_sign(&b, "text\n\nmore\n", 11, &a, secret_key, 0);
	buf_adds(&b, "\xE2\x80\x94 post.quantum/key AAAAAQIDBAU=\n");
	assert_int_equal(note_parse(b.data, b.len, &note), HN_OK);
	assert_int_equal(note.count, 3);
	assert_int_equal(note.text_len, 11);
	assert_int_equal(note_verify(&note, &a, NULL), HN_OK);
	note_sign(&b, "another text\n", 13, &a, secret_key, 0);
	assert_int_equal(note_parse(b.data, b.len, &note), HN_OK);
	assert_int_equal(note_verify(&note, &a, NULL), HN_EAUTH);
	buf_clear(&b);
}

static void too_many_signatures_are_refused(void **state)
{
	(void)state;
	struct note_key a = key_of("a", NOTE_ED25519);
	struct buf b;
	struct note note;
	note_of(&b, "text\n", &a, 0);
	for (size_t i = 1; i < NOTE_SIGNATURES_MAX; i++)
		note_sign(&b, "text\n", 5, &a, secret_key, 0);
	assert_int_equal(note_parse(b.data, b.len, &note), HN_OK);
	note_sign(&b, "text\n", 5, &a, secret_key, 0);
	assert_int_equal(note_parse(b.data, b.len, &note), HN_ELIMIT);
	buf_clear(&b);
}

static void a_checkpoint_reads_as_it_was_signed(void **state)
{
	(void)state;
	struct note_key key = key_of("hinomi/a", NOTE_ED25519);
	struct note_key stranger = key_of("hinomi/b", NOTE_ED25519);
	struct checkpoint c = {.origin = "hinomi/a", .size = UINT64_MAX}, got;
	struct buf b;
	memset(&c.root, 0xA5, sizeof(c.root));
	buf_init(&b, NOTE_SIZE_MAX);
	checkpoint_sign(&b, &c, &key, secret_key);
	assert_int_equal(checkpoint_open(b.data, b.len, &key, &got), HN_OK);
	assert_true(got.size == UINT64_MAX);
	assert_string_equal(got.origin, "hinomi/a");
	assert_memory_equal(&got.root, &c.root, sizeof(c.root));
	assert_int_equal(checkpoint_open(b.data, b.len, &stranger, &got), HN_ENOENT);
	buf_reset(&b);
	memcpy(c.origin, "hinomi/z", 9);
	checkpoint_sign(&b, &c, &key, secret_key);
	assert_int_equal(checkpoint_open(b.data, b.len, &key, &got), HN_EAUTH);
	buf_clear(&b);
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
static void bodies_of_checkpoints(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"example.com/behind-the-sofa\n20852163\n" ROOT "\n", HN_OK},
		{"a\n0\n" ROOT "\nextension\n", HN_OK},
		{"a\n18446744073709551615\n" ROOT "\n", HN_OK},
		{"a\n18446744073709551616\n" ROOT "\n", HN_EFORMAT},
		{"a\n01\n" ROOT "\n", HN_EFORMAT},
		{"a\n\n" ROOT "\n", HN_EFORMAT},
		{"a\n-1\n" ROOT "\n", HN_EFORMAT},
		{"\n1\n" ROOT "\n", HN_EFORMAT},
		{"a\n1\nAAAA\n", HN_EFORMAT},
		{"a\n1\n" ROOT, HN_EFORMAT},
		{"a\n1\n" ROOT "\n\n", HN_EFORMAT},
		{"a\n1\n", HN_EFORMAT},
		{"a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", HN_EFORMAT},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct checkpoint c = {.size = 7};
		uint8_t *exact = exact_copy(rows[i].text, strlen(rows[i].text));
		assert_int_equal(checkpoint_parse((const char *)exact, strlen(rows[i].text), &c), rows[i].rc);
		if (rows[i].rc != HN_OK)
			assert_int_equal(c.size, 7);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_published_key_reads),
		cmocka_unit_test(names_are_one_word),
		cmocka_unit_test(what_was_signed_verifies_and_no_other_byte_does),
		cmocka_unit_test(unknown_signatures_are_passed_over_and_a_bad_known_one_is_not),
		cmocka_unit_test(too_many_signatures_are_refused),
		cmocka_unit_test(a_checkpoint_reads_as_it_was_signed),
		cmocka_unit_test(bodies_of_checkpoints),
	};
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
