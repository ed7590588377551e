/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/holds.h"

#include "directory_world.h"
#include "store/labels.h"

struct entering {
	struct hold_new hold;
	struct label label;
	int64_t revision;
	enum { ENTER, CHANGE, RELEASE } what;
};

static int enter_job(struct writing *w, void *context)
{
	struct entering *e = context;
	int err = e->what == RELEASE ? HN_OK : labels_number(w, &e->label, &e->hold.label);
	if (err != HN_OK)
		return err;
	return e->what == ENTER    ? holds_add(w, &e->hold)
	       : e->what == CHANGE ? holds_change(w, &e->hold, e->revision)
				   : holds_release(w, e->hold.organisation, &e->hold.id, e->revision);
}

static int enter(struct store_world *w, unsigned id, int64_t organisation, const char *value, enum tlp tlp)
{
	struct canonical c;
	struct fault fault;
	assert_int_equal(hold_value(value, strlen(value), &c, &fault), HN_OK);
	struct entering e = {.hold = {.id = world_uuid(id),
				      .organisation = organisation,
				      .key = &c.key,
				      .reason = "we watch it",
				      .contact = "desk",
				      .until_us = w->now_us + 1000000}};
	label_init(&e.label, organisation);
	e.label.tlp = tlp;
	if (tlp == TLP_RED)
		e.label.recipients[e.label.recipient_count++] = organisation;
	return store_write(w->store, enter_job, &e);
}

struct asking {
	struct canonical value;
	struct hold_asker asker;
	bool held;
};

static int ask_job(struct writing *w, void *context)
{
	struct asking *a = context;
	return holds_ask(w, &a->value.key, &a->asker, &a->held);
}

static bool ask(struct store_world *w, int64_t organisation, const char *value)
{
	struct asking a = {.asker = {.organisation = organisation}};
	struct fault fault;
	if (hold_value(value, strlen(value), &a.value, &fault) != HN_OK)
		fail_msg("%s: %s", value, fault.message);
	assert_int_equal(store_write(w->store, ask_job, &a), HN_OK);
	return a.held;
}

static void what_lies_inside_is_covered(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		bool held;
	} cases[] = {
		{"203.0.113.0/24", true},
		{"203.0.113.7", true},
		{"203.0.113.64/26", true},
		{"203.0.112.7", false},
		{"198.51.100.9", true},
		{"198.51.100.0/24", true},
		{"198.51.100.8/29", true},
		{"198.51.100.10", false},
		{"198.51.100.16/28", false},
		{"2001:db8:1:2::5", true},
		{"2001:db8:1::/48", true},
		{"2001:db8:2::5", false},
		{"www.held.example", true},
		{"a.b.held.example", true},
		{"held.example", false},
		{"*.held.example", true},
		{"*.www.held.example", true},
		{"unheld.example", false},
		{"one.name.example", true},
		{"*.name.example", true},
		{"x.one.name.example", false},
		{"name.example", false},
		{"https://page.example/a?b", true},
		{"https://page.example/other", false},
		{"page.example", true},
		{"www.page.example", false},
		{"http://www.held.example/x", true},
		{"http://203.0.113.7:8080/x", true},
		{"d41d8cd98f00b204e9800998ecf8427e", true},
		{"d41d8cd98f00b204e9800998ecf8427f", false},
	};
	static const char *const held[] = {"203.0.113.0/24",
					   "198.51.100.9",
					   "2001:db8:1:2::/64",
					   "*.held.example",
					   "one.name.example",
					   "http://page.example/a?b",
					   "d41d8cd98f00b204e9800998ecf8427e"};
	struct store_world w;
	world_open(&w);
	for (unsigned i = 0; i < COUNT(held); i++)
		assert_int_equal(enter(&w, 10 + i, 5, held[i], TLP_RED), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (ask(&w, 6, cases[i].value) != cases[i].held)
			fail_msg("%s: held is %d", cases[i].value, !cases[i].held);
	/* What is over does not answer. */
	w.now_us += 1000000;
	assert_false(ask(&w, 6, "198.51.100.9"));
	world_close(&w);
}

static void what_is_too_wide_is_no_question(void **state)
{
	(void)state;
	static const char *const wide[] = {
		"0.0.0.0/0", "198.51.0.0/16", "2001:db8::/32", "*.example", "not a value", "", "a@b.example"};
	for (size_t i = 0; i < COUNT(wide); i++) {
		struct canonical c;
		struct fault fault = {0};
		int err = hold_value(wide[i], strlen(wide[i]), &c, &fault);
		assert_true(err == HN_ELIMIT || err == HN_EFORMAT);
		assert_string_equal(fault.place, "/value");
	}
}

