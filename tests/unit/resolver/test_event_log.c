/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/event_log.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/utc.h"
#include "event_world.h"
#include "policy_world.h"
#include "served.h"

#define ORGANISATION "11111111-2222-4333-8444-555555555555"

static const char RPZ[] = "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 1 1 1 1 60\n@ NS .\n"
			  "blocked.example CNAME .\n"
			  "*.blocked.example CNAME .\n"
			  "gone.example CNAME rpz-drop.\n"
			  "fine.example CNAME rpz-passthru.\n"
			  "tcp.example CNAME rpz-tcp-only.\n"
			  "32.66.2.0.192.rpz-ip CNAME .\n"
			  "32.9.2.0.192.rpz-client-ip CNAME .\n";
static const char WATCHED[] = "$ORIGIN watched.\n$TTL 60\n@ SOA . . 7 1 1 1 60\n@ NS .\n"
			      "seen.example CNAME .\n"
			      "blocked.example CNAME .\n";

#define LONG_MARKING "TLP:AMBER, and for those alone who were told of it at the meeting of May"
static const struct world_entry MARKED[] = {
	{.value = "strict.example", .marking = "TLP:AMBER+STRICT", .confidence = 90},
	{.value = "*.unsaid.example", .confidence = 255},
	{.value = "long.example", .marking = LONG_MARKING, .confidence = 1},
};

struct log_world {
	struct world files;
	struct served served;
	struct exchange_port port;
	struct event_log *log;
};

static void on_late(void *context, const void *path, const uint8_t *message, size_t len)
{
	(void)context;
	(void)path;
	(void)message;
	(void)len;
}

