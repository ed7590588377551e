/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_SENSOR_OUTPUT_WORLD_H
#define HINOMI_TESTS_UNIT_SENSOR_OUTPUT_WORLD_H

/* What receipts are made of, and a directory to put them into. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sensor/output.h"
#include "sensor/receipt_write.h"
#include "world.h"

struct output_world {
	struct sensor_world sensor;
	struct trust trust;
	struct confinement confinement;
	struct key *identity, *stranger;
	struct uuid edge;
	struct receipt_context context;
	char root[64];
	char dir[80]; /* in it; not made yet */
};

static inline void output_world_init(struct output_world *w)
{
	static const char *const values[] = {"203.0.113.66"};

	memset(w, 0, sizeof(*w));
	sensor_world_init(&w->sensor, values, 1);
	world_must(key_make("sensor", &w->identity) == HN_OK && key_make("stranger", &w->stranger) == HN_OK);
	key_sensor_id(key_public(w->identity), &w->edge);
	w->context = (struct receipt_context){.edge = w->edge,
					      .epoch = uuid_v7(WORLD_TIME),
					      .authorization = &w->sensor.authorization,
					      .trust = &w->trust,
					      .domestic = w->sensor.domestic,
					      .sets = (const struct set *const *)&w->sensor.set,
					      .set_count = 1,
					      .identity = w->identity,
					      .parser = &w->confinement,
					      .writer = &w->confinement};
	/* In memory where there is such a place: what fsync costs is not what is tested. */
	(void)snprintf(w->root, sizeof(w->root), "/dev/shm/hinomi-output-XXXXXX");
	if (mkdtemp(w->root) == NULL) {
		(void)snprintf(w->root, sizeof(w->root), "/tmp/hinomi-output-XXXXXX");
		world_must(mkdtemp(w->root) != NULL);
	}
	(void)snprintf(w->dir, sizeof(w->dir), "%s/out", w->root);
}

static inline int output_world_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Removes what was put out, so that the directory is new again. */
static inline void output_world_empty(struct output_world *w)
{
	world_must(access(w->dir, F_OK) != 0 ||
		   nftw(w->dir, output_world_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static inline void output_world_clear(struct output_world *w)
{
	output_world_empty(w);
	world_must(rmdir(w->root) == 0);
	key_free(w->identity);
	key_free(w->stranger);
	sensor_world_clear(&w->sensor);
}

/* One interval as the writer puts it out: records, their receipt. Of its seven packets some stay pending, and
 * it may select more flows than it has records of. @return the first error */
static inline int output_world_left(struct output_world *w, struct output *o, unsigned records,
				    uint64_t flows_selected, uint64_t pending)
{
	const struct message_sums sums = {
		.sums = {.seen = {{0}, {7, 700}},
			 .erased = {{{0}}, {{0}, {7 - pending, 700 - 100 * pending}}},
			 .pending_after = {{0}, {pending, 100 * pending}},
			 .flows_selected = flows_selected}};
	struct receipt r = {.made_ns = WORLD_TIME,
			    .input = "capture",
			    .input_state = "kept",
			    .sums = &sums,
			    .records_count = records};
	struct buf line;
	int rc = HN_OK;
	for (unsigned i = 0; rc == HN_OK && i < records; i++)
		rc = output_records(o, "{\"record\":1}\n", 13);
	if (rc == HN_OK)
		rc = output_records_end(o, &r.records_offset, &r.records_bytes, r.records_digest);
	if (rc != HN_OK)
		return rc;
	r.has_former = output_former(o, &r.number, r.former);
	buf_init(&line, 1u << 20);
	rc = receipt_add(&w->context, &r, &line);
	if (rc == HN_OK)
		rc = output_receipt(o, line.data, line.len, r.made_ns);
	buf_clear(&line);
	return rc;
}

static inline int output_world_interval(struct output_world *w, struct output *o, unsigned records)
{
	return output_world_left(w, o, records, records, 0);
}

#endif
