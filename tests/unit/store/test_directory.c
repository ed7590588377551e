/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/directory.h"

#include "directory_world.h"
#include "store/person.h"

#define NAMES "'names':[{'language':'ja','name':'電力会社','reading':'デンリョクガイシャ'}]"

/* Numbers of identifiers. */
enum {
	CENTRE = 1,
	FIRST = 2,
	TOKEN = 3,
	POWER = 10,  /* an operator, client of SECTOR */
	SECTOR = 11, /* a CEPTOAR */
	POLICE = 12,
	VENDOR = 13,
	RING = 20, /* a group */
	OTHER_RING = 21,
	ANA = 30,    /* POWER's analyst */
	BOSS = 31,   /* POWER's administrator */
	SECOND = 32, /* another administrator of the centre */
	PAIR = 33,   /* has a place at POWER and at VENDOR */
};

static struct asker first;

static void some_people(struct directory_world *d)
{
	world_begin(d);
	assert_int_equal(world_person(d, FIRST, 0, &first), HN_OK);
	world_must_put(d, &first, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@1}");
	world_must_put(d, &first, DIRECTORY_GROUP, OTHER_RING, "{" NAMES ",'keeper':@1}");
	world_must_put(d, &first, DIRECTORY_ORGANISATION, SECTOR,
		       "{'kind':'ceptoar'," NAMES
		       ",'memberships':[{'group':@20,'consent':'2020-01-01T00:00:00Z'}]}");
	world_must_put(
		d, &first, DIRECTORY_ORGANISATION, POWER,
		"{'kind':'operator'," NAMES ",'parents':[@11],"
		"'sectors':{'critical':['electric-power'],'core':['electricity']},"
		"'memberships':[{'group':@21,'consent':'2020-01-01T00:00:00Z','until':'2030-01-01T00:00:00Z',"
		"'contents':['background'],'secrecy_duty':true}],"
		"'agreements':[{'partner':@1,'tlp_max':'amber','purposes':['defence','analysis']}]}");
	world_must_put(d, &first, DIRECTORY_ORGANISATION, POLICE, "{'kind':'police'," NAMES "}");
	world_must_put(d, &first, DIRECTORY_ORGANISATION, VENDOR, "{'kind':'vendor'," NAMES "}");
	world_must_put(d, &first, DIRECTORY_PERSON, ANA,
		       "{'login':'ana','places':[{'organisation':@10,'roles':['analyst']}],"
		       "'clearance':{'level':'secret','until':'2024-01-01T00:00:00Z'}}");
	world_must_put(d, &first, DIRECTORY_PERSON, BOSS,
		       "{'login':'boss','places':[{'organisation':@10,'roles':['administrator']}]}");
	world_must_put(
		d, &first, DIRECTORY_PERSON, PAIR,
		"{'login':'pair','places':[{'organisation':@10},{'organisation':@13,'roles':['approver']}]}");
}

static int64_t number_of(struct directory_world *d, enum directory_thing thing, unsigned id)
{
	struct uuid u = world_uuid(id);
	return directory_number(d->d, thing, &u);
}

static int64_t time_of(int year)
{
	return (int64_t)(year - 1970) * 31556952 * 1000000;
}

static void an_asker_has_what_its_organisation_has(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker a;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &a), HN_OK);
	assert_int_equal(a.organisation, number_of(&d, DIRECTORY_ORGANISATION, POWER));
	assert_int_equal(a.person, number_of(&d, DIRECTORY_PERSON, ANA));
	assert_int_equal(a.kind, ORG_OPERATOR);
	assert_int_equal(a.roles, ROLE_ANALYST);
	assert_int_equal(a.clearance, 2); /* the clock stands in 2023 */
	assert_int_equal(a.tlp_max, TLP_AMBER);
	assert_int_equal(a.purposes, PURPOSE_DEFENCE | PURPOSE_ANALYSIS);
	assert_int_equal(a.contents, CONTENT_TECHNICAL | CONTENT_BACKGROUND);
	assert_int_equal(a.group_count, 1);
	assert_int_equal(a.groups[0], number_of(&d, DIRECTORY_GROUP, OTHER_RING));
	assert_int_equal(a.parent_count, 1);
	assert_int_equal(a.parents[0], number_of(&d, DIRECTORY_ORGANISATION, SECTOR));
	assert_int_equal(a.parent_group_count, 1);
	assert_int_equal(a.parent_groups[0], number_of(&d, DIRECTORY_GROUP, RING));

	/* A person in two organisations acts for the one said, or the first. */
	assert_int_equal(world_person(&d, PAIR, VENDOR, &a), HN_OK);
	assert_int_equal(a.organisation, number_of(&d, DIRECTORY_ORGANISATION, VENDOR));
	assert_int_equal(a.roles, ROLE_APPROVER);
	assert_int_equal(a.tlp_max, TLP_GREEN);
	assert_int_equal(a.contents, CONTENT_TECHNICAL);
	assert_int_equal(a.purposes, 0);
	assert_int_equal(world_person(&d, PAIR, 0, &a), HN_OK);
	assert_int_equal(a.organisation, number_of(&d, DIRECTORY_ORGANISATION, POWER));
	assert_int_equal(world_person(&d, PAIR, POLICE, &a), HN_EAUTH);
	assert_int_equal(world_person(&d, 99, 0, &a), HN_ENOENT);
	world_finish(&d);
}

