/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_POLICY_H
#define HINOMI_RESOLVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ip.h"
#include "match/entry.h"
#include "match/fetches.h"
#include "match/set.h"

/*
 * What is refused, to whom, and how: a *policy* holds sets (a `.him` base with its overlays, or an RPZ zone
 * file) and views, which are lists of sets in order, one for each kind of client group. A policy never
 * changes; any number of threads ask it. policy_store.h keeps the one in force and replaces it.
 *
 * Who decides
 * -----------
 * A value (the client's address, the name asked, a CNAME's target, an address of the answer, a name server's
 * name or address) is judged by the sets of the view in their order:
 *
 *  1. An allow entry of any set of the view that covers the value beats every block of that value, wherever
 *     it stands. One for the client, the name asked or a CNAME's target ends the search: what comes after it
 *     in the chain, and the addresses, pass. What was found before it stands.
 *  2. Else the first set in the list with an entry for any of the values decides. Within a set: the client's
 *     address, then names from the one asked along the chain, then addresses of the answer, then name
 *     servers' names, then their addresses (the order of RPZ); within a trigger the most specific entry.
 *  3. PASSTHRU decides as a block does, so that sets behind it are not heard, but sets before it still are.
 *  4. Log-only sets never decide: the first match of one is kept beside what does.
 *
 * The client and the name asked are judged before anything is resolved, and what they decide in favour of a
 * block is final: a slow upstream never delays a blocked answer, and nobody learns by asking whether a
 * blocked name exists. So a set earlier in the list with an entry for an address of that answer is not heard.
 *
 *     policy_begin(policy, view, &v);
 *     policy_judge_client(&v, &client);
 *     policy_judge_name(&v, qname, len, now_ns);
 *     if (policy_is_final(&v)) ...answer (v.action), else resolve, then in the order of the chain
 *     policy_judge_cname(&v, target, len, now_ns);                     each step
 *     policy_judge_address(&v, &address, now_ns);                      each A and AAAA
 *     policy_judge_ns_name(), policy_judge_ns_address()                where known and policy_needs() says so
 *     ...and act on v.action.
 *
 * Times are nanoseconds since 1970; an entry outside its validity is as if it were not there. Names are in
 * wire form, lower case, without the root's byte: "\3www\7example" (struct entry_key).
 */

#define POLICY_SETS_MAX    256
#define POLICY_VIEWS_MAX   64
#define POLICY_NAME_MAX    63  /* bytes of a set's or view's name */
#define POLICY_TEXT_MAX    255 /* bytes of contact and organisation */
#define POLICY_RECORDS_MAX 64  /* records of local data of one owner */

struct policy;

/** What is done. Text: policy_action_name(). */
enum policy_action {
	POLICY_NONE,     /* nothing matched, or an allow entry did */
	POLICY_PASSTHRU, /* "passthru": answer as if there were no policy */
	POLICY_NXDOMAIN, /* "nxdomain": no such name */
	POLICY_NODATA,   /* "nodata": the name is there, records of that type are not */
	POLICY_SINKHOLE, /* "sinkhole": our addresses (policy_records()) */
	POLICY_LOCAL,    /* "local-data": records of ours (policy_records()) */
	POLICY_DROP,     /* "drop": no answer at all */
	POLICY_TCP_ONLY, /* "tcp-only": over UDP an empty answer with TC=1; over TCP, TLS, HTTPS as PASSTHRU
			  */
	POLICY_LOG,      /* "log-only": of a set; never in a verdict's action */
	POLICY_GIVEN,    /* "given": of an RPZ set, each record says what is done */
	POLICY_ACTION_COUNT,
};

/** What was matched. Text: policy_trigger_name(), the words of RPZ. */
enum policy_trigger {
	POLICY_CLIENT,     /* "client-ip" */
	POLICY_QNAME,      /* "qname": the name asked or a CNAME's target */
	POLICY_ADDRESS,    /* "ip": an address of the answer */
	POLICY_NS_NAME,    /* "nsdname" */
	POLICY_NS_ADDRESS, /* "nsip" */
	POLICY_TRIGGER_COUNT,
};

