/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/capture.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/lang.h"
#include "wire/capture_parts.h"

#include "../check.h"
#include "capture_write.h"

#if defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const struct write_form forms[] = {
	{"pcap"},
	{"pcap, big", .big = true},
	{"pcap, ns", .nano = true},
	{"pcap, big, ns", .big = true, .nano = true},
	{"pcap, modified", .modified = true},
	{"pcap, modified, big", .modified = true, .big = true},
	{"pcapng", .ng = true},
	{"pcapng, big", .ng = true, .big = true},
	{"pcapng, ns", .ng = true, .nano = true},
	{"pcapng, obsolete blocks", .ng = true, .old = true},
	{"pcapng, obsolete blocks, big", .ng = true, .old = true, .big = true},
	{"pcapng, simple blocks", .ng = true, .simple = true},
};

static struct capture_pool *pool;

/* --- a world of records --- */

struct world {
	struct capture_record *records;
	size_t count;
	uint8_t *bytes;
};

static uint32_t next_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static struct world world_new(size_t count, uint32_t len_max, uint64_t seed)
{
	struct world w = {.count = count};
	w.records = calloc(count + 1, sizeof(*w.records));
	w.bytes = malloc(len_max + 4096);
	assert_non_null(w.records);
	assert_non_null(w.bytes);
	for (size_t i = 0; i < len_max + 4096; i++)
		w.bytes[i] = (uint8_t)next_number(&seed);
	for (size_t i = 0; i < count; i++) {
		struct capture_record *r = &w.records[i];
		r->data = w.bytes + next_number(&seed) % 4096;
		r->len = next_number(&seed) % (len_max + 1);
		r->wire_len = r->len;
		r->time_ns = 1700000000 * INT64_C(1000000000) + (int64_t)i * 12345678;
		r->link_type = 1;
	}
	return w;
}

static void world_free(struct world *w)
{
	free(w->records);
	free(w->bytes);
}

static void world_write(const struct world *w, const struct write_form *f, struct buf *b)
{
	buf_init(b, 256u << 20);
	write_head(b, f, 1);
	for (size_t i = 0; i < w->count; i++)
		write_record(b, f, &w->records[i]);
	assert_int_equal(buf_err(b), HN_OK);
}

static struct capture *open_fd(int fd)
{
	struct capture *c = NULL;
	struct fault fault = {{0}, {0}};
	int rc = capture_open(fd, "x", pool, &c, &fault);
	if (rc != HN_OK)
		fail_msg("%d: %s", rc, fault.message);
	return c;
}

static void expect_record(const struct capture_record *got, const struct capture_record *want,
			  const struct write_form *f)
{
	int64_t time_ns = f->ng && f->simple ? 0 : f->nano ? want->time_ns : want->time_ns / 1000 * 1000;
	if (got->len != want->len || got->wire_len != want->wire_len || got->time_ns != time_ns ||
	    got->link_type != want->link_type || memcmp(got->data, want->data, want->len) != 0)
		fail_msg("%s: a record differs", f->name);
}

/* Reads all of it and compares. @return how many records came before the end */
static size_t expect_world(int fd, const struct world *w, const struct write_form *f,
			   struct capture_stats *stats)
{
	struct capture *c = open_fd(fd);
	struct capture_batch batch;
	size_t n = 0;
	for (;;) {
		assert_int_equal(capture_next(c, &batch), HN_OK);
		if (batch.count == 0)
			break;
		assert_true(n + batch.count <= w->count);
		for (size_t i = 0; i < batch.count; i++)
			expect_record(&batch.records[i], &w->records[n++], f);
		capture_release(&batch);
	}
	assert_int_equal(capture_next(c, &batch), HN_OK); /* the end stays the end */
	assert_int_equal(batch.count, 0);
	*stats = *capture_stats(c);
	assert_int_equal(stats->records, n);
	capture_close(c);
	return n;
}

/* A pipe that another process writes to in pieces, and how many it has in flight the system decides. */
static int memory_pipe(const void *data, size_t len, size_t piece)
{
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const char *bytes = data;
		for (size_t done = 0; done < len; done += piece)
			if (write(fds[1], bytes + done, len - done < piece ? len - done : piece) <= 0)
				_exit(1);
		_exit(0);
	}
	(void)close(fds[1]);
	return fds[0];
}

