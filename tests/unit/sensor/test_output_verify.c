/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* What was put out verifies; whatever is changed in it does not, and is named. */
#include "sensor/output_verify.h"

#include "../check.h"
#include "authority/receipt_check.h"
#include "base/file.h"
#include "base/json.h"
#include "ledger/private.h"
#include "output_world.h"

static struct output_world world;
static struct output *output;

static void begin_run(uint8_t epoch)
{
	world.context.epoch.bytes[0] = epoch;
	assert_int_equal(output_entry(output, "run-begun", "{}", 2, WORLD_TIME), HN_OK);
}

static void interval(unsigned records)
{
	assert_int_equal(output_world_interval(&world, output, records), HN_OK);
}

static int begin(void **state)
{
	(void)state;
	struct output_mended mended;
	struct fault fault;
	output_world_init(&world);
	world.confinement = (struct confinement){.landlock_abi = 1, .system_calls = true};
	(void)snprintf(world.sensor.authorization.id_text, sizeof(world.sensor.authorization.id_text),
		       "6f1c2a34-0000-4000-8000-000000000001");
	assert_int_equal(output_open(world.dir, &world.edge, world.identity, &output, &mended, &fault),
			 HN_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	output_close(output);
	output = NULL;
	output_world_clear(&world);
	return 0;
}

static int verify_with(const struct key *key, struct output_verified *out, struct fault *fault)
{
	int fd = open(world.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	int rc = output_verify(fd, key == NULL ? NULL : key_public(key), out, fault);
	(void)close(fd);
	return rc;
}

static void verified(struct output_verified *out)
{
	struct fault fault;
	int rc = verify_with(world.identity, out, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	assert_int_equal(verify_with(NULL, out, &fault), HN_OK);
}

/* @return the receipt to blame; 0: none */
static uint64_t refused(const char *file)
{
	struct output_verified out;
	struct fault fault;
	assert_int_equal(verify_with(world.identity, &out, &fault), HN_EAUTH);
	assert_true(fault.message[0] != '\0');
	if (strncmp(fault.place, file, strlen(file)) != 0)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_memory_equal(fault.place, file, strlen(file));
	return out.bad_receipt;
}

static void path_in(const char *name, char out[160])
{
	(void)snprintf(out, 160, "%s/%s", world.dir, name);
}

static void get(const char *name, struct buf *out)
{
	char path[160];
	path_in(name, path);
	buf_init(out, 1u << 22);
	assert_int_equal(file_read(path, out), HN_OK);
}

static void put(const char *name, const void *data, size_t len)
{
	char path[160];
	path_in(name, path);
	int fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0 && write(fd, data, len) == (ssize_t)len && close(fd) == 0);
}

static void what_was_put_out_verifies(void **state)
{
	(void)state;
	struct output_verified v;
	verified(&v);
	assert_int_equal(v.receipts, 0);
	begin_run(1);
	interval(2);
	interval(0);
	begin_run(2);
	interval(3);
	verified(&v);
	assert_int_equal(v.receipts, 3);
	assert_int_equal(v.committed, 3);
	assert_int_equal(v.records, 5);
	assert_int_equal(v.erased_records, 0);
	assert_int_equal(v.ledger.entries, 5);
	assert_int_equal(v.pending_packets, 0);
	assert_int_equal(v.flows_lost, 0);
}

/* Each byte of a file changed in each of some ways, with the key and without. */
static void flip(const char *name, const struct key *key, size_t step)
{
	static const uint8_t changes[] = {0x01, 0x20, 0x80};
	struct buf file;
	struct output_verified v;
	struct fault fault;
	char path[160];

	get(name, &file);
	path_in(name, path);
	int fd = open(path, O_WRONLY);
	for (size_t i = 0; i < file.len; i += step) {
		char changed = (char)(file.data[i] ^ changes[i % sizeof(changes)]);
		assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
		int rc = verify_with(key, &v, &fault);
		if (rc != HN_EAUTH)
			print_error("%s, byte %zu\n", name, i);
		assert_int_equal(rc, HN_EAUTH);
		assert_true(fault.place[0] != '\0' && fault.message[0] != '\0');
		if (v.has_range)
			assert_true(v.bad_offset <= i && i < v.bad_offset + v.bad_bytes);
		assert_int_equal(pwrite(fd, &file.data[i], 1, (off_t)i), 1);
	}
	(void)close(fd);
	assert_int_equal(verify_with(key, &v, &fault), HN_OK);
	buf_clear(&file);
}

static void no_byte_may_change(void **state)
{
	(void)state;
	begin_run(1);
	interval(2);
	interval(1);
	flip("selected.ndjson", world.identity, 1);
	flip("receipt.json", world.identity, 1);
	flip("receipt.json", NULL, 7);
	flip("ledger/checkpoint", world.identity, 1);
	flip("private/records", world.identity, 5);
}

static void no_file_may_be_shorter_or_longer(void **state)
{
	(void)state;
	static const char *const names[] = {"selected.ndjson", "receipt.json"};
	begin_run(1);
	interval(2);
	interval(1);
	for (size_t n = 0; n < COUNT(names); n++) {
		struct buf file;
		get(names[n], &file);
		for (size_t len = 0; len < file.len; len += 5) {
			put(names[n], file.data, len);
			assert_true(refused(names[n]) > 0);
		}
		char *longer = malloc(file.len + 1);
		assert_non_null(longer);
		memcpy(longer, file.data, file.len);
		longer[file.len] = '\n';
		put(names[n], longer, file.len + 1);
		(void)refused(names[n]);
		longer[file.len] = 'x';
		put(names[n], longer, file.len + 1);
		assert_int_equal(refused(names[n]), 0);
		free(longer);
		put(names[n], file.data, file.len);
		buf_clear(&file);
	}
	struct output_verified v;
	verified(&v);
}

/* Whole lines, each good by itself. */
static void lines_neither_go_nor_change_places(void **state)
{
	(void)state;
	static const struct {
		const char *order; /* lines by number */
		uint64_t blamed;
	} cases[] = {{"12", 3},   {"13", 2},   {"23", 1},  {"213", 1}, {"132", 2},
		     {"1233", 4}, {"1123", 2}, {"321", 1}, {"", 1},    {"1231", 4}};
	struct buf file;
	const char *lines[4];
	begin_run(1);
	interval(1);
	interval(1);
	interval(1);
	get("receipt.json", &file);
	lines[0] = file.data;
	for (size_t i = 1; i < 4; i++)
		lines[i] = strchr(lines[i - 1], '\n') + 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf changed;
		buf_init(&changed, 1u << 20);
		buf_adds(&changed, "");
		for (const char *c = cases[i].order; *c != '\0'; c++)
			buf_add(&changed, lines[*c - '1'], (size_t)(lines[*c - '0'] - lines[*c - '1']));
		put("receipt.json", changed.data, changed.len);
		assert_int_equal(refused("receipt.json"), cases[i].blamed);
		buf_clear(&changed);
	}
	buf_clear(&file);
}

/* A receipt that the sensor itself signed and entered, and that cannot be. */
static void signed_receipt(const struct sums *s, unsigned count, uint64_t offset, bool former)
{
	const struct message_sums sums = {.sums = *s};
	struct receipt r = {.made_ns = WORLD_TIME,
			    .input = "capture",
			    .input_state = "kept",
			    .sums = &sums,
			    .records_count = count};
	struct buf line;
	assert_int_equal(output_records(output, "{}\n", 3), HN_OK);
	assert_int_equal(output_records_end(output, &r.records_offset, &r.records_bytes, r.records_digest),
			 HN_OK);
	r.records_offset += offset;
	r.has_former = output_former(output, &r.number, r.former) && former;
	buf_init(&line, 1u << 20);
	assert_int_equal(receipt_add(&world.context, &r, &line), HN_OK);
	assert_int_equal(output_receipt(output, line.data, line.len, r.made_ns), HN_OK);
	buf_clear(&line);
}

static void what_the_sensor_signed_must_hold_too(void **state)
{
	static const struct {
		const char *name;
		const char *file;
		struct sums sums;
		unsigned count;
		uint64_t offset;
		bool former;
		bool holds;
	} cases[] = {
		{"good", "", {.flows_selected = 1}, 1, 0, true, true},
		{"packets from nowhere",
		 "receipt.json",
		 {.selected = {{1, 1}}, .flows_selected = 1},
		 1,
		 0,
		 true,
		 false},
		{"packets gone", "receipt.json", {.seen = {{1, 1}}, .flows_selected = 1}, 1, 0, true, false},
		{"bytes gone",
		 "receipt.json",
		 {.seen = {{1, 2}}, .selected = {{1, 1}}, .flows_selected = 1},
		 1,
		 0,
		 true,
		 false},
		{"pending from nowhere",
		 "receipt.json",
		 {.pending_before = {{1, 1}}, .selected = {{1, 1}}, .flows_selected = 1},
		 1,
		 0,
		 true,
		 false},
		{"more records than flows", "receipt.json", {.flows_selected = 0}, 1, 0, true, false},
		{"another number of records", "selected.ndjson", {.flows_selected = 2}, 2, 0, true, false},
		{"a gap", "receipt.json", {.flows_selected = 1}, 1, 1, true, false},
		{"no former", "receipt.json", {.flows_selected = 1}, 1, 0, false, false},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct output_verified v;
		if (i > 0)
			assert_int_equal(begin(state), 0);
		begin_run(1);
		interval(2);
		signed_receipt(&cases[i].sums, cases[i].count, cases[i].offset, cases[i].former);
		if (cases[i].holds)
			verified(&v);
		else
			assert_int_equal(refused(cases[i].file), 2);
		if (i + 1 < COUNT(cases))
			assert_int_equal(end(state), 0);
	}
}

static void runs_are_told_apart(void **state)
{
	(void)state;
	begin_run(1);
	interval(1);
	world.context.epoch.bytes[0] = 2; /* and no entry that it began */
	interval(1);
	assert_int_equal(refused("receipt.json"), 2);
}

static void what_was_left_pending_is_told_or_must_be_entered(void **state)
{
	(void)state;
	struct output_verified v;
	begin_run(1);
	assert_int_equal(output_world_left(&world, output, 1, 3, 4), HN_OK);
	verified(&v);
	assert_int_equal(v.pending_packets, 4);
	assert_int_equal(v.flows_lost, 2);
	assert_int_equal(output_entry(output, "mended", "{}", 2, WORLD_TIME), HN_OK);
	verified(&v);
	assert_int_equal(v.pending_packets, 0);
	assert_int_equal(v.flows_lost, 0);
	begin_run(2);
	assert_int_equal(output_world_left(&world, output, 1, 1, 2), HN_OK);
	verified(&v);
	assert_int_equal(v.pending_packets, 2);
	begin_run(3);
	interval(1);
	assert_int_equal(refused("receipt.json"), 3);
}

static void erase_private(uint64_t first)
{
	struct private *private = NULL;
	uint64_t erased = 0;
	int fd = open(world.dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(private_open(fd, true, &private), HN_OK);
	assert_int_equal(ledger_private_erase(private, output_entries(output), first, UINT64_MAX, INT64_MAX,
					      NULL, &erased),
			 HN_OK);
	private_free(private);
	(void)close(fd);
}

static void expired_records_are_known_by_the_ledger_only(void **state)
{
	(void)state;
	struct output_verified v;
	struct output_expired expired;
	struct fault fault;
	struct buf before, after;
	begin_run(1);
	interval(2);
	interval(3);
	get("selected.ndjson", &before);
	assert_int_equal(output_expire(output, world.identity, INT64_MAX / 2, &expired, &fault), HN_OK);
	assert_int_equal(expired.records, 5);
	verified(&v);
	assert_int_equal(v.records, 0);
	assert_int_equal(v.erased_receipts, 2);
	assert_int_equal(v.erased_records, 5);

	/* What is said to be gone is not there; what is there in part was not brought to its end. */
	get("selected.ndjson", &after);
	put("selected.ndjson", before.data, before.len);
	assert_int_equal(refused("selected.ndjson"), 1);
	put("selected.ndjson", after.data, after.len);
	after.data[0] = '{';
	put("selected.ndjson", after.data, after.len);
	assert_int_equal(refused("selected.ndjson"), 1);
	after.data[0] = '\n';
	put("selected.ndjson", after.data, after.len);

	/* A later receipt is in no entry: line feeds in its place are a loss. */
	interval(1);
	verified(&v);
	assert_int_equal(v.records, 1);
	buf_clear(&after);
	get("selected.ndjson", &after);
	memset(after.data, '\n', after.len);
	put("selected.ndjson", after.data, after.len);
	assert_int_equal(refused("selected.ndjson"), 3);

	/* Also where what the entry said cannot be read any more, which else is enough. */
	erase_private(0);
	assert_int_equal(refused("selected.ndjson"), 3);
	buf_clear(&before);
	buf_clear(&after);
}

static void erased_private_records_leave_the_rest(void **state)
{
	(void)state;
	struct output_verified v;
	struct output_expired expired;
	struct fault fault;
	begin_run(1);
	interval(2);
	interval(3);
	assert_int_equal(output_expire(output, world.identity, INT64_MAX / 2, &expired, &fault), HN_OK);
	erase_private(2);
	verified(&v);
	assert_int_equal(v.receipts, 2);
	assert_int_equal(v.committed, 1);
	assert_int_equal(v.erased_records, 5);
	flip("receipt.json", world.identity, 11);
}

static void another_key_is_refused(void **state)
{
	(void)state;
	struct output_verified v;
	struct fault fault;
	begin_run(1);
	interval(1);
	assert_int_equal(verify_with(world.stranger, &v, &fault), HN_EAUTH);
}

static void missing_and_other_files(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int gone, other; /* errors: taken away, and a directory in its place */
	} cases[] = {{"selected.ndjson", HN_EAUTH, HN_EFORMAT}, {"receipt.json", HN_EAUTH, HN_EFORMAT}};
	begin_run(1);
	interval(1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[160], aside[160];
		struct output_verified v;
		struct fault fault;
		path_in(cases[i].name, path);
		path_in("aside", aside);
		assert_int_equal(rename(path, aside), 0);
		assert_int_equal(verify_with(world.identity, &v, &fault), cases[i].gone);
		assert_string_equal(fault.place, cases[i].name);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(verify_with(world.identity, &v, &fault), cases[i].other);
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(rename(aside, path), 0);
	}
	struct buf line;
	buf_init(&line, 2 * RECEIPT_LINE_MAX);
	for (size_t i = 0; i < RECEIPT_LINE_MAX + (1u << 17); i++)
		buf_addc(&line, 'x');
	put("receipt.json", line.data, line.len);
	buf_clear(&line);
	struct output_verified v;
	struct fault fault;
	assert_int_equal(verify_with(world.identity, &v, &fault), HN_ELIMIT);
}

/* The form that is checked is that of the published schema: what it requires is missed, what it does not know
 * is refused. */
static void compare(json_t *root, json_t *value, const json_t *schema, const json_t *defs)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	const char *name;
	json_t *property;

	if (ref != NULL)
		schema = json_object_get(defs, ref + strlen("#/$defs/"));
	if (json_is_array(value)) {
		compare(root, json_array_get(value, 0), json_object_get(schema, "items"), defs);
		return;
	}
	if (!json_is_object(value) || json_object_get(schema, "properties") == NULL)
		return;
	assert_int_equal(json_object_set_new(value, "stranger", json_integer(1)), 0);
	assert_int_equal(receipt_form(root, NULL), HN_EFORMAT);
	assert_int_equal(json_object_del(value, "stranger"), 0);
	json_object_foreach(json_object_get(schema, "properties"), name, property)
	{
		bool required = false;
		json_t *member = json_incref(json_object_get(value, name));
		for (size_t i = 0; i < json_array_size(json_object_get(schema, "required")); i++)
			required = required || strcmp(json_string_value(json_array_get(
							      json_object_get(schema, "required"), i)),
						      name) == 0;
		assert_true(member != NULL || !required);
		if (member == NULL)
			continue;
		(void)json_object_del(value, name);
		assert_int_equal(receipt_form(root, NULL), required ? HN_EFORMAT : HN_OK);
		assert_int_equal(json_object_set_new(value, name, json_null()), 0);
		assert_int_equal(receipt_form(root, NULL), HN_EFORMAT);
		assert_int_equal(json_object_set(value, name, member), 0);
		assert_int_equal(receipt_form(root, NULL), HN_OK);
		compare(root, member, property, defs);
		json_decref(member);
	}
}

