/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/fragment.h"

#include "../check.h"

static const uint8_t key[16] = {1, 2, 3};

/* What the drop function was told, by reason. */
struct told {
	uint64_t packets[FRAGMENT_REASON_COUNT];
	uint64_t bytes;
	struct fragment_sum last;
};

static void tell(void *context, const struct fragment_sum *sum)
{
	struct told *told = context;
	told->packets[sum->reason] += sum->packets;
	told->bytes += sum->bytes;
	told->last = *sum;
}

static struct fragment_table *table_of(struct told *told)
{
	struct fragment_table *table;
	bool locked;
	memset(told, 0, sizeof(*told));
	assert_int_equal(fragment_table_new(key, tell, told, &table, &locked), HN_OK);
	return table;
}

static uint64_t pending(const struct fragment_table *table, uint8_t class)
{
	uint64_t packets, bytes;
	fragment_pending(table, class, &packets, &bytes);
	return packets;
}

static struct packet fragment(uint8_t version, uint32_t id, size_t offset, const uint8_t *data, size_t len,
			      bool more)
{
	static const uint8_t src[16] = {192, 0, 2, 1}, dst[16] = {192, 0, 2, 2};
	return (struct packet){
		.src = src,
		.dst = dst,
		.class_src = src,
		.class_dst = dst,
		.class_version = version,
		.payload = data,
		.payload_len = (uint32_t)len,
		.fragment_id = id,
		.fragment_offset = (uint16_t)offset,
		.fragment_more = more,
		.fragment = offset == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER,
		.ip_version = version,
		.protocol = 17,
	};
}

/* @return the state; every fragment is 100 bytes on the wire */
static int add(struct fragment_table *table, struct packet p, int64_t time_ns, uint8_t class,
	       struct fragment_result *result)
{
	fragment_add(table, &p, 100, time_ns, class, result);
	return result->state;
}

static void fill(uint8_t *data, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(seed + i * 7);
}

static void any_order_gives_the_datagram(void **state)
{
	enum { PIECES = 4, SIZE = 40 * 8 };
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	uint8_t data[SIZE - 3];
	(void)state;
	fill(data, sizeof(data), 1);
	for (unsigned code = 0, id = 0; code < 256; code++) {
		unsigned order[PIECES], used = 0;
		for (unsigned i = 0; i < PIECES; i++) {
			order[i] = code >> 2 * i & 3;
			used |= 1u << order[i];
		}
		if (used != 15)
			continue;
		id++;
		for (unsigned i = 0; i < PIECES; i++) {
			size_t from = order[i] * 80u, len = order[i] == 3 ? sizeof(data) - from : 80;
			uint8_t *exact = exact_copy(data + from, len);
			int got =
				add(table, fragment(id % 2 == 0 ? 4 : 6, id, from, exact, len, order[i] != 3),
				    5, 2, &r);
			assert_int_equal(got, i == 3 ? FRAGMENT_COMPLETE : FRAGMENT_WAITING);
			assert_int_equal(pending(table, 2), i == 3 ? 0 : i + 1);
			free(exact);
		}
		assert_int_equal(r.len, sizeof(data));
		assert_memory_equal(r.data, data, sizeof(data));
		assert_int_equal(r.sum.packets, 4);
		assert_int_equal(r.sum.bytes, 400);
		assert_int_equal(r.sum.class, 2);
	}
	fragment_end(table);
	assert_int_equal(told.bytes, 0);
	fragment_table_free(table);
}

static void in_ipv4_the_byte_that_came_first_wins(void **state)
{
	static const uint8_t a[16] = "aaaaaaaaaaaaaaaa", b[24] = "bbbbbbbbbbbbbbbbbbbbbbbb",
			     c[8] = "cccccccc";
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	(void)state;
	assert_int_equal(add(table, fragment(4, 1, 8, a, 16, true), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 1, 0, b, 24, true), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 1, 16, c, 8, true), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 1, 24, c, 5, false), 0, 0, &r), FRAGMENT_COMPLETE);
	assert_int_equal(r.len, 29);
	assert_memory_equal(r.data, "bbbbbbbbaaaaaaaaaaaaaaaaccccc", 29);
	assert_int_equal(r.sum.packets, 4);
	fragment_table_free(table);
}

