/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "../check.h"

#include "stix/marking.h"

#define UUID_A "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define UUID_B "0431f809-377b-45e0-aa1c-6a4751cae5ff"
#define HEAD                                                                                                 \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition--" UUID_A     \
	"\",\"created\":\"2024-01-01T00:00:00.000Z\","
#define EXTENSION(key, members)                                                                              \
	HEAD "\"extensions\":{\"" key "\":{\"extension_type\":\"property-extension\"," members "}}}"
#define OURS(members) EXTENSION(STIX_MARKING_EXTENSION, members)
#define TLP_2         "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define PAP           "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"

static void read_one(const char *text, enum stix_spec spec, struct stix_marking *out)
{
	struct stix_object o;
	struct fault fault = {0};
	size_t len = strlen(text);
	uint8_t *copy = exact_copy(text, len);
	stix_object_init(&o);
	int rc = stix_object_read(&o, cur_of(copy, len), spec, &STIX_DEFAULTS, &fault);
	if (rc != HN_OK)
		fail_msg("%s: %s %s", text, fault.place, fault.message);
	stix_marking_read(&o, out);
	stix_object_clear(&o);
	free(copy);
}

static const struct {
	const char *text;
	bool unknown, statement;
	int tlp, pap;
} cases[] = {
	{HEAD "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"amber\"}}", false, false, STIX_TLP_AMBER,
	 -1},
	{HEAD "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"white\"}}", false, false, STIX_TLP_CLEAR,
	 -1},
	{HEAD "\"definition_type\":\"tlp\",\"definition\":{\"tlp\":\"purple\"}}", true, false, -1, -1},
	{HEAD "\"definition_type\":\"tlp\",\"definition\":{}}", true, false, -1, -1},
	{HEAD "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"Copyright X\"}}", false,
	 true, -1, -1},
	{HEAD "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"PAP:RED\"}}", false, false,
	 -1, STIX_PAP_RED},
	{HEAD "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"custom\"},\"x_opencti_"
	      "definition\":"
	      "\"TLP:AMBER+STRICT\"}",
	 false, true, STIX_TLP_AMBER_STRICT, -1},
	{HEAD "\"definition_type\":\"statement\",\"definition\":{\"statement\":\"custom\"},\"x_opencti_"
	      "definition\":\"CD:X\"}",
	 true, true, -1, -1},
	{HEAD "\"definition_type\":\"pap\",\"definition\":{\"pap\":\"green\"}}", false, false, -1,
	 STIX_PAP_GREEN},
	{HEAD "\"definition_type\":\"x-own\",\"definition\":{\"level\":3}}", true, false, -1, -1},
	{EXTENSION(TLP_2, "\"tlp_2_0\":\"amber+strict\""), false, false, STIX_TLP_AMBER_STRICT, -1},
	{EXTENSION(PAP, "\"pap\":\"white\""), false, false, -1, STIX_PAP_CLEAR},
	{EXTENSION("extension-definition--" UUID_A, "\"level\":1"), true, false, -1, -1},
	{OURS("\"tlp\":\"red\",\"pap\":\"amber\""), false, false, STIX_TLP_RED, STIX_PAP_AMBER},
	{OURS("\"tlp\":\"mauve\""), true, false, -1, -1},
	{OURS("\"clearance\":4"), true, false, -1, -1},
	{OURS("\"clearance\":-1"), true, false, -1, -1},
	{OURS("\"purposes\":[]"), true, false, -1, -1},
	{OURS("\"purposes\":[\"fun\"]"), true, false, -1, -1},
	{OURS("\"consent\":\"ministry\""), true, false, -1, -1},
	{OURS("\"groups\":[\"tool--" UUID_A "\"]"), true, false, -1, -1},
	{OURS("\"originator_control\":1"), true, false, -1, -1},
	{OURS("\"content\":\"rumour\""), true, false, -1, -1},
	{OURS("\"not_before\":\"2030\""), true, false, -1, -1}, /* may forbid what we would allow */
};

