/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/edges.h"

#include "directory_world.h"
#include "store/authorizations.h"
#include "store/edge_documents.h"
#include "store/edge_events.h"
#include "store/edge_receipts.h"
#include "store/edge_streams.h"
#include "store/labels.h"
#include "store/selected.h"

#define OWN   5
#define OTHER 6
#define HOUR  (INT64_C(3600) * 1000000)
#define NOON  (INT64_C(20000) * 24 * HOUR + 12 * HOUR)

/* ---- acts, each a job ---- */

struct act {
	enum {
		CODE,
		ENROL,
		CERTIFICATE,
		REVOKE,
		STREAM,
		EVENT,
		SIGHT,
		WRITTEN,
		RECEIPT,
		SELECT,
		ERASE,
		HEAD
	} what;
	uint8_t secret;
	uint8_t request;
	unsigned id;
	int64_t organisation, number, until_us, through, time_us, times;
	enum edge_kind kind;
	struct edge_enrolled enrolled;
	uint8_t serial;
	bool is_new;
	uint64_t count;
	const char *body;
};

static int enrol(struct writing *w, struct act *a)
{
	struct edge_enrolment e = {
		.id = world_uuid(a->id), .kind = a->kind, .identity = "pub", .program = "p"};
	memset(e.secret, a->secret, sizeof(e.secret));
	memset(e.request, a->request, sizeof(e.request));
	return edges_enrol(w, &e, &a->enrolled);
}

static int give_certificate(struct writing *w, const struct act *a)
{
	uint8_t secret[EDGE_SECRET_SIZE];
	memset(secret, a->secret, sizeof(secret));
	const struct edge_certificate c = {&a->serial, 1, a->until_us, "PEM"};
	return edges_certificate_add(w, a->number, &c, a->secret != 0 ? secret : NULL);
}

static int select_one(struct writing *w, struct act *a)
{
	struct label label;
	struct selected_record s = {.uid = world_uuid(a->id),
				    .edge = a->number,
				    .authorization = world_uuid(a->request),
				    .time_us = NOON,
				    .erase_by_us = a->until_us,
				    .body = a->body,
				    .body_len = strlen(a->body)};
	label_init(&label, OWN);
	label.selected = true;
	label.authorization = s.authorization;
	int err = labels_number(w, &label, &s.label);
	const struct sighting_day day = {.indicator = world_uuid(60),
					 .organisation = OWN,
					 .kind = SIGHTING_SENSOR,
					 .label = s.label,
					 .times = 1,
					 .first_us = NOON};
	if (err == HN_OK)
		err = sightings_raise(w, &day);
	return err == HN_OK ? selected_add(w, &s, &a->is_new) : err;
}

static int act_job(struct writing *w, void *context)
{
	struct act *a = context;
	uint8_t secret[EDGE_SECRET_SIZE];
	memset(secret, a->secret, sizeof(secret));
	const struct edge_new edge = {a->organisation, a->kind, "North", "北"};
	const struct edge_place place = {.epoch = world_uuid(a->id), .through = a->through};
	const struct edge_event event = {.uid = world_uuid(a->id),
					 .edge = a->number,
					 .organisation = a->organisation,
					 .time_us = a->time_us,
					 .times = a->times,
					 .indicator = world_uuid(a->request),
					 .set = "s",
					 .action = "nxdomain",
					 .value = "bad.example",
					 .body = "{}",
					 .body_len = 2};
	const struct uuid authorization = world_uuid(a->id);
	const struct sighting_day day = {.indicator = world_uuid(a->request),
					 .organisation = a->organisation,
					 .first_us = a->time_us,
					 .times = a->times};
	const struct edge_receipt receipt = {.edge = a->number,
					     .number = a->times,
					     .made_us = a->time_us,
					     .holds = true,
					     .finding = "",
					     .seen = 10,
					     .selected = 2,
					     .erased = 7,
					     .pending = 1,
					     .records = 2,
					     .line = "{}",
					     .line_len = 2,
					     .authorizations = &authorization,
					     .authorization_count = 1};
	const struct edge_head_row head = {.kind = 1, .edge = a->number, .version = a->times, .head = "h"};
	switch (a->what) {
	case CODE:
		return edges_code_add(w, secret, &edge, a->until_us);
	case ENROL:
		return enrol(w, a);
	case CERTIFICATE:
		return give_certificate(w, a);
	case REVOKE:
		return edges_revoke(w, a->number, -1);
	case STREAM:
		return edge_streams_put(w, a->number, 1, &place);
	case EVENT:
		return edge_events_add(w, &event, &a->is_new);
	case SIGHT:
		return sightings_raise(w, &day);
	case WRITTEN:
		return sightings_written(w, a->number, a->times, a->until_us);
	case RECEIPT:
		return edge_receipts_add(w, &receipt, &a->is_new);
	case SELECT:
		return select_one(w, a);
	case ERASE:
		return selected_erase(w, a->time_us, 100, &a->count);
	case HEAD:
		return edge_heads_put(w, &head, a->through);
	}
	return HN_EFORMAT;
}

