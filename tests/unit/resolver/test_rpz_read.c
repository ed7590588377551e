/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/lang.h"
#include "resolver/rdata_text.h"
#include "tests/unit/check.h"
#include "wire/dns_number.h"

#define HEAD "$TTL 60\n$ORIGIN rpz.test.\n@ SOA ns h ( 7 2 3\n 4 5 )\n NS ns.test.\n"

static int read_text(const char *text, size_t len, struct rpz **out, struct fault *fault)
{
	uint8_t *copy = exact_copy(text, len);
	struct zone_bytes bytes = {copy, copy + len};
	struct zone_source source = zone_source_bytes(&bytes);
	int rc = rpz_read(&source, "x", NULL, out, fault);
	free(copy);
	return rc;
}

/* One line a rule: trigger, entry, action, TTL, records. */
static void add_rule(struct buf *out, const struct rpz *z, unsigned trigger, uint32_t rule)
{
	struct policy_record records[POLICY_RECORDS_MAX];
	size_t count = rpz_rule_records(z, rule, records);
	buf_addf(out, " %s %s %u", policy_trigger_name((enum policy_trigger)trigger),
		 policy_action_name(rpz_rule_action(z, rule)), rpz_rule_ttl(z, rule));
	for (size_t i = 0; i < count; i++) {
		buf_adds(out, " [");
		rrtype_format(records[i].type, out);
		buf_addc(out, ' ');
		rdata_format(records[i].type, records[i].data, records[i].len, out);
		buf_addc(out, ']');
	}
	buf_addc(out, '\n');
}

struct dump {
	struct buf *out;
	const struct rpz *z;
	unsigned trigger;
};

static int dump_name(void *context, const uint8_t *name, size_t len, bool below, uint32_t rule)
{
	struct dump *d = context;
	buf_adds(d->out, below ? "*." : "");
	if (len > 0)
		wire_name_format(name, len, d->out);
	add_rule(d->out, d->z, d->trigger, rule);
	return HN_OK;
}

static int dump_prefix(void *context, const struct ip_prefix *prefix, uint32_t rule)
{
	struct dump *d = context;
	char text[IP_PREFIX_TEXT_SIZE];
	ip_prefix_format(prefix, text);
	buf_adds(d->out, text);
	add_rule(d->out, d->z, d->trigger, rule);
	return HN_OK;
}

static void dump(const struct rpz *z, struct buf *out)
{
	for (unsigned i = 0; i < POLICY_TRIGGER_COUNT; i++) {
		struct dump d = {out, z, i};
		if (z->names[i] != NULL)
			assert_int_equal(name_rules_each(z->names[i], dump_name, &d), HN_OK);
		else
			assert_int_equal(prefix_rules_each(&z->prefixes[i], dump_prefix, &d), HN_OK);
	}
}

/* ---- what is read ---- */