static void in_ipv6_an_overlap_drops_the_datagram(void **state)
{
	uint8_t data[64] = {0};
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	(void)state;
	assert_int_equal(add(table, fragment(6, 1, 0, data, 16, true), 0, 1, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(6, 1, 0, data, 16, true), 0, 1, &r),
			 FRAGMENT_WAITING); /* repeated */
	assert_int_equal(add(table, fragment(6, 1, 8, data, 16, true), 0, 1, &r), FRAGMENT_REFUSED);
	assert_int_equal(r.reason, FRAGMENT_OVERLAP);
	assert_int_equal(told.packets[FRAGMENT_OVERLAP], 2);
	assert_int_equal(told.last.class, 1);
	assert_int_equal(pending(table, 1), 0);
	assert_int_equal(add(table, fragment(6, 1, 16, data, 8, false), 1, 1, &r), FRAGMENT_REFUSED);
	assert_int_equal(r.reason, FRAGMENT_OVERLAP);
	/* When its time is over, the identification may be used again. */
	assert_int_equal(add(table, fragment(6, 1, 0, data, 16, true), FRAGMENT_TIMEOUT_NS, 1, &r),
			 FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(6, 1, 16, data, 8, false), FRAGMENT_TIMEOUT_NS, 1, &r),
			 FRAGMENT_COMPLETE);
	fragment_table_free(table);
}

static void what_no_datagram_can_have_is_refused(void **state)
{
	static uint8_t data[65535];
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	struct packet cut = fragment(4, 1, 0, data, 16, true);
	(void)state;
	cut.cut = true;
	assert_int_equal(add(table, cut, 0, 0, &r), FRAGMENT_REFUSED);
	assert_int_equal(r.reason, FRAGMENT_CUT);
	const struct packet bad[] = {
		fragment(4, 1, 0, data, 0, true),      fragment(4, 1, 8, data, 0, false),
		fragment(4, 1, 0, data, 15, true),     fragment(4, 1, 65528, data, 8, false),
		fragment(4, 1, 8, data, 65528, false),
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(add(table, bad[i], 0, 0, &r), FRAGMENT_REFUSED);
		assert_int_equal(r.reason, FRAGMENT_MALFORMED);
	}
	/* The end is known: nothing may lie behind it, or end elsewhere; and it may not come before what is
	 * there. */
	assert_int_equal(add(table, fragment(4, 2, 64, data, 8, false), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 2, 72, data, 8, true), 0, 0, &r), FRAGMENT_REFUSED);
	assert_int_equal(add(table, fragment(4, 2, 32, data, 8, false), 0, 0, &r), FRAGMENT_REFUSED);
	assert_int_equal(add(table, fragment(4, 3, 64, data, 8, true), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 3, 32, data, 8, false), 0, 0, &r), FRAGMENT_REFUSED);
	/* The largest datagram. */
	assert_int_equal(add(table, fragment(4, 4, 65528, data, 7, false), 0, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 4, 0, data, 65528, true), 0, 0, &r), FRAGMENT_COMPLETE);
	assert_int_equal(r.len, 65535);
	fragment_table_free(table);
}

static void too_many_fragments_are_dropped(void **state)
{
	uint8_t data[8] = {0};
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	(void)state;
	for (size_t i = 0; i < FRAGMENT_PIECES; i++)
		assert_int_equal(add(table, fragment(4, 1, i * 16, data, 8, true), 0, 0, &r),
				 FRAGMENT_WAITING);
	assert_int_equal(add(table, fragment(4, 1, 8, data, 8, true), 0, 0, &r), FRAGMENT_REFUSED);
	assert_int_equal(r.reason, FRAGMENT_TOO_MANY);
	assert_int_equal(told.packets[FRAGMENT_TOO_MANY], FRAGMENT_PIECES);
	fragment_table_free(table);
}