static void what_ends_is_gone(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker a;
	some_people(&d);
	d.w.now_us = time_of(2025);
	assert_int_equal(world_person(&d, ANA, 0, &a), HN_OK);
	assert_int_equal(a.clearance, 0);
	assert_int_equal(a.group_count, 1);
	d.w.now_us = time_of(2031);
	assert_int_equal(world_person(&d, ANA, 0, &a), HN_OK);
	assert_int_equal(a.group_count, 0);
	assert_int_equal(a.contents, CONTENT_TECHNICAL);

	world_must_put(&d, &first, DIRECTORY_PERSON, ANA,
		       "{'login':'ana','active':false,'places':[{'organisation':@10}]}");
	assert_int_equal(world_person(&d, ANA, 0, &a), HN_EAUTH);
	world_must_put(&d, &first, DIRECTORY_ORGANISATION, POWER,
		       "{'kind':'operator','ended':true," NAMES "}");
	assert_int_equal(world_person(&d, BOSS, 0, &a), HN_EAUTH);
	assert_int_equal(world_person(&d, PAIR, 0, &a), HN_EAUTH);
	assert_int_equal(world_person(&d, PAIR, VENDOR, &a), HN_OK);
	world_finish(&d);
}

static void it_reads_back_after_a_restart(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker before;
	struct asker after;
	struct account account;
	uint8_t secret[32];
	some_people(&d);
	memset(secret, 7, sizeof(secret));
	assert_int_equal(world_person(&d, ANA, 0, &before), HN_OK);
	int64_t revision = directory_revision(d.d);
	world_close_store(&d.w);
	directory_close(d.d);
	world_open_store(&d.w);
	assert_int_equal(directory_open(d.w.store, false, &d.d, NULL), HN_OK);
	assert_int_equal(world_person(&d, ANA, 0, &after), HN_OK);
	assert_true(asker_same(&before, &after));
	assert_int_equal(directory_revision(d.d), revision);
	assert_int_equal(directory_login(d.d, "first", 5, &account), HN_OK);
	assert_memory_equal(account.credential.secret, "hash of first", 13);
	assert_int_equal(directory_login(d.d, "nobody", 6, &account), HN_ENOENT);
	assert_int_equal(directory_login(d.d, "ana", 3, &account), HN_ENOENT); /* without a password */
	assert_int_equal(directory_credential(d.d, CREDENTIAL_TOKEN, secret, d.w.now_us, &account), HN_OK);
	assert_int_equal(directory_asker(d.d, &account, NULL, d.w.now_us, &after), HN_OK);
	assert_int_equal(after.person, first.person);
	assert_int_equal(directory_credential(d.d, CREDENTIAL_CERTIFICATE, secret, d.w.now_us, &account),
			 HN_ENOENT);
	world_finish(&d);
}

static void another_process_is_seen(void **state)
{
	(void)state;
	struct directory_world d;
	struct directory *other = NULL;
	struct asker a;
	struct uuid ana = world_uuid(ANA);
	some_people(&d);
	assert_int_equal(directory_open(d.w.store, true, &other, NULL), HN_OK);
	assert_int_equal(directory_person_asker(other, &ana, NULL, d.w.now_us, &a), HN_OK);
	world_must_put(&d, &first, DIRECTORY_PERSON, ANA, "{'login':'ana','active':false}");
	assert_int_equal(directory_current(other), HN_OK);
	assert_int_equal(directory_person_asker(other, &ana, NULL, d.w.now_us, &a), HN_EAUTH);
	world_close_store(&d.w);
	directory_close(other);
	directory_close(d.d);
	world_clear(&d.w);
}

/* ---- who may change what ---- */

#define POWER_TEXT(more)                                                                                     \
	"{'kind':'operator'," NAMES ",'parents':[@11],"                                                      \
	"'sectors':{'critical':['electric-power'],'core':['electricity']},"                                  \
	"'memberships':[{'group':@21,'consent':'2020-01-01T00:00:00Z','until':'2030-01-01T00:00:00Z',"       \
	"'contents':['background'],'secrecy_duty':true}],"                                                   \
	"'agreements':[{'partner':@1,'tlp_max':'amber','purposes':['defence','analysis']}]" more "}"