static int act(struct store_world *w, struct act *a)
{
	return store_write(w->store, act_job, a);
}

static struct reader *reader_of(struct store_world *w, int64_t organisation, enum org_kind kind,
				const struct uuid *handles)
{
	struct asker asker;
	struct reader *reader;
	asker_public(&asker);
	asker.organisation = organisation;
	asker.kind = kind;
	asker.tlp_max = TLP_RED;
	asker.purposes = ~0u;
	asker.contents = ~0u;
	if (handles != NULL)
		asker.authorizations[asker.authorization_count++] = *handles;
	assert_int_equal(store_read(w->store, &asker, &reader), HN_OK);
	return reader;
}

static int count_edges(void *context, const struct edge_row *e)
{
	(*(int *)context)++;
	assert_string_equal(e->name_ja, "北");
	return HN_OK;
}

static int found(struct store_world *w, uint8_t serial, int64_t now_us)
{
	int count = 0;
	return edges_by_serial(w->store, &serial, 1, now_us, count_edges, &count);
}

/* An enrolled edge with the certificate `serial`. @return its number */
static int64_t enrolled(struct store_world *w, unsigned id, int64_t organisation, uint8_t serial)
{
	struct act code = {
		.what = CODE, .secret = serial, .organisation = organisation, .until_us = w->now_us + HOUR};
	assert_int_equal(act(w, &code), HN_OK);
	struct act e = {.what = ENROL, .secret = serial, .request = 1, .id = id};
	assert_int_equal(act(w, &e), HN_OK);
	struct act c = {.what = CERTIFICATE,
			.secret = serial,
			.serial = serial,
			.number = e.enrolled.number,
			.until_us = w->now_us + 10 * HOUR};
	assert_int_equal(act(w, &c), HN_OK);
	return e.enrolled.number;
}

/* ---- the tests ---- */

static void a_code_is_good_once_and_for_its_own_request(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	/* The answer was lost: the same request gets the same. */
	struct act again = {.what = ENROL, .secret = 7, .request = 1, .id = 20};
	assert_int_equal(act(&w, &again), HN_OK);
	assert_true(again.enrolled.again);
	assert_string_equal(again.enrolled.pem, "PEM");
	assert_int_equal(again.enrolled.number, edge);
	/* Stolen: another one comes with it. */
	struct act thief = {.what = ENROL, .secret = 7, .request = 2, .id = 21};
	assert_int_equal(act(&w, &thief), HN_EEXIST);
	/* Not given out, too late, of another kind. */
	struct act none = {.what = ENROL, .secret = 8, .request = 1, .id = 22};
	assert_int_equal(act(&w, &none), HN_ENOENT);
	struct act code = {.what = CODE, .secret = 9, .organisation = OWN, .until_us = w.now_us + HOUR};
	assert_int_equal(act(&w, &code), HN_OK);
	struct act resolver = {.what = ENROL, .secret = 9, .request = 1, .id = 23, .kind = EDGE_RESOLVER};
	assert_int_equal(act(&w, &resolver), HN_EAUTH);
	w.now_us += HOUR;
	struct act late = {.what = ENROL, .secret = 9, .request = 1, .id = 23};
	assert_int_equal(act(&w, &late), HN_ENOENT);
	world_close(&w);
}

