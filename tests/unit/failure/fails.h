/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_FAILURE_FAILS_H
#define HINOMI_TESTS_UNIT_FAILURE_FAILS_H

/*
 * Memory that a test counts and that fails when it says so: the linker's --wrap puts these in the place of
 * malloc, calloc, realloc, reallocarray and free. Included once by a program that is linked so.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker's --wrap gives. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void __wrap_free(void *memory);

static bool counting;
static unsigned calls, fail_at; /* the number of the call that fails, while counting; 0: none */
static long live;               /* blocks that are out, of those that were counted */

static bool fails(void)
{
	if (!counting || ++calls != fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

static void *given(void *memory)
{
	live += memory != NULL;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : given(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : given(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	if (fails())
		return NULL;
	return old == NULL ? given(__real_realloc(NULL, size)) : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	if (fails())
		return NULL;
	return old == NULL ? given(__real_reallocarray(NULL, count, size))
			   : __real_reallocarray(old, count, size);
}

void __wrap_free(void *memory)
{
	live -= memory != NULL;
	__real_free(memory);
}
/* NOLINTEND(bugprone-reserved-identifier) */

#endif
