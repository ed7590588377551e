/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Asks a name server on loopback as fast as it answers, or at a rate, 64 questions a system call, and
 * measures:
 *
 *     dns_load PORT SECONDS WINDOW RATE NAMES [PID]
 *
 * WINDOW questions are under way at most; RATE a second, 0: as fast as the window allows. NAMES: a file of
 * one name (and a type's number) a line, asked in turn. PID: the server, whose CPU time is told for each
 * answer. Prints one line of JSON. Only 127.0.0.1 is asked.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define BATCH      64
#define IDS        65536
#define QUERY_MAX  300
#define ANSWER_MAX 4096
#define LOST_NS    (INT64_C(1000000000)) /* what was not answered by then is lost */
#define SLOTS      40 /* of the histogram: 16 for each doubling would be finer than we need */
#define FINE       16
#define EDNS_TAIL  11

struct query {
	uint16_t len;
	uint8_t bytes[QUERY_MAX];
};

struct load {
	struct query *queries;
	size_t query_count, next_query;
	int fd;
	int64_t sent_ns[IDS]; /* 0: this id is free */
	uint16_t next_id;
	uint32_t under_way, window;
	uint64_t sent, answers, lost, bytes, rcodes[16];
	uint64_t latency[SLOTS * FINE];
	int64_t last_answer_ns, longest_ns;
};

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "dns_load: %s: %s\n", what, hn_errno_text(errno));
	exit(2);
}

static bool make_query(const char *line, struct query *q)
{
	char name[256];
	unsigned type = 1;
	if (sscanf(line, "%255s %u", name, &type) < 1)
		return false;
	uint8_t *at = q->bytes;
	memcpy(at, "\0\0\1\0\0\1\0\0\0\0\0\1", 12);
	at += 12;
	char *rest = NULL;
	for (char *label = strtok_r(name, ".", &rest); label; label = strtok_r(NULL, ".", &rest)) {
		size_t len = strlen(label);
		if (len > 63 || at + len + 20 > q->bytes + QUERY_MAX)
			return false;
		*at++ = (uint8_t)len;
		memcpy(at, label, len);
		at += len;
	}
	*at++ = 0;
	*at++ = (uint8_t)(type >> 8);
	*at++ = (uint8_t)type;
	*at++ = 0;
	*at++ = 1;
	/* OPT, 1,232 bytes */
	memcpy(at, "\0\0\51\4\320\0\0\0\0\0\0", EDNS_TAIL);
	at += EDNS_TAIL;
	q->len = (uint16_t)(at - q->bytes);
	return true;
}

static void read_queries(struct load *l, const char *path)
{
	FILE *file = fopen(path, "re");
	if (!file)
		die(path);
	char line[512];
	size_t room = 0;
	while (fgets(line, sizeof(line), file)) {
		if (l->query_count == room) {
			room = room ? 2 * room : 1024;
			l->queries = realloc(l->queries, room * sizeof(*l->queries));
			if (!l->queries)
				die("memory");
		}
		if (make_query(line, &l->queries[l->query_count]))
			l->query_count++;
	}
	(void)fclose(file);
	if (l->query_count == 0) {
		fprintf(stderr, "dns_load: %s: no names\n", path);
		exit(2);
	}
}

static void connect_to(struct load *l, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int size = 4 << 20;
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ||
	    setsockopt(l->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) ||
	    connect(l->fd, (struct sockaddr *)&to, sizeof(to)))
		die("socket");
}

/* @return how many were sent */
static unsigned send_some(struct load *l, unsigned count)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec io[BATCH];
	static uint8_t bytes[BATCH][QUERY_MAX];
	int64_t now = now_ns();
	unsigned n = 0;
	for (; n < count && n < BATCH; n++) {
		unsigned tries = 0;
		while (l->sent_ns[l->next_id] != 0 && ++tries < IDS)
			l->next_id++;
		const struct query *q = &l->queries[l->next_query];
		if (++l->next_query == l->query_count)
			l->next_query = 0;
		memcpy(bytes[n], q->bytes, q->len);
		bytes[n][0] = (uint8_t)(l->next_id >> 8);
		bytes[n][1] = (uint8_t)l->next_id;
		l->sent_ns[l->next_id++] = now;
		io[n] = (struct iovec){bytes[n], q->len};
		messages[n].msg_hdr = (struct msghdr){.msg_iov = &io[n], .msg_iovlen = 1};
	}
	int sent = n > 0 ? sendmmsg(l->fd, messages, n, 0) : 0;
	if (sent < 0)
		sent = 0;
	for (unsigned i = (unsigned)sent; i < n; i++)
		l->sent_ns[bytes[i][0] << 8 | bytes[i][1]] = 0;
	l->under_way += (unsigned)sent;
	l->sent += (unsigned)sent;
	return (unsigned)sent;
}

static void count_latency(struct load *l, int64_t ns)
{
	uint64_t us16 = (uint64_t)ns * FINE / 1000;
	unsigned slot = 0;
	while (us16 >= 2 * FINE) {
		us16 >>= 1;
		slot++;
	}
	unsigned at = slot * FINE + (unsigned)us16 - (slot > 0 ? FINE : 0);
	l->latency[at < SLOTS * FINE ? at : SLOTS * FINE - 1]++;
}

