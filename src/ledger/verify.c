/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "ledger/edge.h"
#include "ledger/ledger.h"
#include "ledger/private.h"
#include "ledger/read.h"
#include "ledger/tlog.h"
#include "ledger/verify_files.h"

/* The first thing of a kind that did not fit; it is judged when all is known. */
struct finding {
	bool found;
	char place[TILE_PATH_SIZE + 16];
	uint64_t number;
};

struct check {
	struct tlog *t;
	const char *prefix; /* "ledger/" or "" */
	struct verify_report *report;
	struct fault *fault;
	struct edge *edge;         /* the tree as the entries make it */
	struct buf bundle;         /* of the tile at hand */
	struct buf file;           /* what is compared with it */
	struct finding hash;       /* a tile's hash is not what the entries make it */
	struct finding entry;      /* an entry is not what its tile says */
	struct finding old;        /* a former partial bundle is not the front of its bundle */
	struct finding commitment; /* a private record is not what its entry says */
	struct private *private;
	uint64_t private_end; /* where the next record must begin */
	struct buf record;
};

static void find(struct finding *f, const struct check *c, const char *path, uint64_t number)
{
	if (f->found)
		return;
	f->found = true;
	f->number = number;
	(void)snprintf(f->place, sizeof(f->place), "%s%s", c->prefix, path);
}

/* A file that cannot be taken for what its name says: the check ends here. */
static int bad_file(struct check *c, int rc, const char *path, const char *what)
{
	char place[TILE_PATH_SIZE + 16];
	int saved = errno;
	(void)snprintf(place, sizeof(place), "%s%s", c->prefix, path);
	if (rc == HN_EIO)
		return fault_set(c->fault, rc, place, "%s", hn_errno_text(saved));
	if (rc == HN_ENOMEM)
		return fault_set(c->fault, rc, place, "%s", hn_strerror(rc));
	return fault_set(c->fault, HN_EAUTH, place, "%s",
			 rc == HN_ENOENT ? tr("is missing", "がない") : what);
}

/* Compares a file of hashes with the first of those that the entries make. */
static int compare_hashes(struct check *c, const char *path, const struct merkle_hash *hashes, unsigned width,
			  uint64_t first)
{
	if (c->file.len != (size_t)width * MERKLE_HASH_SIZE)
		return bad_file(c, HN_EFORMAT, path,
				tr("has not the size of a tile", "タイルの大きさではない"));
	for (unsigned i = 0; i < width; i++)
		if (memcmp(c->file.data + (size_t)i * MERKLE_HASH_SIZE, &hashes[i], MERKLE_HASH_SIZE) != 0) {
			find(&c->hash, c, path, first + i);
			return HN_OK;
		}
	return HN_OK;
}

/* The bytes of a bundle's first entries. */
static size_t front(const struct buf *bundle, unsigned width)
{
	struct cur at = cur_of(bundle->data, bundle->len);
	const uint8_t *data;
	size_t len;
	for (unsigned i = 0; i < width; i++)
		if (bundle_next(&at, &data, &len) != HN_OK)
			break;
	return bundle->len - cur_left(&at);
}

/* The first entry in which a former partial bundle differs. */
static unsigned first_difference(const struct buf *bundle, const struct buf *old, unsigned width)
{
	for (unsigned i = 1; i < width; i++) {
		size_t len = front(bundle, i);
		if (len > old->len || memcmp(bundle->data, old->data, len) != 0)
			return i - 1;
	}
	return width - 1;
}

static int check_old(struct check *c, const struct tile *tile, const struct merkle_hash *hashes)
{
	char path[TILE_PATH_SIZE];
	uint64_t first = tile->index * TILE_WIDTH;

	tile_path(tile, path);
	int rc = read_file_at(tlog_fd(c->t), path, &c->file);
	if (rc == HN_ENOENT)
		return HN_OK; /* outgrown and removed meanwhile */
	if (rc != HN_OK)
		return bad_file(c, rc, path, tr("is no tile", "タイルではない"));
	if (tile->level != TILE_ENTRIES) {
		c->report->tiles++;
		return compare_hashes(c, path, hashes, tile->width, first);
	}
	c->report->bundles++;
	if (c->file.len != front(&c->bundle, tile->width) ||
	    memcmp(c->file.data, c->bundle.data, c->file.len) != 0)
		find(&c->old, c, path, first + first_difference(&c->bundle, &c->file, tile->width));
	return HN_OK;
}

