/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_COMPOSE_H
#define HINOMI_RESOLVER_COMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/answer_cache.h"
#include "resolver/asked.h"
#include "resolver/cookie.h"
#include "resolver/policy.h"

/*
 * The messages that go back. Each function writes one into out, of asked_limit() bytes and at least
 * COMPOSE_ROOM, and gives its length; 0: none is sent.
 */
#define COMPOSE_ROOM 4096

/** What every answer needs to know. */
struct composer {
	const struct cookie_secrets *cookies;
	uint32_t utc_s;
	uint32_t now_s; /* CLOCK_MONOTONIC */
};

/** Beside an answer; RFC 8914. code ANSWER_NO_EDE: nothing. */
struct told {
	uint16_t code;
	const char *text; /* NULL: none */
};

/** An error, or an empty answer. rcode in full; never longer than the question for REFUSED. */
size_t compose_error(const struct composer *c, const struct asked *a, unsigned rcode, struct told told,
		     uint8_t *out);
/** TC=1 and nothing else: come back over TCP. */
size_t compose_truncated(const struct composer *c, const struct asked *a, uint8_t *out);

/** A cached answer; expired_ttl is what times to live that ran out become. */
size_t compose_cached(const struct composer *c, const struct asked *a, const struct cached_answer *answer,
		      uint32_t expired_ttl, struct told told, uint8_t *out);

/**
 * What policy put in place of the answer: NXDOMAIN, NODATA, records, TC=1 or nothing. An answer over UDP
 * longer than one and a half times the question goes only to who is generous; others get it without text, or
 * TC=1.
 *
 * @param target  of a local CNAME: the answer for where it leads; NULL: not known, so the CNAME alone
 */
size_t compose_blocked(const struct composer *c, const struct asked *a, const struct policy_verdict *verdict,
		       const struct cached_answer *target, uint8_t *out);

/** Where a local CNAME in place of the answer leads. @return false: there is none, or it was asked for itself
 */
bool compose_redirect(const struct asked *a, const struct policy_verdict *verdict,
		      uint8_t target[NAME_MAX_WIRE + 1], size_t *len_out);

#endif