const char *policy_action_name(enum policy_action action);
const char *policy_trigger_name(enum policy_trigger trigger);
/** @return HN_ENOENT for an unknown name */
HN_MUST_USE int policy_action_parse(const char *name, size_t len, enum policy_action *out);

/** INFO-CODEs of RFC 8914 that a policy may give as its reason. */
enum policy_reason {
	POLICY_FORGED = 4,    /* beside an answer that is ours: sinkhole, local data */
	POLICY_BLOCKED = 15,  /* the operator's own policy */
	POLICY_CENSORED = 16, /* ordered by law from outside */
	POLICY_FILTERED = 17, /* asked for by the client's organisation */
};

/* ---- what a policy is made of; text and arrays are read while it is made, nothing is kept ---- */

struct policy_set_spec {
	const char *name;         /* 1..POLICY_NAME_MAX bytes of UTF-8; unique */
	bool rpz;                 /* an RPZ zone file, else `.him` files */
	const char *const *paths; /* the zone file; or a base and its overlays, newest last */
	size_t path_count;
	/* Instead of paths: a directory whose "*.him" files are a base and its overlays, newest last in
	 * bytewise order of their names; a dot in front hides one. Of several bases the last by name counts.
	 */
	const char *directory;
	/* Of a `.him`; of an RPZ file POLICY_GIVEN, or what every record does that is not PASSTHRU. */
	enum policy_action action;
	const struct ip *sinkholes; /* of POLICY_SINKHOLE: at least one address */
	size_t sinkhole_count;
	const char *const *records; /* of POLICY_LOCAL: "TYPE DATA" as in a zone file */
	size_t record_count;
	uint32_t ttl;              /* seconds, of blocked answers; RPZ records bring their own */
	enum policy_reason reason; /* 0: POLICY_BLOCKED */
	const char *contact;       /* told to who is blocked; NULL: none */
	const char *organisation;  /* whose set it is; NULL: none */
	bool name_servers;         /* names and addresses of a `.him` are asked for name servers too */
	/* An RPZ file with fewer rules than this part of those in force is refused, since a zone file cut
	 * between two lines looks whole; 0: any number is taken. */
	uint8_t keep_percent;
};

struct policy_view_spec {
	const char *name;     /* 1..POLICY_NAME_MAX bytes; unique */
	const uint16_t *sets; /* numbers of sets in the spec, the one heard first before others */
	size_t set_count;
};

struct terms;

struct policy_spec {
	const struct policy_set_spec *sets;
	size_t set_count;
	const struct policy_view_spec *views;
	size_t view_count;
	struct terms *terms; /* who is served and how (terms.h); used by the policy. NULL: none */
};

/**
 * Reads every file and makes a policy of generation former's + 1 (1 without one). Files that have not changed
 * since `former` was made are shared with it, so that an overlay costs what the overlay holds. All or
 * nothing: a file that is missing, cut, damaged or broken fails the whole. Files are read, not mapped: who
 * writes over one in place does no harm. The SHA-256 of a `.him` is checked.
 *
 * An overlay that belongs to another base is left out, since base and overlays cannot be replaced in one
 * step; policy_note() tells of it, and of a base that is not the last.
 *
 * @param former  NULL: none; may be freed before the new one
 * @return HN_ENOENT, HN_EIO, HN_ETRUNC, HN_EFORMAT, HN_EAUTH, HN_EUNSUPPORTED, HN_ESTATE, HN_ELIMIT,
 * HN_ENOMEM; the fault says which file (and line) and what is wrong
 */
HN_MUST_USE int policy_new(const struct policy_spec *spec, const struct policy *former, struct policy **out,
			   struct fault *fault);
/** NULL is allowed. */
void policy_free(struct policy *p);

