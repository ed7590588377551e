/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/identity/totp.h"

#include <stdio.h>

#include "../check.h"

static const uint8_t secret[] = "12345678901234567890";
#define SECRET_LEN 20

/* RFC 6238, appendix B, its last six digits. */
static const struct {
	int64_t time_s;
	const char *code;
} vectors[] = {
	{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
	{1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

static void it_gives_the_standard_s_codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		char code[8];
		(void)snprintf(code, sizeof(code), "%06u",
			       totp_code(secret, SECRET_LEN, vectors[i].time_s / TOTP_STEP_S));
		assert_string_equal(code, vectors[i].code);
	}
}

static void a_step_of_skew_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		for (int64_t skew = -3; skew <= 3; skew++) {
			int64_t step = -1;
			int64_t now = (vectors[i].time_s / TOTP_STEP_S + skew) * TOTP_STEP_S * 1000000;
			bool near = skew >= -1 && skew <= 1;
			assert_int_equal(totp_check(secret, SECRET_LEN, vectors[i].code, now, &step),
					 near ? HN_OK : HN_EAUTH);
			assert_int_equal(step, near ? vectors[i].time_s / TOTP_STEP_S : -1);
		}
}

static void other_texts_are_no_codes(void **state)
{
	(void)state;
	static const char *const texts[] = {"",        "2",      "28708",  "2870820", "28708a",
					    " 287082", "-87082", "287 82", "２８７"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t step = -1;
		char *copy = (char *)exact_copy(texts[i], strlen(texts[i]) + 1);
		assert_int_equal(totp_check(secret, SECRET_LEN, copy, 59000000, &step), HN_EAUTH);
		assert_int_equal(step, -1);
		free(copy);
	}
}

static void base32_is_what_authenticators_read(void **state)
{
	(void)state;
	/* RFC 4648, 10, without padding. */
	static const char *const rows[][2] = {{"", ""},
					      {"f", "MY"},
					      {"fo", "MZXQ"},
					      {"foo", "MZXW6"},
					      {"foob", "MZXW6YQ"},
					      {"fooba", "MZXW6YTB"},
					      {"foobar", "MZXW6YTBOI"}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out;
		buf_init(&out, 64);
		totp_base32(&out, (const uint8_t *)rows[i][0], strlen(rows[i][0]));
		assert_string_equal(out.data == NULL ? "" : out.data, rows[i][1]);
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gives_the_standard_s_codes),
		cmocka_unit_test(a_step_of_skew_is_allowed),
		cmocka_unit_test(other_texts_are_no_codes),
		cmocka_unit_test(base32_is_what_authenticators_read),
	};
	return cmocka_run_group_tests_name("totp", tests, NULL, NULL);
}
