/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/policy.h"

#include "tests/unit/resolver/policy_model.h"
#include "tests/unit/resolver/policy_world.h"
#include "wire/dns_number.h"

#define NOW 1000

/* ---- what a set of one file says ---- */

static void every_trigger_takes_every_action(void **state)
{
	static const struct {
		const char *owner, *question, *other;
		enum policy_trigger trigger;
	} triggers[] = {
		{"32.1.2.0.192.rpz-client-ip", "@192.0.2.1 a", "@192.0.2.2 a", POLICY_CLIENT},
		{"64.zz.db8.2001.rpz-client-ip", "@2001:db8::9 a", "@2001:db9:: a", POLICY_CLIENT},
		{"bad.test", "bad.test", "x.bad.test", POLICY_QNAME},
		{"*.bad.test", "y.x.bad.test", "bad.test", POLICY_QNAME},
		{"bad.test", "good >better >bad.test", "good >better", POLICY_QNAME},
		{"24.0.2.0.192.rpz-ip", "good #192.0.2.77", "good #192.0.3.0", POLICY_ADDRESS},
		{"ns.bad.rpz-nsdname", "good !ns.bad", "good !x.ns.bad", POLICY_NS_NAME},
		{"128.1.zz.db8.2001.rpz-nsip", "good ~2001:db8::1", "good ~2001:db8::2", POLICY_NS_ADDRESS},
	};
	static const struct {
		const char *record;
		enum policy_action action;
		bool final;
		int ede;
	} actions[] = {
		{"CNAME .", POLICY_NXDOMAIN, true, 15},
		{"CNAME *.", POLICY_NODATA, true, 15},
		{"CNAME rpz-passthru.", POLICY_PASSTHRU, false, -1},
		{"CNAME rpz-drop.", POLICY_DROP, true, -1},
		{"CNAME rpz-tcp-only.", POLICY_TCP_ONLY, true, -1},
		{"CNAME garden.test.", POLICY_LOCAL, true, 4},
		{"A 192.0.2.9", POLICY_LOCAL, true, 4},
	};
	struct world w;
	(void)state;
	world_open(&w);
	for (size_t i = 0; i < COUNT(triggers); i++) {
		for (size_t k = 0; k < COUNT(actions); k++) {
			char text[256];
			const char *ede = NULL;
			struct policy_verdict v;
			(void)snprintf(text, sizeof(text), SOA "%s %s\n", triggers[i].owner,
				       actions[k].record);
			const char *path = world_text(&w, "zone", text);
			const struct policy_set_spec set = rpz_spec("zone", &path);
			struct policy *p = policy_of(&set, 1);
			assert_true(policy_needs(p, 0, triggers[i].trigger));
			world_judge(p, 0, triggers[i].question, NOW, &v);
			assert_int_equal(v.action, actions[k].action);
			assert_true(v.has_decided);
			assert_int_equal(v.decided.trigger, triggers[i].trigger);
			assert_int_equal(policy_is_final(&v), actions[k].final);
			assert_int_equal(policy_ede(&v, &ede), actions[k].ede);
			assert_int_equal(policy_ttl(&v), 60);
			world_judge(p, 0, triggers[i].other, NOW, &v);
			assert_int_equal(v.action, POLICY_NONE);
			assert_false(v.has_decided);
			assert_int_equal(policy_ttl(&v), 0);
			policy_free(p);
		}
	}
	world_close(&w);
}

/* ---- who decides ---- */

/*
 * Four sets in this order: a zone file, a `.him` with allow entries, a second zone file, a `.him` of
 * PASSTHRU; before them a log-only one.
 */
