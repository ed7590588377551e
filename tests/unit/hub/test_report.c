/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
/* What the hub takes of the lines that edges send: src/hub/edge/report*.c. */
#include "hub/edge/report.h"

#include "../store/directory_world.h"
#include "authority/receipt.h"
#include "base/arena.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utc.h"
#include "hub/request/own.h"
#include "store/authorizations.h"
#include "store/edge_receipts.h"
#include "store/selected.h"

#define NOW_US   (INT64_C(1790000000) * 1000000) /* 2026-09-21 */
#define MINUTE   (INT64_C(60) * 1000000)
#define DAY      (1440 * MINUTE)
#define UID      "01940000-0000-7000-8000-000000000001"
#define ALLOWED  70 /* authorisations */
#define OTHERS   71 /* names another sensor */
#define SIGNED   72 /* not issued yet */
#define REVOKED  73
#define LATER    74 /* not in force yet */
#define UNKNOWN  75
#define MINISTRY 10
#define CLIENT   11
#define STRANGER 12

static struct world {
	struct directory_world d;
	struct hub hub;
	struct request request;
	struct request_own own;
	struct edge_peer peer;
	struct key *identity;
	json_t *template;
	struct report report; /* of the last line */
} world;

/* ---- a line ---- */

struct line {
	int (*report)(struct report *r, const char *line, size_t len);
	const char *text;
	size_t len;
	uint64_t seq;
};

static int line_job(struct writing *w, void *context)
{
	const struct line *l = context;
	char *copy = (char *)exact_copy(l->text, l->len);
	world.report = (struct report){.w = w,
				       .hub = &world.hub,
				       .request = &world.request,
				       .peer = &world.peer,
				       .now_us = NOW_US,
				       .seq = l->seq};
	int err = l->report(&world.report, copy, l->len);
	free(copy);
	return err;
}

/* Whatever it is, it is taken, known or refused, and no error. */
static const char *send_line(int (*report)(struct report *, const char *, size_t), const char *text,
			     size_t len, uint64_t seq)
{
	struct line l = {report, text, len, seq};
	assert_int_equal(store_write(world.d.w.store, line_job, &l), HN_OK);
	assert_int_equal(world.report.taken + world.report.known + world.report.refused, 1);
	assert_int_equal(world.report.refused > 0, world.report.first[0] != '\0');
	return world.report.taken ? "taken" : world.report.known ? "known" : "refused";
}

