/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_GUESS_H
#define HINOMI_WIRE_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/decoder.h"

/* What recognisers of text protocols share. */

/** How data compares with one beginning; letters of either case when any_case is set. */
enum decode_guess guess_prefix(const uint8_t *data, size_t len, const char *text, bool any_case);

/** The best guess over a list that NULL ends. */
enum decode_guess guess_prefixes(const uint8_t *data, size_t len, const char *const texts[], bool any_case);

/** Whether text stands in data, letters of either case. */
bool guess_contains(const uint8_t *data, size_t len, const char *text);

#define GUESS_LINE_MAX 512 /* bytes of a first line that are waited for */

/** Bytes of the first line without its end, at most GUESS_LINE_MAX; *whole_out: its end, or that many bytes,
 * are there. */
size_t guess_line(const uint8_t *data, size_t len, bool *whole_out);

#endif