static void a_certificate_holds_until_it_ends_or_is_revoked(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	assert_int_equal(found(&w, 7, w.now_us), HN_OK);
	assert_int_equal(found(&w, 8, w.now_us), HN_ENOENT);
	assert_int_equal(found(&w, 7, w.now_us + 11 * HOUR), HN_ENOENT);
	/* It comes anew: what it had before ends. */
	struct act code = {.what = CODE, .secret = 9, .organisation = OWN, .until_us = w.now_us + HOUR};
	struct act anew = {.what = ENROL, .secret = 9, .request = 3, .id = 20};
	assert_int_equal(act(&w, &code), HN_OK);
	assert_int_equal(act(&w, &anew), HN_OK);
	assert_int_equal(anew.enrolled.number, edge);
	assert_int_equal(found(&w, 7, w.now_us), HN_ENOENT);
	struct act c = {.what = CERTIFICATE, .serial = 9, .number = edge, .until_us = w.now_us + HOUR};
	assert_int_equal(act(&w, &c), HN_OK);
	assert_int_equal(found(&w, 9, w.now_us), HN_OK);
	struct act revoke = {.what = REVOKE, .number = edge};
	assert_int_equal(act(&w, &revoke), HN_OK);
	assert_int_equal(found(&w, 9, w.now_us), HN_ENOENT);
	/* Nobody takes over an edge of another organisation. */
	struct act theirs = {.what = CODE, .secret = 10, .organisation = OTHER, .until_us = w.now_us + HOUR};
	struct act take = {.what = ENROL, .secret = 10, .request = 3, .id = 20};
	assert_int_equal(act(&w, &theirs), HN_OK);
	assert_int_equal(act(&w, &take), HN_EAUTH);
	world_close(&w);
}

static void edges_are_known_to_their_organisation_and_the_centre(void **state)
{
	(void)state;
	static const struct {
		int64_t organisation;
		enum org_kind kind;
		int count;
	} cases[] = {{OWN, ORG_OPERATOR, 1},
		     {OTHER, ORG_MINISTRY, 1},
		     {9, ORG_CENTRE, 2},
		     {9, ORG_POLICE, 0},
		     {0, ORG_PUBLIC, 0}};
	struct store_world w;
	world_open(&w);
	(void)enrolled(&w, 20, OWN, 7);
	(void)enrolled(&w, 21, OTHER, 8);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader *r = reader_of(&w, cases[i].organisation, cases[i].kind, NULL);
		struct uuid id = world_uuid(20);
		int count = 0, one = 0;
		bool more;
		assert_int_equal(edges_list(r, 0, 10, count_edges, &count, &more), HN_OK);
		assert_int_equal(count, cases[i].count);
		int expected =
			cases[i].organisation == OWN || cases[i].kind == ORG_CENTRE ? HN_OK : HN_ENOENT;
		assert_int_equal(edges_get(r, &id, count_edges, &one), expected);
		reader_end(r);
	}
	world_close(&w);
}