/* Partial files that former checkpoints needed must be the front of what is there now. */
static int check_all_old(struct check *c, const struct tile *tile, const struct merkle_hash *hashes)
{
	uint8_t widths[TILE_WIDTH / 8];
	int rc = verify_partials(tlog_fd(c->t), tile, widths);
	if (rc != HN_OK)
		return bad_file(c, rc, "tile", "");
	for (unsigned width = 1; width < tile->width; width++) {
		struct tile old = {tile->level, width, tile->index};
		if ((widths[width / 8] >> (width % 8) & 1) == 0)
			continue;
		rc = check_old(c, &old, hashes);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

/* A tile of hashes against those that the entries make. */
static int check_tile(void *ctx, const struct tile *tile, const struct merkle_hash *hashes)
{
	struct check *c = ctx;
	char path[TILE_PATH_SIZE];

	tile_path(tile, path);
	if (tile->level > 0) { /* level 0 was read together with its bundle */
		int rc = read_tile_at(tlog_fd(c->t), tile, &c->file);
		if (rc != HN_OK)
			return bad_file(c, rc, path,
					tr("has not the size of a tile", "タイルの大きさではない"));
		c->report->tiles++;
		rc = compare_hashes(c, path, hashes, tile->width, tile->index * TILE_WIDTH);
		if (rc != HN_OK)
			return rc;
	}
	return check_all_old(c, tile, hashes);
}

static int check_erased(struct check *c, uint64_t index, const struct private_slot *slot)
{
	struct private_slot present = *slot;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	bool zero = true;

	present.state = PRIVATE_PRESENT;
	int rc = private_record(c->private, &present, salt, &c->record);
	if (rc != HN_OK)
		return rc;
	for (size_t i = 0; i < sizeof(salt); i++)
		zero = zero && salt[i] == 0;
	for (size_t i = 0; i < c->record.len; i++)
		zero = zero && c->record.data[i] == 0;
	if (!zero)
		return fault_set(c->fault, HN_EAUTH, "private/records",
				 tr("record %llu is marked erased, but its bytes are not all overwritten; "
				    "erase it again",
				    "記録%lluは消去済みとあるが、上書きが済んでいない。もう一度消去すること"),
				 (unsigned long long)index);
	c->report->erased++;
	return HN_OK;
}

static int check_slot(struct check *c, uint64_t index, const struct log_entry *entry)
{
	struct private_slot slot;
	uint8_t salt[LOG_ENTRY_SALT_SIZE];
	uint8_t commitment[32];

	int rc = private_slot(c->private, index, &slot);
	if (rc == HN_EIO || rc == HN_ENOMEM)
		return rc;
	if (rc != HN_OK || slot.offset != c->private_end || slot.time_ns != entry->time_ns)
		return fault_set(c->fault, HN_EAUTH, "private/index",
				 tr("the slot of record %llu does not hold", "記録%lluの索引が正しくない"),
				 (unsigned long long)index);
	c->private_end += LOG_ENTRY_SALT_SIZE + (uint64_t)slot.len;
	if (slot.state == PRIVATE_ERASED) {
		rc = check_erased(c, index, &slot);
	} else {
		rc = private_record(c->private, &slot, salt, &c->record);
		if (rc == HN_OK) {
			log_entry_commit(salt, c->record.data, c->record.len, commitment);
			if (memcmp(commitment, entry->commitment, sizeof(commitment)) == 0)
				c->report->records++;
			else if (!c->commitment.found)
				c->commitment = (struct finding){true, "private/records", index};
		}
	}
	if (rc == HN_ETRUNC)
		return fault_set(c->fault, HN_EAUTH, "private/records",
				 tr("ends before record %llu does", "記録%lluの途中で終わっている"),
				 (unsigned long long)index);
	return rc;
}

static int bad_entry(struct check *c, const char *path, uint64_t index)
{
	char place[TILE_PATH_SIZE + 16];
	(void)snprintf(place, sizeof(place), "%s%s", c->prefix, path);
	return fault_set(
		c->fault, HN_EAUTH, place,
		tr("entry %llu is not in the form of an entry", "エントリ%lluがエントリの形式ではない"),
		(unsigned long long)index);
}

static int check_entries(struct check *c, const struct tile *tile, const char *path,
			 const struct merkle_hash *stored)
{
	struct cur at = cur_of(c->bundle.data, c->bundle.len);
	const uint8_t *data;
	size_t len;

	for (unsigned i = 0; i < tile->width; i++) {
		uint64_t index = tile->index * TILE_WIDTH + i;
		struct log_entry entry;
		struct merkle_hash leaf;
		char hashes_path[TILE_PATH_SIZE];
		struct tile hashes = {0, tile->width, tile->index};

		if (bundle_next(&at, &data, &len) != HN_OK || log_entry_parse(data, len, &entry) != HN_OK)
			return bad_entry(c, path, index);
		merkle_leaf(data, len, &leaf);
		if (memcmp(&leaf, &stored[i], sizeof(leaf)) != 0) {
			tile_path(&hashes, hashes_path);
			find(&c->entry, c, path, index);
			find(&c->hash, c, hashes_path, index);
		}
		c->report->entries++;
		int rc = edge_push(c->edge, &leaf, check_tile, c);
		if (rc == HN_OK && c->private != NULL && !c->entry.found)
			rc = check_slot(c, index, &entry);
		if (rc != HN_OK)
			return rc;
	}
	return cur_left(&at) == 0 ? HN_OK : bad_entry(c, path, tile->index * TILE_WIDTH + tile->width);
}

/* A bundle may be damaged so that it has not its number of entries: then the first bad one is wanted. */
static int read_bundle(struct check *c, const struct tile *tile, char path[TILE_PATH_SIZE])
{
	tile_path(tile, path);
	int rc = read_tile_at(tlog_fd(c->t), tile, &c->bundle);
	if (rc == HN_EFORMAT)
		rc = read_file_at(tlog_fd(c->t), path, &c->bundle);
	if (rc != HN_OK)
		return bad_file(c, rc, path, tr("is no entry bundle", "エントリの束ではない"));
	c->report->bundles++;
	return HN_OK;
}

/* One bundle with the tile of its hashes. */
static int check_bundle(struct check *c, const struct tile *tile)
{
	static struct merkle_hash none[TILE_WIDTH];
	struct merkle_hash *stored = malloc(TILE_BYTES);
	struct tile hashes = {0, tile->width, tile->index};
	char path[TILE_PATH_SIZE];

	if (stored == NULL)
		return HN_ENOMEM;
	tile_path(&hashes, path);
	int rc = read_tile_at(tlog_fd(c->t), &hashes, &c->file);
	if (rc != HN_OK) {
		rc = bad_file(c, rc, path, tr("has not the size of a tile", "タイルの大きさではない"));
	} else {
		memcpy(stored, c->file.data, c->file.len);
		c->report->tiles++;
		rc = read_bundle(c, tile, path);
	}
	if (rc == HN_OK)
		rc = check_entries(c, tile, path, stored);
	if (rc == HN_OK)
		rc = check_all_old(c, tile, none);
	free(stored);
	return rc;
}

static int check_rows(struct check *c)
{
	uint64_t size = c->report->head.size;

	for (uint64_t first = 0; first < size; first += TILE_WIDTH) {
		struct tile tile = {TILE_ENTRIES,
				    size - first < TILE_WIDTH ? (unsigned)(size - first) : TILE_WIDTH,
				    first / TILE_WIDTH};
		int rc = check_bundle(c, &tile);
		if (rc != HN_OK)
			return rc;
	}
	/* The tiles that are not full were not told of by edge_push(). */
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		const struct edge_level *row = &c->edge->levels[level];
		struct tile tile = {level, row->count, tile_hashes(size, level) / TILE_WIDTH};
		int rc = row->count == 0 ? HN_OK : check_tile(c, &tile, row->hashes);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int say(const struct check *c, const struct finding *f, const char *format_en, const char *format_ja)
{
	char text[256];
	(void)snprintf(text, sizeof(text), tr("%s %llu does not fit", "%s%lluが一致しない"),
		       tr(format_en, format_ja), (unsigned long long)f->number);
	return fault_set(c->fault, HN_EAUTH, f->place, "%s", text);
}

/*
 * The checkpoint says which side is right. When the entries lead to its root, a tile that differs
 * from them is wrong; when they do not, the first entry that differs from its tile is.
 */
static int judge(struct check *c)
{
	struct merkle_hash root;

	edge_root(c->edge, &root);
	bool entries_right = memcmp(&root, &c->report->head.root, sizeof(root)) == 0;
	if (!entries_right && c->entry.found)
		return say(c, &c->entry, "entry", "エントリ");
	if (c->hash.found)
		return say(c, &c->hash, "hash", "ハッシュ");
	if (!entries_right)
		return fault_set(c->fault, HN_EAUTH,
				 c->prefix[0] == '\0' ? "checkpoint" : "ledger/checkpoint",
				 tr("its root does not fit the entries and tiles",
				    "根がエントリとタイルに一致しない"));
	if (c->old.found)
		return say(c, &c->old, "entry", "エントリ");
	if (c->commitment.found)
		return say(c, &c->commitment, "record", "記録");
	return HN_OK;
}

static int open_private(struct check *c)
{
	int parent = tlog_parent_fd(c->t);
	int rc = parent < 0 ? HN_ENOENT : private_open(parent, false, &c->private);
	if (rc == HN_ENOENT && parent >= 0 && verify_has_private(parent))
		return fault_set(c->fault, HN_EAUTH, "private",
				 tr("lacks index or records", "索引または記録がない"));
	if (rc != HN_OK && rc != HN_ENOENT)
		return fault_set(c->fault, rc, "private", "%s",
				 rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	c->report->private_there = rc == HN_OK;
	return HN_OK;
}

static int check_all(struct check *c)
{
	char place[256];
	int rc = open_private(c);
	if (rc == HN_OK)
		rc = check_rows(c);
	if (rc == HN_OK)
		rc = judge(c);
	if (rc != HN_OK)
		return rc;
	rc = verify_strangers(tlog_fd(c->t), c->report->head.size, &c->report->beyond, place, sizeof(place));
	if (rc == HN_EFORMAT) {
		char full[TILE_PATH_SIZE + 256];
		(void)snprintf(full, sizeof(full), "%s%s", c->prefix, place);
		return fault_set(c->fault, HN_EAUTH, full,
				 tr("does not belong to the log", "ログに属さない"));
	}
	return rc == HN_OK ? rc : bad_file(c, rc, "tile", "");
}

int ledger_verify(int dir_fd, const struct note_key *key, struct verify_report *out, struct fault *fault)
{
	struct check c = {.report = out, .fault = fault};

	memset(out, 0, sizeof(*out));
	if (fault != NULL)
		*fault = (struct fault){{0}, {0}};
	int rc = tlog_open(dir_fd, key, &c.t, fault);
	if (rc != HN_OK)
		return rc == HN_EFORMAT || rc == HN_ELIMIT ? HN_EAUTH : rc;
	out->head = *tlog_head(c.t);
	out->signature_checked = key != NULL;
	c.prefix = tlog_parent_fd(c.t) < 0 ? "" : "ledger/";
	buf_init(&c.bundle, TILE_BUNDLE_MAX);
	buf_init(&c.file, TILE_BUNDLE_MAX);
	buf_init(&c.record, LEDGER_RECORD_MAX + 1);
	c.edge = malloc(sizeof(*c.edge));
	rc = HN_ENOMEM;
	if (c.edge != NULL) {
		edge_init(c.edge);
		rc = check_all(&c);
	}
	if (rc != HN_OK && fault != NULL && fault->message[0] == '\0')
		(void)fault_set(fault, rc, "", "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	free(c.edge);
	private_free(c.private);
	buf_clear(&c.bundle);
	buf_clear(&c.file);
	buf_clear(&c.record);
	tlog_free(c.t);
	return rc;
}