static void reads_all_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stix_marking m;
		read_one(cases[i].text, STIX_2_1, &m);
		if (m.unknown != cases[i].unknown || m.statement != cases[i].statement ||
		    (int)m.tlp != cases[i].tlp || (int)m.pap != cases[i].pap)
			fail_msg("%s: %d %d %d %d", cases[i].text, m.unknown, m.statement, m.tlp, m.pap);
	}
}

static void reads_our_extension_and_writes_it(void **state)
{
	(void)state;
	struct stix_marking m, again;
	struct buf out, second;
	read_one(OURS("\"tlp\":\"amber+strict\",\"pap\":\"green\",\"clearance\":2,\"groups\":[\"identity-"
		      "-" UUID_A "\",\"grouping--" UUID_B "\"],\"recipients\":[\"identity--" UUID_B
		      "\"],\"purposes\":[\"response\",\"defence\"],\"consent\":[\"public\",\"centre\"],"
		      "\"originator_control\":true,\"content\":\"background\""),
		 STIX_2_1, &m);
	assert_false(m.unknown);
	assert_int_equal(m.clearance, 2);
	assert_int_equal(m.group_count, 2);
	assert_int_equal(m.recipient_count, 1);
	assert_int_equal(m.purposes, 5);
	assert_int_equal(m.consent, 1 << 10 | 1);
	assert_true(m.originator_control);
	assert_int_equal(m.content, 2);

	buf_init(&out, 10000);
	buf_init(&second, 10000);
	assert_int_equal(stix_marking_write(&m, &out), HN_OK);
	read_one(out.data, STIX_2_1, &again);
	assert_int_equal(stix_marking_write(&again, &second), HN_OK);
	assert_string_equal(out.data, second.data);
	assert_int_equal(again.purposes, m.purposes);
	assert_int_equal(again.tlp, m.tlp);
	assert_int_equal(again.group_count, 2);
	m.unknown = true;
	assert_int_equal(stix_marking_write(&m, &second), HN_ESTATE);
	buf_clear(&out);
	buf_clear(&second);
}

static void knows_what_is_fixed(void **state)
{
	(void)state;
	for (int spec = STIX_2_0; spec <= STIX_2_1; spec++) {
		for (int tlp = STIX_TLP_CLEAR; tlp <= STIX_TLP_RED; tlp++) {
			struct stix_marking m;
			struct stix_id id = {"marking-definition", 18, {{0}}};
			const char *json = stix_marking_object((enum stix_tlp)tlp, (enum stix_spec)spec);
			int rc = stix_marking_id((enum stix_tlp)tlp, (enum stix_spec)spec, &id.uuid);
			if (spec == STIX_2_0 && tlp == STIX_TLP_AMBER_STRICT) {
				assert_null(json);
				assert_int_equal(rc, HN_ENOENT);
				continue;
			}
			assert_int_equal(rc, HN_OK);
			assert_true(stix_marking_fixed(&id, &m));
			assert_int_equal(m.tlp, tlp);
			read_one(json, (enum stix_spec)spec, &m);
			assert_int_equal(m.tlp, tlp);
			assert_false(m.unknown);
		}
	}
	struct stix_marking m;
	struct stix_id other = {"marking-definition", 18, {{1}}};
	assert_false(stix_marking_fixed(&other, &m));
	assert_null(stix_marking_object(STIX_TLP_UNSAID, STIX_2_1));
	/* Whoever writes another level under the fixed identifier is not believed. */
	read_one("{\"type\":\"marking-definition\",\"id\":\"marking-definition--5e57c739-391a-4eb3-b6be-"
		 "7d15ca92d5ed\","
		 "\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\",\"definition\":{"
		 "\"tlp\":\"white\"}}",
		 STIX_2_0, &m);
	assert_int_equal(m.tlp, STIX_TLP_RED);
}

static void our_definitions_are_stix(void **state)
{
	(void)state;
	struct stix_marking m;
	for (size_t i = 0; stix_own_definitions[i] != NULL; i++) {
		read_one(stix_own_definitions[i], STIX_2_1, &m);
		assert_true(m.unknown); /* no marking definitions */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_forms),
		cmocka_unit_test(reads_our_extension_and_writes_it),
		cmocka_unit_test(knows_what_is_fixed),
		cmocka_unit_test(our_definitions_are_stix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
