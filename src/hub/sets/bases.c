/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sets/bases.h"

#include "bus/head.h"

#define FOLD_LEAST  (16 << 10)          /* bytes: a smaller file is always folded */
#define DUE_LEAST   (64 << 10)          /* bytes of overlays that are worth a base before there are many */
#define LARGE       (256 << 10)         /* bytes */
#define SPREAD_RATE (INT64_C(32) << 20) /* bytes a second that all edges together fetch of a new base */

static int64_t overlays_of(const struct set_file files[], size_t count)
{
	int64_t sum = 0;
	for (size_t i = 1; i < count; i++)
		sum += files[i].size;
	return sum;
}

bool bases_few_changes(const struct set_file files[], size_t count)
{
	return overlays_of(files, count) < files[0].size / BASES_SHARE;
}

/* What is larger than all that came after it stays: it would be fetched again for the sake of a few entries.
 */
static size_t keep_large(const struct set_file files[], size_t count)
{
	int64_t later = 0;
	while (count > 1 && files[count - 1].size <= 2 * later + FOLD_LEAST)
		later += files[--count].size;
	return count;
}

size_t bases_keep(const struct set_file files[], size_t count)
{
	size_t overlays = count - 1;
	if (overlays >= BASES_OVERLAYS_MOST)
		return 1;
	return overlays >= BASES_FOLD_AFTER && bases_few_changes(files, count) ? keep_large(files, count)
									       : count;
}

bool bases_due(const struct set_standing *s)
{
	if (s->file_count < 2 || bases_few_changes(s->files, s->file_count))
		return false;
	int64_t overlays = overlays_of(s->files, s->file_count);
	if (s->former_count > 0)
		return overlays >= s->files[0].size;
	return s->file_count > BASES_FOLD_AFTER || overlays >= DUE_LEAST;
}

bool bases_large(const struct set_file *base)
{
	return base->size >= LARGE;
}

uint32_t bases_spread_s(const struct set_file *base, size_t edges)
{
	int64_t most = (int64_t)HEAD_SPREAD_MAX * SPREAD_RATE;
	if (base->size > 0 && (int64_t)edges > most / base->size)
		return HEAD_SPREAD_MAX;
	return (uint32_t)(base->size * (int64_t)edges / SPREAD_RATE);
}
