/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "wire/fragment.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/locked.h"

/*
 * A datagram keeps its fragments as they came, in chains of chunks, and beside them the ranges of bytes that
 * are there. When one range is left that is the whole, the fragments are copied together from the last that
 * came to the first, so that what came first is what stays.
 */

#define CHUNK_SIZE  2048
#define CHUNK_COUNT (FRAGMENT_MEMORY / CHUNK_SIZE)
#define BUCKETS     2048 /* a power of two */
#define NONE        UINT16_MAX
#define CACHE_LINE  64

_Static_assert(FRAGMENT_DATAGRAMS < NONE && CHUNK_COUNT < NONE, "indices are 16 bits");
_Static_assert(FRAGMENT_MEMORY >= 2 * FRAGMENT_BYTES, "any one datagram has room");

struct key {
	uint8_t src[16];
	uint8_t dst[16];
	uint32_t id;
	uint8_t version;
	uint8_t protocol; /* IPv4 */
	uint8_t class;
	uint8_t zero;
};

struct piece {
	uint16_t offset;
	uint16_t len;
	uint16_t chunk; /* the first of its chain */
};

/* Bytes from..to-1 are there. */
struct range {
	uint16_t from;
	uint16_t to;
};

struct datagram {
	struct key key;
	struct fragment_sum sum;
	uint16_t bucket;
	uint16_t next; /* in the bucket; or in the list of free ones */
	uint16_t older;
	uint16_t newer;
	uint16_t total; /* bytes; 0: the last fragment has not come */
	uint8_t protocol;
	bool dead; /* dropped; what comes later is refused for sum.reason */
	uint16_t piece_count;
	uint16_t range_count;
	struct piece pieces[FRAGMENT_PIECES];
	struct range ranges[FRAGMENT_PIECES];
};

struct fragment_table {
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	fragment_drop_fn *drop;
	void *context;
	struct {
		uint64_t packets;
		uint64_t bytes;
	} pending[FRAGMENT_CLASSES];
	uint16_t oldest;
	uint16_t newest;
	uint16_t warmed; /* pieces of the oldest that were asked for, for it goes next */
	uint16_t free_datagram;
	uint16_t free_chunk;
	size_t free_chunks;
	size_t whole_len;         /* bytes of `whole` to wipe */
	uint8_t *put_into;        /* the caller's instead of `whole` */
	uint8_t addresses[4][16]; /* of the packet that completed a datagram */
	uint16_t buckets[BUCKETS];
	uint16_t chunk_next[CHUNK_COUNT];
	struct datagram datagrams[FRAGMENT_DATAGRAMS];
	uint8_t whole[FRAGMENT_BYTES];
	uint8_t chunks[CHUNK_COUNT][CHUNK_SIZE];
};

const char *fragment_reason_name(enum fragment_reason reason)
{
	static const char *const names[FRAGMENT_REASON_COUNT] = {
		[FRAGMENT_OK] = "fragment_ok",           [FRAGMENT_TIMED_OUT] = "fragment_timeout",
		[FRAGMENT_EVICTED] = "fragment_evicted", [FRAGMENT_ENDED] = "fragment_ended",
		[FRAGMENT_OVERLAP] = "fragment_overlap", [FRAGMENT_MALFORMED] = "fragment_malformed",
		[FRAGMENT_CUT] = "fragment_cut",         [FRAGMENT_TOO_MANY] = "fragment_too_many",
	};
	return reason < FRAGMENT_REASON_COUNT ? names[reason] : "unknown";
}

int fragment_table_new(const uint8_t key[16], fragment_drop_fn *drop, void *context,
		       struct fragment_table **out, bool *locked_out)
{
	_Static_assert(crypto_shorthash_KEYBYTES == 16, "the key is what the header says");
	struct fragment_table *t = locked_alloc(sizeof(*t), locked_out);
	if (t == NULL)
		return HN_ENOMEM;
	memcpy(t->hash_key, key, sizeof(t->hash_key));
	t->drop = drop;
	t->context = context;
	t->oldest = t->newest = NONE;
	memset(t->buckets, 0xff, sizeof(t->buckets));
	for (unsigned i = 0; i < FRAGMENT_DATAGRAMS; i++)
		t->datagrams[i].next = i + 1 < FRAGMENT_DATAGRAMS ? (uint16_t)(i + 1) : NONE;
	for (unsigned i = 0; i < CHUNK_COUNT; i++)
		t->chunk_next[i] = i + 1 < CHUNK_COUNT ? (uint16_t)(i + 1) : NONE;
	t->free_chunks = CHUNK_COUNT;
	*out = t;
	return HN_OK;
}

