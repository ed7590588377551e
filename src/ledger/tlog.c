/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/tlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "ledger/log_entry.h"
#include "ledger/read.h"

#define HEIGHT     8u
#define NODES      510u /* of a tile's own tree, all but its root: 256 + 128 + ... + 2 */
#define LEAF_SLOTS 16u
#define ROW_SLOTS  256u
#define TOP_SLOTS  32u
#define SLOTS      (LEAF_SLOTS + ROW_SLOTS + TOP_SLOTS)

/* A tile with the nodes between its hashes and its root, row by row. */
struct tree_tile {
	struct tile tile;
	struct merkle_hash nodes[NODES];
};

struct tlog {
	int fd;
	int parent_fd;      /* -1: none */
	tlog_read_fn *read; /* of a log that lies elsewhere; NULL */
	void *context;
	unsigned reads;
	struct buf note;
	struct checkpoint head;
	struct buf scratch;
	struct tree_tile *slots[SLOTS];
};

/* Where the row of a height begins among the nodes. */
static size_t row_start(unsigned height)
{
	return 512u - (512u >> height);
}

/* Leaf tiles hardly come twice, the rows above them all the time: each has slots of its own. */
static size_t slot_of(const struct tile *tile)
{
	if (tile->level == 0)
		return (size_t)(tile->index % LEAF_SLOTS);
	if (tile->level == 1)
		return LEAF_SLOTS + (size_t)(tile->index % ROW_SLOTS);
	return LEAF_SLOTS + ROW_SLOTS + (size_t)((tile->level * 5 + tile->index) % TOP_SLOTS);
}

void tlog_free(struct tlog *t)
{
	if (t == NULL)
		return;
	if (t->fd >= 0)
		(void)close(t->fd);
	if (t->parent_fd >= 0)
		(void)close(t->parent_fd);
	for (size_t i = 0; i < SLOTS; i++)
		free(t->slots[i]);
	buf_clear(&t->note);
	buf_clear(&t->scratch);
	free(t);
}

static int open_dirs(struct tlog *t, int dir_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	t->fd = openat(dir_fd, "ledger", flags);
	if (t->fd >= 0)
		t->parent_fd = openat(dir_fd, ".", flags);
	else if (errno == ENOENT)
		t->fd = openat(dir_fd, ".", flags);
	if (t->fd >= 0)
		return HN_OK;
	return hn_err_of_errno(errno);
}

static int checkpoint_fault(struct fault *fault, int rc, bool bare)
{
	const char *place = bare ? "checkpoint" : "ledger/checkpoint";
	int saved = errno;
	switch (rc) {
	case HN_EIO:
		return fault_set(fault, rc, place, "%s", hn_errno_text(saved));
	case HN_EAUTH:
		return fault_set(fault, rc, place, tr("its signature does not hold", "署名が正しくない"));
	case HN_EFORMAT:
	case HN_ELIMIT:
		return fault_set(fault, HN_EFORMAT, place,
				 tr("is not a signed checkpoint", "署名されたチェックポイントではない"));
	default:
		return fault_set(fault, rc, place, "%s", hn_strerror(rc));
	}
}

static int load_head(struct tlog *t, const struct note_key *key, struct fault *fault)
{
	int rc = t->read == NULL ? read_file_at(t->fd, "checkpoint", &t->note) : buf_err(&t->note);
	if (rc != HN_OK)
		return checkpoint_fault(fault, rc, t->parent_fd < 0);
	rc = checkpoint_open(t->note.data == NULL ? "" : t->note.data, t->note.len, key, &t->head);
	if (rc == HN_ENOENT)
		return fault_set(fault, HN_EAUTH, t->parent_fd < 0 ? "checkpoint" : "ledger/checkpoint",
				 tr("is not signed by the given key", "指定された鍵の署名がない"));
	return rc == HN_OK ? rc : checkpoint_fault(fault, rc, t->parent_fd < 0);
}

static struct tlog *make(struct fault *fault)
{
	struct tlog *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		(void)fault_set(fault, HN_ENOMEM, "", "%s", hn_strerror(HN_ENOMEM));
		return NULL;
	}
	t->fd = t->parent_fd = -1;
	buf_init(&t->note, NOTE_SIZE_MAX);
	buf_init(&t->scratch, TILE_BUNDLE_MAX);
	return t;
}

