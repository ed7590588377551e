/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Opening a set in force and telling of it; set_find.c asks it. */
#include "match/set.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/encode.h"
#include "base/lang.h"
#include "match/him_each.h"
#include "match/him_outside.h"
#include "match/layers.h"
#include "match/table.h"

#define HUGE_PAGE (UINT64_C(2) << 20)

/* The fault of a file says its path first. */
static int open_him(const void *data, size_t size, const char *path, struct layer *out, struct fault *fault)
{
	struct fault inner = {0};
	int rc = him_open(data, size, &out->him, &inner);
	if (rc == HN_OK)
		return rc;
	if (inner.place[0] == '\0')
		return fault_set(fault, rc, path, "%s", inner.message);
	return fault_set(fault, rc, path, "%s: %s", inner.place, inner.message);
}

/* An overlay may name its base by the digest of the full file although the metadata was left out since. */
static bool is_base_of(const struct him *base, const struct him *overlay)
{
	if (memcmp(overlay->base, base->digest, sizeof(base->digest)) == 0)
		return true;
	return (base->flags & HIM_STRIPPED) != 0 &&
	       memcmp(overlay->base, base->origin, sizeof(base->origin)) == 0;
}

static int check_family(const struct set *s, const char *const paths[], struct fault *fault)
{
	const struct him *base = &s->layers[s->count - 1].him;
	if (base->flags & HIM_OVERLAY)
		return fault_set(fault, HN_ESTATE, paths[0], "%s",
				 tr("this is an overlay; name its base before it",
				    "これは差分集合。その前に基本集合を指定すること"));
	for (size_t i = 1; i < s->count; i++) {
		const struct him *overlay = &s->layers[s->count - 1 - i].him;
		if ((overlay->flags & HIM_OVERLAY) == 0)
			return fault_set(
				fault, HN_ESTATE, paths[i], "%s",
				tr("this is a base, not an overlay", "これは差分集合ではなく基本集合"));
		if (strcmp(overlay->id, base->id) != 0 || !is_base_of(base, overlay))
			return fault_set(fault, HN_ESTATE, paths[i],
					 tr("this overlay belongs to another base than '%s'",
					    "この差分集合は '%s' とは別の基本集合に属する"),
					 paths[0]);
	}
	return HN_OK;
}

static void bits_join(struct him_bits *into, const struct him_bits *from)
{
	for (size_t i = 0; i < 3; i++)
		into->words[i] |= from->words[i];
}

static uint8_t shortest(const struct him_bits *b, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (bits_has(b, i))
			return (uint8_t)i;
	return 255;
}

static void sum_layer(struct set *s, const struct him *h)
{
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		s->info.allows |= h->tables[i].allows > 0;
	bits_join(&s->lengths4, &h->lengths4_live);
	bits_join(&s->lengths6, &h->lengths6_live);
	bits_join(&s->depths_wildcard, &h->depths_wildcard);
	s->prefixes4 |= h->tables[ENTRY_PREFIX4].home > 0;
	s->prefixes6 |= h->tables[ENTRY_PREFIX6].home > 0;
	s->allows4 |= h->tables[ENTRY_PREFIX4].allows > 0;
	s->allows6 |= h->tables[ENTRY_PREFIX6].allows > 0;
	s->allows_wildcard |= h->tables[ENTRY_WILDCARD].allows > 0;
}

struct counting {
	struct set *s;
	size_t layer;
};

/* What an entry of an overlay changes in the count, by what lies in the layers older than it. */
static int count_entry(void *context, const struct him_entry *e)
{
	struct counting *c = context;
	uint32_t old = 0, slot;
	size_t layer;
	if (e->table >= ENTRY_KIND_COUNT)
		return HN_OK;
	bool lives = layers_find(c->s, e->table, e->kept, e->kept_len, c->layer + 1, &old, &slot, &layer) &&
		     (old & HIM_TOMBSTONE) == 0;
	if (e->entry & HIM_TOMBSTONE) {
		if (lives && c->s->info.by_kind[e->table] > 0)
			c->s->info.by_kind[e->table]--;
	} else if (!lives) {
		c->s->info.by_kind[e->table]++;
	}
	return HN_OK;
}