struct attempt {
	unsigned actor;
	enum directory_thing thing;
	unsigned id;
	const char *text;
	int err;
};

static const struct attempt attempts[] = {
	/* organisations */
	{ANA, DIRECTORY_ORGANISATION, POWER, POWER_TEXT(",'contact_windows':[{'title':'x'}]"), HN_EAUTH},
	{BOSS, DIRECTORY_ORGANISATION, POWER, POWER_TEXT(",'contact_windows':[{'title':'x'}]"), HN_OK},
	{BOSS, DIRECTORY_ORGANISATION, POWER,
	 POWER_TEXT(",'holdings':[{'kind':'prefix','value':'192.0.2.0/24','state':'claimed'}]"), HN_OK},
	{BOSS, DIRECTORY_ORGANISATION, POWER,
	 POWER_TEXT(",'holdings':[{'kind':'prefix','value':'192.0.2.0/24','state':'proved'}]"), HN_EAUTH},
	{BOSS, DIRECTORY_ORGANISATION, POWER, "{'kind':'police'," NAMES "}", HN_EAUTH},
	{BOSS, DIRECTORY_ORGANISATION, POWER, "{'kind':'operator'," NAMES "}", HN_EAUTH},
	{BOSS, DIRECTORY_ORGANISATION, VENDOR,
	 "{'kind':'vendor'," NAMES ",'contact_windows':[{'title':'x'}]}", HN_EAUTH},
	{BOSS, DIRECTORY_ORGANISATION, 40, "{'kind':'vendor'," NAMES "}", HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, 40, "{'kind':'centre'," NAMES "}", HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, CENTRE, "{'kind':'ministry'," NAMES "}", HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, CENTRE, "{'kind':'centre','ended':true," NAMES "}", HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, CENTRE, "{'kind':'centre','parents':[@11]," NAMES "}", HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, CENTRE,
	 "{'kind':'centre','memberships':[{'group':@20,'consent':'2020-01-01T00:00:00Z'}]," NAMES "}",
	 HN_EAUTH},
	{FIRST, DIRECTORY_ORGANISATION, CENTRE,
	 "{'kind':'centre'," NAMES ",'contact_windows':[{'title':'x'}]}", HN_OK},
	{FIRST, DIRECTORY_ORGANISATION, 40, "{'kind':'vendor','parents':[@41]," NAMES "}", HN_ENOENT},
	/* groups */
	{BOSS, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@10}", HN_EAUTH},
	{FIRST, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@10}", HN_OK},
	{BOSS, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@10,'description':'ours'}", HN_OK},
	{BOSS, DIRECTORY_GROUP, RING, "{" NAMES ",'keeper':@1}", HN_EAUTH},
	{FIRST, DIRECTORY_GROUP, 22, "{" NAMES ",'keeper':@99}", HN_ENOENT},
	/* one's own rights */
	{ANA, DIRECTORY_PERSON, ANA,
	 "{'login':'ana','mail':'a@example.jp','places':[{'organisation':@10,'roles':['analyst']}],"
	 "'clearance':{'level':'secret','until':'2024-01-01T00:00:00Z'}}",
	 HN_OK},
	{ANA, DIRECTORY_PERSON, ANA,
	 "{'login':'ana','places':[{'organisation':@10,'roles':['analyst','approver']}],"
	 "'clearance':{'level':'secret','until':'2024-01-01T00:00:00Z'}}",
	 HN_EAUTH},
	{ANA, DIRECTORY_PERSON, ANA,
	 "{'login':'ana','places':[{'organisation':@10,'roles':['analyst']}],"
	 "'clearance':{'level':'top-secret','until':'2024-01-01T00:00:00Z'}}",
	 HN_EAUTH},
	{FIRST, DIRECTORY_PERSON, FIRST,
	 "{'login':'first','places':[{'organisation':@1,'roles':['administrator','analyst','approver','"
	 "auditor']}],"
	 "'clearance':{'level':'secret','until':'2030-01-01T00:00:00Z'}}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, BOSS,
	 "{'login':'boss','places':[{'organisation':@10,'roles':['administrator','approver']}]}", HN_EAUTH},
	/* others', by their organisation's administrator */
	{BOSS, DIRECTORY_PERSON, 50, "{'login':'new','places':[{'organisation':@10,'roles':['approver']}]}",
	 HN_OK},
	{BOSS, DIRECTORY_PERSON, 51, "{'login':'new2','places':[{'organisation':@13,'roles':['approver']}]}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, 51,
	 "{'login':'new2','places':[{'organisation':@10},{'organisation':@13,'roles':['approver']}]}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, 51,
	 "{'login':'new2','places':[{'organisation':@10}],'clearance':{'level':'secret','until':"
	 "'2030-01-01T00:00:00Z'}}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, 51,
	 "{'login':'new2','places':[{'organisation':@10}],'handlings':[{'authorization':@90}]}", HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, 51, "{'login':'ana','places':[{'organisation':@10}]}", HN_EEXIST},
	{BOSS, DIRECTORY_PERSON, ANA,
	 "{'login':'ana','places':[{'organisation':@10,'roles':['reporter']}],"
	 "'clearance':{'level':'secret','until':'2024-01-01T00:00:00Z'}}",
	 HN_OK},
	{BOSS, DIRECTORY_PERSON, FIRST, "{'login':'first','places':[{'organisation':@10}]}", HN_ENOENT},
	{BOSS, DIRECTORY_PERSON, PAIR,
	 "{'login':'pair','places':[{'organisation':@10,'roles':['reporter']},{'organisation':@13,'roles':"
	 "['approver']}]}",
	 HN_OK},
	{BOSS, DIRECTORY_PERSON, PAIR,
	 "{'login':'pair','places':[{'organisation':@10,'roles':['reporter']},{'organisation':@13,'roles':"
	 "['administrator']}]}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, PAIR,
	 "{'login':'pair','places':[{'organisation':@10,'roles':['reporter']}]}", HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, PAIR,
	 "{'login':'other','places':[{'organisation':@10,'roles':['reporter']},{'organisation':@13,'roles':"
	 "['approver']}]}",
	 HN_EAUTH},
	{BOSS, DIRECTORY_PERSON, PAIR,
	 "{'login':'pair','places':[{'organisation':@13,'roles':['approver']}]}", HN_OK},
	/* by the centre's */
	{FIRST, DIRECTORY_PERSON, SECOND,
	 "{'login':'second','places':[{'organisation':@10,'roles':['commissioner']}]}", HN_EAUTH},
	{FIRST, DIRECTORY_PERSON, SECOND,
	 "{'login':'second','places':[{'organisation':@1,'roles':['administrator']}],"
	 "'clearance':{'level':'top-secret','until':'2030-01-01T00:00:00Z'}}",
	 HN_OK},
	{FIRST, DIRECTORY_PERSON, 52, "{'login':'x','places':[{'organisation':@98}]}", HN_ENOENT},
	/* now that there are two, one may go, not both */
	{SECOND, DIRECTORY_PERSON, FIRST, "{'login':'first','active':false}", HN_OK},
	{SECOND, DIRECTORY_PERSON, SECOND, "{'login':'second'}", HN_EAUTH},
};

