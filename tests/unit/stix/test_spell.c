/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "stix/spell.h"

static void spells(void **state)
{
	(void)state;
	static const struct {
		enum stix_value_kind kind;
		const char *text, *spelt; /* NULL: no such value */
	} cases[] = {
		{STIX_VALUE_EMAIL, "Alice@Example.JP", "alice@example.jp"},
		{STIX_VALUE_MAC, "AA-BB-cc-00-11-22", "aa:bb:cc:00:11:22"},
		{STIX_VALUE_MAC, "aa:bb:cc:00:11:2", NULL},
		{STIX_VALUE_MAC, "aa:bb:cc:00:11:2g", NULL},
		{STIX_VALUE_ASN, "AS64496", "64496"},
		{STIX_VALUE_ASN, "0064496", "64496"},
		{STIX_VALUE_ASN, "as", NULL},
		{STIX_VALUE_ASN, "64496x", NULL},
		{STIX_VALUE_REGISTRY, "HKLM\\Software\\Evil", "hkey_local_machine\\software\\evil"},
		{STIX_VALUE_REGISTRY, "HKEY_USERS\\X", "hkey_users\\x"},
		{STIX_VALUE_CERTIFICATE, "00:AB:cd 01", "abcd01"},
		{STIX_VALUE_CERTIFICATE, "xyz", NULL},
		{STIX_VALUE_CERTIFICATE, "00:00", NULL},
		{STIX_VALUE_VULNERABILITY, "cve-2024-12345", "CVE-2024-12345"},
		{STIX_VALUE_VULNERABILITY, "CVE-2024-123", NULL},
		{STIX_VALUE_VULNERABILITY, "CVE-2024-12a4", NULL},
		{STIX_VALUE_DIGEST, "sha-512:ABCDEF", "SHA-512:abcdef"},
		{STIX_VALUE_DIGEST, "ssdeep:3:aBc:Def", "SSDEEP:3:aBc:Def"},
		{STIX_VALUE_DIGEST, "abcdef", NULL},
		{STIX_VALUE_DIGEST, ":x", NULL},
		{STIX_VALUE_FILENAME, "Evil.EXE", "Evil.EXE"},
		{STIX_VALUE_EXTERNAL, "mitre-attack:T1059", "mitre-attack:T1059"},
		{STIX_VALUE_ENTRY, "192.0.2.1", NULL},
		{STIX_VALUE_MUTEX, "", NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[STIX_SPELL_MAX] = "untouched";
		size_t out_len = 77, len = strlen(cases[i].text);
		uint8_t *copy = exact_copy(cases[i].text, len);
		int err = stix_spell(cases[i].kind, (const char *)copy, len, out, &out_len);
		assert_int_equal(err, cases[i].spelt == NULL ? HN_EFORMAT : HN_OK);
		if (err == HN_OK) {
			assert_int_equal(out_len, strlen(cases[i].spelt));
			assert_memory_equal(out, cases[i].spelt, out_len);
			/* What is spelt already stays. */
			char again[STIX_SPELL_MAX];
			size_t again_len;
			assert_int_equal(stix_spell(cases[i].kind, out, out_len, again, &again_len), HN_OK);
			assert_int_equal(again_len, out_len);
			assert_memory_equal(again, out, out_len);
		} else {
			assert_int_equal(out_len, 77);
		}
		free(copy);
	}
}

static void refuses_what_is_too_long(void **state)
{
	(void)state;
	static char text[STIX_SPELL_MAX + 1], out[STIX_SPELL_MAX];
	size_t len;
	memset(text, 'a', sizeof(text));
	assert_int_equal(stix_spell(STIX_VALUE_MUTEX, text, sizeof(text), out, &len), HN_ELIMIT);
	assert_int_equal(stix_spell(STIX_VALUE_MUTEX, text, sizeof(text) - 1, out, &len), HN_OK);
	memcpy(text, "hku\\", 4);
	assert_int_equal(stix_spell(STIX_VALUE_REGISTRY, text, sizeof(text) - 1, out, &len), HN_OK);
	assert_true(len <= STIX_SPELL_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spells),
		cmocka_unit_test(refuses_what_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
