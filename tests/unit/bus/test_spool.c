/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/utc.h"
#include "tests/unit/bus/folder.h"

#define BOTH (SPOOL_TO_HUB | SPOOL_TO_WITNESS)

/* Fast: nothing here is cut off from power. */
static int no_sync(void *ctx, int fd)
{
	(void)ctx, (void)fd;
	return 0;
}

static struct ledger_io fast;

static struct spool_options options_of(const struct ledger_io *io)
{
	fast = ledger_io_system;
	fast.sync = no_sync;
	struct spool_options o = {
		.dir = in_folder("spool"), .bytes_max = SPOOL_BYTES_LEAST, .io = io == NULL ? &fast : io};
	o.wanted[STREAM_RECORDS] = o.wanted[STREAM_EVENTS] = SPOOL_TO_HUB;
	o.wanted[STREAM_RECEIPTS] = o.wanted[STREAM_CHECKPOINTS] = o.wanted[STREAM_HEALTH] = BOTH;
	return o;
}

static struct spool *open_spool(bool *begun)
{
	struct spool_options o = options_of(NULL);
	struct fault fault = {{0}, {0}};
	struct spool *s = NULL;
	int err = spool_open(&o, &s, begun, &fault);
	if (err != HN_OK)
		print_error("%s: %s\n", fault.place, fault.message);
	assert_int_equal(err, HN_OK);
	return s;
}

static int add(struct spool *s, enum stream stream, const char *lines, const char *position)
{
	struct spool_item item = {
		.stream = stream, .lines = lines, .len = strlen(lines), .position = position};
	return spool_add(s, &item, NULL);
}

static int see_line(void *context, uint64_t seq, const char *line, size_t len)
{
	struct buf *out = context;
	buf_addf(out, "%llu=%.*s;", (unsigned long long)seq, (int)len, line);
	return HN_OK;
}

/* What the destination gets next, as text; acknowledges it when `ack`. */
static const char *take(struct spool *s, enum stream stream, enum spool_destination to, bool ack)
{
	static char text[4096];
	struct batch b;
	struct buf body, seen;
	buf_init(&body, BATCH_BODY_MAX);
	buf_init(&seen, sizeof(text) - 1);
	int err = spool_next(s, stream, to, &b, &body);
	if (err == HN_OK) {
		struct batch checked = b;
		assert_int_equal(batch_check(&checked, body.data, body.len, see_line, &seen, NULL), HN_OK);
		if (b.stub)
			buf_addf(&seen, "%llu-%llu %s", (unsigned long long)b.first,
				 (unsigned long long)batch_through(&b), batch_gone_name(checked.gone));
		if (ack)
			assert_int_equal(spool_acked(s, stream, to, &b.epoch, batch_through(&b)), HN_OK);
	}
	(void)snprintf(text, sizeof(text), "%s",
		       err == HN_OK       ? seen.data
		       : err == HN_ENOENT ? "-"
					  : hn_strerror(err));
	buf_clear(&seen);
	buf_clear(&body);
	return text;
}

static void expect_position(struct spool *s, enum stream stream, const char *expected)
{
	struct buf out;
	buf_init(&out, SPOOL_POSITION_MAX);
	assert_int_equal(spool_position(s, stream, &out), HN_OK);
	assert_string_equal(out.data == NULL ? "" : out.data, expected);
	buf_clear(&out);
}

static size_t files_of(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;
	assert_non_null(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		count += strchr(e->d_name, '-') != NULL;
	(void)closedir(dir);
	return count;
}

static const char *stream_path(struct spool *s, enum stream stream)
{
	static char path[256];
	char id[UUID_TEXT_SIZE];
	struct uuid epoch = spool_epoch(s);
	uuid_format(&epoch, id);
	(void)snprintf(path, sizeof(path), "%s/1-%s/%s", in_folder("spool"), id, stream_name(stream));
	return path;
}

static void what_is_added_comes_in_order_and_once(void **state)
{
	bool begun;
	(void)state;
	struct spool *s = open_spool(&begun);
	assert_true(begun);
	expect_position(s, STREAM_EVENTS, "");
	assert_int_equal(add(s, STREAM_EVENTS, "{\"a\":1}\n{\"a\":2}\n", "file \"x\" 16"), HN_OK);
	assert_int_equal(add(s, STREAM_EVENTS, "{\"a\":3}\n", "二"), HN_OK);
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, false), "1={\"a\":1};2={\"a\":2};");
	spool_close(s);

	s = open_spool(&begun);
	assert_false(begun);
	expect_position(s, STREAM_EVENTS, "二");
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "1={\"a\":1};2={\"a\":2};");
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "3={\"a\":3};");
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "-");
	spool_close(s);

	s = open_spool(&begun);
	expect_position(s, STREAM_EVENTS, "二");
	assert_int_equal(files_of(stream_path(s, STREAM_EVENTS)), 1);
	assert_int_equal(add(s, STREAM_EVENTS, "{\"a\":4}\n", ""), HN_OK);
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "4={\"a\":4};");
	spool_close(s);
}

