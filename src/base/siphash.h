/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_SIPHASH_H
#define HINOMI_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY 16 /* bytes */

/** SipHash-2-4 (Aumasson and Bernstein, 2012), its eight bytes read as a little-endian number. */
uint64_t siphash24(const uint8_t key[SIPHASH_KEY], const void *data, size_t len);

#endif
