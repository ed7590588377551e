/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/name_rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "match/suffixes.h"
#include "match/table.h"
#include "resolver/pages.h"

/*
 * Names lie one behind the other in a blob, as `.him` keeps them, and buckets of eight point there
 * (match/table.h asks both). Until the end slots stand in SHARDS small tables chosen by the top of the hash,
 * in the order that the buckets have: so the buckets are filled from front to back, and each shard's memory
 * goes back as soon as it was read.
 *
 * What a record of the blob says, in the 29 bits that are a row in `.him`: a number plus one and a form.
 */

#define SHARDS     256u
#define SHARD_MIN  8u
#define BLOB_MAX   (UINT32_MAX - 4096u)
#define FORM_BITS  2u
#define LOAD_TENTH 8u /* buckets are filled to 8 tenths */
#define SEEDS_MAX  64u

enum form {
	FORM_EXACT, /* the name */
	FORM_BELOW, /* names below it */
	FORM_BOTH,  /* both, with one number */
	FORM_PAIR,  /* both, with a number each: pairs[] */
};

struct slot {
	uint32_t upper; /* of the hash */
	uint32_t at;    /* in the blob; 0: empty */
};

struct shard {
	struct slot *slots;
	uint32_t count, cap;
};

struct pair {
	uint32_t exact, below;
};

struct name_rules {
	struct him_table table;
	struct pages buckets, blob;
	uint64_t count;
	uint32_t root; /* number plus one of "*" alone; 0: none */
	struct pair *pairs;
	uint32_t pair_count, pair_cap;
	struct him_bits depths_exact, depths_below;
	struct shard *shards; /* until finished */
	uint32_t last_at;     /* of the name added last: "*.name" follows "name" */
};

int name_rules_new(struct name_rules **out)
{
	struct name_rules *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return HN_ENOMEM;
	t->shards = calloc(SHARDS, sizeof(*t->shards));
	t->table.shape = HIM_BYTES;
	if (getrandom(&t->table.seed, sizeof(t->table.seed), 0) != (ssize_t)sizeof(t->table.seed))
		t->table.seed = 1;
	if (t->shards == NULL || pages_reserve(&t->blob, BLOB_MAX) != HN_OK) {
		name_rules_free(t);
		return HN_ENOMEM;
	}
	t->blob.used = BLOB_FIRST;
	*out = t;
	return HN_OK;
}

static void shard_free(struct shard *s)
{
	if (s->slots != NULL)
		pages_unmap(s->slots, s->cap * sizeof(*s->slots));
	*s = (struct shard){NULL, 0, 0};
}

void name_rules_free(struct name_rules *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; t->shards != NULL && i < SHARDS; i++)
		shard_free(&t->shards[i]);
	free(t->shards);
	free(t->pairs);
	pages_clear(&t->buckets);
	pages_clear(&t->blob);
	free(t);
}

/* ---- filling ---- */

static uint32_t shard_place(const struct shard *s, uint32_t upper)
{
	return (uint32_t)((uint64_t)(upper << 8) * s->cap >> 32);
}

static void shard_put(struct shard *s, struct slot slot)
{
	uint32_t i = shard_place(s, slot.upper);
	while (s->slots[i].at != 0)
		i = i + 1 == s->cap ? 0 : i + 1;
	s->slots[i] = slot;
	s->count++;
}

/* Seven eighths full at most; the next size is a quarter larger. */
static int shard_room(struct shard *s)
{
	if (s->count < s->cap / 8 * 7)
		return HN_OK;
	struct shard larger = {NULL, 0, s->cap == 0 ? SHARD_MIN : s->cap + s->cap / 4};
	larger.slots = pages_map(larger.cap * sizeof(*larger.slots));
	if (larger.slots == NULL)
		return HN_ENOMEM;
	for (uint32_t i = 0; i < s->cap; i++)
		if (s->slots[i].at != 0)
			shard_put(&larger, s->slots[i]);
	shard_free(s);
	*s = larger;
	return HN_OK;
}

static uint8_t *record(const struct name_rules *t, uint32_t at)
{
	return t->blob.data + at;
}

static bool record_is(const struct name_rules *t, uint32_t at, const uint8_t *name, size_t len)
{
	const uint8_t *r = record(t, at);
	return load_le16(r + 4) == len && memcmp(r + RECORD_HEAD, name, len) == 0;
}

static uint32_t shard_find(const struct name_rules *t, const struct shard *s, uint32_t upper,
			   const uint8_t *name, size_t len)
{
	if (s->cap == 0)
		return 0;
	for (uint32_t i = shard_place(s, upper); s->slots[i].at != 0; i = i + 1 == s->cap ? 0 : i + 1)
		if (s->slots[i].upper == upper && record_is(t, s->slots[i].at, name, len))
			return s->slots[i].at;
	return 0;
}