static void the_first_set_decides_unless_one_allows(void **state)
{
	static const struct {
		const char *question;
		enum policy_action action;
		const char *set; /* that decides; "": none */
		bool allowed, logged;
	} cases[] = {
		{"clean.test", POLICY_NONE, "", false, false},
		{"both.test", POLICY_NXDOMAIN, "first", false, false},
		{"second.test", POLICY_NODATA, "second", false, false},
		{"him.test", POLICY_SINKHOLE, "him", false, false},
		{"a.him.test", POLICY_SINKHOLE, "him", false, false},
		/* allow beats what stands before and behind it */
		{"allowed.test", POLICY_NONE, "him", true, false},
		{"x.allowed.test", POLICY_NXDOMAIN, "first", false, false},
		{"x.wild.test", POLICY_NONE, "him", true, false},
		/* the rest of an allowed chain passes, but not what came before */
		{"allowed.test >both.test #192.0.2.1", POLICY_NONE, "him", true, false},
		{"clean.test >allowed.test >both.test", POLICY_NONE, "him", true, false},
		{"clean.test >late.test >allowed.test", POLICY_TCP_ONLY, "first", false, false},
		/* an allowed address frees that address only */
		{"clean.test #198.51.100.1 #192.0.2.1", POLICY_DROP, "second", false, false},
		{"clean.test #192.0.2.1 #198.51.100.1", POLICY_DROP, "second", false, false},
		{"clean.test #198.51.100.1", POLICY_NONE, "", false, false},
		/* PASSTHRU keeps those behind it silent, not those before it */
		{"pass.test #192.0.2.1", POLICY_PASSTHRU, "first", false, false},
		{"pass.test", POLICY_PASSTHRU, "first", false, false},
		{"lastpass.test #192.0.2.1", POLICY_DROP, "second", false, false},
		{"lastpass.test", POLICY_PASSTHRU, "pass", false, false},
		/* client and name are judged together; the earlier set, then the client */
		{"@203.0.113.1 both.test", POLICY_DROP, "first", false, false},
		{"@203.0.113.1 clean.test", POLICY_DROP, "first", false, false},
		{"@203.0.113.2 second.test", POLICY_NODATA, "second", false, false},
		/* within a set: names before addresses, then name servers */
		{"clean.test #192.0.2.1 !ns.test", POLICY_DROP, "second", false, false},
		{"clean.test !ns.test", POLICY_NODATA, "second", false, false},
		{"logged.test", POLICY_NONE, "", false, true},
		{"logged.test #192.0.2.1", POLICY_DROP, "second", false, true},
	};
	const struct world_entry entries[] = {{"him.test"},     {"*.him.test"},  {"+allowed.test"},
					      {"+*.wild.test"}, {"x.wild.test"}, {"+198.51.100.1"}},
				 pass[] = {{"lastpass.test"}}, logged[] = {{"logged.test"}};
	const struct ip sink = world_ip("192.0.2.254");
	struct world w;
	(void)state;
	world_open(&w);
	const char *first = world_text(&w, "first",
				       SOA "both.test CNAME .\nallowed.test CNAME .\n*.allowed.test CNAME .\n"
					   "pass.test CNAME rpz-passthru.\nlate.test CNAME rpz-tcp-only.\n"
					   "32.1.113.0.203.rpz-client-ip CNAME rpz-drop.\n");
	const char *him = world_him(&w, "him.him", NULL, entries, COUNT(entries), NULL);
	const char *second =
		world_text(&w, "second",
			   SOA "both.test CNAME rpz-drop.\nsecond.test CNAME *.\nwild.test CNAME .\n"
			       "24.0.2.0.192.rpz-ip CNAME rpz-drop.\n24.0.100.51.198.rpz-ip CNAME .\n"
			       "ns.test.rpz-nsdname CNAME *.\n");
	const char *last = world_him(&w, "pass.him", NULL, pass, COUNT(pass), NULL);
	const char *log = world_him(&w, "log.him", NULL, logged, COUNT(logged), NULL);
	struct policy_set_spec sets[] = {him_spec("log", &log, POLICY_LOG), rpz_spec("first", &first),
					 him_spec("him", &him, POLICY_SINKHOLE), rpz_spec("second", &second),
					 him_spec("pass", &last, POLICY_PASSTHRU)};
	sets[2].sinkholes = &sink;
	sets[2].sinkhole_count = 1;
	struct policy *p = policy_of(sets, COUNT(sets));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_verdict v;
		struct policy_set_info info = {.name = ""};
		world_judge(p, 0, cases[i].question, NOW, &v);
		if (v.has_decided)
			policy_set_info(p, v.decided.set, &info);
		if (v.action != cases[i].action || strcmp(info.name, cases[i].set) != 0 ||
		    v.allowed != cases[i].allowed || v.has_logged != cases[i].logged)
			fail_msg("%s: %s by '%s'%s%s", cases[i].question,
				 policy_action_name((enum policy_action)v.action), info.name,
				 v.allowed ? ", allowed" : "", v.has_logged ? ", logged" : "");
	}
	policy_free(p);
	world_close(&w);
}