/** Rises by one with each policy; never 0. */
uint64_t policy_generation(const struct policy *p);
/** Those of its spec; they live as long as the policy. */
const struct terms *policy_terms(const struct policy *p);
size_t policy_view_count(const struct policy *p);
size_t policy_set_count(const struct policy *p);
/** The view's number. @return HN_ENOENT */
HN_MUST_USE int policy_view_find(const struct policy *p, const char *name, unsigned *view_out);
/** The n-th thing that was left out while the policy was made; NULL when there are no more. */
const struct fault *policy_note(const struct policy *p, size_t n);

/** What is fixed about a set; text lives as long as the policy. */
struct policy_set_info {
	const char *name;
	const char *id;      /* a `.him`'s set id; an RPZ's zone name without the last dot */
	const char *version; /* SHA-256 in hex of the newest layer; an RPZ's serial in decimal */
	bool rpz;
	enum policy_action action;
	enum policy_reason reason;
	const char *contact;      /* "" : none */
	const char *organisation; /* "" : none */
	uint32_t ttl;
	uint64_t entries;
	uint64_t bytes; /* of memory */
	size_t layers;  /* of a `.him` */
	uint16_t slot;  /* policy_slot() */
};
void policy_set_info(const struct policy *p, size_t set, struct policy_set_info *out);

/** A number below POLICY_SETS_MAX that stays a set's own while policies follow each other and it keeps its
 * name: for counters. Given to another only when there are no others left. */
uint16_t policy_slot(const struct policy *p, size_t set);

/* ---- judging ---- */

/** One entry that matched. */
struct policy_match {
	uint16_t set;    /* number in the policy */
	uint16_t place;  /* of the set in the view */
	uint8_t trigger; /* enum policy_trigger */
	uint8_t action;  /* enum policy_action */
	uint8_t step;    /* CNAMEs followed before the name; 0 is the name asked */
	bool allow;
	uint32_t rule;      /* of an RPZ set; private */
	struct set_hit hit; /* of an RPZ set too: kind, prefix_len, labels_left, bytes_left are filled */
};

/** One value that was judged, as it was given. */
struct policy_value {
	uint8_t trigger; /* enum policy_trigger */
	uint8_t step;    /* as in policy_match */
	uint8_t len;     /* of name */
	bool is_name;
	uint8_t name[255]; /* where is_name */
	struct ip address; /* else */
};

#define POLICY_TRACE_MAX 256

/** The values that were judged, in order, each once: for who explains a verdict. */
struct policy_trace {
	size_t count;
	bool full; /* there were more */
	struct policy_value values[POLICY_TRACE_MAX];
};

/** What was found so far; the caller's. Valid as long as the policy. */
struct policy_verdict {
	const struct policy *policy;
	struct policy_trace *trace; /* NULL: nobody wants to know; may be set after policy_begin() */
	uint8_t view;
	uint8_t action; /* enum policy_action: what decides; POLICY_NONE: nothing */
	uint8_t step;   /* of the name judged last */
	bool allowed;   /* an allow entry ended the search: `decided` is it, unless action says otherwise */
	bool has_decided, has_logged;
	struct policy_match decided; /* where has_decided */
	struct policy_match logged;  /* where has_logged: the first match of a log-only set */
};

/** view: below policy_view_count(), else nothing matches. */
void policy_begin(const struct policy *p, unsigned view, struct policy_verdict *v);
void policy_judge_client(struct policy_verdict *v, const struct ip *client, int64_t now_ns);
/** The name asked; once. A malformed name matches nothing. */
void policy_judge_name(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns);
/** The next CNAME's or DNAME's target in the chain. */
void policy_judge_cname(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns);
/** An address of the answer, after the chain. */
void policy_judge_address(struct policy_verdict *v, const struct ip *address, int64_t now_ns);
void policy_judge_ns_name(struct policy_verdict *v, const uint8_t *name, size_t len, int64_t now_ns);
void policy_judge_ns_address(struct policy_verdict *v, const struct ip *address, int64_t now_ns);

/** After client and name: the answer is known without asking anybody (blocked, dropped, TCP only). */
static inline bool policy_is_final(const struct policy_verdict *v)
{
	return v->action >= POLICY_NXDOMAIN;
}

