/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "bus/batch.h"

#include <stdio.h>
#include <zstd.h>

#include "base/digest.h"
#include "base/encode.h"
#include "tests/unit/check.h"

static struct uuid epoch_id(void)
{
	struct uuid u;
	assert_int_equal(uuid_parse("5f0e8a52-7d3c-4b4e-9a51-2f6f0b6f1c11", 36, &u), HN_OK);
	return u;
}

struct seen {
	struct buf text;
	uint64_t next;
	int answer;
};

static int see(void *context, uint64_t seq, const char *line, size_t len)
{
	struct seen *s = context;
	assert_int_equal(seq, s->next++);
	buf_add(&s->text, line, len);
	buf_addc(&s->text, '\n');
	return s->answer;
}

static int check(struct batch *b, const void *body, size_t len, struct seen *s)
{
	uint8_t *copy = exact_copy(body, len);
	struct fault fault;
	buf_init(&s->text, BATCH_PLAIN_MAX);
	s->next = b->first;
	int err = batch_check(b, copy, len, see, s, &fault);
	free(copy);
	return err;
}

static void add_lines(struct buf *lines, size_t count, size_t len)
{
	buf_init(lines, BATCH_PLAIN_MAX + 2);
	for (size_t i = 0; i < count; i++) {
		buf_addf(lines, "{\"n\":%zu,\"a\":\"", i);
		for (size_t n = 20; n < len; n++)
			buf_addc(lines, 'x');
		buf_adds(lines, "\"}\n");
	}
}

static void lines_come_back(void **state)
{
	static const struct {
		size_t count, len;
	} cases[] = {{1, 10},     {2, 300},
		     {1000, 60},  {BATCH_LINES_MAX, 30},
		     {3, 300000}, {25, BATCH_LINE_MAX - 100}};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch b = {.stream = STREAM_EVENTS, .epoch = epoch_id(), .first = 17};
		struct buf lines, body;
		struct seen seen = {.answer = HN_OK};
		add_lines(&lines, cases[i].count, cases[i].len);
		buf_init(&body, BATCH_BODY_MAX);
		assert_int_equal(batch_pack(&b, lines.data, lines.len, &body), HN_OK);
		assert_int_equal(b.count, cases[i].count);
		assert_int_equal(batch_through(&b), 16 + cases[i].count);
		assert_int_equal(check(&b, body.data, body.len, &seen), HN_OK);
		assert_int_equal(seen.text.len, lines.len);
		assert_memory_equal(seen.text.data, lines.data, lines.len);
		buf_clear(&seen.text);
		buf_clear(&body);
		buf_clear(&lines);
	}
}

static void what_is_no_lines_is_not_packed(void **state)
{
	static const struct {
		const char *lines;
		int expected;
	} cases[] = {{"", HN_EFORMAT},
		     {"\n", HN_EFORMAT},
		     {"{}", HN_EFORMAT},
		     {"{}\n\n", HN_EFORMAT},
		     {"{}\n{}", HN_EFORMAT}};
	struct batch b = {.first = 1};
	struct buf body, lines;
	(void)state;
	buf_init(&body, BATCH_BODY_MAX);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(batch_pack(&b, cases[i].lines, strlen(cases[i].lines), &body),
				 cases[i].expected);
	add_lines(&lines, BATCH_LINES_MAX + 1, 10);
	assert_int_equal(batch_pack(&b, lines.data, lines.len, &body), HN_ELIMIT);
	buf_clear(&lines);
	add_lines(&lines, 1, BATCH_LINE_MAX + 10);
	assert_int_equal(batch_pack(&b, lines.data, lines.len, &body), HN_ELIMIT);
	buf_clear(&lines);
	assert_int_equal(body.len, 0);
	assert_int_equal(b.count, 0);
}

/* What nothing compresses: so many bytes fit, whatever they hold. */
static void random_bytes_fit(void **state)
{
	struct batch b = {.first = 1};
	struct buf lines, body;
	uint64_t x = 1;
	(void)state;
	buf_init(&lines, BATCH_PLAIN_MAX);
	while (lines.len < 2 * BATCH_PLAIN_FIT) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		char c = (char)(x >> 56);
		buf_addc(&lines, c == '\n' ? 'n' : c);
		if (lines.len % 60000 == 59999)
			buf_addc(&lines, '\n');
	}
	buf_init(&body, BATCH_BODY_MAX);
	lines.data[BATCH_PLAIN_FIT - 1] = '\n';
	lines.data[2 * BATCH_PLAIN_FIT - 1] = '\n';
	assert_int_equal(batch_pack(&b, lines.data, 2 * BATCH_PLAIN_FIT, &body), HN_ELIMIT);
	assert_int_equal(batch_pack(&b, lines.data, BATCH_PLAIN_FIT, &body), HN_OK);
	buf_clear(&body);
	buf_clear(&lines);
}

