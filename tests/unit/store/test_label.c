/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/label.h"

#include "../check.h"
#include "label_world.h"

static void text_is(const struct label *label, const char *expected)
{
	struct buf out;
	buf_init(&out, LABEL_TEXT_MAX);
	label_write(label, &out);
	assert_int_equal(buf_err(&out), HN_OK);
	assert_string_equal(out.data, expected);
	buf_clear(&out);
}

static int read_text(const char *text, size_t len, struct label *out)
{
	uint8_t *copy = exact_copy(text, len);
	int err = label_read(cur_of(copy, len), out);
	free(copy);
	return err;
}

static void nothing_said_is_strict(void **state)
{
	(void)state;
	struct label label;
	label_init(&label, 7);
	text_is(&label,
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"tlp\":\"amber+"
		"strict\"}");
}

static void every_member_has_its_place(void **state)
{
	(void)state;
	struct label label;
	label_init(&label, 7);
	label.tlp = TLP_RED;
	label.pap = PAP_AMBER;
	label.clearance = 2;
	label.content = CONTENT_TECHNICAL | CONTENT_BACKGROUND;
	label.purposes = PURPOSE_DEFENCE | PURPOSE_EXERCISE;
	label.consent = 1U << ORG_POLICE | 1U << ORG_FOREIGN_CERT;
	label.originator_control = label.unknown_marking = label.selected = true;
	label.authorization.bytes[15] = 9;
	label.groups[0] = 3;
	label.groups[1] = 12;
	label.group_count = 2;
	label.recipients[0] = INT64_MAX;
	label.recipient_count = 1;
	text_is(&label,
		"{\"clearance\":2,\"consent\":[\"police\",\"foreign-cert\"],"
		"\"content\":[\"technical\",\"background\"],\"groups\":[3,12],\"originator_control\":true,"
		"\"owner\":7,\"pap\":\"amber\",\"purposes\":[\"defence\",\"exercise\"],"
		"\"recipients\":[9223372036854775807],"
		"\"selected\":\"00000000-0000-0000-0000-000000000009\",\"tlp\":\"red\","
		"\"unknown_marking\":true}");
}

static void the_longest_fits(void **state)
{
	(void)state;
	struct label label;
	label_init(&label, INT64_MAX);
	label.tlp = TLP_AMBER_STRICT;
	label.content = CONTENT_TECHNICAL | CONTENT_BACKGROUND;
	label.purposes = 127;
	label.consent = (1U << ORG_KIND_COUNT) - 1;
	label.originator_control = label.unknown_marking = label.selected = true;
	label.group_count = LABEL_GROUPS_MAX;
	label.recipient_count = LABEL_RECIPIENTS_MAX;
	for (int i = 0; i < LABEL_GROUPS_MAX; i++)
		label.groups[i] = INT64_MAX - LABEL_GROUPS_MAX + i;
	for (int i = 0; i < LABEL_RECIPIENTS_MAX; i++)
		label.recipients[i] = INT64_MAX - LABEL_RECIPIENTS_MAX + i;
	struct buf out;
	buf_init(&out, LABEL_TEXT_MAX);
	label_write(&label, &out);
	assert_int_equal(buf_err(&out), HN_OK);
	struct label again;
	assert_int_equal(read_text(out.data, out.len, &again), HN_OK);
	buf_clear(&out);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (int i = 0; i < 2000; i++) {
		struct label label;
		struct label again;
		struct buf one;
		struct buf two;
		world_label(&seed, &label);
		buf_init(&one, LABEL_TEXT_MAX);
		buf_init(&two, LABEL_TEXT_MAX);
		label_write(&label, &one);
		assert_int_equal(read_text(one.data, one.len, &again), HN_OK);
		label_write(&again, &two);
		assert_string_equal(one.data, two.data);
		size_t cut = world_random(&seed, (uint32_t)one.len);
		assert_int_equal(read_text(one.data, cut, &again), HN_EFORMAT);
		buf_clear(&one);
		buf_clear(&two);
	}
}

