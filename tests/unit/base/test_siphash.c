/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/siphash.h"

#include <openssl/evp.h>
#include <openssl/params.h>

#include "../check.h"

/* Of the reference vectors: key and input are 00, 01, 02, ... */
static const struct {
	size_t len;
	uint64_t hash;
} vectors[] = {
	{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
	{8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
};

static void the_reference_vectors_hold(void **state)
{
	(void)state;
	uint8_t bytes[64];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		uint8_t *data = exact_copy(bytes, vectors[i].len);
		assert_true(siphash24(bytes, data, vectors[i].len) == vectors[i].hash);
		free(data);
	}
}

static uint64_t other_siphash(EVP_MAC *mac, const uint8_t key[SIPHASH_KEY], const uint8_t *data, size_t len)
{
	size_t size = 8;
	uint64_t hash;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	assert_non_null(ctx);
	assert_int_equal(EVP_MAC_init(ctx, key, SIPHASH_KEY, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, data, len), 1);
	assert_int_equal(EVP_MAC_final(ctx, (uint8_t *)&hash, &size, sizeof(hash)), 1);
	EVP_MAC_CTX_free(ctx);
	return hash;
}

static void another_implementation_agrees(void **state)
{
	(void)state;
	uint8_t bytes[256];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	assert_non_null(mac);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + 13);
	for (size_t len = 0; len < 128; len++) {
		const uint8_t *key = bytes + len;
		assert_true(siphash24(key, bytes, len) == other_siphash(mac, key, bytes, len));
	}
	EVP_MAC_free(mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_vectors_hold),
		cmocka_unit_test(another_implementation_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
