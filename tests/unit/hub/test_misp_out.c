/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/exchange/misp_out.h"

#include "../check.h"
#include "base/json.h"
#include "match/entry.h"

static const struct misp_key key = {.key = {1, 2, 3}, .centre = {.bytes = {0x40}}};

static void a_day_is_found_again_by_its_uuid(void **state)
{
	(void)state;
	static const uint64_t days[] = {0, 1, 20454, (1u << 20) - 1};
	static const uint64_t sources[] = {0, 1, 12, INT64_C(1795295000000000)};
	const struct misp_key other = {.key = {1, 2, 4}};
	for (size_t d = 0; d < COUNT(days); d++) {
		for (size_t s = 0; s < COUNT(sources); s++) {
			uint64_t day = 7, source = 7;
			struct uuid u = misp_day_uuid(&key, days[d], sources[s] & ((UINT64_C(1) << 42) - 1));
			assert_int_equal(u.bytes[6] >> 4, 8); /* RFC 9562, 5.8 */
			assert_int_equal(u.bytes[8] >> 6, 2);
			assert_true(misp_uuid_day(&key, &u, &day, &source));
			assert_int_equal(day, days[d]);
			assert_int_equal(source, sources[s] & ((UINT64_C(1) << 42) - 1));
			assert_false(misp_uuid_day(&other, &u, &day, &source));
			/* No other identifier is one. */
			for (unsigned bit = 0; bit < 128; bit++) {
				struct uuid wrong = u;
				wrong.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
				assert_false(misp_uuid_day(&key, &wrong, &day, &source));
			}
		}
	}
}

static void each_value_has_its_type(void **state)
{
	(void)state;
	static const struct {
		enum stix_value_kind kind;
		unsigned entry;
		const char *text, *type;
	} rows[] = {
		{STIX_VALUE_ENTRY, ENTRY_IP4, "", "ip-dst"},
		{STIX_VALUE_ENTRY, ENTRY_PREFIX6, "", "ip-dst"},
		{STIX_VALUE_ENTRY, ENTRY_NAME, "", "hostname"},
		{STIX_VALUE_ENTRY, ENTRY_WILDCARD, "", "domain"},
		{STIX_VALUE_ENTRY, ENTRY_URL, "", "url"},
		{STIX_VALUE_ENTRY, ENTRY_SHA256, "", "sha256"},
		{STIX_VALUE_EMAIL, 0, "a@b.example", "email"},
		{STIX_VALUE_ASN, 0, "64500", "AS"},
		{STIX_VALUE_FILENAME, 0, "a.exe", "filename"},
		{STIX_VALUE_REGISTRY, 0, "HKLM", "regkey"},
		{STIX_VALUE_DIGEST, 0, "SHA-512:00", "sha512"},
		{STIX_VALUE_DIGEST, 0, "SSDEEP:3:a", "ssdeep"},
		{STIX_VALUE_DIGEST, 0, "SHA-512:", "text"}, /* nothing behind it */
		{STIX_VALUE_DIGEST, 0, "WHIRLPOOL:00", "text"},
		{STIX_VALUE_CERTIFICATE, 0, "0123456789012345678901234567890123456789",
		 "x509-fingerprint-sha1"},
		{STIX_VALUE_CERTIFICATE, 0, "01", "text"},
		{STIX_VALUE_VULNERABILITY, 0, "CVE-2026-1", "vulnerability"},
		{STIX_VALUE_EXTERNAL, 0, "x", NULL},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct stix_value v = {.kind = rows[i].kind};
		v.entry_kind = (uint8_t)rows[i].entry;
		v.key = (const uint8_t *)rows[i].text;
		v.key_len = strlen(rows[i].text);
		const char *type = misp_attribute_type(&v);
		if (rows[i].type == NULL)
			assert_null(type);
		else
			assert_string_equal(type, rows[i].type);
	}
}

static void heads_are_json(void **state)
{
	(void)state;
	struct misp_feed f = {
		.key = key, .name = "A \"hub\" 火の見", .now_ns = INT64_C(1767225600) * 1000000000};
	struct buf b;
	json_t *object = NULL;
	buf_init(&b, 1 << 16);
	buf_addc(&b, '{');
	misp_add_day_head(&b, &f, 20454);
	buf_addc(&b, ',');
	misp_add_tag(&b, "TLP:AMBER+STRICT");
	buf_addc(&b, '}');
	assert_int_equal(json_object_read(b.data, b.len, &object, NULL), HN_OK);
	assert_string_equal(json_string_value(json_object_get(object, "date")), "2026-01-01");
	assert_string_equal(json_string_value(json_object_get(object, "info")), "Indicators of 2026-01-01");
	assert_string_equal(json_string_value(json_object_get(object, "timestamp")), "1767311999");
	const json_t *orgc = json_object_get(object, "Orgc");
	assert_string_equal(json_string_value(json_object_get(orgc, "name")), f.name);
	const json_t *tag = json_array_get(json_object_get(object, "Tag"), 0);
	assert_string_equal(json_string_value(json_object_get(tag, "name")), "tlp:amber+strict");
	json_decref(object);

	buf_reset(&b);
	buf_addc(&b, '{');
	misp_add_uuid(&b, "uuid", &key.centre);
	misp_add_export_head(&b, &f);
	buf_addc(&b, '}');
	assert_int_equal(json_object_read(b.data, b.len, &object, NULL), HN_OK);
	assert_string_equal(json_string_value(json_object_get(object, "timestamp")), "1767225600");
	assert_string_equal(json_string_value(json_object_get(object, "uuid")),
			    "40000000-0000-0000-0000-000000000000");
	json_decref(object);
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_is_found_again_by_its_uuid),
		cmocka_unit_test(each_value_has_its_type),
		cmocka_unit_test(heads_are_json),
	};
	return cmocka_run_group_tests_name("misp_out", tests, NULL, NULL);
}
