/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Questions to a set in force. */
#include <string.h>

#include "match/canonical.h"
#include "match/him_each.h"
#include "match/layers.h"
#include "match/suffixes.h"
#include "match/table.h"

/* A table that several questions of one look-up go to: its newest entry of a key decides. */
struct found {
	uint32_t entry, slot;
	size_t layer;
};

static void hit_fill(const struct found *f, unsigned kind, struct set_hit *out)
{
	*out = (struct set_hit){.layer = (uint32_t)f->layer,
				.handle = (f->entry & HIM_ROW_MASK) - 1,
				.slot = f->slot,
				.kind = (uint8_t)kind,
				.allow = (f->entry & HIM_ALLOW) != 0};
}

/*
 * Candidates come from the most specific to the least. The first block stands unless an allow entry follows.
 *
 * @return whether *out is final
 */
static bool take(bool *have_io, const struct found *f, unsigned kind, struct set_hit *out)
{
	if (f->entry & HIM_ALLOW) {
		hit_fill(f, kind, out);
		*have_io = true;
		return true;
	}
	if (!*have_io) {
		hit_fill(f, kind, out);
		*have_io = true;
	}
	return false;
}

static bool find_word(const struct set *s, unsigned table, uint32_t key, struct found *out)
{
	for (size_t i = 0; i < s->count; i++) {
		if (word_find(&s->layers[i].him.tables[table], key, &out->entry, &out->slot)) {
			out->layer = i;
			return (out->entry & HIM_TOMBSTONE) == 0;
		}
	}
	return false;
}

static bool find_quad(const struct set *s, unsigned table, const uint8_t key[16], struct found *out)
{
	for (size_t i = 0; i < s->count; i++) {
		if (quad_find(&s->layers[i].him.tables[table], key, &out->entry, &out->slot)) {
			out->layer = i;
			return (out->entry & HIM_TOMBSTONE) == 0;
		}
	}
	return false;
}

/* The lengths of prefixes that may cover an address, by the filters of all layers. */
static uint32_t lengths_near4(const struct set *s, uint32_t addr)
{
	uint32_t lengths = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct him *h = &s->layers[i].him;
		if (h->near4 != NULL)
			lengths |= load_le32(h->near4 + NEAR4_ROW * (size_t)near4_row(addr, h->near4_bits));
	}
	return lengths & (uint32_t)s->lengths4.words[0];
}

static void lengths_near6(const struct set *s, const uint8_t addr[16], uint64_t lengths_out[2])
{
	const uint64_t always = (UINT64_C(1) << NEAR6_SHORTEST) - 1;
	uint64_t lower = always, upper = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct him *h = &s->layers[i].him;
		if (h->near6 == NULL)
			continue;
		const uint8_t *row = h->near6 + NEAR6_ROW * (size_t)near6_row(load_be32(addr), h->near6_bits);
		lower |= load_le64(row);
		upper |= load_le64(row + 8);
	}
	lengths_out[0] = lower & s->lengths6.words[0];
	lengths_out[1] = upper & s->lengths6.words[1];
}

/* All lines are asked for before the first is read. */
static void prefetch_prefix4(const struct set *s, uint32_t addr, uint32_t lengths)
{
	for (; lengths != 0; lengths &= lengths - 1) {
		uint32_t key = prefix4_key(addr, (unsigned)__builtin_ctz(lengths));
		for (size_t i = 0; i < s->count; i++) {
			const struct him_table *t = &s->layers[i].him.tables[ENTRY_PREFIX4];
			table_prefetch(t, hash_word(key, t->seed));
		}
	}
}

static bool find_prefix4(const struct set *s, uint32_t addr, bool have, struct set_hit *out)
{
	uint32_t lengths = lengths_near4(s, addr);
	prefetch_prefix4(s, addr, lengths);
	while (lengths != 0) {
		unsigned len = 31u - (unsigned)__builtin_clz(lengths);
		struct found f;
		lengths &= ~(1u << len);
		if (!find_word(s, ENTRY_PREFIX4, prefix4_key(addr, len), &f))
			continue;
		bool had = have;
		bool final = take(&have, &f, ENTRY_PREFIX4, out);
		if (final || !had)
			out->prefix_len = (uint8_t)len;
		if (final || !s->allows4)
			break;
	}
	return have;
}

