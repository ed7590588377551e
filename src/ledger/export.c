/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/export.h"

#include <errno.h>
#include <string.h>

#include "ledger/publish.h"
#include "ledger/read.h"

/* Rows of a log: the bundles, then the tile levels. */
static unsigned level_of(unsigned row)
{
	return row == 0 ? TILE_ENTRIES : row - 1;
}

/* Calls with each tile and bundle of the head's tree. */
static int each_tile(const struct tlog *t, int (*each)(void *ctx, const struct tile *tile), void *ctx)
{
	for (unsigned row = 0; row <= TILE_LEVELS; row++) {
		uint64_t count = tile_hashes(tlog_head(t)->size, row == 0 ? 0 : row - 1);
		for (uint64_t first = 0; first < count; first += TILE_WIDTH) {
			uint64_t left = count - first;
			struct tile tile = {level_of(row), left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH,
					    first / TILE_WIDTH};
			int rc = each(ctx, &tile);
			if (rc != HN_OK)
				return rc;
		}
	}
	return HN_OK;
}

struct listing {
	export_fn each;
	void *ctx;
};

static int list_one(void *ctx, const struct tile *tile)
{
	struct listing *l = ctx;
	char path[TILE_PATH_SIZE];
	tile_path(tile, path);
	return l->each(l->ctx, path);
}

int export_list(const struct tlog *t, export_fn each, void *ctx)
{
	struct listing l = {each, ctx};
	int rc = each_tile(t, list_one, &l);
	return rc == HN_OK ? each(ctx, "checkpoint") : rc;
}

struct copying {
	struct tlog *t;
	struct publish publish;
	struct buf data;
	struct fault *fault;
};

static int copy_one(void *ctx, const struct tile *tile)
{
	struct copying *c = ctx;
	char path[TILE_PATH_SIZE];

	tile_path(tile, path);
	int rc = read_tile_at(tlog_fd(c->t), tile, &c->data);
	if (rc == HN_OK)
		rc = publish_file(&c->publish, path, c->data.data, c->data.len);
	if (rc != HN_OK)
		(void)fault_set(c->fault, rc, path, "%s",
				rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	return rc;
}

int export_copy(struct tlog *t, int dir_fd, struct fault *fault)
{
	struct copying c = {.t = t, .fault = fault};
	size_t note_len;
	const char *note = tlog_note(t, &note_len);

	publish_init(&c.publish, &ledger_io_system, dir_fd);
	buf_init(&c.data, TILE_BUNDLE_MAX);
	int rc = each_tile(t, copy_one, &c);
	if (rc == HN_OK) {
		rc = publish_flush(&c.publish);
		if (rc == HN_OK)
			rc = publish_file(&c.publish, "checkpoint", note, note_len);
		if (rc == HN_OK)
			rc = publish_flush(&c.publish);
		if (rc != HN_OK)
			(void)fault_set(fault, rc, "checkpoint", "%s",
					rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	}
	publish_clear(&c.publish);
	buf_clear(&c.data);
	return rc;
}
