/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/intern.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "match/hash.h"

#define NUMBERS_MAX (HIM_ROW_MASK - 1)

void intern_init(struct intern *t, uint64_t bytes_max)
{
	*t = (struct intern){.bytes_max = bytes_max, .seed = randombytes_random()};
}

void intern_clear(struct intern *t)
{
	free(t->data);
	free(t->starts);
	free(t->slots);
	intern_init(t, t->bytes_max);
}

static int grow_data(struct intern *t, size_t len)
{
	if (len > t->bytes_max || t->used > t->bytes_max - len)
		return HN_ELIMIT;
	if (t->data != NULL && t->used + len <= t->cap)
		return HN_OK;
	size_t cap = t->cap < 4096 ? 4096 : t->cap;
	while (cap < t->used + len)
		cap *= 2;
	uint8_t *data = realloc(t->data, cap);
	if (data == NULL)
		return HN_ENOMEM;
	t->data = data;
	t->cap = cap;
	return HN_OK;
}

static int grow_starts(struct intern *t)
{
	if (t->count >= NUMBERS_MAX)
		return HN_ELIMIT;
	if (t->count + 2 <= t->starts_cap)
		return HN_OK;
	uint32_t cap = t->starts_cap == 0 ? 64 : t->starts_cap * 2;
	size_t *starts = realloc(t->starts, cap * sizeof(*starts));
	if (starts == NULL)
		return HN_ENOMEM;
	if (t->starts_cap == 0)
		starts[0] = 0;
	t->starts = starts;
	t->starts_cap = cap;
	return HN_OK;
}

static uint32_t slot_of(const struct intern *t, const uint8_t *data, size_t len)
{
	return (uint32_t)(hash_bytes(data, len, t->seed) >> 32) & t->slots_mask;
}

/* At most half full, so that a search ends. */
static int grow_slots(struct intern *t)
{
	if (t->slots != NULL && t->count < t->slots_mask / 2)
		return HN_OK;
	size_t size = t->slots == NULL ? 128 : 2 * ((size_t)t->slots_mask + 1);
	uint32_t *slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return HN_ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->slots_mask = (uint32_t)(size - 1);
	for (uint32_t i = 0; i < t->count; i++) {
		size_t len;
		const uint8_t *data = intern_get(t, i, &len);
		uint32_t at = slot_of(t, data, len);
		while (slots[at] != 0)
			at = (at + 1) & t->slots_mask;
		slots[at] = i + 1;
	}
	return HN_OK;
}

int intern_add(struct intern *t, const void *data, size_t len, uint32_t *number_out)
{
	int rc = grow_slots(t);
	if (rc != HN_OK)
		return rc;
	uint32_t at = slot_of(t, data, len);
	for (; t->slots[at] != 0; at = (at + 1) & t->slots_mask) {
		size_t old_len;
		const uint8_t *old = intern_get(t, t->slots[at] - 1, &old_len);
		if (old_len == len && memcmp(old, data, len) == 0) {
			*number_out = t->slots[at] - 1;
			return HN_OK;
		}
	}
	rc = grow_data(t, len);
	if (rc == HN_OK)
		rc = grow_starts(t);
	if (rc != HN_OK)
		return rc;
	if (len > 0)
		memcpy(t->data + t->used, data, len);
	t->used += len;
	*number_out = t->count++;
	t->starts[t->count] = t->used;
	t->slots[at] = t->count;
	return HN_OK;
}
