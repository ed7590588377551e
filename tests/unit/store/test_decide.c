/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/decide.h"

#include "../check.h"
#include "label_world.h"

/* The people of the table below: numbers of organisations and groups. */
enum { CENTRE = 1, OWNER = 2, NAMED = 3, MEMBER = 4, CLIENT = 5, GROUP_CLIENT = 6, OTHER = 7 };
#define GROUP 2

static const struct asker people[] = {
	[0] = {.kind = ORG_PUBLIC},
	[CENTRE] = {.organisation = CENTRE, .kind = ORG_CENTRE, .clearance = 2, .tlp_max = TLP_RED},
	[OWNER] = {.organisation = OWNER, .kind = ORG_OPERATOR, .clearance = 1, .tlp_max = TLP_GREEN},
	[NAMED] =
		{.organisation = NAMED, .kind = ORG_POLICE, .tlp_max = TLP_RED, .contents = 1, .purposes = 3},
	[MEMBER] = {.organisation = MEMBER,
		    .kind = ORG_OPERATOR,
		    .tlp_max = TLP_RED,
		    .contents = 3,
		    .purposes = 1,
		    .groups = {GROUP},
		    .group_count = 1},
	[CLIENT] = {.organisation = CLIENT,
		    .kind = ORG_OPERATOR,
		    .tlp_max = TLP_RED,
		    .contents = 1,
		    .parents = {NAMED},
		    .parent_count = 1},
	[GROUP_CLIENT] = {.organisation = GROUP_CLIENT,
			  .kind = ORG_OPERATOR,
			  .tlp_max = TLP_AMBER,
			  .contents = 1,
			  .parents = {MEMBER},
			  .parent_count = 1,
			  .parent_groups = {GROUP},
			  .parent_group_count = 1},
	[OTHER] = {.organisation = OTHER, .kind = ORG_VENDOR, .tlp_max = TLP_GREEN, .contents = 1},
};

#define L(...)                                                                                               \
	{                                                                                                    \
		.owner = OWNER, .content = CONTENT_TECHNICAL, __VA_ARGS__                                    \
	}
#define TO_GROUP  .groups = {GROUP}, .group_count = 1
#define TO_NAMED  .recipients = {NAMED}, .recipient_count = 1
#define TO_CENTRE .recipients = {CENTRE}, .recipient_count = 1
#define ROW(t, ...)                                                                                          \
	{                                                                                                    \
		t, L(__VA_ARGS__)                                                                            \
	}

/* Who sees it: p public, c centre, o owner, n named, m member, k client of the named one, g client of the
 * member, v vendor with an agreement up to GREEN. */
static const struct {
	const char *who;
	struct label label;
} cases[] = {
	ROW("pconmkgv", .tlp = TLP_CLEAR),
	ROW("conmkgv", .tlp = TLP_GREEN),
	ROW("conmkg", .tlp = TLP_AMBER),
	ROW("conmk", .tlp = TLP_AMBER_STRICT),
	ROW("o", .tlp = TLP_RED),
	ROW("on", .tlp = TLP_RED, TO_NAMED),
	ROW("co", .tlp = TLP_RED, TO_CENTRE),
	ROW("o", .tlp = TLP_RED, TO_GROUP),
	/* an audience, and its clients up to AMBER */
	ROW("comg", .tlp = TLP_CLEAR, TO_GROUP),
	ROW("comg", .tlp = TLP_GREEN, TO_GROUP),
	ROW("comg", .tlp = TLP_AMBER, TO_GROUP),
	ROW("com", .tlp = TLP_AMBER_STRICT, TO_GROUP),
	ROW("conk", .tlp = TLP_AMBER, TO_NAMED),
	ROW("con", .tlp = TLP_AMBER_STRICT, TO_NAMED),
	ROW("conmkg", .tlp = TLP_AMBER, TO_NAMED, TO_GROUP),
	/* originator control: named one by one, whatever the TLP */
	ROW("co", .tlp = TLP_CLEAR, .originator_control = true),
	ROW("con", .tlp = TLP_GREEN, TO_NAMED, TO_GROUP, .originator_control = true),
	/* clearance, for all */
	ROW("co", .tlp = TLP_GREEN, .clearance = 1),
	ROW("c", .tlp = TLP_GREEN, .clearance = 2),
	ROW("", .tlp = TLP_CLEAR, .clearance = 3),
	ROW("co", .tlp = TLP_CLEAR, .unknown_marking = true),
	/* content, purposes, consent */
	{"com", {.owner = OWNER, .tlp = TLP_GREEN, .content = CONTENT_BACKGROUND}},
	{"pconmkgv", {.owner = OWNER, .tlp = TLP_CLEAR, .content = CONTENT_BACKGROUND}},
	ROW("con", .tlp = TLP_GREEN, .purposes = PURPOSE_ANALYSIS),
	ROW("conm", .tlp = TLP_CLEAR, .purposes = PURPOSE_DEFENCE | PURPOSE_EXERCISE),
	ROW("con", .tlp = TLP_GREEN, .consent = 1U << ORG_POLICE),
	ROW("comkg", .tlp = TLP_CLEAR, .consent = 1U << ORG_OPERATOR),
	ROW("pconmkgv", .tlp = TLP_CLEAR, .consent = 1U << ORG_PUBLIC),
	/* selected: nobody, but for handlers (below) */
	ROW("", .tlp = TLP_CLEAR, .selected = true, .authorization = {{1}}),
	ROW("", .tlp = TLP_CLEAR, .selected = true),
};

