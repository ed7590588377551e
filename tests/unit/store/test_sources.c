/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/source_runs.h"

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
		{HEAD "'kind':'csv','where':'https://x/','collection':'c'}", HN_EFORMAT, "/collection"},
		{HEAD "'kind':'csv','where':'https://x/','format':'csv'}", HN_EFORMAT, "/format"},
		{HEAD "'kind':'drop'}", HN_EFORMAT, "/format"},
		{HEAD "'kind':'drop','format':'taxii'}", HN_EFORMAT, "/format"},
		{HEAD "'kind':'drop','format':'csv','where':'https://x/'}", HN_EFORMAT, "/where"},
		{HEAD "'kind':'drop','format':'csv','every':'PT1H'}", HN_EFORMAT, "/every"},
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

/* ---- runs ---- */

#define LONG_US (INT64_C(3600) * 1000000)

struct run {
	struct directory_world *d;
	struct source_lease lease;
	int64_t lease_us, wait_us;
	const struct source_state *state;
	struct source_use use;
};

static int take_job(struct writing *w, void *context)
{
	struct run *r = context;
	return sources_take(w, &r->lease, r->lease_us);
}

static int keep_job(struct writing *w, void *context)
{
	struct run *r = context;
	return sources_keep(w, &r->lease, r->state, r->lease_us);
}

static int end_job(struct writing *w, void *context)
{
	struct run *r = context;
	return sources_end(w, &r->lease, r->state, r->wait_us, &r->use);
}

static int leave_job(struct writing *w, void *context)
{
	struct run *r = context;
	return sources_leave(w, &r->lease);
}

static int leave_all_job(struct writing *w, void *context)
{
	struct run *r = context;
	return sources_leave_all(w, r->lease.hub);
}

static int change(struct run *r, store_job_fn job)
{
	return store_write(r->d->w.store, job, r);
}

/* As the hub sees it. @return the number of the source that is due; 0: none */
static int64_t due(struct directory_world *d, enum source_kind kind, int64_t after)
{
	struct reader *reader;
	struct source s;
	struct asker hub;
	asker_hub(&hub);
	assert_int_equal(store_read(d->w.store, &hub, &reader), HN_OK);
	int err = sources_due(reader, kind, after, &s);
	assert_true(err == HN_OK || err == HN_ENOENT);
	reader_end(reader);
	return err == HN_OK ? s.number : 0;
}

static struct source_state state_of(struct directory_world *d, int64_t number)
{
	struct reader *reader;
	struct source_state s = {0};
	assert_int_equal(store_read(d->w.store, &first, &reader), HN_OK);
	assert_int_equal(sources_state(reader, number, &s), HN_OK);
	reader_end(reader);
	return s;
}

static void begin_with_feed(struct directory_world *d, struct run *r)
{
	begin(d);
	assert_int_equal(
		put(d, &ana, FEED, 0, HEAD "'kind':'list','where':'https://x.example/l','every':'PT1H'}"),
		HN_OK);
	*r = (struct run){
		.d = d, .lease = {.number = d->number, .hub = 1}, .lease_us = LONG_US, .use = {.runs = 1}};
}

static int ask(struct directory_world *d, const struct asker *actor, unsigned id)
{
	struct job job = {.d = d, .actor = actor, .id = world_uuid(id)};
	return store_write(d->w.store, run_job, &job);
}