static void stubs_say_how_many_and_why(void **state)
{
	(void)state;
	for (enum batch_gone g = BATCH_GONE_SPACE; g < BATCH_GONE_COUNT; g++) {
		struct batch b = {.stream = STREAM_EVENTS, .epoch = epoch_id(), .first = 5, .count = 3000000},
			     got;
		struct seen seen = {.answer = HN_OK};
		struct buf body;
		buf_init(&body, 4096);
		assert_int_equal(batch_pack_stub(&b, g, &body), HN_OK);
		got = b;
		got.gone = BATCH_HERE;
		assert_int_equal(check(&got, body.data, body.len, &seen), HN_OK);
		assert_int_equal(got.gone, g);
		assert_int_equal(seen.text.len, 0);
		got.count++;
		assert_int_equal(check(&got, body.data, body.len, &seen), HN_EFORMAT);
		got = b;
		got.stub = false; /* a stub is no batch of one line either, unless it says so */
		got.count = 2;
		assert_int_equal(check(&got, body.data, body.len, &seen), HN_EFORMAT);
		buf_clear(&seen.text);
		buf_clear(&body);
	}
	struct batch none = {.first = 5};
	struct buf body;
	buf_init(&body, 4096);
	assert_int_equal(batch_pack_stub(&none, BATCH_GONE_SPACE, &body), HN_EFORMAT);
	none.count = BATCH_SEQ_MAX;
	assert_int_equal(batch_pack_stub(&none, BATCH_GONE_SPACE, &body), HN_EFORMAT);
	buf_clear(&body);
}

/* A body over anything, with a digest that holds. */
static int check_plain(const void *plain, size_t len, uint64_t count)
{
	struct batch b = {.first = 1, .count = count};
	struct seen seen = {.answer = HN_OK};
	size_t bound = ZSTD_compressBound(len);
	char *body = malloc(bound);
	size_t size = ZSTD_compress(body, bound, plain, len, 1);
	assert_false(ZSTD_isError(size));
	sha256(body, size, b.digest);
	int err = check(&b, body, size, &seen);
	buf_clear(&seen.text);
	free(body);
	return err;
}

static void bodies_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(check_plain("{}\n{}\n", 6, 2), HN_OK);
	assert_int_equal(check_plain("{}\n{}\n", 6, 1), HN_EFORMAT);
	assert_int_equal(check_plain("{}\n{}\n", 6, 3), HN_EFORMAT);
	assert_int_equal(check_plain("{}\n{}", 5, 2), HN_EFORMAT);
	assert_int_equal(check_plain("{}\n\n", 4, 2), HN_EFORMAT);
	assert_int_equal(check_plain("\n", 1, 1), HN_EFORMAT);
	assert_int_equal(check_plain("", 0, 1), HN_EFORMAT);
}

static void a_bomb_is_found_in_time(void **state)
{
	size_t len = BATCH_PLAIN_MAX + 100;
	char *plain = malloc(len);
	(void)state;
	memset(plain, 'a', len);
	assert_int_equal(check_plain(plain, BATCH_LINE_MAX + 1, 1), HN_ELIMIT);
	for (size_t i = 999; i < len; i += 1000)
		plain[i] = '\n';
	assert_int_equal(check_plain(plain, len, BATCH_LINES_MAX), HN_ELIMIT);
	free(plain);
}

static void every_cut_and_changed_byte_is_seen(void **state)
{
	struct batch b = {.first = 1};
	struct seen seen = {.answer = HN_OK};
	struct buf lines, body;
	(void)state;
	add_lines(&lines, 40, 30);
	buf_init(&body, BATCH_BODY_MAX);
	assert_int_equal(batch_pack(&b, lines.data, lines.len, &body), HN_OK);
	for (size_t len = 0; len < body.len; len++) {
		struct batch cut = b;
		assert_int_equal(check(&cut, body.data, len, &seen), HN_EAUTH);
		sha256(body.data, len, cut.digest);
		assert_int_not_equal(check(&cut, body.data, len, &seen), HN_OK);
		buf_clear(&seen.text);
	}
	buf_addc(&body, 0);
	sha256(body.data, body.len, b.digest);
	assert_int_not_equal(check(&b, body.data, body.len, &seen), HN_OK);
	buf_clear(&seen.text);
	buf_clear(&body);
	buf_clear(&lines);
}

