/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_BUS_CODE_H
#define HINOMI_BUS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"

/*
 * An enrolment code: all that a new edge needs to know of the hub (or of the witness) which it shall join, as
 * one word to paste: "hinomi1-" and base64url, without padding, of
 *
 *     port (2, network order) | secret (16) | root (32) | length of host (1) | host | check (4)
 *
 * where check is the beginning of the SHA-256 of the word "hinomi1-" and of all bytes before it. The check
 * tells a slip of the hand; what keeps the code is that its secret works once and for a quarter of an hour.
 */

#define CODE_PREFIX      "hinomi1-"
#define CODE_HOST_MAX    253 /* bytes; RFC 1035, 2.3.4, without the last dot */
#define CODE_SECRET_SIZE 16
#define CODE_TEXT_MAX    420 /* bytes of the longest code, with its NUL */

struct code {
	char host[CODE_HOST_MAX + 1]; /* name, IPv4 or IPv6 address (without brackets), in lower case */
	uint16_t port;
	uint8_t secret[CODE_SECRET_SIZE];
	uint8_t root[32]; /* SHA-256 of the DER of the root certificate */
};

/** Whether it is a host as a code and a certificate name one: 1..CODE_HOST_MAX bytes of a name of lower-case
 * letters, digits, hyphens and dots (RFC 1123, 2.1), or an IPv4 or IPv6 address. */
bool code_host_ok(const char *host);

/** An empty code in memory that is locked, fenced and wiped when freed. @return NULL: no memory */
struct code *code_new(void);
void code_free(struct code *c);

/**
 * A new code with a random secret. The host is a name of letters, digits, hyphens and dots, or an address.
 *
 * @return HN_EFORMAT (host, port 0); HN_ENOMEM
 */
HN_MUST_USE int code_make(const char *host, uint16_t port, const uint8_t root[32], struct code **out);

/** Appends the word. Its secret lies in the buffer then: give it memory that the caller wipes. @return
 * HN_EFORMAT (host, port 0), or what buf_err() says */
HN_MUST_USE int code_format(const struct code *c, struct buf *out);

/**
 * Reads a code; white space around it is passed over. Any other text than the one that code_format() writes
 * is refused.
 *
 * @param out  untouched on an error
 * @return HN_EFORMAT (not a code, or not copied whole), HN_EUNSUPPORTED (a newer form), HN_ENOMEM
 */
HN_MUST_USE int code_parse(const char *text, size_t len, struct code *out, struct fault *fault);

/**
 * What the issuer keeps of a secret and looks it up by: a SHA-256, so that neither its database nor the time
 * of the look-up tells a code that still works.
 */
void code_secret_digest(const uint8_t secret[CODE_SECRET_SIZE], uint8_t out[32]);

#endif
