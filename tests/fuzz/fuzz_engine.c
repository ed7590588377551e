/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * The bytes are packets: each a link type (one byte, of those below), a time step in 4 ms (one byte), a
 * length (two bytes, network order), and as many bytes. Both stages take them twice, in full batches and one
 * by one with a pause for sums: the records must be the same, the sums must hold, and each record must
 * survive the pipe and become one line of JSON.
 */
#include "base/json.h"
#include "tests/fuzz/target.h"
#include "tests/unit/sensor/world.h"

#define PACKETS_MAX 256
#define FLOWS_MAX   64

static struct sensor_world world;

struct ended {
	size_t count;
	uint64_t packets, bytes, seq;
};

/* As parser and writer do with a selected flow. */
static void flow_ended(void *context, const struct flow *flow, const struct selection *selection)
{
	struct ended *e = context;
	struct message sent = {.type = MESSAGE_RECORD}, got;
	struct buf frame, line;
	struct fault fault;
	json_t *record;

	deidentify_flow(&world.deidentify, flow, selection, ++e->seq, &sent.record);
	buf_init(&frame, MESSAGE_MAX);
	buf_init(&line, 1u << 20);
	world_must(message_encode(&sent, &frame) == HN_OK);
	world_must(message_decode(cur_of(frame.data + 4, frame.len - 4), &got) == HN_OK);
	world_must(record_add(&world.records, &got.record, &line) == HN_OK);
	world_must(memchr(line.data, '\n', line.len) == line.data + line.len - 1);
	world_must(json_object_read(line.data, line.len, &record, &fault) == HN_OK);
	json_decref(record);
	buf_clear(&frame);
	buf_clear(&line);
	e->count++;
	e->packets += flow->packets[0] + flow->packets[1];
	e->bytes += flow->bytes[0] + flow->bytes[1];
}

static size_t read_packets(const uint8_t *data, size_t len, struct capture_record out[PACKETS_MAX])
{
	static const uint32_t links[] = {1, 101, 113, 276, 228, 229};
	struct cur in = cur_of(data, len);
	int64_t now = WORLD_TIME;
	size_t count = 0;
	while (cur_left(&in) > 0 && count < PACKETS_MAX) {
		uint32_t link = links[cur_u8(&in) % (sizeof(links) / sizeof(links[0]))];
		now += cur_u8(&in) * 4 * (NS_SECOND / 1000);
		struct cur packet = cur_sub(&in, cur_be16(&in));
		size_t size = cur_left(&packet);
		const uint8_t *bytes = cur_take(&packet, size);
		if (!cur_ok(&in) || !cur_ok(&packet))
			break;
		out[count++] = (struct capture_record){.data = bytes,
						       .len = (uint32_t)size,
						       .wire_len = (uint32_t)size,
						       .time_ns = now,
						       .link_type = link};
	}
	return count;
}

static void check_sums(struct stages *s, struct sums *total)
{
	struct sums sums;
	stages_sums(s, &sums);
	world_must(sums_hold(&sums));
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		tally_add(&total->selected[c], sums.selected[c].packets, sums.selected[c].bytes);
		tally_add(&total->seen[c], sums.seen[c].packets, sums.seen[c].bytes);
		total->pending_after[c] = sums.pending_after[c];
	}
	total->flows_selected += sums.flows_selected;
}

static struct ended run(const struct capture_record *packets, size_t count, size_t step)
{
	struct ended e = {0};
	struct stages s;
	struct sums total = {0};
	uint64_t selected = 0, seen = 0;

	stages_init(&s, &world, FLOWS_MAX, flow_ended, &e);
	for (size_t at = 0; at < count; at += step) {
		struct capture_batch batch = {.count = count - at < step ? count - at : step};
		memcpy(batch.records, packets + at, batch.count * sizeof(packets[0]));
		stages_take(&s, &batch);
		if (step == 1)
			check_sums(&s, &total);
	}
	stages_end(&s);
	check_sums(&s, &total);
	for (size_t c = 0; c < SUMS_CLASSES; c++) {
		selected += total.selected[c].packets;
		seen += total.seen[c].packets;
		world_must(total.pending_after[c].packets == 0 && total.pending_after[c].bytes == 0);
	}
	world_must(total.selected[DOMESTIC_DOMESTIC].packets == 0 &&
		   total.selected[FOREIGN_FOREIGN].packets == 0);
	world_must(selected == e.packets && total.flows_selected == e.count && seen == count);
	stages_clear(&s);
	return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const values[] = {"203.0.113.66",
					     "198.51.100.96/27",
					     "2001:db8:f000:66::66",
					     "updates.kumo-sync.example",
					     "*.t.mizuchi.example",
					     "cdn.mist-relay.example/gate/report",
					     "hon.kitsune-login.example"};
	static struct capture_record packets[PACKETS_MAX];

	if (world.set == NULL)
		sensor_world_init(&world, values, sizeof(values) / sizeof(values[0]));
	size_t count = read_packets(data, len, packets);
	struct ended whole = run(packets, count, CAPTURE_BATCH_MAX);
	struct ended single = run(packets, count, 1);
	world_must(whole.count == single.count && whole.packets == single.packets &&
		   whole.bytes == single.bytes);
	return 0;
}
