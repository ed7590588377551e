/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/edges.h"

#include "base/utc.h"
#include "state_world.h"

#define S NS_SECOND

static void add_edge(const char *id, const char *kind, int64_t heard_s, int64_t receipt_s)
{
	assert_int_equal(
		state_run(s,
			  "INSERT INTO edges(id, name, kind, ed25519, program, enrolled, heard, receipt_at) "
			  "VALUES(?, ?, ?, x'00', '', 0, ?, ?)",
			  "tttii", id, id, kind, heard_s * S, receipt_s * S),
		HN_OK);
}

static void add_receipt(const char *edge, int64_t number, int64_t seconds)
{
	assert_int_equal(
		state_run(
			s,
			"INSERT INTO receipts(edge, number, came, begins, ends, digest, finding, finding_ja, "
			"seen, selected, erased, pending, not_seen, line) VALUES(?, ?, 0, 1000, 1000 + ?, "
			"x'00', '', '', 0, 0, 0, 0, 0, x'00')",
			"tii", edge, number, seconds * S),
		HN_OK);
}

struct told {
	char ids[256];
	int64_t since_ns;
};

static int tell(void *context, sqlite3_stmt *row)
{
	struct told *t = context;
	size_t len = strlen(t->ids);
	(void)snprintf(t->ids + len, sizeof(t->ids) - len, "%s ", state_text(row, 0));
	t->since_ns = sqlite3_column_int64(row, 1);
	return HN_OK;
}

static void assert_silent(int64_t interval_s, int64_t began_s, int64_t now_s, const char *ids)
{
	struct told t = {{0}, 0};
	assert_int_equal(edges_silent(s, interval_s * S, began_s * S, now_s * S, tell, &t), HN_OK);
	assert_string_equal(t.ids, ids);
}

static void silence_is_two_of_each_ones_own_intervals(void **state)
{
	(void)state;
	/* A sensor's word is its receipt; health alone does not make it heard. */
	add_edge("a-ten", "sensor", 5000, 1000);
	add_edge("b-hour", "sensor", 1000, 1000);
	add_edge("c-none", "sensor", 1000, 1000);
	add_edge("d-resolver", "resolver", 1000, 0);
	for (int64_t i = 1; i <= 20; i++)
		add_receipt("a-ten", i, i == 20 ? 3 : 10);
	add_receipt("b-hour", 1, 7200); /* as long as it may be: an hour */
	assert_silent(60, 0, 1020, "");
	assert_silent(60, 0, 1021, "a-ten ");
	assert_silent(60, 0, 1121, "a-ten c-none d-resolver ");
	assert_silent(300, 0, 1121, "a-ten ");
	assert_silent(60, 0, 1000 + 7200, "a-ten c-none d-resolver ");
	assert_silent(60, 0, 1000 + 7201, "a-ten b-hour c-none d-resolver ");
	/* What was before this program listened is nobody's silence. */
	assert_silent(60, 1100, 1119, "");
	assert_silent(60, 1100, 1121, "a-ten ");
}

static void no_interval_is_shorter_than_a_second(void **state)
{
	(void)state;
	add_edge("a", "sensor", 1000, 1000);
	add_receipt("a", 1, 0);
	assert_silent(60, 0, 1002, "");
	assert_silent(60, 0, 1003, "a ");
}

static void a_revoked_edge_is_missed_by_nobody(void **state)
{
	(void)state;
	static const char *const blanks[] = {"", " ", "\t \n"};
	add_edge("a", "sensor", 1000, 1000);
	for (size_t i = 0; i < COUNT(blanks); i++)
		assert_int_equal(edges_revoke(s, "a", "tanaka", blanks[i]), HN_EFORMAT);
	assert_int_equal(edges_revoke(s, "b", "tanaka", "stolen"), HN_ENOENT);
	assert_silent(60, 0, 9000, "a ");
	assert_int_equal(edges_revoke(s, "a", "tanaka", "stolen"), HN_OK);
	assert_int_equal(edges_revoke(s, "a", "tanaka", "stolen"), HN_ENOENT);
	assert_silent(60, 0, 9000, "");
	assert_int_equal(number_of("SELECT count(*) FROM outbox WHERE kind = 'witness.edge-revoked'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silence_is_two_of_each_ones_own_intervals, begin, end),
		cmocka_unit_test_setup_teardown(no_interval_is_shorter_than_a_second, begin, end),
		cmocka_unit_test_setup_teardown(a_revoked_edge_is_missed_by_nobody, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
