/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Eight bytes a fragment: kind (bit 0 IPv6, 1 more, 2 cut, 4-7 class), identification, offset in units of 8
 * (2 bytes), length (2 bytes), protocol, seconds since the one before. Every packet must come back exactly
 * once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "tests/fuzz/target.h"
#include "wire/fragment.h"

#define WIRE_LEN 77

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void count_dropped(void *context, const struct fragment_sum *sum)
{
	uint64_t *packets = context;
	require(sum->packets > 0 && sum->bytes == sum->packets * WIRE_LEN);
	require(sum->reason > FRAGMENT_OK && sum->reason < FRAGMENT_REASON_COUNT &&
		sum->class < FRAGMENT_CLASSES);
	*packets += sum->packets;
}

static uint64_t pending(const struct fragment_table *table)
{
	uint64_t sum = 0;
	for (unsigned class = 0; class < FRAGMENT_CLASSES; class ++) {
		uint64_t packets, bytes;
		fragment_pending(table, (uint8_t) class, &packets, &bytes);
		require(bytes == packets * WIRE_LEN);
		sum += packets;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t key[16], bytes[FRAGMENT_BYTES + 1], address[16] = {192, 0, 2, 1};
	/* One table for all inputs, which must leave it empty: 18 MB are not made anew for each. */
	static struct fragment_table *table;
	static uint64_t dropped;
	static uint8_t own[FRAGMENT_BYTES];
	uint64_t seen = 0, refused = 0, whole = 0;
	int64_t time_ns = 0;
	bool locked;
	struct cur c = cur_of(data, len);

	dropped = 0;
	if (table == NULL)
		require(fragment_table_new(key, count_dropped, &dropped, &table, &locked) == HN_OK);
	for (;;) {
		const uint8_t *op = cur_take(&c, 8);
		if (op == NULL)
			break;
		struct packet p = {
			.src = address,
			.dst = address,
			.class_src = address,
			.class_dst = address,
			.class_version = 4,
			.payload = bytes,
			.payload_len = load_be16(op + 4),
			.fragment_id = op[1],
			.fragment_offset = (uint16_t)((load_be16(op + 2) & 0x1fff) * 8),
			.fragment_more = (op[0] & 2) != 0,
			.cut = (op[0] & 4) != 0,
			.fragment = FRAGMENT_LATER,
			.ip_version = (op[0] & 1) != 0 ? 6 : 4,
			.protocol = op[6],
		};
		struct fragment_result r;
		time_ns += (int64_t)(int8_t)op[7] * 1000000000;
		time_ns = time_ns < 0 ? 0 : time_ns;
		fragment_put_into(table, (op[6] & 1) != 0 ? own : NULL);
		fragment_add(table, &p, WIRE_LEN, time_ns, op[0] >> 4, &r);
		seen++;
		refused += r.state == FRAGMENT_REFUSED;
		require((r.state == FRAGMENT_REFUSED) == (r.reason != FRAGMENT_OK));
		if (r.state == FRAGMENT_COMPLETE) {
			require(r.len > 0 && r.len <= FRAGMENT_BYTES &&
				r.sum.bytes == r.sum.packets * WIRE_LEN);
			for (size_t i = 0; i < r.len; i++)
				require(r.data[i] == 0);
			require((r.data == own) == ((op[6] & 1) != 0));
			memset(own, 0xff, r.len);
			whole += r.sum.packets;
		}
		require(seen == dropped + refused + whole + pending(table));
	}
	fragment_end(table);
	require(pending(table) == 0 && seen == dropped + refused + whole);
	return 0;
}
