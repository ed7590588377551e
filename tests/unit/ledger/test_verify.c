/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/verify.h"

#include "../check.h"
#include "ledger/private.h"
#include "ledger/read.h"
#include "log_world.h"

static struct verify_report report;
static struct fault fault;

static int verify(void)
{
	return ledger_verify(w.fd, &w.key, &report, &fault);
}

static void a_log_verifies_and_its_parts_are_counted(void **state)
{
	(void)state;
	world_grow(&w, 0, 1);
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(report.entries, 0);
	world_grow(&w, 600, 50);
	assert_int_equal(verify(), HN_OK);
	assert_true(report.signature_checked);
	assert_int_equal(report.entries, 600);
	assert_int_equal(report.records, 600);
	assert_int_equal(report.erased, 0);
	assert_int_equal(report.beyond, 0);
	assert_int_equal(report.head.size, 600);
	assert_int_equal(ledger_verify(w.fd, NULL, &report, &fault), HN_OK);
	assert_false(report.signature_checked);
	int fd = openat(w.fd, "ledger", O_RDONLY | O_DIRECTORY);
	assert_int_equal(ledger_verify(fd, &w.key, &report, &fault), HN_OK);
	assert_false(report.private_there);
	(void)close(fd);
}

/* Every file of the world, relative to its directory. */
static char files[512][128];
static size_t file_count;

static int collect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F) {
		assert_true(file_count < COUNT(files));
		(void)snprintf(files[file_count++], sizeof(files[0]), "%s", path + strlen(w.dir) + 1);
	}
	return 0;
}

