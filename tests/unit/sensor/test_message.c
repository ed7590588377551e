/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/message.h"

#include "../check.h"

static struct message record(void)
{
	struct message m = {.type = MESSAGE_RECORD};
	struct message_record *r = &m.record;
	r->seq = r->open_seq = 7;
	r->first_ns = 1;
	r->last_ns = INT64_C(1795272709886937000);
	r->match_ns = 2;
	r->packets[0] = 3;
	r->bytes[1] = UINT64_C(1) << 40;
	r->src = (struct message_endpoint){.port = 1234, .identified = true, .ip = {{203, 0, 113, 9}, 4}};
	r->dst = (struct message_endpoint){
		.port = 443, .organisation = "電力会社", .pseudonym = "00ff", .sealed = "AAAA"};
	r->protocol = 6;
	r->ip_version = 4;
	r->class = 1;
	r->field = 5;
	r->slot = 77;
	r->labels_left = 2;
	return m;
}

static struct message sums(void)
{
	struct message m = {.type = MESSAGE_SUMS};
	m.sums.input = 3;
	m.sums.last = true;
	m.sums.records = 10;
	m.sums.sums.seen[1] = (struct tally){10, 1000};
	m.sums.sums.selected[1] = (struct tally){4, 400};
	m.sums.sums.erased[1][ERASED_FLOW_IDLE] = (struct tally){6, 600};
	m.sums.sums.flows_seen = 2;
	return m;
}

static void encode(const struct message *m, struct buf *out)
{
	buf_init(out, MESSAGE_MAX);
	assert_int_equal(message_encode(m, out), HN_OK);
	assert_int_equal(load_be32((const uint8_t *)out->data), out->len - 4);
}

static void what_is_encoded_is_decoded(void **state)
{
	(void)state;
	const struct message messages[] = {
		record(),
		sums(),
		{.type = MESSAGE_FAULT, .fault = {.input = 1, .error = HN_EIO}},
		{.type = MESSAGE_ADOPTED, .adopted = {.generation = 9, .at_ns = INT64_C(1) << 60}},
		{.type = MESSAGE_READY, .ready = {.confinement = {7, true, true}, .memory_locked = true}},
	};
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct buf b;
		struct message out;
		memset(&out, 0, sizeof(out));
		encode(&messages[i], &b);
		assert_int_equal(message_decode(cur_of(b.data + 4, b.len - 4), &out), HN_OK);
		struct buf again;
		encode(&out, &again);
		assert_int_equal(again.len, b.len);
		assert_memory_equal(again.data, b.data, b.len);
		buf_clear(&b);
		buf_clear(&again);
	}
}

static void each_prefix_and_anything_behind_is_refused(void **state)
{
	(void)state;
	const struct message messages[] = {record(), sums()};
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct buf b;
		struct message out = {.type = 0};
		encode(&messages[i], &b);
		for (size_t len = 0; len < b.len - 4; len++) {
			uint8_t *copy = exact_copy(b.data + 4, len);
			assert_int_not_equal(message_decode(cur_of(copy, len), &out), HN_OK);
			assert_int_equal(out.type, 0);
			free(copy);
		}
		buf_addc(&b, 0);
		assert_int_equal(message_decode(cur_of(b.data + 4, b.len - 4), &out), HN_EFORMAT);
		buf_clear(&b);
	}
}

static void what_no_honest_parser_sends_is_refused(void **state)
{
	(void)state;
	struct message bad[12];
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = i < 6 || i > 7 ? record() : sums();
	bad[0].record.class = 3; /* domestic-domestic is never selected */
	bad[1].record.seq = 0;
	bad[2].record.field = 200;
	bad[3].record.kind = 200;
	memcpy(bad[4].record.dst.organisation, "a\nb", 4);
	memcpy(bad[5].record.dst.organisation, "\xff", 2);
	bad[6].sums.sums.selected[1].packets++; /* does not add up */
	bad[7].sums.sums.pending_after[0].bytes++;
	bad[8].record.phase = RECORD_PHASES;
	bad[9].record.phase = RECORD_OPEN; /* it opens itself, and nothing else */
	bad[9].record.open_seq = 6;
	bad[10].record.phase = RECORD_CLOSE; /* of a record to come */
	bad[10].record.open_seq = 8;
	bad[11].record.open_seq = 0;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf b;
		struct message out;
		encode(&bad[i], &b);
		assert_int_equal(message_decode(cur_of(b.data + 4, b.len - 4), &out), HN_EFORMAT);
		buf_clear(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(each_prefix_and_anything_behind_is_refused),
		cmocka_unit_test(what_no_honest_parser_sends_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