static void what_the_callee_says_ends_it(void **state)
{
	struct batch b = {.first = 1};
	struct seen seen = {.answer = HN_ENOSPC};
	struct buf body;
	(void)state;
	buf_init(&body, BATCH_BODY_MAX);
	assert_int_equal(batch_pack(&b, "{}\n{}\n", 6, &body), HN_OK);
	assert_int_equal(check(&b, body.data, body.len, &seen), HN_ENOSPC);
	assert_int_equal(seen.next, 2);
	buf_clear(&seen.text);
	buf_clear(&body);
}

#define EPOCH  "5f0e8a52-7d3c-4b4e-9a51-2f6f0b6f1c11"
#define DIGEST "0011223344556677889900112233445566778899001122334455667788990011"

static void headers(void **state)
{
	static const struct {
		struct batch_headers h;
		int expected;
		const char *place;
	} cases[] = {
		{{EPOCH, "1", "1", DIGEST, NULL}, HN_OK, ""},
		{{EPOCH, "1", "65536", DIGEST, NULL}, HN_OK, ""},
		{{EPOCH, "1", "65537", DIGEST, NULL}, HN_ELIMIT, "Hinomi-Count"},
		{{EPOCH, "1", "65537", DIGEST, "1"}, HN_OK, ""},
		{{EPOCH, "9007199254740992", "1", DIGEST, NULL}, HN_OK, ""},
		{{EPOCH, "9007199254740992", "2", DIGEST, NULL}, HN_ELIMIT, "Hinomi-First"},
		{{EPOCH, "9007199254740993", "1", DIGEST, NULL}, HN_ELIMIT, "Hinomi-First"},
		{{EPOCH, "0", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, "01", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, "-1", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, "+1", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, " 1", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, "18446744073709551617", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, NULL, "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-First"},
		{{EPOCH, "1", "0", DIGEST, NULL}, HN_EFORMAT, "Hinomi-Count"},
		{{EPOCH, "1", NULL, DIGEST, NULL}, HN_EFORMAT, "Hinomi-Count"},
		{{EPOCH, "1", "1", DIGEST "00", NULL}, HN_EFORMAT, "Hinomi-Digest"},
		{{EPOCH, "1", "1", "", NULL}, HN_EFORMAT, "Hinomi-Digest"},
		{{EPOCH, "1", "1", NULL, NULL}, HN_EFORMAT, "Hinomi-Digest"},
		{{EPOCH, "1", "1", DIGEST, "0"}, HN_EFORMAT, "Hinomi-Gave-Way"},
		{{"5F0E8A52-7D3C-4B4E-9A51-2F6F0B6F1C11", "1", "1", DIGEST, NULL},
		 HN_EFORMAT,
		 "Hinomi-Epoch"},
		{{"", "1", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-Epoch"},
		{{NULL, "1", "1", DIGEST, NULL}, HN_EFORMAT, "Hinomi-Epoch"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch b = {.first = 4711};
		struct fault fault = {{0}, {0}};
		assert_int_equal(batch_headers_read(STREAM_HEALTH, &cases[i].h, &b, &fault),
				 cases[i].expected);
		assert_string_equal(fault.place, cases[i].place);
		if (cases[i].expected != HN_OK)
			assert_int_equal(b.first, 4711);
	}
}

static void headers_are_written_as_they_are_read(void **state)
{
	struct batch b = {
		.stream = STREAM_RECORDS, .epoch = epoch_id(), .first = 12, .count = 34, .stub = true};
	struct buf text;
	(void)state;
	buf_init(&text, 4096);
	batch_headers_write(&b, &text);
	assert_string_equal(
		text.data,
		"Hinomi-Epoch: " EPOCH "\r\nHinomi-First: 12\r\nHinomi-Count: 34\r\nHinomi-Digest: "
		"0000000000000000000000000000000000000000000000000000000000000000\r\nHinomi-Gave-Way: 1\r\n");
	buf_clear(&text);
}

static void streams_have_names(void **state)
{
	enum stream found;
	(void)state;
	for (enum stream s = 0; s < STREAM_COUNT; s++) {
		assert_int_equal(stream_find(stream_name(s), strlen(stream_name(s)), &found), HN_OK);
		assert_int_equal(found, s);
	}
	assert_int_equal(stream_find("record", 6, &found), HN_ENOENT);
	assert_int_equal(stream_find("", 0, &found), HN_ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_back),
		cmocka_unit_test(what_is_no_lines_is_not_packed),
		cmocka_unit_test(random_bytes_fit),
		cmocka_unit_test(stubs_say_how_many_and_why),
		cmocka_unit_test(bodies_that_are_none),
		cmocka_unit_test(a_bomb_is_found_in_time),
		cmocka_unit_test(every_cut_and_changed_byte_is_seen),
		cmocka_unit_test(what_the_callee_says_ends_it),
		cmocka_unit_test(headers),
		cmocka_unit_test(headers_are_written_as_they_are_read),
		cmocka_unit_test(streams_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
