/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Makes large captures for measurements.
 *
 *   make_capture mixed BYTES OUT CAPTURE...     the packets of the captures, played by many players at
 *                                               once, each with hosts of its own, until OUT has so many bytes
 *   make_capture small PACKETS FLOWS OUT        60-byte TCP packets, each of a flow chosen at random
 *   make_capture repeat PACKETS OUT CAPTURE     all packets of one capture, also the odd, by players as above
 *
 * In mixed traffic every flow crosses the border: hosts of private networks become 20.0.0.0/8, which the
 * measurement's domestic table names, and where both ends are private the one with the lower port
 * becomes 30.0.0.0/8.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/ip.h"
#include "base/utc.h"
#include "wire/capture.h"
#include "wire/packet.h"

#define PLAYERS    256
#define RECORD_MAX 1514
#define START_S    1767225600u /* 2026-01-01 */

struct record {
	uint8_t *data;
	uint32_t len;
};

static struct record *records;
static size_t record_count, record_cap;
static uint32_t link_type = 1;
static bool keep_all; /* also what cannot be decoded, and as it lies */
static FILE *out;
static uint64_t written, clock_us;

static void die(const char *what)
{
	fprintf(stderr, "make_capture: %s\n", what);
	exit(2);
}

static void put(const void *data, size_t len)
{
	if (fwrite(data, 1, len, out) != len)
		die("cannot write");
	written += len;
}

static void put_header(void)
{
	const uint32_t header[6] = {0xa1b2c3d4, 2 | 4u << 16, 0, 0, 65535, link_type};
	put(header, sizeof(header));
}

static void put_record(const uint8_t *data, uint32_t len)
{
	const uint32_t header[4] = {START_S + (uint32_t)(clock_us / 1000000), (uint32_t)(clock_us % 1000000),
				    len, len};
	put(header, sizeof(header));
	put(data, len);
	clock_us++; /* a million packets a second */
}

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* RFC 1071 over a header. */
static uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += load_be16(data + i);
	if (len % 2 != 0)
		sum += (uint32_t)data[len - 1] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Every flow crosses the border; see above. */
static void move_hosts(uint8_t *src, uint8_t *dst, uint16_t src_port, uint16_t dst_port)
{
	bool from_client = src_port >= dst_port;
	uint8_t *client = from_client ? src : dst, *server = from_client ? dst : src;
	struct ip ip = {.version = 4};

	memcpy(ip.bytes, server, 4);
	client[0] = 20;
	if (!ip_is_global(&ip) || server[0] == 20 || server[0] == 192)
		server[0] = 30;
}

static void keep(const uint8_t *data, size_t len)
{
	struct packet p;
	packet_decode(link_type, data, len, &p);
	if (len > RECORD_MAX)
		return;
	if (!keep_all && (p.reason != PACKET_OK || p.ip_version == 0 || len < 42))
		return;
	if (record_count == record_cap) {
		record_cap = record_cap == 0 ? 65536 : 2 * record_cap;
		records = realloc(records, record_cap * sizeof(*records));
		if (records == NULL)
			die("no memory");
	}
	uint8_t *copy = malloc(len);
	if (copy == NULL)
		die("no memory");
	memcpy(copy, data, len);
	if (p.reason == PACKET_OK && p.ip_version == 4 && !p.tunnelled)
		move_hosts(copy + (p.src - data), copy + (p.dst - data), p.src_port, p.dst_port);
	records[record_count++] = (struct record){copy, (uint32_t)len};
}

static void load(const char *path, struct capture_pool *pool)
{
	struct capture *c;
	static struct capture_batch batch;
	int fd = open(path, O_RDONLY);
	if (fd < 0 || capture_open(fd, path, pool, &c, NULL) != HN_OK)
		return;
	while (capture_next(c, &batch) == HN_OK && batch.count > 0) {
		if (keep_all && record_count == 0)
			link_type = batch.records[0].link_type;
		for (size_t i = 0; i < batch.count; i++)
			if (batch.records[i].link_type == link_type)
				keep(batch.records[i].data, batch.records[i].len);
		capture_release(&batch);
	}
	capture_close(c);
}

/* In the network's part of both addresses. Checksums are left as they are. */
static void vary_ipv6(uint8_t *src, uint8_t *dst, uint16_t mask)
{
	for (size_t i = 0; i < 2; i++) {
		uint8_t bits = (uint8_t)(mask >> 8 * i);
		src[6 + i] = (uint8_t)(src[6 + i] ^ bits);
		dst[6 + i] = (uint8_t)(dst[6 + i] ^ bits);
	}
}