/* --- chunks --- */

static uint16_t chunks_take(struct fragment_table *t, const uint8_t *data, size_t len)
{
	uint16_t first = t->free_chunk, last = first;
	for (size_t done = 0; done < len; done += CHUNK_SIZE) {
		size_t part = len - done < CHUNK_SIZE ? len - done : CHUNK_SIZE;
		last = t->free_chunk;
		memcpy(t->chunks[last], data + done, part);
		t->free_chunk = t->chunk_next[last];
		t->free_chunks--;
	}
	t->chunk_next[last] = NONE;
	return first;
}

static void chunks_give(struct fragment_table *t, const struct piece *piece)
{
	size_t left = piece->len;
	for (uint16_t chunk = piece->chunk; chunk != NONE;) {
		uint16_t next = t->chunk_next[chunk];
		size_t part = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		locked_wipe(t->chunks[chunk], part);
		left -= part;
		t->chunk_next[chunk] = t->free_chunk;
		t->free_chunk = chunk;
		t->free_chunks++;
		chunk = next;
	}
}

/*
 * In a flood of fragments each new datagram wipes the oldest one, which the cache has long forgotten. So each
 * fragment asks for a piece of that ahead.
 */
static void warm_oldest(struct fragment_table *t)
{
	if (t->oldest == NONE || (t->free_datagram != NONE && t->free_chunks > CHUNK_COUNT / 8))
		return;
	const struct datagram *d = &t->datagrams[t->oldest];
	if (t->warmed >= d->piece_count)
		return;
	const struct piece *piece = &d->pieces[t->warmed++];
	size_t len = piece->len < CHUNK_SIZE ? piece->len : CHUNK_SIZE;
	for (size_t at = 0; at < len; at += CACHE_LINE)
		__builtin_prefetch(t->chunks[piece->chunk] + at, 1);
}

static void chunks_copy(const struct fragment_table *t, const struct piece *piece, uint8_t *to)
{
	size_t left = piece->len;
	for (uint16_t chunk = piece->chunk; chunk != NONE; chunk = t->chunk_next[chunk]) {
		size_t part = left < CHUNK_SIZE ? left : CHUNK_SIZE;
		memcpy(to, t->chunks[chunk], part);
		to += part;
		left -= part;
	}
}

/* --- datagrams --- */

static struct key key_of(const struct packet *p, uint8_t class)
{
	struct key key = {.id = p->fragment_id, .version = p->ip_version, .class = class};
	size_t len = p->ip_version == 4 ? 4 : 16;
	memcpy(key.src, p->src, len);
	memcpy(key.dst, p->dst, len);
	if (p->ip_version == 4)
		key.protocol = p->protocol;
	return key;
}

static uint16_t bucket_of(const struct fragment_table *t, const struct key *key)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint8_t short_key[16];
	if (key->version == 4) {
		memcpy(short_key, key->src, 4);
		memcpy(short_key + 4, key->dst, 4);
		memcpy(short_key + 8, (const uint8_t *)key + offsetof(struct key, id), 8);
		(void)crypto_shorthash(hash, short_key, sizeof(short_key), t->hash_key);
	} else {
		(void)crypto_shorthash(hash, (const uint8_t *)key, sizeof(*key), t->hash_key);
	}
	return (uint16_t)((hash[0] | hash[1] << 8) & (BUCKETS - 1));
}

static struct datagram *find(struct fragment_table *t, const struct key *key, uint16_t bucket)
{
	for (uint16_t i = t->buckets[bucket]; i != NONE; i = t->datagrams[i].next) {
		if (memcmp(&t->datagrams[i].key, key, sizeof(*key)) == 0)
			return &t->datagrams[i];
	}
	return NULL;
}

