/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/approvals.h"

#include "directory_world.h"
#include "match/canonical.h"
#include "stix/object.h"
#include "store/labels.h"
#include "store/objects.h"
#include "store/set_files.h"
#include "store/sets.h"

/* The centre is 1; people 10 and up are of it: 10, 11 approvers, 12 an analyst, 13 an approver; 20 of
 * another. */
struct decisions {
	struct directory_world d;
	struct asker anna, ben, carl, dora, other;
	struct approval_refusal why;
};

static void add_person(struct decisions *x, unsigned id, unsigned organisation, const char *roles,
		       struct asker *out)
{
	char text[256];
	struct asker admin;
	assert_int_equal(world_person(&x->d, 2, 0, &admin), HN_OK);
	(void)snprintf(text, sizeof(text),
		       "{'login':'p%u','active':true,'places':[{'organisation':@%u,'roles':[%s]}]}", id,
		       organisation, roles);
	world_must_put(&x->d, &admin, DIRECTORY_PERSON, id, text);
	assert_int_equal(world_person(&x->d, id, 0, out), HN_OK);
}

static void begin(struct decisions *x)
{
	struct asker admin;
	memset(x, 0, sizeof(*x));
	world_begin(&x->d);
	assert_int_equal(world_person(&x->d, 2, 0, &admin), HN_OK);
	world_must_put(&x->d, &admin, DIRECTORY_ORGANISATION, 5,
		       "{'kind':'operator','names':[{'language':'en','name':'five'}]}");
	add_person(x, 10, 1, "'approver','analyst'", &x->anna);
	add_person(x, 11, 1, "'approver'", &x->ben);
	add_person(x, 12, 1, "'analyst'", &x->carl);
	add_person(x, 13, 1, "'approver'", &x->dora);
	add_person(x, 20, 5, "'approver','analyst'", &x->other);
}

/* ---- objects and sets ---- */

struct adding {
	struct label label;
	unsigned id;
	const char *modified;
	bool revoked;
	int64_t seq;
};

static int add_job(struct writing *w, void *context)
{
	struct adding *a = context;
	struct stix_object o;
	struct buf text;
	char uuid[UUID_TEXT_SIZE];
	enum object_outcome outcome;
	struct object_new n = {.stix = &o, .owner = a->label.owner};
	buf_init(&text, 1 << 16);
	buf_addf(&text,
		 "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--%s\",\"created\":"
		 "\"2026-01-01T00:00:00.000Z\",\"modified\":\"%s\",\"pattern\":\"[domain-name:value = "
		 "'evil.example']\",\"pattern_type\":\"stix\",\"valid_from\":\"2026-01-01T00:00:00Z\"%s}",
		 world_uuid_text(a->id, uuid), a->modified, a->revoked ? ",\"revoked\":true" : "");
	stix_object_init(&o);
	assert_int_equal(stix_object_read(&o, cur_of(text.data, text.len), STIX_2_1, &STIX_DEFAULTS, NULL),
			 HN_OK);
	int err = labels_number(w, &a->label, &n.label);
	if (err == HN_OK)
		err = objects_add(w, &n, &outcome, &a->seq);
	stix_object_clear(&o);
	buf_clear(&text);
	return err;
}

static int64_t add_version(struct decisions *x, unsigned id, const struct label *label, const char *modified,
			   bool revoked)
{
	struct adding a = {.label = *label, .id = id, .modified = modified, .revoked = revoked};
	assert_int_equal(store_write(x->d.w.store, add_job, &a), HN_OK);
	return a.seq;
}

static int64_t add(struct decisions *x, unsigned id, enum tlp tlp, enum pap pap)
{
	struct label label;
	label_init(&label, x->anna.organisation);
	label.tlp = tlp;
	label.pap = pap;
	return add_version(x, id, &label, "2026-01-01T00:00:00.000Z", false);
}

struct making {
	struct set_new set;
	struct label label;
};

static int make_job(struct writing *w, void *context)
{
	struct making *m = context;
	int err = labels_number(w, &m->label, &m->set.label);
	return err == HN_OK ? sets_add(w, &m->set) : err;
}

static int make_set(struct decisions *x, unsigned id, enum set_action action, unsigned persons, enum tlp tlp)
{
	struct making m = {.set = {.id = world_uuid(id),
				   .organisation = x->anna.organisation,
				   .name_en = "a set",
				   .name_ja = "集合",
				   .action = action,
				   .persons = persons}};
	label_init(&m.label, x->anna.organisation);
	m.label.tlp = tlp;
	return store_write(x->d.w.store, make_job, &m);
}