static void streams_stand_where_they_were_put(void **state)
{
	(void)state;
	struct store_world w;
	struct edge_place places[EDGE_STREAMS];
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	struct reader *r = reader_of(&w, 9, ORG_CENTRE, NULL);
	assert_int_equal(edge_streams_all(r, edge, places), HN_OK);
	assert_int_equal(places[1].through, 0);
	reader_end(r);
	struct act put = {.what = STREAM, .number = edge, .id = 40, .through = 12};
	assert_int_equal(act(&w, &put), HN_OK);
	put.through = 30;
	assert_int_equal(act(&w, &put), HN_OK);
	r = reader_of(&w, 9, ORG_CENTRE, NULL);
	assert_int_equal(edge_streams_all(r, edge, places), HN_OK);
	assert_int_equal(places[1].through, 30);
	assert_int_equal(places[0].through, 0);
	struct uuid epoch = world_uuid(40);
	assert_memory_equal(&places[1].epoch, &epoch, sizeof(epoch));
	reader_end(r);
	world_close(&w);
}

static int count_events(void *context, const struct edge_event *e)
{
	(*(int *)context)++;
	assert_string_equal(e->value, "bad.example");
	return HN_OK;
}

static int add_hours(void *context, const struct event_hour *h)
{
	*(int64_t *)context += h->times;
	return HN_OK;
}

static int look_at_top(void *context, const struct event_top *t)
{
	*(int64_t *)context = t->times;
	return HN_OK;
}

static void an_event_counts_once_and_is_its_organisations(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	for (int i = 0; i < 3; i++) {
		struct act e = {.what = EVENT,
				.number = edge,
				.id = 50,
				.request = 60,
				.organisation = OWN,
				.time_us = NOON,
				.times = 4};
		assert_int_equal(act(&w, &e), HN_OK);
		assert_int_equal(e.is_new, i == 0);
	}
	struct act theirs = {.what = EVENT,
			     .number = edge,
			     .id = 51,
			     .request = 60,
			     .organisation = OTHER,
			     .time_us = NOON + HOUR,
			     .times = 2};
	assert_int_equal(act(&w, &theirs), HN_OK);
	static const struct {
		int64_t organisation;
		enum org_kind kind;
		int events;
		int64_t times;
	} cases[] = {{OWN, ORG_OPERATOR, 1, 4},
		     {OTHER, ORG_OPERATOR, 1, 2},
		     {9, ORG_CENTRE, 2, 6},
		     {8, ORG_POLICE, 0, 0}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader *r = reader_of(&w, cases[i].organisation, cases[i].kind, NULL);
		const struct edge_event_filter all = {0};
		int count = 0;
		int64_t times = 0, top = 0;
		bool more;
		assert_int_equal(edge_events_list(r, &all, 10, count_events, &count, &more), HN_OK);
		assert_int_equal(count, cases[i].events);
		assert_int_equal(edge_events_hours(r, 0, add_hours, &times), HN_OK);
		assert_int_equal(times, cases[i].times);
		assert_int_equal(edge_events_top(r, 0, 5, look_at_top, &top), HN_OK);
		assert_int_equal(top, cases[i].times);
		reader_end(r);
	}
	world_close(&w);
}

static int keep_day(void *context, const struct sighting_day *d)
{
	*(struct sighting_day *)context = *d;
	return HN_OK;
}

static void sightings_are_one_a_day_and_told_once_three_contribute(void **state)
{
	(void)state;
	struct store_world w;
	struct sighting_day day = {0};
	struct sighting_sum sum;
	struct uuid indicator = world_uuid(60);
	world_open(&w);
	struct act s = {.what = SIGHT, .request = 60, .organisation = OWN, .time_us = NOON, .times = 2};
	assert_int_equal(act(&w, &s), HN_OK);
	s.time_us = NOON - HOUR;
	s.times = 3;
	assert_int_equal(act(&w, &s), HN_OK);
	struct reader *r = reader_of(&w, OWN, ORG_OPERATOR, NULL);
	assert_int_equal(sightings_due(r, NOON, 5, keep_day, &day), HN_OK);
	assert_int_equal(day.times, 5);
	assert_int_equal(day.first_us, NOON - HOUR);
	assert_int_equal(day.last_us, NOON);
	assert_int_equal(sightings_sum(r, &indicator, &sum), HN_OK);
	assert_false(sum.told);
	reader_end(r);
	struct act written = {.what = WRITTEN, .number = day.number, .times = 5, .until_us = NOON + HOUR};
	assert_int_equal(act(&w, &written), HN_OK);
	for (int64_t o = 6; o < 8; o++) {
		struct act more = {
			.what = SIGHT, .request = 60, .organisation = o, .time_us = NOON, .times = 1};
		assert_int_equal(act(&w, &more), HN_OK);
	}
	r = reader_of(&w, 0, ORG_PUBLIC, NULL);
	assert_int_equal(sightings_sum(r, &indicator, &sum), HN_OK);
	assert_true(sum.told);
	assert_int_equal(sum.times, 7);
	assert_int_equal(sum.organisations, 3);
	day.times = 0;
	assert_int_equal(sightings_list(r, &indicator, 5, keep_day, &day), HN_OK);
	assert_int_equal(day.times, 0);
	reader_end(r);
	world_close(&w);
}

