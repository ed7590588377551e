/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

#define PAGE      UINT64_C(4096)
#define HUGE_PAGE (UINT64_C(2) << 20)
#define HEAP_MAX  (UINT64_C(16) << 10) /* smaller pieces are left to the heap */

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

int pages_reserve(struct pages *p, size_t max)
{
	*p = (struct pages){NULL, 0, 0, 0};
	if (max == 0)
		return HN_OK;
	size_t size = round_up(max, HUGE_PAGE);
	/* Huge pages begin at multiples of their size. */
	uint8_t *data =
		mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data == MAP_FAILED)
		return HN_ENOMEM;
	size_t lead = (HUGE_PAGE - (uintptr_t)data % HUGE_PAGE) % HUGE_PAGE;
	if (lead > 0)
		(void)munmap(data, lead);
	if (lead < HUGE_PAGE)
		(void)munmap(data + lead + size, HUGE_PAGE - lead);
	*p = (struct pages){data + lead, 0, 0, size};
	return HN_OK;
}

int pages_grow(struct pages *p, size_t extra)
{
	size_t need;
	if (__builtin_add_overflow(p->used, extra, &need) || need > p->reserved)
		return HN_ELIMIT;
	if (need <= p->grown)
		return HN_OK;
	/* Small tables stay small; large ones grow a huge page at a time. */
	size_t grown = need < HUGE_PAGE ? round_up(need, 16 * PAGE) : round_up(need, HUGE_PAGE);
	if (grown > p->reserved)
		grown = p->reserved;
	if (mprotect(p->data + p->grown, grown - p->grown, PROT_READ | PROT_WRITE) != 0)
		return HN_ENOMEM;
	if (grown >= HUGE_PAGE)
		(void)madvise(p->data, grown, MADV_HUGEPAGE);
	p->grown = grown;
	return HN_OK;
}

void pages_trim(struct pages *p)
{
	size_t keep = round_up(p->used, PAGE);
	if (p->reserved == 0 || keep >= p->reserved)
		return;
	(void)munmap(p->data + keep, p->reserved - keep);
	p->reserved = keep;
	if (p->grown > keep)
		p->grown = keep;
	if (keep == 0)
		p->data = NULL;
}

void pages_clear(struct pages *p)
{
	if (p->reserved > 0)
		(void)munmap(p->data, p->reserved);
	*p = (struct pages){NULL, 0, 0, 0};
}

void *pages_map(size_t size)
{
	if (size <= HEAP_MAX)
		return calloc(1, size);
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return data == MAP_FAILED ? NULL : data;
}

void pages_unmap(void *data, size_t size)
{
	if (size <= HEAP_MAX)
		free(data);
	else if (data != NULL)
		(void)munmap(data, size);
}