/* ---- steps ---- */

struct stepping {
	struct decisions *x;
	const struct asker *actor;
	struct approval_new draft;
	enum approval_verb verb;
	struct uuid id;
	int64_t revision;
	enum approval_state state;
};

static int draft_job(struct writing *w, void *context)
{
	struct stepping *s = context;
	return approvals_draft(w, s->actor, &s->draft, &s->x->why);
}

static int step_job(struct writing *w, void *context)
{
	struct stepping *s = context;
	return approvals_step(w, s->actor, &s->id, s->verb, s->revision, "because", &s->state, &s->x->why);
}

/* Proposes a version with one name; its act and its end where they are asked. */
static int propose_with(struct decisions *x, const struct asker *actor, unsigned id, unsigned set,
			int64_t seq, const char *value, const char *act, int64_t until_us)
{
	struct canonical c;
	assert_int_equal(canonical_value(value, strlen(value), &c), HN_OK);
	const struct approval_entry entry = {.key = c.key,
					     .meta = {.object = "indicator--x", .confidence = 255}};
	struct stepping s = {.x = x, .actor = actor};
	s.draft = (struct approval_new){.id = world_uuid(id),
					.set = world_uuid(set),
					.seq = seq,
					.act = act,
					.reason = "",
					.until_us = until_us,
					.entries = &entry,
					.entry_count = 1,
					.left_out = "[]",
					.propose = true};
	x->why.word = NULL;
	return store_write(x->d.w.store, draft_job, &s);
}

static int propose(struct decisions *x, const struct asker *actor, unsigned id, unsigned set, int64_t seq,
		   const char *value)
{
	return propose_with(x, actor, id, set, seq, value, "", 0);
}

static int step_seen(struct decisions *x, const struct asker *actor, unsigned id, enum approval_verb verb,
		     int64_t revision, enum approval_state *state_out)
{
	struct stepping s = {
		.x = x, .actor = actor, .verb = verb, .id = world_uuid(id), .revision = revision};
	x->why.word = NULL;
	int err = store_write(x->d.w.store, step_job, &s);
	*state_out = s.state;
	return err;
}

static int step(struct decisions *x, const struct asker *actor, unsigned id, enum approval_verb verb,
		enum approval_state *state_out)
{
	return step_seen(x, actor, id, verb, -1, state_out);
}

static void refused(struct decisions *x, int err, int wanted, const char *word)
{
	assert_int_equal(err, wanted);
	assert_non_null(x->why.word);
	assert_string_equal(x->why.word, word);
	assert_true(x->why.fault.message[0] != '\0');
}

/* ---- what is in a set ---- */

struct content {
	size_t added, removed;
	struct set_standing standing;
};

static int count_change(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct content *c = context;
	assert_true(key->len > 0);
	*(meta == NULL ? &c->removed : &c->added) += 1;
	return HN_OK;
}

static int take_standing(void *context, const struct set_standing *s)
{
	((struct content *)context)->standing = *s;
	return HN_OK;
}

static void read_content(struct decisions *x, int64_t after, struct content *out)
{
	struct asker hub;
	struct reader *reader;
	memset(out, 0, sizeof(*out));
	asker_hub(&hub);
	assert_int_equal(store_read(x->d.w.store, &hub, &reader), HN_OK);
	assert_int_equal(set_files_standing(reader, 0, true, take_standing, out), HN_OK);
	assert_int_equal(set_files_changes(reader, out->standing.number, after, out->standing.change,
					   count_change, out),
			 HN_OK);
	reader_end(reader);
}

