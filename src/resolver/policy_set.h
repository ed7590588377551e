/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_SET_H
#define HINOMI_RESOLVER_POLICY_SET_H

#include "resolver/policy.h"
#include "resolver/policy_files.h"
#include "resolver/rpz.h"

/* The inside of a policy, shared by the sources that make it, ask it and tell of it. */

struct policy_set;

/** An entry of a set; key: of "*" alone a wildcard of length 0. */
typedef int policy_each(void *context, enum policy_trigger trigger, const struct entry_key *key,
			const struct policy_match *match);

/** What the two kinds of sets do each in its way. */
struct policy_kind {
	/** The entry for a name that holds now. Fills rule, hit, action and allow of the match. */
	bool (*find_name)(const struct policy_set *s, enum policy_trigger trigger, struct suffixes *name,
			  int64_t now_ns, struct policy_match *out);
	bool (*find_address)(const struct policy_set *s, enum policy_trigger trigger,
			     const struct ip *address, int64_t now_ns, struct policy_match *out);
	/** Of POLICY_QNAME: lists the buckets that find_name() reads; with records, what these lead to. */
	void (*prefetch)(const struct policy_set *s, struct suffixes *name, bool records, struct fetches *f);
	/** Whether a prefix lies in an entry of the set that holds now; allow: of an allow entry. */
	bool (*covers)(const struct policy_set *s, enum policy_trigger trigger,
		       const struct ip_prefix *prefix, bool allow, int64_t now_ns);
	/** The records of a match that answers with records. */
	size_t (*records)(const struct policy_set *s, const struct policy_match *match,
			  struct policy_record out[POLICY_RECORDS_MAX]);
	uint32_t (*ttl)(const struct policy_set *s, const struct policy_match *match);
	/** Fills the entry's own members. */
	int (*tell)(const struct policy_set *s, const struct policy_match *match, uint8_t scratch[32],
		    struct policy_told *out);
	/** Calls back for each entry that holds now, with rule, action and allow of the match filled. */
	int (*each)(const struct policy_set *s, int64_t now_ns, policy_each *each, void *context);
	/** Fills id, version, entries, bytes, layers. */
	void (*info)(const struct policy_set *s, struct policy_set_info *out);
};

extern const struct policy_kind POLICY_HIM, POLICY_RPZ;

struct policy_set {
	const struct policy_kind *kind;
	struct policy_source *source;              /* a reference */
	char *name, *contact, *organisation, *ede; /* the heap's */
	enum policy_action action;
	enum policy_reason reason;
	uint32_t ttl;
	bool name_servers;
	uint16_t slot;
	bool allows;        /* has allow entries */
	unsigned triggers;  /* bit n: has entries for trigger n */
	struct buf records; /* bytes of a rule (rpz.h): what POLICY_SINKHOLE and POLICY_LOCAL answer */
};

struct policy_view {
	char *name;
	size_t count;
	uint16_t *sets;
	unsigned triggers; /* of any of its sets */
};

struct policy {
	uint64_t generation;
	size_t set_count, view_count, note_count, slot_count;
	struct policy_set *sets;
	struct policy_view *views;
	struct fault *notes;
	struct terms *terms; /* a use; NULL: none */
};

/** What a policy takes over. */
struct policy_made_of {
	const struct policy *former;    /* NULL: none */
	struct policy_source_list read; /* by policy_source_read() */
	struct policy_reading *reading;
};

/** policy_new(), but that large files may wait: then out is left alone, unless it is made without them. */
HN_MUST_USE int policy_make(const struct policy_spec *spec, const struct policy_made_of *of,
			    struct policy **out, struct fault *fault);

#endif