bool set_find_ip4(const struct set *s, const uint8_t addr[4], struct set_hit *out)
{
	uint32_t key = load_be32(addr);
	struct found f;
	struct set_hit hit;
	bool have = false;
	if (find_word(s, ENTRY_IP4, key, &f) && (take(&have, &f, ENTRY_IP4, &hit) || !s->allows4)) {
		*out = hit;
		return true;
	}
	if (s->prefixes4)
		have = find_prefix4(s, key, have, &hit);
	if (have)
		*out = hit;
	return have;
}

static void prefetch_prefix6(const struct set *s, const uint8_t addr[16], const uint64_t lengths[2])
{
	for (unsigned word = 0; word < 2; word++) {
		for (uint64_t left = lengths[word]; left != 0; left &= left - 1) {
			uint8_t key[16];
			prefix6_key(addr, 64 * word + (unsigned)__builtin_ctzll(left), key);
			for (size_t i = 0; i < s->count; i++) {
				const struct him_table *t = &s->layers[i].him.tables[ENTRY_PREFIX6];
				table_prefetch(t, (uint32_t)(hash_quad(key, t->seed) >> 32));
			}
		}
	}
}

static bool find_prefix6(const struct set *s, const uint8_t addr[16], bool have, struct set_hit *out)
{
	uint64_t lengths[2];
	lengths_near6(s, addr, lengths);
	prefetch_prefix6(s, addr, lengths);
	for (int word = 1; word >= 0; word--) {
		while (lengths[word] != 0) {
			unsigned bit = 63u - (unsigned)__builtin_clzll(lengths[word]);
			unsigned len = 64u * (unsigned)word + bit;
			uint8_t key[16];
			struct found f;
			lengths[word] &= ~(UINT64_C(1) << bit);
			prefix6_key(addr, len, key);
			if (!find_quad(s, ENTRY_PREFIX6, key, &f))
				continue;
			bool had = have;
			bool final = take(&have, &f, ENTRY_PREFIX6, out);
			if (final || !had)
				out->prefix_len = (uint8_t)len;
			if (final || !s->allows6)
				return true;
		}
	}
	return have;
}

bool set_find_ip6(const struct set *s, const uint8_t addr[16], struct set_hit *out)
{
	struct found f;
	struct set_hit hit;
	bool have = false;
	if (find_quad(s, ENTRY_IP6, addr, &f) && (take(&have, &f, ENTRY_IP6, &hit) || !s->allows6)) {
		*out = hit;
		return true;
	}
	if (s->prefixes6)
		have = find_prefix6(s, addr, have, &hit);
	if (have)
		*out = hit;
	return have;
}

void set_prefetch_ip4(const struct set *s, const uint8_t addr[4])
{
	uint32_t key = load_be32(addr);
	for (size_t i = 0; i < s->count; i++) {
		const struct him_table *t = &s->layers[i].him.tables[ENTRY_IP4];
		table_prefetch(t, hash_word(key, t->seed));
	}
	if (s->prefixes4)
		prefetch_prefix4(s, key, lengths_near4(s, key));
}

void set_prefetch_ip6(const struct set *s, const uint8_t addr[16])
{
	for (size_t i = 0; i < s->count; i++) {
		const struct him_table *t = &s->layers[i].him.tables[ENTRY_IP6];
		table_prefetch(t, (uint32_t)(hash_quad(addr, t->seed) >> 32));
	}
	if (s->prefixes6) {
		uint64_t lengths[2];
		lengths_near6(s, addr, lengths);
		prefetch_prefix6(s, addr, lengths);
	}
}

/* ---- names ---- */