static void a_batch_stays_until_all_have_it(void **state)
{
	struct spool_state st;
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(s, STREAM_RECEIPTS, "{}\n", "p"), HN_OK);
	for (int i = 0; i < 3; i++)
		(void)take(s, STREAM_RECEIPTS, SPOOL_HUB, true);
	assert_int_equal(files_of(stream_path(s, STREAM_RECEIPTS)), 3);
	spool_state(s, &st);
	assert_int_equal(st.streams[STREAM_RECEIPTS].through[SPOOL_HUB], 3);
	assert_int_equal(st.streams[STREAM_RECEIPTS].waiting, 3);
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true), "1={};");
	assert_int_equal(files_of(stream_path(s, STREAM_RECEIPTS)), 2);
	(void)take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true);
	(void)take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true);
	spool_state(s, &st);
	assert_int_equal(st.streams[STREAM_RECEIPTS].waiting, 0);
	assert_int_equal(files_of(stream_path(s, STREAM_RECEIPTS)), 1);
	spool_close(s);
}

/* Selected information goes to the hub's handlers alone. */
static void what_one_shall_not_have_never_leaves_for_it(void **state)
{
	struct spool_options o = options_of(NULL);
	struct fault fault;
	struct spool *s;
	(void)state;
	o.wanted[STREAM_RECORDS] = SPOOL_TO_HUB;
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_OK);
	assert_int_equal(add(s, STREAM_RECORDS, "{}\n", "p"), HN_OK);
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_WITNESS, false), "-");
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "1={};");
	spool_close(s);
}

static void who_comes_later_or_lost_something_hears_of_what_is_gone(void **state)
{
	struct spool_options both = options_of(NULL);
	struct fault fault;
	struct uuid epoch;
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(add(s, STREAM_EVENTS, "{}\n{}\n", "p"), HN_OK);
	(void)take(s, STREAM_EVENTS, SPOOL_HUB, true);
	(void)take(s, STREAM_EVENTS, SPOOL_HUB, true);
	spool_close(s);
	both.wanted[STREAM_EVENTS] = BOTH;
	assert_int_equal(spool_open(&both, &s, NULL, &fault), HN_OK);
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_WITNESS, true), "1-4 earlier");
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_WITNESS, true), "5={};6={};");
	epoch = spool_epoch(s);
	assert_int_equal(spool_acked(s, STREAM_EVENTS, SPOOL_HUB, &epoch, 1), HN_OK); /* an older backup */
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "2-4 earlier");
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "5={};6={};");
	assert_int_equal(spool_acked(s, STREAM_EVENTS, SPOOL_HUB, &epoch, 7), HN_EFORMAT); /* half a batch */
	assert_int_equal(spool_acked(s, STREAM_EVENTS, SPOOL_HUB, &epoch, 9), HN_ESTATE);
	epoch.bytes[0] ^= 1;
	assert_int_equal(spool_acked(s, STREAM_EVENTS, SPOOL_HUB, &epoch, 8), HN_ENOENT);
	spool_close(s);
}

/* A line of about n bytes that nothing compresses much. */
static char *big_line(size_t n, unsigned seed)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	char *line = malloc(n + 2);
	uint64_t x = seed + 1;
	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		line[i] = letters[x >> 58];
	}
	line[n] = '\n';
	line[n + 1] = '\0';
	return line;
}

static int add_big(struct spool *s, enum stream stream, size_t n, unsigned seed, struct batch *b)
{
	char *line = big_line(n, seed);
	struct spool_item item = {.stream = stream, .lines = line, .len = n + 1, .position = "big"};
	int err = spool_add(s, &item, b);
	free(line);
	return err;
}