/* --- the tests --- */

static void what_was_written_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct world w = world_new(700, 3000, i + 1);
		struct capture_stats stats;
		struct buf plain, packed;
		world_write(&w, &forms[i], &plain);
		assert_int_equal(expect_world(memory_file(plain.data, plain.len), &w, &forms[i], &stats),
				 w.count);
		assert_false(stats.cut);
		assert_int_equal(stats.bytes_read, plain.len);
		assert_int_equal(
			expect_world(memory_pipe(plain.data, plain.len, 5003), &w, &forms[i], &stats),
			w.count);
		assert_int_equal(stats.bytes_read, plain.len);
		for (unsigned k = 0; k < 4; k++) {
			/* one piece; or two, the second a member or frame of its own */
			size_t first = (k & 1) != 0 ? plain.len / 3 : plain.len;
			void (*pack)(struct buf *, const void *, size_t) =
				(k & 2) != 0 ? pack_zstd : pack_gzip;
			buf_init(&packed, 256u << 20);
			pack(&packed, plain.data, first);
			if (first < plain.len)
				pack(&packed, plain.data + first, plain.len - first);
			assert_int_equal(
				expect_world(memory_file(packed.data, packed.len), &w, &forms[i], &stats),
				w.count);
			assert_false(stats.cut);
			assert_int_equal(stats.bytes_read, packed.len);
			buf_clear(&packed);
		}
		buf_clear(&plain);
		world_free(&w);
	}
}

/* Records as large as they may be, so that they straddle the blocks of the pool. */
static void large_records_straddle_blocks(void **state)
{
	struct world w = world_new(60, CAPTURE_RECORD_MAX, 7);
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct capture_stats stats;
		struct buf plain;
		w.records[3].len = w.records[3].wire_len = CAPTURE_RECORD_MAX;
		w.records[3].data = w.bytes;
		world_write(&w, &forms[i], &plain);
		assert_int_equal(
			expect_world(memory_pipe(plain.data, plain.len, 5003), &w, &forms[i], &stats),
			w.count);
		assert_int_equal(expect_world(memory_file(plain.data, plain.len), &w, &forms[i], &stats),
				 w.count);
		buf_clear(&plain);
	}
	world_free(&w);
}

static void splitting_the_stream_changes_nothing(void **state)
{
	struct world w = world_new(5, 40, 3);
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct buf plain, packed[2];
		struct capture_stats stats;
		world_write(&w, &forms[i], &plain);
		buf_init(&packed[0], 4096);
		buf_init(&packed[1], 4096);
		pack_gzip(&packed[0], plain.data, plain.len);
		pack_zstd(&packed[1], plain.data, plain.len);
		const struct buf *streams[] = {&plain, &packed[0], &packed[1]};
		for (size_t k = 0; k < COUNT(streams); k++) {
			const struct buf *b = streams[k];
			for (size_t at = 1; at < b->len; at++)
				assert_int_equal(expect_world(memory_pieces(b->data, b->len, at, b->len), &w,
							      &forms[i], &stats),
						 w.count);
			assert_int_equal(
				expect_world(memory_pieces(b->data, b->len, 3, 3), &w, &forms[i], &stats),
				w.count);
			assert_false(stats.cut);
		}
		buf_clear(&packed[0]);
		buf_clear(&packed[1]);
		buf_clear(&plain);
	}
	world_free(&w);
}

static void a_prefix_gives_the_records_that_are_whole(void **state)
{
	struct world w = world_new(4, 30, 5);
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct buf plain;
		size_t ends[8], whole = 0;
		buf_init(&plain, 1 << 16);
		write_head(&plain, &forms[i], 1);
		ends[0] = plain.len;
		for (size_t k = 0; k < w.count; k++) {
			write_record(&plain, &forms[i], &w.records[k]);
			ends[k + 1] = plain.len;
		}
		for (size_t len = ends[0]; len <= plain.len; len++) {
			struct capture_stats stats;
			while (whole < w.count && ends[whole + 1] <= len)
				whole++;
			for (int piped = 0; piped < 2; piped++) {
				int fd = piped != 0 ? memory_pieces(plain.data, len, len / 2, len)
						    : memory_file(plain.data, len);
				assert_int_equal(expect_world(fd, &w, &forms[i], &stats), whole);
				assert_int_equal(stats.cut, len != ends[whole]);
			}
		}
		buf_clear(&plain);
	}
	world_free(&w);
}

