/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RPZ_H
#define HINOMI_RESOLVER_RPZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "match/intern.h"
#include "resolver/name_rules.h"
#include "resolver/policy.h"
#include "resolver/prefix_rules.h"

/*
 * A response policy zone in memory (draft-vixie-dnsop-dns-rpz-00): which name or address, by which trigger,
 * asks for which action. rpz_read.h fills it; then any number of threads ask.
 *
 * A rule is an action with a TTL and records of local data; equal ones are kept once.
 */

#define RPZ_ZONE_TEXT 1024 /* bytes of a zone's name as text, with its NUL */

struct rpz {
	char zone[RPZ_ZONE_TEXT]; /* without its last dot; "." for the root */
	uint32_t serial;
	char serial_text[12];
	struct name_rules *names[POLICY_TRIGGER_COUNT];     /* of POLICY_QNAME and POLICY_NS_NAME */
	struct prefix_rules prefixes[POLICY_TRIGGER_COUNT]; /* of the others */
	struct intern rules;
};

/** What was found; names: the first, addresses: the second. */
struct rpz_hit {
	uint32_t rule;
	uint32_t slot;
	bool below;
	uint8_t labels_left, bytes_left;
	uint8_t prefix_len;
};

HN_MUST_USE int rpz_new(struct rpz **out);
/** NULL is allowed. */
void rpz_free(struct rpz *z);

/* ---- filling ---- */

/** Begins the bytes of a rule; records are appended behind. */
void rpz_rule_begin(struct buf *rule, enum policy_action action, uint32_t ttl);
/** Appends a record of local data; one that is there already is left out. @return HN_ELIMIT over
 * POLICY_RECORDS_MAX, HN_ENOMEM */
HN_MUST_USE int rpz_rule_record(struct buf *rule, uint16_t type, uint32_t ttl, const uint8_t *data,
				size_t len);
/** The number of a rule. @return HN_ELIMIT, HN_ENOMEM */
HN_MUST_USE int rpz_rule_add(struct rpz *z, const struct buf *rule, uint32_t *number_out);
/** Makes the tables that are asked. @return as name_rules_finish(); HN_EEXIST with the line of a prefix that
 * has two rules */
HN_MUST_USE int rpz_finish(struct rpz *z, uint32_t *line_out);

/* ---- asking ---- */

/** The most specific entry of a trigger: POLICY_QNAME and POLICY_NS_NAME for names, the others for addresses.
 */
bool rpz_find_name(const struct rpz *z, enum policy_trigger trigger, const uint8_t *name, size_t len,
		   struct rpz_hit *out);
bool rpz_find_suffixes(const struct rpz *z, enum policy_trigger trigger, struct suffixes *n,
		       struct rpz_hit *out);
bool rpz_find_address(const struct rpz *z, enum policy_trigger trigger, const struct ip *address,
		      struct rpz_hit *out);
/** What a rule does. */
enum policy_action rpz_rule_action(const struct rpz *z, uint32_t rule);
uint32_t rpz_rule_ttl(const struct rpz *z, uint32_t rule);
/** The records in the bytes of a rule, which they point into. @return how many */
size_t rpz_records_of(const uint8_t *rule, size_t len, struct policy_record out[POLICY_RECORDS_MAX]);
/** Its records, which live as long as the zone. @return how many */
size_t rpz_rule_records(const struct rpz *z, uint32_t rule, struct policy_record out[POLICY_RECORDS_MAX]);

/** Entries, of all triggers or of one; and bytes of memory. */
uint64_t rpz_count(const struct rpz *z);
uint64_t rpz_trigger_count(const struct rpz *z, enum policy_trigger trigger);
uint64_t rpz_bytes(const struct rpz *z);

#endif