static void two_persons_decide(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	begin(&x);
	int64_t seq = add(&x, 100, TLP_GREEN, PAP_CLEAR);
	assert_int_equal(make_set(&x, 200, SET_BLOCK, 1, TLP_AMBER), HN_EFORMAT);
	assert_int_equal(make_set(&x, 200, SET_BLOCK, 0, TLP_AMBER), HN_OK);
	assert_int_equal(propose(&x, &x.other, 300, 200, seq, "evil.example"), HN_ENOENT);
	assert_int_equal(propose(&x, &x.anna, 300, 200, seq, "evil.example"), HN_OK);
	refused(&x, propose(&x, &x.carl, 301, 200, seq, "evil.example"), HN_ESTATE, "exists");
	refused(&x, step(&x, &x.anna, 300, APPROVAL_APPROVE, &is), HN_EAUTH, "alone");
	refused(&x, step(&x, &x.carl, 300, APPROVAL_APPROVE, &is), HN_EAUTH, "role");
	assert_int_equal(step(&x, &x.other, 300, APPROVAL_APPROVE, &is), HN_ENOENT);
	refused(&x, step(&x, &x.ben, 300, APPROVAL_RETIRE, &is), HN_ESTATE, "state");
	assert_int_equal(step(&x, &x.ben, 300, APPROVAL_APPROVE, &is), HN_OK);
	assert_int_equal(is, APPROVAL_APPROVED);
	refused(&x, step(&x, &x.dora, 300, APPROVAL_APPROVE, &is), HN_ESTATE, "state");
	assert_int_equal(step(&x, &x.dora, 300, APPROVAL_RETIRE, &is), HN_OK);
	assert_int_equal(is, APPROVAL_RETIRED);
	world_finish(&x.d);
}

static void a_set_may_ask_for_more(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	begin(&x);
	assert_int_equal(make_set(&x, 200, SET_WATCH, 3, TLP_AMBER), HN_OK);
	int64_t seq = add(&x, 100, TLP_GREEN, PAP_AMBER);
	assert_int_equal(propose(&x, &x.carl, 300, 200, seq, "evil.example"), HN_OK);
	assert_int_equal(step(&x, &x.ben, 300, APPROVAL_APPROVE, &is), HN_OK);
	assert_int_equal(is, APPROVAL_PROPOSED);
	refused(&x, step(&x, &x.ben, 300, APPROVAL_APPROVE, &is), HN_EAUTH, "alone");

	/* Who said yes and is gone since counts for nothing. */
	struct asker admin;
	assert_int_equal(world_person(&x.d, 2, 0, &admin), HN_OK);
	world_must_put(&x.d, &admin, DIRECTORY_PERSON, 11,
		       "{'login':'p11','active':false,'places':[{'organisation':@1,'roles':['approver']}]}");
	refused(&x, step(&x, &x.anna, 300, APPROVAL_APPROVE, &is), HN_ESTATE, "inactive");
	world_must_put(&x.d, &admin, DIRECTORY_PERSON, 11,
		       "{'login':'p11','active':true,'places':[{'organisation':@1,'roles':['approver']}]}");
	assert_int_equal(step(&x, &x.anna, 300, APPROVAL_APPROVE, &is), HN_OK);
	assert_int_equal(is, APPROVAL_APPROVED);
	world_finish(&x.d);
}

static int take_revision(void *context, const struct approval *a)
{
	*(int64_t *)context = a->revision;
	return HN_OK;
}

static int64_t revision_of(struct decisions *x, unsigned id)
{
	struct reader *reader;
	struct uuid uuid = world_uuid(id);
	int64_t revision = -1;
	assert_int_equal(store_read(x->d.w.store, &x->anna, &reader), HN_OK);
	assert_int_equal(approvals_get(reader, &uuid, take_revision, &revision), HN_OK);
	reader_end(reader);
	return revision;
}

/* Its state is as both saw it, yet the second of them has not seen what the first one did. */
static void who_has_not_seen_the_last_step_takes_none(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	begin(&x);
	assert_int_equal(make_set(&x, 200, SET_WATCH, 3, TLP_AMBER), HN_OK);
	assert_int_equal(propose(&x, &x.carl, 300, 200, add(&x, 100, TLP_GREEN, PAP_AMBER), "evil.example"),
			 HN_OK);
	int64_t seen = revision_of(&x, 300);
	assert_int_equal(step_seen(&x, &x.ben, 300, APPROVAL_APPROVE, seen, &is), HN_OK);
	assert_int_equal(is, APPROVAL_PROPOSED);
	refused(&x, step_seen(&x, &x.anna, 300, APPROVAL_APPROVE, seen, &is), HN_ESTATE, "changed");
	assert_int_equal(step_seen(&x, &x.anna, 300, APPROVAL_APPROVE, revision_of(&x, 300), &is), HN_OK);
	assert_int_equal(is, APPROVAL_APPROVED);
	world_finish(&x.d);
}