static void compressed_prefixes_are_cut(void **state)
{
	struct world w = world_new(4, 30, 5);
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct buf plain, packed;
		world_write(&w, &forms[0], &plain);
		buf_init(&packed, 1 << 16);
		(k == 0 ? pack_gzip : pack_zstd)(&packed, plain.data, plain.len);
		for (size_t len = 1; len < packed.len; len++) {
			struct capture *c;
			struct capture_batch batch;
			if (capture_open(memory_file(packed.data, len), "x", pool, &c, NULL) != HN_OK)
				continue;
			while (capture_next(c, &batch) == HN_OK && batch.count > 0)
				capture_release(&batch);
			assert_true(capture_stats(c)->cut);
			capture_close(c);
		}
		buf_clear(&packed);
		buf_clear(&plain);
	}
	world_free(&w);
}

/* Reads whatever it is; nothing may break, and no record may be longer than allowed. */
static void read_anything(const void *data, size_t len)
{
	for (int piped = 0; piped < 2; piped++) {
		struct capture *c;
		struct capture_batch batch;
		int fd = piped != 0 ? memory_pieces(data, len, len / 2, len) : memory_file(data, len);
		if (capture_open(fd, "x", pool, &c, NULL) != HN_OK)
			continue;
		while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
			for (size_t i = 0; i < batch.count; i++) {
				assert_true(batch.records[i].len <= CAPTURE_RECORD_MAX);
				assert_true(batch.records[i].wire_len >= batch.records[i].len);
				assert_true(batch.records[i].time_ns >= 0);
			}
			capture_release(&batch);
		}
		capture_close(c);
	}
}

static void any_byte_may_be_anything(void **state)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x7f};
	struct world w = world_new(3, 20, 9);
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct buf plain, packed[2];
		world_write(&w, &forms[i], &plain);
		buf_init(&packed[0], 4096);
		buf_init(&packed[1], 4096);
		pack_gzip(&packed[0], plain.data, plain.len);
		pack_zstd(&packed[1], plain.data, plain.len);
		struct buf *streams[] = {&plain, &packed[0], &packed[1]};
		for (size_t k = 0; k < COUNT(streams); k++) {
			for (size_t at = 0; at < streams[k]->len; at++) {
				for (size_t v = 0; v < COUNT(flips); v++) {
					streams[k]->data[at] = (char)(streams[k]->data[at] ^ flips[v]);
					read_anything(streams[k]->data, streams[k]->len);
					streams[k]->data[at] = (char)(streams[k]->data[at] ^ flips[v]);
				}
			}
		}
		buf_clear(&packed[0]);
		buf_clear(&packed[1]);
		buf_clear(&plain);
	}
	world_free(&w);
}

static void what_is_no_capture_is_refused_by_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int rc;
		const char *word;
	} inputs[] = {
		{"", 0, HN_ETRUNC, "empty"},
		{"\xd4\xc3\xb2\xa1\2\0\4\0", 8, HN_ETRUNC, "header"},
		{"192.0.2.1 is a text, not a capture", 34, HN_EFORMAT, "text"},
		{"\1\2\3\4\1\2\3\4\1\2\3\4\1\2\3\4\1\2\3\4\1\2\3\4", 24, HN_EFORMAT, "not a capture"},
		{"snoop\0\0\0\0\0\0\2\0\0\0\4\0\0\0\0\0\0\0\0", 24, HN_EUNSUPPORTED, "snoop"},
		{"BZh91AY&SY\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24, HN_EUNSUPPORTED, "bzip2"},
		{"\xd4\xc3\xb2\xa1\1\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0", 24, HN_EUNSUPPORTED,
		 "version 1.4"},
	};
	struct fault fault;
	struct capture *c = NULL;
	(void)state;
	for (size_t i = 0; i < COUNT(inputs); i++) {
		for (int piped = 0; piped < 2; piped++) {
			const char *bytes = inputs[i].bytes;
			size_t len = inputs[i].len;
			int fd = piped != 0 ? memory_pieces(bytes, len, len / 2, len)
					    : memory_file(bytes, len);
			assert_int_equal(capture_open(fd, "x.pcap", pool, &c, &fault), inputs[i].rc);
			if (strstr(fault.message, inputs[i].word) == NULL)
				fail_msg("'%s' does not say '%s'", fault.message, inputs[i].word);
			assert_string_equal(fault.place, "x.pcap");
		}
	}
	struct world w = world_new(1, 20, 1);
	struct buf plain, once, twice;
	world_write(&w, &forms[0], &plain);
	buf_init(&once, 4096);
	buf_init(&twice, 4096);
	pack_gzip(&once, plain.data, plain.len);
	pack_zstd(&twice, once.data, once.len);
	assert_int_equal(capture_open(memory_file(twice.data, twice.len), "x", pool, &c, &fault),
			 HN_EUNSUPPORTED);
	assert_non_null(strstr(fault.message, "twice"));
	assert_int_equal(capture_open(open("/", O_RDONLY | O_CLOEXEC), "x", pool, &c, &fault), HN_EIO);
	assert_null(c);
	buf_clear(&twice);
	buf_clear(&once);
	buf_clear(&plain);
	world_free(&w);
}