static void each_sees_what_the_table_says(void **state)
{
	(void)state;
	static const char letters[] = "pconmkgv";
	for (size_t i = 0; i < COUNT(cases); i++) {
		char seen[sizeof(letters)] = "";
		size_t len = 0;
		for (size_t p = 0; p < COUNT(people); p++) {
			const struct rule *denied = &DECIDE_RULES[0];
			if (decide(&people[p], &cases[i].label, &denied)) {
				seen[len++] = letters[p];
				assert_null(denied);
			} else {
				assert_non_null(denied->name);
			}
		}
		seen[len] = '\0';
		print_message("# %zu\n", i);
		assert_string_equal(seen, cases[i].who);
	}
}

static void denied(const struct asker *asker, const struct label *label, const char *by)
{
	const struct rule *rule = NULL;
	assert_int_equal(decide(asker, label, &rule), by == NULL);
	if (by != NULL)
		assert_string_equal(rule->name, by);
}

static void a_handler_is_bound_by_the_other_rules(void **state)
{
	(void)state;
	const struct label label = L(.tlp = TLP_RED, .selected = true, .authorization = {{1}}, TO_NAMED);
	struct asker asker = people[NAMED];
	asker.authorizations[0] = (struct uuid){{2}};
	asker.authorization_count = 1;
	denied(&asker, &label, "selected");
	asker.authorizations[1] = (struct uuid){{1}};
	asker.authorization_count = 2;
	denied(&asker, &label, NULL);
	asker.organisation = OTHER;
	denied(&asker, &label, "tlp");
}

static void the_hub_itself_sees_all_but_selected(void **state)
{
	(void)state;
	struct asker hub;
	asker_hub(&hub);
	struct label label =
		L(.tlp = TLP_RED, .clearance = CLEARANCE_MAX, TO_NAMED, .originator_control = true,
		  .unknown_marking = true, .purposes = 1, .consent = 1);
	denied(&hub, &label, NULL);
	label.selected = true;
	denied(&hub, &label, "selected");
}

