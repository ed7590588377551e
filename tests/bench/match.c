/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Measures the indicator sets: bytes an entry, compiling, opening, looking up. Prints one table. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "match/build.h"
#include "match/set.h"

#define BATCH        32 /* questions whose lines are fetched ahead, as a sensor does with packets */
#define QUESTIONS    (1u << 20)
#define ROUNDS       5
#define OVERLAY_SIZE 100

static uint64_t random_state = 1;

static uint64_t next(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* CPU time of the process: what others do on the machine counts as little as it can. */
static double now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(int rc, const char *what)
{
	if (rc == HN_OK)
		return;
	fprintf(stderr, "bench match: %s: %s\n", what, hn_strerror(rc));
	exit(5);
}

/* A random host name of the given number of labels and about 24 bytes, in wire form. */
static size_t make_name(unsigned labels, uint8_t out[254])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	static const char *const last[] = {"\3com", "\3net", "\2jp", "\4info"};
	size_t len = 0;
	for (unsigned i = 0; i + 1 < labels; i++) {
		uint64_t r = next();
		out[len] = (uint8_t)(labels == 2 ? 17 + r % 5 : i + 2 == labels ? 9 + r % 6 : 3 + r % 4);
		for (unsigned k = 1; k <= out[len]; k++)
			out[len + k] = (uint8_t)letters[next() & 31];
		len += 1u + out[len];
	}
	const char *tld = last[next() & 3];
	memcpy(out + len, tld, strlen(tld));
	return len + strlen(tld);
}

static size_t make_key(enum entry_kind kind, uint8_t out[254])
{
	uint64_t a = next(), b = next();
	switch (kind) {
	case ENTRY_IP4:
		memcpy(out, &a, 4);
		return 4;
	case ENTRY_IP6:
		out[0] = 0x20;
		out[1] = 0x01;
		memcpy(out + 2, &a, 6);
		memcpy(out + 8, &b, 8);
		return 16;
	case ENTRY_PREFIX4: {
		uint32_t addr = (uint32_t)a;
		unsigned len = 12 + (unsigned)(b % 20);
		addr = __builtin_bswap32(addr & ~(0xffffffffu >> len));
		memcpy(out, &addr, 4);
		out[4] = (uint8_t)len;
		return 5;
	}
	case ENTRY_PREFIX6: {
		unsigned len = b % 4 == 0 ? 32 : b % 4 == 1 ? 48 : b % 4 == 2 ? 56 : 64;
		a = a >> 5 | UINT64_C(1) << 61; /* 2000::/3 */
		a = __builtin_bswap64(a & ~(len == 64 ? 0 : UINT64_MAX >> len));
		memset(out, 0, 17);
		memcpy(out, &a, 8);
		out[16] = (uint8_t)len;
		return 17;
	}
	case ENTRY_WILDCARD:
		return make_name(2, out);
	default:
		return make_name(3, out);
	}
}

struct sample {
	enum entry_kind kind;
	uint64_t count;
	char path[64];
	double add_ms, finish_ms, write_ms, open_us, populate_ms;
	uint64_t file_size, hot_size;
};

static void add_some(struct him_build *b, enum entry_kind kind, uint64_t count)
{
	uint8_t data[254];
	const struct entry_meta meta = {
		.object = "list.txt", .act = "act-1", .marking = "TLP:GREEN", .confidence = 80};
	for (uint64_t i = 0; i < count; i++) {
		struct entry_key key = {kind, (uint16_t)make_key(kind, data), data};
		must(him_build_add(b, &key, &meta), "add");
	}
}

