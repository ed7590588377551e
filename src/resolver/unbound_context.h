/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_UNBOUND_CONTEXT_H
#define HINOMI_RESOLVER_UNBOUND_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "resolver/reactor.h"

/*
 * One context of libunbound: caches, trust anchors, questions under way. It is made by any thread, lives on
 * the reactor of one, and is freed by any when it was detached from there. Nothing is read from files, and
 * nothing is logged.
 */
struct unbound;

/** A zone that is asked at these servers. */
struct unbound_zone {
	const char *name; /* text; "." with prime: these are the roots */
	const struct endpoint *addresses;
	size_t count;
	bool prime;    /* ask them for the NS set, go on with that; else ask always them */
	bool insecure; /* nothing of it is validated */
};

struct unbound_options {
	const char *const *anchors; /* records, DS or DNSKEY, one line each; none: nothing is validated */
	size_t anchor_count;
	const struct unbound_zone *zones;
	size_t zone_count;
	const struct endpoint *forward; /* asked instead of the roots; none: from the roots */
	size_t forward_count;
	const char *config_file;     /* further options in libunbound's own form; NULL: none */
	const char *smallest_wait;   /* milliseconds before any server is asked again; NULL: libunbound's */
	const char *validation_date; /* YYYYMMDDHHMMSS; NULL: today */
	uint64_t cache_size;         /* bytes */
	uint32_t under_way_max;      /* questions */
	bool ask_localhost;          /* any server on a loopback address, else only those above */
	bool whole_names;            /* no QNAME minimisation */
};

/** @return HN_EFORMAT: an anchor, zone or address; HN_EUNSUPPORTED: an option unknown to it; HN_ENOMEM */
HN_MUST_USE int unbound_new(const struct unbound_options *o, struct unbound **out, struct fault *fault);

/** From now on it works on this reactor, in its thread. Once. */
void unbound_attach(struct unbound *u, struct reactor *r);
/** It works no more; what is left to do with it is unbound_free(). In the reactor's thread, not in a
 * callback. */
void unbound_detach(struct unbound *u);
/** Takes a while for a full cache. NULL is allowed. */
void unbound_free(struct unbound *u);

enum unbound_security { UNBOUND_INSECURE, UNBOUND_BOGUS, UNBOUND_SECURE };

/** What libunbound says; it owns what the pointers lead to, until the callback returns. */
struct unbound_answer {
	const uint8_t *packet; /* NULL: SERVFAIL without one */
	size_t packet_len;
	enum unbound_security security;
	const char *why; /* it is bogus; "" else */
};

/** One question under way. The caller's memory; lives until its callback came or unbound_cancel(). */
struct unbound_question {
	void (*done)(struct unbound_question *q, const struct unbound_answer *answer);
	int id; /* unbound's */
};

/**
 * Asks, with q->done filled in. The callback may come before it returns.
 *
 * @param name  wire form, lower case, without the root's byte
 * @return HN_ENOMEM: no callback comes
 */
HN_MUST_USE int unbound_ask(struct unbound *u, struct unbound_question *q, const uint8_t *name, size_t len,
			    uint16_t type);

/** The callback will not come. The question goes on by itself. Not in a callback. */
void unbound_cancel(struct unbound *u, const struct unbound_question *q);

/**
 * The Extended DNS Error (RFC 8914) of a reason that libunbound gave in words, since it tells no code.
 */
uint16_t unbound_ede(const char *why);

#endif
