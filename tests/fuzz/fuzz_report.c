/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A line that an edge sends, of any bytes, behind two that say of which stream it is and its number: it is
 * taken, known or refused by itself, and the store finds no fault with it. Nothing of it stays. */
#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "hub/edge/report.h"
#include "hub/request/own.h"
#include "store/authorizations.h"
#include "store/directory.h"
#include "store/edge_receipts.h"
#include "store/store.h"
#include "tests/fuzz/target.h"

#define NOW_US  (INT64_C(1790000000) * 1000000)
#define RECORDS 100

static struct world {
	struct hub hub;
	struct request request;
	struct request_own own;
	struct edge_peer peer;
} world;

static const struct uuid authorization = {{0x01, 0x94, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 2}};

static int64_t now_us(void *context)
{
	(void)context;
	return NOW_US;
}

/* A sensor with an authorisation in force, and a receipt that covers some records. */
static int begin_job(struct writing *w, void *context)
{
	(void)context;
	bool is_new;
	struct edge_enrolled out = {.number = 0};
	const struct edge_new edge = {world.peer.organisation, EDGE_SENSOR, "N", "N"};
	const struct edge_enrolment e = {.id = world.peer.id, .identity = "pub", .program = "p"};
	struct authorization_row row = {.id = authorization,
					.organisation = world.peer.organisation,
					.state = AUTHORIZATION_ISSUED,
					.until_us = 2 * NOW_US,
					.reason = "",
					.body = (const uint8_t *)"{}",
					.body_len = 2};
	struct edge_receipt receipt = {.number = 1,
				       .holds = true,
				       .finding = "",
				       .records = RECORDS,
				       .records_through = RECORDS,
				       .erase_by_us = 2 * NOW_US,
				       .line = "{}",
				       .line_len = 2};
	int err = edges_code_add(w, e.secret, &edge, 2 * NOW_US);
	if (err == HN_OK)
		err = edges_enrol(w, &e, &out);
	receipt.edge = world.peer.number = out.number;
	if (err == HN_OK)
		err = authorizations_add(w, &row, &world.peer.id, 1);
	return err == HN_OK ? edge_receipts_add(w, &receipt, &is_new) : err;
}

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void end(void)
{
	store_close(world.hub.store);
	directory_close(world.hub.directory);
	arena_free(world.request.arena);
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void begin(void)
{
	struct fault fault = {0};
	char url[128];
	(void)snprintf(folder, sizeof(folder), "%s/hinomi-fuzz-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert(mkdtemp(folder) != NULL);
	(void)snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
	const struct store_options options = {
		.database = url, .backup_dir = folder, .readers = 1, .queue_max = 4, .now_us = now_us};
	assert(store_open(&options, &world.hub.store, &fault) == HN_OK);
	assert(directory_open(world.hub.store, false, &world.hub.directory, &fault) == HN_OK);
	world.request.program = &world.hub;
	world.request.own = &world.own;
	world.request.received_ns = NOW_US * 1000;
	world.request.arena = arena_new(1u << 20);
	world.peer.organisation = 1;
	world.peer.kind = EDGE_SENSOR;
	world.peer.id.bytes[0] = 1;
	int err = store_write(world.hub.store, begin_job, NULL);
	assert(world.request.arena != NULL && err == HN_OK);
	assert(atexit(end) == 0);
}

struct line {
	const uint8_t *data;
	size_t len;
	int err;
	struct report report;
};

static int line_job(struct writing *w, void *context)
{
	static int (*const streams[])(struct report * r, const char *line, size_t len) = {
		report_record, report_event, report_receipt, report_checkpoint, report_health};
	struct line *l = context;
	l->report = (struct report){.w = w,
				    .hub = &world.hub,
				    .request = &world.request,
				    .peer = &world.peer,
				    .now_us = NOW_US,
				    .seq = l->data[1]};
	char *line = malloc(l->len);
	if (line == NULL)
		return HN_ENOMEM;
	memcpy(line, l->data + 2, l->len - 2);
	l->err = streams[l->data[0] % (sizeof(streams) / sizeof(streams[0]))](&l->report, line, l->len - 2);
	free(line);
	return HN_ESTATE; /* undone */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct line l = {.data = data, .len = len};
	if (len < 2)
		return 0;
	if (world.hub.store == NULL)
		begin();
	int err = store_write(world.hub.store, line_job, &l);
	assert(err == HN_ESTATE && l.err == HN_OK);
	assert(l.report.taken + l.report.known + l.report.refused == 1);
	assert((l.report.refused > 0) == (l.report.first[0] != '\0'));
	return 0;
}
