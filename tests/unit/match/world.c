/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "tests/unit/match/world.h"

#include <stdio.h>

#include "match/canonical.h"

#include "tests/unit/check.h"

uint64_t world_random(struct world *w)
{
	/* splitmix64 */
	uint64_t z = (w->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned below(struct world *w, unsigned n)
{
	return (unsigned)(world_random(w) % n);
}

/* Few values a byte, and any byte now and then. */
static void address(struct world *w, uint8_t *out, size_t size)
{
	static const uint8_t few[] = {0, 1, 10, 127, 128, 255};
	for (size_t i = 0; i < size; i++)
		out[i] = below(w, 20) == 0 ? (uint8_t)world_random(w) : few[below(w, i < size / 2 ? 2 : 6)];
}

void world_address4(struct world *w, uint8_t out[4])
{
	address(w, out, 4);
}

void world_address6(struct world *w, uint8_t out[16])
{
	address(w, out, 16);
}

static size_t label(struct world *w, uint8_t *out)
{
	static const char *const few[] = {
		"a", "b", "www", "mail", "example", "a-long-label-of-some-length", "\x01\xff."};
	if (below(w, 10) != 0) {
		const char *text = few[below(w, COUNT(few))];
		out[0] = (uint8_t)strlen(text);
		memcpy(out + 1, text, out[0]);
	} else {
		out[0] = (uint8_t)(1 + below(w, 63));
		for (unsigned i = 1; i <= out[0]; i++) {
			uint8_t c = (uint8_t)world_random(w);
			out[i] = c >= 'A' && c <= 'Z' ? 'z' : c;
		}
	}
	return 1u + out[0];
}

size_t world_name(struct world *w, uint8_t out[254])
{
	uint8_t one[64];
	size_t len = 0;
	if (below(w, 50) == 0) { /* the most labels that there can be */
		for (; len < 254; len += 2) {
			out[len] = 1;
			out[len + 1] = below(w, 2) ? 'a' : 'b';
		}
		len = 254 - 2 * (size_t)below(w, 3);
		return len;
	}
	unsigned labels = 1 + below(w, 5);
	for (unsigned i = 0; i < labels; i++) {
		size_t n = label(w, one);
		if (len + n > 254)
			break;
		memcpy(out + len, one, n);
		len += n;
	}
	return len;
}

size_t world_url(struct world *w, uint8_t out[254])
{
	static const char *const paths[] = {"/", "/a", "/a?b", "/a?c", "/a?b?d", "/index.html?x=1"};
	int n = snprintf((char *)out, 254, "h%u.example%s", below(w, 4), paths[below(w, COUNT(paths))]);
	return (size_t)n;
}

static void random_key(struct world *w, struct world_entry *e)
{
	e->kind = (enum entry_kind)below(w, ENTRY_KIND_COUNT);
	switch (e->kind) {
	case ENTRY_IP4:
	case ENTRY_IP6:
		e->len = e->kind == ENTRY_IP4 ? 4 : 16;
		address(w, e->data, e->len);
		break;
	case ENTRY_PREFIX4:
	case ENTRY_PREFIX6: {
		size_t size = e->kind == ENTRY_PREFIX4 ? 4 : 16;
		struct ip ip = {.version = size == 4 ? 4 : 6};
		address(w, ip.bytes, size);
		e->data[size] = (uint8_t)below(w, (unsigned)(8 * size));
		ip = ip_mask(&ip, e->data[size]);
		memcpy(e->data, ip.bytes, size);
		e->len = (uint16_t)(size + 1);
		break;
	}
	case ENTRY_NAME:
	case ENTRY_WILDCARD:
		e->len = (uint16_t)world_name(w, e->data);
		break;
	case ENTRY_URL:
		e->len = (uint16_t)world_url(w, e->data);
		break;
	case ENTRY_JA4:
		e->len = 36;
		(void)snprintf((char *)e->data, sizeof(e->data), "t13d1516h2_8daaf615277%u_e5627efa2ab%u",
			       below(w, 4), below(w, 4));
		break;
	default:
		e->len = e->kind == ENTRY_MD5 ? 16 : e->kind == ENTRY_SHA1 ? 20 : 32;
		memset(e->data, (int)below(w, 4), e->len);
	}
}

static struct world_entry *find_in(struct world_layer *l, const struct world_entry *e)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->entries[i].kind == e->kind && l->entries[i].len == e->len &&
		    memcmp(l->entries[i].data, e->data, e->len) == 0)
			return &l->entries[i];
	return NULL;
}