static void a_pcap_record_that_is_too_long_ends_the_file(void **state)
{
	struct world w = world_new(2, 30, 5);
	struct capture_stats stats;
	struct buf b;
	(void)state;
	world_write(&w, &forms[0], &b);
	struct capture_record r = w.records[0];
	size_t at = b.len;
	write_record(&b, &forms[0], &r);
	write_record(&b, &forms[0], &r);
	uint32_t len = CAPTURE_RECORD_MAX + 1;
	memcpy(b.data + at + 8, &len, 4);
	assert_int_equal(expect_world(memory_file(b.data, b.len), &w, &forms[0], &stats), 2);
	assert_true(stats.cut);
	assert_int_equal(stats.records_refused, 1);
	buf_clear(&b);
	world_free(&w);
}

/* Blocks that hold no packets are passed over whatever their size; packets that contradict themselves are
 * counted. */
static void pcapng_goes_on_behind_what_it_cannot_use(void **state)
{
	static const struct write_form orders[] = {{"little", .ng = true}, {"big", .ng = true, .big = true}};
	struct world w = world_new(3, 30, 5);
	static uint8_t large[3u << 20];
	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		const struct write_form *f = &orders[i];
		struct capture_stats stats;
		struct buf b;
		buf_init(&b, 16u << 20);
		write_head(&b, f, 1);
		write_record_ng(&b, f, 0, &w.records[0]);
		write_block(&b, f, 4, large, 100); /* name resolution */
		write_block(&b, f, 0xbad, large,
			    sizeof(large));               /* unknown, larger than a block of the pool */
		write_record_ng(&b, f, 1, &w.records[0]); /* an interface that is not known */
		write_record_ng(&b, f, 0, &w.records[1]);
		struct buf body;
		buf_init(&body, 64);
		for (int k = 0; k < 3; k++)
			write32(&body, f, 0);
		write32(&body, f, 9999); /* captured: more than the block holds */
		write32(&body, f, 9999);
		write_block(&b, f, 6, body.data, body.len);
		write_block(&b, f, 6, large, 4); /* no room for its own fields */
		write_block(&b, f, 6, large,
			    CAPTURE_RECORD_MAX + (1u << 17)); /* absurd, yet its end is known */
		write_record_ng(&b, f, 0, &w.records[2]);
		for (int piped = 0; piped < 2; piped++) {
			int fd = piped != 0 ? memory_pipe(b.data, b.len, 5003) : memory_file(b.data, b.len);
			assert_int_equal(expect_world(fd, &w, f, &stats), 3);
			assert_int_equal(stats.blocks_skipped, 2);
			assert_int_equal(stats.records_refused, 4);
			assert_false(stats.cut);
		}
		buf_clear(&body);
		buf_clear(&b);
	}
	world_free(&w);
}

