/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/stix_pattern.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/lang.h"

#include "../check.h"

/* "path=value" for a comparison that can stand alone, "path=value!" and the bar's letter for one that cannot.
 */
static int trace(const char *text, size_t len, struct buf *out, struct fault *fault)
{
	static const char letters[] = " IASQO";
	struct stix_pattern p;
	uint8_t *copy = exact_copy(text, len);
	stix_pattern_init(&p);
	int rc = stix_pattern_read(&p, (const char *)copy, len, fault);
	for (size_t i = 0; i < p.count; i++) {
		const struct stix_term *t = &p.terms[i];
		buf_addf(out, "%s%s%s%s", i == 0 ? "" : " ", t->path,
			 t->like     ? "~"
			 : t->subset ? "<"
				     : "=",
			 t->value == NULL ? "?" : t->value);
		if (t->bar != STIX_ALONE)
			buf_addf(out, "!%c", letters[t->bar]);
	}
	stix_pattern_clear(&p);
	free(copy);
	return rc;
}

static void tells_what_can_stand_alone(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *terms;
	} cases[] = {
		{"[a:b = 'c']", "a:b=c"},
		{" [ a:b='c' ] ", "a:b=c"},
		{"[a:b == 'c']", "a:b=c"},
		{"[a:b = 'c' OR a:b = 'd']", "a:b=c a:b=d"},
		{"[a:b = 'c'] OR [a:b = 'd']", "a:b=c a:b=d"},
		{"([a:b = 'c'])", "a:b=c"},
		{"[(a:b = 'c')]", "a:b=c"},
		{"[a:b IN ('c', 'd','e')]", "a:b=c a:b=d a:b=e"},
		{"[file:hashes.'SHA-256' = 'c']", "file:hashes.SHA-256=c"},
		{"[file:hashes.MD5 = 'c']", "file:hashes.MD5=c"},
		{"[a:b[*].c[0].'d e' = 'f']", "a:b[*].c[0].d e=f"},
		{"[a-b:c_d = 'it\\'s \\\\ so']", "a-b:c_d=it's \\ so"},
		{"[a:b = '']", "a:b="},
		{"[a:b = 1 OR a:b = -1.5 OR a:b = true OR a:b = h'0f' OR a:b = t'2020-01-01T00:00:00Z']",
		 "a:b=? a:b=? a:b=? a:b=? a:b=?"},
		{"[a:b LIKE '%.c']", "a:b~%.c"},
		{"[a:b ISSUBSET '192.0.2.0/24']", "a:b<192.0.2.0/24"},
		{"[a:b = 'c'] /* no */ OR [a:b = 'd'] // no", "a:b=c a:b=d"},
		/* AND, here and there. */
		{"[a:b = 'c' AND a:d = 'e']", "a:b=c!A a:d=e!A"},
		{"[a:b = 'c' OR a:b = 'd' AND a:e = 'f']", "a:b=c a:b=d!A a:e=f!A"},
		{"[(a:b = 'c' OR a:b = 'd') AND a:e = 'f']", "a:b=c!A a:b=d!A a:e=f!A"},
		{"[a:b = 'c'] AND [a:b = 'd'] OR [a:b = 'e']", "a:b=c!A a:b=d!A a:b=e"},
		{"[n:dst_ref.type = 'ipv4-addr' AND n:dst_ref.value = 'c']",
		 "n:dst_ref.type=ipv4-addr!I n:dst_ref.value=c"},
		{"[n:dst_ref.type = 'ipv4-addr' AND n:dst_ref.value = 'c' AND n:dst_port = 1]",
		 "n:dst_ref.type=ipv4-addr!I n:dst_ref.value=c!A n:dst_port=?!A"},
		{"[n:src_ref.type = 'ipv4-addr' AND n:dst_ref.value = 'c']",
		 "n:src_ref.type=ipv4-addr!A n:dst_ref.value=c!A"},
		{"[n:dst_ref.type = 'ipv4-addr']", "n:dst_ref.type=ipv4-addr"},
		/* Sequences and qualifiers. */
		{"[a:b = 'c'] FOLLOWEDBY [a:b = 'd']", "a:b=c!S a:b=d!S"},
		{"[a:b = 'c'] OR ([a:b = 'd'] FOLLOWEDBY [a:b = 'e'])", "a:b=c a:b=d!S a:b=e!S"},
		{"[a:b = 'c'] WITHIN 5 SECONDS OR [a:b = 'd']", "a:b=c!Q a:b=d"},
		{"[a:b = 'c'] REPEATS 5 TIMES WITHIN 1.5 SECONDS", "a:b=c!Q"},
		{"[a:b = 'c'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'", "a:b=c!Q"},
		/* Operators. */
		{"[a:b != 'c' OR a:b <> 'c' OR a:b < 1 OR a:b <= 1 OR a:b > 1 OR a:b >= 1]",
		 "a:b=c!O a:b=c!O a:b=?!O a:b=?!O a:b=?!O a:b=?!O"},
		{"[a:b NOT = 'c' OR a:b NOT IN ('d') OR a:b NOT LIKE 'e']", "a:b=c!O a:b=d!O a:b~e!O"},
		{"[a:b MATCHES 'c' OR a:b ISSUPERSET 'd' OR EXISTS a:e]", "a:b=c!O a:b=d!O a:e=?!O"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		struct fault fault = {0};
		buf_init(&out, 4096);
		assert_int_equal(trace(cases[i].pattern, strlen(cases[i].pattern), &out, &fault), HN_OK);
		assert_string_equal(out.data, cases[i].terms);
		buf_clear(&out);
	}
}