static void rights_are_changed_by_who_may(void **state)
{
	(void)state;
	struct directory_world d;
	some_people(&d);
	for (size_t i = 0; i < COUNT(attempts); i++) {
		const struct attempt *a = &attempts[i];
		struct asker actor;
		assert_int_equal(world_person(&d, a->actor, 0, &actor), HN_OK);
		int err = world_put(&d, &actor, a->thing, a->id, -1, a->text);
		if (err != a->err)
			fail_msg("%zu: %s: %d, %s %s", i, a->text, err, d.fault.place, d.fault.message);
	}
	world_finish(&d);
}

static void the_last_administrator_stays(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker hub;
	some_people(&d);
	asker_hub(&hub);
	assert_int_equal(world_put(&d, &hub, DIRECTORY_PERSON, FIRST, -1, "{'login':'first'}"), HN_ESTATE);
	assert_int_equal(
		world_put(&d, &hub, DIRECTORY_PERSON, FIRST, -1,
			  "{'login':'first','places':[{'organisation':@1,'roles':['administrator'],'until':"
			  "'2030-01-01T00:00:00Z'}]}"),
		HN_ESTATE);
	world_must_put(&d, &first, DIRECTORY_PERSON, SECOND,
		       "{'login':'second','places':[{'organisation':@1,'roles':['administrator']}]}");
	assert_int_equal(world_put(&d, &hub, DIRECTORY_PERSON, FIRST, -1, "{'login':'first'}"), HN_OK);
	world_finish(&d);
}

static void a_stale_change_is_refused(void **state)
{
	(void)state;
	struct directory_world d;
	some_people(&d);
	const char *text = "{'kind':'vendor'," NAMES ",'sectors':{}}";
	assert_int_equal(world_put(&d, &first, DIRECTORY_ORGANISATION, VENDOR, 0, text), HN_EEXIST);
	assert_int_equal(world_put(&d, &first, DIRECTORY_ORGANISATION, VENDOR, 1, text), HN_ESTATE);
	world_must_put(&d, &first, DIRECTORY_ORGANISATION, VENDOR, text);
	int64_t revision = d.revision;
	assert_int_equal(world_put(&d, &first, DIRECTORY_ORGANISATION, VENDOR, revision, text), HN_OK);
	assert_int_equal(d.revision, revision); /* nothing changed */
	assert_int_equal(world_put(&d, &first, DIRECTORY_ORGANISATION, VENDOR, revision,
				   "{'kind':'vendor'," NAMES "}"),
			 HN_OK);
	assert_true(d.revision > revision);
	assert_int_equal(world_put(&d, &first, DIRECTORY_ORGANISATION, 60, 5, text), HN_ESTATE);
	world_finish(&d);
}

