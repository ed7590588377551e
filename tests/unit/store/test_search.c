/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "object_world.h"
#include "store/search.h"

static struct store_world world;

static int begin(void **state)
{
	(void)state;
	world_open(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static int index_job(struct writing *w, void *context)
{
	return search_index(w, 3, context);
}

static void index_all(void)
{
	bool more = true;
	while (more)
		assert_int_equal(store_write(world.store, index_job, &more), HN_OK);
}

/* An indicator with this pattern and name. */
static const char *a_pattern(unsigned number, const char *pattern, const char *name)
{
	static char text[4096];
	snprintf(text, sizeof(text),
		 "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--8e2e2d2b-17d4-4cbf-"
		 "938f-%012u\","
		 "\"created\":\"2026-01-01T00:00:00.000Z\",\"modified\":\"2026-01-01T00:00:00.000Z\","
		 "\"name\":\"%s\","
		 "\"pattern\":\"%s\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"}",
		 number, name, pattern);
	return text;
}

static const char *found_as(const struct asker *who, enum search_by by, const char *text, size_t page)
{
	static struct told told;
	struct search s = {.by = by, .text = text, .len = strlen(text), .limit = page};
	bool more = true, cut;
	memset(&told, 0, sizeof(told));
	while (more) {
		struct reader *r;
		struct fault fault = {0};
		assert_int_equal(store_read(world.store, who, &r), HN_OK);
		int err = search_objects(r, &s, world_tell, &told, &more, &cut, &fault);
		reader_end(r);
		if (err != HN_OK) {
			assert_string_not_equal(fault.message, "");
			return "refused";
		}
		assert_false(cut);
		s.before_seq = told.last;
	}
	return told.text;
}

static void fill(void)
{
	static const struct {
		unsigned number;
		const char *pattern, *name;
	} objects[] = {
		{1, "[ipv4-addr:value = '192.0.2.7']", "C2 server of Kasumi"},
		{2, "[ipv4-addr:value = '192.0.2.0/24']", "標的型攻撃の基盤"},
		{3, "[domain-name:value = 'www.evil.example']", "ランサムウェア"},
		{4, "[domain-name:value = 'evil.example'] OR [ipv4-addr:value = '198.51.100.9']", "evil"},
		{5, "[url:value = 'http://evil.example/login']", "Phishing of ＡＰＴ４０"},
		{6,
		 "[file:hashes.'SHA-256' = "
		 "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
		 "empty file; see CVE-2024-1234"},
		{7, "[ipv6-addr:value = '2001:db8::1']", "攻撃者"},
		{8, "[ipv4-addr:value = '192.0.0.0/16']", "wide"},
		{9, "[vulnerability:name = 'CVE-2024-1234']", "hole"},
		{10, "[email-addr:value = 'alice@example.jp']", "sender"},
	};
	const struct label green = a_label(ACME, TLP_GREEN);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		assert_int_equal(world_add(&world,
					   a_pattern(objects[i].number, objects[i].pattern, objects[i].name),
					   &green),
				 OBJECT_NEW);
	index_all();
}

static void finds(void **state)
{
	(void)state;
	fill();
	const struct asker cord = an_asker(CORD);
	static const struct {
		enum search_by by;
		const char *text, *found;
	} cases[] = {
		/* An address is found itself and by the prefixes around it. */
		{SEARCH_VALUE, "192.0.2.7", "8/1 2/1 1/1"},
		{SEARCH_VALUE, "192.0.2.8", "8/1 2/1"},
		{SEARCH_VALUE, "192.0.3.1", "8/1"},
		{SEARCH_VALUE, "192.0.2.0/24", "8/1 2/1"},
		{SEARCH_VALUE, "203.0.113.1", ""},
		{SEARCH_VALUE, "2001:DB8:0::1", "7/1"},
		{SEARCH_VALUE, "EVIL.example.", "4/1"},
		{SEARCH_VALUE, "www.evil.example", "3/1"},
		{SEARCH_VALUE, "http://evil.example/login", "5/1"},
		{SEARCH_VALUE, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "6/1"},
		{SEARCH_VALUE, "cve-2024-1234", "9/1"},
		{SEARCH_VALUE, "Alice@Example.JP", "10/1"},
		{SEARCH_VALUE, "", "refused"},
		{SEARCH_INSIDE, "192.0.2.0/24", "2/1 1/1"},
		{SEARCH_INSIDE, "192.0.0.0/16", "8/1 2/1 1/1"},
		{SEARCH_INSIDE, "192.0.2.6/31", "1/1"},
		{SEARCH_INSIDE, "0.0.0.0/0", "8/1 4/1 2/1 1/1"},
		{SEARCH_INSIDE, "2001:db8::/32", "7/1"},
		{SEARCH_INSIDE, "evil.example", "4/1 3/1"},
		{SEARCH_INSIDE, "example", "4/1 3/1"},
		{SEARCH_INSIDE, "vil.example", ""},
		{SEARCH_INSIDE, "e3b0c44298fc1c149afbf4c8996fb924", "refused"},
		{SEARCH_PATTERN,
		 "[ipv4-addr:value = '198.51.100.9' AND domain-name:value = 'www.evil.example']", "4/1 3/1"},
		{SEARCH_PATTERN, "[ipv4-addr:value = ", "refused"},
		{SEARCH_TEXT, "kasumi", "1/1"},
		{SEARCH_TEXT, "攻撃", "7/1 2/1"},
		{SEARCH_TEXT, "攻", "7/1 2/1"},
		{SEARCH_TEXT, "標的型 基盤", "2/1"},
		{SEARCH_TEXT, "ﾗﾝｻﾑ", "3/1"},
		{SEARCH_TEXT, "apt40", "5/1"},
		{SEARCH_TEXT, "C2 攻撃", ""},
		{SEARCH_TEXT, "\" OR 1 = 1 --", ""},
		{SEARCH_TEXT, "evil\" OR \"c2", ""},
		{SEARCH_TEXT, "!?", "refused"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(found_as(&cord, cases[i].by, cases[i].text, 50), cases[i].found);
		assert_string_equal(found_as(&cord, cases[i].by, cases[i].text, 1), cases[i].found);
	}
}

static void finds_newest_versions_only(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker cord = an_asker(CORD);
	assert_int_equal(world_add(&world, an_indicator(9, 1, ",\"name\":\"before\""), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(9, 2, ",\"name\":\"after\""), &green), OBJECT_NEWER);
	index_all();
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "before", 9), "");
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "after", 9), "9/2");
	assert_string_equal(found_as(&cord, SEARCH_VALUE, "192.0.2.9", 9), "9/2");
}

