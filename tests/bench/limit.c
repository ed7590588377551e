/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * The limit of the machine: a program that maps a pcap file, walks its headers and probes a table of a
 * million addresses for both ends of each packet, and does nothing else.
 *
 *   limit CAPTURE ADDRESSES    (a list of IPv4 addresses in text)
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/ip.h"

#define SLOTS (1u << 21)

static uint32_t *table;

static uint32_t place(uint32_t addr)
{
	return addr * 0x9E3779B1u >> 11;
}

static int has(uint32_t addr)
{
	for (uint32_t at = place(addr); table[at] != 0; at = (at + 1) & (SLOTS - 1))
		if (table[at] == addr)
			return 1;
	return 0;
}

static void load_addresses(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");
	if (file == NULL)
		exit(2);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct ip ip;
		if (ip_parse(line, strcspn(line, "\n"), &ip) != HN_OK || ip.version != 4)
			continue;
		uint32_t addr = load_be32(ip.bytes), at = place(addr);
		while (table[at] != 0 && table[at] != addr)
			at = (at + 1) & (SLOTS - 1);
		table[at] = addr;
	}
	(void)fclose(file);
}

static double cpu(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct stat st;
	if (argc != 3)
		return 2;
	table = mmap(NULL, SLOTS * sizeof(*table), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (table == MAP_FAILED)
		return 2;
	(void)madvise(table, SLOTS * sizeof(*table), MADV_HUGEPAGE);
	load_addresses(argv[2]);
	double loaded = cpu();
	int fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0)
		return 2;
	const uint8_t *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (file == MAP_FAILED)
		return 2;
	double mapped = cpu();
	uint64_t packets = 0, hits = 0;
	const uint8_t *end = file + st.st_size;
	for (const uint8_t *at = file + 24; end - at >= 16;) {
		uint32_t len = load_le32(at + 8);
		const uint8_t *p = at + 16;
		if (len > (size_t)(end - p))
			break;
		at = p + len;
		packets++;
		if (len < 34 || load_be16(p + 12) != 0x0800 || (p[14] & 15) < 5)
			continue;
		hits += (uint64_t)(has(load_be32(p + 26)) + has(load_be32(p + 30)));
	}
	double walked = cpu();
	printf("{\"packets\":%llu,\"hits\":%llu,\"process_s\":%.6f,\"loop_s\":%.6f}\n",
	       (unsigned long long)packets, (unsigned long long)hits, walked - loaded, walked - mapped);
	return 0;
}