static void the_form_is_the_schemas(void **state)
{
	(void)state;
	char path[1024];
	struct buf file;
	json_t *schema, *line;
	struct fault fault;
	const char *source = getenv("HINOMI_SOURCE");
	if (source == NULL)
		skip();
	(void)snprintf(path, sizeof(path), "%s/catalog/receipt.schema.json", source);
	assert_int_equal(json_file_read(path, 1u << 20, &schema, &fault), HN_OK);
	begin_run(1);
	interval(1);
	interval(1);
	get("receipt.json", &file);
	const char *second = strchr(file.data, '\n') + 1;
	assert_int_equal(json_object_read(second, strlen(second), &line, &fault), HN_OK);
	json_t *receipt = json_object_get(line, "receipt");
	const json_t *defs = json_object_get(schema, "$defs");
	assert_int_equal(receipt_form(receipt, &fault), HN_OK);
	compare(receipt, receipt, json_object_get(defs, "receipt"), defs);
	json_decref(line);
	json_decref(schema);
	buf_clear(&file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_out_verifies),
		TEST(no_byte_may_change),
		TEST(no_file_may_be_shorter_or_longer),
		TEST(lines_neither_go_nor_change_places),
		TEST(what_the_sensor_signed_must_hold_too),
		TEST(runs_are_told_apart),
		TEST(what_was_left_pending_is_told_or_must_be_entered),
		TEST(expired_records_are_known_by_the_ledger_only),
		TEST(erased_private_records_leave_the_rest),
		TEST(another_key_is_refused),
		TEST(missing_and_other_files),
		TEST(the_form_is_the_schemas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
