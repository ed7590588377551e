/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/digest.h"

#include "../check.h"
#include "base/encode.h"

/* FIPS 180-4 example values, by NIST. */
static const struct {
	const char *text;
	unsigned times;
	const char *hex;
} cases[] = {
	{"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"aaaaaaaaaa", 100000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void sha256_gives_the_standards_examples(void **state)
{
	(void)state;
	struct sha256 *s = sha256_new();
	assert_non_null(s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[SHA256_HEX_SIZE];
		for (unsigned k = 0; k < cases[i].times; k++)
			sha256_add(s, cases[i].text, strlen(cases[i].text));
		sha256_end(s, digest); /* and the next case begins anew */
		hex_encode(digest, sizeof(digest), hex);
		assert_string_equal(hex, cases[i].hex);
	}
	sha256_free(s);
	sha256_free(NULL);
}

static void pieces_give_the_same_as_the_whole(void **state)
{
	(void)state;
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";
	const size_t len = sizeof(text) - 1;
	uint8_t whole[SHA256_SIZE], parts[SHA256_SIZE];
	sha256(text, len, whole);
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b++) {
			sha256_parts(a == 0 ? NULL : text, a, text + a, b - a, text + b, len - b, parts);
			assert_memory_equal(whole, parts, SHA256_SIZE);
		}
	}
}

static void sha1_gives_the_standards_example(void **state)
{
	(void)state;
	uint8_t digest[20];
	char hex[41];
	sha1("abc", 3, digest);
	hex_encode(digest, sizeof(digest), hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void md5_gives_the_standards_example(void **state)
{
	(void)state;
	uint8_t digest[MD5_SIZE];
	char hex[2 * MD5_SIZE + 1];
	assert_int_equal(md5("message digest", 14, digest), HN_OK);
	hex_encode(digest, sizeof(digest), hex);
	assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_standards_examples),
		cmocka_unit_test(pieces_give_the_same_as_the_whole),
		cmocka_unit_test(md5_gives_the_standards_example),
		cmocka_unit_test(sha1_gives_the_standards_example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
