/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/sources.h"

#include "directory_world.h"

enum { CENTRE = 1, FIRST = 2, POWER = 10, VENDOR = 13, RING = 20, ANA = 30, BOB = 31, FEED = 60, HANDS = 61 };

#define NAMES "'names':[{'language':'en','name':'x'}]"
#define ORG10 "00000000-0000-4000-8000-00000000000a"

static struct asker first, ana, bob;

static void begin(struct directory_world *d)
{
	world_begin(d);
	assert_int_equal(world_person(d, FIRST, 0, &first), HN_OK);
	world_must_put(d, &first, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@1}");
	world_must_put(d, &first, DIRECTORY_ORGANISATION, POWER, "{'kind':'operator'," NAMES "}");
	world_must_put(d, &first, DIRECTORY_ORGANISATION, VENDOR, "{'kind':'vendor'," NAMES "}");
	world_must_put(d, &first, DIRECTORY_PERSON, ANA,
		       "{'login':'ana','places':[{'organisation':@10,'roles':['analyst']}]}");
	world_must_put(d, &first, DIRECTORY_PERSON, BOB,
		       "{'login':'bob','places':[{'organisation':@13,'roles':['administrator']}]}");
	assert_int_equal(world_person(d, ANA, 0, &ana), HN_OK);
	assert_int_equal(world_person(d, BOB, 0, &bob), HN_OK);
}

struct job {
	struct directory_world *d;
	const struct asker *actor;
	struct uuid id;
	int64_t revision;
	const char *text;
	const struct source_use *use;
	const struct source_state *state;
	int64_t number;
};

static int put_job(struct writing *w, void *context)
{
	struct job *j = context;
	return sources_put(w, j->actor, &j->id, j->revision, j->text, strlen(j->text), &j->d->number,
			   &j->d->revision, &j->d->fault);
}

/* JSON with ' for ". */
static int put(struct directory_world *d, const struct asker *actor, unsigned id, int64_t revision,
	       const char *text)
{
	char json[1024];
	size_t len = strlen(text);
	assert_true(len < sizeof(json));
	for (size_t i = 0; i <= len; i++)
		json[i] = text[i] == '\'' ? '"' : text[i];
	memset(&d->fault, 0, sizeof(d->fault));
	struct job job = {.d = d, .actor = actor, .id = world_uuid(id), .revision = revision, .text = json};
	return store_write(d->w.store, put_job, &job);
}

static int count_job(struct writing *w, void *context)
{
	struct job *j = context;
	return sources_count(w, j->number, j->use);
}

static int state_job(struct writing *w, void *context)
{
	struct job *j = context;
	return sources_put_state(w, j->number, j->state);
}

static int run_job(struct writing *w, void *context)
{
	struct job *j = context;
	return sources_run_now(w, j->actor, &j->id, &j->d->fault);
}

static int secret_job(struct writing *w, void *context)
{
	struct job *j = context;
	return sources_put_secret(w, j->actor, &j->id, (const uint8_t *)j->text, strlen(j->text),
				  &j->d->fault);
}

static int find(struct directory_world *d, const struct asker *asker, unsigned id, struct source *out)
{
	struct reader *reader;
	struct uuid u = world_uuid(id);
	assert_int_equal(store_read(d->w.store, asker, &reader), HN_OK);
	int err = sources_find(reader, &u, out);
	reader_end(reader);
	return err;
}

static void a_source_has_what_was_said_of_it(void **state)
{
	(void)state;
	struct directory_world d;
	struct source s;
	begin(&d);
	assert_int_equal(put(&d, &ana, FEED, 0,
			     "{'name':'Feed','organisation':'" ORG10 "','kind':'taxii','where':"
			     "'https://cti.example/api/collections/1/','trust':70,'marking':{'tlp':'green',"
			     "'groups':['00000000-0000-4000-8000-000000000014']},'every':'PT1H',"
			     "'quota':{'objects_day':10,'bytes_fetch':1000}}"),
			 HN_OK);
	assert_int_equal(find(&d, &ana, FEED, &s), HN_OK);
	assert_int_equal(s.kind, SOURCE_TAXII);
	assert_int_equal(s.organisation, ana.organisation);
	assert_true(s.enabled && !s.by_default);
	assert_int_equal(s.trust, 70);
	assert_int_equal(s.label.tlp, TLP_GREEN);
	assert_int_equal(s.label.owner, ana.organisation);
	assert_int_equal(s.label.group_count, 1);
	assert_int_equal(s.every_us, INT64_C(3600) * 1000000);
	assert_int_equal(s.objects_day, 10);
	assert_int_equal(s.fetch_bytes, 1000);
	assert_string_equal(s.where, "https://cti.example/api/collections/1/");
	/* The centre knows it, others do not. */
	assert_int_equal(find(&d, &first, FEED, &s), HN_OK);
	assert_int_equal(find(&d, &bob, FEED, &s), HN_ENOENT);
	/* The same again changes nothing. */
	int64_t revision = d.revision;
	assert_int_equal(put(&d, &bob, FEED, -1,
			     "{'name':'Mine now','organisation':'00000000-0000-4000-8000-00000000000d',"
			     "'kind':'api'}"),
			 HN_ENOENT);
	assert_int_equal(put(&d, &ana, FEED, revision,
			     "{'name':'Feed 2','organisation':'" ORG10 "','kind':'taxii','where':"
			     "'https://cti.example/api/collections/1/'}"),
			 HN_OK);
	assert_int_equal(d.revision, revision + 1);
	world_finish(&d);
}