/* Of a host and what lies below it, which lists mostly name both: the other of the entry before. */
static bool twin(struct world *w, const struct world_layer *l, struct world_entry *out)
{
	const struct world_entry *last = l->count == 0 ? NULL : &l->entries[l->count - 1];
	if (last == NULL || (last->kind != ENTRY_NAME && last->kind != ENTRY_WILDCARD) || below(w, 2) == 0)
		return false;
	*out = *last;
	out->kind = last->kind == ENTRY_NAME ? ENTRY_WILDCARD : ENTRY_NAME;
	return true;
}

/* Overlays often speak of keys that the base has. */
static void fill_layer(struct world *w, size_t index, size_t entries)
{
	struct world_layer *l = &w->layer[index];
	for (size_t i = 0; i < entries; i++) {
		struct world_entry e = {0};
		const struct world_layer *base = &w->layer[0];
		if (twin(w, l, &e)) {
			if (find_in(l, &e) == NULL)
				l->entries[l->count++] = e;
			continue;
		}
		if (index > 0 && base->count > 0 && below(w, 2) == 0)
			e = base->entries[below(w, (unsigned)base->count)];
		else
			random_key(w, &e);
		e.tombstone = index > 0 && below(w, 3) == 0;
		e.allow = !e.tombstone && below(w, 12) == 0;
		e.number = (unsigned)(1000 * index + i);
		if (find_in(l, &e) == NULL)
			l->entries[l->count++] = e;
	}
}

static int add(struct him_build *b, const struct world_entry *e)
{
	char object[32];
	struct entry_key key = {e->kind, e->len, e->data};
	struct entry_meta meta = {.object = object, .confidence = 255, .allow = e->allow};
	(void)snprintf(object, sizeof(object), "object--%u", e->number);
	meta.act = e->number % 2 == 0 ? "act-even" : "act-odd";
	meta.marking = e->number % 3 == 0 ? "TLP:GREEN" : NULL;
	meta.valid_until_ns = e->number % 5 == 0 ? 1000000 : 0;
	return e->tombstone ? him_build_remove(b, &key) : him_build_add(b, &key, &meta);
}

uint8_t *world_compile(struct world *w, const struct world_entry entries[], size_t count,
		       const uint8_t *base_digest, bool strip, size_t *size_out)
{
	struct him_build *b;
	const uint8_t *data;
	uint8_t digest[32];
	size_t *order = calloc(count + 1, sizeof(*order));
	assert_non_null(order);
	assert_int_equal(him_build_new("world", NULL, &b), HN_OK);
	if (base_digest != NULL)
		him_build_base(b, base_digest);
	if (strip)
		him_build_strip(b);
	for (size_t i = 0; i < count; i++) {
		size_t k = below(w, (unsigned)(i + 1));
		order[i] = order[k];
		order[k] = i;
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(add(b, &entries[order[i]]), HN_OK);
		if (below(w, 4) == 0)
			assert_int_equal(add(b, &entries[order[below(w, (unsigned)i + 1)]]), HN_OK);
	}
	assert_int_equal(him_build_finish(b, &data, size_out, digest), HN_OK);
	uint8_t *copy = exact_copy(data, *size_out);
	him_build_free(b);
	free(order);
	return copy;
}

struct world *world_new(uint64_t seed, size_t layers, size_t entries)
{
	struct world *w = calloc(1, sizeof(*w));
	const void *files[WORLD_LAYERS_MAX];
	size_t sizes[WORLD_LAYERS_MAX];
	struct fault fault = {0};
	assert_non_null(w);
	w->state = seed;
	w->layers = layers;
	for (size_t i = 0; i < layers; i++) {
		struct world_layer *l = &w->layer[i];
		const uint8_t *base_digest = i == 0 ? NULL : w->layer[0].file + 24;
		fill_layer(w, i, i == 0 ? entries : entries / 4);
		l->file = world_compile(w, l->entries, l->count, base_digest, false, &l->file_size);
		files[i] = l->file;
		sizes[i] = l->file_size;
	}
	assert_int_equal(set_open_bytes(files, sizes, layers, &w->set, &fault), HN_OK);
	return w;
}

void world_free(struct world *w)
{
	set_close(w->set);
	for (size_t i = 0; i < w->layers; i++)
		free(w->layer[i].file);
	free(w);
}

const struct world_entry *world_live(const struct world *w, enum entry_kind kind, const uint8_t *key,
				     size_t len)
{
	for (size_t i = w->layers; i-- > 0;) {
		for (size_t k = 0; k < w->layer[i].count; k++) {
			const struct world_entry *e = &w->layer[i].entries[k];
			if (e->kind == kind && e->len == len && memcmp(e->data, key, len) == 0)
				return e->tombstone ? NULL : e;
		}
	}
	return NULL;
}

