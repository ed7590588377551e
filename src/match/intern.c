/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "match/intern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "match/hash.h"

#define PAGE        4096u
#define HUGE_PAGE   (2u << 20)
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

/* Big tables are asked at random: in huge pages that costs a third less. */
static struct intern_slot *slots_new(size_t count)
{
	struct intern_slot *slots = calloc(count, sizeof(*slots));
	uintptr_t start = ((uintptr_t)slots + PAGE - 1) / PAGE * PAGE;
	size_t skipped = start - (uintptr_t)slots;
	if (slots != NULL && count * sizeof(*slots) >= HUGE_PAGE)
		(void)madvise((char *)slots + skipped, count * sizeof(*slots) - skipped, MADV_HUGEPAGE);
	return slots;
}

/* At most half full, so that a search ends. */
static int grow_slots(struct intern *t)
{
	if (t->slots != NULL && t->count < t->slots_mask / 2)
		return HN_OK;
	size_t size = t->slots == NULL ? 128 : 4 * ((size_t)t->slots_mask + 1);
	struct intern_slot *slots = slots_new(size);
	if (slots == NULL)
		return HN_ENOMEM;
	uint32_t mask = (uint32_t)(size - 1);
	for (size_t i = 0; t->slots != NULL && i <= t->slots_mask; i++) {
		if (t->slots[i].number == 0)
			continue;
		uint32_t at = t->slots[i].hash & mask;
		while (slots[at].number != 0)
			at = (at + 1) & mask;
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->slots_mask = mask;
	return HN_OK;
}

int intern_add(struct intern *t, const void *data, size_t len, uint32_t *number_out)
{
	int rc = grow_slots(t);
	if (rc != HN_OK)
		return rc;
	uint32_t hash = (uint32_t)(hash_bytes(data, len, t->seed) >> 32);
	uint32_t at = hash & t->slots_mask;
	for (; t->slots[at].number != 0; at = (at + 1) & t->slots_mask) {
		if (t->slots[at].hash != hash)
			continue;
		size_t old_len;
		const uint8_t *old = intern_get(t, t->slots[at].number - 1, &old_len);
		if (old_len == len && memcmp(old, data, len) == 0) {
			*number_out = t->slots[at].number - 1;
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
	t->slots[at] = (struct intern_slot){hash, t->count};
	return HN_OK;
}