/* What of a name is asked of one table: its buckets, or the records in them. */
static void name_prefetch(struct suffixes *n, const struct set *s, unsigned table, bool records,
			  struct fetches *f)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct him *h = &s->layers[i].him;
		const struct him_table *t = &h->tables[table];
		const struct him_bits *depths = table == ENTRY_NAME ? &h->depths_name : &h->depths_wildcard;
		unsigned first = table == ENTRY_NAME ? 0 : 1;
		unsigned last = table == ENTRY_NAME ? 1 : n->labels;
		if (t->home == 0)
			continue;
		suffixes_hash(n, t->seed);
		for (unsigned k = first; k < last; k++) {
			if (!bits_has(depths, n->labels - k))
				continue;
			if (records)
				bytes_fetch_records(t, n->hashes[k], n->len - n->starts[k], f);
			else
				bytes_fetch_bucket(t, n->hashes[k], f);
		}
	}
}

/* The suffix that begins with label k, in the newest layer that has an entry for it. */
static bool find_suffix(struct suffixes *n, const struct set *s, unsigned table, unsigned k,
			struct found *out)
{
	const uint8_t *suffix = n->data + n->starts[k];
	size_t len = n->len - n->starts[k];
	for (size_t i = 0; i < s->count; i++) {
		const struct him *h = &s->layers[i].him;
		const struct him_table *t = &h->tables[table];
		const struct him_bits *depths = table == ENTRY_NAME ? &h->depths_name : &h->depths_wildcard;
		if (t->home == 0 || !bits_has(depths, n->labels - k))
			continue;
		suffixes_hash(n, t->seed);
		if (bytes_find(t, n->hashes[k], suffix, len, &out->entry, &out->slot)) {
			out->layer = i;
			return (out->entry & HIM_TOMBSTONE) == 0;
		}
	}
	return false;
}

void set_prefetch_suffixes(const struct set *s, struct suffixes *n, struct fetches *f)
{
	name_prefetch(n, s, ENTRY_NAME, false, f);
	name_prefetch(n, s, ENTRY_WILDCARD, false, f);
}

void set_prefetch_records(const struct set *s, struct suffixes *n, struct fetches *f)
{
	name_prefetch(n, s, ENTRY_NAME, true, f);
	name_prefetch(n, s, ENTRY_WILDCARD, true, f);
}

void set_prefetch_name(const struct set *s, const uint8_t *name, size_t len)
{
	struct suffixes n;
	struct fetches f;
	f.count = 0;
	if (suffixes_cut(&n, name, len))
		set_prefetch_suffixes(s, &n, &f);
	fetches_go(&f);
}

bool set_find_name(const struct set *s, const uint8_t *name, size_t len, struct set_hit *out)
{
	struct suffixes n;
	struct fetches f;
	f.count = 0;
	if (!suffixes_cut(&n, name, len))
		return false;
	set_prefetch_suffixes(s, &n, &f);
	fetches_go(&f);
	return set_find_suffixes(s, &n, out);
}

bool set_find_suffixes(const struct set *s, struct suffixes *n, struct set_hit *out)
{
	struct found f;
	struct set_hit hit;
	bool have = false;

	bool final = find_suffix(n, s, ENTRY_NAME, 0, &f) &&
		     (take(&have, &f, ENTRY_NAME, &hit) || !s->allows_wildcard);
	for (unsigned k = 1; !final && k < n->labels; k++) {
		if (!bits_has(&s->depths_wildcard, n->labels - k) ||
		    !find_suffix(n, s, ENTRY_WILDCARD, k, &f))
			continue;
		bool had = have;
		final = take(&have, &f, ENTRY_WILDCARD, &hit);
		if (final || !had) {
			hit.labels_left = (uint8_t)k;
			hit.bytes_left = n->starts[k];
		}
		final = final || !s->allows_wildcard;
	}
	if (have)
		*out = hit;
	return have;
}

/* ---- other keys ---- */

