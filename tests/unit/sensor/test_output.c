/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/output.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../check.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "ledger/private.h"
#include "ledger/verify.h"
#include "output_world.h"

static struct output_world world;

static struct output *open_output(struct output_mended *mended)
{
	struct output *o = NULL;
	struct fault fault = {0};
	int rc = output_open(world.dir, &world.edge, world.identity, &o, mended, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	return o;
}

static int refused_open(const struct uuid *edge, const struct key *identity)
{
	struct output *o = NULL;
	struct output_mended mended;
	struct fault fault = {0};
	int rc = output_open(world.dir, edge, identity, &o, &mended, &fault);
	assert_true(rc != HN_OK && o == NULL);
	return rc;
}

static void path_in(const char *name, char out[160])
{
	(void)snprintf(out, 160, "%s/%s", world.dir, name);
}

static void read_file(const char *name, struct buf *out)
{
	char path[160];
	path_in(name, path);
	buf_init(out, 1u << 22);
	assert_int_equal(file_read(path, out), HN_OK);
}

static void append_to(const char *name, const char *text)
{
	char path[160];
	path_in(name, path);
	int fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static void cut(const char *name, off_t by)
{
	char path[160];
	struct stat st;
	path_in(name, path);
	assert_true(stat(path, &st) == 0 && truncate(path, st.st_size - by) == 0);
}

/* Each receipt is signed, follows the one before, and covers the records behind that one's; the log verifies.
 */
static uint64_t check_directory(void)
{
	struct buf lines, records;
	struct verify_report report;
	struct fault fault = {0};
	struct note_key key;
	uint64_t number = 0, end = 0;
	uint8_t former[SHA256_SIZE];

	read_file("receipt.json", &lines);
	read_file("selected.ndjson", &records);
	for (size_t at = 0; at < lines.len;) {
		const char *line = lines.data + at;
		const char *feed = memchr(line, '\n', lines.len - at);
		struct receipt_tail tail;
		char hex[SHA256_HEX_SIZE];
		json_t *root;
		assert_non_null(feed);
		size_t len = (size_t)(feed - line);
		assert_int_equal(receipt_read(line, len, key_public(world.identity)->ed25519, &tail, &fault),
				 HN_OK);
		assert_int_equal(tail.number, ++number);
		assert_true(tail.records_end >= end);
		end = tail.records_end;
		assert_int_equal(json_object_read(line, len, &root, &fault), HN_OK);
		const json_t *told = json_object_get(json_object_get(root, "receipt"), "former");
		hex_encode(former, SHA256_SIZE, hex);
		assert_true(number == 1 ? told == NULL : strcmp(json_string_value(told), hex) == 0);
		json_decref(root);
		sha256(line, len, former);
		at += len + 1;
	}
	assert_int_equal(records.len, end);
	note_key_nameless(&key, NOTE_ED25519, key_public(world.identity)->ed25519);
	int fd = open(world.dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(ledger_verify(fd, &key, &report, &fault), HN_OK);
	(void)close(fd);
	assert_int_equal(report.entries, report.records);
	buf_clear(&lines);
	buf_clear(&records);
	return number;
}

static void a_rerun_continues(void **state)
{
	(void)state;
	struct output_mended mended;
	for (unsigned run = 0; run < 4; run++) {
		struct output *o = open_output(&mended);
		assert_int_equal(mended.records_dropped, 0);
		assert_false(mended.receipt_added);
		assert_int_equal(output_entries(o), run * 3);
		assert_int_equal(output_newest_ns(o), run == 0 ? 0 : WORLD_TIME);
		assert_int_equal(output_entry(o, "run-begun", "{}", 2, WORLD_TIME), HN_OK);
		assert_int_equal(output_world_interval(&world, o, run), HN_OK);
		assert_int_equal(output_world_interval(&world, o, 2), HN_OK);
		output_close(o);
		assert_int_equal(check_directory(), 2 * (run + 1));
	}
	output_world_empty(&world);
}

static void files_are_for_who_may_read_them(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		mode_t mode;
	} cases[] = {{".", 0700}, {"selected.ndjson", 0600}, {"receipt.json", 0644}};
	struct output_mended mended;
	mode_t mask = umask(022);
	output_close(open_output(&mended));
	(void)umask(mask);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[160];
		struct stat st;
		path_in(cases[i].name, path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, cases[i].mode);
	}
	output_world_empty(&world);
}

static void another_identity_is_refused(void **state)
{
	(void)state;
	const struct uuid other = {{1}};
	struct output_mended mended;
	struct output *o = open_output(&mended);
	assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
	output_close(o);
	assert_int_equal(refused_open(&world.edge, world.stranger), HN_EAUTH);
	assert_int_equal(refused_open(&other, world.identity), HN_EAUTH);
	assert_int_equal(check_directory(), 1);
	output_world_empty(&world);
}

/* What a run that was stopped leaves behind its last receipt goes; what a receipt covers must be there. */
static void what_was_torn_is_mended(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *records, *receipts; /* what is appended */
		off_t cut;                      /* of the receipts, first */
		uint64_t dropped;
		bool added;
	} cases[] = {
		{"nothing", "", "", 0, 0, false},
		{"records without a receipt", "{\"a\":1}\n", "", 0, 8, false},
		{"half a record", "{\"a", "", 0, 3, false},
		{"half a receipt", "", "{\"rec", 0, 0, false},
		{"both", "x", "y", 0, 1, false},
		{"a receipt cut at its end", "", "", 1, 0, true},
		{"a receipt cut in its middle", "", "", 300, 0, true},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct output_mended mended;
		struct output *o = open_output(&mended);
		assert_int_equal(output_world_interval(&world, o, 3), HN_OK);
		assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
		output_close(o);
		cut("receipt.json", cases[i].cut);
		append_to("selected.ndjson", cases[i].records);
		append_to("receipt.json", cases[i].receipts);
		o = open_output(&mended);
		assert_int_equal(mended.records_dropped, cases[i].dropped);
		assert_int_equal(mended.receipt_added, cases[i].added);
		assert_int_equal(output_world_interval(&world, o, 2), HN_OK);
		output_close(o);
		assert_int_equal(check_directory(), 3);
		output_world_empty(&world);
	}
}

