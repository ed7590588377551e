/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "store/owners.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "match/suffixes.h"
#include "store/directory.h"
#include "store/owners_image.h"

/* ---- gathering ---- */

struct gathering {
	struct owners *o;
	int64_t now_us;
	size_t room;
};

int owned_key_compare(const struct owned *a, const struct owned *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->key, b->key, len);
	if (order != 0)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* Equal keys stand together, the best claim first. */
static int owned_compare(const void *x, const void *y)
{
	const struct owned *a = x;
	const struct owned *b = y;
	int order = owned_key_compare(a, b);
	if (order != 0)
		return order;
	if (a->state != b->state)
		return a->state > b->state ? -1 : 1;
	return a->organisation < b->organisation ? -1 : a->organisation > b->organisation;
}

static void fill_key(const struct holding *h, struct owned *out)
{
	switch (h->kind) {
	case HOLDING_PREFIX:
		out->kind = h->prefix.addr.version == 4 ? OWNED_PREFIX4 : OWNED_PREFIX6;
		memcpy(out->key, h->prefix.addr.bytes, 16);
		out->key[16] = h->prefix.len;
		out->len = 17;
		break;
	case HOLDING_ASN:
		out->kind = OWNED_ASN;
		store_be32(out->key, h->asn);
		out->len = 4;
		break;
	case HOLDING_DOMAIN:
		out->kind = OWNED_NAME;
		memcpy(out->key, h->name, h->name_len);
		out->len = (uint8_t)h->name_len;
		break;
	case HOLDING_CERTIFICATE:
		out->kind = OWNED_CERTIFICATE;
		memcpy(out->key, h->certificate, sizeof(h->certificate));
		out->len = sizeof(h->certificate);
		break;
	}
}

/* The image holds until the next date on which a holding begins or ends. */
static void note_date(struct owners *o, int64_t date_us, int64_t now_us)
{
	if (date_us > now_us && (o->until_us == 0 || date_us < o->until_us))
		o->until_us = date_us;
}

static int gather(void *context, int64_t number, const struct organisation *organisation)
{
	struct gathering *g = context;
	struct owners *o = g->o;
	for (size_t i = 0; i < organisation->holding_count; i++) {
		const struct holding *h = &organisation->holdings[i];
		note_date(o, h->from_us, g->now_us);
		note_date(o, h->until_us, g->now_us);
		if (h->from_us > g->now_us || (h->until_us != 0 && h->until_us <= g->now_us) ||
		    h->name_len > OWNED_KEY_MAX)
			continue;
		if (o->count == g->room) {
			size_t room = g->room == 0 ? 256 : 2 * g->room;
			struct owned *larger = realloc(o->owned, room * sizeof(larger[0]));
			if (larger == NULL)
				return HN_ENOMEM;
			o->owned = larger;
			g->room = room;
		}
		struct owned *one = &o->owned[o->count++];
		memset(one, 0, sizeof(*one));
		one->organisation = number;
		one->state = h->state;
		fill_key(h, one);
	}
	return HN_OK;
}

/* ---- prefixes: disjoint ranges, each with the longest prefix that covers it ---- */

/* The first address behind a prefix. @return false: there is none */
static bool behind(struct address a, unsigned bits, bool v4, struct address *out)
{
	unsigned width = v4 ? 32 : 128;
	unsigned host = width - bits;
	struct address step = {0, 0};
	if (host == width)
		return false;
	if (host >= 64)
		step.high = UINT64_C(1) << (host - 64);
	else
		step.low = UINT64_C(1) << host;
	out->low = a.low + step.low;
	out->high = a.high + step.high + (out->low < a.low);
	if (v4)
		return out->low <= UINT32_MAX;
	return !address_below(*out, a);
}

struct flattening {
	struct range *ranges;
	size_t count;
	struct {
		struct address end;
		bool endless;
		uint32_t owned;
	} open[129]; /* prefixes around the place, the innermost last: one inside the other */
	size_t depth;
	bool v4;
};

static void range_begin(struct flattening *f, struct address at, uint32_t owned)
{
	/* What begins where the last one began takes its place: it lies inside it. */
	if (f->count > 0) {
		struct range *last = &f->ranges[f->count - 1];
		if (last->from.high == at.high && last->from.low == at.low) {
			last->owned = owned;
			return;
		}
	}
	f->ranges[f->count++] = (struct range){at, owned};
}

