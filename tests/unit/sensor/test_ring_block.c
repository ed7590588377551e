/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/ring_block.h"

#include <linux/if_packet.h>

#include "../check.h"

#define SIZE     4096
#define HEADER   ((sizeof(struct tpacket3_hdr) + 15) / 16 * 16)
#define FIRST    128
#define ETHERNET 1

/* A block as the kernel fills one. */
struct made {
	uint8_t data[SIZE];
	size_t at, former;
	unsigned count;
};

static void begin(struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->at = FIRST;
}

static void add(struct made *m, const void *frame, size_t len, uint32_t status, uint16_t tci, unsigned type)
{
	struct sockaddr_ll from = {.sll_pkttype = (unsigned char)type};
	size_t mac = HEADER + sizeof(from) + 12;
	struct tpacket3_hdr h = {.tp_next_offset = (uint32_t)((mac + len + 15) / 16 * 16),
				 .tp_sec = 1000 + m->count,
				 .tp_nsec = 5,
				 .tp_snaplen = (uint32_t)len,
				 .tp_len = (uint32_t)len + 100,
				 .tp_status = status,
				 .tp_mac = (uint16_t)mac};
	h.hv1.tp_vlan_tci = tci;
	h.hv1.tp_vlan_tpid = 0x88a8;
	memcpy(m->data + m->at, &h, sizeof(h));
	memcpy(m->data + m->at + HEADER, &from, sizeof(from));
	memcpy(m->data + m->at + mac, frame, len);
	m->at += h.tp_next_offset;
	m->count++;
}

static uint8_t *finish(const struct made *m)
{
	struct tpacket_block_desc head = {0};
	uint8_t *copy = exact_copy(m->data, m->at);
	head.hdr.bh1.num_pkts = m->count;
	head.hdr.bh1.offset_to_first_pkt = FIRST;
	head.hdr.bh1.blk_len = (uint32_t)m->at;
	memcpy(copy, &head, sizeof(head));
	return copy;
}

static const uint8_t frame[] = "AAAAAABBBBBB\x08\x00hello, packet";

static void frames_come_in_order_with_their_times(void **state)
{
	(void)state;
	static struct made m;
	struct ring_block b;
	struct capture_batch batch;
	begin(&m);
	for (unsigned i = 0; i < 3; i++)
		add(&m, frame, sizeof(frame) - i, 0, 0, PACKET_HOST);
	uint8_t *data = finish(&m);
	ring_block_begin(&b, data, m.at, ETHERNET, false);
	ring_block_next(&b, &batch);
	assert_int_equal(batch.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(batch.records[i].len, sizeof(frame) - i);
		assert_int_equal(batch.records[i].wire_len, sizeof(frame) - i + 100);
		assert_int_equal(batch.records[i].time_ns, (1000 + i) * INT64_C(1000000000) + 5);
		assert_memory_equal(batch.records[i].data, frame, sizeof(frame) - i);
	}
	ring_block_next(&b, &batch);
	assert_int_equal(batch.count, 0);
	assert_int_equal(b.broken, 0);
	assert_int_equal(ring_block_used(data, m.at), m.at);
	free(data);
}

/* More frames than a batch holds come in several. */
static void a_full_block_comes_in_batches(void **state)
{
	(void)state;
	static struct made m;
	struct ring_block b;
	struct capture_batch batch;
	size_t total = 0, batches = 0;
	begin(&m);
	while (m.at + 200 < SIZE)
		add(&m, "x", 1, 0, 0, PACKET_HOST);
	uint8_t *data = finish(&m);
	ring_block_begin(&b, data, m.at, ETHERNET, false);
	for (ring_block_next(&b, &batch); batch.count > 0; ring_block_next(&b, &batch)) {
		total += batch.count;
		batches++;
	}
	assert_int_equal(total, m.count);
	assert_true(batches >= 1);
	free(data);
}

static void a_tag_that_the_kernel_took_out_is_put_back(void **state)
{
	(void)state;
	static const struct {
		uint32_t status;
		uint8_t tag[4];
	} cases[] = {
		{TP_STATUS_VLAN_VALID, {0x81, 0x00, 0x21, 0x23}},
		{TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID, {0x88, 0xa8, 0x21, 0x23}},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		static struct made m;
		struct ring_block b;
		struct capture_batch batch;
		begin(&m);
		add(&m, frame, sizeof(frame), cases[i].status, 0x2123, PACKET_HOST);
		uint8_t *data = finish(&m);
		ring_block_begin(&b, data, m.at, ETHERNET, false);
		ring_block_next(&b, &batch);
		assert_int_equal(batch.count, 1);
		const struct capture_record *r = &batch.records[0];
		assert_int_equal(r->len, sizeof(frame) + 4);
		assert_memory_equal(r->data, frame, 12);
		assert_memory_equal(r->data + 12, cases[i].tag, 4);
		assert_memory_equal(r->data + 16, frame + 12, sizeof(frame) - 12);
		free(data);
	}
}

static void what_this_machine_sends_counts_only_when_asked_for(void **state)
{
	(void)state;
	for (unsigned outgoing = 0; outgoing < 2; outgoing++) {
		static struct made m;
		struct ring_block b;
		struct capture_batch batch;
		begin(&m);
		add(&m, frame, sizeof(frame), 0, 0, PACKET_OUTGOING);
		add(&m, frame, 14, 0, 0, PACKET_OTHERHOST);
		uint8_t *data = finish(&m);
		ring_block_begin(&b, data, m.at, ETHERNET, outgoing != 0);
		ring_block_next(&b, &batch);
		assert_int_equal(batch.count, outgoing == 0 ? 1 : 2);
		assert_int_equal(b.own, outgoing == 0 ? 1 : 0);
		free(data);
	}
}

/* Whatever length the block has, no byte behind it is read, and what is missing is told. */
static void frames_that_do_not_lie_in_the_block_are_counted(void **state)
{
	(void)state;
	static struct made m;
	begin(&m);
	add(&m, frame, sizeof(frame), 0, 0, PACKET_HOST);
	add(&m, frame, sizeof(frame), 0, 0, PACKET_HOST);
	uint8_t *whole = finish(&m);
	for (size_t len = sizeof(struct tpacket_block_desc); len < m.at - 16; len++) {
		struct ring_block b;
		struct capture_batch batch;
		uint64_t taken = 0;
		uint8_t *data = exact_copy(whole, len);
		ring_block_begin(&b, data, len, ETHERNET, false);
		do {
			ring_block_next(&b, &batch);
			taken += batch.count;
		} while (batch.count > 0);
		assert_true(b.broken > 0);
		assert_int_equal(taken + b.broken, 2);
		assert_true(ring_block_used(data, len) <= len);
		free(data);
	}
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_in_order_with_their_times),
		cmocka_unit_test(a_full_block_comes_in_batches),
		cmocka_unit_test(a_tag_that_the_kernel_took_out_is_put_back),
		cmocka_unit_test(what_this_machine_sends_counts_only_when_asked_for),
		cmocka_unit_test(frames_that_do_not_lie_in_the_block_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
