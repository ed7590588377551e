/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Nanoseconds a packet: reading a capture and finding its records (capture_next()), decoding packets that lie
 * in the cache (packet_decode()), and both over a whole capture.
 *
 *     bench_packet [CAPTURE]     without one, two are made: a mix of 60 to 1514 bytes, and packets of 60
 * bytes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/wire/build.h"
#include "wire/capture.h"
#include "wire/packet.h"

#define CAPTURE_BYTES (512u << 20)
#define ROUNDS        5

static double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t next_number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

enum kind { TCP4, UDP4, TCP6, VLAN_TCP4, GRE_TCP4, KINDS };

static const char *const kind_names[KINDS] = {"ipv4 tcp", "ipv4 udp", "ipv6 tcp", "vlan ipv4 tcp",
					      "gre ipv4 tcp"};

static void make(struct build *b, enum kind kind, size_t payload, uint32_t number)
{
	build_init(b);
	(void)build_push(b, NULL, payload);
	if (kind == UDP4)
		build_udp(b, (uint16_t)number, 53);
	else
		build_tcp(b, (uint16_t)number, 443, number, 16);
	if (kind == TCP6) {
		build_ip6(b, "2001:db8::1", "2001:db8::2", 6);
		build_ethernet(b, 0x86dd);
		return;
	}
	uint8_t *ip = build_ip4(b, "192.0.2.1", "198.51.100.2", kind == UDP4 ? 17 : 6);
	put32(ip + 12, number * 2654435761u);
	if (kind == GRE_TCP4) {
		build_pair(b, 0, 0x0800);
		build_ip4(b, "203.0.113.3", "203.0.113.4", 47);
	}
	if (kind == VLAN_TCP4)
		build_pair(b, 7, 0x0800);
	build_ethernet(b, kind == VLAN_TCP4 ? 0x8100 : 0x0800);
}

static struct build build;

/* A file without a name in TMPDIR: pages of a real file system are read at another price than those of
 * memory. */
static int scratch_file(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir != NULL ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : memfd_create("capture", MFD_CLOEXEC);
}

/* A capture. small: packets of 60 bytes; else one in five is large and the mean is about 341 bytes.
 */
static int capture_make(bool small)
{
	static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, CAPTURE_RECORD_MAX, 1};
	int fd = scratch_file();
	if (fd < 0 || ftruncate(fd, CAPTURE_BYTES) != 0)
		return -1;
	uint8_t *map = mmap(NULL, CAPTURE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	memcpy(map, head, sizeof(head));
	size_t at = sizeof(head);
	uint64_t seed = 1;
	for (uint32_t n = 0; at + 16 + 1514 < CAPTURE_BYTES; n++) {
		uint32_t r = next_number(&seed);
		if (small)
			make(&build, TCP4, 6, n);
		else
			make(&build,
			     n % 8 == 0   ? UDP4
			     : n % 8 == 1 ? TCP6
					  : TCP4,
			     r % 5 == 0 ? 1000 + r % 400 : r % 120, n);
		size_t len = build_len(&build);
		const uint32_t record[4] = {n / 1000, n % 1000, (uint32_t)len, (uint32_t)len};
		memcpy(map + at, record, sizeof(record));
		memcpy(map + at + 16, build_bytes(&build), len);
		at += 16 + len;
	}
	(void)munmap(map, CAPTURE_BYTES);
	return ftruncate(fd, (off_t)at) != 0 ? -1 : fd;
}

static void bench_decode(enum kind kind)
{
	enum { COPIES = 64, TIMES = 500000 };
	static uint8_t bytes[COPIES][128];
	uint64_t sum = 0;
	for (unsigned i = 0; i < COPIES; i++) {
		make(&build, kind, 20, i);
		memcpy(bytes[i], build_bytes(&build), build_len(&build));
	}
	double best = 1e9;
	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_ns();
		for (unsigned n = 0; n < TIMES; n++) {
			struct packet p;
			packet_decode(1, bytes[n % COPIES], build_len(&build), &p);
			sum += p.src_port + p.payload_len + p.src[0];
		}
		double took = (now_ns() - start) / TIMES;
		best = took < best ? took : best;
	}
	printf("packet_decode, %-15s %6.1f ns (sum %llu)\n", kind_names[kind], best, (unsigned long long)sum);
}

struct totals {
	uint64_t packets;
	uint64_t bytes;
	uint64_t sum;
};

static void run(int fd, struct capture_pool *pool, bool decode, struct totals *t)
{
	struct capture *c;
	struct capture_batch batch;
	struct fault fault;
	*t = (struct totals){0};
	(void)lseek(fd, 0, SEEK_SET);
	if (capture_open(dup(fd), "capture", pool, &c, &fault) != HN_OK) {
		fprintf(stderr, "%s: %s\n", fault.place, fault.message);
		exit(HN_EXIT_INPUT);
	}
	while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
		for (size_t i = 0; i < batch.count; i++) {
			const struct capture_record *r = &batch.records[i];
			struct packet p;
			t->bytes += r->len;
			if (!decode)
				continue;
			packet_decode(r->link_type, r->data, r->len, &p);
			t->sum += p.src_port + p.payload_len;
		}
		t->packets += batch.count;
		capture_release(&batch);
	}
	capture_close(c);
}

static void bench_capture(int fd, struct capture_pool *pool, const char *name)
{
	for (unsigned decode = 0; decode < 2; decode++) {
		double best = 1e18;
		struct totals t;
		for (unsigned round = 0; round < ROUNDS; round++) {
			double start = now_ns();
			run(fd, pool, decode != 0, &t);
			double took = now_ns() - start;
			best = took < best ? took : best;
		}
		double packets = t.packets == 0 ? 1 : (double)t.packets;
		printf("%-30s %6.1f ns a packet; %.0f packets of %.0f bytes (sum %llu)\n",
		       decode != 0 ? "  and packet_decode" : name, best / packets, packets,
		       (double)t.bytes / packets, (unsigned long long)t.sum);
	}
}

int main(int argc, char **argv)
{
	struct capture_pool *pool;
	bool locked;
	if (capture_pool_new(2, &pool, &locked) != HN_OK)
		return HN_EXIT_UNFINISHED;
	for (unsigned kind = 0; kind < KINDS; kind++)
		bench_decode(kind);
	for (int i = 0; i < 2; i++) {
		int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : capture_make(i == 1);
		if (fd < 0) {
			fprintf(stderr, "no capture to read\n");
			return HN_EXIT_INPUT;
		}
		bench_capture(fd, pool,
			      argc > 1 ? "capture_next"
			      : i == 1 ? "capture_next, 60 bytes"
				       : "capture_next, mixed");
		(void)close(fd);
		if (argc > 1)
			return HN_EXIT_DONE;
	}
	return HN_EXIT_DONE;
}