/* Ends those that do not reach `at`. */
static void close_before(struct flattening *f, const struct address *at)
{
	while (f->depth > 0) {
		size_t top = f->depth - 1;
		if (f->open[top].endless || (at != NULL && address_below(*at, f->open[top].end)))
			return;
		f->depth--;
		range_begin(f, f->open[top].end, f->depth > 0 ? f->open[f->depth - 1].owned : OWNED_NONE);
	}
}

static int flatten(const struct owners *o, enum owned_kind kind, struct ranges *out)
{
	struct flattening f = {.v4 = kind == OWNED_PREFIX4};
	size_t total = 0;
	for (size_t i = 0; i < o->count; i++)
		total += o->owned[i].kind == kind;
	if (total == 0)
		return HN_OK;
	f.ranges = calloc(2 * total + 1, sizeof(f.ranges[0]));
	if (f.ranges == NULL)
		return HN_ENOMEM;
	for (size_t i = 0; i < o->count; i++) {
		const struct owned *one = &o->owned[i];
		if (one->kind != kind || (i > 0 && owned_key_compare(one, one - 1) == 0))
			continue;
		/* Sorted by address, then by length: a prefix comes before those inside it. */
		struct address from = address_of(one->key, f.v4);
		close_before(&f, &from);
		range_begin(&f, from, (uint32_t)i);
		f.open[f.depth].endless = !behind(from, one->key[16], f.v4, &f.open[f.depth].end);
		f.open[f.depth++].owned = (uint32_t)i;
	}
	close_before(&f, NULL);
	out->ranges = f.ranges;
	out->count = f.count;
	return HN_OK;
}

/* ---- names, networks, certificates: one table ---- */

static uint64_t hash_key(uint32_t seed, const uint8_t *key, size_t len)
{
	uint64_t h = seed + 14695981039346656037ULL;
	for (size_t i = 0; i < len; i++)
		h = (h ^ key[i]) * 1099511628211ULL;
	return h ^ h >> 31;
}

static uint64_t hash_owned(const struct owners *o, const struct owned *one)
{
	struct suffixes name;
	if (one->kind != OWNED_NAME)
		return hash_key(o->seed + one->kind, one->key, one->len);
	if (!suffixes_cut(&name, one->key, one->len))
		return 0;
	suffixes_hash(&name, o->seed);
	return name.hashes[0];
}

static int make_table(struct owners *o)
{
	size_t slots = 16;
	while (slots < 2 * o->count)
		slots *= 2;
	o->table = malloc(slots * sizeof(o->table[0]));
	if (o->table == NULL)
		return HN_ENOMEM;
	o->mask = slots - 1;
	for (size_t i = 0; i < slots; i++)
		o->table[i] = (struct table_slot){0, OWNED_NONE};
	for (size_t i = 0; i < o->count; i++) {
		const struct owned *one = &o->owned[i];
		if (one->kind == OWNED_PREFIX4 || one->kind == OWNED_PREFIX6 ||
		    (i > 0 && owned_key_compare(one, one - 1) == 0))
			continue;
		uint64_t hash = hash_owned(o, one);
		size_t at = hash & o->mask;
		while (o->table[at].owned != OWNED_NONE)
			at = (at + 1) & o->mask;
		o->table[at] = (struct table_slot){(uint32_t)(hash >> 32), (uint32_t)i};
	}
	return HN_OK;
}

/* ---- the image ---- */

static void owners_free(struct owners *o)
{
	free(o->owned);
	free(o->v4.ranges);
	free(o->v6.ranges);
	free(o->table);
	free(o);
}

int owners_build(struct directory *d, int64_t now_us, struct owners **out)
{
	struct owners *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return HN_ENOMEM;
	struct gathering g = {.o = o, .now_us = now_us};
	atomic_init(&o->refs, 1);
	o->from_us = now_us;
	o->seed = randombytes_random(); /* people choose what they claim */
	/* Before the walk: a change meanwhile makes it anew once more. */
	o->revision = directory_organisations_revision(d);
	int err = directory_each(d, gather, &g);
	if (err == HN_OK && o->count > 0)
		qsort(o->owned, o->count, sizeof(o->owned[0]), owned_compare);
	if (err == HN_OK)
		err = flatten(o, OWNED_PREFIX4, &o->v4);
	if (err == HN_OK)
		err = flatten(o, OWNED_PREFIX6, &o->v6);
	if (err == HN_OK)
		err = make_table(o);
	if (err != HN_OK)
		owners_free(o);
	else
		*out = o;
	return err;
}