static void markings_keep_out(void **state)
{
	(void)state;
	static const struct {
		enum set_action action;
		enum pap pap;
		enum tlp object, set;
		const char *word; /* NULL: it gets in */
	} cases[] = {
		{SET_BLOCK, PAP_GREEN, TLP_GREEN, TLP_AMBER, NULL},
		{SET_BLOCK, PAP_AMBER, TLP_GREEN, TLP_AMBER, "use"},
		{SET_SELECT, PAP_AMBER, TLP_GREEN, TLP_AMBER, "use"},
		{SET_WATCH, PAP_AMBER, TLP_GREEN, TLP_AMBER, NULL},
		{SET_WATCH, PAP_RED, TLP_GREEN, TLP_AMBER, "use"},
		{SET_BLOCK, PAP_CLEAR, TLP_AMBER_STRICT, TLP_AMBER, "audience"},
		{SET_BLOCK, PAP_CLEAR, TLP_AMBER, TLP_AMBER, NULL},
		{SET_BLOCK, PAP_CLEAR, TLP_GREEN, TLP_CLEAR, "audience"},
	};
	struct decisions x;
	begin(&x);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		assert_int_equal(make_set(&x, 200 + i, cases[i].action, 0, cases[i].set), HN_OK);
		int64_t seq = add(&x, 100 + i, cases[i].object, cases[i].pap);
		int err = propose_with(&x, &x.anna, 300 + i, 200 + i, seq, "evil.example", "act-1", 0);
		if (cases[i].word != NULL)
			refused(&x, err, HN_ESTATE, cases[i].word);
		else
			assert_int_equal(err, HN_OK);
	}
	struct label selected;
	label_init(&selected, x.anna.organisation);
	selected.tlp = TLP_CLEAR;
	selected.selected = true;
	selected.authorization = world_uuid(9);
	int64_t seq = add_version(&x, 150, &selected, "2026-01-01T00:00:00.000Z", false);
	assert_int_equal(propose(&x, &x.anna, 350, 203, seq, "evil.example"), HN_ENOENT);
	refused(&x, propose(&x, &x.anna, 351, 202, add(&x, 151, TLP_GREEN, PAP_CLEAR), "evil.example"),
		HN_EFORMAT, "act");
	world_finish(&x.d);
}

static void a_newer_version_takes_the_place_of_the_older(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	struct label label;
	struct content c;
	begin(&x);
	label_init(&label, x.anna.organisation);
	label.tlp = TLP_GREEN;
	assert_int_equal(make_set(&x, 200, SET_BLOCK, 0, TLP_AMBER), HN_OK);
	int64_t one = add_version(&x, 100, &label, "2026-01-01T00:00:00.000Z", false);
	assert_int_equal(propose(&x, &x.anna, 300, 200, one, "old.example"), HN_OK);
	assert_int_equal(step(&x, &x.ben, 300, APPROVAL_APPROVE, &is), HN_OK);
	int64_t two = add_version(&x, 100, &label, "2026-02-01T00:00:00.000Z", false);
	refused(&x, propose(&x, &x.carl, 301, 200, one, "old.example"), HN_ESTATE, "exists");
	assert_int_equal(propose(&x, &x.anna, 301, 200, two, "new.example"), HN_OK);
	assert_int_equal(step(&x, &x.ben, 301, APPROVAL_APPROVE, &is), HN_OK);
	read_content(&x, 1, &c);
	assert_int_equal(c.standing.change, 2);
	assert_int_equal(c.added, 1);
	assert_int_equal(c.removed, 1);
	refused(&x, step(&x, &x.ben, 300, APPROVAL_RETIRE, &is), HN_ESTATE, "state");
	int64_t gone = add_version(&x, 100, &label, "2026-03-01T00:00:00.000Z", true);
	refused(&x, propose(&x, &x.anna, 302, 200, gone, "new.example"), HN_ESTATE, "superseded");
	world_finish(&x.d);
}

static void a_key_that_two_bring_goes_with_the_last(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	struct content c;
	begin(&x);
	assert_int_equal(make_set(&x, 200, SET_BLOCK, 0, TLP_AMBER), HN_OK);
	for (unsigned i = 0; i < 2; i++) {
		int64_t seq = add(&x, 100 + i, TLP_GREEN, PAP_CLEAR);
		assert_int_equal(propose(&x, &x.anna, 300 + i, 200, seq, "evil.example"), HN_OK);
		assert_int_equal(step(&x, &x.ben, 300 + i, APPROVAL_APPROVE, &is), HN_OK);
	}
	read_content(&x, 1, &c);
	assert_int_equal(c.added, 2);
	assert_int_equal(step(&x, &x.ben, 300, APPROVAL_RETIRE, &is), HN_OK);
	read_content(&x, 2, &c);
	assert_int_equal(c.added, 1);
	assert_int_equal(c.removed, 0);
	assert_int_equal(step(&x, &x.ben, 301, APPROVAL_RETIRE, &is), HN_OK);
	read_content(&x, 3, &c);
	assert_int_equal(c.added, 0);
	assert_int_equal(c.removed, 1);
	world_finish(&x.d);
}

