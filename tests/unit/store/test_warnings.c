/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/warnings.h"

#include "directory_world.h"
#include "match/canonical.h"

enum { CENTRE = 1, FIRST = 2, POWER = 10, ANA = 30, TOP = 50, OWN = 51 };

static struct asker first, ana;

static void begin(struct directory_world *d)
{
	world_begin(d);
	assert_int_equal(world_person(d, FIRST, 0, &first), HN_OK);
	world_must_put(d, &first, DIRECTORY_ORGANISATION, POWER,
		       "{'kind':'operator','names':[{'language':'en','name':'Power'}]}");
	world_must_put(d, &first, DIRECTORY_PERSON, ANA,
		       "{'login':'ana','places':[{'organisation':@10,'roles':['analyst']}]}");
	assert_int_equal(world_person(d, ANA, 0, &ana), HN_OK);
}

struct job {
	struct directory_world *d;
	const struct asker *actor;
	struct uuid id;
	int64_t revision;
	const char *text;
	int (*run)(struct writing *w, struct job *job);
	struct warning_summary summary;
};

static int put(struct writing *w, struct job *job)
{
	return warnings_put(w, job->actor, &job->id, job->revision, job->text, strlen(job->text),
			    &job->d->revision, &job->d->fault);
}

static int content(struct writing *w, struct job *job)
{
	const uint8_t *data = (const uint8_t *)job->text;
	int err = warnings_examine(data, strlen(job->text), &job->summary, &job->d->fault);
	return err != HN_OK
		       ? err
		       : warnings_content(w, job->actor, &job->id, job->revision > 0 ? job->revision : -1,
					  data, strlen(job->text), &job->summary, &job->d->revision,
					  &job->d->fault);
}

static int take_away(struct writing *w, struct job *job)
{
	return warnings_remove(w, job->actor, &job->id, &job->d->fault);
}

static int run_job(struct writing *w, void *context)
{
	struct job *job = context;
	return job->run(w, job);
}

static int change(struct directory_world *d, const struct asker *actor,
		  int (*run)(struct writing *w, struct job *job), unsigned id, int64_t revision,
		  const char *text)
{
	struct job job = {
		.d = d, .actor = actor, .id = world_uuid(id), .revision = revision, .text = text, .run = run};
	return store_write(d->w.store, run_job, &job);
}

static size_t find(struct warnings *image, const char *value, int64_t consumer, const char *way,
		   struct warning_hit hits[4])
{
	struct canonical key;
	assert_int_equal(canonical_value(value, strlen(value), &key), HN_OK);
	return warnings_find(image, &key.key, consumer, way, hits, 4);
}

static void each_consumer_and_way_has_its_action(void **state)
{
	(void)state;
	struct directory_world d;
	struct warnings *image;
	struct warning_hit hits[4];
	char power[UUID_TEXT_SIZE], text[400];
	begin(&d);
	int64_t number = ana.organisation;
	assert_int_equal(change(&d, &first, put, TOP, 0, "{\"name\":\"Top sites\"}"), HN_OK);
	assert_int_equal(change(&d, &first, content, TOP, -1, "example.com\n198.51.100.0/24\n"), HN_OK);
	(void)snprintf(text, sizeof(text),
		       "{\"name\":\"Own\",\"action\":\"off\",\"rules\":[{\"consumer\":\"%s\",\"action\":"
		       "\"block\"},{\"export\":\"rpz\",\"action\":\"inform\"}]}",
		       world_uuid_text(POWER, power));
	assert_int_equal(change(&d, &first, put, OWN, 0, text), HN_OK);
	assert_int_equal(change(&d, &first, content, OWN, -1,
				"{\"name\":\"x\",\"type\":\"hostname\",\"list\":[\"example.com\","
				"\"example.net\"]}"),
			 HN_OK);
	assert_int_equal(warnings_open(d.w.store, &image, &d.fault), HN_OK);
	assert_int_equal(find(image, "example.org", number, "sets", hits), 0);
	assert_int_equal(find(image, "198.51.100.7", 0, "sets", hits), 1);
	assert_string_equal(hits[0].name, "Top sites");
	assert_int_equal(hits[0].action, WARNING_INFORM);
	assert_int_equal(find(image, "example.com", 0, "sets", hits), 1);
	assert_int_equal(find(image, "example.net", 0, "sets", hits), 0);
	assert_int_equal(find(image, "example.net", 0, "rpz", hits), 1);
	/* The strictest stands first. */
	assert_int_equal(find(image, "example.com", number, "sets", hits), 2);
	assert_string_equal(hits[0].name, "Own");
	assert_int_equal(hits[0].action, WARNING_BLOCK);
	/* What was taken away is seen by who asks for what is current. */
	assert_int_equal(change(&d, &first, take_away, OWN, -1, ""), HN_OK);
	assert_int_equal(warnings_current(image), HN_OK);
	assert_int_equal(find(image, "example.net", number, "rpz", hits), 0);
	warnings_close(image);
	world_finish(&d);
}

static bool meets(struct warnings *image, int64_t seq, const char *value)
{
	struct canonical key;
	assert_int_equal(canonical_value(value, strlen(value), &key), HN_OK);
	return warnings_meet(image, seq, &key.key, 1);
}

