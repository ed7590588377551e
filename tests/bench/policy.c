/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Measures policies: reading, memory with its peak, replacing, an overlay, a judgement. Prints one table. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/utc.h"
#include "match/build.h"
#include "match/canonical.h"
#include "match/set.h"
#include "resolver/policy_store.h"

#define BATCH     64 /* questions that a serving thread reads at once */
#define QUESTIONS (1u << 19)
#define ROUNDS    7

/* What a set holds: names alone, or each with all that lies below it. */
struct sample {
	const char *name;
	bool rpz, wild;
	uint32_t names;
};

static const struct sample samples[] = {
	{"no set", false, false, 0},
	{"rpz, 1 M names", true, false, 1000000},
	{"rpz, 1 M names and below", true, true, 1000000},
	{"rpz, 2 M names", true, false, 2000000},
	{"him, 1 M names", false, false, 1000000},
	{"him, 1 M names and below", false, true, 1000000},
};

static uint64_t random_state;

static uint64_t next(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void must(int rc, const char *what, const struct fault *fault)
{
	if (rc == HN_OK)
		return;
	fprintf(stderr, "bench policy: %s: %s %s %s\n", what, hn_strerror(rc),
		fault == NULL ? "" : fault->place, fault == NULL ? "" : fault->message);
	exit(5);
}

static double now_ms(clockid_t clock)
{
	struct timespec t;
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Bytes of memory now, or the most there were, in MB (10^6). */
static double memory_mb(const char *key)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtod(line + strlen(key) + 1, NULL);
	if (f != NULL)
		(void)fclose(f);
	return kb * 1024 / 1e6;
}

/* ---- names: real ones first, then made ones like them ---- */

struct names {
	char (*text)[64];
	uint32_t count;
};

static void make_text(char out[64])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	static const char *const last[] = {"com", "net", "jp", "info", "xyz", "co.jp"};
	unsigned len = 8 + (unsigned)(next() % 11);
	for (unsigned i = 0; i < len; i++)
		out[i] = letters[next() & 31];
	(void)snprintf(out + len, 64 - len, ".%s", last[next() % 6]);
}

static struct names *names_new(const char *path, uint32_t count)
{
	struct names *n = calloc(1, sizeof(*n));
	char line[256];
	if (n != NULL)
		n->text = malloc((size_t)count * sizeof(*n->text));
	if (n == NULL || n->text == NULL) {
		must(HN_ENOMEM, "names", NULL);
		exit(5);
	}
	FILE *f = path == NULL ? NULL : fopen(path, "r");
	while (f != NULL && n->count < count && fgets(line, sizeof(line), f) != NULL) {
		struct canonical key;
		size_t len = strcspn(line, "\r\n");
		if (len == 0 || len >= 60 || line[len - 1] == '.' ||
		    canonical_name(line, len, &key) != HN_OK || key.key.kind != ENTRY_NAME)
			continue;
		memcpy(n->text[n->count], line, len);
		n->text[n->count++][len] = '\0';
	}
	if (f != NULL)
		(void)fclose(f);
	random_state = 1;
	while (n->count < count)
		make_text(n->text[n->count++]);
	return n;
}

/* ---- files ---- */

static void write_zone(const struct names *n, const struct sample *s, const char *path)
{
	FILE *f = fopen(path, "w");
	must(f == NULL ? HN_EIO : HN_OK, path, NULL);
	fprintf(f, "$TTL 60\n$ORIGIN rpz.test.\n@ SOA ns h 1 2 3 4 5\n NS ns.\n");
	for (uint32_t i = 0; i < s->names; i++) {
		fprintf(f, "%s CNAME .\n", n->text[i]);
		if (s->wild)
			fprintf(f, "*.%s CNAME .\n", n->text[i]);
	}
	(void)fclose(f);
}

static void add_value(struct him_build *b, const char *prefix, const char *text)
{
	const struct entry_meta meta = {.object = "list.txt", .confidence = 80};
	struct canonical key;
	char value[80];
	(void)snprintf(value, sizeof(value), "%s%s", prefix, text);
	must(canonical_name(value, strlen(value), &key), value, NULL);
	must(him_build_add(b, &key.key, &meta), value, NULL);
}