static int tell(struct set *s)
{
	const struct him *newest = &s->layers[0].him, *base = &s->layers[s->count - 1].him;
	struct set_info *info = &s->info;

	for (size_t i = 0; i < s->count; i++)
		sum_layer(s, &s->layers[i].him);
	hex_encode(newest->digest, sizeof(newest->digest), s->version);
	info->id = base->id;
	info->version = s->version;
	info->layers = s->count;
	info->widest_prefix4 = shortest(&s->lengths4, 32);
	info->widest_prefix6 = shortest(&s->lengths6, 128);
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		info->by_kind[i] = base->tables[i].entries;
	for (size_t i = s->count - 1; i > 0; i--) {
		struct counting c = {s, i - 1};
		int rc = him_each(&s->layers[i - 1].him, count_entry, &c);
		if (rc != HN_OK)
			return rc;
	}
	for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++)
		info->entries += info->by_kind[i];
	return HN_OK;
}

static int open_all(const char *const paths[], const void *const data[], const size_t sizes[], size_t count,
		    struct set *s, struct fault *fault)
{
	for (size_t i = 0; i < count; i++) {
		struct layer *layer = &s->layers[count - 1 - i];
		int rc = data == NULL ? him_map(paths[i], &layer->file, fault) : HN_OK;
		if (rc == HN_OK)
			rc = open_him(data == NULL ? layer->file.data : data[i],
				      data == NULL ? layer->file.size : sizes[i], paths[i], layer, fault);
		if (rc != HN_OK)
			return rc;
	}
	int rc = check_family(s, paths, fault);
	return rc == HN_OK ? tell(s) : rc;
}

static int open_set(const char *const paths[], const void *const data[], const size_t sizes[], size_t count,
		    struct set **out, struct fault *fault)
{
	if (count == 0 || count > LAYERS_MAX)
		return fault_set(fault, HN_ELIMIT, "",
				 tr("a set is one base and at most %d overlays",
				    "集合は基本集合一つと差分集合%d個以内"),
				 SET_OVERLAYS_MAX);
	struct set *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return HN_ENOMEM;
	s->count = count;
	int rc = open_all(paths, data, sizes, count, s, fault);
	if (rc != HN_OK) {
		set_close(s);
		return rc;
	}
	*out = s;
	return HN_OK;
}

int set_open(const char *const paths[], size_t count, struct set **out, struct fault *fault)
{
	return open_set(paths, NULL, NULL, count, out, fault);
}

int set_open_bytes(const void *const data[], const size_t sizes[], size_t count, struct set **out,
		   struct fault *fault)
{
	char names[LAYERS_MAX][24];
	const char *paths[LAYERS_MAX];
	for (size_t i = 0; i < LAYERS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%zu", i);
		paths[i] = names[i];
	}
	return open_set(paths, data, sizes, count, out, fault);
}

void set_close(struct set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		struct layer *layer = &s->layers[i];
		him_unmap(&layer->file);
		if (layer->copied != NULL)
			(void)munmap(layer->copied, layer->copied_size);
	}
	free(s);
}

/* Buckets and blobs lie before the filters, in one piece. */
static size_t hot_size(const struct him *h)
{
	size_t end = 0;
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		const struct him_table *t = &h->tables[i];
		size_t buckets = (size_t)(t->buckets - h->data) + (size_t)t->total * HIM_BUCKET_SIZE;
		size_t blob = (size_t)(t->blob - h->data) + t->blob_size;
		end = buckets > end ? buckets : end;
		end = blob > end ? blob : end;
	}
	return end;
}

/* Random questions to small pages spend more on the page tables than on the lines themselves. */
static void copy_to_huge_pages(struct layer *layer)
{
	struct him *h = &layer->him;
	size_t size = hot_size(h);
	if (size < HUGE_PAGE || layer->copied != NULL)
		return;
	size_t rounded = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	uint8_t *copy = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return;
	if (madvise(copy, rounded, MADV_HUGEPAGE) != 0) {
		(void)munmap(copy, rounded);
		return;
	}
	memcpy(copy, h->data, size);
	(void)mprotect(copy, rounded, PROT_READ);
	layer->copied = copy;
	layer->copied_size = rounded;
	for (unsigned i = 0; i < HIM_TABLE_COUNT; i++) {
		h->tables[i].buckets = copy + (h->tables[i].buckets - h->data);
		h->tables[i].blob = copy + (h->tables[i].blob - h->data);
	}
}

void set_populate(struct set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct layer *layer = &s->layers[i];
		copy_to_huge_pages(layer);
		if (layer->file.data != NULL)
			him_populate(&layer->file, layer->copied == NULL ? 0 : hot_size(&layer->him));
	}
}

const struct set_info *set_info(const struct set *s)
{
	return &s->info;
}

const uint8_t *set_layer_digest(const struct set *s, size_t layer)
{
	return layer < s->count ? s->layers[layer].him.digest : NULL;
}