static int count_receipts(void *context, const struct edge_receipt *receipt)
{
	(void)receipt;
	(*(int *)context)++;
	return HN_OK;
}

static void receipts_are_summed_for_who_knows_the_edge(void **state)
{
	(void)state;
	struct store_world w;
	struct receipt_sums sums;
	struct receipt_use use;
	struct uuid authorization = world_uuid(70);
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	for (int64_t n = 1; n <= 3; n++) {
		struct act a = {.what = RECEIPT, .number = edge, .id = 70, .times = n, .time_us = NOON + n};
		assert_int_equal(act(&w, &a), HN_OK);
		assert_true(a.is_new);
		assert_int_equal(act(&w, &a), HN_OK);
		assert_false(a.is_new);
	}
	struct reader *r = reader_of(&w, OWN, ORG_OPERATOR, NULL);
	int count = 0;
	bool more;
	assert_int_equal(edge_receipts_sums(r, NOON, &sums), HN_OK);
	assert_int_equal(sums.receipts, 3);
	assert_int_equal(sums.seen, 30);
	assert_int_equal(sums.pending, 1);
	assert_int_equal(sums.failing, 0);
	assert_int_equal(edge_receipts_list(r, NULL, &authorization, 0, 2, count_receipts, &count, &more),
			 HN_OK);
	assert_int_equal(count, 2);
	assert_true(more);
	assert_int_equal(edge_receipts_use(r, &authorization, &use), HN_OK);
	assert_int_equal(use.receipts, 3);
	assert_int_equal(use.records, 6);
	reader_end(r);
	r = reader_of(&w, OTHER, ORG_OPERATOR, NULL);
	assert_int_equal(edge_receipts_sums(r, NOON, &sums), HN_OK);
	assert_int_equal(sums.receipts, 0);
	reader_end(r);
	world_close(&w);
}

static int count_records(void *context, const struct selected_record *s)
{
	(void)s;
	(*(int *)context)++;
	return HN_OK;
}

static void what_was_selected_is_its_handlers_alone_and_ends(void **state)
{
	(void)state;
	struct store_world w;
	struct uuid authorization = world_uuid(70), another = world_uuid(71);
	world_open(&w);
	int64_t edge = enrolled(&w, 20, OWN, 7);
	struct act s = {
		.what = SELECT, .number = edge, .id = 80, .request = 70, .until_us = NOON, .body = "{}"};
	assert_int_equal(act(&w, &s), HN_OK);
	assert_int_equal(act(&w, &s), HN_OK);
	assert_false(s.is_new);
	const struct {
		int64_t organisation;
		enum org_kind kind;
		const struct uuid *handles;
		int count;
	} cases[] = {{OWN, ORG_OPERATOR, NULL, 0},
		     {9, ORG_CENTRE, NULL, 0},
		     {9, ORG_CENTRE, &another, 0},
		     {9, ORG_CENTRE, &authorization, 1}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reader *r = reader_of(&w, cases[i].organisation, cases[i].kind, cases[i].handles);
		int count = 0;
		bool more;
		assert_int_equal(selected_list(r, NULL, 0, 5, count_records, &count, &more), HN_OK);
		assert_int_equal(count, cases[i].count);
		reader_end(r);
	}
	struct act early = {.what = ERASE, .time_us = NOON - 1}, due = {.what = ERASE, .time_us = NOON};
	assert_int_equal(act(&w, &early), HN_OK);
	assert_int_equal(early.count, 0);
	assert_int_equal(act(&w, &due), HN_OK);
	assert_int_equal(due.count, 1);
	struct reader *r = reader_of(&w, 9, ORG_CENTRE, &authorization);
	struct uuid indicator = world_uuid(60);
	struct sighting_day left = {.times = 0};
	assert_int_equal(sightings_list(r, &indicator, 5, keep_day, &left), HN_OK);
	assert_int_equal(left.times, 0);
	reader_end(r);
	world_close(&w);
}

