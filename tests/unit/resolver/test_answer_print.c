/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/answer_print.h"

#include "base/lang.h"
#include "tests/unit/check.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
#define WIDE "[{\"name\":\"" LONG "\",\"why\":\"" LONG "\"},{\"name\":\"b\"}]"

static void prints_for_people(void **state)
{
	static const struct {
		const char *json, *en, *ja;
	} cases[] = {
		{"null", "", ""},
		{"\"done\"", "done\n", "done\n"},
		{"[]", "none\n", "なし\n"},
		{"[1,\"b\",true]", "1, b, yes\n", "1, b, はい\n"},
		{"{\"threads\":4,\"mystery\":1,\"marking\":null,\"stale\":false,\"name\":\"x\"}",
		 "name: x\nthreads: 4\nstale: no\nmystery: 1\n",
		 "名前: x\nスレッド: 4\n期限切れ応答: いいえ\nmystery: 1\n"},
		{"{\"cache\":{\"hits\":3},\"names\":[\"a\",\"b\"],\"sets\":[]}",
		 "cache:\n  hits: 3\nnames: a, b\nsets: none\n",
		 "キャッシュ:\n  ヒット: 3\n名前: a, b\n集合: なし\n"},
		{"[{\"entries\":10,\"set\":\"国\"},{\"set\":\"feed\",\"entries\":2000,\"object\":null}]",
		 "set   entries\n国    10\nfeed  2000\n", "集合  項目数\n国    10\nfeed  2000\n"},
		{"[{\"set\":{},\"why\":\"\"},{\"why\":[1]}]", "set  why\n(0)  -\n-    (1)\n",
		 "集合  理由\n(0)   -\n-     (1)\n"},
		{WIDE, "name: " LONG "\nwhy: " LONG "\n\nname: b\n",
		 "名前: " LONG "\n理由: " LONG "\n\n名前: b\n"},
		{"{\"name\":\"a\\u001b[31m\\u0085b\"}", "name: a?[31m?b\n", "名前: a?[31m?b\n"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *answer = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
		assert_non_null(answer);
		for (int ja = 0; ja < 2; ja++) {
			struct buf out;
			lang_set(ja != 0 ? LANG_JA : LANG_EN);
			buf_init(&out, 4096);
			answer_print(answer, &out);
			assert_int_equal(buf_err(&out), HN_OK);
			assert_string_equal(out.data == NULL ? "" : out.data,
					    ja != 0 ? cases[i].ja : cases[i].en);
			buf_clear(&out);
		}
		json_decref(answer);
	}
}

static void ends_where_it_is_too_deep(void **state)
{
	(void)state;
	json_t *answer = json_object();
	for (int i = 0; i < 40; i++) {
		json_t *outer = json_object();
		assert_int_equal(json_object_set_new(outer, "in", answer), 0);
		answer = outer;
	}
	struct buf out;
	buf_init(&out, 4096);
	answer_print(answer, &out);
	assert_int_equal(buf_err(&out), HN_OK);
	assert_non_null(strstr(out.data, "in: ...\n"));
	buf_clear(&out);
	json_decref(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_for_people),
		cmocka_unit_test(ends_where_it_is_too_deep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
