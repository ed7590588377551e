/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "match/canonical.h"
#include "stix/object.h"

#define UUID_A               "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define TIMES                "\"created\":\"2024-01-01T00:00:00.000Z\",\"modified\":\"2024-01-01T00:00:00.000Z\""
#define CYBER(type, members) "{\"type\":\"" type "\",\"id\":\"" type "--" UUID_A "\"," members "}"
#define PATTERN(text)                                                                                        \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" UUID_A "\"," TIMES           \
	",\"valid_from\":\"2024-01-01T00:00:00Z\",\"pattern_type\":\"stix\",\"pattern\":\"" text "\"}"
#define SHA512                                                                                               \
	"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63" \
	"b931bd47417a81a538327af927da3e"

static const char *const kinds[] = {"entry",    "email",       "asn",           "filename", "mac",   "mutex",
				    "registry", "certificate", "vulnerability", "external", "digest"};

/* What stands in the object, as "kind=key kind=key": entries as people write them, in the order of the
 * values. */
static const struct {
	const char *json, *values;
} cases[] = {
	{CYBER("ipv4-addr", "\"value\":\"192.0.2.1\""), "entry=192.0.2.1"},
	{CYBER("ipv4-addr", "\"value\":\"192.0.2.1/32\""), "entry=192.0.2.1"},
	{CYBER("ipv4-addr", "\"value\":\"192.0.2.77/25\""), "entry=192.0.2.0/25"},
	{CYBER("ipv4-addr", "\"value\":\"192.0.2.77/0\""), "entry=0.0.0.0/0"},
	{CYBER("ipv6-addr", "\"value\":\"2001:DB8:0::1:0/113\""), "entry=2001:db8::1:0/113"},
	{CYBER("ipv6-addr", "\"value\":\"2001:db8::ffff/120\""), "entry=2001:db8::ff00/120"},
	{CYBER("domain-name", "\"value\":\"Evil.Example.\""), "entry=evil.example"},
	{CYBER("domain-name", "\"value\":\"\\u3042.example\""), "entry=xn--l8j.example"},
	{CYBER("domain-name", "\"value\":\"no name at all\""), ""}, /* kept, and asked by nothing */
	{CYBER("url", "\"value\":\"HTTP://Evil.Example:80/a%20b#c\""), "entry=evil.example/a%20b"},
	{CYBER("email-addr", "\"value\":\"Someone@Example.COM\""), "email=someone@example.com"},
	{CYBER("autonomous-system", "\"number\":64496"), "asn=64496"},
	{CYBER("file", "\"name\":\"A \\u0022x\\u0022.EXE\""), "filename=A \"x\".EXE"},
	{CYBER("file", "\"hashes\":{\"MD5\":\"D41D8CD98F00B204E9800998ECF8427E\",\"SHA-512\":\"" SHA512
		       "\",\"SSDEEP\":\"3:AbC:d\",\"SHA256\":\"short\"}"),
	 "entry=d41d8cd98f00b204e9800998ecf8427e digest=SSDEEP:3:AbC:d digest=SHA-512:" SHA512},
	{CYBER("mac-addr", "\"value\":\"D2-FB-49-24-37-18\""), "mac=d2:fb:49:24:37:18"},
	{CYBER("mutex", "\"name\":\"__M__\""), "mutex=__M__"},
	{CYBER("windows-registry-key", "\"key\":\"HKLM\\\\Software\\\\X\""),
	 "registry=hkey_local_machine\\software\\x"},
	{CYBER("windows-registry-key", "\"key\":\"HKEY_USERS\\\\X\""), "registry=hkey_users\\x"},
	{CYBER("x509-certificate", "\"serial_number\":\"00:AB:cd\",\"hashes\":{\"SHA-1\":"
				   "\"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709\"}"),
	 "certificate=abcd certificate=da39a3ee5e6b4b0d3255bfef95601890afd80709"},
	{"{\"type\":\"vulnerability\",\"spec_version\":\"2.1\",\"id\":\"vulnerability--" UUID_A "\"," TIMES
	 ",\"name\":\"cve-2024-1234\",\"external_references\":[{\"source_name\":\"cve\",\"external_id\":"
	 "\"CVE-2024-1234\"},"
	 "{\"source_name\":\"mitre-attack\",\"external_id\":\"T1059\"},{\"source_name\":\"s\",\"url\":\"u\"}]"
	 "}",
	 "vulnerability=CVE-2024-1234 external=cve:CVE-2024-1234 external=mitre-attack:T1059"},
	{"{\"type\":\"observed-data\",\"id\":\"observed-data--" UUID_A "\"," TIMES
	 ",\"first_observed\":\"2024-01-01T00:00:00Z\",\"last_observed\":\"2024-01-01T00:00:00Z\",\"number_"
	 "observed\":1,"
	 "\"objects\":{\"0\":{\"type\":\"ipv4-addr\",\"value\":\"192.0.2.1\"},\"1\":{\"type\":\"file\","
	 "\"name\":\"n\"}}}",
	 "entry=192.0.2.1 filename=n"},
	/* Patterns: all values that are spoken of, joined however. */
	{PATTERN("[ipv4-addr:value = '192.0.2.1' AND domain-name:value = 'a.example'] FOLLOWEDBY [url:value "
		 "= "
		 "'http://a.example/x'] WITHIN 5 SECONDS"),
	 "entry=192.0.2.1 entry=a.example entry=a.example/x"},
	{PATTERN("[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv6-addr:value IN ('2001:db8::1', "
		 "'2001:db8::2')]"),
	 "entry=2001:db8::1 entry=2001:db8::2 entry=198.51.100.0/24"},
	{PATTERN("[domain-name:value LIKE '%.Evil.example' OR domain-name:value LIKE 'plain.example' OR "
		 "domain-name:value LIKE "
		 "'%mid%']"),
	 "entry=plain.example entry=*.evil.example"},
	{PATTERN("[domain-name:value != 'a.example' OR domain-name:value NOT = 'b.example' OR "
		 "domain-name:value MATCHES '^c']"),
	 ""},
	{PATTERN("[file:hashes.'SHA-256' = "
		 "'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855' OR file:hashes.MD5 = "
		 "'nothex' OR file:name = 'x']"),
	 "entry=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 filename=x"},
	{PATTERN("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
		 "'192.0.2.1']"),
	 "entry=192.0.2.1"},
	{PATTERN("[email-message:from_ref.value = 'A@b.example' AND network-traffic:src_ref.value = "
		 "'c.example']"),
	 "entry=c.example email=a@b.example"},
	{PATTERN("[x509-certificate:hashes.'SHA-256' = 'AB:CD' OR x509-certificate:serial_number = '0E']"),
	 "certificate=e certificate=abcd"},
	{PATTERN("[network-traffic:extensions.'x-tls-ext'.ja4 = 't13d1516h2_8daaf6152771_e5627efa2ab1']"),
	 "entry=t13d1516h2_8daaf6152771_e5627efa2ab1"},
	{PATTERN("[ipv4-addr:value = 'nonsense' OR process:pid = 5]"), ""},
	{PATTERN("[autonomous-system:number = 64496 OR autonomous-system:number IN (1, -2, 3.5)]"),
	 "asn=1 asn=64496"},
	{PATTERN("[mutex:name = 'it\\\\'s']"), "mutex=it's"},
};