static void time_and_number_are_bounded(void **state)
{
	uint8_t data[8] = {0};
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	(void)state;
	for (uint32_t id = 0; id < FRAGMENT_DATAGRAMS + 10; id++)
		assert_int_equal(add(table, fragment(4, id, 8, data, 8, true), id, 0, &r), FRAGMENT_WAITING);
	assert_int_equal(told.packets[FRAGMENT_EVICTED], 10);
	assert_int_equal(told.last.first_ns, 9); /* the oldest went first */
	fragment_expire(table, 10 + FRAGMENT_TIMEOUT_NS);
	assert_int_equal(told.packets[FRAGMENT_TIMED_OUT], 1);
	fragment_end(table);
	assert_int_equal(told.packets[FRAGMENT_ENDED], FRAGMENT_DATAGRAMS - 1);
	assert_int_equal(pending(table, 0), 0);
	fragment_table_free(table);
}

static void memory_is_bounded(void **state)
{
	static uint8_t data[65528];
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	uint64_t n = 2000;
	(void)state;
	for (uint32_t id = 0; id < n; id++)
		assert_int_equal(add(table, fragment(4, id, 0, data, sizeof(data), true), 0, 0, &r),
				 FRAGMENT_WAITING);
	assert_true(pending(table, 0) * sizeof(data) <= FRAGMENT_MEMORY);
	assert_int_equal(told.packets[FRAGMENT_EVICTED] + pending(table, 0), n);
	fragment_table_free(table);
}

static void classes_and_protocols_do_not_mix(void **state)
{
	uint8_t data[16] = {0};
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	struct packet first = fragment(4, 1, 0, data, 8, true), last = fragment(4, 1, 8, data, 8, false);
	(void)state;
	assert_int_equal(add(table, first, 0, 1, &r), FRAGMENT_WAITING);
	assert_int_equal(add(table, last, 0, 2, &r), FRAGMENT_WAITING);
	last.protocol = 6;
	assert_int_equal(add(table, last, 0, 1, &r), FRAGMENT_WAITING);
	assert_int_equal(pending(table, 1), 2);
	assert_int_equal(pending(table, 2), 1);
	/* In IPv6 the first fragment says what follows. */
	first = fragment(6, 1, 0, data, 8, true);
	last = fragment(6, 1, 8, data, 8, false);
	last.protocol = 99;
	assert_int_equal(add(table, first, 0, 1, &r), FRAGMENT_WAITING);
	fragment_add(table, &last, 100, 0, 1, &r);
	assert_int_equal(r.state, FRAGMENT_COMPLETE);
	assert_int_equal(last.protocol, 17);
	fragment_table_free(table);
}

/* A packet in a tunnel, a fragment itself, that was cut up on its way: first the carriers, then what they
 * carry. */
static void fragments_in_fragments(void **state)
{
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	struct fragment_sum carrier;
	(void)state;
	for (unsigned inner = 0; inner < 2; inner++) {
		/* IPv4, 20 bytes: from 10.0.0.x; inner offset 0 and more, then offset 8. */
		uint8_t packet[28] = {
			0x45, 0, 0,  28, 0, 9, inner == 0 ? 0x20 : 0, (uint8_t)inner, 64, 17, 0, 0, 10, 0,
			0,    1, 10, 0,  0, 2};
		memcpy(packet + 20, inner == 0 ? "firstest" : "and last", 8);
		struct packet p = fragment(4, inner, 16, packet + 16, 12, false);
		p.class_src = p.src;
		p.class_dst = p.dst;
		p.class_version = 4;
		p.protocol = 4;
		struct packet q = p;
		q.payload = packet;
		q.payload_len = 16;
		q.fragment_offset = 0;
		q.fragment_more = true;
		assert_int_equal(add(table, p, 5, 1, &r), FRAGMENT_WAITING);
		fragment_add(table, &q, 100, 6, 1, &r);
		assert_int_equal(r.state, FRAGMENT_COMPLETE);
		carrier = r.sum;
		packet_decode_reassembled(&q, r.data, r.len);
		assert_int_equal(q.reason, PACKET_OK);
		assert_int_not_equal(q.fragment, FRAGMENT_NONE);
		fragment_add_carried(table, &q, &carrier, 1, &r);
		assert_int_equal(r.state, inner == 0 ? FRAGMENT_WAITING : FRAGMENT_COMPLETE);
		assert_int_equal(pending(table, 1), inner == 0 ? 2 : 0);
		if (inner == 1) {
			assert_int_equal(r.sum.packets, 4);
			assert_int_equal(r.sum.bytes, 400);
			assert_int_equal(r.len, 16);
			assert_memory_equal(r.data, "firstestand last", 16);
			assert_memory_equal(q.src, "\x0a\0\0\1", 4);
			assert_memory_equal(q.class_src, "\xc0\0\2\1", 4);
		}
	}
	fragment_table_free(table);
}