static void what_goes_on_is_bound_for_all(void **state)
{
	(void)state;
	const struct label strict = L(.tlp = TLP_AMBER_STRICT);
	const struct label controlled = L(.tlp = TLP_AMBER, .originator_control = true, TO_NAMED);
	const struct label amber = L(.tlp = TLP_AMBER);
	static const struct {
		int who;
		const char *strict, *controlled;
	} rows[] = {
		{CENTRE, "onward", "onward"},
		{OWNER, "onward", NULL},
		{NAMED, "onward", NULL},
		{MEMBER, "onward", "onward"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct asker asker = people[rows[i].who];
		asker.onward = true;
		denied(&asker, &amber, NULL);
		denied(&asker, &strict, rows[i].strict);
		denied(&asker, &controlled, rows[i].controlled);
	}
}

static void a_consumer_of_sets_asks_nothing_else(void **state)
{
	(void)state;
	const struct label label = L(.tlp = TLP_CLEAR);
	struct asker asker = people[OWNER];
	asker.sets_only = true;
	denied(&asker, &label, "sets_only");
}

static void a_stricter_label_shows_nothing_more(void **state)
{
	(void)state;
	uint64_t seed = 2;
	unsigned joined = 0;
	unsigned seen = 0;
	for (int i = 0; i < 40000; i++) {
		struct label a;
		struct label b;
		world_label(&seed, &a);
		world_label(&seed, &b);
		if (world_chance(&seed, 80))
			b.owner = a.owner;
		struct label both = a;
		if (label_join(&both, &b) != HN_OK)
			continue;
		joined++;
		for (int j = 0; j < 10; j++) {
			struct asker asker;
			world_asker(&seed, &asker);
			if (!decide(&asker, &both, NULL))
				continue;
			seen++;
			assert_true(decide(&asker, &a, NULL));
			assert_true(decide(&asker, &b, NULL));
		}
	}
	assert_true(joined > 5000 && seen > 5000); /* the world is not too strict to show anything */
}

static void whoever_is_signed_in_sees_what_the_public_sees(void **state)
{
	(void)state;
	uint64_t seed = 3;
	struct asker nobody;
	asker_public(&nobody);
	unsigned seen = 0;
	for (int i = 0; i < 20000; i++) {
		struct label label;
		struct asker asker;
		world_label(&seed, &label);
		if (!decide(&nobody, &label, NULL))
			continue;
		world_asker(&seed, &asker);
		if (asker.sets_only)
			continue;
		seen++;
		assert_true(decide(&asker, &label, NULL));
	}
	assert_true(seen > 200);
}

static void each_one_stands_somewhere(void **state)
{
	(void)state;
	const struct label label = L(.tlp = TLP_AMBER, TO_NAMED, TO_GROUP);
	static const char *const names[] = {"public", "centre", "owner",  "named",
					    "member", "client", "client", "organisation"};
	for (size_t i = 0; i < COUNT(people); i++)
		assert_string_equal(standing_name(decide_standing(&people[i], &label)), names[i]);
	struct asker hub;
	asker_hub(&hub);
	assert_string_equal(standing_name(decide_standing(&hub, &label)), "hub");
	assert_string_equal(standing_name((enum standing)99), "");
}

static void every_rule_speaks_both_languages(void **state)
{
	(void)state;
	for (const struct rule *rule = DECIDE_RULES; rule->name != NULL; rule++) {
		assert_true(strlen(rule->pass_en) > 0 && strlen(rule->pass_ja) > 0);
		assert_true(strlen(rule->deny_en) > 0 && strlen(rule->deny_ja) > 0);
	}
}

static void use_follows_pap(void **state)
{
	(void)state;
	static const struct {
		enum pap pap;
		bool watch, block, select;
	} rows[] = {
		{PAP_CLEAR, true, true, true},
		{PAP_GREEN, true, true, true},
		{PAP_AMBER, true, false, false},
		{PAP_RED, false, false, false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct label label = L(.pap = rows[i].pap);
		assert_int_equal(decide_use(&label, SET_WATCH), rows[i].watch);
		assert_int_equal(decide_use(&label, SET_BLOCK), rows[i].block);
		assert_int_equal(decide_use(&label, SET_SELECT), rows[i].select);
		label.selected = true;
		assert_false(decide_use(&label, SET_WATCH));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sees_what_the_table_says),
		cmocka_unit_test(a_handler_is_bound_by_the_other_rules),
		cmocka_unit_test(the_hub_itself_sees_all_but_selected),
		cmocka_unit_test(what_goes_on_is_bound_for_all),
		cmocka_unit_test(a_consumer_of_sets_asks_nothing_else),
		cmocka_unit_test(a_stricter_label_shows_nothing_more),
		cmocka_unit_test(whoever_is_signed_in_sees_what_the_public_sees),
		cmocka_unit_test(each_one_stands_somewhere),
		cmocka_unit_test(every_rule_speaks_both_languages),
		cmocka_unit_test(use_follows_pap),
	};
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