/* What a run that ended between its inputs had not finished is told until it is entered, of that run only. */
static void what_was_left_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned records[3]; /* of intervals; the last leaves what is told */
		uint64_t selected[3], pending;
		bool entered;
		uint64_t told_pending, told_flows;
	} cases[] = {
		{"nothing", {1, 2, 3}, {1, 2, 3}, 0, false, 0, 0},
		{"pending packets", {1, 2, 3}, {1, 2, 3}, 4, false, 4, 0},
		{"a flow of the first interval", {0, 2, 3}, {1, 2, 3}, 0, false, 0, 1},
		{"flows that ended later", {0, 1, 5}, {3, 3, 0}, 0, false, 0, 0},
		{"both", {0, 1, 1}, {3, 3, 0}, 2, false, 2, 4},
		{"both, entered already", {0, 1, 1}, {3, 3, 0}, 2, true, 0, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct output_mended mended;
		struct output *o = open_output(&mended);
		/* A run before is no part of it. */
		assert_int_equal(output_entry(o, "run-begun", "{}", 2, WORLD_TIME), HN_OK);
		assert_int_equal(output_world_left(&world, o, 0, 9, 5), HN_OK);
		assert_int_equal(output_entry(o, "run-begun", "{}", 2, WORLD_TIME), HN_OK);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(output_world_left(&world, o, cases[i].records[k],
							   cases[i].selected[k],
							   k == 2 ? cases[i].pending : 0),
					 HN_OK);
		if (cases[i].entered)
			assert_int_equal(output_entry(o, "mended", "{}", 2, WORLD_TIME), HN_OK);
		assert_int_equal(output_entry(o, "refused", "{}", 2, WORLD_TIME), HN_OK);
		output_close(o);
		output_close(open_output(&mended));
		if (mended.flows_lost != cases[i].told_flows)
			print_message("%s\n", cases[i].name);
		assert_int_equal(mended.pending_packets, cases[i].told_pending);
		assert_int_equal(mended.pending_bytes, 100 * cases[i].told_pending);
		assert_int_equal(mended.flows_lost, cases[i].told_flows);
		output_world_empty(&world);
	}
}

static void missing_records_are_not_passed_over(void **state)
{
	(void)state;
	struct output_mended mended;
	struct output *o = open_output(&mended);
	assert_int_equal(output_world_interval(&world, o, 3), HN_OK);
	output_close(o);
	cut("selected.ndjson", 1);
	assert_int_equal(refused_open(&world.edge, world.identity), HN_EFORMAT);
	output_world_empty(&world);
}

/* A line that was changed, anywhere, and nothing is mended or goes on; lines that are missing or added too.
 */