static void runs_are_due_in_turn(void **state)
{
	(void)state;
	struct directory_world d;
	struct run r;
	struct source_state st = {.added_after = "2026-01-01T00:00:00.000001Z",
				  .place = "https://x/c/",
				  .error = "e",
				  .failures = 1};
	begin_with_feed(&d, &r);
	assert_int_equal(put(&d, &ana, HANDS, 0, HEAD "'kind':'api'}"), HN_OK);
	/* One with a schedule begins at once. */
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	assert_int_equal(change(&r, take_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	r.state = &st;
	r.wait_us = LONG_US;
	assert_int_equal(change(&r, end_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	struct source_state after = state_of(&d, r.lease.number);
	assert_string_equal(after.added_after, st.added_after);
	assert_string_equal(after.place, st.place);
	assert_string_equal(after.error, "e");
	assert_int_equal(after.failures, 1);
	assert_true(after.last_run_us > 0 && after.last_good_us == 0);
	assert_int_equal(after.next_us, after.last_run_us + LONG_US);
	/* Asked for, it is due at once; others cannot ask, nor what fetches nothing be asked. */
	assert_int_equal(ask(&d, &ana, FEED), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	assert_int_equal(ask(&d, &bob, FEED), HN_ENOENT);
	assert_int_equal(ask(&d, &ana, HANDS), HN_ESTATE);
	/* Another place begins anew. */
	assert_int_equal(
		put(&d, &ana, FEED, -1, HEAD "'kind':'list','where':'https://y.example/l','every':'PT1H'}"),
		HN_OK);
	after = state_of(&d, r.lease.number);
	assert_string_equal(after.added_after, "");
	assert_string_equal(after.place, "");
	world_finish(&d);
}

static void of_two_hubs_one_fetches(void **state)
{
	(void)state;
	struct directory_world d;
	struct run r, other;
	const struct source_state st = {.added_after = "a"}, late = {.added_after = "late"};
	begin_with_feed(&d, &r);
	other = r;
	other.lease.hub = 2;
	other.state = &st;
	r.state = &late;
	assert_int_equal(change(&r, take_job), HN_OK);
	assert_int_equal(change(&other, take_job), HN_EEXIST);
	assert_int_equal(change(&other, keep_job), HN_ESTATE);
	/* Who does not renew loses it, and writes nothing any more. */
	r.lease_us = 0;
	assert_int_equal(change(&r, keep_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	assert_int_equal(change(&other, take_job), HN_OK);
	assert_int_equal(change(&other, keep_job), HN_OK);
	assert_int_equal(change(&r, keep_job), HN_ESTATE);
	assert_int_equal(change(&r, end_job), HN_ESTATE);
	assert_int_equal(change(&r, leave_job), HN_OK);
	assert_string_equal(state_of(&d, r.lease.number).added_after, "a");
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	/* A hub that was killed gives back what it had. */
	assert_int_equal(change(&r, leave_all_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	assert_int_equal(change(&other, leave_all_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	world_finish(&d);
}

static void a_run_asked_for_during_a_run_follows(void **state)
{
	(void)state;
	struct directory_world d;
	struct run r;
	const struct source_state st = {.added_after = "a"};
	begin_with_feed(&d, &r);
	r.state = &st;
	r.wait_us = LONG_US;
	assert_int_equal(change(&r, take_job), HN_OK);
	assert_int_equal(ask(&d, &ana, FEED), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	assert_int_equal(change(&r, end_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	assert_int_equal(change(&r, take_job), HN_OK);
	assert_int_equal(change(&r, end_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	world_finish(&d);
}

/* What was changed meanwhile is not written over by a run of before. */
static void a_run_ends_with_a_change_of_its_source(void **state)
{
	(void)state;
	struct directory_world d;
	struct run r;
	const struct source_state st = {.added_after = "of the former place"};
	begin_with_feed(&d, &r);
	r.state = &st;
	assert_int_equal(change(&r, take_job), HN_OK);
	assert_int_equal(change(&r, keep_job), HN_OK);
	assert_int_equal(
		put(&d, &ana, FEED, -1, HEAD "'kind':'list','where':'https://y.example/l','every':'PT1H'}"),
		HN_OK);
	assert_int_equal(change(&r, keep_job), HN_ESTATE);
	assert_int_equal(change(&r, end_job), HN_ESTATE);
	assert_string_equal(state_of(&d, r.lease.number).added_after, "");
	assert_int_equal(change(&r, leave_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), r.lease.number);
	world_finish(&d);
}

static void folders_are_looked_at_all_the_time(void **state)
{
	(void)state;
	struct directory_world d;
	struct source s;
	begin(&d);
	assert_int_equal(put(&d, &ana, FEED, 0, HEAD "'kind':'drop','format':'csv'}"), HN_OK);
	struct run r = {.d = &d, .lease = {.number = d.number, .hub = 1}, .lease_us = LONG_US};
	assert_int_equal(find(&d, &ana, FEED, &s), HN_OK);
	assert_int_equal(s.format, SOURCE_CSV);
	assert_int_equal(due(&d, SOURCE_KINDS, 0), 0);
	assert_int_equal(due(&d, SOURCE_DROP, 0), r.lease.number);
	assert_int_equal(due(&d, SOURCE_DROP, r.lease.number), 0);
	assert_int_equal(change(&r, take_job), HN_OK);
	const struct source_state good = {.failures = 0}, bad = {.failures = 1};
	r.state = &good;
	assert_int_equal(change(&r, end_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_DROP, 0), r.lease.number);
	/* After a failure it waits, until somebody asks. */
	assert_int_equal(change(&r, take_job), HN_OK);
	r.state = &bad;
	r.wait_us = LONG_US;
	assert_int_equal(change(&r, end_job), HN_OK);
	assert_int_equal(due(&d, SOURCE_DROP, 0), 0);
	assert_int_equal(ask(&d, &ana, FEED), HN_OK);
	assert_int_equal(due(&d, SOURCE_DROP, 0), r.lease.number);
	world_finish(&d);
}

static void a_credential_is_kept_as_it_was_sealed(void **state)
{
	(void)state;
	struct directory_world d;
	struct reader *reader;
	struct buf secret;
	begin(&d);
	assert_int_equal(put(&d, &ana, FEED, 0, HEAD "'kind':'list','where':'https://x.example/l'}"), HN_OK);
	struct job job = {
		.d = &d, .actor = &ana, .number = d.number, .id = world_uuid(FEED), .text = "sealed"};
	assert_int_equal(store_write(d.w.store, secret_job, &job), HN_OK);
	buf_init(&secret, 100);
	assert_int_equal(store_read(d.w.store, &ana, &reader), HN_OK);
	assert_int_equal(sources_secret(reader, job.number, &secret), HN_OK);
	assert_string_equal(secret.data, "sealed");
	reader_end(reader);
	buf_clear(&secret);
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
		cmocka_unit_test(of_two_hubs_one_fetches),
		cmocka_unit_test(a_run_asked_for_during_a_run_follows),
		cmocka_unit_test(a_run_ends_with_a_change_of_its_source),
		cmocka_unit_test(folders_are_looked_at_all_the_time),
		cmocka_unit_test(a_credential_is_kept_as_it_was_sealed),
	};
	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