static void pcapng_sections_and_interfaces_have_their_own_ways(void **state)
{
	/* if_tsresol 2^-10, if_tsoffset 1000 s; nanoseconds; picoseconds; offsets past all time */
	static const struct {
		uint8_t resolution;
		int64_t offset_s;
		uint64_t units;
		int64_t expect_ns;
	} times[] = {
		{0x8a, 1000, 512, 1000500000000},
		{9, 0, 1700000000123456789, 1700000000123456789},
		{12, 0, 1700000000123456789, 1700000000123456},
		{0, 0, 5, 5000000000},
		{6, -10, 5000000, 0},
		{6, INT64_MAX, UINT64_MAX, INT64_MAX},
		{6, INT64_MIN, UINT64_MAX, 0},
		{0xff, 0, UINT64_MAX, 0},
		{0x7f, 0, UINT64_MAX, 0},
		{28, 0, UINT64_MAX, 1},
	};
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		const struct write_form f = {"pcapng", .ng = true, .nano = true, .big = big != 0};
		struct buf b;
		buf_init(&b, 1 << 20);
		for (size_t i = 0; i < COUNT(times); i++) {
			struct buf options;
			uint64_t offset = (uint64_t)times[i].offset_s;
			const uint8_t resolution[4] = {times[i].resolution};
			buf_init(&options, 64);
			write16(&options, &f, 9);
			write16(&options, &f, 1);
			buf_add(&options, resolution, 4);
			write16(&options, &f, 14);
			write16(&options, &f, 8);
			if (f.big)
				buf_be64(&options, offset);
			else
				buf_le64(&options, offset);
			write16(&options, &f, 0);
			write16(&options, &f, 0);
			write_section(&b, &f);
			write_interface(&b, &f, 101, 0, NULL, 0);
			write_interface(&b, &f, 276, 0, options.data, options.len);
			struct capture_record r = {(const uint8_t *)"abc", 3, 2, (int64_t)times[i].units, 0};
			write_record_ng(&b, &f, 1, &r);
			buf_clear(&options);
		}
		struct capture *c = open_fd(memory_file(b.data, b.len));
		struct capture_batch batch;
		assert_int_equal(capture_next(c, &batch), HN_OK);
		assert_int_equal(batch.count, COUNT(times));
		for (size_t i = 0; i < COUNT(times); i++) {
			assert_int_equal(batch.records[i].link_type, 276);
			assert_true(batch.records[i].time_ns == times[i].expect_ns);
			assert_int_equal(batch.records[i].wire_len,
					 3); /* never less than what was captured */
		}
		capture_release(&batch);
		capture_close(c);
		buf_clear(&b);
	}
}

static void interfaces_are_bounded(void **state)
{
	const struct write_form *f = &forms[6];
	struct world w = world_new(1, 30, 5);
	struct capture_stats stats;
	struct buf b;
	(void)state;
	buf_init(&b, 1 << 20);
	write_section(&b, f);
	for (int i = 0; i < 5000; i++)
		write_interface(&b, f, 1, 0, NULL, 0);
	write_record_ng(&b, f, 4999, &w.records[0]);
	write_record_ng(&b, f, 4095, &w.records[0]);
	assert_int_equal(expect_world(memory_file(b.data, b.len), &w, f, &stats), 1);
	assert_int_equal(stats.records_refused, 1);
	buf_clear(&b);
	world_free(&w);
}

static void a_simple_block_is_as_long_as_the_interface_allows(void **state)
{
	const struct write_form f = {"pcapng", .ng = true, .simple = true};
	struct capture_record r = {(const uint8_t *)"0123456789", 10, 1000, 0, 0};
	struct capture_batch batch;
	struct buf b;
	(void)state;
	buf_init(&b, 4096);
	write_section(&b, &f);
	write_interface(&b, &f, 1, 10, NULL, 0);
	write_record_ng(&b, &f, 0, &r);
	struct capture *c = open_fd(memory_file(b.data, b.len));
	assert_int_equal(capture_next(c, &batch), HN_OK);
	assert_int_equal(batch.count, 1);
	assert_int_equal(batch.records[0].len, 10);
	assert_int_equal(batch.records[0].wire_len, 1000);
	capture_release(&batch);
	capture_close(c);
	buf_clear(&b);
}

static void append(void *context, const uint8_t *data, size_t len)
{
	buf_add(context, data, len);
}