static void what_is_wrong_is_refused_at_its_place(void **state)
{
	(void)state;
#define HEAD "{'name':'x','organisation':'" ORG10 "',"
	static const struct {
		const char *text;
		int err;
		const char *place;
	} cases[] = {
		{"{'organisation':'" ORG10 "','kind':'api'}", HN_EFORMAT, "/name"},
		{HEAD "'kind':'fax'}", HN_EFORMAT, "/kind"},
		{HEAD "'kind':'csv'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'csv','where':'ftp://x/'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'csv','where':'https://me:secret@x/'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'csv','where':'https:///x'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'api','where':'https://x/'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'api','every':'PT1H'}", HN_EFORMAT, "/every"},
		{HEAD "'kind':'csv','where':'https://x/','every':'PT1S'}", HN_EFORMAT, "/every"},
		{HEAD "'kind':'csv','where':'https://x/','default':true}", HN_EFORMAT, "/default"},
		{HEAD "'kind':'api','trust':101}", HN_EFORMAT, "/trust"},
		{HEAD "'kind':'api','quota':{'objects_day':0}}", HN_EFORMAT, "/quota/objects_day"},
		{HEAD "'kind':'api','marking':{'tlp':'pink'}}", HN_EFORMAT, "/marking/tlp"},
		{HEAD "'kind':'api','marking':{'recipients':['00000000-0000-4000-8000-0000000000ff']}}",
		 HN_ENOENT, "/marking/recipients"},
		{HEAD "'kind':'api','credential':'x'}", HN_EFORMAT, "/credential"},
		{"{'name':'x','organisation':'00000000-0000-4000-8000-0000000000ff','kind':'api'}", HN_ENOENT,
		 "/organisation"},
		{"{'name':'x','organisation':'00000000-0000-4000-8000-00000000000d','kind':'api'}", HN_EAUTH,
		 "/organisation"},
	};
	struct directory_world d;
	begin(&d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = put(&d, &ana, FEED, 0, cases[i].text);
		if (err != cases[i].err || strcmp(d.fault.place, cases[i].place) != 0)
			fail_msg("%s: %d at %s (%s)", cases[i].text, err, d.fault.place, d.fault.message);
	}
	world_finish(&d);
}

static void an_organisation_has_one_default(void **state)
{
	(void)state;
	struct directory_world d;
	struct reader *reader;
	struct source s;
	begin(&d);
	assert_int_equal(
		put(&d, &ana, HANDS, 0, HEAD "'kind':'api','default':true,'marking':{'tlp':'clear'}}"),
		HN_OK);
	assert_int_equal(put(&d, &ana, FEED, 0, HEAD "'kind':'api','default':true}"), HN_EEXIST);
	assert_string_equal(d.fault.place, "/default");
	assert_int_equal(store_read(d.w.store, &ana, &reader), HN_OK);
	assert_int_equal(sources_default(reader, &s), HN_OK);
	assert_int_equal(s.label.tlp, TLP_CLEAR);
	reader_end(reader);
	assert_int_equal(store_read(d.w.store, &bob, &reader), HN_OK);
	assert_int_equal(sources_default(reader, &s), HN_ENOENT);
	reader_end(reader);
	world_finish(&d);
}