static void the_oldest_events_give_way_then_health_and_nothing_else(void **state)
{
	struct spool_state st;
	struct batch b;
	(void)state;
	struct spool *s = open_spool(NULL);
	assert_int_equal(add(s, STREAM_RECEIPTS, "{\"receipt\":1}\n", "r"), HN_OK);
	assert_int_equal(add_big(s, STREAM_HEALTH, 1000000, 7, NULL), HN_OK);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(add_big(s, STREAM_EVENTS, 1000000, i, &b), HN_OK);
	assert_false(b.stub);
	spool_state(s, &st);
	assert_true(st.bytes <= st.bytes_max);
	assert_true(st.streams[STREAM_EVENTS].gone[BATCH_GONE_SPACE] >= 18);
	assert_int_equal(st.streams[STREAM_HEALTH].gone[BATCH_GONE_SPACE], 0);
	assert_int_equal(st.streams[STREAM_EVENTS].waiting, 40);
	/* Their stubs became one, and say how many they were. */
	char expected[64];
	(void)snprintf(expected, sizeof(expected), "1-%llu space",
		       (unsigned long long)st.streams[STREAM_EVENTS].gone[BATCH_GONE_SPACE]);
	const char *got = take(s, STREAM_EVENTS, SPOOL_HUB, false);
	assert_int_equal(strncmp(got, "1-", 2), 0);
	/* Records push out events and health, not each other. */
	int err = HN_OK;
	unsigned records = 0;
	while ((err = add_big(s, STREAM_RECORDS, 1000000, records, NULL)) == HN_OK)
		records++;
	assert_int_equal(err, HN_ENOSPC);
	assert_true(records >= 20);
	spool_state(s, &st);
	assert_true(st.full);
	assert_int_equal(st.streams[STREAM_EVENTS].gone[BATCH_GONE_SPACE], 40);
	assert_int_equal(st.streams[STREAM_HEALTH].gone[BATCH_GONE_SPACE], 1);
	assert_int_equal(st.streams[STREAM_RECORDS].waiting, records);
	/* Receipts and checkpoints are not taken for gone; who makes them has to stop. */
	assert_int_equal(add_big(s, STREAM_RECEIPTS, 1000000, 97, NULL), HN_ENOSPC);
	assert_int_equal(add_big(s, STREAM_CHECKPOINTS, 1000000, 98, NULL), HN_ENOSPC);
	/* A new event is counted and gone at once; a small receipt may still fit. */
	assert_int_equal(add_big(s, STREAM_EVENTS, 1000000, 99, &b), HN_OK);
	assert_true(b.stub);
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "1={\"receipt\":1};");
	spool_close(s);
	s = open_spool(NULL);
	uint64_t sum = 0;
	while ((got = take(s, STREAM_EVENTS, SPOOL_HUB, true))[0] != '-') {
		unsigned long long first, last;
		assert_int_equal(sscanf(got, "%llu-%llu space", &first, &last), 2);
		assert_int_equal(first, sum + 1);
		sum = last;
	}
	assert_int_equal(sum, 41);
	spool_close(s);
}

static bool folder_has(const char *path, const char *text)
{
	DIR *dir = opendir(path);
	bool found = false;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
		char name[600];
		struct buf data;
		if (e->d_name[0] == '.')
			continue;
		buf_init(&data, 1u << 20);
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		assert_int_equal(file_read(name, &data), HN_OK);
		found = found || (data.len > 0 && memmem(data.data, data.len, text, strlen(text)) != NULL);
		buf_clear(&data);
	}
	(void)closedir(dir);
	return found;
}