static void heads_rise_one_by_one(void **state)
{
	(void)state;
	struct store_world w;
	world_open(&w);
	struct act h = {.what = HEAD, .number = 3, .times = 1, .through = 0};
	assert_int_equal(act(&w, &h), HN_OK);
	assert_int_equal(act(&w, &h), HN_ESTATE);
	h.times = 2;
	h.through = 1;
	assert_int_equal(act(&w, &h), HN_OK);
	assert_int_equal(act(&w, &h), HN_ESTATE);
	world_close(&w);
}

/* ---- who sees what edges report: docs/access.md as an oracle, over all who may ask ---- */

static int apply_job(struct writing *w, void *context)
{
	const int64_t *edge = context;
	const struct uuid sensor = world_uuid((unsigned)*edge);
	const struct authorization_row row = {.id = world_uuid(70),
					      .organisation = OWN,
					      .state = AUTHORIZATION_HANDED,
					      .reason = "",
					      .body = (const uint8_t *)"{}",
					      .body_len = 2};
	return authorizations_add(w, &row, &sensor, 1);
}

/* An edge of OWN, and one of everything that it can report. */
static void report_all(struct store_world *w)
{
	int64_t edge = enrolled(w, 20, OWN, 7);
	struct act acts[] = {
		{.what = EVENT, .number = edge, .id = 50, .request = 60, .organisation = OWN},
		{.what = SIGHT, .request = 60, .organisation = OWN},
		{.what = RECEIPT, .number = edge, .id = 70},
		{.what = SELECT, .number = edge, .id = 80, .request = 70, .until_us = NOON, .body = "{}"},
	};
	for (size_t i = 0; i < COUNT(acts); i++) {
		acts[i].time_us = NOON;
		acts[i].times = 1;
		assert_int_equal(act(w, &acts[i]), HN_OK);
	}
	assert_int_equal(store_write(w->store, apply_job, &edge), HN_OK);
}

static int count_authorizations(void *context, const struct authorization_row *a)
{
	(void)a;
	(*(int *)context)++;
	return HN_OK;
}

/* A sighting of what a resolver blocked counts 1, one of what was selected 100. */
static int count_days(void *context, const struct sighting_day *d)
{
	*(int *)context += d->label == 0 ? 1 : 100;
	return HN_OK;
}

static int count_top(void *context, const struct event_top *t)
{
	*(int *)context += (int)t->times;
	return HN_OK;
}

enum report { EDGES, EVENTS, HOURS, TOP, SIGHTINGS, RECEIPTS, SUMS, AUTHORIZATIONS, SELECTED, REPORTS };

