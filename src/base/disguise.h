/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BASE_DISGUISE_H
#define HINOMI_BASE_DISGUISE_H

#include <stdint.h>

#include "base/siphash.h"

/**
 * Numbers that are given to others and taken back, such as a place in a list, without telling them how many
 * there are: a permutation of all 64-bit numbers that looks random to who has not the key (a Feistel network
 * of four rounds of SipHash; Luby and Rackoff, 1988). disguise_undo() of what disguise() made is the number.
 */
uint64_t disguise(const uint8_t key[SIPHASH_KEY], uint64_t number);
uint64_t disguise_undo(const uint8_t key[SIPHASH_KEY], uint64_t disguised);

#endif
