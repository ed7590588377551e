/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/sketch_keys.h"

#include <string.h>

#include <sodium.h>

#define MAGIC    "hinomi sketch keys 1\n"
#define HEAD_LEN (sizeof(MAGIC) - 1 + SIPHASH_KEY)
#define DAY_LEN  (4 + SIPHASH_KEY)

_Static_assert(HEAD_LEN + SKETCH_KEYS_MAX * DAY_LEN <= SKETCH_KEYS_SIZE, "all days fit");

static int parse_days(struct cur in, struct sketch_keys *keys)
{
	for (; cur_left(&in) > 0; keys->count++) {
		if (keys->count == SKETCH_KEYS_MAX)
			return HN_ELIMIT;
		struct sketch_day_key *d = &keys->days[keys->count];
		d->day = cur_be32(&in);
		const uint8_t *key = cur_take(&in, SIPHASH_KEY);
		if (!cur_ok(&in))
			return HN_ETRUNC;
		if (keys->count > 0 && d->day <= d[-1].day)
			return HN_EFORMAT;
		memcpy(d->key, key, SIPHASH_KEY);
	}
	return HN_OK;
}

int sketch_keys_parse(struct cur in, struct sketch_keys *out)
{
	struct sketch_keys keys = {0};
	const uint8_t *magic = cur_take(&in, sizeof(MAGIC) - 1);
	const uint8_t *site = cur_take(&in, SIPHASH_KEY);
	if (!cur_ok(&in))
		return HN_ETRUNC;
	if (memcmp(magic, MAGIC, sizeof(MAGIC) - 1) != 0)
		return HN_EFORMAT;
	memcpy(keys.site, site, SIPHASH_KEY);
	int rc = parse_days(in, &keys);
	if (rc == HN_OK)
		*out = keys;
	sodium_memzero(&keys, sizeof(keys));
	return rc;
}

size_t sketch_keys_format(const struct sketch_keys *keys, uint8_t out[SKETCH_KEYS_SIZE])
{
	size_t at = HEAD_LEN;
	memcpy(out, MAGIC, sizeof(MAGIC) - 1);
	memcpy(out + sizeof(MAGIC) - 1, keys->site, SIPHASH_KEY);
	for (size_t i = 0; i < keys->count; i++, at += DAY_LEN) {
		store_be32(out + at, (uint32_t)keys->days[i].day);
		memcpy(out + at + 4, keys->days[i].key, SIPHASH_KEY);
	}
	return at;
}

const uint8_t *sketch_keys_find(const struct sketch_keys *keys, int64_t day)
{
	for (size_t i = 0; i < keys->count; i++)
		if (keys->days[i].day == day)
			return keys->days[i].key;
	return NULL;
}

static void erase(struct sketch_keys *keys, size_t at, size_t count)
{
	size_t behind = keys->count - at - count;
	memmove(&keys->days[at], &keys->days[at + count], behind * sizeof(keys->days[0]));
	keys->count -= count;
	sodium_memzero(&keys->days[keys->count], count * sizeof(keys->days[0]));
}

void sketch_keys_make(struct sketch_keys *keys, int64_t day)
{
	if (keys->count == SKETCH_KEYS_MAX) {
		int64_t before = day - keys->days[0].day, after = keys->days[keys->count - 1].day - day;
		erase(keys, before > after ? 0 : keys->count - 1, 1);
	}
	size_t at = keys->count;
	for (; at > 0 && keys->days[at - 1].day > day; at--)
		keys->days[at] = keys->days[at - 1];
	keys->days[at].day = day;
	randombytes_buf(keys->days[at].key, SIPHASH_KEY);
	keys->count++;
}

bool sketch_keys_erase_before(struct sketch_keys *keys, int64_t day)
{
	size_t n = 0;
	while (n < keys->count && keys->days[n].day < day)
		n++;
	if (n > 0)
		erase(keys, 0, n);
	return n > 0;
}