static void records_are_erased_in_their_time(void **state)
{
	const int64_t day = 24 * 3600 * NS_SECOND, now = INT64_C(20000) * day;
	struct spool_item item = {.stream = STREAM_RECORDS,
				  .lines = "{\"ip\":\"192.0.2.1\"}\n",
				  .len = 19,
				  .position = "a",
				  .erase_by_ns = now};
	uint64_t lines;
	(void)state;
	struct spool *s = open_spool(NULL);
	assert_int_equal(spool_erase_next(s), INT64_MAX);
	assert_int_equal(spool_add(s, &item, NULL), HN_OK);
	item.erase_by_ns = now + day;
	assert_int_equal(spool_add(s, &item, NULL), HN_OK);
	assert_int_equal(spool_erase_next(s), now);
	assert_int_equal(spool_erase_due(s, now - 1, &lines), HN_OK);
	assert_int_equal(lines, 0);
	assert_int_equal(spool_erase_due(s, now, &lines), HN_OK);
	assert_int_equal(lines, 1);
	assert_int_equal(spool_erase_next(s), now + day);
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "1-1 retention");
	assert_true(folder_has(stream_path(s, STREAM_RECORDS), "192.0.2.1"));
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "2={\"ip\":\"192.0.2.1\"};");
	/* What was sent is not kept, though its file is the stream's last. */
	assert_false(folder_has(stream_path(s, STREAM_RECORDS), "192.0.2.1"));
	assert_int_equal(spool_erase_next(s), INT64_MAX);
	spool_close(s);
}

static void what_is_refused(void **state)
{
	struct spool_options o = options_of(NULL);
	struct fault fault;
	struct spool *other;
	char *position = big_line(SPOOL_POSITION_MAX, 1);
	struct spool_item item = {.stream = STREAM_EVENTS, .lines = "{}\n", .len = 3, .position = position};
	(void)state;
	struct spool *s = open_spool(NULL);
	assert_int_equal(spool_open(&o, &other, NULL, &fault), HN_ESTATE);
	assert_int_equal(spool_add(s, &item, NULL), HN_ELIMIT);
	item.position = "\xff";
	assert_int_equal(spool_add(s, &item, NULL), HN_EFORMAT);
	assert_int_equal(add(s, STREAM_EVENTS, "{}", ""), HN_EFORMAT);
	assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, false), "-");
	spool_close(s);
	o.wanted[STREAM_EVENTS] = 0;
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_OK);
	assert_int_equal(add(s, STREAM_EVENTS, "{}\n", ""), HN_ESTATE);
	spool_close(s);
	o.bytes_max = SPOOL_BYTES_LEAST - 1;
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_ELIMIT);
	free(position);
}

static void change_file(const char *path, long at, bool from_end)
{
	int fd = open(path, O_RDWR);
	char c;
	assert_true(fd >= 0 && lseek(fd, at, from_end ? SEEK_END : SEEK_SET) >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	c ^= 0x40;
	assert_true(lseek(fd, -1, SEEK_CUR) >= 0);
	assert_int_equal(write(fd, &c, 1), 1);
	(void)close(fd);
}

static void what_the_disk_damaged_is_told(void **state)
{
	char path[320];
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(add(s, STREAM_RECEIPTS, "{}\n{}\n", "p"), HN_OK);
	(void)snprintf(path, sizeof(path), "%s/1-2.zst", stream_path(s, STREAM_RECEIPTS));
	change_file(path, -1, true);
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "1-2 damaged");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "3={};4={};");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true), "1-2 damaged");
	(void)snprintf(path, sizeof(path), "%s/3-2.zst", stream_path(s, STREAM_RECEIPTS));
	assert_int_equal(truncate(path, 20), 0);
	(void)snprintf(path, sizeof(path), "%s/7-2.zst", stream_path(s, STREAM_RECEIPTS));
	assert_int_equal(truncate(path, 200), 0); /* its header is whole, its body not */
	spool_close(s);
	s = open_spool(NULL);
	expect_position(s, STREAM_RECEIPTS, "p");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true), "3-4 damaged");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true), "5={};6={};");
	spool_close(s);
}

static void a_spool_that_lacks_lines_is_not_opened(void **state)
{
	struct spool_options o = options_of(NULL);
	struct fault fault = {{0}, {0}};
	char path[320];
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(add(s, STREAM_RECEIPTS, "{}\n", "p"), HN_OK);
	(void)snprintf(path, sizeof(path), "%s/2-1.zst", stream_path(s, STREAM_RECEIPTS));
	assert_int_equal(unlink(path), 0);
	spool_close(s);
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_EFORMAT);
	assert_non_null(strstr(fault.place, "3-1.zst"));
	assert_int_equal(file_write_whole(path, "", 0, 0600, true), HN_OK);
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_OK); /* told as damaged */
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "1={};");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "2-2 damaged");
	spool_close(s);
	assert_int_equal(file_write_whole(in_folder("spool/note.txt"), "", 0, 0600, true), HN_OK);
	assert_int_equal(spool_open(&o, &s, NULL, &fault), HN_EFORMAT);
	assert_non_null(strstr(fault.place, "note.txt"));
}