static void views_hear_their_own_sets(void **state)
{
	const struct world_entry entries[] = {{"a.test"}}, others[] = {{"b.test"}};
	static const uint16_t one[] = {0}, two[] = {1, 0};
	struct world w;
	struct policy *p;
	struct policy_verdict v;
	unsigned view;
	(void)state;
	world_open(&w);
	const char *a = world_him(&w, "a.him", NULL, entries, 1, NULL);
	const char *b = world_him(&w, "b.him", NULL, others, 1, NULL);
	const struct policy_set_spec sets[] = {him_spec("a", &a, POLICY_NXDOMAIN),
					       him_spec("b", &b, POLICY_NODATA)};
	const struct policy_view_spec views[] = {{"one", one, 1}, {"two", two, 2}, {"none", one, 0}};
	const struct policy_spec spec = {sets, 2, views, 3};
	assert_int_equal(policy_new(&spec, NULL, &p, NULL), HN_OK);
	world_judge(p, 0, "b.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NONE);
	world_judge(p, 1, "b.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NODATA);
	world_judge(p, 2, "a.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NONE);
	world_judge(p, 3, "a.test", NOW, &v); /* no such view */
	assert_int_equal(v.action, POLICY_NONE);
	assert_int_equal(policy_view_find(p, "two", &view), HN_OK);
	assert_int_equal(view, 1);
	assert_int_equal(policy_view_find(p, "three", &view), HN_ENOENT);
	policy_free(p);
	world_close(&w);
}

/* ---- time ---- */

static void entries_hold_in_their_time_only(void **state)
{
	static const struct {
		const char *question;
		int64_t now;
		enum policy_action action;
		bool allowed;
	} cases[] = {
		{"a.test", 99, POLICY_NONE, false},
		{"a.test", 100, POLICY_NXDOMAIN, false},
		{"a.test", 199, POLICY_NXDOMAIN, false},
		{"a.test", 200, POLICY_NONE, false},
		/* what is wider holds on */
		{"b.wide.test", 150, POLICY_NXDOMAIN, false},
		{"b.wide.test", 250, POLICY_NXDOMAIN, false},
		/* an allow entry whose time is over hides no block */
		{"c.wide.test", 150, POLICY_NONE, true},
		{"c.wide.test", 250, POLICY_NXDOMAIN, false},
		{"x #192.0.2.1", 150, POLICY_NXDOMAIN, false},
		{"x #192.0.2.1", 250, POLICY_NXDOMAIN, false},
		{"x #192.0.3.1", 150, POLICY_NXDOMAIN, false},
		{"x #192.0.3.1", 250, POLICY_NONE, false},
	};
	const struct world_entry entries[] = {{"a.test", 100, 200},      {"*.wide.test", 0, 0},
					      {"b.wide.test", 100, 200}, {"+c.wide.test", 100, 200},
					      {"192.0.2.0/24", 0, 0},    {"192.0.2.1", 100, 200},
					      {"192.0.3.0/24", 100, 200}};
	struct world w;
	(void)state;
	world_open(&w);
	const char *path = world_him(&w, "t.him", NULL, entries, COUNT(entries), NULL);
	const struct policy_set_spec set = him_spec("t", &path, POLICY_NXDOMAIN);
	struct policy *p = policy_of(&set, 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy_verdict v;
		world_judge(p, 0, cases[i].question, cases[i].now, &v);
		if (v.action != cases[i].action || v.allowed != cases[i].allowed)
			fail_msg("%s at %d: %s", cases[i].question, (int)cases[i].now,
				 policy_action_name((enum policy_action)v.action));
	}
	policy_free(p);
	world_close(&w);
}

/* ---- what a verdict says ---- */

static void tells_the_entry_not_what_was_asked(void **state)
{
	const struct world_entry entries[] = {{"*.evil.test"}, {"192.0.2.0/24"}};
	struct world w;
	struct policy_verdict v;
	struct policy_told told;
	uint8_t scratch[32];
	(void)state;
	world_open(&w);
	const char *him = world_him(&w, "h.him", NULL, entries, COUNT(entries), NULL);
	const char *rpz = world_text(&w, "z", SOA "*.worse.test CNAME .\n48.zz.db8.2001.rpz-ip CNAME .\n");
	struct policy_set_spec sets[] = {him_spec("h", &him, POLICY_NXDOMAIN), rpz_spec("z", &rpz)};
	sets[0].contact = "soc@example.jp";
	sets[0].organisation = "NCO";
	sets[0].reason = POLICY_CENSORED;
	struct policy *p = policy_of(sets, 2);

	world_judge(p, 0, "secret.name.evil.test", NOW, &v);
	assert_int_equal(policy_tell(p, &v.decided, scratch, &told), HN_OK);
	assert_string_equal(told.set, "h");
	assert_string_equal(told.set_id, "world");
	assert_string_equal(told.object, "indicator--1");
	assert_string_equal(told.trigger, "qname");
	assert_string_equal(told.action, "nxdomain");
	assert_int_equal(told.key.kind, ENTRY_WILDCARD);
	assert_int_equal(told.key.len, 10);
	assert_memory_equal(told.key.data, "\4evil\4test", 10);
	assert_int_equal(told.labels_left, 2);
	assert_int_equal(told.bytes_left, 12);
	const char *ede;
	assert_int_equal(policy_ede(&v, &ede), 16);
	assert_string_equal(ede, "h; soc@example.jp");
	assert_int_equal(policy_ttl(&v), 30);

	world_judge(p, 0, "a.b.c.worse.test", NOW, &v);
	assert_int_equal(policy_tell(p, &v.decided, scratch, &told), HN_OK);
	assert_string_equal(told.set, "z");
	assert_string_equal(told.set_version, "1");
	assert_null(told.object);
	assert_int_equal(told.key.len, 11);
	assert_memory_equal(told.key.data, "\5worse\4test", 11);
	assert_int_equal(told.labels_left, 3);

	world_judge(p, 0, "a #2001:db8::77", NOW, &v);
	assert_int_equal(policy_tell(p, &v.decided, scratch, &told), HN_OK);
	assert_int_equal(told.key.kind, ENTRY_PREFIX6);
	assert_int_equal(told.key.len, 17);
	assert_int_equal(told.key.data[16], 48);
	world_judge(p, 0, "a #192.0.2.77", NOW, &v);
	assert_int_equal(policy_tell(p, &v.decided, scratch, &told), HN_OK);
	assert_int_equal(told.key.kind, ENTRY_PREFIX4);
	struct policy_match other = v.decided;
	other.set = 9;
	assert_int_equal(policy_tell(p, &other, scratch, &told), HN_ENOENT);
	policy_free(p);
	world_close(&w);
}

static void answers_with_records_of_its_own(void **state)
{
	const struct world_entry entries[] = {{"a.test"}};
	const struct ip sinks[] = {world_ip("192.0.2.1"), world_ip("2001:db8::1")};
	static const char *const local[] = {"TXT \"blocked here\"", "A 192.0.2.3"};
	struct policy_record records[POLICY_RECORDS_MAX];
	struct policy_verdict v;
	struct world w;
	(void)state;
	world_open(&w);
	const char *him = world_him(&w, "h.him", NULL, entries, 1, NULL);
	struct policy_set_spec set = him_spec("h", &him, POLICY_SINKHOLE);
	set.sinkholes = sinks;
	set.sinkhole_count = 2;
	struct policy *p = policy_of(&set, 1);
	world_judge(p, 0, "a.test", NOW, &v);
	assert_int_equal(policy_records(&v, records), 2);
	assert_int_equal(records[0].type, DNS_TYPE_A);
	assert_int_equal(records[0].ttl, 30);
	assert_memory_equal(records[0].data, sinks[0].bytes, 4);
	assert_int_equal(records[1].type, DNS_TYPE_AAAA);
	assert_int_equal(records[1].len, 16);
	policy_free(p);

	set = him_spec("h", &him, POLICY_LOCAL);
	set.records = local;
	set.record_count = 2;
	p = policy_of(&set, 1);
	world_judge(p, 0, "a.test", NOW, &v);
	assert_int_equal(policy_records(&v, records), 2);
	assert_int_equal(records[0].type, DNS_TYPE_TXT);
	assert_memory_equal(records[0].data, "\14blocked here", 13);
	policy_free(p);

	/* Every rule of a zone file but PASSTHRU does what the set says. */
	const char *rpz = world_text(&w, "z", SOA "a.test CNAME .\np.test CNAME rpz-passthru.\n");
	set = rpz_spec("z", &rpz);
	set.action = POLICY_SINKHOLE;
	set.sinkholes = sinks;
	set.sinkhole_count = 1;
	p = policy_of(&set, 1);
	world_judge(p, 0, "a.test", NOW, &v);
	assert_int_equal(v.action, POLICY_SINKHOLE);
	assert_int_equal(policy_records(&v, records), 1);
	world_judge(p, 0, "p.test", NOW, &v);
	assert_int_equal(v.action, POLICY_PASSTHRU);
	assert_int_equal(policy_records(&v, records), 0);
	policy_free(p);
	world_close(&w);
}

static void puts_the_name_before_a_wildcard_target(void **state)
{
	uint8_t out[255], name[256];
	size_t len;
	const struct policy_record plain = {DNS_TYPE_CNAME, 8, 60, (const uint8_t *)"\6garden"};
	const struct policy_record wild = {DNS_TYPE_CNAME, 10, 60, (const uint8_t *)"\1*\6garden"};
	(void)state;
	assert_int_equal(policy_cname(&plain, (const uint8_t *)"\1a", 2, out, &len), HN_OK);
	assert_int_equal(len, 8);
	assert_memory_equal(out, "\6garden", 8);
	assert_int_equal(policy_cname(&wild, (const uint8_t *)"\1a\1b", 4, out, &len), HN_OK);
	assert_int_equal(len, 12);
	assert_memory_equal(out, "\1a\1b\6garden", 12);
	memset(name, 1, sizeof(name));
	assert_int_equal(policy_cname(&wild, name, 247, out, &len), HN_OK);
	assert_int_equal(len, 255);
	assert_int_equal(policy_cname(&wild, name, 248, out, &len), HN_ELIMIT);
}

/* ---- the files of a policy ---- */

static void refuses_a_spec_that_makes_no_sense(void **state)
{
	const struct world_entry entries[] = {{"a.test"}};
	static const uint16_t order[] = {0, 7};
	struct world w;
	struct policy *p = NULL;
	struct fault fault;
	(void)state;
	world_open(&w);
	const char *him = world_him(&w, "h.him", NULL, entries, 1, NULL);
	const struct policy_set_spec good = him_spec("h", &him, POLICY_NXDOMAIN);
	struct policy_set_spec sets[12];
	for (size_t i = 0; i < COUNT(sets); i++)
		sets[i] = good;
	sets[0].name = "";
	sets[1].name = NULL;
	sets[2].action = POLICY_GIVEN;
	sets[3].action = POLICY_NONE;
	sets[4].action = POLICY_SINKHOLE;
	sets[5].action = POLICY_LOCAL;
	sets[6].path_count = 0;
	sets[7].directory = w.dir;
	sets[8].rpz = true; /* what is no zone file */
	sets[9].contact = "a\nb";
	sets[10].reason = POLICY_FORGED;
	static const char *const broken[] = {"A 1.2.3"};
	sets[11].action = POLICY_LOCAL;
	sets[11].records = broken;
	sets[11].record_count = 1;
	for (size_t i = 0; i < COUNT(sets); i++) {
		const struct policy_spec spec = {&sets[i], 1, NULL, 0};
		assert_int_not_equal(policy_new(&spec, NULL, &p, &fault), HN_OK);
		assert_null(p);
	}
	const struct policy_set_spec twice[] = {good, good};
	const struct policy_spec two = {twice, 2, NULL, 0};
	assert_int_equal(policy_new(&two, NULL, &p, &fault), HN_EEXIST);
	const struct policy_view_spec view = {"v", order, 2};
	const struct policy_spec dangling = {&good, 1, &view, 1};
	assert_int_equal(policy_new(&dangling, NULL, &p, &fault), HN_EFORMAT);
	world_close(&w);
}

static void refuses_every_cut_or_damaged_file(void **state)
{
	const struct world_entry entries[] = {{"a.test"}, {"*.b.test"}};
	struct world w;
	struct policy *p = NULL;
	struct fault fault;
	struct buf bytes;
	(void)state;
	world_open(&w);
	const char *him = world_him(&w, "h.him", NULL, entries, COUNT(entries), NULL);
	const struct policy_set_spec set = him_spec("h", &him, POLICY_NXDOMAIN);
	const struct policy_spec spec = {&set, 1, NULL, 0};
	buf_init(&bytes, 1 << 20);
	assert_int_equal(file_read(him, &bytes), HN_OK);
	for (size_t n = 0; n < bytes.len; n += n < 64 ? 1 : 61) {
		assert_int_equal(file_write_whole(him, bytes.data, n, 0600, true), HN_OK);
		assert_int_not_equal(policy_new(&spec, NULL, &p, &fault), HN_OK);
		assert_null(p);
		assert_string_equal(fault.place, him);
	}
	for (size_t n = 0; n < bytes.len; n += 61) {
		bytes.data[n] ^= 1;
		assert_int_equal(file_write_whole(him, bytes.data, bytes.len, 0600, true), HN_OK);
		assert_int_not_equal(policy_new(&spec, NULL, &p, &fault), HN_OK);
		bytes.data[n] ^= 1;
	}
	buf_clear(&bytes);
	world_close(&w);
}

static void a_directory_holds_a_base_and_its_overlays(void **state)
{
	const struct world_entry old[] = {{"old.test"}}, base[] = {{"a.test"}, {"b.test"}},
				 more[] = {{"-a.test"}, {"c.test"}}, wrong[] = {{"d.test"}};
	struct world w;
	struct policy *p, *next;
	struct policy_verdict v;
	struct fault fault;
	uint8_t digest[32], other[32] = {1};
	(void)state;
	world_open(&w);
	(void)world_him(&w, "10-base.him", NULL, old, COUNT(old), NULL);
	(void)world_him(&w, "20-base.him", NULL, base, COUNT(base), digest);
	(void)world_him(&w, "90-wrong.him", other, wrong, COUNT(wrong), NULL);
	(void)world_text(&w, ".hidden.him", "half");
	(void)world_text(&w, "notes.txt", "nothing");
	const struct policy_set_spec set = {.name = "d", .directory = w.dir, .action = POLICY_NXDOMAIN};
	static const uint16_t order[] = {0};
	const struct policy_view_spec view = {"v", order, 1};
	const struct policy_spec spec = {&set, 1, &view, 1};
	assert_int_equal(policy_new(&spec, NULL, &p, &fault), HN_OK);
	assert_non_null(policy_note(p, 0)); /* the older base */
	assert_non_null(policy_note(p, 1)); /* the overlay of another */
	assert_null(policy_note(p, 2));
	world_judge(p, 0, "old.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NONE);
	world_judge(p, 0, "d.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NONE);
	world_judge(p, 0, "a.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NXDOMAIN);

	(void)world_him(&w, "30-more.him", digest, more, COUNT(more), NULL);
	assert_int_equal(policy_new(&spec, p, &next, &fault), HN_OK);
	assert_int_equal(policy_generation(next), 2);
	policy_free(p); /* what was shared lives on */
	world_judge(next, 0, "a.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NONE);
	world_judge(next, 0, "b.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NXDOMAIN);
	world_judge(next, 0, "c.test", NOW, &v);
	assert_int_equal(v.action, POLICY_NXDOMAIN);
	policy_free(next);
	world_close(&w);
}

/* ---- against a naive model ---- */

static void equals_a_naive_model(void **state)
{
	struct world w;
	(void)state;
	world_open(&w);
	for (unsigned round = 0; round < 60; round++) {
		struct model_set sets[MODEL_SETS];
		struct policy_set_spec specs[MODEL_SETS];
		const char *paths[MODEL_SETS];
		char names[MODEL_SETS][8];
		random_state = round;
		for (size_t i = 0; i < MODEL_SETS; i++) {
			model_make(&sets[i]);
			paths[i] = model_write(&w, &sets[i], i);
			(void)snprintf(names[i], sizeof(names[i]), "%zu", i);
			specs[i] = sets[i].rpz ? rpz_spec(names[i], &paths[i])
					       : him_spec(names[i], &paths[i], sets[i].action);
		}
		struct policy *p = policy_of(specs, MODEL_SETS);
		for (unsigned q = 0; q < 300; q++) {
			struct policy_verdict v;
			char name[32], address[32], question[80];
			model_name(name, sizeof(name), false);
			(void)snprintf(address, sizeof(address), "192.0.2.%u", next_random(256));
			(void)snprintf(question, sizeof(question), "%s #%s", name, address);
			world_judge(p, 0, question, NOW, &v);
			if (v.action != model_judge(sets, MODEL_SETS, name, address))
				fail_msg("round %u: %s: %s", round, question,
					 policy_action_name((enum policy_action)v.action));
		}
		policy_free(p);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_trigger_takes_every_action),
		cmocka_unit_test(the_first_set_decides_unless_one_allows),
		cmocka_unit_test(views_hear_their_own_sets),
		cmocka_unit_test(entries_hold_in_their_time_only),
		cmocka_unit_test(tells_the_entry_not_what_was_asked),
		cmocka_unit_test(answers_with_records_of_its_own),
		cmocka_unit_test(puts_the_name_before_a_wildcard_target),
		cmocka_unit_test(refuses_a_spec_that_makes_no_sense),
		cmocka_unit_test(refuses_every_cut_or_damaged_file),
		cmocka_unit_test(a_directory_holds_a_base_and_its_overlays),
		cmocka_unit_test(equals_a_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
