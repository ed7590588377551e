/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/receipt_write.h"

#include "../check.h"
#include "base/encode.h"
#include "base/json.h"
#include "output_world.h"

static struct output_world world;

static void make(const struct receipt *r, struct buf *line)
{
	buf_init(line, 1u << 20);
	assert_int_equal(receipt_add(&world.context, r, line), HN_OK);
	assert_ptr_equal(memchr(line->data, '\n', line->len), line->data + line->len - 1);
	line->len--; /* without its line feed, as it is read and digested */
}

static struct receipt plain(const struct message_sums *sums)
{
	return (struct receipt){.number = 3,
				.made_ns = WORLD_TIME,
				.input = "capture.pcap",
				.input_state = "kept",
				.sums = sums,
				.records_offset = 1000,
				.records_bytes = 234,
				.records_count = 2};
}

static int read_copy(const char *line, size_t len, const struct key *k, struct receipt_tail *tail)
{
	struct fault fault = {0};
	char *copy = (char *)exact_copy(line, len);
	int rc = receipt_read(copy, len, key_public(k)->ed25519, tail, &fault);
	free(copy);
	return rc;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	static const struct message_sums sums = {0};
	struct receipt r = plain(&sums);
	struct receipt_tail tail = {0};
	struct buf line;
	make(&r, &line);
	assert_int_equal(read_copy(line.data, line.len, world.identity, &tail), HN_OK);
	assert_int_equal(tail.number, 3);
	assert_int_equal(tail.records_begin, 1000);
	assert_int_equal(tail.records_end, 1234);
	assert_int_equal(tail.records, 2);
	buf_clear(&line);
}

static void another_key_or_any_change_is_refused(void **state)
{
	(void)state;
	static const struct message_sums sums = {0};
	struct receipt r = plain(&sums);
	struct receipt_tail tail = {.number = 77, .records_end = 77};
	struct buf line;
	make(&r, &line);
	assert_int_equal(read_copy(line.data, line.len, world.stranger, &tail), HN_EAUTH);
	for (size_t len = 0; len < line.len; len += 7)
		assert_int_not_equal(read_copy(line.data, len, world.identity, &tail), HN_OK);
	for (size_t i = 0; i < line.len; i++) {
		char kept = line.data[i];
		line.data[i] = kept == '1' ? '2' : '1';
		assert_int_not_equal(read_copy(line.data, line.len, world.identity, &tail), HN_OK);
		line.data[i] = kept;
	}
	assert_int_equal(tail.number, 77);
	assert_int_equal(tail.records_end, 77);
	buf_clear(&line);
}

static int64_t count_at(const json_t *side, const char *class, const char *unit)
{
	const json_t *o = side;
	if (class != NULL)
		o = json_object_get(json_object_get(side, "by_class"), class);
	return o == NULL ? 0 : json_integer_value(json_object_get(o, unit));
}

static void add_next(struct tally *t, uint64_t *next)
{
	tally_add(t, *next, *next * 60);
	(*next)++;
}

/* Whatever the sums are, each number stands where it belongs, and the totals are those of the classes. */
static void tells_each_sum_by_class_and_reason(void **state)
{
	(void)state;
	static const char *const classes[SUMS_CLASSES] = {
		"foreign-foreign", "foreign-domestic", "domestic-foreign", "domestic-domestic", "undecoded"};
	static struct message_sums m;
	uint64_t next = 1;
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		add_next(&m.sums.pending_before[c], &next);
		add_next(&m.sums.selected[c], &next);
		add_next(&m.sums.pending_after[c], &next);
		struct tally out = m.sums.selected[c];
		tally_add(&out, m.sums.pending_after[c].packets, m.sums.pending_after[c].bytes);
		for (size_t r = 1; r < ERASED_REASONS; r++) {
			add_next(&m.sums.erased[c][r], &next);
			tally_add(&out, m.sums.erased[c][r].packets, m.sums.erased[c][r].bytes);
		}
		m.sums.seen[c] = (struct tally){out.packets - m.sums.pending_before[c].packets,
						out.bytes - m.sums.pending_before[c].bytes};
	}
	assert_true(sums_hold(&m.sums));
	struct receipt r = plain(&m);
	struct fault fault = {0};
	struct buf line;
	json_t *root;
	make(&r, &line);
	assert_int_equal(json_object_read(line.data, line.len, &root, &fault), HN_OK);
	const json_t *sums = json_object_get(json_object_get(root, "receipt"), "sums");
	for (size_t c = 0; c <= SUMS_CLASSES; c++) {
		const char *class = c == SUMS_CLASSES ? NULL : classes[c];
		for (unsigned unit = 0; unit < 2; unit++) {
			const char *name = unit == 0 ? "packets" : "bytes";
			int64_t erased = count_at(json_object_get(sums, "erased"), class, name);
			assert_int_equal(
				count_at(json_object_get(sums, "pending_before"), class, name) +
					count_at(json_object_get(sums, "seen"), class, name),
				count_at(json_object_get(sums, "selected"), class, name) + erased +
					count_at(json_object_get(sums, "pending_after"), class, name));
			assert_true(erased > 0);
		}
	}
	const json_t *by_reason = json_object_get(json_object_get(sums, "erased"), "by_reason");
	for (size_t c = 0; c < SUMS_CLASSES; c++)
		for (unsigned reason = 1; reason < ERASED_REASONS; reason++) {
			const json_t *t = json_object_get(json_object_get(by_reason, classes[c]),
							  erased_reason_name((enum erased_reason)reason));
			assert_int_equal(json_integer_value(json_object_get(t, "packets")),
					 m.sums.erased[c][reason].packets);
			assert_int_equal(json_integer_value(json_object_get(t, "bytes")),
					 m.sums.erased[c][reason].bytes);
		}
	json_decref(root);
	buf_clear(&line);
}

/* Names of inputs come from a command line: whatever they hold, the receipt is one line of UTF-8. */
static void any_name_of_an_input_can_be_told(void **state)
{
	(void)state;
	static const struct {
		const char *name, *told;
	} cases[] = {
		{"-", "-"},
		{"a\"b\\c\nd", "a\"b\\c\nd"},
		{"火の見.pcap", "火の見.pcap"},
		{"a\xff"
		 "b\xe7\x81",
		 "a?b"},
		{"", ""},
	};
	static const struct message_sums sums = {0};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct receipt r = plain(&sums);
		struct receipt_tail tail;
		struct fault fault = {0};
		struct buf line;
		json_t *root;
		r.input = cases[i].name;
		make(&r, &line);
		assert_int_equal(read_copy(line.data, line.len, world.identity, &tail), HN_OK);
		assert_int_equal(json_object_read(line.data, line.len, &root, &fault), HN_OK);
		const json_t *input = json_object_get(json_object_get(root, "receipt"), "input");
		assert_string_equal(json_string_value(json_object_get(input, "name")), cases[i].told);
		json_decref(root);
		buf_clear(&line);
	}
}

static void a_receipt_that_finds_no_room_is_none(void **state)
{
	(void)state;
	static const struct message_sums sums = {0};
	struct receipt r = plain(&sums);
	struct buf line;
	for (size_t room = 1; room < 1024; room *= 2) {
		buf_init(&line, room);
		assert_int_not_equal(receipt_add(&world.context, &r, &line), HN_OK);
		buf_clear(&line);
	}
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
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(another_key_or_any_change_is_refused),
		cmocka_unit_test(tells_each_sum_by_class_and_reason),
		cmocka_unit_test(any_name_of_an_input_can_be_told),
		cmocka_unit_test(a_receipt_that_finds_no_room_is_none),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