/* JSON is written with ' for ". */
static char *quoted(const char *text)
{
	char *out = strdup(text);
	assert_non_null(out);
	for (char *c = out; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return out;
}

static void expect(int (*report)(struct report *, const char *, size_t), const char *text, uint64_t seq,
		   const char *outcome)
{
	char *line = quoted(text);
	const char *got = send_line(report, line, strlen(line), seq);
	if (strcmp(got, outcome) != 0)
		fail_msg("%s: %s (%s)", text, got, world.report.first);
	free(line);
}

/* ---- events ---- */

#define EVENT(uid, ms, count, own)                                                                           \
	"{'metadata':{'uid':" uid "},'time':" ms ",'count':" count ",'unmapped':{'hinomi':" own "}}"
#define NOW_MS "1790000000000"
#define OWN    "{'action':'block','set':'s','value':'bad.example'}"

static void events_that_are_right_are_taken_once(void **state)
{
	(void)state;
	static const struct {
		const char *line, *outcome;
	} cases[] = {
		{EVENT("'" UID "'", NOW_MS, "3", OWN), "taken"},
		{EVENT("'" UID "'", NOW_MS, "3", OWN), "known"},
		{EVENT("'01940000-0000-7000-8000-000000000002'", NOW_MS, "1000000000", OWN), "taken"},
		{EVENT("'01940000-0000-7000-8000-000000000003'", NOW_MS, "1000000001", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000003'", NOW_MS, "0", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000003'", NOW_MS, "-1", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000003'", NOW_MS, "9223372036854775808", OWN),
		 "refused"},
		/* Five minutes ahead, 31 days past, and a millisecond more. */
		{EVENT("'01940000-0000-7000-8000-000000000004'", "1790000300000", "1", OWN), "taken"},
		{EVENT("'01940000-0000-7000-8000-000000000005'", "1790000300001", "1", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000006'", "1787321600000", "1", OWN), "taken"},
		{EVENT("'01940000-0000-7000-8000-000000000005'", "1787321599999", "1", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000005'", "9223372036854775807", "1", OWN), "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000005'", "-9223372036854775808", "1", OWN),
		 "refused"},
		{EVENT("'01940000-0000-7000-8000-000000000005'", "'now'", "1", OWN), "refused"},
		{EVENT("'x'", NOW_MS, "1", OWN), "refused"},
		{EVENT("1", NOW_MS, "1", OWN), "refused"},
		{EVENT("'" UID "'", NOW_MS, "1", "{}"), "refused"},
		{EVENT("'" UID "'", NOW_MS, "1", "[]"), "refused"},
		{EVENT("'" UID "'", NOW_MS, "1", "{'action':1}"), "refused"},
		{"{}", "refused"},
		{"[]", "refused"},
		{"{'metadata':{'uid':'" UID "'}", "refused"},
		{"rubbish", "refused"},
		{" ", "refused"},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(report_event, cases[i].line, 1, cases[i].outcome);
}

static void an_event_that_nobody_could_read_is_refused(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		struct buf line;
		buf_init(&line, 2 * REPORT_EVENT_MAX);
		char *head = quoted("{'metadata':{'uid':'01940000-0000-7000-8000-0000000000f"),
		     *middle = quoted("'},'time':" NOW_MS ",'unmapped':{'hinomi':{'action':'a','pad':'"),
		     *end = quoted("'}}}");
		buf_addf(&line, "%s%d%s", head, over, middle);
		size_t fill = REPORT_EVENT_MAX - line.len - strlen(end) + (size_t)over;
		for (size_t i = 0; i < fill; i++)
			buf_addc(&line, 'x');
		buf_adds(&line, end);
		assert_string_equal(send_line(report_event, line.data, line.len, 1),
				    over ? "refused" : "taken");
		free(head);
		free(middle);
		free(end);
		buf_clear(&line);
	}
}

/* An edge speaks of its own organisation and of its clients', the centre's edges of all. */
static void an_event_is_of_whom_the_edge_may_speak(void **state)
{
	(void)state;
	char text[UUID_TEXT_SIZE];
	int64_t own = world.peer.organisation;
	static const struct {
		unsigned named;
		bool client, centre_may;
	} cases[] = {
		{MINISTRY, true, true}, {CLIENT, true, true}, {STRANGER, false, true}, {99, false, false}};
	struct report r = {.hub = &world.hub, .peer = &world.peer, .now_us = NOW_US};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct uuid id = world_uuid(cases[i].named);
		int64_t number = directory_number(world.hub.directory, DIRECTORY_ORGANISATION, &id);
		(void)world_uuid_text(cases[i].named, text);
		world.peer.asker.kind = ORG_MINISTRY;
		assert_int_equal(report_organisation(&r, text), cases[i].client ? number : own);
		world.peer.asker.kind = ORG_CENTRE;
		assert_int_equal(report_organisation(&r, text), cases[i].centre_may ? number : own);
	}
	world.peer.asker.kind = ORG_MINISTRY;
	assert_int_equal(report_organisation(&r, ""), own);
	assert_int_equal(report_organisation(&r, "x"), own);
}

static void an_indicator_is_named_in_one_way(void **state)
{
	(void)state;
	static const struct uuid none = {{0}};
	static const char *const others[] = {
		"",  "indicator",     "indicator--",         "indicator--x",
		UID, "malware--" UID, "indicator--" UID "0", "indicator--" UID " "};
	struct uuid id = report_indicator("indicator--" UID), wanted;
	assert_int_equal(uuid_parse(UID, strlen(UID), &wanted), HN_OK);
	assert_int_equal(uuid_compare(&id, &wanted), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		id = report_indicator(others[i]);
		assert_int_equal(uuid_compare(&id, &none), 0);
	}
}

/* ---- receipts ---- */

struct receipt {
	unsigned number;
	uint64_t records;
	struct buf line;
};

static void make_receipt(struct receipt *r, const char *edge, const struct key *by, const char *former,
			 const char *digest)
{
	json_t *o = json_deep_copy(world.template);
	char at[UTC_SIZE];
	struct buf text;
	json_t *records = json_object_get(o, "records");
	utc_format(NOW_US * 1000, at);
	json_object_set_new(o, "edge", json_string(edge));
	json_object_set_new(o, "number", json_integer(r->number));
	json_object_set_new(records, "count", json_integer((json_int_t)r->records));
	json_object_set_new(records, "offset", json_integer(0));
	json_object_set_new(records, "bytes", json_integer(0));
	if (digest != NULL)
		json_object_set_new(records, "sha256", json_string(digest));
	if (former != NULL)
		json_object_set_new(o, "former", json_string(former));
	buf_init(&text, RECEIPT_MAX);
	buf_init(&r->line, RECEIPT_LINE_MAX);
	json_add(&text, o);
	assert_int_equal(receipt_seal(text.data, text.len, by, &r->line), HN_OK);
	r->line.len--; /* without its line feed */
	buf_clear(&text);
	json_decref(o);
}

static int take_holds(void *context, const struct edge_receipt *row)
{
	*(int *)context = row->holds;
	return HN_OK;
}

static int holds_job(struct writing *w, void *context)
{
	return edge_receipts_last(w, world.peer.number, take_holds, context);
}

static bool last_holds(void)
{
	int holds = -1;
	assert_int_equal(store_write(world.d.w.store, holds_job, &holds), HN_OK);
	return holds;
}

static void receipts_are_kept_with_what_was_found(void **state)
{
	(void)state;
	char edge[UUID_TEXT_SIZE], other[UUID_TEXT_SIZE], digest[SHA256_HEX_SIZE];
	uint8_t sum[SHA256_SIZE];
	struct key *stranger;
	uuid_format(&world.peer.id, edge);
	(void)world_uuid_text(99, other);
	assert_int_equal(key_make("stranger", &stranger), HN_OK);
	struct receipt first = {.number = 1, .records = 4};
	make_receipt(&first, edge, world.identity, NULL, NULL);
	/* Cut anywhere, of another edge, by another key. */
	for (size_t len = 0; len < first.line.len; len += 97)
		assert_string_equal(send_line(report_receipt, first.line.data, len, 1), "refused");
	struct receipt wrong = {.number = 1};
	make_receipt(&wrong, other, world.identity, NULL, NULL);
	assert_string_equal(send_line(report_receipt, wrong.line.data, wrong.line.len, 1), "refused");
	buf_clear(&wrong.line);
	make_receipt(&wrong, edge, stranger, NULL, NULL);
	assert_string_equal(send_line(report_receipt, wrong.line.data, wrong.line.len, 1), "refused");
	buf_clear(&wrong.line);
	/* More than any interval has, and what would not fit a sum. */
	wrong.records = UINT64_C(1000000001);
	make_receipt(&wrong, edge, world.identity, NULL, NULL);
	assert_string_equal(send_line(report_receipt, wrong.line.data, wrong.line.len, 1), "refused");
	buf_clear(&wrong.line);

	assert_string_equal(send_line(report_receipt, first.line.data, first.line.len, 1), "taken");
	assert_true(last_holds());
	assert_string_equal(send_line(report_receipt, first.line.data, first.line.len, 1), "known");
	sha256(first.line.data, first.line.len, sum);
	hex_encode(sum, sizeof(sum), digest);
	struct receipt second = {.number = 2};
	make_receipt(&second, edge, world.identity, digest, NULL);
	assert_string_equal(send_line(report_receipt, second.line.data, second.line.len, 2), "taken");
	assert_true(last_holds());
	struct receipt third = {.number = 3};
	make_receipt(&third, edge, world.identity, digest, NULL); /* the one before is another */
	assert_string_equal(send_line(report_receipt, third.line.data, third.line.len, 3), "taken");
	assert_false(last_holds());
	buf_clear(&first.line);
	buf_clear(&second.line);
	buf_clear(&third.line);
	key_free(stranger);
}

/* ---- records ---- */

static int authorise_job(struct writing *w, void *context)
{
	(void)context;
	static const struct {
		unsigned id;
		enum authorization_state state;
		unsigned sensor;
		int64_t begins_us;
	} rows[] = {
		{ALLOWED, AUTHORIZATION_ISSUED, 20, NOW_US - DAY},
		{OTHERS, AUTHORIZATION_ISSUED, 21, NOW_US - DAY},
		{SIGNED, AUTHORIZATION_SIGNED, 20, NOW_US - DAY},
		{REVOKED, AUTHORIZATION_REVOKED, 20, NOW_US - DAY},
		{LATER, AUTHORIZATION_ISSUED, 20, NOW_US + MINUTE},
	};
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < COUNT(rows); i++) {
		const struct uuid sensor = rows[i].sensor == 20 ? world.peer.id : world_uuid(rows[i].sensor);
		struct authorization_row row = {.id = world_uuid(rows[i].id),
						.organisation = world.peer.organisation,
						.state = rows[i].state,
						.begins_us = rows[i].begins_us,
						.until_us = NOW_US + DAY,
						.reason = "",
						.body = (const uint8_t *)"{}",
						.body_len = 2};
		err = authorizations_add(w, &row, &sensor, 1);
	}
	return err;
}

static void records_need_a_receipt_and_an_authorisation(void **state)
{
	(void)state;
	static const struct {
		unsigned authorization;
		uint64_t seq;
		const char *outcome;
	} cases[] = {
		{ALLOWED, 1, "taken"},   {ALLOWED, 1, "known"},   {OTHERS, 2, "refused"},
		{SIGNED, 2, "refused"},  {REVOKED, 2, "refused"}, {LATER, 2, "refused"},
		{UNKNOWN, 2, "refused"}, {ALLOWED, 5, "refused"},
	};
	assert_int_equal(store_write(world.d.w.store, authorise_job, NULL), HN_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char line[512], id[UUID_TEXT_SIZE];
		(void)snprintf(line, sizeof(line),
			       "{'metadata':{'uid':'01940000-0000-7000-8000-0000000001%02u'},'time':" NOW_MS
			       ",'unmapped':{'hinomi':{'authorization':'%s'}}}",
			       cases[i].authorization, world_uuid_text(cases[i].authorization, id));
		expect(report_record, line, cases[i].seq, cases[i].outcome);
	}
	static const char *const wrong[] = {"{}", "[]", "x",
					    "{'metadata':{'uid':'" UID "'},'time':" NOW_MS "}",
					    "{'metadata':{'uid':'" UID "'},'time':" NOW_MS
					    ",'unmapped':{'hinomi':{'authorization':'x'}}}"};
	for (size_t i = 0; i < COUNT(wrong); i++)
		expect(report_record, wrong[i], 3, "refused");
	/* Its time was over before it was sent: its number is here. */
	expect(report_record, "{'erased':true}", 3, "known");
}

/* ---- the rest ---- */

static void checkpoints_and_health_are_held_against_their_form(void **state)
{
	(void)state;
	static const char *const no_checkpoints[] = {
		"{}", "x", "{'checkpoint':'x','consistency':[],'from':0}",
		"{'checkpoint':'hinomi/x\\n1\\nAAAA\\n\\n','consistency':[],'from':0}"};
	for (size_t i = 0; i < COUNT(no_checkpoints); i++)
		expect(report_checkpoint, no_checkpoints[i], 1, "refused");
	expect(report_health, "{}", 1, "taken");
	expect(report_health, "{'at':'x','more':{'a':[1]}}", 1, "taken");
	expect(report_health, "[]", 1, "refused");
	expect(report_health, "{'question':'x','answer':{}}", 1, "refused");
	expect(report_health, "{'question':'" UID "','answer':1}", 1, "refused");
	/* An answer to what nobody asked changes nothing. */
	expect(report_health, "{'question':'" UID "','answer':{}}", 1, "taken");
	char *long_line = malloc(REPORT_HEALTH_MAX + 16);
	assert_non_null(long_line);
	memset(long_line, ' ', REPORT_HEALTH_MAX + 16);
	memcpy(long_line, "{\"a\":1", 6);
	long_line[REPORT_HEALTH_MAX - 1] = '}';
	assert_string_equal(send_line(report_health, long_line, REPORT_HEALTH_MAX, 1), "taken");
	long_line[REPORT_HEALTH_MAX - 1] = ' ';
	long_line[REPORT_HEALTH_MAX] = '}';
	assert_string_equal(send_line(report_health, long_line, REPORT_HEALTH_MAX + 1, 1), "refused");
	free(long_line);
}

/* ---- the world: a ministry's sensor, a client of the ministry, a stranger ---- */

static int enrol_job(struct writing *w, void *context)
{
	(void)context;
	struct edge_enrolled out = {.number = 0};
	const struct edge_new edge = {world.peer.organisation, EDGE_SENSOR, "North", "北"};
	struct edge_enrolment e = {.id = world.peer.id, .identity = "pub", .program = "p"};
	int err = edges_code_add(w, e.secret, &edge, world.d.w.now_us + DAY);
	if (err == HN_OK)
		err = edges_enrol(w, &e, &out);
	world.peer.number = out.number;
	return err;
}

static int read_template(void)
{
	char path[512];
	struct buf line;
	json_t *whole = NULL;
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/receipt_check/whole",
		       getenv("HINOMI_SOURCE"));
	buf_init(&line, RECEIPT_LINE_MAX);
	int err = file_read(path, &line);
	if (err == HN_OK)
		err = json_object_read(line.data, line.len, &whole, NULL);
	if (err == HN_OK)
		world.template = json_deep_copy(json_object_get(whole, "receipt"));
	json_decref(whole);
	buf_clear(&line);
	return err;
}

static int begin(void **state)
{
	static const struct {
		unsigned id;
		const char *text;
	} orgs[] = {
		{MINISTRY, "{'kind':'ministry','names':[{'language':'en','name':'m'}]}"},
		{CLIENT, "{'kind':'operator','names':[{'language':'en','name':'c'}],'parents':[@10]}"},
		{STRANGER, "{'kind':'operator','names':[{'language':'en','name':'s'}]}"},
	};
	struct asker hub;
	(void)state;
	world_begin(&world.d);
	asker_hub(&hub);
	for (size_t i = 0; i < COUNT(orgs); i++)
		world_must_put(&world.d, &hub, DIRECTORY_ORGANISATION, orgs[i].id, orgs[i].text);
	world.hub.store = world.d.w.store;
	world.hub.directory = world.d.d;
	world.request.program = &world.hub;
	world.request.own = &world.own;
	world.request.received_ns = NOW_US * 1000;
	world.request.arena = arena_new(1 << 20);
	const struct uuid ministry = world_uuid(MINISTRY);
	world.peer.organisation = directory_number(world.d.d, DIRECTORY_ORGANISATION, &ministry);
	world.peer.kind = EDGE_SENSOR;
	world.peer.asker.kind = ORG_MINISTRY;
	world.peer.asker.organisation = world.peer.organisation;
	if (read_template() != HN_OK || key_make("sensor", &world.identity) != HN_OK)
		return -1;
	world.peer.key = *key_public(world.identity);
	key_sensor_id(&world.peer.key, &world.peer.id);
	return store_write(world.d.w.store, enrol_job, NULL);
}

static int end(void **state)
{
	(void)state;
	key_free(world.identity);
	json_decref(world.template);
	arena_free(world.request.arena);
	world_finish(&world.d);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_that_are_right_are_taken_once),
		cmocka_unit_test(an_event_that_nobody_could_read_is_refused),
		cmocka_unit_test(an_event_is_of_whom_the_edge_may_speak),
		cmocka_unit_test(an_indicator_is_named_in_one_way),
		cmocka_unit_test(receipts_are_kept_with_what_was_found),
		cmocka_unit_test(records_need_a_receipt_and_an_authorisation),
		cmocka_unit_test(checkpoints_and_health_are_held_against_their_form),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
