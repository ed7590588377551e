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

static struct explained *judged(const struct policy *p, const uint8_t *name, size_t len,
				const struct ip *client)
{
	struct explained *q = calloc(1, sizeof(*q));
	assert_non_null(q);
	q->name = name;
	q->len = len;
	q->by_client = client != NULL;
	q->now_ns = NOW;
	q->end = EXPLAIN_OFFLINE;
	policy_begin(p, 0, &q->verdict);
	q->verdict.trace = &q->trace;
	if (client)
		policy_judge_client(&q->verdict, client, NOW);
	policy_judge_name(&q->verdict, name, len, NOW);
	return q;
}

/* "status set trigger entry action" of each match, in lines. */
static void summarize(const struct explained *q, struct buf *out)
{
	struct buf text;
	json_t *tree;
	struct fault fault;
	buf_init(&text, 1 << 16);
	assert_int_equal(explain_json(q, &text), HN_OK);
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
	assert_int_equal(json_array_size(json_object_get(tree, "judged")), q->trace.count);
	json_decref(tree);
	buf_clear(&text);
}

static void summary(const struct policy *p, const char *name, const struct ip *client,
		    const struct ip *addresses, size_t count, struct buf *out)
{
	uint8_t wire[256];
	struct explained *q = judged(p, wire, world_name(name, wire), client);
	for (size_t i = 0; i < count; i++)
		policy_judge_address(&q->verdict, &addresses[i], NOW);
	summarize(q, out);
	free(q);
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

/* Along a chain: which step decides, what an allow entry ends, and what it frees. */
static void judges_each_step(void **state)
{
	static const struct {
		const char *chain[4]; /* the name asked, then where it leads; addresses begin with '@' */
		const char *summary;
	} cases[] = {
		{{"a.test", "x.evil.test"},
		 "a.test nxdomain\n"
		 "logged log qname x.evil.test log-only\n"
		 "decides first qname *.evil.test nxdomain\n"
		 "loses second qname x.evil.test nodata\n"
		 "loses zone qname x.evil.test nodata\n"},
		{{"a.test", "b.evil.test", "good.test"},
		 "a.test nxdomain\n"
		 "decides first qname *.evil.test nxdomain\n"
		 "loses first qname good.test allow\n"
		 "loses zone qname good.test nxdomain\n"},
		{{"a.test", "good.test", "x.evil.test", "@192.0.2.9"},
		 "a.test allow\n"
		 "decides first qname good.test allow\n"
		 "loses zone qname good.test nxdomain\n"
		 "loses log qname x.evil.test log-only\n"
		 "loses first qname *.evil.test nxdomain\n"
		 "loses second qname x.evil.test nodata\n"
		 "loses zone qname x.evil.test nodata\n"
		 "loses zone ip 192.0.2.0/24 nxdomain\n"},
		{{"a.test", "@192.0.2.9", "@192.0.2.10"},
		 "a.test nxdomain\n"
		 "decides zone ip 192.0.2.0/24 nxdomain\n"},
		{{"a.test", "b.test", "@198.51.100.1"}, "a.test none\n"},
	};
	struct home h;
	(void)state;
	home_open(&h);
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t wire[256], next[256];
		struct buf out;
		struct explained *q = judged(h.p, wire, world_name(cases[i].chain[0], wire), NULL);
		for (size_t k = 1; k < COUNT(cases[i].chain) && cases[i].chain[k]; k++) {
			const char *value = cases[i].chain[k];
			const struct ip address = world_ip(value[0] == '@' ? value + 1 : "0.0.0.0");
			if (value[0] == '@')
				policy_judge_address(&q->verdict, &address, NOW);
			else
				policy_judge_cname(&q->verdict, next, world_name(value, next), NOW);
		}
		buf_init(&out, 1 << 16);
		summarize(q, &out);
		assert_string_equal(out.data, cases[i].summary);
		buf_clear(&out);
		free(q);
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
		 "action nodata: a set before it in the list decides\n"
		 "  note: no client was judged; give --client; how much it is asked, and where it leads, "
		 "says "
		 "the resolver that runs: leave out --config\n"},
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
		 "前に並ぶ集合が決める\n"
		 "  注: クライアントは判定していない。--client "
		 "を指定すること。問合せの多さと指す先は、動いている resolver が示す(--config を付けない)\n"},
	};
	uint8_t wire[256];
	struct home h;
	struct buf out;
	(void)state;
	home_open(&h);
	struct explained *q = judged(h.p, wire, world_name("x.evil.test", wire), NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		lang_set(cases[i].lang);
		buf_init(&out, 1 << 16);
		assert_int_equal(explain_text(q, &out), HN_OK);
		assert_string_equal(out.data, cases[i].text);
		buf_clear(&out);
	}
	lang_set(LANG_EN);
	buf_init(&out, 64);
	assert_int_equal(explain_text(q, &out), HN_ELIMIT);
	q->verdict.view = 1;
	assert_int_equal(explain_text(q, &out), HN_ENOENT);
	buf_clear(&out);
	free(q);
	home_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_decides_and_who_loses),
		cmocka_unit_test(judges_each_step),
		cmocka_unit_test(speaks_both_languages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