static void refuses_with_the_byte(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		int err;
		const char *place;
	} cases[] = {
		{"", HN_EFORMAT, "byte 1"},
		{"a:b = 'c'", HN_EFORMAT, "byte 1"},
		{"[a:b = 'c'", HN_EFORMAT, "byte 11"},
		{"[a:b = 'c]", HN_EFORMAT, "byte 8"},
		{"[a:b = c]", HN_EFORMAT, "byte 8"},
		{"[a = 'c']", HN_EFORMAT, "byte 4"},
		{"[a:b 'c']", HN_EFORMAT, "byte 6"},
		{"[a:b ~ 'c']", HN_EFORMAT, "byte 6"},
		{"[a:b = 'c\\n']", HN_EFORMAT, "byte 11"},
		{"[a:b IN 'c']", HN_EFORMAT, "byte 9"},
		{"[a:b IN ()]", HN_EFORMAT, "byte 10"},
		{"[a:b IN ('c' 'd')]", HN_EFORMAT, "byte 14"},
		{"[a:b[x] = 'c']", HN_EFORMAT, "byte 6"},
		{"[a:b[t'x'] = 'c']", HN_EFORMAT, "byte 6"},
		{"['a':b = 'c']", HN_EFORMAT, "byte 2"},
		{"[a:b = 'c'] [a:b = 'd']", HN_EFORMAT, "byte 13"},
		{"[a:b = 'c'] OR", HN_EFORMAT, "byte 15"},
		{"[a:b = 'c'] or [a:b = 'd']", HN_EFORMAT, "byte 13"},
		{"[a:b = 'c'] WITHIN SECONDS", HN_EFORMAT, "byte 20"},
		{"[a:b = 'c'] REPEATS 5", HN_EFORMAT, "byte 22"},
		{"((((((((((((((((((((((((((((((((((((((((", HN_ELIMIT, "byte 33"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		struct fault fault = {0};
		buf_init(&out, 4096);
		assert_int_equal(trace(cases[i].pattern, strlen(cases[i].pattern), &out, &fault),
				 cases[i].err);
		assert_string_equal(fault.place, cases[i].place);
		assert_int_equal(out.len, 0);
		buf_clear(&out);
	}
}

static void refuses_each_prefix(void **state)
{
	(void)state;
	static const char *const good[] = {
		"[ipv4-addr:value = '192.0.2.1' OR a:b.'c d'[*].e IN ('f', 'g')]",
		"([a:b = 'c' AND a:d NOT LIKE 'e'] FOLLOWEDBY ([f:g ISSUBSET 'h']))",
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		for (size_t len = 0; len < strlen(good[i]); len++) {
			struct buf out;
			struct fault fault = {0};
			buf_init(&out, 4096);
			assert_int_equal(trace(good[i], len, &out, &fault), HN_EFORMAT);
			buf_clear(&out);
		}
	}
}

static void takes_long_lists(void **state)
{
	(void)state;
	struct stix_pattern p;
	struct buf text;
	struct fault fault = {0};
	stix_pattern_init(&p);
	buf_init(&text, 1 << 24);
	buf_adds(&text, "[a:b IN ('0'");
	for (unsigned i = 1; i < 50000; i++)
		buf_addf(&text, ",'%u'", i);
	buf_adds(&text, ")]");
	assert_int_equal(stix_pattern_read(&p, text.data, text.len, &fault), HN_OK);
	assert_int_equal(p.count, 50000);
	assert_string_equal(p.terms[49999].value, "49999");
	/* And one past the limit is refused whole. */
	text.len -= 2;
	for (unsigned i = 0; i < STIX_TERMS_MAX; i++)
		buf_adds(&text, ",''");
	buf_adds(&text, ")]");
	assert_int_equal(stix_pattern_read(&p, text.data, text.len, &fault), HN_ELIMIT);
	assert_int_equal(p.count, 0);
	stix_pattern_clear(&p);
	buf_clear(&text);
}

/* Long conjunctions are not searched for what is implied, nor a long list anew for each qualifier. */
static void long_joins_are_cheap(void **state)
{
	(void)state;
	struct stix_pattern p;
	struct buf text;
	buf_init(&text, 1u << 22);
	buf_adds(&text, "[n:dst_ref.value = 'c'");
	for (int i = 0; i < 50000; i++)
		buf_adds(&text, " AND n:dst_ref.type = 'ipv4-addr'");
	buf_adds(&text, "]");
	for (int i = 0; i < 50000; i++)
		buf_adds(&text, " WITHIN 5 SECONDS");
	stix_pattern_init(&p);
	assert_int_equal(stix_pattern_read(&p, text.data, text.len, NULL), HN_OK);
	assert_int_equal(p.count, 50001);
	for (size_t i = 0; i < p.count; i++)
		assert_int_equal(p.terms[i].bar, STIX_AND);
	stix_pattern_clear(&p);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_can_stand_alone), cmocka_unit_test(refuses_with_the_byte),
		cmocka_unit_test(refuses_each_prefix),        cmocka_unit_test(takes_long_lists),
		cmocka_unit_test(long_joins_are_cheap),
	};
	lang_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
