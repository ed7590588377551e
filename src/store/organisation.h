/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_ORGANISATION_H
#define HINOMI_STORE_ORGANISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/uuid.h"
#include "store/label.h"

struct arena;

/*
 * An organisation and a sharing group as their JSON says (catalog/api/organisation.schema.json,
 * group.schema.json). Read strictly, written canonically; what the programs ask is parsed beside it. Times
 * are microseconds since 1970, 0: not said.
 */

#define ORGANISATION_TEXT_MAX (256u << 10) /* bytes of one organisation's JSON */

enum holding_kind { HOLDING_PREFIX, HOLDING_ASN, HOLDING_DOMAIN, HOLDING_CERTIFICATE };

/** Who says so. Only what is proved or entered by the centre decides anything. */
enum holding_state { HOLDING_CLAIMED, HOLDING_PROVED, HOLDING_ENTERED };

/** Something that belongs to an organisation from a date to another. */
struct holding {
	enum holding_kind kind;
	enum holding_state state;
	struct ip_prefix prefix;
	uint32_t asn;
	const uint8_t *name; /* of HOLDING_DOMAIN: wire form (match/entry.h); it and every name below it */
	size_t name_len;
	uint8_t certificate[32]; /* SHA-256 of its DER */
	int64_t from_us, until_us;
};

/** In a sharing group; counts from the date of consent on. */
struct membership {
	struct uuid group;
	int64_t consent_us; /* 0: not yet consented */
	bool secrecy_duty;  /* bound to secrecy by law or contract */
	unsigned contents;  /* enum content_class that it brings */
	int64_t from_us, until_us;
};

/** What it and a partner agreed to. Those with the centre decide what it gets from the hub. */
struct agreement {
	struct uuid partner;
	enum tlp tlp_max;
	bool onward; /* may pass it on to others */
	unsigned purposes;
	unsigned contents;
	int64_t from_us, until_us;
};

struct organisation {
	struct uuid id;
	enum org_kind kind;
	bool ended; /* its people cannot sign in any more; what it gave stays */
	struct uuid *parents;
	size_t parent_count;
	struct holding *holdings;
	size_t holding_count;
	struct membership *memberships;
	size_t membership_count;
	struct agreement *agreements;
	size_t agreement_count;
	char *text; /* canonical JSON, NUL-terminated */
	size_t text_len;
	char *card; /* what others may know: id, kind, names, sectors, parents */
	size_t card_len;
	/* private */
	struct arena *memory;
};

/**
 * Reads and checks one.
 *
 * @param id  its identifier; the JSON's own `id`, where it is there, must be this
 * @return HN_EFORMAT, HN_ELIMIT, HN_ENOMEM; the fault's place is the JSON pointer
 */
HN_MUST_USE int organisation_read(const char *text, size_t len, const struct uuid *id,
				  struct organisation *out, struct fault *fault);
/** Gives the memory back; an organisation of zeros is allowed. */
void organisation_clear(struct organisation *o);

struct group {
	struct uuid id;
	struct uuid owner; /* the organisation that keeps it */
	bool ended;
	char *text;
	size_t text_len;
	/* private */
	struct arena *memory;
};

/** The same for a group. */
HN_MUST_USE int group_read(const char *text, size_t len, const struct uuid *id, struct group *out,
			   struct fault *fault);
/** A group of zeros is allowed. */
void group_clear(struct group *g);

#endif