static void a_lost_spool_begins_another_epoch(void **state)
{
	bool begun;
	(void)state;
	struct spool *s = open_spool(&begun);
	struct uuid first = spool_epoch(s), second;
	assert_int_equal(add(s, STREAM_EVENTS, "{}\n", "p"), HN_OK);
	spool_close(s);
	assert_int_equal(rename(in_folder("spool"), in_folder("lost")), 0);
	s = open_spool(&begun);
	assert_true(begun);
	second = spool_epoch(s);
	assert_memory_not_equal(&first, &second, sizeof(first));
	expect_position(s, STREAM_EVENTS, "");
	spool_close(s);
}

static void renewing_keeps_what_is_not_sent(void **state)
{
	struct spool_state st;
	bool begun;
	(void)state;
	struct spool *s = open_spool(NULL);
	struct uuid first = spool_epoch(s), second;
	for (int i = 1; i <= 3; i++) {
		char line[32];
		(void)snprintf(line, sizeof(line), "{\"n\":%d}\n", i);
		assert_int_equal(add(s, STREAM_EVENTS, line, "e"), HN_OK);
		assert_int_equal(add(s, STREAM_RECEIPTS, line, "r"), HN_OK);
	}
	(void)take(s, STREAM_EVENTS, SPOOL_HUB, true);
	for (int i = 0; i < 3; i++) {
		(void)take(s, STREAM_RECEIPTS, SPOOL_HUB, true);
		(void)take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true);
	}
	assert_int_equal(spool_renew(s), HN_OK);
	second = spool_epoch(s);
	assert_memory_not_equal(&first, &second, sizeof(first));
	for (int i = 0; i < 2; i++) {
		expect_position(s, STREAM_EVENTS, "e");
		expect_position(s, STREAM_RECEIPTS, "r");
		spool_state(s, &st);
		assert_int_equal(st.streams[STREAM_EVENTS].added, 2);
		assert_int_equal(st.streams[STREAM_RECEIPTS].added, 0);
		assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, false), "1={\"n\":2};");
		assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, false), "-");
		spool_close(s);
		s = open_spool(&begun);
		assert_false(begun);
	}
	assert_int_equal(add(s, STREAM_RECEIPTS, "{\"n\":4}\n", "r4"), HN_OK);
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true), "1={\"n\":4};");
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "1={\"n\":4};");
	spool_close(s);
}

/* Receipts cover records by their numbers: whatever is renewed, a record has the one it had. */
static void records_keep_their_numbers(void **state)
{
	struct spool_state st;
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 1; i <= 3; i++) {
		char line[32];
		(void)snprintf(line, sizeof(line), "{\"n\":%d}\n", i);
		assert_int_equal(add(s, STREAM_RECORDS, line, "r"), HN_OK);
	}
	(void)take(s, STREAM_RECORDS, SPOOL_HUB, true);
	(void)take(s, STREAM_RECORDS, SPOOL_HUB, true);
	assert_int_equal(spool_renew(s), HN_OK);
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "1-2 earlier");
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "3={\"n\":3};");
	assert_int_equal(spool_renew(s), HN_OK);
	for (int i = 0; i < 2; i++) {
		spool_state(s, &st);
		assert_int_equal(st.streams[STREAM_RECORDS].added, 3);
		expect_position(s, STREAM_RECORDS, "r");
		assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, false), "1-3 earlier");
		spool_close(s);
		s = open_spool(NULL);
	}
	assert_int_equal(add(s, STREAM_RECORDS, "{\"n\":4}\n", "r"), HN_OK);
	(void)take(s, STREAM_RECORDS, SPOOL_HUB, true);
	assert_string_equal(take(s, STREAM_RECORDS, SPOOL_HUB, true), "4={\"n\":4};");
	spool_close(s);
}