/** Whether any set of the view has entries for a trigger: what nobody asks for need not be looked up. */
bool policy_needs(const struct policy *p, unsigned view, enum policy_trigger trigger);

/**
 * policy_judge_name() in steps, for a batch: suffixes_cut() of each name, then fetches_go() for the buckets
 * that will be read for all of them, then for the records that these lead to, then the judgements. So nothing
 * waits for memory, and what is computed of a name is computed once.
 */
void policy_prefetch_name(const struct policy *p, unsigned view, struct suffixes *name, struct fetches *f);
void policy_prefetch_records(const struct policy *p, unsigned view, struct suffixes *name, struct fetches *f);
void policy_judge_suffixes(struct policy_verdict *v, struct suffixes *name, int64_t now_ns);

/* ---- what a verdict says ---- */

/** A record of an answer of ours; without owner, since that is the name asked. */
struct policy_record {
	uint16_t type;
	uint16_t len;
	uint32_t ttl;
	const uint8_t *data; /* RDATA, names uncompressed; of a CNAME see policy_cname() */
};

/**
 * The records of POLICY_SINKHOLE and POLICY_LOCAL, of all types, those of a type together; the caller answers
 * with those of the type asked (ANY: all), with a CNAME for every type, with NODATA where there is none.
 *
 * @return how many; their data live as long as the policy
 */
size_t policy_records(const struct policy_verdict *v, struct policy_record out[POLICY_RECORDS_MAX]);

/**
 * The target of a local CNAME in wire form with the root's byte, for the name asked: RPZ's "*.target" puts
 * the name in front of the target.
 *
 * @param name  without the root's byte
 * @return HN_ELIMIT when it grows over 255 bytes (answer YXDOMAIN, as for a DNAME; RFC 6672, 2.2)
 */
HN_MUST_USE int policy_cname(const struct policy_record *record, const uint8_t *name, size_t len,
			     uint8_t out[255], size_t *len_out);

/** TTL of a blocked answer without records (for the SOA of NXDOMAIN and NODATA). */
uint32_t policy_ttl(const struct policy_verdict *v);

/**
 * The Extended DNS Error for v->action (RFC 8914): POLICY_FORGED with records of ours, else the set's reason.
 *
 * @param text_out  "set's name; contact", UTF-8, not sent by who cannot afford it; lives as long as the
 * policy
 * @return the INFO-CODE; -1: none belongs in the answer
 */
int policy_ede(const struct policy_verdict *v, const char **text_out);

/** What an event tells of a match: the entry, never what was observed. Text lives as long as the policy. */
struct policy_told {
	const char *set, *set_id, *set_version;
	const char *object;              /* id of the indicator; NULL: none (RPZ records have none) */
	const char *marking;             /* NULL: none */
	struct entry_key key;            /* the entry: name, wildcard, address or prefix */
	uint8_t labels_left, bytes_left; /* of a wildcard */
	uint8_t confidence;              /* 255: not said */
	const char *trigger, *action;    /* as policy_trigger_name() and policy_action_name() say */
};

/**
 * @param scratch  for the key
 * @return HN_ENOENT for a match of another policy
 */
HN_MUST_USE int policy_tell(const struct policy *p, const struct policy_match *match, uint8_t scratch[32],
			    struct policy_told *out);

/** The entry alone, its object's id, marking and confidence, the rest empty: what a serving thread has time
 * for. @return as above */
HN_MUST_USE int policy_tell_entry(const struct policy *p, const struct policy_match *match,
				  uint8_t scratch[32], struct policy_told *out);

/** Calls back for each name, exact or wildcard, that a set refuses now, until the callback returns something
 * else than HN_OK; returns that. Nothing is refused by allow entries, PASSTHRU and sets that only log. */
HN_MUST_USE int policy_each_name(const struct policy *p, size_t set, int64_t now_ns,
				 int (*each)(void *context, const struct entry_key *key), void *context);

#endif