/* The digest is that of the file: every byte once, also behind the end. */
static void every_stored_byte_is_told(void **state)
{
	struct world w = world_new(400, 3000, 5);
	struct buf plain;
	(void)state;
	world_write(&w, &forms[0], &plain);
	for (unsigned k = 0; k < 4; k++) {
		struct buf file, seen;
		struct capture_batch batch;
		buf_init(&file, 16u << 20);
		buf_init(&seen, 16u << 20);
		if (k < 2)
			buf_add(&file, plain.data, plain.len);
		else
			(k == 2 ? pack_gzip : pack_zstd)(&file, plain.data, plain.len);
		if (k > 0)
			buf_add(&file, w.bytes, 3000); /* nothing that a reader can use */
		struct capture *c = open_fd(memory_file(file.data, file.len));
		capture_on_bytes(c, append, &seen);
		while (capture_next(c, &batch) == HN_OK && batch.count > 0)
			capture_release(&batch);
		assert_int_equal(seen.len, file.len);
		assert_memory_equal(seen.data, file.data, file.len);
		assert_int_equal(capture_stats(c)->bytes_read, file.len);
		capture_close(c);
		buf_clear(&seen);
		buf_clear(&file);
	}
	buf_clear(&plain);
	world_free(&w);
}

/* What another process does to the file after the bytes were read cannot be seen; it only ends early. */
static void a_file_may_change_while_it_is_read(void **state)
{
	struct world w = world_new(2000, 4000, 5);
	struct capture_batch batch;
	struct buf plain;
	size_t n = 0;
	(void)state;
	world_write(&w, &forms[0], &plain);
	int fd = memory_file(plain.data, plain.len);
	struct capture *c = open_fd(dup(fd));
	assert_int_equal(capture_next(c, &batch), HN_OK);
	for (size_t at = 0; at < plain.len; at += w.count)
		assert_int_equal(pwrite(fd, w.bytes, w.count, (off_t)at), w.count);
	assert_int_equal(ftruncate(fd, 4096), 0);
	do {
		for (size_t i = 0; i < batch.count; i++)
			expect_record(&batch.records[i], &w.records[n++], &forms[0]);
		capture_release(&batch);
		assert_int_equal(capture_next(c, &batch), HN_OK);
	} while (batch.count > 0);
	assert_true(n > 0 && n < w.count);
	assert_true(capture_stats(c)->cut);
	capture_close(c);
	capture_close(NULL);
	(void)close(fd);
	buf_clear(&plain);
	world_free(&w);
}

/* Also in a block that is filled again at once: nothing of what was read before stays behind the new. */
static void a_block_holds_only_what_was_read_last(void **state)
{
	struct world w = world_new(300, 3000, 5);
	struct capture_batch batch;
	struct buf plain;
	(void)state;
	world_write(&w, &forms[0], &plain);
	for (unsigned i = 0; i < 2; i++) {
		struct capture *c = open_fd(i == 0 ? memory_file(plain.data, plain.len)
						   : memory_pipe(plain.data, plain.len, 5003));
		while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
			const uint8_t *data = c->block->data;
			for (const uint8_t *at = c->end; at < data + CAPTURE_BLOCK_SIZE; at++)
				assert_int_equal(*at, 0);
			for (size_t at = 0; at < c->block->from; at++)
				assert_int_equal(data[at], 0);
			capture_release(&batch);
		}
		capture_close(c);
	}
	buf_clear(&plain);
	world_free(&w);
}

static void use_block(struct capture_block *block)
{
	memset(block->data, 0xa5, 5000);
	block->from = 0;
	block->upto = 5000;
}

static void expect_wiped(const uint8_t *data)
{
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(data[i], 0);
}

static void blocks_are_wiped_when_reading_rests(void **state)
{
	struct capture_pool *small;
	bool locked;
	(void)state;
	assert_int_equal(capture_pool_new(0, &small, &locked), HN_ELIMIT);
	assert_int_equal(capture_pool_new(SIZE_MAX, &small, &locked), HN_ELIMIT);
	assert_int_equal(capture_pool_new(2, &small, &locked), HN_OK);
	struct capture_block *first = capture_block_take(small), *second = capture_block_take(small);
	assert_true(capture_pool_runs_short(small));
	use_block(first);
	use_block(second);
	capture_block_hold(first);
	capture_block_drop(first);
	capture_pool_rest(small);
	assert_int_equal(first->data[4999], 0xa5); /* somebody still holds it */
	capture_block_drop(first);
	expect_wiped(first->data); /* for reading rests */
	assert_int_equal(second->data[4999], 0xa5);
	capture_block_drop(second);
	expect_wiped(second->data);
	assert_false(capture_pool_runs_short(small));
	capture_block_drop(NULL);
	capture_pool_free(small);
	capture_pool_free(NULL);
}