static double latency_us(const struct load *l, double part)
{
	uint64_t wanted = (uint64_t)((double)l->answers * part);
	uint64_t seen = 0;
	for (unsigned slot = 0; slot < SLOTS * FINE; slot++) {
		seen += l->latency[slot];
		if (seen > wanted) {
			unsigned doubling = slot < 2 * FINE ? 0 : slot / FINE - 1;
			unsigned fine = slot < 2 * FINE ? slot : FINE + slot % FINE;
			return (double)((uint64_t)fine << doubling) / FINE;
		}
	}
	return 0;
}

static void receive_some(struct load *l)
{
	struct mmsghdr messages[BATCH] = {0};
	struct iovec io[BATCH];
	static uint8_t bytes[BATCH][ANSWER_MAX];
	for (unsigned i = 0; i < BATCH; i++) {
		io[i] = (struct iovec){bytes[i], ANSWER_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &io[i], .msg_iovlen = 1};
	}
	int n = recvmmsg(l->fd, messages, BATCH, MSG_DONTWAIT, NULL);
	int64_t now = now_ns();
	for (int i = 0; i < n; i++) {
		int64_t *sent = &l->sent_ns[bytes[i][0] << 8 | bytes[i][1]];
		if (messages[i].msg_len < 12 || *sent == 0)
			continue;
		count_latency(l, now - *sent);
		*sent = 0;
		l->under_way--;
		l->answers++;
		l->bytes += messages[i].msg_len;
		l->rcodes[bytes[i][3] & 15]++;
		if (now - l->last_answer_ns > l->longest_ns)
			l->longest_ns = now - l->last_answer_ns;
		l->last_answer_ns = now;
	}
}

static void give_up_lost(struct load *l, int64_t now)
{
	for (unsigned id = 0; id < IDS; id++) {
		if (l->sent_ns[id] != 0 && now - l->sent_ns[id] > LOST_NS) {
			l->sent_ns[id] = 0;
			l->under_way--;
			l->lost++;
		}
	}
}

/* Nanoseconds on a CPU of all its threads. */
static uint64_t cpu_ns(const char *pid)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/%s/task", pid);
	DIR *dir = opendir(path);
	if (!dir)
		die(path);
	uint64_t sum = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		char stat[400];
		unsigned long long ns;
		(void)snprintf(stat, sizeof(stat), "%s/%s/schedstat", path, e->d_name);
		FILE *file = e->d_name[0] == '.' ? NULL : fopen(stat, "re");
		if (file && fscanf(file, "%llu", &ns) == 1)
			sum += ns;
		if (file)
			(void)fclose(file);
	}
	(void)closedir(dir);
	return sum;
}

static void run(struct load *l, double seconds, double rate)
{
	int64_t begin = now_ns(), end = begin + (int64_t)(seconds * 1e9);
	int64_t looked = begin;
	l->last_answer_ns = begin;
	double due = 0;
	for (int64_t now = begin; now < end; now = now_ns()) {
		unsigned room = l->window > l->under_way ? l->window - l->under_way : 0;
		if (rate > 0) {
			due = rate * (double)(now - begin) / 1e9 - (double)l->sent;
			room = due < 1 ? 0 : due < room ? (unsigned)due : room;
		}
		/* A full batch, or all that may be: few large system calls, as a busy network gives them. */
		if (room >= BATCH || (room > 0 && (rate > 0 || l->under_way == 0)))
			(void)send_some(l, room);
		receive_some(l);
		if (now - looked > LOST_NS / 10) {
			give_up_lost(l, now);
			looked = now;
		}
	}
	int64_t since = now_ns() - l->last_answer_ns;
	if (since > l->longest_ns)
		l->longest_ns = since;
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: dns_load PORT SECONDS WINDOW RATE NAMES [PID]\n");
		return 2;
	}
	static struct load l;
	double seconds = strtod(argv[2], NULL);
	l.window = (uint32_t)strtoul(argv[3], NULL, 10);
	read_queries(&l, argv[5]);
	connect_to(&l, (uint16_t)strtoul(argv[1], NULL, 10));
	uint64_t cpu = argc > 6 ? cpu_ns(argv[6]) : 0;
	int64_t begin = now_ns();
	run(&l, seconds, strtod(argv[4], NULL));
	double took = (double)(now_ns() - begin) / 1e9;
	uint64_t used = argc > 6 ? cpu_ns(argv[6]) - cpu : 0;
	double answers = l.answers > 0 ? (double)l.answers : 1;
	printf("{\"answers\":%llu,\"lost\":%llu,\"rate\":%.0f,\"cpu_us\":%.3f,\"p50_us\":%.1f,\"p99_us\":%."
	       "1f,"
	       "\"silence_ms\":%.2f,\"bytes\":%.1f,\"noerror\":%llu,\"servfail\":%llu,\"nxdomain\":%llu,"
	       "\"refused\":%llu}\n",
	       (unsigned long long)l.answers, (unsigned long long)l.lost, (double)l.answers / took,
	       (double)used / 1e3 / answers, latency_us(&l, 0.5), latency_us(&l, 0.99),
	       (double)l.longest_ns / 1e6, (double)l.bytes / answers, (unsigned long long)l.rcodes[0],
	       (unsigned long long)l.rcodes[2], (unsigned long long)l.rcodes[3],
	       (unsigned long long)l.rcodes[5]);
	free(l.queries);
	return 0;
}
