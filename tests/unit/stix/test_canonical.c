/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "stix/canonical.h"

static const struct {
	const char *in, *out;
} values[] = {
	{" { } ", "{}"},
	{"[ ]", "[]"},
	{"{\"b\":1,\"a\":[true,false,null,\"x\"]}", "{\"a\":[true,false,null,\"x\"],\"b\":1}"},
	{"{\"a\":{\"d\":{},\"c\":[[],{}]},\"\":0}", "{\"\":0,\"a\":{\"c\":[[],{}],\"d\":{}}}"},
	/* RFC 8785, 3.2.3: the order of UTF-16, where what is beyond U+FFFF comes before U+FB33. */
	{"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
	 "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
	 "\"\xef\xac\xb3\":3}"},
	/* 3.2.2.2 */
	{"\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\\b\\f\\t\\u0000\"",
	 "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\t\\u0000\""},
	{"[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001]",
	 "[333333333.3333333,1e+30,4.5,0.002,1e-27]"},
	{"[-0,0,-0.0,1.0,10,-7,1e0,100e-2]", "[0,0,0,1,10,-7,1,1]"},
	{"[9007199254740991,-9007199254740991]", "[9007199254740991,-9007199254740991]"},
};

static void writes_the_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		size_t len = strlen(values[i].in);
		uint8_t *copy = exact_copy(values[i].in, len);
		struct buf out, again;
		buf_init(&out, 1 << 20);
		buf_init(&again, 1 << 20);
		assert_int_equal(stix_canonical(cur_of(copy, len), &STIX_DEFAULTS, &out, NULL), HN_OK);
		assert_string_equal(out.data, values[i].out);
		assert_int_equal(stix_canonical(cur_of(out.data, out.len), &STIX_DEFAULTS, &again, NULL),
				 HN_OK);
		assert_string_equal(again.data, out.data);
		buf_clear(&out);
		buf_clear(&again);
		free(copy);
	}
}

/* RFC 8785, appendix B. */
static const struct {
	uint64_t bits;
	const char *text;
} numbers[] = {
	{0x0000000000000000, "0"},
	{0x8000000000000000, "0"},
	{0x0000000000000001, "5e-324"},
	{0x8000000000000001, "-5e-324"},
	{0x7fefffffffffffff, "1.7976931348623157e+308"},
	{0xffefffffffffffff, "-1.7976931348623157e+308"},
	{0x4340000000000000, "9007199254740992"},
	{0xc340000000000000, "-9007199254740992"},
	{0x4430000000000000, "295147905179352830000"},
	{0x44b52d02c7e14af5, "9.999999999999997e+22"},
	{0x44b52d02c7e14af6, "1e+23"},
	{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
	{0x444b1ae4d6e2ef4e, "999999999999999700000"},
	{0x444b1ae4d6e2ef4f, "999999999999999900000"},
	{0x444b1ae4d6e2ef50, "1e+21"},
	{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
	{0x3eb0c6f7a0b5ed8d, "0.000001"},
	{0x41b3de4355555553, "333333333.3333332"},
	{0x41b3de4355555554, "333333333.33333325"},
	{0x41b3de4355555555, "333333333.3333333"},
	{0x41b3de4355555556, "333333333.3333334"},
	{0x41b3de4355555557, "333333333.33333343"},
	{0xbecbf647612f3696, "-0.0000033333333333333333"},
	{0x43143ff3c1cb0959, "1424953923781206.2"},
	{0x3d30000000000000, "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits are another number */
};

static void writes_numbers_as_ecmascript(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct buf out;
		double value;
		memcpy(&value, &numbers[i].bits, sizeof(value));
		buf_init(&out, 100);
		stix_number(value, &out);
		assert_string_equal(out.data, numbers[i].text);
		buf_clear(&out);
	}
}

#define NO_ID "00000000-0000-4000-8000-000000000000"

static const struct {
	const char *type, *members, *id;
} observables[] = {
	{"ipv4-addr", "\"value\":\"198.51.100.3\"", "28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
	{"ipv4-addr", "\"defanged\":false,\"value\":\"198.51.100.\\u0033\"",
	 "28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
	{"domain-name", "\"value\":\"example.com\"", "bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
	{"mutex", "\"name\":\"__CLEANSWEEP__\"", "f93fe911-e545-5239-b9b0-597840d0c871"},
	{"autonomous-system", "\"number\":15139,\"name\":\"x\"", "3aa27478-50b5-5ab8-9da9-cdc12b657fff"},
	/* One digest, the name: {"hashes":{"MD5":"..."},"name":"a"} */
	{"file",
	 "\"name\":\"a\",\"size\":1,\"hashes\":{\"SHA-1\":\"da39a3ee5e6b4b0d3255bfef95601890afd80709\","
	 "\"MD5\":\"d41d8cd98f00b204e9800998ecf8427e\"}",
	 "e225bcbd-7d8f-5548-b8c5-6974bf120d56"},
	{"process", "\"pid\":1", NULL},
	{"user-account", "\"display_name\":\"x\"", NULL},
};

static void makes_identifiers(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(observables); i++) {
		struct buf text;
		struct uuid id;
		char written[UUID_TEXT_SIZE];
		buf_init(&text, 10000);
		buf_addf(&text, "{\"type\":\"%s\",\"id\":\"%s--" NO_ID "\",%s}", observables[i].type,
			 observables[i].type, observables[i].members);
		assert_int_equal(
			stix_object_read(&o, cur_of(text.data, text.len), STIX_2_1, &STIX_DEFAULTS, NULL),
			HN_OK);
		int rc = stix_deterministic_id(&o, &id);
		assert_int_equal(rc, observables[i].id == NULL ? HN_ENOENT : HN_OK);
		if (rc == HN_OK) {
			uuid_format(&id, written);
			assert_string_equal(written, observables[i].id);
		}
		buf_clear(&text);
	}
	stix_object_clear(&o);
}

static void tells_same_from_other(void **state)
{
	(void)state;
	static const char a[] =
		"{\"type\":\"mutex\",\"id\":\"mutex--" NO_ID "\",\"name\":\"x\",\"x_a\":[1.50]}";
	static const char b[] =
		"{ \"x_a\" : [15e-1], \"name\":\"\\u0078\",\"id\":\"mutex--" NO_ID "\",\"type\":\"mutex\"}";
	static const char c[] =
		"{\"type\":\"mutex\",\"id\":\"mutex--" NO_ID "\",\"name\":\"x\",\"x_a\":[\"1.5\"]}";
	uint8_t of[3][STIX_DIGEST_SIZE];
	const char *const texts[] = {a, b, c};
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(stix_object_read(&o, cur_of(texts[i], strlen(texts[i])), STIX_2_1,
						  &STIX_DEFAULTS, NULL),
				 HN_OK);
		assert_int_equal(stix_object_digest(&o, of[i]), HN_OK);
	}
	assert_memory_equal(of[0], of[1], STIX_DIGEST_SIZE);
	assert_memory_not_equal(of[0], of[2], STIX_DIGEST_SIZE);
	stix_object_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_one_form),
		cmocka_unit_test(writes_numbers_as_ecmascript),
		cmocka_unit_test(makes_identifiers),
		cmocka_unit_test(tells_same_from_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