struct ending {
	size_t count, told;
};

static int tell_expired(void *context, const struct uuid *approval)
{
	(void)approval;
	((struct ending *)context)->told++;
	return HN_OK;
}

static int expire_job(struct writing *w, void *context)
{
	struct ending *e = context;
	e->told = 0;
	return approvals_expire(w, 64, tell_expired, e, &e->count);
}

static void what_is_over_leaves_the_set(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	struct content c;
	struct ending e;
	begin(&x);
	assert_int_equal(make_set(&x, 200, SET_WATCH, 0, TLP_AMBER), HN_OK);
	int64_t seq = add(&x, 100, TLP_GREEN, PAP_CLEAR);
	int64_t until = x.d.w.now_us + 60000000;
	assert_int_equal(propose_with(&x, &x.anna, 300, 200, seq, "evil.example", "", until), HN_OK);
	assert_int_equal(step(&x, &x.anna, 300, APPROVAL_APPROVE, &is), HN_OK);
	assert_int_equal(store_write(x.d.w.store, expire_job, &e), HN_OK);
	assert_int_equal(e.told, 0);
	x.d.w.now_us = until;
	assert_int_equal(store_write(x.d.w.store, expire_job, &e), HN_OK);
	assert_int_equal(e.told, 1);
	assert_int_equal(e.count, 1);
	read_content(&x, 1, &c);
	assert_int_equal(c.removed, 1);
	world_finish(&x.d);
}

struct putting {
	struct set_standing s;
	int64_t was;
};

static int put_job(struct writing *w, void *context)
{
	struct putting *p = context;
	return set_files_publish(w, &p->s, p->was, "{}", 2);
}

static void heads_follow_one_another(void **state)
{
	(void)state;
	struct decisions x;
	enum approval_state is;
	struct content c;
	begin(&x);
	assert_int_equal(make_set(&x, 200, SET_WATCH, 0, TLP_AMBER), HN_OK);
	int64_t seq = add(&x, 100, TLP_GREEN, PAP_CLEAR);
	assert_int_equal(propose(&x, &x.anna, 300, 200, seq, "evil.example"), HN_OK);
	assert_int_equal(step(&x, &x.anna, 300, APPROVAL_APPROVE, &is), HN_OK);
	read_content(&x, 0, &c);
	assert_int_equal(c.standing.version, 0);
	struct putting p = {.s = c.standing};
	p.s.version = 1;
	p.s.head_change = p.s.change;
	p.s.file_count = 1;
	p.s.files[0] = (struct set_file){.digest = {1}, .size = 9, .change = p.s.change};
	assert_int_equal(store_write(x.d.w.store, put_job, &p), HN_OK);
	assert_int_equal(store_write(x.d.w.store, put_job, &p), HN_ESTATE);
	read_content(&x, 0, &c);
	assert_int_equal(c.added, 0); /* the base holds it: no change is told any more */
	assert_int_equal(c.standing.version, 1);
	assert_int_equal(c.standing.file_count, 1);
	assert_int_equal(c.standing.files[0].size, 9);
	p.was = 1;
	p.s.version = 2;
	p.s.files[0].digest[0] = 2;
	assert_int_equal(store_write(x.d.w.store, put_job, &p), HN_OK);
	read_content(&x, 0, &c);
	assert_int_equal(c.standing.file_count, 1);
	assert_int_equal(c.standing.files[0].digest[0], 2);
	world_finish(&x.d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_persons_decide),
		cmocka_unit_test(a_set_may_ask_for_more),
		cmocka_unit_test(who_has_not_seen_the_last_step_takes_none),
		cmocka_unit_test(markings_keep_out),
		cmocka_unit_test(a_newer_version_takes_the_place_of_the_older),
		cmocka_unit_test(a_key_that_two_bring_goes_with_the_last),
		cmocka_unit_test(what_is_over_leaves_the_set),
		cmocka_unit_test(heads_follow_one_another),
	};
	return cmocka_run_group_tests_name("approvals", tests, NULL, NULL);
}