static void consent_is_one_s_own(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker boss;
	struct asker a;
	some_people(&d);
	const char *offered = "{'kind':'operator'," NAMES ",'memberships':[{'group':@20}]}";
	world_must_put(&d, &first, DIRECTORY_ORGANISATION, POWER, offered);
	assert_int_equal(world_person(&d, BOSS, 0, &boss), HN_OK);
	assert_int_equal(boss.group_count, 0);
	assert_int_equal(world_put(&d, &boss, DIRECTORY_ORGANISATION, POWER, -1,
				   "{'kind':'operator'," NAMES ",'memberships':[{'group':@21}]}"),
			 HN_EAUTH);
	assert_int_equal(world_put(&d, &boss, DIRECTORY_ORGANISATION, POWER, -1,
				   "{'kind':'operator'," NAMES
				   ",'memberships':[{'group':@20,'consent':'2023-01-01T00:00:00Z'}]}"),
			 HN_OK);
	assert_int_equal(world_person(&d, ANA, 0, &a), HN_OK);
	assert_int_equal(a.group_count, 1);
	world_finish(&d);
}

/* ---- credentials ---- */

struct add {
	const struct asker *actor;
	struct credential *credential;
	struct uuid remove;
	int64_t step;
	struct fault fault;
};

static int add_job(struct writing *w, void *context)
{
	struct add *a = context;
	return credentials_add(w, a->actor, a->credential, &a->fault);
}

static int remove_job(struct writing *w, void *context)
{
	struct add *a = context;
	return credentials_remove(w, a->actor, &a->remove, &a->fault);
}

static int step_job(struct writing *w, void *context)
{
	struct add *a = context;
	return credentials_use_step(w, a->credential->number, a->step);
}

static int add_credential(struct directory_world *d, const struct asker *actor, struct credential *c)
{
	struct add a = {.actor = actor, .credential = c};
	return store_write(d->w.store, add_job, &a);
}

static struct credential a_token(unsigned id, int64_t person, int64_t organisation)
{
	struct credential c = {.id = world_uuid(id),
			       .kind = CREDENTIAL_TOKEN,
			       .person = person,
			       .organisation = organisation,
			       .tlp_max = TLP_RED,
			       .secret_len = 32};
	memset(c.secret, (int)id, 32);
	return c;
}

static int sign_in(struct directory_world *d, const struct credential *c, struct asker *out)
{
	struct account account;
	int err = directory_credential(d->d, CREDENTIAL_TOKEN, c->secret, d->w.now_us, &account);
	return err == HN_OK ? directory_asker(d->d, &account, NULL, d->w.now_us, out) : err;
}

static void a_token_taken_away_is_gone_at_once(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker ana;
	struct asker a;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &ana), HN_OK);
	struct credential token = a_token(100, ana.person, 0);
	token.expires_us = time_of(2024);
	assert_int_equal(add_credential(&d, &ana, &token), HN_OK);
	assert_true(token.number > 0);
	assert_int_equal(sign_in(&d, &token, &a), HN_OK);
	assert_int_equal(a.person, ana.person);
	assert_int_equal(a.clearance, 2);
	d.w.now_us = time_of(2025);
	assert_int_equal(sign_in(&d, &token, &a), HN_ENOENT);
	d.w.now_us = time_of(2023);
	assert_int_equal(sign_in(&d, &token, &a), HN_OK);
	struct add remove = {.actor = &ana, .remove = token.id};
	assert_int_equal(store_write(d.w.store, remove_job, &remove), HN_OK);
	assert_int_equal(sign_in(&d, &token, &a), HN_ENOENT);
	assert_int_equal(store_write(d.w.store, remove_job, &remove), HN_ENOENT);
	world_finish(&d);
}