struct seen {
	size_t holds, questions;
	int64_t revision, organisation;
	struct hold_question last;
	char value[64];
};

static int see_hold(void *context, const struct hold *hold)
{
	struct seen *s = context;
	s->holds++;
	s->revision = hold->revision;
	s->organisation = hold->organisation;
	(void)snprintf(s->value, sizeof(s->value), "%s", hold->value);
	return HN_OK;
}

static int see_question(void *context, const struct hold_question *question)
{
	struct seen *s = context;
	s->questions++;
	s->last = *question;
	return HN_OK;
}

static void read_as(struct store_world *w, int64_t organisation, struct seen *out)
{
	struct asker asker;
	struct reader *reader;
	bool more;
	struct uuid id = world_uuid(10);
	asker_public(&asker);
	asker.organisation = organisation;
	asker.tlp_max = TLP_RED;
	asker.contents = 3;
	memset(out, 0, sizeof(*out));
	assert_int_equal(store_read(w->store, &asker, &reader), HN_OK);
	assert_int_equal(holds_list(reader, 0, false, w->now_us, 100, see_hold, out, &more), HN_OK);
	int err = holds_get(reader, &id, see_hold, out);
	assert_true(err == HN_OK || err == HN_ENOENT);
	err = holds_questions(reader, &id, 0, 100, see_question, out, &more);
	assert_int_equal(err, organisation == 5 ? HN_OK : HN_ENOENT);
	reader_end(reader);
}

static void holds_are_shown_by_their_marking_and_questions_to_the_holder(void **state)
{
	(void)state;
	struct store_world w;
	struct seen s;
	world_open(&w);
	assert_int_equal(enter(&w, 10, 5, "198.51.100.9", TLP_RED), HN_OK);
	assert_int_equal(enter(&w, 11, 5, "open.example", TLP_GREEN), HN_OK);
	assert_int_equal(enter(&w, 10, 6, "other.example", TLP_GREEN), HN_EEXIST);
	assert_true(ask(&w, 6, "198.51.100.9"));
	assert_true(ask(&w, 7, "198.51.100.0/24"));
	assert_false(ask(&w, 7, "198.51.100.10"));
	read_as(&w, 5, &s);
	assert_int_equal(s.holds, 3);
	assert_int_equal(s.questions, 2);
	read_as(&w, 6, &s);
	assert_int_equal(s.holds, 1);
	assert_string_equal(s.value, "open.example");
	read_as(&w, 0, &s);
	assert_int_equal(s.holds, 0);
	world_close(&w);
}

static void only_the_holder_changes_and_releases(void **state)
{
	(void)state;
	struct store_world w;
	struct seen s;
	world_open(&w);
	assert_int_equal(enter(&w, 10, 5, "198.51.100.9", TLP_GREEN), HN_OK);
	read_as(&w, 5, &s);
	struct entering e = {.hold = {.id = world_uuid(10),
				      .organisation = 6,
				      .reason = "r",
				      .contact = "c",
				      .until_us = w.now_us + 9000000},
			     .revision = -1,
			     .what = CHANGE};
	label_init(&e.label, 6);
	assert_int_equal(store_write(w.store, enter_job, &e), HN_ENOENT);
	e.hold.organisation = 5;
	e.revision = s.revision + 1;
	assert_int_equal(store_write(w.store, enter_job, &e), HN_ESTATE);
	e.revision = s.revision;
	assert_int_equal(store_write(w.store, enter_job, &e), HN_OK);
	assert_true(ask(&w, 6, "198.51.100.9"));
	e.what = RELEASE;
	e.revision = -1;
	assert_int_equal(store_write(w.store, enter_job, &e), HN_OK);
	assert_int_equal(store_write(w.store, enter_job, &e), HN_ESTATE);
	assert_false(ask(&w, 6, "198.51.100.9"));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_inside_is_covered),
		cmocka_unit_test(what_is_too_wide_is_no_question),
		cmocka_unit_test(holds_are_shown_by_their_marking_and_questions_to_the_holder),
		cmocka_unit_test(only_the_holder_changes_and_releases),
	};
	return cmocka_run_group_tests_name("holds", tests, NULL, NULL);
}