static void poke(const char *path, off_t at, uint8_t byte)
{
	int fd = openat(w.fd, path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	(void)close(fd);
}

/* Changes a byte, whatever it is: hashes are random, and one in 256 is what a fixed value would put there. */
static void flip(const char *path, off_t at)
{
	uint8_t byte;
	int fd = openat(w.fd, path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	(void)close(fd);
	poke(path, at, (uint8_t)~byte);
}

/* The files whose change is seen in the checkpoint's signature, or in another file as well. */
static void expect_named(const char *path, off_t at)
{
	if (strcmp(fault.place, path) != 0)
		print_error("byte %lld of %s: named %s (%s)\n", (long long)at, path, fault.place,
			    fault.message);
	assert_string_equal(fault.place, path);
	assert_true(fault.message[0] != '\0');
}

static void each_changed_byte_of_each_file_is_found_and_the_file_named(void **state)
{
	(void)state;
	struct buf data;
	world_grow(&w, 260, 260);
	world_grow(&w, 10, 5); /* leaves partial files of former checkpoints */
	file_count = 0;
	assert_int_equal(nftw(w.dir, collect, 16, FTW_PHYS), 0);
	assert_true(file_count >= 10);
	buf_init(&data, 1 << 20);
	for (size_t i = 0; i < file_count; i++) {
		assert_int_equal(read_file_at(w.fd, files[i], &data), HN_OK);
		/* Every byte of small files, and a stride that meets every place of a repeated part in large
		 * ones. */
		size_t stride = data.len < 600 ? 1 : data.len < 4000 ? 17 : 211;
		for (size_t at = 0; at < data.len; at += stride) {
			uint8_t byte = (uint8_t)data.data[at];
			poke(files[i], (off_t)at, byte ^ (uint8_t)(1u << at % 8));
			assert_int_equal(verify(), HN_EAUTH);
			expect_named(files[i], (off_t)at);
			poke(files[i], (off_t)at, byte);
		}
		/* And a byte less, and one more where the file may not be longer. */
		char path[256];
		(void)snprintf(path, sizeof(path), "%s/%.128s", w.dir, files[i]);
		assert_int_equal(truncate(path, (off_t)data.len - 1), 0);
		assert_int_equal(verify(), HN_EAUTH);
		expect_named(files[i], -1);
		assert_int_equal(truncate(path, (off_t)data.len + 1), 0);
		poke(files[i], (off_t)data.len - 1, (uint8_t)data.data[data.len - 1]);
		if (strncmp(files[i], "private/", 8) != 0) {
			assert_int_equal(verify(), HN_EAUTH);
			expect_named(files[i], -2);
		}
		assert_int_equal(truncate(path, (off_t)data.len), 0);
		assert_int_equal(verify(), HN_OK);
	}
	buf_clear(&data);
}

static void the_first_entry_or_hash_is_named(void **state)
{
	(void)state;
	world_grow(&w, 600, 600);
	flip("ledger/tile/0/001", 32 * 7);
	flip("ledger/tile/0/001", 32 * 9);
	assert_int_equal(verify(), HN_EAUTH);
	assert_string_equal(fault.place, "ledger/tile/0/001");
	assert_string_equal(fault.message, "hash 263 does not fit");
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	static const char *const rows[] = {"ledger/tile/0/000", "ledger/tile/entries/001",
					   "ledger/tile/1/000.p/2"};
	world_grow(&w, 600, 600);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(renameat(w.fd, rows[i], w.fd, "private/kept"), 0);
		assert_int_equal(verify(), HN_EAUTH);
		assert_string_equal(fault.place, rows[i]);
		assert_int_equal(renameat(w.fd, "private/kept", w.fd, rows[i]), 0);
	}
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(unlinkat(w.fd, "private/index", 0), 0);
	assert_int_equal(verify(), HN_EAUTH);
	assert_string_equal(fault.place, "private");
}

static void strangers_are_named_and_the_tail_is_counted(void **state)
{
	(void)state;
	world_grow(&w, 300, 300);
	int fd = openat(w.fd, "ledger/tile/0/002", O_WRONLY | O_CREAT, 0644);
	(void)close(fd);
	fd = openat(w.fd, "ledger/checkpoint.new", O_WRONLY | O_CREAT, 0644);
	(void)close(fd);
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(report.beyond, 2);
	fd = openat(w.fd, "ledger/tile/0/0002", O_WRONLY | O_CREAT, 0644);
	(void)close(fd);
	assert_int_equal(verify(), HN_EAUTH);
	assert_string_equal(fault.place, "ledger/tile/0/0002");
}

static uint64_t erase(uint64_t first, uint64_t stop, int64_t before_ns)
{
	struct private *p = NULL;
	uint64_t count = UINT64_MAX;
	assert_int_equal(private_open(w.fd, true, &p), HN_OK);
	assert_int_equal(ledger_private_erase(p, 300, first, stop, before_ns, NULL, &count), HN_OK);
	private_free(p);
	return count;
}

static void erased_records_leave_a_log_that_verifies_and_goes_on(void **state)
{
	(void)state;
	struct buf data;
	world_grow(&w, 300, 100);
	assert_int_equal(erase(5, 6, INT64_MAX), 1);
	assert_int_equal(erase(0, UINT64_MAX, WORLD_TIME + 10 * 1000000), 9);
	assert_int_equal(erase(0, 20, WORLD_TIME), 0);
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(report.erased, 10);
	assert_int_equal(report.records, 290);
	buf_init(&data, 1 << 20);
	assert_int_equal(read_file_at(w.fd, "private/records", &data), HN_OK);
	assert_null(memmem(data.data, data.len, "{\"record\":9,", 12));
	assert_non_null(memmem(data.data, data.len, "{\"record\":10,", 13));
	buf_clear(&data);
	assert_int_equal(erase(0, 300, INT64_MAX), 290);
	world_grow(&w, 10, 10);
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(report.records, 10);
}

static void an_erasure_that_was_cut_off_is_found_and_finished(void **state)
{
	(void)state;
	uint8_t bytes[PRIVATE_SLOT_SIZE];
	struct private_slot slot;
	struct private *p = NULL;
	world_grow(&w, 300, 300);
	assert_int_equal(private_open(w.fd, true, &p), HN_OK);
	assert_int_equal(private_slot(p, 7, &slot), HN_OK);
	private_free(p);
	slot.state = PRIVATE_ERASED;
	private_slot_encode(7, &slot, bytes);
	int fd = openat(w.fd, "private/index", O_WRONLY);
	assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 7 * PRIVATE_SLOT_SIZE), sizeof(bytes));
	(void)close(fd);
	assert_int_equal(verify(), HN_EAUTH);
	assert_string_equal(fault.place, "private/records");
	assert_int_equal(erase(7, 8, INT64_MAX), 0);
	assert_int_equal(verify(), HN_OK);
	assert_int_equal(report.erased, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_verifies_and_its_parts_are_counted, begin, end),
		cmocka_unit_test_setup_teardown(each_changed_byte_of_each_file_is_found_and_the_file_named,
						begin, end),
		cmocka_unit_test_setup_teardown(the_first_entry_or_hash_is_named, begin, end),
		cmocka_unit_test_setup_teardown(a_missing_file_is_named, begin, end),
		cmocka_unit_test_setup_teardown(strangers_are_named_and_the_tail_is_counted, begin, end),
		cmocka_unit_test_setup_teardown(erased_records_leave_a_log_that_verifies_and_goes_on, begin,
						end),
		cmocka_unit_test_setup_teardown(an_erasure_that_was_cut_off_is_found_and_finished, begin,
						end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