static void compile(struct sample *s, const char *dir, unsigned number)
{
	struct him_build *b;
	const uint8_t *file;
	size_t size;
	uint8_t digest[32];

	(void)snprintf(s->path, sizeof(s->path), "%s/%u.him", dir, number);
	must(him_build_new("bench", NULL, &b), "new");
	random_state = 1;
	double start = now_ms();
	add_some(b, s->kind, s->count);
	s->add_ms = now_ms() - start;
	start = now_ms();
	must(him_build_finish(b, &file, &size, digest), "finish");
	s->finish_ms = now_ms() - start;
	s->file_size = size;
	start = now_ms();
	must(him_build_write(b, s->path), "write");
	s->write_ms = now_ms() - start;
	struct him_build_counts counts;
	him_build_counts(b, &counts);
	s->count = counts.entries;
	him_build_free(b);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Questions that lie in one piece, so that making them costs nothing while it is measured. */
struct questions {
	uint8_t *data;
	uint32_t starts[QUESTIONS + 1];
};

static struct questions *questions_new(enum entry_kind kind)
{
	struct questions *q = malloc(sizeof(*q));
	uint8_t *data = malloc((size_t)QUESTIONS * 64);
	size_t used = 0;
	if (q == NULL || data == NULL)
		must(HN_ENOMEM, "questions");
	random_state = 77;
	for (size_t i = 0; i < QUESTIONS; i++) {
		uint8_t key[254];
		size_t len = kind == ENTRY_IP4 || kind == ENTRY_PREFIX4 ? make_key(ENTRY_IP4, key)
			     : kind == ENTRY_IP6 || kind == ENTRY_PREFIX6
				     ? make_key(ENTRY_IP6, key)
				     : make_name(3 + (unsigned)(i & 1), key);
		q->starts[i] = (uint32_t)used;
		memcpy(data + used, key, len);
		used += len;
	}
	q->starts[QUESTIONS] = (uint32_t)used;
	q->data = data;
	return q;
}

static void questions_free(struct questions *q)
{
	free(q->data);
	free(q);
}

static uint64_t ask(const struct set *s, const struct questions *q, enum entry_kind kind, bool ahead)
{
	struct set_hit hit;
	uint64_t hits = 0;
	bool v4 = kind == ENTRY_IP4 || kind == ENTRY_PREFIX4, v6 = kind == ENTRY_IP6 || kind == ENTRY_PREFIX6;
	for (size_t i = 0; i < QUESTIONS; i += BATCH) {
		for (size_t k = i; ahead && k < i + BATCH; k++) {
			const uint8_t *at = q->data + q->starts[k];
			if (v4)
				set_prefetch_ip4(s, at);
			else if (v6)
				set_prefetch_ip6(s, at);
			else
				set_prefetch_name(s, at, q->starts[k + 1] - q->starts[k]);
		}
		for (size_t k = i; k < i + BATCH; k++) {
			const uint8_t *at = q->data + q->starts[k];
			hits += v4   ? set_find_ip4(s, at, &hit)
				: v6 ? set_find_ip6(s, at, &hit)
				     : set_find_name(s, at, q->starts[k + 1] - q->starts[k], &hit);
		}
	}
	return hits;
}

static double median_ns(const struct set *s, const struct questions *q, enum entry_kind kind, bool ahead,
			uint64_t *hits_out)
{
	double times[ROUNDS];
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = now_ms();
		*hits_out = ask(s, q, kind, ahead);
		times[i] = (now_ms() - start) * 1e6 / QUESTIONS;
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	return times[ROUNDS / 2];
}

static struct set *open_set(const char *const paths[], size_t count)
{
	struct set *set;
	must(set_open(paths, count, &set, NULL), "open");
	return set;
}

static void measure(struct sample *s)
{
	const char *const paths[] = {s->path};
	uint64_t hits;
	double start = now_ms();
	struct set *set = open_set(paths, 1);
	s->open_us = (now_ms() - start) * 1e3;
	struct questions *q = questions_new(s->kind);
	double mapped_ns = median_ns(set, q, s->kind, true, &hits);
	start = now_ms();
	set_populate(set);
	s->populate_ms = now_ms() - start;
	double ahead_ns = median_ns(set, q, s->kind, true, &hits);
	double plain_ns = median_ns(set, q, s->kind, false, &hits);
	printf("%-12s %10llu %8.1f %8.0f %8.0f %8.0f %8.0f %8.0f %8.1f %8.1f %8.1f %8.3f\n",
	       entry_kind_name(s->kind), (unsigned long long)s->count,
	       (double)s->file_size / (double)s->count, s->add_ms, s->finish_ms, s->write_ms, s->open_us,
	       s->populate_ms, mapped_ns, ahead_ns, plain_ns, 100.0 * (double)hits / QUESTIONS);
	(void)fflush(stdout);
	questions_free(q);
	set_close(set);
}

/* What overlays cost: one of OVERLAY_SIZE entries made, and questions to a base with none, one and all of
 * them. */
static void measure_overlays(const struct sample *base, const char *dir)
{
	char path[64];
	const char *paths[SET_OVERLAYS_MAX + 1] = {base->path};
	const size_t counts[] = {0, 1, SET_OVERLAYS_MAX};
	struct him_build *b;
	const uint8_t *file;
	size_t size;
	uint8_t digest[32];
	uint64_t hits;
	struct set *set = open_set(paths, 1);
	struct questions *q = questions_new(base->kind);

	(void)snprintf(path, sizeof(path), "%s/overlay.him", dir);
	double start = now_ms();
	must(him_build_new("bench", NULL, &b), "new");
	him_build_base(b, set_layer_digest(set, 0));
	random_state = 99;
	add_some(b, base->kind, OVERLAY_SIZE);
	must(him_build_finish(b, &file, &size, digest), "finish");
	must(him_build_write(b, path), "write");
	him_build_free(b);
	set_close(set);
	printf("%-12s overlay of %d: %.2f ms;", entry_kind_name(base->kind), OVERLAY_SIZE, now_ms() - start);
	for (size_t i = 1; i <= SET_OVERLAYS_MAX; i++)
		paths[i] = path;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		set = open_set(paths, 1 + counts[i]);
		set_populate(set);
		printf(" with %zu: %.1f ns", counts[i], median_ns(set, q, base->kind, true, &hits));
		set_close(set);
	}
	printf("\n");
	questions_free(q);
	(void)unlink(path);
}

static void run(enum entry_kind kind, uint64_t count, bool overlays, const char *dir)
{
	struct sample s = {.kind = kind, .count = count};
	compile(&s, dir, kind);
	measure(&s);
	if (overlays)
		measure_overlays(&s, dir);
	(void)unlink(s.path);
}

int main(int argc, char **argv)
{
	static const enum entry_kind kinds[] = {ENTRY_IP4,     ENTRY_IP6,  ENTRY_PREFIX4,
						ENTRY_PREFIX6, ENTRY_NAME, ENTRY_WILDCARD};
	static const enum entry_kind large[] = {ENTRY_IP4, ENTRY_IP6, ENTRY_NAME};
	char dir[] = "/tmp/hinomi-bench-XXXXXX";
	bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
	if (mkdtemp(dir) == NULL) {
		perror("bench match");
		return 5;
	}
	printf("times are CPU time; ns: a question that mostly misses, on the mapped file, after "
	       "set_populate(), and so "
	       "without fetching ahead\n");
	printf("%-12s %10s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "kind", "entries", "B/entry", "add ms",
	       "build ms", "write ms", "open us", "popul ms", "map ns", "ahead ns", "plain ns", "hits %");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		run(kinds[i], 1000000, kinds[i] == ENTRY_IP4 || kinds[i] == ENTRY_NAME, dir);
	for (size_t i = 0; !quick && i < sizeof(large) / sizeof(large[0]); i++)
		run(large[i], 10000000, false, dir);
	(void)rmdir(dir);
	return 0;
}