/* Gives back the bytes and takes the packets out of the books; the caller tells whoever must know. */
static void empty(struct fragment_table *t, struct datagram *d)
{
	for (size_t i = 0; i < d->piece_count; i++)
		chunks_give(t, &d->pieces[i]);
	t->pending[d->key.class].packets -= d->sum.packets;
	t->pending[d->key.class].bytes -= d->sum.bytes;
	/* There was never more than one range more than there are pieces. */
	size_t ranges = d->piece_count < FRAGMENT_PIECES ? d->piece_count + 1u : FRAGMENT_PIECES;
	locked_wipe(d->pieces, d->piece_count * sizeof(d->pieces[0]));
	locked_wipe(d->ranges, ranges * sizeof(d->ranges[0]));
	d->piece_count = 0;
	d->range_count = 0;
}

static void unlink_datagram(struct fragment_table *t, struct datagram *d)
{
	uint16_t index = (uint16_t)(d - t->datagrams);
	uint16_t *link = &t->buckets[d->bucket];
	while (*link != index)
		link = &t->datagrams[*link].next;
	*link = d->next;
	if (d->older == NONE)
		t->warmed = 0;
	*(d->older == NONE ? &t->oldest : &t->datagrams[d->older].newer) = d->newer;
	*(d->newer == NONE ? &t->newest : &t->datagrams[d->newer].older) = d->older;
	locked_wipe(d, offsetof(struct datagram, pieces)); /* the rest is: it is empty */
	d->next = t->free_datagram;
	t->free_datagram = index;
}

static void report(struct fragment_table *t, struct datagram *d, enum fragment_reason reason)
{
	d->sum.reason = (uint8_t)reason;
	if (d->sum.packets > 0)
		t->drop(t->context, &d->sum);
}

static void drop(struct fragment_table *t, struct datagram *d, enum fragment_reason reason)
{
	empty(t, d);
	report(t, d, reason);
	unlink_datagram(t, d);
}

/* Drops the packets, and stays to refuse those that follow. */
static void kill(struct fragment_table *t, struct datagram *d, enum fragment_reason reason)
{
	empty(t, d);
	report(t, d, reason);
	d->sum.packets = 0;
	d->sum.bytes = 0;
	d->dead = true;
}

static bool timed_out(const struct datagram *d, int64_t time_ns)
{
	return time_ns - d->sum.first_ns >= FRAGMENT_TIMEOUT_NS;
}

static struct datagram *birth(struct fragment_table *t, const struct key *key, uint16_t bucket,
			      int64_t time_ns)
{
	if (t->free_datagram == NONE)
		drop(t, &t->datagrams[t->oldest], FRAGMENT_EVICTED);
	uint16_t index = t->free_datagram;
	struct datagram *d = &t->datagrams[index];
	t->free_datagram = d->next;
	d->key = *key;
	d->sum = (struct fragment_sum){.first_ns = time_ns, .last_ns = time_ns, .class = key->class};
	d->bucket = bucket;
	d->next = t->buckets[bucket];
	t->buckets[bucket] = index;
	d->newer = NONE;
	d->older = t->newest;
	*(t->newest == NONE ? &t->oldest : &t->datagrams[t->newest].newer) = index;
	t->newest = index;
	return d;
}

/* --- ranges --- */

static bool overlaps(const struct datagram *d, uint16_t from, uint16_t to)
{
	for (size_t i = 0; i < d->range_count; i++) {
		if (d->ranges[i].from < to && from < d->ranges[i].to)
			return true;
	}
	return false;
}

static bool covered(const struct datagram *d, uint16_t from, uint16_t to)
{
	for (size_t i = 0; i < d->range_count; i++) {
		if (d->ranges[i].from <= from && to <= d->ranges[i].to)
			return true;
	}
	return false;
}

static bool repeated(const struct datagram *d, uint16_t offset, uint16_t len)
{
	for (size_t i = 0; i < d->piece_count; i++) {
		if (d->pieces[i].offset == offset && d->pieces[i].len == len)
			return true;
	}
	return false;
}

/* Puts a range in its place and joins it with those it touches. There are never more ranges than pieces. */
static void range_add(struct datagram *d, uint16_t from, uint16_t to)
{
	size_t i = d->range_count;
	while (i > 0 && d->ranges[i - 1].to >= from)
		i--;
	size_t joined = i;
	for (; joined < d->range_count && d->ranges[joined].from <= to; joined++) {
		if (d->ranges[joined].from < from)
			from = d->ranges[joined].from;
		if (d->ranges[joined].to > to)
			to = d->ranges[joined].to;
	}
	memmove(&d->ranges[i + 1], &d->ranges[joined], (d->range_count - joined) * sizeof(d->ranges[0]));
	d->range_count = (uint16_t)(d->range_count + 1 - (joined - i));
	d->ranges[i] = (struct range){from, to};
}