static uint32_t next_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Random fragments of a few datagrams, against a table of bytes that is filled by the rule itself. */
static void a_simple_table_of_bytes_agrees(void **state)
{
	enum { IDS = 8, UNITS = 12 };
	struct told told;
	struct fragment_result r;
	struct fragment_table *table = table_of(&told);
	uint8_t bytes[IDS][UNITS * 8] = {{0}};
	bool there[IDS][UNITS] = {{false}};
	uint64_t seed = 42, seen = 0, whole = 0, refused = 0, datagrams = 0;
	uint8_t *own = malloc(FRAGMENT_BYTES);
	(void)state;
	assert_non_null(own);
	for (unsigned n = 0; n < 100000; n++) {
		uint8_t data[UNITS * 8];
		uint32_t id = next_number(&seed) % IDS;
		size_t from = next_number(&seed) % UNITS, units = 1 + next_number(&seed) % 4;
		if (from + units > UNITS)
			units = UNITS - from;
		fill(data, sizeof(data), n);
		struct packet p = fragment(4, id, from * 8, data, units * 8, from + units < UNITS);
		bool into_own = next_number(&seed) % 2 == 0;
		fragment_put_into(table, into_own ? own : NULL);
		int got = add(table, p, n, 3, &r);
		seen++;
		if (got == FRAGMENT_REFUSED) {
			/* Only by number: nothing here contradicts itself. */
			assert_int_equal(r.reason, FRAGMENT_TOO_MANY);
			refused++;
			continue;
		}
		bool all = true;
		for (size_t i = from; i < from + units; i++) {
			if (!there[id][i])
				memcpy(bytes[id] + i * 8, data + (i - from) * 8, 8);
			there[id][i] = true;
		}
		for (size_t i = 0; i < UNITS; i++)
			all = all && there[id][i];
		assert_int_equal(got, all ? FRAGMENT_COMPLETE : FRAGMENT_WAITING);
		if (all) {
			assert_int_equal(r.len, UNITS * 8);
			assert_memory_equal(r.data, bytes[id], UNITS * 8);
			assert_int_equal(r.data == own, into_own);
			memset(there[id], 0, sizeof(there[id]));
			whole += r.sum.packets;
			datagrams++;
		}
		assert_int_equal(seen, whole + refused + pending(table, 3));
	}
	assert_true(datagrams > 1000);
	fragment_end(table);
	assert_int_equal(seen, whole + refused + told.packets[FRAGMENT_ENDED]);
	fragment_table_free(table);
	free(own);
}

static void every_reason_has_its_own_name(void **state)
{
	(void)state;
	for (unsigned a = 0; a < FRAGMENT_REASON_COUNT; a++) {
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(fragment_reason_name(a), fragment_reason_name(b));
	}
	assert_string_equal(fragment_reason_name(FRAGMENT_REASON_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_datagram),
		cmocka_unit_test(in_ipv4_the_byte_that_came_first_wins),
		cmocka_unit_test(in_ipv6_an_overlap_drops_the_datagram),
		cmocka_unit_test(what_no_datagram_can_have_is_refused),
		cmocka_unit_test(too_many_fragments_are_dropped),
		cmocka_unit_test(time_and_number_are_bounded),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(classes_and_protocols_do_not_mix),
		cmocka_unit_test(fragments_in_fragments),
		cmocka_unit_test(a_simple_table_of_bytes_agrees),
		cmocka_unit_test(every_reason_has_its_own_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
