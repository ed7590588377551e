/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/utc.h"
#include "object_world.h"

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

#define SEE(who, filter) world_see(&world, (who), (filter), 3)

static void keeps_versions(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker acme = an_asker(ACME);
	static const struct {
		unsigned day;
		const char *more;
		enum object_outcome outcome;
		const char *last, *first, *all;
	} steps[] = {
		{5, "", OBJECT_NEW, "1/5", "1/5", "1/5"},
		{5, "", OBJECT_SAME, "1/5", "1/5", "1/5"},
		{5, ",\"confidence\":7", OBJECT_CONFLICT, "1/5", "1/5", "1/5"},
		{9, "", OBJECT_NEWER, "1/9", "1/5", "1/5 1/9"},
		{7, ",\"confidence\":7", OBJECT_OLDER, "1/9", "1/5", "1/5 1/9 1/7"},
		{7, ",\"confidence\" : 7 ", OBJECT_SAME, "1/9", "1/5", "1/5 1/9 1/7"},
		{2, "", OBJECT_OLDER, "1/9", "1/2", "1/5 1/9 1/7 1/2"},
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(world_add(&world, an_indicator(1, steps[i].day, steps[i].more), &green),
				 steps[i].outcome);
		struct object_filter f = {.content = true};
		assert_string_equal(SEE(&acme, &f), steps[i].last);
		f.versions = OBJECT_FIRST;
		assert_string_equal(SEE(&acme, &f), steps[i].first);
		f.versions = OBJECT_ALL;
		assert_string_equal(SEE(&acme, &f), steps[i].all);
		assert_int_equal(world_count(&world, &acme, NULL), 1);
	}
	int64_t day_7 = (1767225600 + 6 * 86400) * NS_SECOND;
	struct object_filter f = {.version_ns = &day_7, .version_count = 1, .content = false};
	assert_string_equal(SEE(&acme, &f), "1/7");
	f.versions = OBJECT_FIRST;
	assert_string_equal(SEE(&acme, &f), "1/7 1/2");
}

static int keep_bytes(void *context, const struct object_row *row)
{
	buf_add(context, row->bytes, row->len);
	return HN_OK;
}

static void gives_back_the_bytes_that_came(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker acme = an_asker(ACME);
	const char *odd =
		an_indicator(3, 4, " ,\n\t\"name\" : \"\\u653b\\u6483\",  \"x_custom\" : [ 1.50, 2e1 ]");
	assert_int_equal(world_add(&world, odd, &green), OBJECT_NEW);
	struct stix_id id;
	const char *name = "indicator--8e2e2d2b-17d4-4cbf-938f-000000000003";
	assert_int_equal(stix_id_parse(name, strlen(name), &id), HN_OK);
	struct reader *r;
	struct buf bytes;
	buf_init(&bytes, 1u << 20);
	assert_int_equal(store_read(world.store, &acme, &r), HN_OK);
	assert_int_equal(objects_get(r, &id, keep_bytes, &bytes), HN_OK);
	reader_end(r);
	assert_int_equal(bytes.len, strlen(odd));
	assert_memory_equal(bytes.data, odd, bytes.len);
	buf_clear(&bytes);
}

static void keeps_copies_of_two_organisations_apart(void **state)
{
	(void)state;
	const struct label red = a_label(ACME, TLP_RED), green = a_label(BOLT, TLP_GREEN);
	const struct asker acme = an_asker(ACME), bolt = an_asker(BOLT), cord = an_asker(CORD);
	assert_int_equal(world_add(&world, an_indicator(1, 8, ",\"confidence\":1"), &red), OBJECT_NEW);
	assert_string_equal(SEE(&cord, NULL), "");
	/* The same identifier with another content: neither learns of the other. */
	assert_int_equal(world_add(&world, an_indicator(1, 8, ",\"confidence\":2"), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(1, 6, ""), &green), OBJECT_OLDER);
	assert_string_equal(SEE(&cord, NULL), "1/8");
	assert_string_equal(SEE(&bolt, NULL), "1/8");
	assert_string_equal(SEE(&acme, NULL), "1/8"); /* of two that it sees, one */
	const struct object_filter all = {.versions = OBJECT_ALL, .content = true};
	assert_string_equal(SEE(&cord, &all), "1/8 1/6");
	assert_string_equal(SEE(&acme, &all), "1/8 1/6");
	/* A later version of either is the newest to who sees it. */
	assert_int_equal(world_add(&world, an_indicator(1, 9, ""), &red), OBJECT_NEWER);
	assert_string_equal(SEE(&acme, NULL), "1/9");
	assert_string_equal(SEE(&cord, NULL), "1/8");
}

