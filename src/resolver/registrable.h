/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_REGISTRABLE_H
#define HINOMI_RESOLVER_REGISTRABLE_H

#include <stddef.h>
#include <stdint.h>

/**
 * How much of a name is its registrable domain: the public suffix and one label, by the Public Suffix List
 * that is built into libpsl (an unlisted top-level domain counts as one). A public suffix itself is whole.
 * Of reverse names in-addr.arpa and two labels more, ip6.arpa and eight more (a /16, a /32): otherwise one
 * busy network would stand for all of a continent's.
 *
 * @param name  wire form, lower case, without the root's byte
 * @return bytes at the name's end; 0 for the root
 */
size_t registrable_len(const uint8_t *name, size_t len);

/** The same, counted in labels. */
unsigned registrable_labels(const uint8_t *name, size_t len);

#endif