static int count_of(struct reader *r, enum report what)
{
	const struct edge_event_filter all = {0};
	const struct uuid indicator = world_uuid(60);
	struct receipt_sums sums = {0};
	int64_t times = 0;
	int count = 0, err = HN_OK;
	bool more;
	switch (what) {
	case EDGES:
		err = edges_list(r, 0, 10, count_edges, &count, &more);
		break;
	case EVENTS:
		err = edge_events_list(r, &all, 10, count_events, &count, &more);
		break;
	case HOURS:
		err = edge_events_hours(r, 0, add_hours, &times);
		count = (int)times;
		break;
	case TOP:
		err = edge_events_top(r, 0, 10, count_top, &count);
		break;
	case SIGHTINGS:
		err = sightings_list(r, &indicator, 10, count_days, &count);
		break;
	case RECEIPTS:
		err = edge_receipts_list(r, NULL, NULL, 0, 10, count_receipts, &count, &more);
		break;
	case SUMS:
		err = edge_receipts_sums(r, 0, &sums);
		count = (int)sums.receipts;
		break;
	case AUTHORIZATIONS:
		err = authorizations_list(r, 0, 0, 10, count_authorizations, &count, &more);
		break;
	default:
		err = selected_list(r, NULL, 0, 10, count_records, &count, &more);
		break;
	}
	assert_int_equal(err, HN_OK);
	return count;
}

static int wanted_of(const struct asker *a, enum report what)
{
	bool asks = a->organisation != 0 && !a->sets_only, handles = a->authorization_count > 0;
	bool knows = a->hub || (asks && (a->organisation == OWN || a->kind == ORG_CENTRE));
	bool oversees = knows || (asks && a->kind == ORG_COMMISSION);
	switch (what) {
	case SIGHTINGS:
		return knows + (asks && handles ? 100 : 0);
	case RECEIPTS:
	case SUMS:
	case AUTHORIZATIONS:
		return oversees;
	case SELECTED:
		return asks && handles;
	default:
		return knows;
	}
}

static void assert_sees(struct store_world *w, const struct asker *a)
{
	struct reader *r;
	assert_int_equal(store_read(w->store, a, &r), HN_OK);
	for (int what = 0; what < REPORTS; what++) {
		int got = count_of(r, (enum report)what), wanted = wanted_of(a, (enum report)what);
		if (got != wanted)
			fail_msg("kind %d, organisation %lld, sets only %d, handles %zu, report %d: %d, not "
				 "%d",
				 a->kind, (long long)a->organisation, a->sets_only, a->authorization_count,
				 what, got, wanted);
	}
	reader_end(r);
}

static void whoever_asks_sees_what_is_theirs(void **state)
{
	(void)state;
	struct store_world w;
	struct asker a;
	world_open(&w);
	report_all(&w);
	for (unsigned i = 0; i < 8 * ORG_KIND_COUNT; i++) {
		asker_public(&a);
		a.kind = (enum org_kind)(i / 8);
		a.organisation = i & 1 ? OWN : OTHER;
		a.sets_only = (i & 2) != 0;
		a.tlp_max = TLP_RED;
		a.purposes = a.contents = ~0u;
		a.roles = ~0u; /* no role sees more than its organisation does */
		if (i & 4)
			a.authorizations[a.authorization_count++] = world_uuid(70);
		assert_sees(&w, &a);
	}
	asker_public(&a);
	assert_sees(&w, &a);
	asker_hub(&a);
	assert_sees(&w, &a);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_good_once_and_for_its_own_request),
		cmocka_unit_test(a_certificate_holds_until_it_ends_or_is_revoked),
		cmocka_unit_test(edges_are_known_to_their_organisation_and_the_centre),
		cmocka_unit_test(streams_stand_where_they_were_put),
		cmocka_unit_test(an_event_counts_once_and_is_its_organisations),
		cmocka_unit_test(sightings_are_one_a_day_and_told_once_three_contribute),
		cmocka_unit_test(receipts_are_summed_for_who_knows_the_edge),
		cmocka_unit_test(what_was_selected_is_its_handlers_alone_and_ends),
		cmocka_unit_test(heads_rise_one_by_one),
		cmocka_unit_test(whoever_asks_sees_what_is_theirs),
	};
	return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