/* --- adding --- */

static enum fragment_reason judge(const struct packet *p)
{
	if (p->cut)
		return FRAGMENT_CUT;
	if (p->payload_len == 0 || (p->fragment_more && p->payload_len % 8 != 0) ||
	    p->payload_len > FRAGMENT_BYTES || p->fragment_offset + p->payload_len > FRAGMENT_BYTES)
		return FRAGMENT_MALFORMED;
	return FRAGMENT_OK;
}

/* Whether a fragment's end fits to where the datagram is known to end, or to how far it is known to reach. */
static bool contradicts(const struct datagram *d, uint16_t to, bool more)
{
	if (d->total != 0)
		return more ? to >= d->total : to != d->total;
	return !more && d->range_count > 0 && d->ranges[d->range_count - 1].to > to;
}

/* Makes room, the oldest out first. @return false: it was this one */
static bool room_for(struct fragment_table *t, const struct datagram *d, size_t len)
{
	while (t->free_chunks * CHUNK_SIZE < len || t->free_chunk == NONE) {
		struct datagram *oldest = &t->datagrams[t->oldest];
		bool itself = oldest == d;
		drop(t, oldest, FRAGMENT_EVICTED);
		if (itself)
			return false;
	}
	return true;
}

static bool is_whole(const struct datagram *d)
{
	return d->total != 0 && d->range_count == 1 && d->ranges[0].from == 0 && d->ranges[0].to == d->total;
}

/* Whether the packet lies in memory that the next datagram may be put together in. */
static bool lies_in_whole(const struct fragment_table *t, const struct packet *p)
{
	return (uintptr_t)p->payload - (uintptr_t)t->whole < sizeof(t->whole);
}

/* The fragment that makes its datagram whole is not kept: complete() takes it from the packet. */
static enum fragment_reason store(struct fragment_table *t, struct datagram *d, const struct packet *p)
{
	uint16_t from = p->fragment_offset, len = (uint16_t)p->payload_len, to = (uint16_t)(from + len);

	if (d->dead)
		return d->sum.reason;
	if (repeated(d, from, len))
		return FRAGMENT_OK;
	if (p->ip_version == 6 && overlaps(d, from, to)) {
		kill(t, d, FRAGMENT_OVERLAP);
		return FRAGMENT_OVERLAP;
	}
	if (contradicts(d, to, p->fragment_more))
		return FRAGMENT_MALFORMED;
	if (!p->fragment_more)
		d->total = to;
	if (covered(d, from, to))
		return FRAGMENT_OK;
	if (d->piece_count == FRAGMENT_PIECES) {
		kill(t, d, FRAGMENT_TOO_MANY);
		return FRAGMENT_TOO_MANY;
	}
	if (from == 0 && (d->range_count == 0 || d->ranges[0].from != 0))
		d->protocol = p->protocol;
	range_add(d, from, to);
	if (is_whole(d) && !lies_in_whole(t, p))
		return FRAGMENT_OK;
	if (!room_for(t, d, len))
		return FRAGMENT_EVICTED;
	d->pieces[d->piece_count++] = (struct piece){from, len, chunks_take(t, p->payload, len)};
	return FRAGMENT_OK;
}

static void wipe_whole(struct fragment_table *t)
{
	locked_wipe(t->whole, t->whole_len);
	t->whole_len = 0;
}

/* The packet may lie in the datagram before, which is about to be overwritten: its addresses move to the
 * table. */
static void keep_addresses(struct fragment_table *t, struct packet *p)
{
	const uint8_t **from[4] = {&p->src, &p->dst, &p->class_src, &p->class_dst};
	uint8_t copies[4][16] = {{0}};
	for (size_t i = 0; i < 4; i++) {
		uint8_t version = i < 2 ? p->ip_version : p->class_version;
		memcpy(copies[i], *from[i], version == 4 ? 4 : 16);
		*from[i] = t->addresses[i];
	}
	memcpy(t->addresses, copies, sizeof(copies));
}

