/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Appends a second with their commits, and microseconds a proof in a large log. bench_ledger DIR ENTRIES
 *
 * DIR is an empty directory for the log; 10 million entries take some 4 GB there.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/ledger.h"
#include "ledger/tlog.h"

#define RECORD      150 /* bytes; a receipt's digest and a few names */
#define MEASURED    100000u
#define ROUNDS      5u
#define PROOFS      20000u
#define START_NS    INT64_C(1790000000000000000)
#define LARGE_BATCH 100000u

static double now(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, int rc, const struct fault *fault)
{
	fprintf(stderr, "bench: %s: %s %s %s\n", what, hn_strerror(rc), fault->place, fault->message);
	exit(1);
}

/* Appends count records, committing each batch. */
static void append(struct ledger *l, uint64_t count, uint64_t batch)
{
	static const char record[RECORD] = {'x'};
	static const struct fault none;

	for (uint64_t i = 0; i < count; i++) {
		int rc = ledger_append(l, "receipt", START_NS + (int64_t)i * 1000, record, sizeof(record),
				       NULL);
		if (rc == HN_OK && ((i + 1) % batch == 0 || i + 1 == count))
			rc = ledger_commit(l);
		if (rc != HN_OK)
			die("append", rc, &none);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Rounds, since a disk that others use too gives another figure each time: lowest, median and highest. */
static void measure_append(struct ledger *l, uint64_t count, uint64_t batch)
{
	double wall[ROUNDS];
	double cpu[ROUNDS];
	for (size_t i = 0; i < ROUNDS; i++) {
		double wall_start = now(CLOCK_MONOTONIC);
		double cpu_start = now(CLOCK_PROCESS_CPUTIME_ID);
		append(l, count, batch);
		wall[i] = (double)count / (now(CLOCK_MONOTONIC) - wall_start);
		cpu[i] = (double)count / (now(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
	}
	qsort(wall, ROUNDS, sizeof(*wall), compare);
	qsort(cpu, ROUNDS, sizeof(*cpu), compare);
	printf("append, durable every %6llu: %7.0f a second, %.0f to %.0f (%7.0f a CPU second, %.0f to "
	       "%.0f)\n",
	       (unsigned long long)batch, wall[ROUNDS / 2], wall[0], wall[ROUNDS - 1], cpu[ROUNDS / 2],
	       cpu[0], cpu[ROUNDS - 1]);
}

static void print_times(const char *what, double *us, size_t count)
{
	qsort(us, count, sizeof(*us), compare);
	printf("%-28s %7.1f us median, %7.1f us in 99 of 100\n", what, us[count / 2], us[count / 100 * 99]);
}

/* Proofs of entries at random places; a small generator makes the places the same each time. */
static void measure_proofs(struct tlog *t, const char *what, bool consistency)
{
	static double us[PROOFS];
	static const struct fault none;
	const struct checkpoint *head = tlog_head(t);
	uint64_t place = 88172645463325252u;

	for (size_t i = 0; i < PROOFS; i++) {
		struct merkle_hash path[MERKLE_PROOF_MAX];
		struct merkle_hash leaf;
		size_t len = 0;
		place ^= place << 13;
		place ^= place >> 7;
		place ^= place << 17;
		uint64_t index = place % head->size;
		double start = now(CLOCK_MONOTONIC);
		int rc;
		if (consistency)
			rc = tlog_consistency(t, index + 1, head->size, path, &len);
		else
			rc = tlog_inclusion(t, index, head->size, path, &len);
		us[i] = (now(CLOCK_MONOTONIC) - start) * 1e6;
		if (rc == HN_OK && !consistency) {
			rc = tlog_leaf(t, index, &leaf);
			if (rc == HN_OK)
				rc = merkle_verify_inclusion(index, head->size, &leaf, path, len,
							     &head->root);
		}
		if (rc != HN_OK)
			die("proof", rc, &none);
	}
	print_times(what, us, PROOFS);
}

static void measure_checks(struct tlog *t)
{
	static double us[PROOFS];
	static const struct fault none;
	const struct checkpoint *head = tlog_head(t);
	struct merkle_hash path[MERKLE_PROOF_MAX];
	struct merkle_hash leaf;
	size_t len = 0;

	int rc = tlog_inclusion(t, head->size / 3, head->size, path, &len);
	if (rc == HN_OK)
		rc = tlog_leaf(t, head->size / 3, &leaf);
	for (size_t i = 0; i < PROOFS && rc == HN_OK; i++) {
		double start = now(CLOCK_MONOTONIC);
		rc = merkle_verify_inclusion(head->size / 3, head->size, &leaf, path, len, &head->root);
		us[i] = (now(CLOCK_MONOTONIC) - start) * 1e6;
	}
	if (rc != HN_OK)
		die("check", rc, &none);
	print_times("checking an inclusion proof", us, PROOFS);
}

int main(int argc, char **argv)
{
	uint8_t public_key[NOTE_PUBLIC_SIZE];
	uint8_t secret_key[NOTE_SECRET_SIZE];
	struct fault fault = {{0}, {0}};
	struct ledger *l = NULL;
	struct tlog *t = NULL;

	if (argc != 3 || sodium_init() < 0)
		return 2;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	uint64_t entries = strtoull(argv[2], NULL, 10);
	int fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)crypto_sign_keypair(public_key, secret_key);
	struct ledger_options options = {.origin = "hinomi/bench", .secret_key = secret_key};
	int rc = ledger_open(fd, &options, &l, &fault);
	if (rc != HN_OK)
		die(argv[1], rc, &fault);
	measure_append(l, MEASURED / 10, 100);
	measure_append(l, MEASURED, 1000);
	measure_append(l, MEASURED, 10000);
	measure_append(l, MEASURED, 100000);
	if (entries > ledger_size(l))
		append(l, entries - ledger_size(l), LARGE_BATCH);
	double start = now(CLOCK_MONOTONIC);
	ledger_close(l);
	rc = ledger_open(fd, &options, &l, &fault);
	if (rc != HN_OK)
		die(argv[1], rc, &fault);
	printf("opening a log of %llu entries: %.1f ms\n", (unsigned long long)ledger_size(l),
	       (now(CLOCK_MONOTONIC) - start) * 1e3);
	ledger_close(l);

	rc = tlog_open(fd, NULL, &t, &fault);
	if (rc != HN_OK)
		die(argv[1], rc, &fault);
	measure_proofs(t, "making an inclusion proof", false);
	measure_proofs(t, "making a consistency proof", true);
	measure_checks(t);
	tlog_free(t);
	(void)close(fd);
	return 0;
}
