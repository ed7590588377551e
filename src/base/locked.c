/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/locked.h"

#include <string.h>
#include <sys/mman.h>

void *locked_alloc(size_t size, bool *locked_out)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, size, MADV_DONTDUMP);
	(void)madvise(memory, size, MADV_HUGEPAGE); /* a refusal only costs speed */
	/* On the first use of a page, so that a pool costs what is used of it and not what it may become. */
	*locked_out = mlock2(memory, size, MLOCK_ONFAULT) == 0;
	return memory;
}

void locked_free(void *memory, size_t size)
{
	if (memory != NULL)
		(void)munmap(memory, size);
}

void locked_wipe(void *memory, size_t size)
{
	explicit_bzero(memory, size);
}
