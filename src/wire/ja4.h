/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WIRE_JA4_H
#define HINOMI_WIRE_JA4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/tls.h"

/*
 * JA4, the TLS client fingerprint (the method of that name only, of its family nothing else): transport,
 * version, whether a server name is there, counts of ciphers and extensions, ALPN; then digests of the sorted
 * ciphers, and of the sorted extensions with the signature algorithms. GREASE values (RFC 8701) count
 * nowhere.
 */

#define JA4_SIZE 36
#define JA4_LIST_MAX                                                                                         \
	1024 /* ciphers, extensions and signature algorithms each; real hellos have well under 100 */

/**
 * @param transport  't' for TLS over TCP, 'q' for QUIC
 * @return HN_ELIMIT when a list is longer than JA4_LIST_MAX; then out is untouched
 */
HN_MUST_USE int ja4_make(const struct client_hello *hello, char transport, char out[JA4_SIZE]);

/** Whether v is one of RFC 8701's reserved values. */
static inline bool ja4_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

#endif