static void changed_receipts_end_it(void **state)
{
	(void)state;
	struct output_mended mended;
	struct output *o = open_output(&mended);
	struct buf lines, after;
	char path[160];
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
	output_close(o);
	path_in("receipt.json", path);
	read_file("receipt.json", &lines);
	/* But for the last line feed: without that the line is a torn one, which is mended. */
	for (size_t i = 0; i + 1 < lines.len; i += 3) {
		int fd = open(path, O_WRONLY);
		char changed = (char)(lines.data[i] ^ 1);
		assert_int_equal(pwrite(fd, &changed, 1, (off_t)i), 1);
		assert_int_equal(refused_open(&world.edge, world.identity), HN_EFORMAT);
		read_file("receipt.json", &after);
		assert_int_equal(after.len, lines.len);
		buf_clear(&after);
		assert_int_equal(pwrite(fd, &lines.data[i], 1, (off_t)i), 1);
		(void)close(fd);
	}
	append_to("receipt.json", "{}\n");
	assert_int_equal(refused_open(&world.edge, world.identity), HN_EFORMAT);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(refused_open(&world.edge, world.identity), HN_EFORMAT);
	int fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, lines.data, lines.len), lines.len);
	(void)close(fd);
	o = open_output(&mended);
	assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
	output_close(o);
	assert_int_equal(check_directory(), 4);
	buf_clear(&lines);
	output_world_empty(&world);
}

/* Retention has ended for all private records: the last line of receipt.json, signed by us, is the last
 * receipt. */
static void goes_on_when_private_records_were_erased(void **state)
{
	(void)state;
	struct output_mended mended;
	struct private *private = NULL;
	uint64_t erased = 0;
	struct output *o = open_output(&mended);
	assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
	uint64_t entries = output_entries(o);
	output_close(o);
	int fd = open(world.dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(private_open(fd, true, &private), HN_OK);
	assert_int_equal(ledger_private_erase(private, entries, 0, entries, INT64_MAX, NULL, &erased), HN_OK);
	private_free(private);
	(void)close(fd);
	assert_int_equal(erased, 1);
	o = open_output(&mended);
	assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
	output_close(o);
	struct buf lines;
	read_file("receipt.json", &lines);
	assert_non_null(strstr(lines.data, "\"number\":2"));
	buf_clear(&lines);
	output_world_empty(&world);
}

/* Three intervals in a child to which no file may grow beyond a limit: a full disk, or (with the signal left
 * to do what it does) the end of the process in that very write. @return the child's exit code, -1 when
 * killed */
static int limited(rlim_t limit, bool killed)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit none = {0, 0}, some = {limit, limit};
		struct output *o = NULL;
		struct output_mended mended;
		struct fault fault = {0};
		(void)signal(SIGXFSZ, killed ? SIG_DFL : SIG_IGN);
		if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_FSIZE, &some) != 0)
			_exit(99);
		int rc = output_open(world.dir, &world.edge, world.identity, &o, &mended, &fault);
		for (unsigned i = 0; rc == HN_OK && i < 3; i++)
			rc = output_world_interval(&world, o, 20);
		_exit(rc == HN_OK ? 0 : -rc);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void stopped_at_any_byte(bool killed)
{
	unsigned stopped = 0, kept = 0, done = 0;
	/* The largest file is receipt.json, of some six thousand bytes. */
	for (rlim_t limit = 0; done == 0; limit += 61) {
		struct output_mended mended;
		int code = limited(limit, killed);
		assert_true(code == 0 || code == (killed ? -1 : -HN_ENOSPC));
		done += code == 0;
		stopped += code != 0;
		struct output *o = open_output(&mended);
		uint64_t number;
		uint8_t digest[SHA256_SIZE];
		kept += output_former(o, &number, digest) && code != 0;
		assert_int_equal(output_world_interval(&world, o, 1), HN_OK);
		output_close(o);
		assert_int_equal(check_directory(), number);
		output_world_empty(&world);
	}
	assert_true(stopped > 20 && kept > 5);
}

static void a_full_disk_at_any_byte_is_told_and_mended(void **state)
{
	(void)state;
	stopped_at_any_byte(false);
}

static void an_end_in_any_write_is_mended(void **state)
{
	(void)state;
	stopped_at_any_byte(true);
}

static int setup(void **state)
{
	(void)state;
	output_world_init(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	output_world_clear(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rerun_continues),
		cmocka_unit_test(files_are_for_who_may_read_them),
		cmocka_unit_test(another_identity_is_refused),
		cmocka_unit_test(what_was_torn_is_mended),
		cmocka_unit_test(what_was_left_is_told),
		cmocka_unit_test(missing_records_are_not_passed_over),
		cmocka_unit_test(changed_receipts_end_it),
		cmocka_unit_test(goes_on_when_private_records_were_erased),
		cmocka_unit_test(a_full_disk_at_any_byte_is_told_and_mended),
		cmocka_unit_test(an_end_in_any_write_is_mended),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