static void finds_for_nobody_what_he_may_not_see(void **state)
{
	(void)state;
	const struct asker acme = an_asker(ACME), cord = an_asker(CORD);
	const struct label red = a_label(ACME, TLP_RED);
	assert_int_equal(world_add(&world, a_pattern(1, "[ipv4-addr:value = '192.0.2.7']", "secret"), &red),
			 OBJECT_NEW);
	struct an_adding a = {.json = an_indicator(7, 1, ",\"name\":\"shown\",\"description\":\"hidden\""),
			      .label = a_label(ACME, TLP_GREEN),
			      .part_label = red,
			      .part = "description"};
	assert_int_equal(store_write(world.store, world_add_job, &a), HN_OK);
	index_all();
	assert_string_equal(found_as(&acme, SEARCH_VALUE, "192.0.2.7", 9), "7/1 1/1");
	assert_string_equal(found_as(&cord, SEARCH_VALUE, "192.0.2.7", 9), "~0/1");
	assert_string_equal(found_as(&acme, SEARCH_TEXT, "hidden", 9), "7/1");
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "hidden", 9), "");
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "shown", 9), "~0/1");
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "shown hidden", 9), "");
}

struct links {
	char text[4096];
	size_t len;
};

static int note_link(void *context, const struct correlation *value, const struct object_row *other)
{
	struct links *l = context;
	char *at = l->text + l->len;
	size_t room = sizeof(l->text) - l->len;
	int n = other == NULL ? snprintf(at, room, "%s%.*s:%s", l->len == 0 ? "" : " ", (int)value->len,
					 value->text, value->cut ? "cut" : "")
			      : snprintf(at, room, "%02x,", other->id.uuid.bytes[15]);
	l->len += (size_t)n;
	return HN_OK;
}

static const char *links_of(const struct asker *who, unsigned number, size_t limit)
{
	static struct links links;
	struct reader *r;
	struct stix_id id;
	char name[80];
	links = (struct links){.len = 0};
	snprintf(name, sizeof(name), "indicator--8e2e2d2b-17d4-4cbf-938f-%012u", number);
	assert_int_equal(stix_id_parse(name, strlen(name), &id), HN_OK);
	assert_int_equal(store_read(world.store, who, &r), HN_OK);
	int err = search_correlations(r, &id, limit, note_link, &links);
	reader_end(r);
	return err == HN_ENOENT ? "none" : links.text;
}