static void blocks_keep_their_bytes_for_the_next_reader_and_not_for_long(void **state)
{
	struct capture_pool *small;
	bool locked;
	(void)state;
	assert_int_equal(capture_pool_new(3, &small, &locked), HN_OK);
	struct capture_block *old = capture_block_take(small), *next = capture_block_take(small);
	use_block(old);
	use_block(next);
	capture_block_drop(old);
	capture_block_drop(next);
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(capture_block_take(small), next); /* the last one used */
		assert_int_equal(next->data[4999], 0xa5);
		assert_int_equal(next->upto, 5000); /* whoever fills it knows what to wipe */
		assert_int_equal(old->data[4999], 0xa5);
		capture_block_drop(next);
	}
	assert_ptr_equal(capture_block_take(small), next);
	expect_wiped(old->data);
	capture_block_drop(next);
	capture_pool_rest(small);
	expect_wiped(next->data);
	capture_pool_free(small);
}

/* Batches are held, so that blocks are not reused at once, and released in turn. */
static void every_block_is_wiped_when_the_input_has_ended(void **state)
{
	struct world w = world_new(300, 3000, 5);
	struct capture_batch batches[4] = {0};
	struct buf plain;
	size_t n = 0;
	(void)state;
	world_write(&w, &forms[0], &plain);
	struct capture *c = open_fd(memory_pipe(plain.data, plain.len, 5003));
	struct capture_block *seen[4] = {NULL};
	do {
		struct capture_batch *batch = &batches[n++ % 4];
		capture_release(batch);
		assert_int_equal(capture_next(c, batch), HN_OK);
		if (c->block == NULL)
			break;
		for (const uint8_t *at = c->end; at < c->block->data + CAPTURE_BLOCK_SIZE; at++)
			assert_int_equal(*at, 0);
		for (size_t at = 0; at < c->block->from; at++)
			assert_int_equal(c->block->data[at], 0);
		seen[n % 4] = c->block;
	} while (batches[(n - 1) % 4].count > 0);
	for (size_t i = 0; i < 4; i++)
		capture_release(&batches[i]);
	for (size_t i = 0; i < 4; i++) {
		assert_non_null(seen[i]);
		for (size_t at = 0; at < CAPTURE_BLOCK_SIZE; at++)
			assert_int_equal(seen[i]->data[at], 0);
	}
	capture_close(c);
	buf_clear(&plain);
	world_free(&w);
}

/* --- a second thread that releases --- */

#define RING 8

struct ring {
	struct capture_batch batches[RING];
	sem_t filled;
	sem_t emptied;
	const struct world *world;
	size_t seen;
};

static void *drain(void *context)
{
	struct ring *ring = context;
	for (size_t at = 0;; at = (at + 1) % RING) {
		(void)sem_wait(&ring->filled);
		struct capture_batch *batch = &ring->batches[at];
		if (batch->count == 0)
			return NULL;
		for (size_t i = 0; i < batch->count; i++)
			expect_record(&batch->records[i], &ring->world->records[ring->seen++], &forms[0]);
		capture_release(batch);
		(void)sem_post(&ring->emptied);
	}
}

/* The other thread sleeps until there is enough to do for it, or the reader runs short. */
static void read_for_another_thread(const struct world *w, int fd)
{
	struct ring ring = {.world = w};
	struct capture_batch batch;
	pthread_t thread;
	unsigned untold = 0;
	struct capture *c = open_fd(fd);
	assert_int_equal(sem_init(&ring.filled, 0, 0), 0);
	assert_int_equal(sem_init(&ring.emptied, 0, RING), 0);
	assert_int_equal(pthread_create(&thread, NULL, drain, &ring), 0);
	for (size_t at = 0;; at = (at + 1) % RING) {
		assert_int_equal(capture_next(c, &batch), HN_OK);
		(void)sem_wait(&ring.emptied);
		ring.batches[at] = batch;
		untold++;
		if (untold < RING && batch.count > 0 && !capture_runs_short(c))
			continue;
		for (; untold > 0; untold--)
			(void)sem_post(&ring.filled);
		if (batch.count == 0)
			break;
	}
	(void)pthread_join(thread, NULL);
	assert_int_equal(ring.seen, w->count);
	capture_close(c);
}