bool layers_find(const struct set *s, unsigned table, const uint8_t *key, size_t len, size_t first_layer,
		 uint32_t *entry_out, uint32_t *slot_out, size_t *layer_out)
{
	for (size_t i = first_layer; i < s->count; i++) {
		const struct him_table *t = &s->layers[i].him.tables[table];
		bool found = false;
		if (t->home == 0)
			continue;
		if (t->shape == HIM_WORD)
			found = word_find(t, load_le32(key), entry_out, slot_out);
		else if (t->shape == HIM_QUAD)
			found = quad_find(t, key, entry_out, slot_out);
		else
			found = bytes_find(t, table_hash(table, key, len, t->seed), key, len, entry_out,
					   slot_out);
		if (found) {
			*layer_out = i;
			return true;
		}
	}
	return false;
}

bool set_find_key(const struct set *s, enum entry_kind kind, const uint8_t *key, size_t len,
		  struct set_hit *out)
{
	struct found f;
	if ((kind != ENTRY_URL && kind != ENTRY_MD5 && kind != ENTRY_SHA1 && kind != ENTRY_SHA256 &&
	     kind != ENTRY_JA4) ||
	    len > ENTRY_KEY_MAX)
		return false;
	if (!layers_find(s, kind, key, len, 0, &f.entry, &f.slot, &f.layer) || (f.entry & HIM_TOMBSTONE) != 0)
		return false;
	hit_fill(&f, kind, out);
	return true;
}

bool set_find_entry(const struct set *s, const struct entry_key *key, struct set_hit *out)
{
	struct him_kept kept;
	struct found f;
	if (!canonical_check(key))
		return false;
	him_keep(key, &kept);
	if (!layers_find(s, kept.table, kept.data, kept.len, 0, &f.entry, &f.slot, &f.layer) ||
	    (f.entry & HIM_TOMBSTONE) != 0)
		return false;
	hit_fill(&f, kept.table, out);
	if (key->kind == ENTRY_PREFIX4 || key->kind == ENTRY_PREFIX6)
		out->prefix_len = key->data[key->len - 1];
	return true;
}

bool set_find_url(const struct set *s, const uint8_t *url, size_t len, struct set_hit *out)
{
	struct set_hit with, without;
	const uint8_t *query = memchr(url, '?', len);
	bool have = set_find_key(s, ENTRY_URL, url, len, &with);
	if (query != NULL && (!have || !with.allow) &&
	    set_find_key(s, ENTRY_URL, url, (size_t)(query - url), &without) && (!have || without.allow)) {
		*out = without;
		return true;
	}
	if (have)
		*out = with;
	return have;
}

const char *set_holder(const struct set *s, uint8_t ip_version, const uint8_t *addr)
{
	const struct him *h = NULL;
	for (size_t i = 0; i < s->count && h == NULL; i++)
		if (s->layers[i].him.tables[HIM_TABLE_HOLDINGS].home > 0)
			h = &s->layers[i].him;
	if (h == NULL || (ip_version != 4 && ip_version != 6))
		return NULL;
	const struct him_table *t = &h->tables[HIM_TABLE_HOLDINGS];
	unsigned size = ip_version == 4 ? 4 : 16;
	uint8_t key[2 + 16] = {ip_version};
	memcpy(key + 2, addr, size);
	for (unsigned len = 8 * size + 1; len-- > 0;) {
		uint32_t entry, slot;
		if (len < 8 * size)
			key[2 + len / 8] = (uint8_t)(key[2 + len / 8] & ~(0x80u >> len % 8));
		key[1] = (uint8_t)len;
		if (!bits_has(ip_version == 4 ? &h->held4 : &h->held6, len))
			continue;
		if (bytes_find(t, hash_bytes(key, 2 + size, t->seed), key, 2 + size, &entry, &slot) &&
		    (entry & HIM_ROW_MASK) < h->holders_size)
			return h->holders + (entry & HIM_ROW_MASK);
	}
	return NULL;
}