static void gives_the_copies_of_one_organisation(void **state)
{
	(void)state;
	const struct label red = a_label(ACME, TLP_RED), green = a_label(BOLT, TLP_GREEN);
	const struct asker acme = an_asker(ACME), cord = an_asker(CORD);
	assert_int_equal(world_add(&world, an_indicator(1, 8, ",\"confidence\":1"), &red), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(1, 6, ""), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(1, 7, ""), &green), OBJECT_NEWER);
	assert_int_equal(world_add(&world, an_indicator(2, 3, ""), &green), OBJECT_NEW);
	assert_string_equal(SEE(&acme, NULL), "1/8 2/3");
	const struct object_filter bolts = {.owner = BOLT, .content = true}, acmes = {.owner = ACME};
	assert_string_equal(SEE(&acme, &bolts), "1/7 2/3");
	assert_string_equal(SEE(&cord, &bolts), "1/7 2/3");
	assert_string_equal(SEE(&acme, &acmes), "1/8");
	assert_string_equal(SEE(&cord, &acmes), "");
	const struct object_filter first = {.owner = BOLT, .versions = OBJECT_FIRST};
	assert_string_equal(SEE(&acme, &first), "1/6 2/3");
	const struct object_filter all = {.owner = BOLT, .versions = OBJECT_ALL};
	assert_string_equal(SEE(&cord, &all), "1/6 1/7 2/3");
	const struct object_filter nobody = {.owner = -1};
	assert_string_equal(SEE(&acme, &nobody), "");
	struct reader *r;
	uint64_t count;
	assert_int_equal(store_read(world.store, &acme, &r), HN_OK);
	assert_int_equal(objects_count(r, "indicator", BOLT, &count), HN_OK);
	assert_int_equal(count, 2);
	assert_int_equal(objects_count(r, NULL, ACME, &count), HN_OK);
	assert_int_equal(count, 1);
	reader_end(r);
}

static void covers_older_versions_by_the_newest_label(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN), red = a_label(ACME, TLP_RED);
	const struct asker acme = an_asker(ACME), cord = an_asker(CORD);
	const struct object_filter all = {.versions = OBJECT_ALL};
	assert_int_equal(world_add(&world, an_indicator(1, 1, ""), &green), OBJECT_NEW);
	assert_int_equal(world_add(&world, an_indicator(1, 3, ""), &red), OBJECT_NEWER);
	assert_int_equal(world_add(&world, an_indicator(1, 2, ""), &green), OBJECT_OLDER);
	assert_string_equal(SEE(&acme, &all), "1/1 1/3 1/2");
	assert_string_equal(SEE(&cord, &all), "");
	assert_int_equal(world_count(&world, &cord, NULL), 0);
	/* Opened again, the green ones are seen, the red one in the middle is not. */
	assert_int_equal(world_add(&world, an_indicator(1, 4, ""), &green), OBJECT_NEWER);
	assert_string_equal(SEE(&cord, &all), "1/1 1/2 1/4");
	assert_int_equal(world_count(&world, &cord, "indicator"), 1);
	assert_int_equal(world_count(&world, &cord, "malware"), 0);
}

static void masks_parts(void **state)
{
	(void)state;
	const struct asker acme = an_asker(ACME), cord = an_asker(CORD);
	struct an_adding a = {.json = an_indicator(5, 2, ",\"description\":\"who told us\""),
			      .label = a_label(ACME, TLP_GREEN),
			      .part_label = a_label(ACME, TLP_RED),
			      .part = "description"};
	assert_int_equal(store_write(world.store, world_add_job, &a), HN_OK);
	assert_string_equal(SEE(&acme, NULL), "5/2");
	assert_string_equal(SEE(&cord, NULL), "~0/2");
	struct stix_id id;
	const char *name = "indicator--8e2e2d2b-17d4-4cbf-938f-000000000005";
	assert_int_equal(stix_id_parse(name, strlen(name), &id), HN_OK);
	struct reader *r;
	struct buf bytes;
	buf_init(&bytes, 1u << 20);
	assert_int_equal(store_read(world.store, &cord, &r), HN_OK);
	/* Nothing leads from the whole's identifier to the rendition. */
	assert_int_equal(objects_get(r, &id, keep_bytes, &bytes), HN_ENOENT);
	bool more;
	const struct object_filter f = {.content = true};
	assert_int_equal(objects_page(r, &f, 9, keep_bytes, &bytes, &more), HN_OK);
	assert_null(memmem(bytes.data, bytes.len, "who told us", 11));
	assert_null(memmem(bytes.data, bytes.len, "000000000005", 12));
	/* By its own identifier it is found. */
	struct stix_object o;
	stix_object_init(&o);
	assert_int_equal(stix_object_read(&o, cur_of(bytes.data, bytes.len), STIX_2_1, &STIX_DEFAULTS, NULL),
			 HN_OK);
	struct buf again;
	buf_init(&again, 1u << 20);
	assert_int_equal(objects_get(r, &o.id, keep_bytes, &again), HN_OK);
	assert_int_equal(again.len, bytes.len);
	reader_end(r);
	assert_int_equal(store_read(world.store, &acme, &r), HN_OK);
	assert_int_equal(objects_get(r, &o.id, keep_bytes, &again), HN_ENOENT);
	reader_end(r);
	stix_object_clear(&o);
	buf_clear(&again);
	buf_clear(&bytes);
}

