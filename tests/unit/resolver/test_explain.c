/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/explain.h"

#include "base/json.h"
#include "base/lang.h"
#include "tests/unit/resolver/policy_model.h"

#define NOW 1000

struct home {
	struct world w;
	const char *paths[4];
	struct policy *p;
};

static void home_open(struct home *h)
{
	const struct world_entry first[] = {{"*.evil.test"}, {"+good.test"}}, second[] = {{"x.evil.test"}},
				 logged[] = {{"x.evil.test"}};
	world_open(&h->w);
	h->paths[0] = world_him(&h->w, "log.him", NULL, logged, 1, NULL);
	h->paths[1] = world_him(&h->w, "first.him", NULL, first, 2, NULL);
	h->paths[2] = world_him(&h->w, "second.him", NULL, second, 1, NULL);
	h->paths[3] =
		world_text(&h->w, "zone",
			   SOA "good.test CNAME .\nx.evil.test CNAME *.\n"
			       "32.1.113.0.203.rpz-client-ip CNAME rpz-drop.\n24.0.2.0.192.rpz-ip CNAME .\n");
	struct policy_set_spec sets[] = {
		him_spec("log", &h->paths[0], POLICY_LOG), him_spec("first", &h->paths[1], POLICY_NXDOMAIN),
		him_spec("second", &h->paths[2], POLICY_NODATA), rpz_spec("zone", &h->paths[3])};
	sets[1].contact = "soc@example.jp";
	sets[1].organisation = "NCO";
	h->p = policy_of(sets, COUNT(sets));
}

static void home_close(struct home *h)
{
	policy_free(h->p);
	world_close(&h->w);
}

/* "status set trigger entry action" of each match, in lines. */
static void summary(const struct policy *p, const char *name, const struct ip *client,
		    const struct ip *addresses, size_t count, struct buf *out)
{
	uint8_t wire[256];
	struct buf text;
	json_t *tree;
	struct fault fault;
	const struct explain_question q = {wire, world_name(name, wire), client, addresses, count, NOW};
	buf_init(&text, 1 << 16);
	assert_int_equal(explain_json(p, 0, &q, &text), HN_OK);
	int rc = json_object_read(text.data, text.len, &tree, &fault);
	if (rc != HN_OK)
		fail_msg("%s: %s", fault.message, text.data);
	buf_addf(out, "%s %s\n", json_string_value(json_object_get(tree, "name")),
		 json_string_value(json_object_get(tree, "action")));
	const json_t *matches = json_object_get(tree, "matches");
	for (size_t i = 0; i < json_array_size(matches); i++) {
		static const char *const members[] = {"status", "set", "trigger", "entry", "action"};
		const json_t *m = json_array_get(matches, i);
		for (size_t k = 0; k < COUNT(members); k++)
			buf_addf(out, "%s%s", k == 0 ? "" : " ",
				 json_string_value(json_object_get(m, members[k])));
		buf_addc(out, '\n');
		assert_true(json_is_string(json_object_get(m, "why")));
	}
	json_decref(tree);
	buf_clear(&text);
}

static void says_who_decides_and_who_loses(void **state)
{
	const struct ip client = world_ip("203.0.113.1"), answer = world_ip("192.0.2.9");
	const struct {
		const char *name;
		const struct ip *client, *address;
		const char *summary;
	} cases[] = {
		{"none.test", NULL, NULL, "none.test none\n"},
		{"x.evil.test", NULL, NULL,
		 "x.evil.test nxdomain\n"
		 "logged log qname x.evil.test log-only\n"
		 "decides first qname *.evil.test nxdomain\n"
		 "loses second qname x.evil.test nodata\n"
		 "loses zone qname x.evil.test nodata\n"},
		{"good.test", NULL, &answer,
		 "good.test allow\n"
		 "decides first qname good.test allow\n"
		 "loses zone qname good.test nxdomain\n"
		 "loses zone ip 192.0.2.0/24 nxdomain\n"},
		{"none.test", &client, &answer,
		 "none.test drop\n"
		 "decides zone client-ip 203.0.113.1 drop\n"
		 "loses zone ip 192.0.2.0/24 nxdomain\n"},
		{"none.test", NULL, &answer,
		 "none.test nxdomain\n"
		 "decides zone ip 192.0.2.0/24 nxdomain\n"},
	};
	struct home h;
	(void)state;
	home_open(&h);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		buf_init(&out, 1 << 16);
		summary(h.p, cases[i].name, cases[i].client, cases[i].address, cases[i].address != NULL,
			&out);
		assert_string_equal(out.data, cases[i].summary);
		buf_clear(&out);
	}
	home_close(&h);
}

static void speaks_both_languages(void **state)
{
	static const struct {
		enum lang lang;
		const char *text;
	} cases[] = {
		{LANG_EN,
		 "x.evil.test: nxdomain (view 'all', generation 1)\n"
		 "  decides: set 'first' (2. in the list), entry *.evil.test of indicator--1, trigger qname, "
		 "action nxdomain: the first set in the list with an entry\n"
		 "           organisation: NCO\n"
		 "           contact: soc@example.jp\n"
		 "  logged:  set 'log' (1. in the list), entry x.evil.test of indicator--1, trigger qname, "
		 "action log-only: its set only logs\n"
		 "  loses:   set 'second' (3. in the list), entry x.evil.test of indicator--1, trigger "
		 "qname, "
		 "action nodata: a set before it in the list decides\n"
		 "  loses:   set 'zone' (4. in the list), entry x.evil.test, trigger qname, "
		 "action nodata: a set before it in the list decides\n"},
		{LANG_JA,
		 "x.evil.test: nxdomain (ビュー 'all'、世代 1)\n"
		 "  決定: 集合 'first' (2番目)、項目 *.evil.test (indicator--1)、契機 qname、動作 nxdomain: "
		 "項目のある最初の集合である\n"
		 "        組織: NCO\n"
		 "        連絡先: soc@example.jp\n"
		 "  記録: 集合 'log' (1番目)、項目 x.evil.test (indicator--1)、契機 qname、動作 log-only: "
		 "この集合は記録のみを行う\n"
		 "  不採用: 集合 'second' (3番目)、項目 x.evil.test (indicator--1)、契機 qname、動作 nodata: "
		 "前に並ぶ集合が決める\n"
		 "  不採用: 集合 'zone' (4番目)、項目 x.evil.test、契機 qname、動作 nodata: "
		 "前に並ぶ集合が決める\n"},
	};
	uint8_t wire[256];
	struct home h;
	struct buf out;
	const struct explain_question q = {wire, world_name("x.evil.test", wire), NULL, NULL, 0, NOW};
	(void)state;
	home_open(&h);
	for (size_t i = 0; i < COUNT(cases); i++) {
		lang_set(cases[i].lang);
		buf_init(&out, 1 << 16);
		assert_int_equal(explain_text(h.p, 0, &q, &out), HN_OK);
		assert_string_equal(out.data, cases[i].text);
		buf_clear(&out);
	}
	lang_set(LANG_EN);
	buf_init(&out, 64);
	assert_int_equal(explain_text(h.p, 1, &q, &out), HN_ENOENT);
	assert_int_equal(explain_text(h.p, 0, &q, &out), HN_ELIMIT);
	buf_clear(&out);
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_decides_and_who_loses),
		cmocka_unit_test(speaks_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
