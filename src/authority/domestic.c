/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "authority/domestic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/file.h"
#include "base/lang.h"

#define BLOCKS      ((size_t)1 << 24)
#define BLOCK_WORDS (BLOCKS / 32)
#define INDEX_COUNT 65537

/* Ranges of both versions are gathered as 128-bit numbers; IPv4 in the low 32 bits. */
typedef unsigned __int128 u128;

struct range {
	u128 first, last;
};

struct ranges {
	struct range *items;
	size_t count, cap;
};

static int ranges_add(struct ranges *r, u128 first, u128 last)
{
	if (r->count == r->cap) {
		size_t cap = r->cap == 0 ? 64 : r->cap * 2;
		struct range *grown = reallocarray(r->items, cap, sizeof(*grown));
		if (grown == NULL)
			return HN_ENOMEM;
		r->items = grown;
		r->cap = cap;
	}
	r->items[r->count++] = (struct range){first, last};
	return HN_OK;
}

static u128 bits_of(const struct ip *ip)
{
	u128 n = 0;
	size_t len = ip->version == 4 ? 4 : 16;
	for (size_t i = 0; i < len; i++)
		n = n << 8 | ip->bytes[i];
	return n;
}

static int ranges_add_prefix(struct ranges *r, const struct ip_prefix *p)
{
	unsigned host = (p->addr.version == 4 ? 32u : 128u) - p->len;
	u128 first = bits_of(&p->addr);
	u128 mask = host == 128 ? ~(u128)0 : (((u128)1 << host) - 1);
	return ranges_add(r, first, first | mask);
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorts, and joins ranges that overlap or touch. */
static void ranges_merge(struct ranges *r)
{
	size_t used = 0;
	if (r->count == 0)
		return;
	qsort(r->items, r->count, sizeof(*r->items), by_first);
	for (size_t i = 1; i < r->count; i++) {
		struct range *last = &r->items[used];
		if (last->last == ~(u128)0 || r->items[i].first <= last->last + 1) {
			if (r->items[i].last > last->last)
				last->last = r->items[i].last;
		} else {
			r->items[++used] = r->items[i];
		}
	}
	r->count = used + 1;
}

/*
 * What is not global (base/ip.h, ip_is_global()) counts as domestic. The unit test compares
 * both over random and edge addresses.
 */
static const char *const special4[] = {"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8",
				       "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.168.0.0/16",
				       "198.18.0.0/15",  "224.0.0.0/3"};
#define SPECIAL6 "2001:2::/48"            /* benchmarking, RFC 5180 */
#define NAT64    ((u128)0x0064ff9b << 96) /* 64:ff9b::/96, RFC 6052: is what the IPv4 address it carries is */
#define UNICAST  ((u128)0x2000 << 112)    /* 2000::/3: all that is given out (RFC 4291, 2.4) */
#define BEYOND   ((u128)0x4000 << 112)

static int ranges_add_special(struct ranges *v4, struct ranges *v6)
{
	struct ip_prefix p;
	int rc = HN_OK;

	for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]) && rc == HN_OK; i++) {
		rc = ip_prefix_parse(special4[i], strlen(special4[i]), &p);
		if (rc == HN_OK)
			rc = ranges_add_prefix(v4, &p);
		if (rc == HN_OK)
			rc = ranges_add(v6, NAT64 + v4->items[v4->count - 1].first,
					NAT64 + v4->items[v4->count - 1].last);
	}
	if (rc != HN_OK || (rc = ip_prefix_parse(SPECIAL6, strlen(SPECIAL6), &p)) != HN_OK ||
	    (rc = ranges_add_prefix(v6, &p)) != HN_OK || (rc = ranges_add(v6, 0, NAT64 - 1)) != HN_OK ||
	    (rc = ranges_add(v6, NAT64 + ((u128)1 << 32), UNICAST - 1)) != HN_OK)
		return rc;
	return ranges_add(v6, BEYOND, ~(u128)0);
}

static struct ip ip_of(u128 n, uint8_t version)
{
	struct ip ip = {{0}, version};
	size_t len = version == 4 ? 4 : 16;
	for (size_t i = len; i > 0; i--, n >>= 8)
		ip.bytes[i - 1] = (uint8_t)(n & 0xff);
	return ip;
}