/* Gives the packet hosts of the player's turn: the third and fourth byte of both addresses. */
static void vary(uint8_t *data, size_t len, uint16_t mask)
{
	struct packet p;
	packet_decode(link_type, data, len, &p);
	if (p.reason != PACKET_OK)
		return;
	if (p.ip_version == 6 && keep_all && !p.tunnelled) {
		vary_ipv6(data + (p.src - data), data + (p.dst - data), mask);
		return;
	}
	if (p.ip_version != 4 || p.tunnelled)
		return;
	uint8_t *ip = data + (p.src - data) - 12;
	for (size_t at = 14; at <= 18; at += 4) {
		ip[at] = (uint8_t)(ip[at] ^ mask >> 8);
		ip[at + 1] = (uint8_t)(ip[at + 1] ^ mask);
	}
	size_t header = (size_t)(ip[0] & 15) * 4;
	ip[10] = ip[11] = 0;
	uint16_t sum = checksum(ip, header, 0);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	/* Transport checksums, so that peers which check them look at the packet as well. */
	size_t total = load_be16(ip + 2);
	size_t offset = p.protocol == 6 ? 16 : 6;
	if (p.fragment != FRAGMENT_NONE || (p.protocol != 6 && p.protocol != 17) ||
	    total < header + offset + 2 || ip + total > data + len)
		return;
	uint8_t *transport = ip + header;
	size_t size = total - header;
	uint32_t pseudo = p.protocol + (uint32_t)size;
	for (size_t at = 12; at < 20; at += 2)
		pseudo += load_be16(ip + at);
	transport[offset] = transport[offset + 1] = 0;
	sum = checksum(transport, size, pseudo);
	if (sum == 0 && p.protocol == 17)
		sum = 0xffff;
	transport[offset] = (uint8_t)(sum >> 8);
	transport[offset + 1] = (uint8_t)sum;
}

/* Every player plays all records from a place of its own, then again with other hosts. */
static void play(size_t players, uint64_t bytes, uint64_t packets)
{
	size_t at[PLAYERS];
	uint16_t mask[PLAYERS];
	uint8_t packet[RECORD_MAX];

	if (record_count == 0)
		die("the captures hold no packets that can be used");
	for (size_t i = 0; i < players; i++) {
		at[i] = keep_all ? 0 : record_count * i / players;
		mask[i] = (uint16_t)next_random();
	}
	while (written < bytes && clock_us < packets) {
		for (size_t i = 0; i < players; i++) {
			const struct record *r = &records[at[i]];
			memcpy(packet, r->data, r->len);
			vary(packet, r->len, mask[i]);
			put_record(packet, r->len);
			if (++at[i] == record_count) {
				at[i] = 0;
				mask[i] = (uint16_t)next_random();
			}
		}
	}
}

static void make_small(uint64_t packets, uint64_t flows)
{
	uint8_t packet[60] = {0x02, 0,    0,    0, 0, 1,  0x02, 0, 0, 0, 0,  2,
			      0x08, 0x00, 0x45, 0, 0, 40, 0,    0, 0, 0, 64, 6};
	packet[46] = 0x50; /* data offset 5 */
	packet[47] = 0x10; /* ACK */
	for (uint64_t i = 0; i < packets; i++) {
		/* The flow's number gives its hosts and ports, by a mixing that has an inverse. */
		uint64_t h = (next_random() % flows + 1) * UINT64_C(0x9E3779B97F4A7C15);
		packet[26] = 60;
		memcpy(packet + 27, &h, 3);
		packet[30] = 20;
		memcpy(packet + 31, (const uint8_t *)&h + 3, 3);
		memcpy(packet + 34, (const uint8_t *)&h + 4, 4);
		packet[24] = packet[25] = 0;
		uint16_t sum = checksum(packet + 14, 20, 0);
		packet[24] = (uint8_t)(sum >> 8);
		packet[25] = (uint8_t)sum;
		put_record(packet, sizeof(packet));
	}
}

static const char *make(int argc, char **argv)
{
	struct capture_pool *pool;
	bool locked, mixed = argc >= 5 && strcmp(argv[1], "mixed") == 0;

	keep_all = argc == 5 && strcmp(argv[1], "repeat") == 0;
	if (!mixed && !keep_all && (argc != 5 || strcmp(argv[1], "small") != 0))
		die("usage: make_capture mixed BYTES OUT CAPTURE... | small PACKETS FLOWS OUT | "
		    "repeat PACKETS OUT CAPTURE");
	if ((mixed || keep_all) && capture_pool_new(8, &pool, &locked) != HN_OK)
		die("no memory");
	for (int i = 4; (mixed || keep_all) && i < argc; i++)
		load(argv[i], pool);
	return mixed || keep_all ? argv[3] : argv[4];
}

int main(int argc, char **argv)
{
	const char *path = make(argc, argv);
	uint64_t count = strtoull(argv[2], NULL, 10);

	out = fopen(path, "wb");
	if (out == NULL)
		die(hn_errno_text(errno));
	(void)setvbuf(out, NULL, _IOFBF, 1 << 20);
	put_header();
	if (argv[1][0] == 's')
		make_small(count, strtoull(argv[3], NULL, 10));
	else if (keep_all)
		play(16, UINT64_MAX, count);
	else
		play(PLAYERS, count, UINT64_MAX);
	if (fclose(out) != 0)
		die(hn_errno_text(errno));
	printf("%llu\n", (unsigned long long)clock_us);
	return 0;
}