static void of_health_the_newest_are_kept(void **state)
{
	struct spool_state st;
	(void)state;
	struct spool *s = open_spool(NULL);
	for (int i = 1; i <= 200; i++) {
		char line[32];
		(void)snprintf(line, sizeof(line), "{\"n\":%d}\n", i);
		assert_int_equal(add(s, STREAM_HEALTH, line, ""), HN_OK);
		assert_int_equal(add(s, STREAM_RECEIPTS, line, ""), HN_OK);
		assert_int_equal(spool_keep_newest(s, STREAM_HEALTH, 3), HN_OK);
		assert_int_equal(spool_keep_newest(s, STREAM_RECEIPTS, 3), HN_OK);
		spool_state(s, &st);
		assert_true(st.streams[STREAM_HEALTH].batches <= 5);
	}
	assert_int_equal(st.streams[STREAM_RECEIPTS].batches, 200);
	assert_int_equal(st.streams[STREAM_HEALTH].gone[BATCH_GONE_SPACE], 197);
	assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, false), "1={\"n\":1};");
	uint64_t told = 0;
	while (strstr(take(s, STREAM_HEALTH, SPOOL_HUB, true), "=") == NULL)
		told++;
	assert_in_range(told, 1, 2);
	spool_close(s);
}

/* ---- killed anywhere ---- */

/* After so many calls nothing happens any more, as when the process is killed; the last write is cut in half.
 * `squeeze` writes find the disk full first. */
struct killer {
	unsigned left, calls, squeeze;
	bool dead;
};

static bool dies(void *ctx)
{
	struct killer *k = ctx;
	k->calls++;
	if (!k->dead && k->left-- == 0)
		k->dead = true;
	if (k->dead)
		errno = EIO;
	return k->dead;
}

static int kill_open(void *ctx, int dir_fd, const char *path, int flags, mode_t mode)
{
	return dies(ctx) ? -1 : openat(dir_fd, path, flags, mode);
}

static ssize_t kill_write(void *ctx, int fd, const void *data, size_t len, off_t offset)
{
	struct killer *k = ctx;
	bool was_dead = k->dead;
	if (dies(ctx)) {
		if (!was_dead)
			assert_true(pwrite(fd, data, len / 2, offset) >= 0);
		errno = EIO;
		return -1;
	}
	if (k->squeeze > 0) {
		k->squeeze--;
		errno = ENOSPC;
		return -1;
	}
	return pwrite(fd, data, len, offset);
}

static int kill_sync(void *ctx, int fd)
{
	(void)fd;
	return dies(ctx) ? -1 : 0;
}

static int kill_truncate(void *ctx, int fd, off_t len)
{
	return dies(ctx) ? -1 : ftruncate(fd, len);
}

static int kill_rename(void *ctx, int dir_fd, const char *from, const char *to)
{
	return dies(ctx) ? -1 : renameat(dir_fd, from, dir_fd, to);
}

static int kill_mkdir(void *ctx, int dir_fd, const char *path, mode_t mode)
{
	return dies(ctx) ? -1 : mkdirat(dir_fd, path, mode);
}

static int kill_unlink(void *ctx, int dir_fd, const char *path, int flags)
{
	return dies(ctx) ? -1 : unlinkat(dir_fd, path, flags);
}

/* Who made what, and who has what: the spool loses nothing of it and doubles nothing. */
struct model {
	uint64_t made[STREAM_COUNT]; /* lines that spool_add() said are durable */
	uint64_t has[SPOOL_DESTINATION_COUNT][STREAM_COUNT];
	uint64_t stubbed[STREAM_COUNT];
	uint64_t random;
};

static unsigned dice(struct model *m, unsigned n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->random >> 33) % n;
}

/* Line n of a stream says n; the position is the last line's number. */
static int make_lines(struct spool *s, struct model *m, enum stream stream, unsigned count)
{
	char position[32];
	struct buf lines;
	buf_init(&lines, 4096);
	for (unsigned i = 1; i <= count; i++)
		buf_addf(&lines, "{\"n\":%llu}\n", (unsigned long long)(m->made[stream] + i));
	(void)snprintf(position, sizeof(position), "%llu", (unsigned long long)(m->made[stream] + count));
	struct spool_item item = {.stream = stream,
				  .lines = lines.data,
				  .len = lines.len,
				  .position = position,
				  .erase_by_ns = stream == STREAM_RECORDS ? 1 + dice(m, 1000) : 0};
	int err = spool_add(s, &item, NULL);
	buf_clear(&lines);
	if (err == HN_OK)
		m->made[stream] += count;
	return err;
}