static void digest_ranges(struct sha256 *s, const struct ranges *r, uint8_t version)
{
	for (size_t i = 0; i < r->count; i++) {
		char first[IP_TEXT_SIZE], last[IP_TEXT_SIZE], line[2 * IP_TEXT_SIZE + 2];
		struct ip a = ip_of(r->items[i].first, version), b = ip_of(r->items[i].last, version);
		ip_format(&a, first);
		ip_format(&b, last);
		int n = snprintf(line, sizeof(line), "%s-%s\n", first, last);
		sha256_add(s, line, (size_t)n);
	}
}

static int digest_both(const struct ranges *v4, const struct ranges *v6, uint8_t out[SHA256_SIZE])
{
	struct sha256 *s = sha256_new();
	if (s == NULL)
		return HN_ENOMEM;
	digest_ranges(s, v4, 4);
	digest_ranges(s, v6, 6);
	sha256_end(s, out);
	sha256_free(s);
	return HN_OK;
}

static void block_set(struct domestic *d, uint32_t block, uint64_t state)
{
	uint64_t shift = (block & 31) * 2;
	uint64_t *word = &d->blocks[block >> 5];
	*word = (*word & ~(UINT64_C(3) << shift)) | state << shift;
}

/* Marks the blocks that a range touches; inside it 32 at a time. */
static void blocks_fill(struct domestic *d, uint32_t first, uint32_t last)
{
	uint32_t block = first >> 8, end = (last >> 8) + 1;
	block_set(d, block, (first & 0xff) == 0 && last >= (block << 8 | 0xff) ? 1 : 2);
	for (block++; block + 1 < end && (block & 31) != 0; block++)
		block_set(d, block, 1);
	for (; block + 32 < end; block += 32)
		d->blocks[block >> 5] = UINT64_C(0x5555555555555555);
	for (; block + 1 < end; block++)
		block_set(d, block, 1);
	if (block < end)
		block_set(d, block, (last & 0xff) == 0xff ? 1 : 2);
}

static int fill4(struct domestic *d, const struct ranges *r)
{
	d->blocks = calloc(BLOCK_WORDS, sizeof(*d->blocks));
	d->ranges4 = calloc(r->count, sizeof(*d->ranges4));
	if (d->blocks == NULL || d->ranges4 == NULL)
		return HN_ENOMEM;
	d->count4 = r->count;
	for (size_t i = 0; i < r->count; i++) {
		d->ranges4[i] =
			(struct domestic_range4){(uint32_t)r->items[i].first, (uint32_t)r->items[i].last};
		blocks_fill(d, d->ranges4[i].first, d->ranges4[i].last);
	}
	return HN_OK;
}

static int fill6(struct domestic *d, const struct ranges *r)
{
	d->index6 = calloc(INDEX_COUNT, sizeof(*d->index6));
	d->ranges6 = calloc(r->count, sizeof(*d->ranges6));
	if (d->index6 == NULL || d->ranges6 == NULL)
		return HN_ENOMEM;
	d->count6 = r->count;
	for (size_t i = 0; i < r->count; i++) {
		u128 first = r->items[i].first, last = r->items[i].last;
		d->ranges6[i] = (struct domestic_range6){(uint64_t)(first >> 64), (uint64_t)first,
							 (uint64_t)(last >> 64), (uint64_t)last};
	}
	size_t at = 0;
	for (size_t top = 0; top < INDEX_COUNT; top++) {
		while (at < r->count && d->ranges6[at].last_high >> 48 < top)
			at++;
		d->index6[top] = (uint32_t)at;
	}
	return HN_OK;
}

static int line_fault(struct fault *fault, int rc, size_t line, const char *message)
{
	char place[32];
	(void)snprintf(place, sizeof(place), tr("line %zu", "%zu行"), line);
	return fault_set(fault, rc, place, "%s", message);
}