void set_layer_changes(const struct set *s, size_t layer, struct set_changes *out)
{
	assert(layer < s->count);
	for (size_t kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
		const struct him_table *table = &s->layers[layer].him.tables[kind];
		out->added[kind] = table->entries;
		out->removed[kind] = table->tombstones;
	}
}

void set_meta(const struct set *s, const struct set_hit *hit, struct entry_meta *out)
{
	uint32_t entry = (hit->handle + 1) & HIM_ROW_MASK;
	if (hit->layer >= s->count)
		entry = 0;
	him_meta(&s->layers[entry == 0 ? 0 : hit->layer].him, entry | (hit->allow ? HIM_ALLOW : 0), out);
}

bool set_holds(const struct set *s, const struct set_hit *hit, int64_t now_ns)
{
	const struct him *h = &s->layers[hit->layer < s->count ? hit->layer : 0].him;
	if (hit->handle >= h->row_count)
		return true;
	const uint8_t *row = h->rows + (size_t)hit->handle * HIM_ROW_SIZE;
	int64_t from_ns = (int64_t)load_le64(row + ROW_FROM), until_ns = (int64_t)load_le64(row + ROW_UNTIL);
	return (from_ns == 0 || now_ns >= from_ns) && (until_ns == 0 || now_ns < until_ns);
}

int set_key(const struct set *s, const struct set_hit *hit, struct entry_key *out, uint8_t scratch[32])
{
	if (hit->layer >= s->count)
		return HN_ENOENT;
	const struct him *h = &s->layers[hit->layer].him;
	if (hit->kind != ENTRY_NAME && hit->kind != ENTRY_WILDCARD)
		return him_key(h, hit->kind, hit->slot, out, scratch);
	/* It equals what was asked, and so is as a name must be. */
	const uint8_t *name;
	size_t len;
	uint32_t entry;
	if (!bytes_record(&h->tables[hit->kind], hit->slot, &name, &len, &entry))
		return HN_ENOENT;
	*out = (struct entry_key){(enum entry_kind)hit->kind, (uint16_t)len, name};
	return HN_OK;
}

struct each_context {
	const struct set *s;
	size_t layer;
	int (*each)(void *context, const struct entry_key *key, const struct entry_meta *meta);
	void *context;
};

static int each_entry(void *context, const struct him_entry *e)
{
	struct each_context *c = context;
	struct entry_meta meta;
	uint32_t newer, slot;
	size_t layer;
	if (e->table >= ENTRY_KIND_COUNT || (e->entry & HIM_TOMBSTONE) != 0)
		return HN_OK;
	if (c->layer > 0 && layers_find(c->s, e->table, e->kept, e->kept_len, 0, &newer, &slot, &layer) &&
	    layer < c->layer)
		return HN_OK;
	him_meta(&c->s->layers[c->layer].him, e->entry, &meta);
	return c->each(c->context, &e->key, &meta);
}

int set_each(const struct set *s,
	     int (*each)(void *context, const struct entry_key *key, const struct entry_meta *meta),
	     void *context)
{
	for (size_t i = 0; i < s->count; i++) {
		struct each_context c = {s, i, each, context};
		int rc = him_each(&s->layers[i].him, each_entry, &c);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

#define BUCKETS_OF_A_PIECE 64

int set_each_from(const struct set *s, struct set_place *place,
		  int (*each)(void *context, const struct entry_key *key, const struct entry_meta *meta),
		  void *context, bool *more_out)
{
	uint32_t buckets = BUCKETS_OF_A_PIECE;
	while (place->layer < s->count) {
		struct each_context c = {s, place->layer, each, context};
		struct him_place at = {place->table, place->bucket};
		int rc = him_each_from(&s->layers[place->layer].him, &at, &buckets, each_entry, &c);
		place->table = at.table;
		place->bucket = at.bucket;
		if (rc != HN_OK)
			return rc;
		if (buckets == 0)
			break;
		*place = (struct set_place){.layer = place->layer + 1};
	}
	*more_out = place->layer < s->count;
	return HN_OK;
}

int set_each_outside(const struct set *s, const struct entry_pass *pass,
		     int (*each)(void *context, const struct entry_key *key, const struct entry_meta *meta),
		     void *context)
{
	for (size_t i = 0; i < s->count; i++) {
		struct each_context c = {s, i, each, context};
		int rc = him_each_outside(&s->layers[i].him, pass, each_entry, &c);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

int set_check_digests(const struct set *s, struct fault *fault)
{
	for (size_t i = 0; i < s->count; i++) {
		int rc = him_check_digest(&s->layers[i].him, fault);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}