static uint32_t entry_of(enum form form, uint32_t number)
{
	return (number + 1) << FORM_BITS | form;
}

static enum form entry_form(uint32_t entry)
{
	return (enum form)(entry & ((1u << FORM_BITS) - 1));
}

static uint32_t entry_number(uint32_t entry)
{
	return ((entry & HIM_ROW_MASK) >> FORM_BITS) - 1;
}

/* The number of the name itself, or of what lies below it. @return false when there is none */
static bool entry_rule(const struct name_rules *t, uint32_t entry, bool below, uint32_t *rule_out)
{
	uint32_t number = entry_number(entry);
	switch (entry_form(entry)) {
	case FORM_EXACT:
		if (below)
			return false;
		break;
	case FORM_BELOW:
		if (!below)
			return false;
		break;
	case FORM_BOTH:
		break;
	case FORM_PAIR:
		if (number >= t->pair_count)
			return false;
		number = below ? t->pairs[number].below : t->pairs[number].exact;
		break;
	}
	*rule_out = number;
	return true;
}

static int pair_add(struct name_rules *t, struct pair pair, uint32_t *number_out)
{
	if (t->pair_count == NAME_RULES_RULE_MAX)
		return HN_ELIMIT;
	if (t->pair_count == t->pair_cap) {
		uint32_t cap = t->pair_cap == 0 ? 64 : t->pair_cap * 2;
		struct pair *pairs = realloc(t->pairs, cap * sizeof(*pairs));
		if (pairs == NULL)
			return HN_ENOMEM;
		t->pairs = pairs;
		t->pair_cap = cap;
	}
	t->pairs[t->pair_count] = pair;
	*number_out = t->pair_count++;
	return HN_OK;
}

/* Says of a name that is there what was not said yet. */
static int entry_join(struct name_rules *t, uint32_t at, bool below, uint32_t rule)
{
	uint32_t entry = load_le32(record(t, at)), other, joined, number;
	if (entry_form(entry) == FORM_PAIR) {
		struct pair *p = &t->pairs[entry_number(entry)];
		*(below ? &p->below : &p->exact) = rule;
		return HN_OK;
	}
	if (!entry_rule(t, entry, !below, &other)) {
		joined = entry_of(below ? FORM_BELOW : FORM_EXACT, rule);
	} else if (other == rule) {
		joined = entry_of(FORM_BOTH, rule);
	} else {
		struct pair pair = below ? (struct pair){other, rule} : (struct pair){rule, other};
		int rc = pair_add(t, pair, &number);
		if (rc != HN_OK)
			return rc;
		joined = entry_of(FORM_PAIR, number);
	}
	memcpy(record(t, at), &joined, sizeof(joined));
	return HN_OK;
}

static int entry_change(struct name_rules *t, uint32_t at, bool below, uint32_t *rule_io, bool replace)
{
	uint32_t there;
	if (entry_rule(t, load_le32(record(t, at)), below, &there)) {
		if (there == *rule_io)
			return HN_OK;
		if (!replace) {
			*rule_io = there;
			return HN_EEXIST;
		}
	} else {
		t->count++;
	}
	return entry_join(t, at, below, *rule_io);
}

static int entry_append(struct name_rules *t, const uint8_t *name, size_t len, uint32_t entry,
			uint32_t *at_out)
{
	uint16_t len16 = (uint16_t)len;
	int rc = pages_grow(&t->blob, RECORD_HEAD + len);
	if (rc != HN_OK)
		return rc;
	*at_out = (uint32_t)t->blob.used;
	uint8_t *r = record(t, *at_out);
	memcpy(r, &entry, sizeof(entry));
	memcpy(r + 4, &len16, sizeof(len16));
	memcpy(r + RECORD_HEAD, name, len);
	t->blob.used += RECORD_HEAD + len;
	return HN_OK;
}

static int add_new(struct name_rules *t, struct shard *s, uint32_t upper, const struct suffixes *n,
		   bool below, uint32_t rule)
{
	uint32_t at = 0;
	int rc = shard_room(s);
	if (rc == HN_OK)
		rc = entry_append(t, n->data, n->len, entry_of(below ? FORM_BELOW : FORM_EXACT, rule), &at);
	if (rc != HN_OK)
		return rc;
	shard_put(s, (struct slot){upper, at});
	t->last_at = at;
	t->table.entries++;
	t->count++;
	return HN_OK;
}

static int add_root(struct name_rules *t, uint32_t *rule_io, bool replace)
{
	if (t->root != 0 && t->root != *rule_io + 1 && !replace) {
		*rule_io = t->root - 1;
		return HN_EEXIST;
	}
	t->count += t->root == 0;
	t->root = *rule_io + 1;
	return HN_OK;
}