static void write_values(const struct stix_object *o, struct buf *out)
{
	for (size_t i = 0; i < o->value_count; i++) {
		const struct stix_value *v = &o->values[i];
		buf_addf(out, "%s%s=", i == 0 ? "" : " ", kinds[v->kind]);
		if (v->kind != STIX_VALUE_ENTRY) {
			buf_add(out, v->key, v->key_len);
			continue;
		}
		struct entry_key key = {(enum entry_kind)v->entry_kind, (uint16_t)v->key_len, v->key};
		assert_true(canonical_check(&key));
		canonical_format(&key, out);
	}
}

static void values_are_canonical(void **state)
{
	(void)state;
	struct stix_object o;
	stix_object_init(&o);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text;
		struct fault fault = {0};
		size_t len = strlen(cases[i].json);
		uint8_t *copy = exact_copy(cases[i].json, len);
		if (stix_object_read(&o, cur_of(copy, len), STIX_2_0, &STIX_DEFAULTS, &fault) != HN_OK)
			fail_msg("%s: %s %s", cases[i].json, fault.place, fault.message);
		buf_init(&text, 10000);
		buf_adds(&text, "");
		write_values(&o, &text);
		if (strcmp(text.len == 0 ? "" : text.data, cases[i].values) != 0)
			fail_msg("%s:\n%s", cases[i].json, text.data);
		buf_clear(&text);
		free(copy);
	}
	stix_object_clear(&o);
}

/* Other languages than STIX's own are kept unread; in STIX 2.0 there is no other. */
static void other_patterns_are_kept(void **state)
{
	(void)state;
	static const char yara[] =
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--" UUID_A "\"," TIMES
		",\"valid_from\":\"2024-01-01T00:00:00Z\",\"pattern_type\":\"yara\",\"pattern\":\"rule x { "
		"condition: true }\"}";
	struct stix_object o;
	stix_object_init(&o);
	assert_int_equal(stix_object_read(&o, cur_of(yara, sizeof(yara) - 1), STIX_2_1, &STIX_DEFAULTS, NULL),
			 HN_OK);
	assert_int_equal(o.value_count, 0);
	assert_memory_equal(o.pattern, "rule x", 6);
	stix_object_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(values_are_canonical),
					   cmocka_unit_test(other_patterns_are_kept)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
