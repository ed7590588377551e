/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_CHECK_H
#define HINOMI_TESTS_UNIT_CHECK_H

/* cmocka with the headers it wants before it, and what our tables of cases need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** A copy in a block of exactly len bytes, so that ASan sees one byte too far. Free it. */
static inline uint8_t *exact_copy(const void *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

#endif