static void correlates_up_to_a_limit(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN), red = a_label(ACME, TLP_RED);
	const struct asker acme = an_asker(ACME), cord = an_asker(CORD);
	const char *shared = "[ipv4-addr:value = '192.0.2.7']";
	assert_int_equal(world_add(&world, a_pattern(1, shared, "a"), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, a_pattern(2, shared, "b"), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, a_pattern(3, shared, "c"), &red), OBJECT_NEW);
	index_all();
	assert_string_equal(links_of(&cord, 1, 5), "192.0.2.7:02,");
	assert_string_equal(links_of(&acme, 1, 5), "192.0.2.7:03,02,");
	assert_string_equal(links_of(&acme, 1, 1), "192.0.2.7:cut");
	assert_string_equal(links_of(&cord, 1, 1), "192.0.2.7:02,");
	assert_string_equal(links_of(&cord, 3, 5), "none");
	/* Several values of one object. */
	assert_int_equal(
		world_add(&world,
			  a_pattern(4, "[ipv4-addr:value = '192.0.2.7' OR ipv4-addr:value = '203.0.113.8']",
				    "d"),
			  &green),
		OBJECT_NEW);
	assert_int_equal(world_add(&world, a_pattern(5, "[ipv4-addr:value = '203.0.113.8']", "e"), &green),
			 OBJECT_NEW);
	index_all();
	assert_string_equal(links_of(&cord, 4, 5), "192.0.2.7:02,01, 203.0.113.8:05,");
	/* One whose value is hidden from the reader does not count towards the limit. */
	struct an_adding hidden = {.json = an_indicator(7, 1,
							",\"name\":\"shown\",\"external_references\":[{"
							"\"source_name\":\"x\",\"external_id\":\"1\"}]"),
				   .label = green,
				   .part_label = red,
				   .part = "external_references"};
	assert_int_equal(store_write(world.store, world_add_job, &hidden), HN_OK);
	const char *refers = ",\"external_references\":[{\"source_name\":\"x\",\"external_id\":\"1\"}]";
	assert_int_equal(world_add(&world, an_indicator(8, 1, refers), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(9, 1, refers), &green), OBJECT_NEW);
	index_all();
	assert_string_equal(links_of(&cord, 8, 1), "x:1:09,");
	assert_string_equal(links_of(&acme, 8, 1), "x:1:cut");
}

static void says_how_far_it_is(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker cord = an_asker(CORD);
	int64_t indexed, latest;
	struct reader *r;
	assert_int_equal(world_add(&world, an_indicator(1, 1, ""), &green), OBJECT_NEW);
	assert_int_equal(store_read(world.store, &cord, &r), HN_OK);
	assert_int_equal(search_reach(r, &indexed, &latest), HN_OK);
	reader_end(r);
	assert_true(indexed < latest);
	index_all();
	assert_int_equal(store_read(world.store, &cord, &r), HN_OK);
	assert_int_equal(search_reach(r, &indexed, &latest), HN_OK);
	reader_end(r);
	assert_true(indexed == latest);
}

static int put_job(struct writing *w, void *context)
{
	return search_ready_put(w, context);
}

static void work_out(struct search_ready *ready, size_t limit, size_t taken_wanted, bool more_wanted)
{
	const struct asker cord = an_asker(CORD);
	struct reader *r;
	size_t taken;
	bool more;
	assert_int_equal(store_read(world.store, &cord, &r), HN_OK);
	assert_int_equal(search_ready_work(r, limit, ready, &taken, &more), HN_OK);
	reader_end(r);
	assert_int_equal(taken, taken_wanted);
	assert_int_equal(more, more_wanted);
}

/* Rows that another was first to put in are not put in again, nor is the index led back. */
static void rows_worked_out_twice(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker cord = an_asker(CORD);
	struct search_ready *one, *other;
	assert_int_equal(search_ready_new(&one), HN_OK);
	assert_int_equal(search_ready_new(&other), HN_OK);
	work_out(one, 10, 0, false);
	assert_int_equal(store_write(world.store, put_job, one), HN_OK);
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(
			world_add(&world, a_pattern(i, "[ipv4-addr:value = '192.0.2.7']", "evil"), &green),
			OBJECT_NEW);
	work_out(one, 2, 2, true);
	work_out(other, 10, 5, false);
	assert_int_equal(store_write(world.store, put_job, other), HN_OK);
	assert_int_equal(store_write(world.store, put_job, one), HN_OK);
	assert_string_equal(found_as(&cord, SEARCH_TEXT, "evil", 10), "5/1 4/1 3/1 2/1 1/1");
	assert_string_equal(found_as(&cord, SEARCH_VALUE, "192.0.2.7", 10), "5/1 4/1 3/1 2/1 1/1");
	work_out(one, 10, 0, false);
	search_ready_free(one);
	search_ready_free(other);
	search_ready_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds, begin, end),
		cmocka_unit_test_setup_teardown(finds_newest_versions_only, begin, end),
		cmocka_unit_test_setup_teardown(finds_for_nobody_what_he_may_not_see, begin, end),
		cmocka_unit_test_setup_teardown(correlates_up_to_a_limit, begin, end),
		cmocka_unit_test_setup_teardown(says_how_far_it_is, begin, end),
		cmocka_unit_test_setup_teardown(rows_worked_out_twice, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