static void filters(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	const struct asker cord = an_asker(CORD);
	for (unsigned i = 1; i <= 8; i++) {
		struct an_adding a = {
			.json = an_indicator(i, i, ""), .label = green, .collection = i % 2 == 0 ? 4 : 0};
		assert_int_equal(store_write(world.store, world_add_job, &a), HN_OK);
	}
	assert_int_equal(world_add(&world,
				   "{\"type\":\"ipv4-addr\",\"spec_version\":\"2.1\",\"value\":\"192.0.2.9\","
				   "\"id\":\"ipv4-addr--8e2e2d2b-17d4-5cbf-938f-000000000009\"}",
				   &green),
			 OBJECT_NEW);
	struct object_filter f = {.collection = 4};
	assert_string_equal(SEE(&cord, &f), "2/2 4/4 6/6 8/8");
	const char *types[] = {"indicator", "no-such-type"};
	f = (struct object_filter){.types = types, .type_count = 2, .content = true};
	assert_string_equal(SEE(&cord, &f), "1/1 2/2 3/3 4/4 5/5 6/6 7/7 8/8");
	f.types = types + 1;
	f.type_count = 1;
	assert_string_equal(SEE(&cord, &f), "");
	struct stix_id ids[2];
	const char *names[] = {"indicator--8e2e2d2b-17d4-4cbf-938f-000000000007",
			       "malware--8e2e2d2b-17d4-4cbf-938f-000000000003"};
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(stix_id_parse(names[i], strlen(names[i]), &ids[i]), HN_OK);
	f = (struct object_filter){.ids = ids, .id_count = 2, .content = true};
	assert_string_equal(SEE(&cord, &f), "7/7");
	f = (struct object_filter){.specs = 1u << STIX_2_0};
	assert_string_equal(SEE(&cord, &f), "");
}

/* Who sees one object in many gets them page by page as anybody: found by his labels' index. */
static void finds_the_few_that_somebody_sees(void **state)
{
	(void)state;
	const struct label strict = a_label(ACME, TLP_RED);
	struct label named = a_label(ACME, TLP_RED), other = a_label(ACME, TLP_AMBER);
	named.recipients[0] = other.recipients[0] = CORD;
	named.recipient_count = other.recipient_count = 1;
	for (unsigned i = 1; i <= 400; i++) {
		const struct label *label = i == 150 || i == 151 || i == 390 ? &named
					    : i == 200                       ? &other
									     : &strict;
		assert_int_equal(world_add(&world, an_indicator(i % 1000, 1, ""), label), OBJECT_NEW);
	}
	assert_int_equal(world_add(&world, an_indicator(151, 2, ""), &named), OBJECT_NEWER);
	const struct asker cord = an_asker(CORD);
	const char *types[] = {"indicator"};
	for (size_t page = 1; page <= 6; page++) {
		const struct object_filter all = {.content = page % 2 == 0};
		const struct object_filter typed = {.types = types, .type_count = 1, .content = true};
		assert_string_equal(world_see(&world, &cord, &all, page), "150/1 200/1 390/1 151/2");
		assert_string_equal(world_see(&world, &cord, &typed, page), "150/1 200/1 390/1 151/2");
	}
	const struct object_filter versions = {.versions = OBJECT_ALL, .content = true};
	assert_string_equal(world_see(&world, &cord, &versions, 2), "150/1 151/1 200/1 390/1 151/2");
	types[0] = "malware";
	const struct object_filter none = {.types = types, .type_count = 1};
	assert_string_equal(world_see(&world, &cord, &none, 1), "");
}

/* Whoever asks for what came after the last number that he has seen misses nothing and gets nothing twice. */
static void numbers_rise_though_the_clock_stands(void **state)
{
	(void)state;
	const struct label green = a_label(ACME, TLP_GREEN);
	int64_t last = 0;
	for (unsigned i = 1; i <= 20; i++) {
		struct an_adding a = {.json = an_indicator(i, 1, ""), .label = green};
		if (i == 10)
			world.now_us -= 1000000; /* and goes back */
		assert_int_equal(store_write(world.store, world_add_job, &a), HN_OK);
		assert_true(a.seq > last);
		last = a.seq;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_versions, begin, end),
		cmocka_unit_test_setup_teardown(gives_back_the_bytes_that_came, begin, end),
		cmocka_unit_test_setup_teardown(keeps_copies_of_two_organisations_apart, begin, end),
		cmocka_unit_test_setup_teardown(gives_the_copies_of_one_organisation, begin, end),
		cmocka_unit_test_setup_teardown(covers_older_versions_by_the_newest_label, begin, end),
		cmocka_unit_test_setup_teardown(masks_parts, begin, end),
		cmocka_unit_test_setup_teardown(filters, begin, end),
		cmocka_unit_test_setup_teardown(finds_the_few_that_somebody_sees, begin, end),
		cmocka_unit_test_setup_teardown(numbers_rise_though_the_clock_stands, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