static void write_him(const struct names *n, uint32_t from, uint32_t count, bool wild, const uint8_t *base,
		      const char *path, uint8_t digest_out[32])
{
	struct him_build *b;
	const uint8_t *data;
	size_t size;
	must(him_build_new("bench", NULL, &b), "new", NULL);
	if (base != NULL)
		him_build_base(b, base);
	for (uint32_t i = from; i < from + count; i++) {
		add_value(b, "", n->text[i]);
		if (wild)
			add_value(b, "*.", n->text[i]);
	}
	must(him_build_finish(b, &data, &size, digest_out), "finish", NULL);
	must(him_build_write(b, path), path, NULL);
	him_build_free(b);
}

/* ---- questions ---- */

struct questions {
	uint8_t (*name)[64];
	uint8_t *len;
};

static size_t to_wire(const char *front, const char *text, uint8_t out[64])
{
	struct canonical key;
	char value[80];
	(void)snprintf(value, sizeof(value), "%s%s", front, text);
	if (canonical_name(value, strlen(value), &key) != HN_OK || key.key.len > 64)
		return 0;
	memcpy(out, key.key.data, key.key.len);
	return key.key.len;
}

/* Names that are listed, or "www." of names that are not. */
static struct questions questions_new(const struct names *n, uint32_t listed)
{
	struct questions q = {malloc((size_t)QUESTIONS * 64), malloc(QUESTIONS)};
	must(q.name == NULL || q.len == NULL ? HN_ENOMEM : HN_OK, "questions", NULL);
	random_state = 77;
	for (uint32_t i = 0; i < QUESTIONS; i++) {
		char text[64];
		do {
			if (listed == 0)
				make_text(text);
			q.len[i] = (uint8_t)to_wire(listed == 0 ? "www." : "",
						    listed == 0 ? text : n->text[next() % listed], q.name[i]);
		} while (q.len[i] == 0);
	}
	return q;
}

static void questions_free(struct questions *q)
{
	free(q->name);
	free(q->len);
}

