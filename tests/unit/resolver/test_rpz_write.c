/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/rpz_write.h"

#include "tests/unit/resolver/policy_model.h"

#define NOW 1000

static void export_view(const struct policy *p, struct buf *out, struct rpz_written *written)
{
	struct fault fault;
	buf_init(out, 1 << 20);
	int rc = rpz_write(p, 0, "out.test", 77, NOW, out, written, &fault);
	if (rc != HN_OK)
		fail_msg("%s: %s", fault.place, fault.message);
}

/* What was written as a policy of one set. */
static struct policy *read_again(struct world *w, const struct buf *text)
{
	const char *path = world_text(w, "out.rpz", text->data);
	const struct policy_set_spec set = rpz_spec("out", &path);
	return policy_of(&set, 1);
}

static void writes_what_a_view_says(void **state)
{
	static const char *const local[] = {"TXT \"a b\"", "MX 10 mail.test."};
	const struct world_entry entries[] = {{"a.test"},       {"*.a.test"},      {"+b.test"},
					      {"192.0.2.0/24"}, {"2001:db8::/48"}, {"late.test", 2000, 0},
					      {"+198.51.100.9"}},
				 more[] = {{"a.test"}, {"c.test"}, {"x.a.test"}, {"b.test"}, {"192.0.2.7"}},
				 logged[] = {{"log.test"}};
	struct world w;
	struct buf text;
	struct rpz_written written;
	(void)state;
	world_open(&w);
	const char *first = world_him(&w, "1.him", NULL, entries, COUNT(entries), NULL);
	const char *second = world_him(&w, "2.him", NULL, more, COUNT(more), NULL);
	const char *third = world_him(&w, "3.him", NULL, logged, COUNT(logged), NULL);
	const char *zone = world_text(&w, "z",
				      SOA "d.test 7 A 192.0.2.1\n AAAA 2001:db8::1\n* CNAME rpz-drop.\n"
					  "ns.test.rpz-nsdname CNAME *.\n32.9.100.51.198.rpz-ip CNAME .\n"
					  "24.0.100.51.198.rpz-ip CNAME .\n"
					  "8.0.0.0.10.rpz-client-ip CNAME rpz-tcp-only.\n");
	struct policy_set_spec sets[] = {him_spec("1", &first, POLICY_NXDOMAIN),
					 him_spec("2", &second, POLICY_LOCAL),
					 him_spec("3", &third, POLICY_LOG), rpz_spec("z", &zone)};
	sets[1].records = local;
	sets[1].record_count = 2;
	struct policy *p = policy_of(sets, COUNT(sets));
	export_view(p, &text, &written);
	/* a.test of the first set, b.test allowed, c.test of the second, d.test and the rest of the zone. */
	static const char *const lines[] = {
		"\na.test 30 CNAME .\n",
		"\n*.a.test 30 CNAME .\n",
		"\nb.test 30 CNAME rpz-passthru.\n",
		"\n24.0.2.0.192.rpz-ip 30 CNAME .\n",
		"\n48.zz.db8.2001.rpz-ip 30 CNAME .\n",
		"\n32.9.100.51.198.rpz-ip 30 CNAME rpz-passthru.\n",
		"\nc.test 30 TXT \"a b\"\n 30 MX 10 mail.test.\n",
		"\nd.test 7 A 192.0.2.1\n 60 AAAA 2001:db8::1\n",
		"\n* 60 CNAME rpz-drop.\n",
		"\nns.test.rpz-nsdname 60 CNAME *.\n",
		"\n24.0.100.51.198.rpz-ip 60 CNAME .\n",
		"\n8.0.0.0.10.rpz-client-ip 60 CNAME rpz-tcp-only.\n",
		"\n; hinomi-rpz: end, 12 rules\n",
	};
	for (size_t i = 0; i < COUNT(lines); i++)
		if (strstr(text.data, lines[i]) == NULL)
			fail_msg("not there:%sin:\n%s", lines[i], text.data);
	assert_int_equal(written.rules, 12);
	assert_int_equal(written.covered, 5);
	struct policy *again = read_again(&w, &text);
	policy_free(again);
	policy_free(p);
	buf_clear(&text);
	world_close(&w);
}

static void leaves_out_what_no_zone_can_hold(void **state)
{
	char name[256] = "";
	struct world w;
	struct buf text;
	struct rpz_written written;
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		memcpy(name + strlen(name), "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx.", 52);
	name[250] = '\0';
	const struct world_entry entries[] = {{name}, {"a.test"}};
	world_open(&w);
	const char *path = world_him(&w, "1.him", NULL, entries, 2, NULL);
	const struct policy_set_spec set = him_spec("1", &path, POLICY_NXDOMAIN);
	struct policy *p = policy_of(&set, 1);
	export_view(p, &text, &written);
	assert_int_equal(written.rules, 1);
	assert_int_equal(written.too_long, 1);
	struct fault fault;
	assert_int_equal(rpz_write(p, 1, "x", 1, NOW, &text, &written, &fault), HN_ENOENT);
	assert_int_equal(rpz_write(p, 0, "x..y", 1, NOW, &text, &written, &fault), HN_EFORMAT);
	policy_free(p);
	buf_clear(&text);
	world_close(&w);
}

/* A zone that was written decides as the sets did, name by name and address by address. */
static void decides_as_the_view_does(void **state)
{
	struct world w;
	(void)state;
	world_open(&w);
	for (unsigned round = 0; round < 60; round++) {
		struct model_set sets[MODEL_SETS];
		struct policy_set_spec specs[MODEL_SETS];
		const char *paths[MODEL_SETS];
		char names[MODEL_SETS][8];
		struct buf text;
		struct rpz_written written;
		random_state = 1000 + round;
		for (size_t i = 0; i < MODEL_SETS; i++) {
			model_make(&sets[i]);
			paths[i] = model_write(&w, &sets[i], i);
			(void)snprintf(names[i], sizeof(names[i]), "%zu", i);
			specs[i] = sets[i].rpz ? rpz_spec(names[i], &paths[i])
					       : him_spec(names[i], &paths[i], sets[i].action);
		}
		struct policy *p = policy_of(specs, MODEL_SETS);
		export_view(p, &text, &written);
		struct policy *again = read_again(&w, &text);
		for (unsigned q = 0; q < 400; q++) {
			struct policy_verdict before, after;
			char question[64];
			if (q % 2 == 0)
				model_name(question, sizeof(question), false);
			else
				(void)snprintf(question, sizeof(question), "#192.0.2.%u", next_random(256));
			world_judge(p, 0, question, NOW, &before);
			world_judge(again, 0, question, NOW, &after);
			/* Of an allow entry the zone can only say PASSTHRU. */
			if (before.action == POLICY_NONE && after.action == POLICY_PASSTHRU)
				continue;
			if (before.action != after.action)
				fail_msg("round %u: %s: %s, then %s\n%s", round, question,
					 policy_action_name((enum policy_action)before.action),
					 policy_action_name((enum policy_action)after.action), text.data);
		}
		policy_free(p);
		policy_free(again);
		buf_clear(&text);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_a_view_says),
		cmocka_unit_test(leaves_out_what_no_zone_can_hold),
		cmocka_unit_test(decides_as_the_view_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