static void reads_every_trigger_and_action(void **state)
{
	static const struct {
		const char *text, *rules;
	} cases[] = {
		{"a CNAME .\n", "a. qname nxdomain 60\n"},
		{"A.B 5 IN CNAME *.\n", "a.b. qname nodata 5\n"},
		{"*.a IN 1h CNAME rpz-passthru.\n", "*.a. qname passthru 3600\n"},
		{"a CNAME rpz-drop.\n", "a. qname drop 60\n"},
		{"a CNAME RPZ-TCP-Only.\n", "a. qname tcp-only 60\n"},
		{"* CNAME .\n", "*. qname nxdomain 60\n"},
		{"a CNAME a.\n", "a. qname passthru 60\n"},
		{"a CNAME garden.example.\n", "a. qname local-data 60 [CNAME garden.example.]\n"},
		{"a CNAME *.garden.\n", "a. qname local-data 60 [CNAME *.garden.]\n"},
		{"a A 192.0.2.1\n  AAAA 2001:db8::1\n  A 192.0.2.1\n",
		 "a. qname local-data 60 [A 192.0.2.1] [AAAA 2001:db8::1]\n"},
		{"a MX 10 m\n TXT one \"t w o\" \"\\\"\\010\"\n",
		 "a. qname local-data 60 [MX 10 m.rpz.test.] [TXT \"one\" \"t w o\" \"\\\"\\010\"]\n"},
		{"a SRV 1 2 3 m.\n CAA 0 issue \"ca.example\"\n",
		 "a. qname local-data 60 [SRV 1 2 3 m.] [CAA 0 \"issue\" \"ca.example\"]\n"},
		{"a TYPE65 \\# 3 0001 00\n", "a. qname local-data 60 [HTTPS \\# 3 000100]\n"},
		{"a TYPE1 \\# 4 c0000201\n", "a. qname local-data 60 [A 192.0.2.1]\n"},
		{"a A 192.0.2.1\nb CNAME .\na A 192.0.2.2\n",
		 "a. qname local-data 60 [A 192.0.2.2] [A 192.0.2.1]\nb. qname nxdomain 60\n"},
		{"24.0.2.0.192.rpz-ip CNAME .\n", "192.0.2.0/24 ip nxdomain 60\n"},
		{"32.1.2.0.192.rpz-client-ip CNAME rpz-drop.\n", "192.0.2.1/32 client-ip drop 60\n"},
		{"48.zz.db8.2001.rpz-ip CNAME .\n", "2001:db8::/48 ip nxdomain 60\n"},
		{"128.1.zz.db8.2001.rpz-nsip CNAME .\n", "2001:db8::1/128 nsip nxdomain 60\n"},
		{"128.zz.rpz-ip CNAME .\n", "::/128 ip nxdomain 60\n"},
		{"128.1.zz.rpz-ip CNAME .\n", "::1/128 ip nxdomain 60\n"},
		{"128.8.7.6.5.4.3.2.1.rpz-ip CNAME .\n", "1:2:3:4:5:6:7:8/128 ip nxdomain 60\n"},
		{"ns.evil.rpz-nsdname CNAME .\n*.evil.rpz-nsdname A 192.0.2.1\n",
		 "ns.evil. nsdname nxdomain 60\n*.evil. nsdname local-data 60 [A 192.0.2.1]\n"},
		{"a CNAME .\n*.a CNAME .\n", "a. qname nxdomain 60\n*.a. qname nxdomain 60\n"},
		{"*.a CNAME .\na CNAME *.\n", "a. qname nodata 60\n*.a. qname nxdomain 60\n"},
		{"a CNAME .\na CNAME .\n", "a. qname nxdomain 60\n"},
		{"a ( CNAME ; why\n . ) ; so\n", "a. qname nxdomain 60\n"},
		{"a\\.b\\065 CNAME .\n", "a\\.ba. qname nxdomain 60\n"},
		{"$ORIGIN x\na CNAME .\n", "a.x. qname nxdomain 60\n"},
		{"$TTL 1w2d\na CNAME .\n", "a. qname nxdomain 777600\n"},
		{"a CNAME .\r\n", "a. qname nxdomain 60\n"},
		{"a RRSIG x y z\na CNAME .\n", "a. qname nxdomain 60\n"},
		{"a CNAME .\n@ SOA ns h 7 2 3 4 5\n", "a. qname nxdomain 60\n"},
		{"_x.a CNAME .\n", "_x.a. qname nxdomain 60\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text, rules;
		struct fault fault = {{0}, {0}};
		struct rpz *z;
		buf_init(&text, 4096);
		buf_init(&rules, 4096);
		buf_addf(&text, "%s%s", HEAD, cases[i].text);
		int rc = read_text(text.data, text.len, &z, &fault);
		if (rc != HN_OK)
			fail_msg("%s: %s: %s", cases[i].text, fault.place, fault.message);
		dump(z, &rules);
		assert_string_equal(rules.data, cases[i].rules);
		assert_string_equal(z->zone, "rpz.test");
		assert_int_equal(z->serial, 7);
		rpz_free(z);
		buf_clear(&text);
		buf_clear(&rules);
	}
}

static void refuses_what_is_not_understood(void **state)
{
	static const struct {
		const char *text;
		int rc;
		unsigned line; /* behind the five of HEAD */
	} cases[] = {
		{"$INCLUDE other\n", HN_EUNSUPPORTED, 1},
		{"$GENERATE 1-9 a$ CNAME .\n", HN_EUNSUPPORTED, 1},
		{"a CNAME .\nb CNAME\n", HN_EFORMAT, 2},
		{"b CNAME . .\n", HN_EFORMAT, 1},
		{"a CNAME .\na CNAME *.\n", HN_EEXIST, 2},
		{"a CNAME .\nb CNAME .\na A 192.0.2.1\n", HN_EEXIST, 3},
		{"a A 192.0.2.1\na CNAME .\n", HN_EEXIST, 2},
		{"a CNAME b.\na A 192.0.2.1\n", HN_EEXIST, 2},
		{"32.1.2.0.192.rpz-ip CNAME .\nb CNAME .\n32.1.2.0.192.rpz-ip CNAME *.\n", HN_EEXIST, 3},
		{"a.other. CNAME .\n", HN_EFORMAT, 1},
		{"a.xrpz.test. CNAME .\n", HN_EFORMAT, 1},
		{"a.rpz-foo CNAME .\n", HN_EUNSUPPORTED, 1},
		{"a CNAME rpz-foo.\n", HN_EUNSUPPORTED, 1},
		{"a CNAME rpz-passthru\n", HN_EFORMAT, 1},
		{"a CNAME *\n", HN_EFORMAT, 1},
		{"33.1.2.0.192.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"24.1.2.0.192.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"24.2.0.192.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"24.256.2.0.192.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"024.0.2.0.192.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"48.zz.zz.2001.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"128.9.8.7.6.5.4.3.2.1.rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"rpz-ip CNAME .\n", HN_EFORMAT, 1},
		{"rpz-nsdname CNAME .\n", HN_EFORMAT, 1},
		{"a A 192.0.2\n", HN_EFORMAT, 1},
		{"a A 2001:db8::1\n", HN_EFORMAT, 1},
		{"a MX 65536 m.\n", HN_EFORMAT, 1},
		{"a TXT\n", HN_EFORMAT, 1},
		{"a HTTPS 1 . alpn=h2\n", HN_EUNSUPPORTED, 1},
		{"a TYPE1 \\# 3 c00002\n", HN_EFORMAT, 1},
		{"a TYPE5 \\# 2 0562\n", HN_EFORMAT, 1},
		{"a TYPE1 \\# 0\n", HN_EFORMAT, 1},
		{"a BOGUS x\n", HN_EFORMAT, 1},
		{"a CH TXT x\n", HN_EFORMAT, 1},
		{"a 2147483648 CNAME .\n", HN_EFORMAT, 1},
		{"a NS b.\n", HN_EUNSUPPORTED, 1},
		{"a DNAME b.\n", HN_EUNSUPPORTED, 1},
		{"a..b CNAME .\n", HN_EFORMAT, 1},
		{"\xe7\x81\xab CNAME .\n", HN_EFORMAT, 1},
		{"a\\256 CNAME .\n", HN_EFORMAT, 1},
		{"a TXT \"x\ny\"\n", HN_EFORMAT, 1},
		{"a CNAME ) .\n", HN_EFORMAT, 1},
		{"a CNAME ( ( . ) )\n", HN_EFORMAT, 1},
		{"a CNAME .\x01\n", HN_EFORMAT, 1},
		{"a CNAME ( .\n", HN_ETRUNC, 2},
		{"a CNAME .", HN_ETRUNC, 1},
		{"a TXT \"x", HN_ETRUNC, 1},
		{"@ SOA ns h 8 2 3 4 5\n", HN_EFORMAT, 1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text;
		struct fault fault = {{0}, {0}};
		struct rpz *z = NULL;
		char place[16];
		buf_init(&text, 4096);
		buf_addf(&text, "%s%s", HEAD, cases[i].text);
		int rc = read_text(text.data, text.len, &z, &fault);
		if (rc != cases[i].rc)
			fail_msg("%s: %d, not %d (%s)", cases[i].text, rc, cases[i].rc, fault.message);
		assert_null(z);
		(void)snprintf(place, sizeof(place), "x:%u", 5 + cases[i].line);
		assert_string_equal(fault.place, place);
		assert_true(fault.message[0] != '\0');
		buf_clear(&text);
	}
}

static void wants_the_soa_first(void **state)
{
	static const char *const texts[] = {"", "; only a comment\n", "a CNAME .\n", "$TTL 5\n",
					    "$ORIGIN x.\na CNAME .\n@ SOA a b 1 2 3 4 5\n"};
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct rpz *z = NULL;
		struct fault fault;
		assert_int_not_equal(read_text(texts[i], strlen(texts[i]), &z, &fault), HN_OK);
		assert_null(z);
	}
}

/* ---- files that were cut ---- */

static void assert_prefixes(const char *text, bool promised)
{
	struct rpz *whole, *part;
	struct buf all, some;
	struct fault fault;
	size_t len = strlen(text);
	buf_init(&all, 4096);
	assert_int_equal(read_text(text, len, &whole, &fault), HN_OK);
	dump(whole, &all);
	for (size_t n = 0; n < len; n++) {
		if (read_text(text, n, &part, &fault) != HN_OK)
			continue;
		buf_init(&some, 4096);
		dump(part, &some);
		/* Only between two lines, and never where the file said how it ends. */
		assert_int_equal(text[n - 1], '\n');
		if (promised)
			assert_string_equal(some.data, all.data);
		buf_clear(&some);
		rpz_free(part);
	}
	rpz_free(whole);
	buf_clear(&all);
}

static void refuses_every_cut_file(void **state)
{
	(void)state;
	assert_prefixes("; " RPZ_PROMISE "\n" HEAD "a CNAME .\n*.a CNAME .\nb TXT \"x y\" ( z )\n"
			"24.0.2.0.192.rpz-ip CNAME .\n; hinomi-rpz: end, 4 rules\n",
			true);
	assert_prefixes(HEAD "a CNAME .\n*.a CNAME .\nb TXT \"x y\" ( z\n )\n", false);
}

static void counts_what_was_promised(void **state)
{
	struct rpz *z = NULL;
	struct fault fault;
	const char *text = "; " RPZ_PROMISE "\n" HEAD "a CNAME .\n; hinomi-rpz: end, 2 rules\n";
	(void)state;
	assert_int_equal(read_text(text, strlen(text), &z, &fault), HN_ETRUNC);
	assert_null(z);
}

/* ---- limits ---- */

static void keeps_to_its_limits(void **state)
{
	static const struct rpz_limits two = {2};
	const char *text = HEAD "a CNAME .\nb CNAME .\nc CNAME .\n";
	struct zone_bytes bytes = {(const uint8_t *)text, (const uint8_t *)text + strlen(text)};
	struct zone_source source = zone_source_bytes(&bytes);
	struct rpz *z = NULL;
	struct fault fault;
	(void)state;
	assert_int_equal(rpz_read(&source, "x", &two, &z, &fault), HN_ELIMIT);
	assert_null(z);
	assert_string_equal(fault.place, "x:8");
}

static void reads_across_pieces(void **state)
{
	/* Words, quotes and escapes that lie on the borders of the reader's buffer. */
	struct buf text, rules;
	struct rpz *z;
	struct fault fault;
	(void)state;
	for (size_t shift = 0; shift < 40; shift++) {
		buf_init(&text, 1 << 20);
		buf_init(&rules, 1 << 20);
		buf_adds(&text, HEAD ";");
		while (text.len < 65536 - shift)
			buf_addc(&text, 'x');
		buf_adds(&text, "\nabc\\.d TXT \"q\\\"uo te\" ( bare\\065 )\n");
		assert_int_equal(read_text(text.data, text.len, &z, &fault), HN_OK);
		dump(z, &rules);
		assert_string_equal(rules.data,
				    "abc\\.d. qname local-data 60 [TXT \"q\\\"uo te\" \"bareA\"]\n");
		rpz_free(z);
		buf_clear(&text);
		buf_clear(&rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_trigger_and_action),
		cmocka_unit_test(refuses_what_is_not_understood),
		cmocka_unit_test(wants_the_soa_first),
		cmocka_unit_test(refuses_every_cut_file),
		cmocka_unit_test(counts_what_was_promised),
		cmocka_unit_test(keeps_to_its_limits),
		cmocka_unit_test(reads_across_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