/* Goes on until an allow entry comes. @return whether that is one */
static bool take(const struct world_entry **best_io, const struct world_entry *e, unsigned extra,
		 unsigned *extra_out)
{
	if (e == NULL || (*best_io != NULL && !e->allow))
		return false;
	*best_io = e;
	*extra_out = extra;
	return e->allow;
}

const struct world_entry *world_find_ip(const struct world *w, const uint8_t *addr, size_t size,
					unsigned *extra_out)
{
	const struct world_entry *best = NULL;
	enum entry_kind exact = size == 4 ? ENTRY_IP4 : ENTRY_IP6;
	if (take(&best, world_live(w, exact, addr, size), 0, extra_out))
		return best;
	for (unsigned len = (unsigned)(8 * size); len-- > 0;) {
		struct ip ip = {.version = size == 4 ? 4 : 6};
		uint8_t key[17];
		memcpy(ip.bytes, addr, size);
		ip = ip_mask(&ip, len);
		memcpy(key, ip.bytes, size);
		key[size] = (uint8_t)len;
		enum entry_kind kind = size == 4 ? ENTRY_PREFIX4 : ENTRY_PREFIX6;
		if (take(&best, world_live(w, kind, key, size + 1), len, extra_out))
			return best;
	}
	return best;
}

const struct world_entry *world_find_name(const struct world *w, const uint8_t *name, size_t len,
					  unsigned *extra_out)
{
	const struct world_entry *best = NULL;
	if (take(&best, world_live(w, ENTRY_NAME, name, len), 0, extra_out))
		return best;
	unsigned left = 1;
	for (size_t at = 1u + name[0]; at < len; at += 1u + name[at], left++)
		if (take(&best, world_live(w, ENTRY_WILDCARD, name + at, len - at), left, extra_out))
			return best;
	return best;
}

const struct world_entry *world_find_url(const struct world *w, const uint8_t *url, size_t len)
{
	const struct world_entry *best = NULL;
	unsigned extra;
	const uint8_t *query = memchr(url, '?', len);
	if (take(&best, world_live(w, ENTRY_URL, url, len), 0, &extra) || query == NULL)
		return best;
	(void)take(&best, world_live(w, ENTRY_URL, url, (size_t)(query - url)), 0, &extra);
	return best;
}

/* --- what does not pass --- */

struct outside {
	struct entry_pass pass;
	bool filter; /* leave out what passes */
	uint64_t sum;
	size_t count;
};

static bool act_is_even(const void *context, const char *act)
{
	return *(const bool *)context && strcmp(act, "act-even") == 0;
}

static bool passes(const struct entry_pass *pass, const struct entry_key *key, const struct entry_meta *meta)
{
	if (meta->allow)
		return true;
	if ((pass->kinds >> key->kind & 1) == 0 || meta->act == NULL || !pass->act(pass->context, meta->act))
		return false;
	return !(key->kind == ENTRY_PREFIX4 && key->data[4] < pass->prefix4) &&
	       !(key->kind == ENTRY_PREFIX6 && key->data[16] < pass->prefix6);
}

static int sum_up(void *context, const struct entry_key *key, const struct entry_meta *meta)
{
	struct outside *o = context;
	if (o->filter && passes(&o->pass, key, meta))
		return HN_OK;
	o->sum = o->sum * 31 + (uint64_t)key->kind;
	for (size_t i = 0; i < key->len; i++)
		o->sum = o->sum * 31 + key->data[i];
	for (const char *c = meta->object; c != NULL && *c != '\0'; c++)
		o->sum = o->sum * 31 + (uint8_t)*c;
	o->count++;
	return HN_OK;
}

void world_check_outside(struct world *w, const struct set *s)
{
	bool even = world_random(w) % 4 != 0;
	struct entry_pass pass = {.kinds = world_random(w) % 2 == 0 ? UINT32_MAX : (uint32_t)world_random(w),
				  .prefix4 = (uint8_t)(world_random(w) % 33),
				  .prefix6 = (uint8_t)(world_random(w) % 129),
				  .act = act_is_even,
				  .context = &even};
	struct outside naive = {.pass = pass, .filter = true};
	struct outside fast = {.pass = pass};
	assert_int_equal(set_each(s, sum_up, &naive), HN_OK);
	assert_int_equal(set_each_outside(s, &pass, sum_up, &fast), HN_OK);
	assert_int_equal(fast.count, naive.count);
	assert_true(fast.sum == naive.sum);
}