static void a_quota_holds_a_day(void **state)
{
	(void)state;
	struct directory_world d;
	begin(&d);
	assert_int_equal(put(&d, &ana, HANDS, 0, HEAD "'kind':'api','quota':{'objects_day':10}}"), HN_OK);
	struct source_use seven = {.outcomes = {[OBJECT_NEW] = 5, [OBJECT_SAME] = 2}, .refused = 1};
	struct source_use three = {.outcomes = {[OBJECT_NEWER] = 3}, .runs = 1};
	struct job job = {.number = d.number, .use = &seven};
	assert_int_equal(store_write(d.w.store, count_job, &job), HN_OK);
	assert_int_equal(store_write(d.w.store, count_job, &job), HN_ELIMIT);
	job.use = &three;
	assert_int_equal(store_write(d.w.store, count_job, &job), HN_OK);
	assert_int_equal(store_write(d.w.store, count_job, &job), HN_ELIMIT);
	d.w.now_us += INT64_C(86400) * 1000000;
	assert_int_equal(store_write(d.w.store, count_job, &job), HN_OK);
	struct reader *reader;
	struct buf out;
	int64_t revision;
	struct uuid id = world_uuid(HANDS);
	buf_init(&out, 1 << 16);
	assert_int_equal(store_read(d.w.store, &ana, &reader), HN_OK);
	assert_int_equal(sources_get(reader, &id, &out, &revision), HN_OK);
	assert_non_null(strstr(out.data, "\"use\":{\"runs\":2,\"bytes\":0,\"new\":5,\"newer\":6,\"older\":0,"
					 "\"same\":2,\"conflict\":0,\"refused\":1,"));
	reader_end(reader);
	buf_clear(&out);
	world_finish(&d);
}

static void runs_are_due_in_turn(void **state)
{
	(void)state;
	struct directory_world d;
	struct reader *reader;
	struct source s;
	struct source_state st = {
		.next_us = 5000, .added_after = "2026-01-01T00:00:00.000001Z", .error = "e"};
	struct asker hub;
	int64_t next;
	asker_hub(&hub);
	begin(&d);
	assert_int_equal(
		put(&d, &ana, FEED, 0, HEAD "'kind':'list','where':'https://x.example/l','every':'PT1H'}"),
		HN_OK);
	struct job job = {.d = &d,
			  .actor = &ana,
			  .number = d.number,
			  .state = &st,
			  .id = world_uuid(FEED),
			  .text = "sealed"};
	assert_int_equal(put(&d, &ana, HANDS, 0, HEAD "'kind':'api'}"), HN_OK);
	assert_int_equal(store_read(d.w.store, &hub, &reader), HN_OK);
	assert_int_equal(sources_due(reader, 1000, &s, &next), HN_OK);
	assert_int_equal(s.number, job.number);
	reader_end(reader);
	assert_int_equal(store_write(d.w.store, state_job, &job), HN_OK);
	assert_int_equal(store_write(d.w.store, secret_job, &job), HN_OK);
	assert_int_equal(store_read(d.w.store, &hub, &reader), HN_OK);
	assert_int_equal(sources_due(reader, 1000, &s, &next), HN_ENOENT);
	assert_int_equal(next, 5000);
	struct source_state again = {0};
	assert_int_equal(sources_state(reader, job.number, &again), HN_OK);
	assert_string_equal(again.added_after, st.added_after);
	struct buf secret;
	buf_init(&secret, 100);
	assert_int_equal(sources_secret(reader, job.number, &secret), HN_OK);
	assert_string_equal(secret.data, "sealed");
	buf_clear(&secret);
	reader_end(reader);
	/* Asked for, it is due at once; others cannot ask, nor what fetches nothing be asked. */
	assert_int_equal(store_write(d.w.store, run_job, &job), HN_OK);
	assert_int_equal(store_read(d.w.store, &hub, &reader), HN_OK);
	assert_int_equal(sources_due(reader, 1000, &s, &next), HN_OK);
	reader_end(reader);
	job.actor = &bob;
	assert_int_equal(store_write(d.w.store, run_job, &job), HN_ENOENT);
	job.actor = &ana;
	job.id = world_uuid(HANDS);
	assert_int_equal(store_write(d.w.store, run_job, &job), HN_ESTATE);
	/* Another place begins anew. */
	assert_int_equal(
		put(&d, &ana, FEED, -1, HEAD "'kind':'list','where':'https://y.example/l','every':'PT1H'}"),
		HN_OK);
	assert_int_equal(store_read(d.w.store, &hub, &reader), HN_OK);
	assert_int_equal(sources_state(reader, job.number, &again), HN_OK);
	assert_string_equal(again.added_after, "");
	reader_end(reader);
	world_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_what_was_said_of_it),
		cmocka_unit_test(what_is_wrong_is_refused_at_its_place),
		cmocka_unit_test(an_organisation_has_one_default),
		cmocka_unit_test(a_quota_holds_a_day),
		cmocka_unit_test(runs_are_due_in_turn),
	};
	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