int tlog_open(int dir_fd, const struct note_key *key, struct tlog **out, struct fault *fault)
{
	struct tlog *t = make(fault);
	if (t == NULL)
		return HN_ENOMEM;
	int rc = open_dirs(t, dir_fd);
	if (rc != HN_OK)
		rc = checkpoint_fault(fault, rc, false);
	else
		rc = load_head(t, key, fault);
	if (rc == HN_OK)
		*out = t;
	else
		tlog_free(t);
	return rc;
}

int tlog_open_elsewhere(const char *note, size_t len, const struct note_key *key, tlog_read_fn *read,
			void *context, struct tlog **out, struct fault *fault)
{
	struct tlog *t = make(fault);
	if (t == NULL)
		return HN_ENOMEM;
	t->read = read;
	t->context = context;
	buf_add(&t->note, note, len);
	int rc = load_head(t, key, fault);
	if (rc == HN_OK)
		*out = t;
	else
		tlog_free(t);
	return rc;
}

const struct checkpoint *tlog_head(const struct tlog *t)
{
	return &t->head;
}

const char *tlog_note(const struct tlog *t, size_t *len_out)
{
	*len_out = t->note.len;
	return t->note.data;
}

int tlog_fd(const struct tlog *t)
{
	return t->fd;
}

int tlog_parent_fd(const struct tlog *t)
{
	return t->parent_fd;
}

int tlog_tile(struct tlog *t, const struct tile *tile, struct buf *out)
{
	if (t->read == NULL)
		return read_tile_at(t->fd, tile, out);
	if (t->reads++ == TLOG_READS_MAX)
		return HN_EFORMAT;
	int rc = t->read(t->context, tile, out);
	bool fits = tile->level == TILE_ENTRIES || out->len == (size_t)tile->width * MERKLE_HASH_SIZE;
	return rc == HN_OK && !fits ? HN_EFORMAT : rc;
}

/* The tile of a row in the head's tree, with its width there. */
static int tile_of(const struct tlog *t, unsigned level, uint64_t hash, struct tile *out)
{
	uint64_t count = tile_hashes(t->head.size, level == TILE_ENTRIES ? 0 : level);
	if (hash >= count)
		return HN_ENOENT;
	uint64_t index = hash / TILE_WIDTH;
	uint64_t left = count - index * TILE_WIDTH;
	*out = (struct tile){level, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH, index};
	return HN_OK;
}

/* A tile from its slot, or read into it. */
static int tree_tile(struct tlog *t, unsigned level, uint64_t hash, const struct tree_tile **out)
{
	struct tile tile;
	int rc = tile_of(t, level, hash, &tile);
	if (rc != HN_OK)
		return rc;
	struct tree_tile **slot = &t->slots[slot_of(&tile)];
	if (*slot == NULL && (*slot = calloc(1, sizeof(**slot))) == NULL)
		return HN_ENOMEM;
	struct tree_tile *tree = *slot;
	*out = tree;
	if (tree->tile.width == tile.width && tree->tile.level == level && tree->tile.index == tile.index)
		return HN_OK;
	tree->tile.width = 0;
	rc = tlog_tile(t, &tile, &t->scratch);
	if (rc != HN_OK)
		return rc == HN_ENOENT ? HN_EFORMAT : rc;
	memcpy(tree->nodes, t->scratch.data, t->scratch.len);
	for (unsigned height = 1; height < HEIGHT; height++)
		for (unsigned i = 0; i < tile.width >> height; i++)
			merkle_node(&tree->nodes[row_start(height - 1) + 2 * i],
				    &tree->nodes[row_start(height - 1) + 2 * i + 1],
				    &tree->nodes[row_start(height) + i]);
	tree->tile = tile;
	return HN_OK;
}

/* The root of the complete subtree number i among those of 2^height leaves. */
static int node(struct tlog *t, unsigned height, uint64_t i, struct merkle_hash *out)
{
	const struct tree_tile *tree;
	unsigned inner = height % HEIGHT;
	uint64_t hash = i << inner; /* its first hash at the tile's level */
	int rc = tree_tile(t, height / HEIGHT, hash, &tree);
	if (rc != HN_OK)
		return rc;
	uint64_t within = hash % TILE_WIDTH >> inner;
	if (within >= tree->tile.width >> inner)
		return HN_ENOENT;
	*out = tree->nodes[row_start(inner) + within];
	return HN_OK;
}