static void other_forms_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		/* a blank, an order, a member that says nothing, an unknown one */
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\"}"
		" ",
		"{\"content\":[\"technical\"],\"clearance\":0,\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"groups\":[],\"owner\":7,\"pap\":\"green\","
		"\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\","
		"\"x\":1}",
		/* words, kinds and ranges */
		"{\"clearance\":4,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[],\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[1],\"owner\":7,\"pap\":\"green\",\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":-7,\"pap\":\"green\",\"tlp\":"
		"\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"tlp\":"
		"\"white\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"white\",\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"selected\":"
		"\"x\","
		"\"tlp\":\"red\"}",
		/* numbers that do not rise */
		"{\"clearance\":0,\"content\":[\"technical\"],\"groups\":[2,1],\"owner\":7,\"pap\":\"green\","
		"\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"groups\":[2,2],\"owner\":7,\"pap\":\"green\","
		"\"tlp\":\"red\"}",
		"{\"clearance\":0,\"content\":[\"technical\"],\"owner\":7,\"pap\":\"green\",\"recipients\":["
		"0],"
		"\"tlp\":\"red\"}",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct label label;
		label_init(&label, 5);
		struct label before = label;
		assert_int_equal(read_text(texts[i], strlen(texts[i]), &label), HN_EFORMAT);
		assert_memory_equal(&label, &before, sizeof(label));
	}
}

static void words_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i <= TLP_RED; i++)
		assert_int_equal(tlp_value(tlp_name((enum tlp)i), strlen(tlp_name((enum tlp)i))), i);
	for (int i = 0; i <= PAP_RED; i++)
		assert_int_equal(pap_value(pap_name((enum pap)i), strlen(pap_name((enum pap)i))), i);
	for (int i = 0; i < ORG_KIND_COUNT; i++)
		assert_int_equal(org_kind_value(org_kind_name((enum org_kind)i),
						strlen(org_kind_name((enum org_kind)i))),
				 i);
	for (unsigned bit = 1; bit <= PURPOSE_EXERCISE; bit *= 2)
		assert_int_equal(purpose_value(purpose_name(bit), strlen(purpose_name(bit))), bit);
	for (unsigned bit = 1; bit <= CONTENT_BACKGROUND; bit *= 2)
		assert_int_equal(content_value(content_name(bit), strlen(content_name(bit))), bit);
	assert_null(tlp_name((enum tlp)5));
	assert_null(pap_name((enum pap)4));
	assert_null(org_kind_name(ORG_KIND_COUNT));
	assert_null(purpose_name(3));
	assert_null(purpose_name(0));
	assert_null(purpose_name(128));
	assert_int_equal(tlp_value("redd", 4), -1);
	assert_int_equal(content_value("tech", 4), -1);
}

struct join_case {
	const char *what;
	struct label a, b;
	int err;
	struct label result;
};

#define L(...)                                                                                               \
	{                                                                                                    \
		.owner = 1, .content = CONTENT_TECHNICAL, __VA_ARGS__                                        \
	}
#define G(...)                                                                                               \
	.groups = {__VA_ARGS__}, .group_count = sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)
#define R(...)                                                                                               \
	.recipients = {__VA_ARGS__},                                                                         \
	.recipient_count = sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)