static void complete(struct fragment_table *t, struct datagram *d, struct packet *p,
		     struct fragment_result *result)
{
	keep_addresses(t, p);
	bool kept = lies_in_whole(t, p);
	uint8_t *to = t->put_into != NULL ? t->put_into : t->whole;
	wipe_whole(t);
	if (!kept)
		memcpy(to + p->fragment_offset, p->payload, p->payload_len);
	for (size_t i = d->piece_count; i > 0; i--)
		chunks_copy(t, &d->pieces[i - 1], to + d->pieces[i - 1].offset);
	if (to == t->whole)
		t->whole_len = d->total;
	p->protocol = d->protocol;
	*result = (struct fragment_result){
		.state = FRAGMENT_COMPLETE, .sum = d->sum, .data = to, .len = d->total};
	empty(t, d);
	unlink_datagram(t, d);
}

static void expire(struct fragment_table *t, int64_t time_ns)
{
	while (t->oldest != NONE && timed_out(&t->datagrams[t->oldest], time_ns))
		drop(t, &t->datagrams[t->oldest], FRAGMENT_TIMED_OUT);
}

/* @return NULL: refused for result->reason */
static struct datagram *take(struct fragment_table *t, const struct packet *p, int64_t time_ns, uint8_t class,
			     struct fragment_result *result)
{
	result->reason = (uint8_t)judge(p);
	if (result->reason != FRAGMENT_OK)
		return NULL;
	struct key key = key_of(p, class);
	uint16_t bucket = bucket_of(t, &key);
	struct datagram *d = find(t, &key, bucket);
	if (d != NULL && timed_out(d, time_ns)) {
		drop(t, d, FRAGMENT_TIMED_OUT);
		d = NULL;
	}
	if (d == NULL)
		d = birth(t, &key, bucket, time_ns);
	result->reason = (uint8_t)store(t, d, p);
	return result->reason == FRAGMENT_OK ? d : NULL;
}

void fragment_put_into(struct fragment_table *t, uint8_t *memory)
{
	t->put_into = memory;
}

void fragment_add_carried(struct fragment_table *t, struct packet *p, const struct fragment_sum *carrier,
			  uint8_t class, struct fragment_result *result)
{
	assert(class < FRAGMENT_CLASSES && p->fragment != FRAGMENT_NONE);
	warm_oldest(t);
	*result = (struct fragment_result){.state = FRAGMENT_REFUSED};
	expire(t, carrier->last_ns);
	struct datagram *d = take(t, p, carrier->last_ns, class, result);
	if (d == NULL) {
		wipe_whole(t);
		return;
	}
	d->sum.packets += carrier->packets;
	d->sum.bytes += carrier->bytes;
	d->sum.last_ns = carrier->last_ns;
	t->pending[class].packets += carrier->packets;
	t->pending[class].bytes += carrier->bytes;
	if (is_whole(d)) {
		complete(t, d, p, result);
		return;
	}
	wipe_whole(t);
	result->state = FRAGMENT_WAITING;
}

void fragment_add(struct fragment_table *t, struct packet *p, uint32_t wire_len, int64_t time_ns,
		  uint8_t class, struct fragment_result *result)
{
	const struct fragment_sum one = {.packets = 1, .bytes = wire_len, .last_ns = time_ns};
	fragment_add_carried(t, p, &one, class, result);
}

void fragment_expire(struct fragment_table *t, int64_t time_ns)
{
	wipe_whole(t);
	expire(t, time_ns);
}

void fragment_end(struct fragment_table *t)
{
	wipe_whole(t);
	while (t->oldest != NONE)
		drop(t, &t->datagrams[t->oldest], FRAGMENT_ENDED);
}

void fragment_pending(const struct fragment_table *t, uint8_t class, uint64_t *packets_out,
		      uint64_t *bytes_out)
{
	assert(class < FRAGMENT_CLASSES);
	*packets_out = t->pending[class].packets;
	*bytes_out = t->pending[class].bytes;
}

void fragment_table_free(struct fragment_table *t)
{
	if (t == NULL)
		return;
	t->drop = NULL;
	wipe_whole(t);
	locked_wipe(t->addresses, sizeof(t->addresses));
	while (t->oldest != NONE) {
		struct datagram *d = &t->datagrams[t->oldest];
		empty(t, d);
		unlink_datagram(t, d);
	}
	locked_wipe(t->hash_key, sizeof(t->hash_key));
	locked_free(t, sizeof(*t));
}