/* The root over count leaves from first on, which is a multiple of the power of two that count needs. */
static int range_root(struct tlog *t, uint64_t first, uint64_t count, struct merkle_hash *out)
{
	struct merkle_hash root = {{0}};
	struct merkle_hash peak;
	uint64_t at = first + count;
	bool any = false;

	for (unsigned height = 0; count >> height > 0; height++) {
		if ((count >> height & 1) == 0)
			continue;
		at -= UINT64_C(1) << height;
		int rc = node(t, height, at >> height, &peak);
		if (rc != HN_OK)
			return rc;
		if (any)
			merkle_node(&peak, &root, &root);
		else
			root = peak;
		any = true;
		if (height == 63)
			break;
	}
	*out = root;
	return HN_OK;
}

/* The largest power of two below n; n is at least 2. */
static uint64_t split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void reverse(struct merkle_hash *path, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		struct merkle_hash h = path[i];
		path[i] = path[len - 1 - i];
		path[len - 1 - i] = h;
	}
}

int tlog_root(struct tlog *t, uint64_t size, struct merkle_hash *out)
{
	if (size > t->head.size)
		return HN_ENOENT;
	if (size == 0) {
		merkle_empty(out);
		return HN_OK;
	}
	return range_root(t, 0, size, out);
}

int tlog_inclusion(struct tlog *t, uint64_t index, uint64_t size,
		   struct merkle_hash path_out[MERKLE_PROOF_MAX], size_t *len_out)
{
	uint64_t first = 0;
	size_t len = 0;

	if (index >= size || size > t->head.size)
		return HN_ENOENT;
	/* RFC 6962, 2.1.1, from the root down: the half in which the leaf is not. */
	for (uint64_t n = size; n > 1; len++) {
		uint64_t k = split(n);
		bool left = index - first < k;
		int rc = left ? range_root(t, first + k, n - k, &path_out[len])
			      : range_root(t, first, k, &path_out[len]);
		if (rc != HN_OK)
			return rc;
		first += left ? 0 : k;
		n = left ? k : n - k;
	}
	reverse(path_out, len);
	*len_out = len;
	return HN_OK;
}

int tlog_consistency(struct tlog *t, uint64_t old_size, uint64_t size,
		     struct merkle_hash path_out[MERKLE_PROOF_MAX], size_t *len_out)
{
	uint64_t first = 0;
	uint64_t m = old_size;
	uint64_t n = size;
	size_t len = 0;
	int rc = HN_OK;

	if (old_size > size || size > t->head.size)
		return HN_ENOENT;
	/* RFC 6962, 2.1.2, from the root down until what is left is a subtree of both. */
	while (m != 0 && m != n && rc == HN_OK) {
		uint64_t k = split(n);
		bool left = m <= k;
		rc = left ? range_root(t, first + k, n - k, &path_out[len])
			  : range_root(t, first, k, &path_out[len]);
		len++;
		first += left ? 0 : k;
		m -= left ? 0 : k;
		n = left ? k : n - k;
	}
	if (rc == HN_OK && first > 0)
		rc = range_root(t, first, m, &path_out[len++]);
	if (rc != HN_OK)
		return rc;
	reverse(path_out, len);
	*len_out = len;
	return HN_OK;
}

int tlog_leaf(struct tlog *t, uint64_t index, struct merkle_hash *out)
{
	return node(t, 0, index, out);
}

int tlog_entry(struct tlog *t, uint64_t index, struct buf *out)
{
	struct tile tile;
	const uint8_t *data = NULL;
	size_t len = 0;

	int rc = tile_of(t, TILE_ENTRIES, index, &tile);
	if (rc == HN_OK)
		rc = tlog_tile(t, &tile, &t->scratch);
	if (rc != HN_OK)
		return rc;
	struct cur c = cur_of(t->scratch.data, t->scratch.len);
	for (uint64_t i = 0; i <= index % TILE_WIDTH; i++)
		if (bundle_next(&c, &data, &len) != HN_OK)
			return HN_EFORMAT;
	buf_add(out, data, len);
	return buf_err(out);
}