static int see_number(void *context, uint64_t seq, const char *line, size_t len)
{
	char expected[32];
	(void)context;
	int n = snprintf(expected, sizeof(expected), "{\"n\":%llu}", (unsigned long long)seq);
	assert_int_equal(n, len);
	assert_memory_equal(line, expected, len);
	return HN_OK;
}

/* As a hub does: what it knows it passes over, what leaves a gap it refuses. */
static void receive(struct model *m, enum spool_destination to, struct batch *b, const struct buf *body)
{
	uint64_t *has = &m->has[to][b->stream];
	assert_int_equal(batch_check(b, body->data, body->len, see_number, NULL, NULL), HN_OK);
	assert_true(b->first <= *has + 1);
	if (b->stub) {
		bool may = b->stream == STREAM_EVENTS || b->stream == STREAM_HEALTH
				   ? b->gone == BATCH_GONE_SPACE
				   : b->stream == STREAM_RECORDS && b->gone == BATCH_GONE_RETENTION;
		assert_true(may);
		m->stubbed[b->stream] += b->count;
	}
	if (batch_through(b) > *has)
		*has = batch_through(b);
}

static int send_one(struct spool *s, struct model *m, enum stream stream, enum spool_destination to)
{
	struct batch b;
	struct buf body;
	buf_init(&body, BATCH_BODY_MAX);
	int err = spool_next(s, stream, to, &b, &body);
	if (err == HN_OK) {
		receive(m, to, &b, &body);
		err = dice(m, 5) == 0 ? HN_OK /* the answer is lost */
				      : spool_acked(s, stream, to, &b.epoch, m->has[to][stream]);
	}
	buf_clear(&body);
	return err == HN_ENOENT ? HN_OK : err;
}

static void live(struct spool *s, struct model *m, struct killer *k)
{
	int err = HN_OK;
	for (unsigned step = 0; err == HN_OK && step < 20; step++) {
		enum stream stream = (enum stream)dice(m, STREAM_COUNT);
		enum spool_destination to = stream == STREAM_RECORDS || stream == STREAM_EVENTS
						    ? SPOOL_HUB
						    : (enum spool_destination)dice(m, 2);
		unsigned what = dice(m, 10);
		k->squeeze = dice(m, 8) == 0 ? 1 : 0;
		if (what < 5)
			err = make_lines(s, m, stream, 1 + dice(m, 3));
		else if (what < 9)
			err = send_one(s, m, stream, to);
		else
			err = spool_erase_due(s, dice(m, 1000), NULL);
		if (err == HN_ENOSPC && !k->dead)
			err = HN_OK;
	}
}

static void after_the_kill(struct model *m)
{
	struct spool *s = open_spool(NULL);
	struct spool_state st;
	spool_state(s, &st);
	for (enum stream i = 0; i < STREAM_COUNT; i++) {
		char position[32] = "";
		assert_true(st.streams[i].added >= m->made[i] && st.streams[i].added <= m->made[i] + 3);
		m->made[i] = st.streams[i].added;
		if (m->made[i] > 0)
			(void)snprintf(position, sizeof(position), "%llu", (unsigned long long)m->made[i]);
		expect_position(s, i, position);
		assert_int_equal(make_lines(s, m, i, 2), HN_OK);
	}
	m->random |= 1;
	for (enum stream i = 0; i < STREAM_COUNT; i++)
		for (enum spool_destination to = 0; to < SPOOL_DESTINATION_COUNT; to++) {
			if (to == SPOOL_WITNESS && (i == STREAM_RECORDS || i == STREAM_EVENTS))
				continue;
			for (unsigned n = 0; n < 500 && m->has[to][i] < m->made[i]; n++)
				assert_int_equal(send_one(s, m, i, to), HN_OK);
			assert_int_equal(m->has[to][i], m->made[i]);
		}
	spool_close(s);
}