static void credentials_are_made_by_who_may(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker ana;
	struct asker boss;
	struct asker pair;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &ana), HN_OK);
	assert_int_equal(world_person(&d, BOSS, 0, &boss), HN_OK);
	assert_int_equal(world_person(&d, PAIR, VENDOR, &pair), HN_OK);
	int64_t power = ana.organisation;
	const struct {
		const struct asker *actor;
		int64_t person, organisation;
		int err;
	} rows[] = {
		{&ana, ana.person, 0, HN_OK},
		{&ana, boss.person, 0, HN_EAUTH},
		{&ana, 0, power, HN_EAUTH},
		{&boss, 0, power, HN_OK},
		{&boss, 0, pair.organisation, HN_EAUTH},
		{&boss, boss.person, 0, HN_OK},
		{&boss, ana.person, 0, HN_EAUTH},  /* ana is cleared, boss is not */
		{&boss, pair.person, 0, HN_EAUTH}, /* has a place elsewhere */
		{&first, pair.person, 0, HN_OK},
		{&first, ana.person, 0, HN_EAUTH},
		{&first, 0, power, HN_OK},
		{&first, 0, 9999, HN_ENOENT},
		{&first, 9999, 0, HN_ENOENT},
	};
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct credential c = a_token(110 + i, rows[i].person, rows[i].organisation);
		assert_int_equal(add_credential(&d, rows[i].actor, &c), rows[i].err);
	}
	struct credential again = a_token(110, ana.person, 0);
	again.id = world_uuid(200);
	assert_int_equal(add_credential(&d, &ana, &again), HN_EEXIST);
	world_finish(&d);
}

static void a_new_password_ends_what_sign_ins_made(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker ana;
	struct asker a;
	struct account account;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &ana), HN_OK);
	struct credential password = {.id = world_uuid(120),
				      .kind = CREDENTIAL_PASSWORD,
				      .person = ana.person,
				      .tlp_max = TLP_RED,
				      .secret = "one",
				      .secret_len = 3};
	assert_int_equal(add_credential(&d, &ana, &password), HN_OK);
	struct credential session = a_token(121, ana.person, 0);
	struct credential token = a_token(122, ana.person, 0);
	session.session = true;
	assert_int_equal(add_credential(&d, &ana, &session), HN_OK);
	assert_int_equal(add_credential(&d, &ana, &token), HN_OK);
	assert_int_equal(directory_login(d.d, "ana", 3, &account), HN_OK);
	assert_false(account.has_totp);
	assert_int_equal(directory_again(d.d, account.credential.number, account.credential.revision,
					 d.w.now_us, &account),
			 HN_OK);

	struct credential totp = {.id = world_uuid(123),
				  .kind = CREDENTIAL_TOTP,
				  .person = ana.person,
				  .tlp_max = TLP_RED,
				  .secret = "sealed",
				  .secret_len = 6};
	assert_int_equal(add_credential(&d, &ana, &totp), HN_OK);
	assert_int_equal(sign_in(&d, &session, &a), HN_ENOENT);
	assert_int_equal(sign_in(&d, &token, &a), HN_OK);
	assert_int_equal(directory_login(d.d, "ana", 3, &account), HN_OK);
	assert_true(account.has_totp);
	struct credential found;
	assert_int_equal(directory_totp(d.d, ana.person, &found), HN_OK);
	assert_memory_equal(found.secret, "sealed", 6);

	/* A code is good once, and no earlier one after it. */
	struct add use = {.credential = &totp, .step = 1000};
	assert_int_equal(store_write(d.w.store, step_job, &use), HN_OK);
	assert_int_equal(store_write(d.w.store, step_job, &use), HN_EAUTH);
	use.step = 999;
	assert_int_equal(store_write(d.w.store, step_job, &use), HN_EAUTH);
	use.step = 1001;
	assert_int_equal(store_write(d.w.store, step_job, &use), HN_OK);

	struct account old = account;
	memcpy(password.secret, "two", 3);
	password.id = world_uuid(124);
	assert_int_equal(add_credential(&d, &ana, &password), HN_OK);
	assert_int_equal(
		directory_again(d.d, old.credential.number, old.credential.revision, d.w.now_us, &account),
		HN_ENOENT);
	assert_int_equal(directory_login(d.d, "ana", 3, &account), HN_OK);
	assert_memory_equal(account.credential.secret, "two", 3);
	world_finish(&d);
}

static void what_machines_may_is_bound_by_use(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker boss;
	struct asker a;
	some_people(&d);
	assert_int_equal(world_person(&d, BOSS, 0, &boss), HN_OK);
	struct credential sets = a_token(130, 0, boss.organisation);
	sets.use = USE_SETS;
	sets.tlp_max = TLP_GREEN;
	sets.purposes = PURPOSE_DEFENCE | PURPOSE_STATISTICS;
	assert_int_equal(add_credential(&d, &boss, &sets), HN_OK);
	assert_int_equal(sign_in(&d, &sets, &a), HN_OK);
	assert_true(a.sets_only && !a.onward);
	assert_int_equal(a.tlp_max, TLP_GREEN);
	assert_int_equal(a.purposes, PURPOSE_DEFENCE);
	assert_int_equal(a.person, 0);
	assert_int_equal(a.roles, 0);

	struct credential onward = a_token(131, 0, boss.organisation);
	onward.use = USE_ONWARD;
	assert_int_equal(add_credential(&d, &boss, &onward), HN_OK);
	assert_int_equal(sign_in(&d, &onward, &a), HN_EAUTH); /* not agreed to */
	world_must_put(&d, &first, DIRECTORY_ORGANISATION, POWER,
		       "{'kind':'operator'," NAMES
		       ",'agreements':[{'partner':@1,'tlp_max':'amber','onward':true},"
		       "{'partner':@12,'tlp_max':'red'}]}");
	assert_int_equal(sign_in(&d, &onward, &a), HN_OK);
	assert_true(a.onward);
	assert_int_equal(a.tlp_max, TLP_AMBER);
	world_finish(&d);
}

