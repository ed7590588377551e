/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_OWNERS_H
#define HINOMI_STORE_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ip.h"
#include "match/entry.h"
#include "store/organisation.h"

/*
 * Who holds an address, a name, a network or a certificate: an immutable image of all holdings, made to be
 * asked a million times a second. What is proved or entered by the centre goes before what is claimed.
 */
struct directory;
struct owners;

/** The organisations of one holding, best first: entered, proved, claimed; then by number. */
#define OWNERS_MAX 8
struct owners_found {
	size_t count;
	struct {
		int64_t organisation;
		enum holding_state state;
	} at[OWNERS_MAX];
};

/** The image as of now: holdings that hold at this time. Made anew when organisations have changed or a
 * date has passed; else shared. owners_unref() it. */
HN_MUST_USE int owners_get(struct directory *d, int64_t now_us, struct owners **out);
/** NULL is allowed. */
void owners_unref(struct owners *o);

/** How many holdings there are, of all kinds. */
size_t owners_count(const struct owners *o);

/** Each prefix once, with who holds it best. @return what fn returned if not HN_OK */
HN_MUST_USE int owners_each_prefix(const struct owners *o,
				   int (*fn)(void *context, const struct ip_prefix *prefix,
					     int64_t organisation),
				   void *context);

/** The longest prefix that holds the address. @return whether there is one */
bool owners_of_ip(const struct owners *o, const struct ip *ip, struct owners_found *out);

/** The longest domain suffix of a name in wire form (match/entry.h, no root byte). */
bool owners_of_name(const struct owners *o, const uint8_t *name, size_t len, struct owners_found *out);

/** A network by its number (RFC 6793). */
bool owners_of_asn(const struct owners *o, uint32_t asn, struct owners_found *out);

/** @param sha256  of the certificate's DER */
bool owners_of_certificate(const struct owners *o, const uint8_t sha256[32], struct owners_found *out);

/** Whom an entry of a set hits. */
#define OWNERS_HIT_MAX 64
struct owners_hit {
	size_t count;
	int64_t organisations[OWNERS_HIT_MAX]; /* each once */
	bool more;                             /* and others */
};

/**
 * Everybody who holds something that an entry matches: of a prefix whoever is the longest holder of any
 * address in it, of a wildcard the holder of its name and those of names below it, of a URL its host's.
 */
void owners_of_entry(const struct owners *o, const struct entry_key *key, struct owners_hit *out);

#endif
