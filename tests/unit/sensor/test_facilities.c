/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/facilities.h"

#include "../check.h"

/* The quick answer is authorization_facility_has()'s, for random facilities and addresses near them. */
static void agrees_with_the_authorisation(void **state)
{
	(void)state;
	uint64_t seed = 4711;
	for (int world = 0; world < 50; world++) {
		struct facility facilities[12];
		struct authorization a = {
			.basis = BASIS_SPECIFIED, .facilities = facilities, .facility_count = 12};
		struct facilities *f;
		for (size_t i = 0; i < COUNT(facilities); i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			struct ip ip = {.version = i % 3 == 0 ? 6 : 4};
			for (size_t b = 0; b < (ip.version == 4 ? 4u : 16u); b++)
				ip.bytes[b] = (uint8_t)(seed >> (8 + b % 6 * 8) & 0x0f);
			uint8_t len = (uint8_t)((seed >> 57) % (ip.version == 4 ? 33 : 65));
			facilities[i] = (struct facility){.classes = (uint8_t)(1u << (1 + (seed >> 40) % 2)),
							  .prefix = {ip_mask(&ip, len), len}};
		}
		assert_int_equal(facilities_new(&a, &f), HN_OK);
		for (int probe = 0; probe < 2000; probe++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			struct ip ip = facilities[(seed >> 33) % COUNT(facilities)].prefix.addr;
			ip.bytes[(seed >> 20) % (ip.version == 4 ? 4 : 16)] ^=
				(uint8_t)(1u << (seed >> 60) % 8);
			enum flow_class c = (seed >> 50) % 2 == 0 ? FOREIGN_DOMESTIC : DOMESTIC_FOREIGN;
			assert_int_equal(facilities_has(f, c, ip.version, ip.bytes),
					 authorization_facility_has(&a, c, &ip));
		}
		facilities_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_authorisation)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