static uint64_t ask(const struct policy *p, const struct questions *q, int64_t now_ns, bool entries)
{
	uint64_t blocked = 0;
	static struct suffixes names[BATCH];
	static struct fetches f;
	for (uint32_t i = 0; i < QUESTIONS; i += BATCH) {
		for (uint32_t k = i; k < i + BATCH; k++)
			if (suffixes_cut(&names[k - i], q->name[k], q->len[k]))
				policy_prefetch_name(p, 0, &names[k - i], &f);
		fetches_go(&f);
		for (uint32_t k = i; entries && k < i + BATCH; k++)
			policy_prefetch_records(p, 0, &names[k - i], &f);
		fetches_go(&f);
		for (uint32_t k = i; k < i + BATCH; k++) {
			struct policy_verdict v;
			policy_begin(p, 0, &v);
			policy_judge_suffixes(&v, &names[k - i], now_ns);
			blocked += policy_is_final(&v);
		}
	}
	return blocked;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static double median_ns(const struct policy *p, const struct questions *q, bool entries)
{
	double times[ROUNDS];
	int64_t now_ns = utc_now_ns();
	uint64_t blocked = 0;
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
		blocked += ask(p, q, now_ns, entries);
		times[i] = (now_ms(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e6 / QUESTIONS;
	}
	qsort(times, ROUNDS, sizeof(times[0]), compare);
	(void)blocked;
	return times[ROUNDS / 2];
}

/* ---- one sample, in a process of its own ---- */

static void touch(const char *path)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	must(utimensat(AT_FDCWD, path, times, 0) == 0 ? HN_OK : HN_EIO, path, NULL);
}

static double reload(struct policy_store *store, clockid_t clock)
{
	struct fault fault = {{0}, {0}};
	double start = now_ms(clock);
	must(policy_store_reload(store, NULL, false, &fault), "reload", &fault);
	return now_ms(clock) - start;
}

/* An overlay of 100 names, from its rename into place until it is in force. */
static double measure_overlay(struct policy_store *store, const char *directory, const uint8_t digest[32],
			      const struct names *n, uint32_t from)
{
	char path[160];
	uint8_t own[32];
	int fd;
	must(policy_store_watch(store, &fd, NULL), "watch", NULL);
	(void)snprintf(path, sizeof(path), "%s/1.him", directory);
	write_him(n, from, 100, false, digest, path, own);
	return policy_store_changed(store) ? reload(store, CLOCK_MONOTONIC) : -1;
}

static void measure(const struct sample *s, const char *dir, const char *list)
{
	char path[128], directory[128], base_path[160];
	const char *paths[] = {path};
	uint8_t digest[32];
	static const uint16_t order[] = {0};
	struct fault fault = {{0}, {0}};
	struct policy_store *store;
	(void)snprintf(directory, sizeof(directory), "%s/sets", dir);
	(void)snprintf(path, sizeof(path), "%s/zone.rpz", dir);
	(void)snprintf(base_path, sizeof(base_path), "%s/sets/0.him", dir);
	if (fork() == 0) { /* what makes the files takes memory of its own */
		struct names *n = names_new(list, s->names);
		if (s->rpz)
			write_zone(n, s, path);
		else if (s->names > 0)
			write_him(n, 0, s->names, s->wild, NULL, base_path, digest);
		_exit(0);
	}
	(void)wait(NULL);
	const struct policy_set_spec set = {.name = "bench",
					    .rpz = s->rpz,
					    .paths = paths,
					    .path_count = s->rpz ? 1 : 0,
					    .directory = s->rpz ? NULL : directory,
					    .action = POLICY_NXDOMAIN,
					    .ttl = 5};
	const struct policy_view_spec view = {"all", order, s->names > 0 ? 1 : 0};
	const struct policy_spec spec = {&set, s->names > 0 ? 1 : 0, &view, 1};
	double empty = memory_mb("VmRSS"), start = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	must(policy_store_new(&spec, &store, &fault), s->name, &fault);
	double load_ms = now_ms(CLOCK_PROCESS_CPUTIME_ID) - start, load_mb = memory_mb("VmRSS") - empty;
	double peak_mb = memory_mb("VmHWM") - empty;
	touch(s->rpz ? path : s->names > 0 ? base_path : dir);
	double reload_ms = reload(store, CLOCK_PROCESS_CPUTIME_ID), reload_mb = memory_mb("VmHWM") - empty;
	struct names *n = names_new(list, s->names > 0 ? s->names + 100 : 100);
	double overlay_ms = 0;
	if (!s->rpz && s->names > 0) {
		const char *base[] = {base_path};
		struct set *opened;
		must(set_open(base, 1, &opened, &fault), base_path, &fault);
		memcpy(digest, set_layer_digest(opened, 0), sizeof(digest));
		set_close(opened);
		overlay_ms = measure_overlay(store, directory, digest, n, s->names);
	}
	struct questions misses = questions_new(n, 0), hits = questions_new(n, s->names);
	printf("%-26s %8.0f %8.1f %8.1f %8.0f %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f\n", s->name, load_ms,
	       load_mb, peak_mb, reload_ms, reload_mb, overlay_ms,
	       median_ns(policy_store_get(store), &misses, false),
	       median_ns(policy_store_get(store), &misses, true),
	       median_ns(policy_store_get(store), &hits, false),
	       median_ns(policy_store_get(store), &hits, true));
	(void)fflush(stdout);
	questions_free(&misses);
	questions_free(&hits);
	free(n->text);
	free(n);
	policy_store_free(store);
}

/* ---- an overlay while a list is read ---- */

#define OVERLAYS_MAX 256

struct lane {
	struct policy_store *store;
	_Atomic bool over;
	double read_ms;
};

static void *read_list(void *context)
{
	struct lane *l = context;
	l->read_ms = reload(l->store, CLOCK_MONOTONIC);
	atomic_store(&l->over, true);
	return NULL;
}

/* Overlays of 100 names, one after the other while a zone file of two million rules is read again. */
static void measure_lane(const char *dir, const char *list)
{
	const struct sample zone = {"", true, false, 2000000};
	char path[128], directory[128], base_path[160], overlay_path[160];
	const char *paths[] = {path};
	uint8_t digest[32], own[32];
	static const uint16_t order[] = {0, 1};
	struct fault fault = {{0}, {0}};
	struct lane lane = {0};
	double times[OVERLAYS_MAX] = {0};
	size_t count = 0;
	pthread_t reader;
	int fd;
	(void)snprintf(directory, sizeof(directory), "%s/sets", dir);
	(void)snprintf(path, sizeof(path), "%s/zone.rpz", dir);
	(void)snprintf(base_path, sizeof(base_path), "%s/sets/0.him", dir);
	(void)snprintf(overlay_path, sizeof(overlay_path), "%s/sets/1.him", dir);
	struct names *n = names_new(list, zone.names);
	write_zone(n, &zone, path);
	write_him(n, 0, 1000000, false, NULL, base_path, digest);
	const struct policy_set_spec sets[] = {
		{.name = "sets", .directory = directory, .action = POLICY_NXDOMAIN, .ttl = 5},
		{.name = "zone", .rpz = true, .paths = paths, .path_count = 1, .action = POLICY_NXDOMAIN}};
	const struct policy_view_spec view = {"all", order, 2};
	const struct policy_spec spec = {sets, 2, &view, 1};
	must(policy_store_new(&spec, &lane.store, &fault), "lane", &fault);
	must(policy_store_watch(lane.store, &fd, NULL), "watch", NULL);
	touch(path);
	must(pthread_create(&reader, NULL, read_list, &lane) == 0 ? HN_OK : HN_EIO, "thread", NULL);
	while (!atomic_load(&lane.over) && count < OVERLAYS_MAX) {
		bool left;
		write_him(n, (uint32_t)count, 100, false, digest, overlay_path, own);
		double start = now_ms(CLOCK_MONOTONIC);
		if (policy_store_changed(lane.store))
			must(policy_store_reload_small(lane.store, &left, &fault), "overlay", &fault);
		times[count++] = now_ms(CLOCK_MONOTONIC) - start;
		(void)usleep(10000);
	}
	(void)pthread_join(reader, NULL);
	if (count == 0)
		must(HN_ESTATE, "no overlay came in time", NULL);
	qsort(times, count, sizeof(times[0]), compare);
	printf("overlays while 2 M rules are read for %.0f ms: %zu, in force after %.1f ms (median), "
	       "%.1f ms (longest)\n",
	       lane.read_ms, count, times[count / 2], times[count - 1]);
	(void)fflush(stdout);
	policy_store_free(lane.store);
	free(n->text);
	free(n);
}

int main(int argc, char **argv)
{
	const char *list = argc > 1 ? argv[1] : NULL;
	char command[64];
	printf("Load, and again while the first is in force: CPU time, and MB above the empty process.\n"
	       "Overlay: ms by the clock from its rename until it is in force.\n"
	       "ns: CPU time of a judgement, in batches of %d, of a name that is not listed and of one that "
	       "is.\n",
	       BATCH);
	printf("%-26s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "set", "load ms", "MB", "peak MB",
	       "again ms", "peak MB", "overlay", "miss ns", "entries", "hit ns", "entries");
	(void)fflush(stdout);
	for (size_t i = 0; i <= sizeof(samples) / sizeof(samples[0]); i++) {
		char dir[] = "/tmp/hinomi-bench-XXXXXX";
		if (mkdtemp(dir) == NULL)
			return 5;
		(void)snprintf(command, sizeof(command), "%s/sets", dir);
		(void)mkdir(command, 0700);
		pid_t child = fork();
		int status = 0;
		if (child == 0) {
			if (i < sizeof(samples) / sizeof(samples[0]))
				measure(&samples[i], dir, list);
			else
				measure_lane(dir, list);
			exit(0);
		}
		(void)waitpid(child, &status, 0);
		static const char *const files[] = {"sets/0.him", "sets/1.him", "zone.rpz", "sets", ""};
		for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
			char path[160];
			(void)snprintf(path, sizeof(path), "%s/%s", dir, files[k]);
			(void)remove(path);
		}
		if (status != 0)
			return 5;
	}
	return 0;
}