int name_rules_add(struct name_rules *t, const uint8_t *name, size_t len, bool below, uint32_t *rule_io,
		   bool replace)
{
	struct suffixes n;
	if (*rule_io > NAME_RULES_RULE_MAX)
		return HN_ELIMIT;
	if (len == 0 && below)
		return add_root(t, rule_io, replace);
	if (!suffixes_cut(&n, name, len))
		return HN_EFORMAT;
	bits_set(below ? &t->depths_below : &t->depths_exact, n.labels);
	if (t->last_at != 0 && record_is(t, t->last_at, name, len))
		return entry_change(t, t->last_at, below, rule_io, replace);
	suffixes_hash(&n, t->table.seed);
	uint32_t upper = (uint32_t)(n.hashes[0] >> 32);
	struct shard *s = &t->shards[upper >> 24];
	uint32_t at = shard_find(t, s, upper, name, len);
	if (at == 0)
		return add_new(t, s, upper, &n, below, *rule_io);
	t->last_at = at;
	return entry_change(t, at, below, rule_io, replace);
}

/* ---- finishing ---- */

static int bucket_put(struct name_rules *t, uint32_t at)
{
	const uint8_t *r = record(t, at);
	uint64_t h = hash_name(r + RECORD_HEAD, load_le16(r + 4), t->table.seed);
	uint32_t bucket = hash_bucket((uint32_t)(h >> 32), t->table.home);
	uint32_t tag = (uint32_t)h & TAG_MASK;
	for (uint32_t end = table_end(&t->table, bucket); bucket < end; bucket++) {
		uint8_t *b = t->buckets.data + (size_t)bucket * HIM_BUCKET_SIZE;
		for (unsigned i = 0; i < WORDS_PER_BUCKET; i++) {
			if (load_le32(b + BYTES_OFFSETS + 4 * i) != 0)
				continue;
			uint32_t word = load_le32(b + 4 * i) | tag;
			memcpy(b + 4 * i, &word, sizeof(word));
			memcpy(b + BYTES_OFFSETS + 4 * i, &at, sizeof(at));
			return HN_OK;
		}
		uint8_t *mark = b + 4 * table_overflow_bit(HIM_BYTES, h);
		uint32_t word = load_le32(mark) | ~TAG_MASK;
		memcpy(mark, &word, sizeof(word));
	}
	return HN_ELIMIT;
}

/* In the order of the hashes, so that buckets are written one behind the other. */
static int fill_by_shards(struct name_rules *t)
{
	int rc = HN_OK;
	for (uint32_t i = 0; i < SHARDS; i++) {
		struct shard *s = &t->shards[i];
		for (uint32_t k = 0; k < s->cap && rc == HN_OK; k++)
			if (s->slots[k].at != 0)
				rc = bucket_put(t, s->slots[k].at);
		shard_free(s);
	}
	return rc;
}

static int fill_by_records(struct name_rules *t)
{
	int rc = HN_OK;
	for (size_t at = BLOB_FIRST; rc == HN_OK && at < t->blob.used;) {
		rc = bucket_put(t, (uint32_t)at);
		at += RECORD_HEAD + load_le16(t->blob.data + at + 4);
	}
	return rc;
}

/* With many names, now and then more fall together under a seed than a look-up may go on for: then under
 * another.
 */
static int fill(struct name_rules *t)
{
	int rc = fill_by_shards(t);
	for (unsigned i = 0; i < SEEDS_MAX && rc == HN_ELIMIT; i++) {
		memset(t->buckets.data, 0, t->buckets.used);
		t->table.seed = t->table.seed * 0x9e3779b1u + 1;
		rc = fill_by_records(t);
	}
	return rc;
}

int name_rules_finish(struct name_rules *t)
{
	uint64_t per_ten = WORDS_PER_BUCKET * LOAD_TENTH;
	uint64_t home = t->table.entries == 0 ? 0 : (t->table.entries * 10 + per_ten - 1) / per_ten;
	size_t size = home == 0 ? 0 : (size_t)(home + HIM_PROBE_MAX) * HIM_BUCKET_SIZE;
	int rc = pages_reserve(&t->buckets, size);
	if (rc == HN_OK)
		rc = pages_grow(&t->buckets, size);
	if (rc != HN_OK)
		return rc;
	t->buckets.used = size;
	t->table.home = (uint32_t)home;
	t->table.total = home == 0 ? 0 : (uint32_t)home + HIM_PROBE_MAX;
	rc = fill(t);
	if (rc != HN_OK)
		return rc;
	free(t->shards);
	t->shards = NULL;
	pages_trim(&t->blob);
	t->table.buckets = t->buckets.data;
	t->table.blob = t->blob.data;
	t->table.blob_size = t->blob.used;
	return HN_OK;
}

uint64_t name_rules_count(const struct name_rules *t)
{
	return t->count;
}