/* ---- reading ---- */

static int get_as(struct directory_world *d, const struct asker *asker, enum directory_thing thing,
		  unsigned id, char *out, size_t size, int64_t *revision)
{
	struct uuid u = world_uuid(id);
	struct buf text;
	buf_init(&text, 1 << 20);
	int err = directory_get(d->d, asker, d->w.now_us, thing, &u, &text, revision);
	(void)snprintf(out, size, "%s", err == HN_OK ? text.data : "");
	buf_clear(&text);
	return err;
}

static void each_knows_what_it_may(void **state)
{
	(void)state;
	struct directory_world d;
	char text[4096];
	int64_t revision;
	some_people(&d);
	/* w whole, c card, - not there */
	static const struct {
		enum directory_thing thing;
		unsigned id;
		const char *sights; /* first, ana, boss, pair at VENDOR, public */
	} rows[] = {
		{DIRECTORY_ORGANISATION, POWER, "www--"},  {DIRECTORY_ORGANISATION, SECTOR, "wcc--"},
		{DIRECTORY_ORGANISATION, POLICE, "wccc-"}, {DIRECTORY_ORGANISATION, VENDOR, "w--w-"},
		{DIRECTORY_ORGANISATION, CENTRE, "wccc-"}, {DIRECTORY_GROUP, RING, "w----"},
		{DIRECTORY_GROUP, OTHER_RING, "www--"},    {DIRECTORY_PERSON, ANA, "www--"},
		{DIRECTORY_PERSON, BOSS, "w-w--"},         {DIRECTORY_PERSON, FIRST, "w----"},
		{DIRECTORY_PERSON, PAIR, "w-ww-"},         {DIRECTORY_CREDENTIAL, TOKEN, "w----"},
		{DIRECTORY_PERSON, 99, "-----"},
	};
	struct asker askers[5];
	assert_int_equal(world_person(&d, FIRST, 0, &askers[0]), HN_OK);
	assert_int_equal(world_person(&d, ANA, 0, &askers[1]), HN_OK);
	assert_int_equal(world_person(&d, BOSS, 0, &askers[2]), HN_OK);
	assert_int_equal(world_person(&d, PAIR, VENDOR, &askers[3]), HN_OK);
	asker_public(&askers[4]);
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t a = 0; a < COUNT(askers); a++) {
			int err = get_as(&d, &askers[a], rows[i].thing, rows[i].id, text, sizeof(text),
					 &revision);
			bool whole = rows[i].sights[a] == 'w';
			if (err != (rows[i].sights[a] == '-' ? HN_ENOENT : HN_OK))
				fail_msg("row %zu, asker %zu: %d", i, a, err);
			if (err == HN_OK && rows[i].id == POWER)
				assert_int_equal(strstr(text, "agreements") != NULL, whole);
		}
	}
	world_finish(&d);
}

static void a_card_does_not_tell_of_the_rest(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker ana;
	char before[4096];
	char after[4096];
	int64_t tag_before;
	int64_t tag_after;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &ana), HN_OK);
	assert_int_equal(
		get_as(&d, &ana, DIRECTORY_ORGANISATION, POLICE, before, sizeof(before), &tag_before), HN_OK);
	world_must_put(&d, &first, DIRECTORY_ORGANISATION, POLICE,
		       "{'kind':'police'," NAMES ",'contact_windows':[{'title':'night desk'}]}");
	assert_int_equal(get_as(&d, &ana, DIRECTORY_ORGANISATION, POLICE, after, sizeof(after), &tag_after),
			 HN_OK);
	assert_string_equal(before, after);
	assert_int_equal(tag_before, tag_after);
	assert_null(strstr(after, "night desk"));
	world_finish(&d);
}