/* The line without comment and surrounding blanks. */
static struct cur trimmed(struct cur line)
{
	const uint8_t *hash = cur_left(&line) == 0 ? NULL : memchr(line.at, '#', cur_left(&line));
	if (hash != NULL)
		line.end = hash;
	while (cur_left(&line) > 0 && strchr(" \t\r", line.end[-1]) != NULL && line.end[-1] != '\0')
		line.end--;
	while (cur_left(&line) > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
		line.at++;
	return line;
}

static int parse_lines(struct cur c, struct ranges *v4, struct ranges *v6, struct fault *fault)
{
	for (size_t n = 1; cur_left(&c) > 0; n++) {
		const uint8_t *end = memchr(c.at, '\n', cur_left(&c));
		struct cur line = cur_sub(&c, end == NULL ? cur_left(&c) : (size_t)(end - c.at));
		if (end != NULL)
			cur_skip(&c, 1);
		line = trimmed(line);
		if (cur_left(&line) == 0)
			continue;
		struct ip_prefix p;
		if (ip_prefix_parse((const char *)line.at, cur_left(&line), &p) != HN_OK)
			return line_fault(fault, HN_EFORMAT, n,
					  tr("not a prefix such as 203.0.113.0/24 without host bits",
					     "ホスト部が0の、203.0.113.0/24 のようなプレフィックスではない"));
		if (v4->count + v6->count == DOMESTIC_PREFIXES_MAX)
			return line_fault(fault, HN_ELIMIT, n,
					  tr("too many prefixes", "プレフィックスが多過ぎる"));
		int rc = ranges_add_prefix(p.addr.version == 4 ? v4 : v6, &p);
		if (rc != HN_OK)
			return rc;
	}
	return HN_OK;
}

static int fill(struct domestic *d, struct ranges *v4, struct ranges *v6)
{
	int rc;
	d->prefixes = v4->count + v6->count;
	ranges_merge(v4);
	ranges_merge(v6);
	if ((rc = digest_both(v4, v6, d->digest)) != HN_OK || (rc = ranges_add_special(v4, v6)) != HN_OK)
		return rc;
	ranges_merge(v4);
	ranges_merge(v6);
	if ((rc = fill4(d, v4)) != HN_OK)
		return rc;
	return fill6(d, v6);
}

int domestic_parse(const char *text, size_t len, struct domestic **out, struct fault *fault)
{
	struct ranges v4 = {0}, v6 = {0};

	struct domestic *d = calloc(1, sizeof(*d));
	int rc = d == NULL ? HN_ENOMEM : parse_lines(cur_of(text, len), &v4, &v6, fault);
	if (rc == HN_OK)
		rc = fill(d, &v4, &v6);
	if (rc == HN_ENOMEM)
		(void)fault_set(fault, rc, "", "%s", hn_strerror(rc));
	free(v4.items);
	free(v6.items);
	if (rc != HN_OK)
		domestic_free(d);
	else
		*out = d;
	return rc;
}

int domestic_read(const char *path, struct domestic **out, struct fault *fault)
{
	struct fault inner = {{0}, {0}};
	struct buf text;

	buf_init(&text, DOMESTIC_FILE_MAX);
	int rc = file_read(path, &text);
	if (rc != HN_OK)
		(void)fault_set(fault, rc, path, "%s", rc == HN_EIO ? hn_errno_text(errno) : hn_strerror(rc));
	else if ((rc = domestic_parse(text.data == NULL ? "" : text.data, text.len, out, &inner)) != HN_OK) {
		char place[600];
		(void)snprintf(place, sizeof(place), "%.250s, %s", path, inner.place);
		(void)fault_set(fault, rc, place, "%s", inner.message);
	}
	buf_clear(&text);
	return rc;
}

void domestic_free(struct domestic *d)
{
	if (d == NULL)
		return;
	free(d->blocks);
	free(d->ranges4);
	free(d->ranges6);
	free(d->index6);
	free(d);
}

const uint8_t *domestic_digest(const struct domestic *d)
{
	return d->digest;
}

bool domestic_search4(const struct domestic *d, uint32_t addr)
{
	size_t begin = 0, end = d->count4;
	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;
		if (d->ranges4[middle].last < addr)
			begin = middle + 1;
		else
			end = middle;
	}
	return begin < d->count4 && d->ranges4[begin].first <= addr;
}