uint64_t name_rules_bytes(const struct name_rules *t)
{
	return sizeof(*t) + t->buckets.grown + t->blob.grown + t->pair_cap * sizeof(*t->pairs);
}

/* ---- asking ---- */

static bool find(const struct name_rules *t, const struct suffixes *n, unsigned k, bool below,
		 struct name_rules_hit *out)
{
	uint32_t entry;
	if (!bytes_find(&t->table, n->hashes[k], n->data + n->starts[k], n->len - n->starts[k], &entry,
			&out->slot) ||
	    !entry_rule(t, entry, below, &out->rule))
		return false;
	out->below = below;
	out->labels_left = (uint8_t)k;
	out->bytes_left = n->starts[k];
	return true;
}

static bool find_root(const struct name_rules *t, const struct suffixes *n, struct name_rules_hit *out)
{
	if (t->root == 0)
		return false;
	*out = (struct name_rules_hit){t->root - 1, 0, true, (uint8_t)n->labels, (uint8_t)n->len};
	return true;
}

static bool wanted(const struct name_rules *t, const struct suffixes *n, unsigned k)
{
	return bits_has(k == 0 ? &t->depths_exact : &t->depths_below, n->labels - k);
}

bool name_rules_find(const struct name_rules *t, const uint8_t *name, size_t len, struct name_rules_hit *out)
{
	struct suffixes n;
	struct fetches f;
	f.count = 0;
	if (!suffixes_cut(&n, name, len))
		return false;
	name_rules_prefetch(t, &n, &f);
	fetches_go(&f);
	return name_rules_find_suffixes(t, &n, out);
}

bool name_rules_find_suffixes(const struct name_rules *t, struct suffixes *n, struct name_rules_hit *out)
{
	if (t->table.home == 0)
		return find_root(t, n, out);
	suffixes_hash(n, t->table.seed);
	for (unsigned k = 0; k < n->labels; k++)
		if (wanted(t, n, k) && find(t, n, k, k > 0, out))
			return true;
	return find_root(t, n, out);
}

bool name_rules_find_entry(const struct name_rules *t, const uint8_t *name, size_t len, bool below,
			   struct name_rules_hit *out)
{
	struct suffixes n;
	if (len == 0 && below && t->root != 0) {
		*out = (struct name_rules_hit){t->root - 1, 0, true, 0, 0};
		return true;
	}
	if (t->table.home == 0 || !suffixes_cut(&n, name, len))
		return false;
	suffixes_hash(&n, t->table.seed);
	return find(t, &n, 0, below, out);
}

void name_rules_prefetch(const struct name_rules *t, struct suffixes *n, struct fetches *f)
{
	if (t->table.home == 0)
		return;
	suffixes_hash(n, t->table.seed);
	for (unsigned k = 0; k < n->labels; k++)
		if (wanted(t, n, k))
			bytes_fetch_bucket(&t->table, n->hashes[k], f);
}

void name_rules_prefetch_records(const struct name_rules *t, struct suffixes *n, struct fetches *f)
{
	if (t->table.home == 0)
		return;
	suffixes_hash(n, t->table.seed);
	for (unsigned k = 0; k < n->labels; k++)
		if (wanted(t, n, k))
			bytes_fetch_records(&t->table, n->hashes[k], n->len - n->starts[k], f);
}

void name_rules_key(const struct name_rules *t, uint32_t slot, const uint8_t **name_out, size_t *len_out)
{
	uint32_t entry;
	*len_out = 0;
	*name_out = NULL;
	if (slot != 0)
		(void)bytes_record(&t->table, slot, name_out, len_out, &entry);
}

static int each_form(const struct name_rules *t, const uint8_t *name, size_t len, uint32_t entry,
		     int (*each)(void *, const uint8_t *, size_t, bool, uint32_t), void *context)
{
	uint32_t rule;
	int rc = HN_OK;
	if (entry_rule(t, entry, false, &rule))
		rc = each(context, name, len, false, rule);
	if (rc == HN_OK && entry_rule(t, entry, true, &rule))
		rc = each(context, name, len, true, rule);
	return rc;
}

int name_rules_each(const struct name_rules *t,
		    int (*each)(void *context, const uint8_t *name, size_t len, bool below, uint32_t rule),
		    void *context)
{
	int rc = t->root == 0 ? HN_OK : each(context, NULL, 0, true, t->root - 1);
	for (size_t at = BLOB_FIRST; rc == HN_OK && at < t->blob.used;) {
		const uint8_t *name;
		size_t len;
		uint32_t entry;
		if (!bytes_record(&t->table, (uint32_t)at, &name, &len, &entry))
			break;
		rc = each_form(t, name, len, entry, each, context);
		at += RECORD_HEAD + len;
	}
	return rc;
}