static void a_list_is_paged(void **state)
{
	(void)state;
	struct directory_world d;
	struct asker ana;
	some_people(&d);
	assert_int_equal(world_person(&d, ANA, 0, &ana), HN_OK);
	const struct asker *askers[] = {&first, &ana};
	static const size_t expected[] = {5, 4}; /* all; own, sector, police, centre */
	for (size_t a = 0; a < 2; a++) {
		size_t count = 0;
		int64_t last = 0;
		bool more = true;
		while (more) {
			struct buf text;
			buf_init(&text, 1 << 20);
			assert_int_equal(directory_list(d.d, askers[a], d.w.now_us, DIRECTORY_ORGANISATION, 0,
							last, 2, &text, &last, &more),
					 HN_OK);
			for (const char *at = text.data; (at = strstr(at, "\"kind\"")) != NULL; at++)
				count++;
			buf_clear(&text);
		}
		assert_int_equal(count, expected[a]);
	}
	world_finish(&d);
}

/* ---- texts ---- */

static void broken_texts_are_refused_at_their_place(void **state)
{
	(void)state;
	struct directory_world d;
	some_people(&d);
	static const struct {
		enum directory_thing thing;
		const char *text, *place;
	} rows[] = {
		{DIRECTORY_ORGANISATION, "{'kind':'vendor'}", "/names"},
		{DIRECTORY_ORGANISATION, "{'kind':'club'," NAMES "}", "/kind"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','x':1," NAMES "}", "/x"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','id':@77," NAMES "}", "/id"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','names':[{'language':'ja','name':'社','reading':'sha'}]}",
		 "/names/0/reading"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','names':[{'language':'j','name':'x'}]}",
		 "/names/0/language"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','names':[{'language':'en','name':'a\\u0007'}]}",
		 "/names/0/name"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','sectors':{'critical':['gas','gas']}," NAMES "}",
		 "/sectors/critical/1"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','parents':[@11,@11]," NAMES "}", "/parents/1"},
		{DIRECTORY_ORGANISATION, "{'kind':'vendor','parents':[@80]," NAMES "}", "/parents"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'prefix','value':'10.0.0.1/"
		 "24','state':'claimed'}]," NAMES "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'prefix','value':'0.0.0.0/"
		 "0','state':'claimed'}]," NAMES "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'domain','value':'jp','state':'claimed'}]," NAMES "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'domain','value':'*.example.jp','state':'claimed'}]"
		 "," NAMES "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'asn','value':'AS1','state':'claimed'}]," NAMES "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'asn','value':'4294967296','state':'claimed'}]," NAMES
		 "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','holdings':[{'kind':'certificate','value':'00','state':'claimed'}]," NAMES
		 "}",
		 "/holdings/0/value"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','agreements':[{'partner':@1,'tlp_max':'white'}]," NAMES "}",
		 "/agreements/0/tlp_max"},
		{DIRECTORY_ORGANISATION,
		 "{'kind':'vendor','memberships':[{'group':@20,'from':'2024-01-01T00:00:00Z','until':"
		 "'2023-01-01T00:00:00Z'}]," NAMES "}",
		 "/memberships/0/until"},
		{DIRECTORY_PERSON, "{}", "/login"},
		{DIRECTORY_PERSON, "{'login':'A b'}", "/login"},
		{DIRECTORY_PERSON, "{'login':'z','places':[{'organisation':@1,'roles':['king']}]}",
		 "/places/0/roles/0"},
		{DIRECTORY_PERSON, "{'login':'z','places':[{'organisation':@1},{'organisation':@1}]}",
		 "/places"},
		{DIRECTORY_PERSON, "{'login':'z','clearance':{'level':'secret'}}", "/clearance/until"},
		{DIRECTORY_GROUP, "{" NAMES "}", "/keeper"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(world_put(&d, &first, rows[i].thing, 80, -1, rows[i].text), HN_EFORMAT);
		assert_string_equal(d.fault.place, rows[i].place);
	}
	world_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_asker_has_what_its_organisation_has),
		cmocka_unit_test(what_ends_is_gone),
		cmocka_unit_test(it_reads_back_after_a_restart),
		cmocka_unit_test(another_process_is_seen),
		cmocka_unit_test(rights_are_changed_by_who_may),
		cmocka_unit_test(the_last_administrator_stays),
		cmocka_unit_test(a_stale_change_is_refused),
		cmocka_unit_test(consent_is_one_s_own),
		cmocka_unit_test(a_token_taken_away_is_gone_at_once),
		cmocka_unit_test(credentials_are_made_by_who_may),
		cmocka_unit_test(a_new_password_ends_what_sign_ins_made),
		cmocka_unit_test(what_machines_may_is_bound_by_use),
		cmocka_unit_test(each_knows_what_it_may),
		cmocka_unit_test(a_card_does_not_tell_of_the_rest),
		cmocka_unit_test(a_list_is_paged),
		cmocka_unit_test(broken_texts_are_refused_at_their_place),
	};
	return cmocka_run_group_tests_name("directory", tests, NULL, NULL);
}