static void another_thread_may_release(void **state)
{
	static const struct {
		size_t count;
		uint32_t len_max;
	} worlds[] = {{20000, 1500}, {100, CAPTURE_RECORD_MAX}, {5000, 0}};
	(void)state;
	for (size_t i = 0; i < COUNT(worlds); i++) {
		struct world w = world_new(worlds[i].count, worlds[i].len_max, 5);
		struct buf plain, packed;
		world_write(&w, &forms[0], &plain);
		buf_init(&packed, 64u << 20);
		pack_zstd(&packed, plain.data, plain.len);
		read_for_another_thread(&w, memory_file(plain.data, plain.len));
		read_for_another_thread(&w, memory_file(packed.data, packed.len));
		buf_clear(&packed);
		buf_clear(&plain);
		world_free(&w);
	}
}

/* Kills the process on any system call but those that the header names (and ending). */
static bool confine(void)
{
#define ALLOW(number)                                                                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(__NR_read),
		ALLOW(__NR_madvise),
		ALLOW(__NR_mmap),
		ALLOW(__NR_munmap),
		ALLOW(__NR_futex),
		ALLOW(__NR_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
#undef ALLOW
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A first frame with a small window, then one with a larger: what is allocated late needs no other call. */
static void reading_makes_no_other_calls_than_said(void **state)
{
	struct world w = world_new(3000, 3000, 5);
	struct buf plain, packed[3];
	(void)state;
#if SANITIZED
	world_free(&w);
	skip(); /* a sanitizer makes calls of its own */
#endif
	world_write(&w, &forms[0], &plain);
	for (size_t i = 0; i < COUNT(packed); i++)
		buf_init(&packed[i], 64u << 20);
	pack_zstd(&packed[0], plain.data, 100);
	pack_zstd(&packed[0], plain.data + 100, plain.len - 100);
	pack_gzip(&packed[1], plain.data, plain.len);
	buf_add(&packed[2], plain.data, plain.len);
	for (size_t i = 0; i < COUNT(packed) + 1; i++) {
		const struct buf *b = i < COUNT(packed) ? &packed[i] : &plain;
		struct capture *c =
			open_fd(i == 2 ? memory_pipe(b->data, b->len, 5003) : memory_file(b->data, b->len));
		int status;
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct capture_batch batch;
			size_t n = 0;
			if (!confine())
				_exit(99);
			while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
				n += batch.count;
				capture_release(&batch);
			}
			_exit(n == w.count ? 0 : 98);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		capture_close(c);
	}
	for (size_t i = 0; i < COUNT(packed); i++)
		buf_clear(&packed[i]);
	buf_clear(&plain);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(large_records_straddle_blocks),
		cmocka_unit_test(splitting_the_stream_changes_nothing),
		cmocka_unit_test(a_prefix_gives_the_records_that_are_whole),
		cmocka_unit_test(compressed_prefixes_are_cut),
		cmocka_unit_test(any_byte_may_be_anything),
		cmocka_unit_test(what_is_no_capture_is_refused_by_name),
		cmocka_unit_test(a_pcap_record_that_is_too_long_ends_the_file),
		cmocka_unit_test(pcapng_goes_on_behind_what_it_cannot_use),
		cmocka_unit_test(pcapng_sections_and_interfaces_have_their_own_ways),
		cmocka_unit_test(interfaces_are_bounded),
		cmocka_unit_test(a_simple_block_is_as_long_as_the_interface_allows),
		cmocka_unit_test(every_stored_byte_is_told),
		cmocka_unit_test(a_file_may_change_while_it_is_read),
		cmocka_unit_test(a_block_holds_only_what_was_read_last),
		cmocka_unit_test(blocks_are_wiped_when_reading_rests),
		cmocka_unit_test(blocks_keep_their_bytes_for_the_next_reader_and_not_for_long),
		cmocka_unit_test(every_block_is_wiped_when_the_input_has_ended),
		cmocka_unit_test(another_thread_may_release),
		cmocka_unit_test(reading_makes_no_other_calls_than_said),
	};
	bool locked;
	lang_set(LANG_EN);
	if (capture_pool_new(4, &pool, &locked) != HN_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	capture_pool_free(pool);
	return failed;
}