void owners_unref(struct owners *o)
{
	if (o != NULL && atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) == 1)
		owners_free(o);
}

/* ---- asking ---- */

/* All that stand under the same key, which is the first's. */
static bool tell(const struct owners *o, uint32_t first, struct owners_found *out)
{
	out->count = 0;
	for (size_t i = first; i < o->count && out->count < OWNERS_MAX; i++) {
		const struct owned *one = &o->owned[i];
		if (i > first && owned_key_compare(one, &o->owned[first]) != 0)
			break;
		out->at[out->count].organisation = one->organisation;
		out->at[out->count++].state = one->state;
	}
	return true;
}

size_t owners_range_behind(const struct ranges *r, struct address at)
{
	size_t low = 0;
	size_t high = r->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (address_below(at, r->ranges[middle].from))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool owners_of_ip(const struct owners *o, const struct ip *ip, struct owners_found *out)
{
	bool v4 = ip->version == 4;
	const struct ranges *r = v4 ? &o->v4 : &o->v6;
	size_t behind_it = owners_range_behind(r, address_of(ip->bytes, v4));
	if (behind_it == 0 || r->ranges[behind_it - 1].owned == OWNED_NONE)
		return false;
	return tell(o, r->ranges[behind_it - 1].owned, out);
}

static bool find(const struct owners *o, uint64_t hash, enum owned_kind kind, const uint8_t *key, size_t len,
		 struct owners_found *out)
{
	for (size_t at = hash & o->mask; o->table[at].owned != OWNED_NONE; at = (at + 1) & o->mask) {
		const struct owned *one = &o->owned[o->table[at].owned];
		if (o->table[at].tag == (uint32_t)(hash >> 32) && one->kind == kind && one->len == len &&
		    memcmp(one->key, key, len) == 0)
			return tell(o, o->table[at].owned, out);
	}
	return false;
}

bool owners_of_name(const struct owners *o, const uint8_t *name, size_t len, struct owners_found *out)
{
	struct suffixes s;
	if (!suffixes_cut(&s, name, len))
		return false;
	suffixes_hash(&s, o->seed);
	for (unsigned i = 0; i < s.labels; i++)
		if (find(o, s.hashes[i], OWNED_NAME, name + s.starts[i], len - s.starts[i], out))
			return true;
	return false;
}

bool owners_of_asn(const struct owners *o, uint32_t asn, struct owners_found *out)
{
	uint8_t key[4];
	store_be32(key, asn);
	return find(o, hash_key(o->seed + OWNED_ASN, key, sizeof(key)), OWNED_ASN, key, sizeof(key), out);
}

bool owners_of_certificate(const struct owners *o, const uint8_t sha256[32], struct owners_found *out)
{
	return find(o, hash_key(o->seed + OWNED_CERTIFICATE, sha256, 32), OWNED_CERTIFICATE, sha256, 32, out);
}

size_t owners_count(const struct owners *o)
{
	return o->count;
}

/* Of one key the best stands first. */
int owners_each_prefix(const struct owners *o,
		       int (*fn)(void *context, const struct ip_prefix *prefix, int64_t organisation),
		       void *context)
{
	int err = HN_OK;
	for (size_t i = 0; err == HN_OK && i < o->count; i++) {
		const struct owned *one = &o->owned[i];
		if (one->kind != OWNED_PREFIX4 && one->kind != OWNED_PREFIX6)
			continue;
		if (i > 0 && owned_key_compare(&o->owned[i - 1], one) == 0)
			continue;
		struct ip_prefix p = {.addr.version = one->kind == OWNED_PREFIX4 ? 4 : 6,
				      .len = one->key[one->len - 1]};
		memcpy(p.addr.bytes, one->key, (size_t)one->len - 1);
		err = fn(context, &p, one->organisation);
	}
	return err;
}
