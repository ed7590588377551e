/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "ledger/tile.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"

uint64_t tile_hashes(uint64_t size, unsigned level)
{
	return level >= TILE_LEVELS ? 0 : size >> (8 * level);
}

void tile_path(const struct tile *tile, char out[TILE_PATH_SIZE])
{
	unsigned groups[7]; /* 2^64 has 20 digits */
	size_t count = 0;
	uint64_t index = tile->index;
	int at;

	do {
		groups[count++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index > 0);
	if (tile->level == TILE_ENTRIES)
		at = snprintf(out, TILE_PATH_SIZE, "tile/entries");
	else
		at = snprintf(out, TILE_PATH_SIZE, "tile/%u", tile->level);
	while (count > 1)
		at += snprintf(out + at, TILE_PATH_SIZE - (size_t)at, "/x%03u", groups[--count]);
	at += snprintf(out + at, TILE_PATH_SIZE - (size_t)at, "/%03u", groups[0]);
	if (tile->width < TILE_WIDTH)
		at += snprintf(out + at, TILE_PATH_SIZE - (size_t)at, ".p/%u", tile->width);
	assert(at < TILE_PATH_SIZE);
}

/* Up to three digits; the spelling is judged as a whole afterwards. */
static bool number(struct cur *c, unsigned *out)
{
	const uint8_t *p;
	unsigned n = 0;
	size_t digits = 0;

	while (digits < 3 && (p = cur_peek(c, 1)) != NULL && *p >= '0' && *p <= '9') {
		n = 10 * n + (unsigned)(*p - '0');
		cur_skip(c, 1);
		digits++;
	}
	*out = n;
	return digits > 0;
}

static bool literal(struct cur *c, const char *text)
{
	const uint8_t *p = cur_peek(c, strlen(text));
	if (p == NULL || memcmp(p, text, strlen(text)) != 0)
		return false;
	cur_skip(c, strlen(text));
	return true;
}

static bool index_of(struct cur *c, uint64_t *out)
{
	uint64_t index = 0;
	bool more;
	do {
		unsigned group;
		if (!literal(c, "/"))
			return false;
		more = literal(c, "x");
		if (!number(c, &group) || __builtin_mul_overflow(index, UINT64_C(1000), &index) ||
		    __builtin_add_overflow(index, (uint64_t)group, &index))
			return false;
	} while (more);
	*out = index;
	return true;
}

int tile_path_parse(const char *text, size_t len, struct tile *out)
{
	struct tile tile = {.width = TILE_WIDTH};
	char again[TILE_PATH_SIZE];
	struct cur c = cur_of(text, len);

	if (!literal(&c, "tile/"))
		return HN_EFORMAT;
	if (literal(&c, "entries"))
		tile.level = TILE_ENTRIES;
	else if (!number(&c, &tile.level) || tile.level > 63)
		return HN_EFORMAT;
	if (!index_of(&c, &tile.index))
		return HN_EFORMAT;
	if (literal(&c, ".p/") && (!number(&c, &tile.width) || tile.width < 1 || tile.width > 255))
		return HN_EFORMAT;
	/* One tile has one path: whatever else was lenient above shows here. */
	tile_path(&tile, again);
	if (cur_left(&c) > 0 || strlen(again) != len || memcmp(again, text, len) != 0)
		return HN_EFORMAT;
	*out = tile;
	return HN_OK;
}
