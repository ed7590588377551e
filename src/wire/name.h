/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_NAME_H
#define HINOMI_WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/field.h"

/* Host names in wire form: VALUE_NAME of field.h. */

#define NAME_MAX_WIRE  254 /* bytes without the root's; RFC 1035, 2.3.4 counts it: 255 */
#define NAME_MAX_LABEL 63
#define NAME_MAX_TEXT  253 /* bytes of text without a trailing dot */

/**
 * A host name as people and protocols write it ("WWW.Example.") to wire form in lower case. One trailing dot
 * is dropped. Labels are letters, digits, hyphens and underscores (names in the field use them).
 *
 * @param len_out  1..NAME_MAX_WIRE
 * @return HN_EFORMAT for another character, an empty name or label; HN_ELIMIT for a name or label that is too
 * long
 */
HN_MUST_USE int name_from_text(const uint8_t *text, size_t len, uint8_t out[NAME_MAX_WIRE], size_t *len_out);

/** Whether data is a VALUE_NAME: labels of 1..63 bytes that fill it exactly, no upper case, 1..NAME_MAX_WIRE
 * bytes. */
bool name_is_wire(const uint8_t *data, size_t len);

/** Copies len bytes with A-Z made lower case. Length bytes of labels are never letters, so whole names may be
 * given. */
void name_lower(uint8_t *to, const uint8_t *from, size_t len);

/**
 * Adds what a protocol gives as its host: a name as VALUE_NAME, an IPv4 or IPv6 literal (with or without
 * brackets) as VALUE_IP4 or VALUE_IP6. Anything else is left out; a name over the limits counts as dropped.
 */
void host_add(struct extract *x, enum field field, const uint8_t *text, size_t len);

#endif