static const struct join_case joins[] = {
	{"the higher", L(.tlp = TLP_GREEN, .pap = PAP_RED, .clearance = 1),
	 L(.tlp = TLP_AMBER, .clearance = 2), HN_OK, L(.tlp = TLP_AMBER, .pap = PAP_RED, .clearance = 2)},
	{"both contents",
	 L(.tlp = TLP_GREEN),
	 {.owner = 1, .content = CONTENT_BACKGROUND},
	 HN_OK,
	 {.owner = 1, .tlp = TLP_GREEN, .content = 3}},
	{"common purposes", L(.purposes = 3), L(.purposes = 6), HN_OK, L(.purposes = 2)},
	{"no common purpose", L(.purposes = 1), L(.purposes = 2), HN_ESTATE, L(.purposes = 1)},
	{"one limits", L(.purposes = 0), L(.purposes = 2), HN_OK, L(.purposes = 2)},
	{"consent to the public limits nothing", L(.consent = 1U << ORG_PUBLIC),
	 L(.consent = 1U << ORG_POLICE), HN_OK, L(.consent = 1U << ORG_POLICE)},
	{"no common consent", L(.consent = 1U << ORG_VENDOR), L(.consent = 1U << ORG_POLICE), HN_ESTATE,
	 L(.consent = 1U << ORG_VENDOR)},
	{"two owners",
	 L(.tlp = TLP_RED),
	 {.owner = 2, .content = CONTENT_TECHNICAL},
	 HN_ESTATE,
	 L(.tlp = TLP_RED)},
	{"one names an audience", L(.tlp = TLP_AMBER), L(.tlp = TLP_AMBER, G(2), R(5)), HN_OK,
	 L(.tlp = TLP_AMBER, G(2), R(5))},
	{"one audience holds the other", L(.tlp = TLP_AMBER, G(2), R(5)),
	 L(.tlp = TLP_GREEN, G(1, 2), R(4, 5)), HN_OK, L(.tlp = TLP_AMBER, G(2), R(5))},
	{"two groups at once", L(.tlp = TLP_AMBER, G(2)), L(.tlp = TLP_AMBER, G(1)), HN_ESTATE,
	 L(.tlp = TLP_AMBER, G(2))},
	{"a group and a recipient", L(.tlp = TLP_AMBER, G(2)), L(.tlp = TLP_AMBER, R(1)), HN_ESTATE,
	 L(.tlp = TLP_AMBER, G(2))},
	{"common recipients", L(.tlp = TLP_AMBER, R(1, 2)), L(.tlp = TLP_AMBER, R(2, 3)), HN_OK,
	 L(.tlp = TLP_AMBER, R(2))},
	{"no common recipient would be everybody", L(.tlp = TLP_AMBER, R(1)), L(.tlp = TLP_AMBER, R(3)),
	 HN_ESTATE, L(.tlp = TLP_AMBER, R(1))},
	{"RED for nobody stays for nobody", L(.tlp = TLP_RED), L(.tlp = TLP_AMBER, R(3)), HN_OK,
	 L(.tlp = TLP_RED)},
	{"RED has no common recipient: nobody", L(.tlp = TLP_RED, R(2)), L(.tlp = TLP_AMBER, R(3)), HN_OK,
	 L(.tlp = TLP_RED)},
	{"RED and a group", L(.tlp = TLP_RED, R(2)), L(.tlp = TLP_AMBER, G(1)), HN_ESTATE,
	 L(.tlp = TLP_RED, R(2))},
	{"originator control is closed too", L(.tlp = TLP_AMBER, R(3)),
	 L(.tlp = TLP_AMBER, .originator_control = true), HN_OK,
	 L(.tlp = TLP_AMBER, .originator_control = true)},
	{"selected comes along", L(.tlp = TLP_AMBER), L(.selected = true, .authorization = {{1}}), HN_OK,
	 L(.tlp = TLP_AMBER, .selected = true, .authorization = {{1}})},
	{"two authorisations", L(.selected = true, .authorization = {{2}}),
	 L(.selected = true, .authorization = {{1}}), HN_ESTATE, L(.selected = true, .authorization = {{2}})},
	{"what one does not understand", L(.tlp = TLP_CLEAR), L(.unknown_marking = true), HN_OK,
	 L(.tlp = TLP_CLEAR, .unknown_marking = true)},
};

static void joins_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(joins); i++) {
		struct label a = joins[i].a;
		print_message("# %s\n", joins[i].what);
		assert_int_equal(label_join(&a, &joins[i].b), joins[i].err);
		struct buf expected;
		buf_init(&expected, LABEL_TEXT_MAX);
		label_write(&joins[i].result, &expected);
		text_is(&a, expected.data);
		buf_clear(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_strict),  cmocka_unit_test(every_member_has_its_place),
		cmocka_unit_test(the_longest_fits),        cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(other_forms_are_refused), cmocka_unit_test(words_go_both_ways),
		cmocka_unit_test(joins_as_the_table_says),
	};
	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
