/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "base/buf.h"
#include "store/words.h"

static int join(void *context, const char *word, size_t len, size_t start, size_t end)
{
	struct buf *b = context;
	assert_true(len > 0 && len <= WORD_MAX && start < end);
	if (b->len > 0)
		buf_addc(b, ' ');
	buf_add(b, word, len);
	return HN_OK;
}

static void expect(const char *text, enum words_use use, const char *words)
{
	struct buf b;
	buf_init(&b, 1u << 20);
	buf_adds(&b, "");
	size_t len = strlen(text);
	uint8_t *copy = exact_copy(text, len);
	assert_int_equal(words_of((const char *)copy, len, use, join, &b), HN_OK);
	assert_string_equal(b.data == NULL ? "" : b.data, words);
	free(copy);
	buf_clear(&b);
}

static void finds_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *indexed, *asked;
	} cases[] = {
		{"", "", ""},
		{"Emotet and TrickBot", "emotet and trickbot", "emotet and trickbot"},
		{"CVE-2024-1234", "cve 2024 1234", "cve 2024 1234"},
		{"攻撃", "攻 攻撃 撃", "攻撃"},
		{"攻", "攻", "攻"},
		{"標的型攻撃", "標 標的 的 的型 型 型攻 攻 攻撃 撃", "標的 的型 型攻 攻撃"},
		{"ランサムウェア", "ラ ラン ン ンサ サ サム ム ムウ ウ ウェ ェ ェア ア",
		 "ラン ンサ サム ムウ ウェ ェア"},
		{"ﾗﾝｻﾑ", "ラ ラン ン ンサ サ サム ム", "ラン ンサ サム"}, /* half-width kana */
		{"ｶﾞｽ", "ガ ガス ス", "ガス"},                            /* a voiced mark of its own */
		{"ＡＰＴ４０", "apt40", "apt40"},                         /* full-width letters */
		{"APT40による攻撃", "apt40 に によ よ よる る る攻 攻 攻撃 撃", "apt40 によ よる る攻 攻撃"},
		{"サーバー", "サ サー ー ーバ バ バー ー", "サー ーバ バー"},
		{"Straße ÉCOLE", "strasse école", "strasse école"},
		{"e\xcc\x81"
		 "cole",
		 "école", "école"}, /* the accent as a mark of its own */
		{"Ω a\xcc\x8a", "ω å", "ω å"},
		{"한국어", "한 한국 국 국어 어", "한국 국어"},
		{"時々", "時 時々 々", "時々"},
		{"a\xff"
		 "b \xe6\x94 c",
		 "a b c", "a b c"}, /* broken bytes stand between words */
		{"--- … 。、", "", ""},
		{"𠮷野家", "𠮷 𠮷野 野 野家 家", "𠮷野 野家"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(cases[i].text, WORDS_INDEX, cases[i].indexed);
		expect(cases[i].text, WORDS_ASKED, cases[i].asked);
	}
}

static int keep_last(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	struct buf *b = context;
	buf_reset(b);
	buf_add(b, word, len);
	return HN_OK;
}

static void cuts_long_words_at_a_letter(void **state)
{
	(void)state;
	struct buf text, word;
	buf_init(&text, 1u << 16);
	buf_init(&word, WORD_MAX);
	buf_addc(&text, 'a');
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "é");
	assert_int_equal(words_of(text.data, text.len, WORDS_INDEX, keep_last, &word), HN_OK);
	assert_int_equal(word.len, WORD_MAX - 1);
	buf_reset(&text);
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "Ab-");
	buf_adds(&text, "LAST");
	buf_reset(&word);
	assert_int_equal(words_of(text.data, text.len, WORDS_INDEX, keep_last, &word), HN_OK);
	assert_int_equal(word.len, 4);
	assert_memory_equal(word.data, "last", 4);
	buf_clear(&text);
	buf_clear(&word);
}

static int stop(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)word;
	(void)len;
	(void)start;
	(void)end;
	return ++*(int *)context == 2 ? HN_ESTATE : HN_OK;
}

static void ends_when_told_to(void **state)
{
	(void)state;
	int count = 0;
	assert_int_equal(words_of("one two three", 13, WORDS_INDEX, stop, &count), HN_ESTATE);
	assert_int_equal(count, 2);
}

/* What is asked for in the index's own words is found: every asked word is an indexed one. */
static int among(void *context, const char *word, size_t len, size_t start, size_t end)
{
	(void)start;
	(void)end;
	char padded[WORD_MAX + 3];
	snprintf(padded, sizeof(padded), " %.*s ", (int)len, word);
	assert_non_null(strstr(context, padded));
	return HN_OK;
}

static void asked_words_are_indexed_ones(void **state)
{
	(void)state;
	static const char *const pieces[] = {"攻撃", "者", "APT",  "ｶﾞ",   " ", "ウェブ",
					     "é",    "-",  "한국", "\xff", "7"};
	unsigned seed = 7;
	for (int round = 0; round < 2000; round++) {
		struct buf text, words;
		buf_init(&text, 4096);
		buf_init(&words, 1u << 16);
		for (int i = 0; i < 8; i++) {
			seed = seed * 1103515245u + 12345u;
			buf_adds(&text, pieces[(seed >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		buf_adds(&words, " ");
		assert_int_equal(words_of(text.data, text.len, WORDS_INDEX, join, &words), HN_OK);
		buf_adds(&words, " ");
		assert_int_equal(words_of(text.data, text.len, WORDS_ASKED, among, words.data), HN_OK);
		buf_clear(&text);
		buf_clear(&words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_words),
		cmocka_unit_test(cuts_long_words_at_a_letter),
		cmocka_unit_test(ends_when_told_to),
		cmocka_unit_test(asked_words_are_indexed_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
