/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* The end of retention: what is due goes, what is not stays, and a kill at any moment only means once more.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "base/encode.h"
#include "base/utc.h"
#include "ledger/private.h"
#include "ledger/tlog.h"
#include "ledger/verify.h"
#include "sensor/expiry.h"
#include "sensor/output.h"
#include "sensor/receipt_write.h"

/* Later than any clock's: a time before the newest entry of the ledger is not believed. */
#define NOW       (INT64_C(4102444800) * NS_SECOND)
#define FILE_ROOM (256u << 10)

static struct world {
	char dir[64];
	struct key *key;
	struct uuid edge;
	struct output *output;
	uint64_t receipts;
	struct buf wanted; /* what selected.ndjson is to hold */
} w;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int begin(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	(void)snprintf(w.dir, sizeof(w.dir), "%s/hinomi-expiry-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(w.dir));
	assert_true(sodium_init() >= 0);
	assert_int_equal(key_make("sensor", &w.key), HN_OK);
	key_sensor_id(key_public(w.key), &w.edge);
	buf_init(&w.wanted, FILE_ROOM);
	return 0;
}

static int end(void **state)
{
	(void)state;
	output_close(w.output);
	key_free(w.key);
	buf_clear(&w.wanted);
	return nftw(w.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void reopen(void)
{
	struct output_mended mended;
	struct fault fault = {{0}, {0}};
	output_close(w.output);
	w.output = NULL;
	int rc = output_open(w.dir, &w.edge, w.key, &w.output, &mended, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	assert_int_equal(mended.records_dropped, 0);
	assert_false(mended.receipt_added);
}

/* A receipt's line with the members that are looked at, in the order of the alphabet, signed. */
static void receipt_line(const struct key *key, uint64_t offset, uint64_t bytes, uint64_t count,
			 int64_t erase_by_ns, struct buf *out)
{
	char time[UTC_SIZE];
	uint8_t signature[KEY_SIGNATURE_SIZE], former[SHA256_SIZE];
	char former_text[SHA256_HEX_SIZE];
	uint64_t ignored;
	struct buf text, input;

	buf_init(&text, 1024);
	buf_init(&input, 4096);
	utc_format(erase_by_ns, time);
	buf_addf(&text, "{\"flows\":{\"selected\":%llu}", (unsigned long long)count);
	if (output_former(w.output, &ignored, former)) {
		hex_encode(former, SHA256_SIZE, former_text);
		buf_addf(&text, ",\"former\":\"%s\"", former_text);
	}
	buf_addf(&text,
		 ",\"number\":%llu,\"records\":{\"bytes\":%llu,\"count\":%llu,"
		 "\"erase_by\":\"%s\",\"offset\":%llu},\"sums\":{\"pending_after\":{\"bytes\":0,\"packets\":"
		 "0}}}",
		 (unsigned long long)w.receipts, (unsigned long long)bytes, (unsigned long long)count, time,
		 (unsigned long long)offset);
	buf_adds(&input, "e30.");
	base64url_add(&input, text.data, text.len);
	key_sign(key, input.data, input.len, signature);
	buf_addf(out, "{\"receipt\":%s,\"protected\":\"e30\",\"signature\":\"", text.data);
	base64url_add(out, signature, sizeof(signature));
	buf_adds(out, "\"}\n");
	assert_int_equal(buf_err(out), HN_OK);
	buf_clear(&text);
	buf_clear(&input);
}

/* Some records and their receipt; `due`: they are to be gone at NOW. */
static void add_receipt(uint64_t count, bool due)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t offset, bytes;
	struct buf line;

	w.receipts++;
	for (uint64_t i = 0; i < count; i++) {
		char record[64];
		int n = snprintf(record, sizeof(record), "{\"receipt\":%llu,\"record\":%llu}\n",
				 (unsigned long long)w.receipts, (unsigned long long)i);
		assert_int_equal(output_records(w.output, record, (size_t)n), HN_OK);
		for (int k = 0; k < n; k++)
			buf_addc(&w.wanted, due ? '\n' : record[k]);
	}
	assert_int_equal(output_records_end(w.output, &offset, &bytes, digest), HN_OK);
	buf_init(&line, 4096);
	receipt_line(w.key, offset, bytes, count, due ? NOW : NOW + 1000, &line);
	assert_int_equal(output_receipt(w.output, line.data, line.len, NOW - 5000), HN_OK);
	buf_clear(&line);
}

static int open_file(const char *name, int flags)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	int fd = open(path, flags | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void check_records(void)
{
	char *have = malloc(FILE_ROOM);
	assert_non_null(have);
	int fd = open_file("selected.ndjson", O_RDONLY);
	ssize_t n = read(fd, have, FILE_ROOM);
	(void)close(fd);
	assert_int_equal(n, w.wanted.len);
	assert_memory_equal(have, w.wanted.data, w.wanted.len);
	free(have);
}

/* @return how many records were erased */
static uint64_t expire(void)
{
	struct output_expired expired;
	struct fault fault = {{0}, {0}};
	int rc = output_expire(w.output, w.key, NOW, &expired, &fault);
	if (rc != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(rc, HN_OK);
	return expired.records;
}

/* The log verifies; the text of its entries of kind `expired`, one a line. */
static void read_entries(struct buf *out)
{
	struct verify_report report;
	struct tlog *log;
	struct private *private;
	struct buf bytes;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	int fd = open(w.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(ledger_verify(fd, NULL, &report, NULL), HN_OK);
	assert_int_equal(tlog_open(fd, NULL, &log, NULL), HN_OK);
	assert_int_equal(private_open(fd, false, &private), HN_OK);
	buf_init(&bytes, 1u << 20);
	for (uint64_t i = 0; i < tlog_head(log)->size; i++) {
		struct log_entry entry;
		struct private_slot slot;
		buf_reset(&bytes);
		assert_int_equal(tlog_entry(log, i, &bytes), HN_OK);
		assert_int_equal(log_entry_parse(bytes.data, bytes.len, &entry), HN_OK);
		if (strcmp(entry.kind, "expired") != 0)
			continue;
		assert_int_equal(private_slot(private, i, &slot), HN_OK);
		assert_int_equal(private_record(private, &slot, salt, &bytes), HN_OK);
		buf_addf(out, "%s\n", bytes.data);
	}
	buf_clear(&bytes);
	private_free(private);
	tlog_free(log);
	(void)close(fd);
}

static void check_entries(const char *wanted)
{
	struct buf have;
	buf_init(&have, 1u << 20);
	buf_adds(&have, "");
	read_entries(&have);
	assert_string_equal(have.data == NULL ? "" : have.data, wanted);
	buf_clear(&have);
}

static void what_is_due_goes_and_the_rest_stays(void **state)
{
	(void)state;
	static const struct {
		uint64_t count;
		bool due;
	} cases[] = {{2, true}, {3, false}, {0, true}, {1, true}, {0, false}, {4000, true}, {1, false}};
	reopen();
	for (size_t i = 0; i < COUNT(cases); i++)
		add_receipt(cases[i].count, cases[i].due);
	assert_int_equal(expire(), 4003);
	check_records();
	char wanted[128];
	(void)snprintf(wanted, sizeof(wanted), "{\"records\":4003,\"bytes\":%d,\"receipts\":[1,4,6]}\n",
		       3 * 25 + 10 * 25 + 90 * 26 + 900 * 27 + 3000 * 28);
	check_entries(wanted);
	assert_int_equal(expire(), 0);
	check_entries(wanted);

	/* The directory goes on, and what its receipts say of the file stays true. */
	reopen();
	add_receipt(5, false);
	check_records();
	reopen();
	assert_int_equal(expire(), 0);
	check_records();
}

static void nothing_is_due_in_an_empty_directory(void **state)
{
	(void)state;
	reopen();
	assert_int_equal(expire(), 0);
	check_entries("");
}

static void more_receipts_than_one_entry_names(void **state)
{
	(void)state;
	reopen();
	for (unsigned i = 0; i < 2 * EXPIRY_BATCH + 3; i++)
		add_receipt(1, true);
	assert_int_equal(expire(), 2 * EXPIRY_BATCH + 3);
	check_records();
	struct buf have;
	buf_init(&have, 1u << 20);
	read_entries(&have);
	size_t lines = 0;
	for (size_t i = 0; i < have.len; i++)
		lines += have.data[i] == '\n';
	assert_int_equal(lines, 3);
	buf_clear(&have);
}

/* Everything a kill may leave behind: k bytes overwritten before, all of them, or all and the entry. */
static void a_kill_at_any_moment_means_once_more(void **state)
{
	(void)state;
	char record[64];
	reopen();
	add_receipt(1, false);
	add_receipt(2, true);
	add_receipt(1, false);
	int fd = open_file("selected.ndjson", O_RDWR);
	const uint64_t at = 25, len = 50;
	assert_int_equal(pread(fd, record, len, (off_t)at), len);
	for (uint64_t k = 0; k < len; k++) {
		/* Pages may have reached the disk in any order; the first byte is the last to go. */
		assert_int_equal(pwrite(fd, record, len, (off_t)at), len);
		for (uint64_t i = len - 1; i >= len - k; i--)
			assert_int_equal(pwrite(fd, "\n", 1, (off_t)(at + i)), 1);
		reopen();
		assert_int_equal(expire(), 2);
		check_records();
		assert_int_equal(expire(), 0);
	}
	/* After the first of the three steps. */
	struct expiry *e = malloc(sizeof(*e));
	assert_non_null(e);
	off_t position = 0;
	int receipts = open_file("receipt.json", O_RDONLY);
	assert_int_equal(pwrite(fd, record, len, (off_t)at), len);
	assert_int_equal(expiry_overwrite(receipts, fd, key_public(w.key)->ed25519, NOW, &position, e, NULL),
			 HN_OK);
	assert_int_equal(e->count, 1);
	assert_int_equal(e->receipts[0].number, 2);
	assert_int_equal(pread(fd, record, len, (off_t)at), len);
	assert_int_equal(record[0], '{');
	assert_int_equal(record[1], '\n');
	assert_int_equal(expire(), 2);
	check_records();
	free(e);
	(void)close(receipts);
	(void)close(fd);
}

static void refused(int want)
{
	struct output_expired expired;
	struct fault fault = {{0}, {0}};
	assert_int_equal(output_expire(w.output, w.key, NOW, &expired, &fault), want);
	assert_true(fault.message[0] != '\0');
	check_entries("");
}

static void what_is_not_ours_erases_nothing(void **state)
{
	(void)state;
	struct key *stranger;
	struct buf line;
	reopen();
	add_receipt(2, false);

	/* A line that another key signed. */
	assert_int_equal(key_make("stranger", &stranger), HN_OK);
	buf_init(&line, 4096);
	receipt_line(stranger, 0, 50, 2, NOW, &line);
	int fd = open_file("receipt.json", O_RDWR | O_APPEND);
	off_t whole = lseek(fd, 0, SEEK_END);
	assert_int_equal(write(fd, line.data, line.len), line.len);
	refused(HN_EAUTH);
	check_records();

	/* One that is none, and half a line, which is nothing yet. */
	assert_int_equal(ftruncate(fd, whole), 0);
	assert_int_equal(write(fd, "{}\n", 3), 3);
	refused(HN_EFORMAT);
	assert_int_equal(ftruncate(fd, whole), 0);
	assert_int_equal(write(fd, line.data, line.len - 1), line.len - 1);
	assert_int_equal(expire(), 0);

	/* Records that do not begin where their receipt says. */
	assert_int_equal(ftruncate(fd, whole), 0);
	buf_reset(&line);
	receipt_line(w.key, 1, 49, 2, NOW, &line);
	assert_int_equal(write(fd, line.data, line.len), line.len);
	refused(HN_EFORMAT);
	check_records();
	(void)close(fd);
	buf_clear(&line);
	key_free(stranger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_due_goes_and_the_rest_stays, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_due_in_an_empty_directory, begin, end),
		cmocka_unit_test_setup_teardown(more_receipts_than_one_entry_names, begin, end),
		cmocka_unit_test_setup_teardown(a_kill_at_any_moment_means_once_more, begin, end),
		cmocka_unit_test_setup_teardown(what_is_not_ours_erases_nothing, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
