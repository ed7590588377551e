/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/*
 * Megabytes a second and nanoseconds an object, the median of several rounds over the same bytes: the JSON
 * reader alone (what reading cannot be faster than), cutting a bundle, reading and checking its objects,
 * both, and the canonical form.
 *
 *     bench_stix [BUNDLE]...     without one, a bundle of indicators and relationships is made
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/input.h"
#include "base/json_reader.h"
#include "stix/canonical.h"
#include "stix/split.h"

#define ROUNDS  7
#define OBJECTS 20000
#define PIECE   65536u
#define MAX     (1u << 30)

struct job {
	struct cur text;
	uint64_t objects, refused;
	struct stix_object object;
	struct stix_split *split;
	struct buf canonical;
	int (*fn)(struct job *j, struct cur object);
};

static double now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int no_work(struct job *j, struct cur object)
{
	(void)j;
	(void)object;
	return HN_OK;
}

static int read_object(struct job *j, struct cur object)
{
	return stix_object_read(&j->object, object, STIX_2_0, &STIX_DEFAULTS, NULL);
}

static int read_canonical(struct job *j, struct cur object)
{
	buf_reset(&j->canonical);
	return stix_canonical(object, &STIX_DEFAULTS, &j->canonical, NULL);
}

static int take(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct job *j = context;
	(void)index;
	j->objects++;
	if (bytes == NULL || j->fn(j, cur_of(bytes, len)) != HN_OK)
		j->refused++;
	return HN_OK;
}

static void cut(struct job *j)
{
	if (stix_split_new(STIX_DEFAULTS.size_max, take, j, &j->split) != HN_OK)
		exit(5);
	size_t len = cur_left(&j->text);
	int rc = HN_OK;
	for (size_t at = 0; rc == HN_OK && at < len; at += PIECE)
		rc = stix_split_feed(j->split, j->text.at + at, len - at < PIECE ? len - at : PIECE, NULL);
	if (rc != HN_OK || stix_split_end(j->split, NULL) != HN_OK)
		exit(3);
	stix_split_free(j->split);
}

static void tokens(struct job *j)
{
	struct json_reader r;
	enum json_token token = JSON_TOKEN_NULL;
	json_reader_init(&r, j->text, JSON_READER_DEPTH_MAX, true);
	while (token != JSON_TOKEN_END)
		if (json_next(&r, &token) != HN_OK)
			exit(3);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure(struct job *j, const char *what, void (*run)(struct job *j),
		    int (*fn)(struct job *j, struct cur object))
{
	double ns[ROUNDS];
	j->fn = fn;
	for (int i = 0; i < ROUNDS; i++) {
		j->objects = j->refused = 0;
		double from = now_ns();
		run(j);
		ns[i] = now_ns() - from;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	double median = ns[ROUNDS / 2];
	printf("  %-34s %8.0f MB/s", what, (double)cur_left(&j->text) / median * 1e3);
	if (j->objects > 0)
		printf(" %8.0f ns an object, %llu of %llu refused", median / (double)j->objects,
		       (unsigned long long)j->refused, (unsigned long long)j->objects);
	printf("\n");
}

static void bench(const char *name, struct cur text)
{
	struct job j = {.text = text};
	stix_object_init(&j.object);
	buf_init(&j.canonical, MAX);
	printf("%s: %zu bytes\n", name, cur_left(&text));
	measure(&j, "the JSON reader alone", tokens, no_work);
	measure(&j, "cut", cut, no_work);
	measure(&j, "cut, read, check, facts, values", cut, read_object);
	measure(&j, "cut, canonical form", cut, read_canonical);
	stix_object_clear(&j.object);
	buf_clear(&j.canonical);
}

static void make(struct buf *out)
{
	buf_adds(
		out,
		"{\"type\":\"bundle\",\"id\":\"bundle--00000000-0000-4000-8000-000000000000\",\"objects\":[");
	for (unsigned i = 0; i < OBJECTS; i++) {
		buf_addf(out,
			 "%s{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--%08x-0000-"
			 "4000-8000-"
			 "000000000000\",\"created_by_ref\":\"identity--00000000-0000-4000-8000-"
			 "000000000000\",\"created\":"
			 "\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-02T03:04:05.678Z\",\"name\":"
			 "\"host %u\","
			 "\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[ipv4-addr:value = "
			 "'192.%u.%u.1' OR "
			 "domain-name:value = "
			 "'h%u.example']\",\"pattern_type\":\"stix\",\"valid_from\":\"2024-01-02T03:04:05Z\","
			 "\"confidence\":80}",
			 i == 0 ? "" : ",", i, i, i >> 8 & 255, i & 255, i);
		buf_addf(out,
			 ",{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--%08x-"
			 "0000-4000-8000-"
			 "000000000000\",\"created\":\"2024-01-02T03:04:05.678Z\",\"modified\":\"2024-01-"
			 "02T03:04:05.678Z\","
			 "\"relationship_type\":\"indicates\",\"source_ref\":\"indicator--%08x-0000-4000-"
			 "8000-000000000000\","
			 "\"target_ref\":\"malware--00000000-0000-4000-8000-000000000000\"}",
			 i, i);
	}
	buf_adds(out, "]}");
}

int main(int argc, char **argv)
{
	struct buf made;
	for (int i = 1; i < argc; i++) {
		struct input in;
		struct fault fault = {0};
		if (input_open(argv[i], MAX, &in, &fault) != HN_OK) {
			(void)fprintf(stderr, "%s: %s\n", fault.place, fault.message);
			return 3;
		}
		bench(argv[i], cur_of(in.data, in.len));
		input_close(&in);
	}
	if (argc > 1)
		return 0;
	buf_init(&made, MAX);
	make(&made);
	if (buf_err(&made) != HN_OK)
		return 5;
	bench("made here", cur_of(made.data, made.len));
	buf_clear(&made);
	return 0;
}