static void open_log(struct log_world *w)
{
	struct fault fault = {0};
	if (event_log_new(w->served.config, (uid_t)-1, &w->log, &fault) != HN_OK ||
	    event_log_open(w->log, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	event_log_policy(w->log, policy_store_get(w->served.service.policies));
	w->served.service.events = w->log;
	assert_int_equal(exchange_new(&w->served.service, w->served.loop, &w->served.exchange), HN_OK);
}

static int set_up(void **state)
{
	struct log_world *w = calloc(1, sizeof(*w));
	struct fault fault = {0};
	char text[2048];
	assert_non_null(w);
	world_open(&w->files);
	int len = snprintf(text, sizeof(text),
			   "policy:\n  - name: national\n    rpz: %s\n  - name: watch\n    rpz: %s\n    "
			   "action: log-only\n"
			   "  - name: marked\n    set: [%s]\n"
			   "groups:\n  - name: office\n    prefixes: [192.0.2.0/24]\n"
			   "  - name: town\n    prefixes: [198.51.100.0/24]\n    organisation: " ORGANISATION
			   "\n    addresses: true\n"
			   "events:\n  directory: %s\n",
			   world_text(&w->files, "rpz.zone", RPZ),
			   world_text(&w->files, "watched.zone", WATCHED),
			   world_him(&w->files, "marked.him", NULL, MARKED, COUNT(MARKED), NULL),
			   world_path(&w->files, "events"));
	if (resolver_config_parse("test", text, (size_t)len, &w->served.config, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	if (served_make(&w->served, (size_t)1 << 20, &fault) != HN_OK)
		fail_msg("%s %s", fault.place, fault.message);
	w->port = (struct exchange_port){on_late, w};
	open_log(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct log_world *w = *state;
	exchange_free(w->served.exchange);
	w->served.exchange = NULL;
	event_log_free(w->log);
	served_clear(&w->served);
	world_close(&w->files);
	free(w);
	return 0;
}

static const struct fake_record WWW[] = {{NULL, DNS_TYPE_A, 300, "\xc0\0\2\1", 4}};

struct asking {
	const char *name; /* wire form without the root's byte */
	const char *client;
	uint16_t type;
	enum resolver_transport transport;
};

/* Asks; what must be resolved is answered with `records`. */
static void ask_found(struct log_world *w, const struct asking *q, const struct fake_record records[])
{
	uint8_t message[512] = {0x12, 0x34, 1, 0, 0, 1};
	static uint8_t out[DNS_MESSAGE_MAX];
	size_t len = strlen(q->name), at = DNS_HEADER_LEN;
	memcpy(message + at, q->name, len + 1);
	at += len + 1;
	store_be16(message + at, q->type ? q->type : DNS_TYPE_A);
	store_be16(message + at + 2, DNS_CLASS_IN);
	struct exchange_unit unit = {.out = out};
	unit.asked.message = message;
	unit.asked.len = at + 4;
	assert_int_equal(ip_parse(q->client, strlen(q->client), &unit.asked.asker.client), HN_OK);
	unit.asked.asker.transport = q->transport ? q->transport : RESOLVER_UDP;
	exchange_batch(w->served.exchange, &w->port, &unit, 1);
	if (unit.state == EXCHANGE_WAITING)
		fake_answer(w->served.loop, 0, RECURSOR_INSECURE, records, 1);
}

static void ask(struct log_world *w, const char *name, const char *client)
{
	ask_found(w, &(struct asking){.name = name, .client = client}, WWW);
}

/* A round of the writer, this much later. */
static void pass(struct log_world *w, int64_t seconds)
{
	fake_pass(w->served.loop, seconds * 1000);
	(void)event_log_round(w->log, loop_utc_ns(w->served.loop));
}

static void events_directory(const struct log_world *w, const char *below, char out[256])
{
	(void)snprintf(out, 256, "%s/events%s", w->files.dir, below);
}

/* The lines of all files below the events' directory, as one JSON array. */
static json_t *written(const struct log_world *w, const char *below)
{
	char path[256];
	struct buf text;
	json_t *array = json_array();
	buf_init(&text, 16u << 20);
	events_directory(w, below, path);
	(void)read_directory(path, ".zst", &text);
	(void)read_directory(path, ".part", &text);
	for (char *line = text.data, *end; line && *line; line = end + 1) {
		struct fault fault;
		json_t *object;
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_int_equal(json_object_read(line, (size_t)(end - line), &object, &fault), HN_OK);
		assert_int_equal(json_array_append_new(array, object), 0);
	}
	buf_clear(&text);
	return array;
}

/* A member by its path, as text; "" where it is not there. */
static const char *at(const json_t *object, const char *path)
{
	static char number[32];
	char name[64];
	while (object && *path) {
		size_t len = strcspn(path, "/");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
		object = json_object_get(object, name);
		path += len + (path[len] == '/');
	}
	if (json_is_string(object))
		return json_string_value(object);
	if (!json_is_integer(object))
		return "";
	(void)snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(object));
	return number;
}

static bool mentions(const json_t *value, const char *text)
{
	struct buf all;
	buf_init(&all, 1u << 20);
	json_add(&all, value);
	assert_int_equal(buf_err(&all), HN_OK);
	bool found = strstr(all.data, text) != NULL;
	buf_clear(&all);
	return found;
}

static void check(const json_t *record, const char *const wanted[][2])
{
	for (size_t i = 0; wanted[i][0]; i++)
		assert_string_equal(at(record, wanted[i][0]), wanted[i][1]);
}

static void what_was_stopped_is_told_by_its_entry(void **state)
{
	static const struct fake_record bad[] = {{NULL, DNS_TYPE_A, 300, "\xc0\0\2\x42", 4}};
	static const struct {
		struct asking q;
		const char *wanted[16][2];
	} cases[] = {
		{{.name = "\7blocked\7example", .client = "192.0.2.1"},
		 {{"query/hostname", "blocked.example"},
		  {"query/type", "A"},
		  {"rcode_id", "3"},
		  {"count", "1"},
		  {"action_id", "2"},
		  {"disposition_id", "2"},
		  {"unmapped/hinomi/action", "nxdomain"},
		  {"unmapped/hinomi/trigger", "qname"},
		  {"unmapped/hinomi/kind", "name"},
		  {"unmapped/hinomi/policy", "national"},
		  {"unmapped/hinomi/set", "rpz"},
		  {"unmapped/hinomi/marking", ""},
		  {"unmapped/hinomi/confidence", ""},
		  {"unmapped/hinomi/set_version", "1"}}},
		{{.name = "\6secret\4name\7blocked\7example", .client = "192.0.2.1", .type = DNS_TYPE_AAAA},
		 {{"query/hostname", "blocked.example"},
		  {"query/type", "AAAA"},
		  {"unmapped/hinomi/value", "*.blocked.example"},
		  {"unmapped/hinomi/indicator", "*.blocked.example"},
		  {"unmapped/hinomi/labels_left", "2"},
		  {"unmapped/hinomi/bytes_left", "12"},
		  {"unmapped/hinomi/group", "office"},
		  {"unmapped/hinomi/organisation", ""}}},
		{{.name = "\4gone\7example", .client = "192.0.2.1"},
		 {{"query/hostname", "gone.example"},
		  {"rcode_id", ""},
		  {"disposition_id", "6"},
		  {"unmapped/hinomi/action", "drop"}}},
		{{.name = "\3tcp\7example", .client = "192.0.2.1"},
		 {{"unmapped/hinomi/action", "tcp-only"}, {"unmapped/hinomi/transport", "udp"}}},
		{{.name = "\7careful\7example", .client = "192.0.2.1"},
		 {{"query/hostname", ""},
		  {"unmapped/hinomi/trigger", "ip"},
		  {"unmapped/hinomi/kind", "ipv4"},
		  {"unmapped/hinomi/value", "192.0.2.66"}}},
		{{.name = "\4seen\7example", .client = "192.0.2.1", .transport = RESOLVER_TLS},
		 {{"query/hostname", "seen.example"},
		  {"action_id", "1"},
		  {"disposition_id", "17"},
		  {"rcode_id", "3"}, /* since its address is blocked */
		  {"unmapped/hinomi/action", "log-only"},
		  {"unmapped/hinomi/policy", "watch"},
		  {"unmapped/hinomi/transport", "tls"},
		  {"unmapped/hinomi/set_version", "7"}}},
		{{.name = "\6strict\7example", .client = "192.0.2.1"},
		 {{"query/hostname", "strict.example"},
		  {"unmapped/hinomi/policy", "marked"},
		  {"unmapped/hinomi/set", "world"},
		  {"unmapped/hinomi/indicator", "indicator--1"},
		  {"unmapped/hinomi/marking", "TLP:AMBER+STRICT"},
		  {"unmapped/hinomi/confidence", "90"}}},
		{{.name = "\1a\6unsaid\7example", .client = "192.0.2.1"},
		 {{"unmapped/hinomi/value", "*.unsaid.example"},
		  {"unmapped/hinomi/indicator", "indicator--1"},
		  {"unmapped/hinomi/marking", ""},
		  {"unmapped/hinomi/confidence", ""}}},
		{{.name = "\4long\7example", .client = "192.0.2.1"},
		 {{"unmapped/hinomi/marking", "TLP:RED"}, {"unmapped/hinomi/confidence", "1"}}},
		{{.name = "\5whole\7example", .client = "192.0.2.9"},
		 {{"query/hostname", ""},
		  {"unmapped/hinomi/trigger", "client-ip"},
		  {"unmapped/hinomi/value", ""},
		  {"unmapped/hinomi/indicator", ""},
		  {"src_endpoint/ip", ""}}},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		void *own;
		(void)set_up(&own);
		struct log_world *w = own;
		ask_found(w, &cases[i].q, bad);
		pass(w, 0);
		pass(w, 60);
		json_t *records = written(w, "");
		const json_t *record = NULL;
		for (size_t k = 0; k < json_array_size(records); k++) {
			record = json_array_get(records, k);
			if (strcmp(at(record, "unmapped/hinomi/trigger"), "ip") != 0)
				break;
		}
		assert_non_null(record);
		check(record, cases[i].wanted);
		assert_int_equal(strlen(at(record, "unmapped/hinomi/pseudonym")), 32);
		assert_string_equal(at(record, "src_endpoint/uid"), at(record, "unmapped/hinomi/pseudonym"));
		static const char *const never[] = {"secret", "careful", "192.0.2.1\"", "192.0.2.9"};
		for (size_t k = 0; k < COUNT(never); k++)
			assert_false(mentions(records, never[k]));
		json_decref(records);
		(void)tear_down(&own);
	}
}

static void what_was_not_stopped_leaves_no_event(void **state)
{
	struct log_world *w = *state;
	static const char *const names[] = {"\3www\7example", "\4fine\7example"};
	for (size_t i = 0; i < COUNT(names); i++)
		ask(w, names[i], "192.0.2.1");
	ask_found(
		w,
		&(struct asking){.name = "\3tcp\7example", .client = "192.0.2.1", .transport = RESOLVER_TCP},
		WWW);
	ask(w, "\7blocked\7example", "203.0.113.5"); /* in no group: refused for that */
	pass(w, 0);
	pass(w, 60);
	json_t *records = written(w, "");
	assert_int_equal(json_array_size(records), 0);
	json_decref(records);
}

static void repeats_within_a_minute_are_one(void **state)
{
	struct log_world *w = *state;
	for (unsigned i = 0; i < 5; i++) {
		ask(w, "\7blocked\7example", "192.0.2.1");
		pass(w, 10);
	}
	ask(w, "\7blocked\7example", "192.0.2.2"); /* another client */
	ask_found(
		w,
		&(struct asking){.name = "\7blocked\7example", .client = "192.0.2.1", .type = DNS_TYPE_AAAA},
		WWW);
	pass(w, 10);
	ask(w, "\7blocked\7example", "192.0.2.1"); /* another minute */
	pass(w, 0);
	pass(w, 60);
	json_t *records = written(w, "");
	size_t ones = 0;
	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *r = json_array_get(records, i);
		if (strcmp(at(r, "unmapped/hinomi/action"), "log-only") == 0)
			continue;
		if (strcmp(at(r, "count"), "5") == 0) {
			assert_string_equal(at(r, "start_time_dt"), "2027-01-15T08:00:00.000000Z");
			assert_string_equal(at(r, "end_time_dt"), "2027-01-15T08:00:40.000000Z");
			assert_string_equal(at(r, "time_dt"), "2027-01-15T08:00:40.000000Z");
		} else {
			assert_string_equal(at(r, "count"), "1");
			ones++;
		}
	}
	assert_int_equal(ones, 3);
	json_decref(records);
}

static void addresses_are_for_their_organisation_alone(void **state)
{
	struct log_world *w = *state;
	ask(w, "\4gone\7example", "198.51.100.7");
	ask(w, "\4gone\7example", "192.0.2.7");
	pass(w, 0);
	pass(w, 60);
	json_t *all = written(w, ""), *own = written(w, "/organisation-" ORGANISATION);
	assert_int_equal(json_array_size(all), 2);
	assert_int_equal(json_array_size(own), 1);
	assert_false(mentions(all, "198.51.100."));
	const json_t *shared = json_array_get(all, 0), *told = json_array_get(own, 0);
	assert_string_equal(at(told, "src_endpoint/ip"), "198.51.100.7");
	assert_string_equal(at(told, "unmapped/hinomi/pseudonym"), "");
	assert_string_equal(at(told, "unmapped/hinomi/organisation"), ORGANISATION);
	assert_string_equal(at(told, "metadata/uid"), at(shared, "metadata/uid"));
	assert_string_equal(at(shared, "src_endpoint/ip"), "");
	json_decref(all);
	json_decref(own);
}

static void events_wait_for_their_policy_and_outlive_it(void **state)
{
	struct log_world *w = *state;
	struct fault fault;
	struct event_log_counts counts;
	ask(w, "\4gone\7example", "192.0.2.1");
	pass(w, 0);
	world_text(&w->files, "rpz.zone",
		   "$ORIGIN rpz.\n$TTL 60\n@ SOA . . 2 1 1 1 60\n@ NS .\nnew.example CNAME .\n"
		   "a.example CNAME .\nb.example CNAME .\nc.example CNAME .\nd.example CNAME .\n");
	rcu_thread_offline();
	assert_int_equal(policy_store_reload(w->served.service.policies, NULL, true, &fault), HN_OK);
	rcu_thread_online();
	ask(w, "\3new\7example", "192.0.2.1");
	pass(w, 0);
	event_log_counts(w->log, &counts);
	assert_int_equal(counts.events, 1);
	event_log_policy(w->log, policy_store_get(w->served.service.policies));
	pass(w, 0);
	event_log_counts(w->log, &counts);
	assert_int_equal(counts.events, 2);
	pass(w, 60);
	json_t *records = written(w, "");
	assert_int_equal(json_array_size(records), 2);
	assert_string_equal(at(json_array_get(records, 0), "unmapped/hinomi/set_version"), "1");
	assert_string_equal(at(json_array_get(records, 1), "unmapped/hinomi/set_version"), "2");
	json_decref(records);
}

static void the_sketch_tells_how_much_is_asked_but_not_what_was_stopped(void **state)
{
	struct log_world *w = *state;
	static const struct {
		const char *name, *asked;
	} cases[] = {
		{"\3www\5often\7example", "\"asked\":\"tens\""},
		{"\5often\7example", "\"name\":\"often.example\""},
		{"\4seen\7example", "\"asked\":\"under 10\""},
		{"\7blocked\7example", "\"asked\":\"none\""},
		{"\5never\7example", "\"asked\":\"none\""},
	};
	for (unsigned i = 0; i < 30; i++) {
		ask(w, i % 2 ? "\5often\7example" : "\1a\5often\7example", "192.0.2.1");
		ask(w, "\7blocked\7example", "192.0.2.1");
	}
	ask(w, "\4seen\7example", "192.0.2.1");
	pass(w, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out;
		buf_init(&out, 65536);
		assert_int_equal(event_log_sketch(w->log, (const uint8_t *)cases[i].name,
						  strlen(cases[i].name), loop_utc_ns(w->served.loop), &out),
				 HN_OK);
		char *first_day = strchr(out.data, '}');
		assert_non_null(first_day);
		*first_day = '\0';
		assert_non_null(strstr(out.data, "\"day\":\"2027-01-15\""));
		if (!strstr(out.data, cases[i].asked))
			fail_msg("%s", out.data);
		buf_clear(&out);
	}
}

static void top_shows_what_is_refused_most(void **state)
{
	struct log_world *w = *state;
	struct buf out;
	for (unsigned i = 0; i < 3; i++)
		ask(w, "\4gone\7example", "192.0.2.1");
	ask(w, "\7blocked\7example", "192.0.2.1");
	ask(w, "\5whole\7example", "192.0.2.9");
	ask(w, "\4seen\7example", "192.0.2.1");
	pass(w, 0);
	buf_init(&out, 65536);
	assert_int_equal(event_log_top(w->log, &out), HN_OK);
	const char *entries = strstr(out.data, "\"entries\":");
	assert_non_null(entries);
	assert_string_equal(
		entries, "\"entries\":[{\"entry\":\"gone.example\",\"kind\":\"name\",\"trigger\":\"qname\","
			 "\"action\":\"drop\",\"policy\":\"national\",\"count\":3,\"over\":0},"
			 "{\"entry\":\"blocked.example\",\"kind\":\"name\",\"trigger\":\"qname\","
			 "\"action\":\"nxdomain\",\"policy\":\"national\",\"count\":1,\"over\":0}]}");
	buf_clear(&out);
}

/* The thread itself: what is asked before it ends is there after it, in closed files. */
static void ending_writes_all(void **state)
{
	struct log_world *w = *state;
	char path[256], names[16][128];
	assert_int_equal(event_log_start(w->log), HN_OK);
	for (unsigned i = 0; i < 100; i++)
		ask(w, "\4gone\7example", "192.0.2.1");
	event_log_stop(w->log);
	json_t *records = written(w, "");
	assert_int_equal(json_array_size(records), 1);
	assert_string_equal(at(json_array_get(records, 0), "count"), "100");
	json_decref(records);
	events_directory(w, "", path);
	assert_int_equal(list_files(path, ".part", names), 0);
	assert_int_equal(list_files(path, ".zst", names), 1);
	event_log_stop(w->log);
}

/* A directory stands where a file should: the others are closed, and it begins. */
static void a_file_that_will_not_be_mended_stops_nothing(void **state)
{
	struct log_world *w = *state;
	struct fault fault;
	char path[256];
	events_directory(w, "/events-20270101T000000.000000Z.ndjson.zst.part", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(event_log_open(w->log, &fault), HN_OK);
	ask(w, "\4gone\7example", "192.0.2.1");
	pass(w, 0);
	pass(w, 60);
	assert_int_equal(rmdir(path), 0);
	json_t *records = written(w, "");
	assert_int_equal(json_array_size(records), 1);
	json_decref(records);
}

/* What was made before is closed, and what is asked goes on, when the disk has no room. */
static void a_full_disk_is_told_and_gets_over(void **state)
{
	struct log_world *w = *state;
	struct event_log_counts counts;
	struct rlimit before, tight = {0};
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight.rlim_max = before.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	ask(w, "\4gone\7example", "192.0.2.1");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	pass(w, 0);
	pass(w, 60);
	event_log_counts(w->log, &counts);
	assert_true(counts.failing);
	assert_int_equal(counts.events, 1);
	ask(w, "\3www\7example", "192.0.2.1"); /* for the sketch, which fails while there are no events */
	ask(w, "\4gone\7example", "192.0.2.1");
	for (unsigned i = 0; i < 40; i++) {
		pass(w, 2);
		event_log_counts(w->log, &counts);
		assert_true(counts.failing);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	pass(w, 60);
	pass(w, 10);
	event_log_counts(w->log, &counts);
	assert_false(counts.failing);
	assert_int_equal(counts.records, 2);
	assert_int_equal(counts.unwritten, 0);
	json_t *records = written(w, "");
	assert_int_equal(json_array_size(records), 2);
	json_decref(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_stopped_is_told_by_its_entry),
		cmocka_unit_test_setup_teardown(what_was_not_stopped_leaves_no_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(repeats_within_a_minute_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_are_for_their_organisation_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(events_wait_for_their_policy_and_outlive_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_sketch_tells_how_much_is_asked_but_not_what_was_stopped,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(top_shows_what_is_refused_most, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ending_writes_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_will_not_be_mended_stops_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_full_disk_is_told_and_gets_over, set_up, tear_down),
	};
	rcu_register_thread();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
