/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * What the reader and the decoder make of captures, for wire-flows.py to compare with another reader's. File
 * names come from standard input, one a line; tab-separated lines go out:
 *
 *     F name error packets bytes cut refused                  a capture; error is 0 or what capture_open()
 * said R reason packets                                        of the capture below, packets that give no
 * flow, and why P protocol src src_port dst dst_port flags              a packet of the capture below; flags:
 * t tunnelled, f fragment, or -
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "wire/capture.h"
#include "wire/packet.h"

static void print_packet(const struct packet *p)
{
	char src[IP_TEXT_SIZE], dst[IP_TEXT_SIZE];
	struct ip a = {.version = p->ip_version}, b = {.version = p->ip_version};
	memcpy(a.bytes, p->src, p->ip_version == 4 ? 4 : 16);
	memcpy(b.bytes, p->dst, p->ip_version == 4 ? 4 : 16);
	ip_format(&a, src);
	ip_format(&b, dst);
	printf("P\t%u\t%s\t%u\t%s\t%u\t%s%s%s\n", p->protocol, src, p->src_port, dst, p->dst_port,
	       p->tunnelled ? "t" : "", p->fragment != FRAGMENT_NONE ? "f" : "",
	       !p->tunnelled && p->fragment == FRAGMENT_NONE ? "-" : "");
}

static void read_capture(const char *name, struct capture_pool *pool)
{
	struct capture *c;
	struct capture_batch batch;
	uint64_t packets = 0, bytes = 0, reasons[PACKET_REASON_COUNT] = {0};
	int rc = capture_open(open(name, O_RDONLY | O_CLOEXEC), name, pool, &c, NULL);
	if (rc != HN_OK) {
		printf("F\t%s\t%d\t0\t0\t0\t0\n", name, rc);
		return;
	}
	while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			const struct capture_record *r = &batch.records[i];
			struct packet p;
			packet_decode(r->link_type, r->data, r->len, &p);
			reasons[p.reason]++;
			bytes += r->wire_len;
			if (p.reason == PACKET_OK)
				print_packet(&p);
		}
		packets += batch.count;
		capture_release(&batch);
	}
	for (unsigned reason = PACKET_OK + 1; reason < PACKET_REASON_COUNT; reason++) {
		if (reasons[reason] > 0)
			printf("R\t%s\t%llu\n", packet_reason_name(reason),
			       (unsigned long long)reasons[reason]);
	}
	const struct capture_stats *stats = capture_stats(c);
	printf("F\t%s\t0\t%llu\t%llu\t%d\t%llu\n", name, (unsigned long long)packets,
	       (unsigned long long)bytes, stats->cut, (unsigned long long)stats->records_refused);
	capture_close(c);
}

int main(void)
{
	struct capture_pool *pool;
	char name[4096];
	bool locked;
	if (capture_pool_new(2, &pool, &locked) != HN_OK)
		return HN_EXIT_UNFINISHED;
	while (fgets(name, sizeof(name), stdin) != NULL) {
		name[strcspn(name, "\n")] = '\0';
		read_capture(name, pool);
	}
	capture_pool_free(pool);
	return HN_EXIT_DONE;
}