static void what_meets_no_list_is_remembered_until_lists_change(void **state)
{
	(void)state;
	struct directory_world d;
	struct warnings *image;
	begin(&d);
	assert_int_equal(change(&d, &first, put, TOP, 0, "{\"name\":\"Top\",\"action\":\"off\"}"), HN_OK);
	assert_int_equal(change(&d, &first, content, TOP, -1, "example.com\n"), HN_OK);
	assert_int_equal(warnings_open(d.w.store, &image, &d.fault), HN_OK);
	assert_false(warnings_spares(image, 7));
	assert_false(meets(image, 7, "example.org"));
	assert_true(warnings_spares(image, 7));
	assert_false(warnings_spares(image, 8));
	/* Whatever is said of the list: a rule may ask for more than the list's own action. */
	assert_true(meets(image, 8, "example.com"));
	assert_false(warnings_spares(image, 8));
	assert_false(meets(image, 0, "example.org"));
	assert_false(warnings_spares(image, 0));
	assert_int_equal(change(&d, &first, content, TOP, -1, "example.org\n"), HN_OK);
	assert_true(warnings_spares(image, 7));
	assert_int_equal(warnings_current(image), HN_OK);
	assert_false(warnings_spares(image, 7));
	assert_true(meets(image, 7, "example.org"));
	warnings_close(image);
	world_finish(&d);
}

static void what_is_wrong_is_refused_at_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int err;
		const char *place;
	} cases[] = {
		{"{}", HN_EFORMAT, "/name"},
		{"{\"name\":\"x\",\"action\":\"burn\"}", HN_EFORMAT, "/action"},
		{"{\"name\":\"x\",\"more\":1}", HN_EFORMAT, "/more"},
		{"{\"name\":\"x\",\"rules\":[{\"action\":\"block\"},{\"export\":\"fax\",\"action\":\"block\"}"
		 "]}",
		 HN_EFORMAT, "/rules/1/export"},
		{"{\"name\":\"x\",\"rules\":[{\"export\":\"rpz\"}]}", HN_EFORMAT, "/rules/0/action"},
		{"{\"name\":\"x\",\"rules\":[{\"action\":\"block\",\"consumer\":\"00000000-0000-4000-8000-"
		 "00000000ffff\"}]}",
		 HN_ENOENT, "/rules"},
	};
	struct directory_world d;
	begin(&d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&d.fault, 0, sizeof(d.fault));
		int err = change(&d, &first, put, TOP, 0, cases[i].text);
		if (err != cases[i].err || strcmp(d.fault.place, cases[i].place) != 0)
			fail_msg("%s: %d at %s", cases[i].text, err, d.fault.place);
	}
	/* Only the centre's people change lists. */
	assert_int_equal(change(&d, &ana, put, TOP, 0, "{\"name\":\"x\"}"), HN_EAUTH);
	assert_int_equal(change(&d, &first, content, TOP, -1, "example.com\n"), HN_ENOENT);
	assert_int_equal(change(&d, &first, take_away, TOP, -1, ""), HN_ENOENT);
	assert_int_equal(change(&d, &first, put, TOP, 0, "{\"name\":\"x\"}"), HN_OK);
	int64_t revision = d.revision;
	assert_int_equal(change(&d, &first, put, TOP, 0, "{\"name\":\"y\"}"), HN_EEXIST);
	assert_int_equal(change(&d, &first, put, TOP, revision + 7, "{\"name\":\"y\"}"), HN_ESTATE);
	assert_int_equal(change(&d, &first, put, TOP, revision, "{\"name\":\"x\"}"), HN_OK);
	assert_int_equal(d.revision, revision);
	assert_int_equal(change(&d, &first, content, TOP, -1, "{\"list\":[1,]}"), HN_EFORMAT);
	world_finish(&d);
}

static void lists_are_told_with_what_they_hold(void **state)
{
	(void)state;
	struct directory_world d;
	struct reader *reader;
	struct buf out;
	int64_t revision;
	struct uuid id = world_uuid(TOP);
	begin(&d);
	buf_init(&out, 1 << 16);
	assert_int_equal(change(&d, &first, put, TOP, 0, "{\"name\":\"Top\"}"), HN_OK);
	assert_int_equal(change(&d, &first, content, TOP, -1, "example.com\n"), HN_OK);
	assert_int_equal(store_read(d.w.store, &ana, &reader), HN_OK);
	assert_int_equal(warnings_get(reader, &id, &out, &revision), HN_OK);
	assert_int_equal(revision, d.revision);
	assert_string_equal(out.data, "{\"id\":\"00000000-0000-4000-8000-000000000032\",\"name\":\"Top\","
				      "\"values\":1,\"unusable\":0,\"form\":\"list\"}");
	buf_reset(&out);
	assert_int_equal(warnings_list(reader, &out), HN_OK);
	assert_non_null(strstr(out.data, "\"name\":\"Top\""));
	reader_end(reader);
	struct asker nobody;
	asker_public(&nobody);
	assert_int_equal(store_read(d.w.store, &nobody, &reader), HN_OK);
	assert_int_equal(warnings_get(reader, &id, &out, &revision), HN_ENOENT);
	reader_end(reader);
	buf_clear(&out);
	world_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_consumer_and_way_has_its_action),
		cmocka_unit_test(what_meets_no_list_is_remembered_until_lists_change),
		cmocka_unit_test(what_is_wrong_is_refused_at_its_place),
		cmocka_unit_test(lists_are_told_with_what_they_hold),
	};
	return cmocka_run_group_tests_name("warnings", tests, NULL, NULL);
}
