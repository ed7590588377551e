/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_DNS_TYPE_H
#define HINOMI_WIRE_DNS_TYPE_H

#include <stdint.h>

#define DNS_TYPE_TEXT_SIZE 11 /* NSEC3PARAM and NUL */

/**
 * Name of a type of resource records or of questions, as in IANA's registry of them (RFC 6895, 3.1), but for
 * 255, whose `*` is written ANY (RFC 8482); one that has none is TYPE and its number (RFC 3597, 5).
 */
void dns_type_format(uint16_t type, char out[DNS_TYPE_TEXT_SIZE]);

#endif