/* One life until a kill at that call. @return whether it came to its end before */
static bool one_life(unsigned at, uint64_t seed)
{
	struct killer k = {.left = at};
	struct ledger_io io = {.ctx = &k,
			       .open_at = kill_open,
			       .write_at = kill_write,
			       .sync = kill_sync,
			       .truncate = kill_truncate,
			       .rename_at = kill_rename,
			       .mkdir_at = kill_mkdir,
			       .unlink_at = kill_unlink};
	struct spool_options o = options_of(&io);
	struct model m = {.random = seed};
	struct spool *s;
	assert_int_equal(folder_make(NULL), 0);
	o.dir = in_folder("spool");
	if (spool_open(&o, &s, NULL, NULL) == HN_OK) {
		live(s, &m, &k);
		spool_close(s);
	} else {
		assert_true(k.dead);
	}
	after_the_kill(&m);
	assert_int_equal(folder_remove(NULL), 0);
	return !k.dead;
}

static void killed_at_any_call_it_loses_and_doubles_nothing(void **state)
{
	(void)state;
	/* Every call of one life, every seventh of two others. */
	for (uint64_t seed = 1; seed <= 3; seed++) {
		unsigned at = 0;
		while (!one_life(at, seed))
			at += seed == 1 ? 1 : 7;
		assert_true(at > 40);
	}
}

/* Renewing, killed at any call: the old epoch with all of it, or the new one with what was not sent. */
static void killed_while_it_renews(void **state)
{
	(void)state;
	for (unsigned at = 0;; at++) {
		struct killer k = {.left = 1000000};
		struct ledger_io io = {.ctx = &k,
				       .open_at = kill_open,
				       .write_at = kill_write,
				       .sync = kill_sync,
				       .truncate = kill_truncate,
				       .rename_at = kill_rename,
				       .mkdir_at = kill_mkdir,
				       .unlink_at = kill_unlink};
		struct spool_options o = options_of(&io);
		struct spool *s;
		assert_int_equal(folder_make(NULL), 0);
		o.dir = in_folder("spool");
		assert_int_equal(spool_open(&o, &s, NULL, NULL), HN_OK);
		struct uuid before = spool_epoch(s);
		assert_int_equal(add(s, STREAM_RECEIPTS, "{\"n\":1}\n", "1"), HN_OK);
		assert_int_equal(add(s, STREAM_RECEIPTS, "{\"n\":2}\n", "2"), HN_OK);
		assert_int_equal(add(s, STREAM_EVENTS, "{\"n\":3}\n", "3"), HN_OK);
		(void)take(s, STREAM_RECEIPTS, SPOOL_HUB, true);
		(void)take(s, STREAM_RECEIPTS, SPOOL_WITNESS, true);
		(void)take(s, STREAM_EVENTS, SPOOL_HUB, true);
		k.left = at;
		int err = spool_renew(s);
		if (k.dead && err != HN_OK)
			(void)add(s, STREAM_EVENTS, "{\"n\":4}\n", "4");
		spool_close(s);
		bool ended = !k.dead;
		s = open_spool(NULL);
		struct uuid after = spool_epoch(s);
		bool same = memcmp(&before, &after, sizeof(after)) == 0;
		if (err == HN_OK)
			assert_false(same);
		assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true),
				    same ? "2={\"n\":2};" : "1={\"n\":2};");
		assert_string_equal(take(s, STREAM_RECEIPTS, SPOOL_HUB, true), "-");
		assert_string_equal(take(s, STREAM_EVENTS, SPOOL_HUB, true), "-");
		expect_position(s, STREAM_EVENTS, "3");
		spool_close(s);
		assert_int_equal(folder_remove(NULL), 0);
		if (ended)
			break;
		assert_true(at < 500);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_comes_in_order_and_once),
		TEST(a_batch_stays_until_all_have_it),
		TEST(what_one_shall_not_have_never_leaves_for_it),
		TEST(who_comes_later_or_lost_something_hears_of_what_is_gone),
		TEST(the_oldest_events_give_way_then_health_and_nothing_else),
		TEST(records_are_erased_in_their_time),
		TEST(what_is_refused),
		TEST(what_the_disk_damaged_is_told),
		TEST(a_spool_that_lacks_lines_is_not_opened),
		TEST(a_lost_spool_begins_another_epoch),
		TEST(renewing_keeps_what_is_not_sent),
		TEST(records_keep_their_numbers),
		TEST(of_health_the_newest_are_kept),
		cmocka_unit_test(killed_at_any_call_it_loses_and_doubles_nothing),
		cmocka_unit_test(killed_while_it_renews),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
