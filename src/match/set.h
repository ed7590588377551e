/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_MATCH_SET_H
#define HINOMI_MATCH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fault.h"
#include "match/entry.h"
#include "match/fetches.h"
#include "match/suffixes.h"

/*
 * A set in force: one base and up to SET_OVERLAYS_MAX overlays, each a mapped `.him` file (match/him.h),
 * asked as one. Immutable once opened; any number of threads may ask.
 */

#define SET_OVERLAYS_MAX 16

struct set;

/** Where a value was found. */
struct set_hit {
	uint32_t layer;  /* 0 is the newest overlay; for set_meta() */
	uint32_t handle; /* of the entry, inside that layer: its row of metadata; the same where that was left
			    out */
	uint32_t slot;   /* where the entry lies in that layer; for set_key() */
	uint8_t kind;    /* enum entry_kind that matched */
	uint8_t prefix_len;  /* of a prefix entry */
	uint8_t labels_left; /* of a wildcard: labels that stood left of the entry */
	uint8_t bytes_left;  /* of a wildcard: bytes that stood left of it, dots included */
	bool allow;
};

/** What is fixed about a set; text lives as long as the set. */
struct set_info {
	const char *id;      /* of the set, the same for base and overlays */
	const char *version; /* of the newest layer: its SHA-256 in hex */
	uint64_t entries;    /* of all layers; tombstones taken off */
	uint64_t by_kind[ENTRY_KIND_COUNT];
	uint8_t widest_prefix4; /* the shortest prefix length; 255: none */
	uint8_t widest_prefix6;
	size_t layers;
	bool allows; /* some entry is an allow entry */
};

/**
 * Maps the files, newest last in order of paths (base first). Checks headers, section bounds and that the
 * overlays belong to the base; not the SHA-256 (him_verify() does, once, by who receives the file).
 *
 * @return HN_EFORMAT, HN_EUNSUPPORTED, HN_ESTATE (overlay of another base), HN_EIO, HN_ENOENT, HN_ENOMEM;
 * fault says which file
 */
HN_MUST_USE int set_open(const char *const paths[], size_t count, struct set **out, struct fault *fault);
/** The same over bytes that the caller keeps for as long as the set is open. */
HN_MUST_USE int set_open_bytes(const void *const data[], const size_t sizes[], size_t count, struct set **out,
			       struct fault *fault);
void set_close(struct set *s);

/**
 * Brings the files into memory, so that no question waits for the disk. What is asked often is copied to huge
 * pages where the system has them. Call between opening and the swap of pointers; not while others ask.
 */
void set_populate(struct set *s);

/**
 * Computes the SHA-256 of each layer and compares it with what the file states, for programs that are handed
 * files which nobody has verified yet. Reads all of the files.
 *
 * @return HN_EAUTH when one differs; the fault names its digest
 */
HN_MUST_USE int set_check_digests(const struct set *s, struct fault *fault);

const struct set_info *set_info(const struct set *s);
/** SHA-256 that the layer's file states for itself; layer 0 is the newest. */
const uint8_t *set_layer_digest(const struct set *s, size_t layer);

/** What a layer says, by kind: entries (allowing ones too), and tombstones. A base has none of these. */
struct set_changes {
	uint64_t added[ENTRY_KIND_COUNT];
	uint64_t removed[ENTRY_KIND_COUNT];
};
/** For layer below info's layers; 0 is the newest. */
void set_layer_changes(const struct set *s, size_t layer, struct set_changes *out);

/*
 * Look-ups give the most specific live entry: an exact one before a prefix or wildcard, a longer one before a
 * shorter, a newer layer before an older; an allow entry that covers the value before all. Validity in time
 * is the caller's to check (set_meta). addr in network byte order.
 */
bool set_find_ip4(const struct set *s, const uint8_t addr[4], struct set_hit *out);
bool set_find_ip6(const struct set *s, const uint8_t addr[16], struct set_hit *out);
/** name: wire form as in struct entry_key. Exact names and wildcards. */
bool set_find_name(const struct set *s, const uint8_t *name, size_t len, struct set_hit *out);
/** URL "host/path?query": the entry with its query, else without; exact match only. */
bool set_find_url(const struct set *s, const uint8_t *url, size_t len, struct set_hit *out);
/** JA4 and digests. */
bool set_find_key(const struct set *s, enum entry_kind kind, const uint8_t *key, size_t len,
		  struct set_hit *out);

/** The live entry that has exactly this canonical key, of any kind; prefixes and wildcards cover nothing
 * here. */
bool set_find_entry(const struct set *s, const struct entry_key *key, struct set_hit *out);

/** Touches the cache lines that set_find_ip4/6 will read, a while before they do. */
void set_prefetch_ip4(const struct set *s, const uint8_t addr[4]);
void set_prefetch_ip6(const struct set *s, const uint8_t addr[16]);
/** The same for a name; a malformed one is let be. It costs a third of the look-up: worth it in batches. */
void set_prefetch_name(const struct set *s, const uint8_t *name, size_t len);

/**
 * The same for a batch of names that suffixes_cut() took apart, whose hashes are then made once for all that
 * is asked of them: lists the buckets of the whole batch for fetches_go(), then the records that these lead
 * to; then come the questions.
 */
void set_prefetch_suffixes(const struct set *s, struct suffixes *n, struct fetches *f);
void set_prefetch_records(const struct set *s, struct suffixes *n, struct fetches *f);
bool set_find_suffixes(const struct set *s, struct suffixes *n, struct set_hit *out);

/** The metadata of a hit; text points into the map and lives as long as the set. */
void set_meta(const struct set *s, const struct set_hit *hit, struct entry_meta *out);

/** Whether now_ns lies in the validity that the metadata states, if it does. */
bool set_holds(const struct set *s, const struct set_hit *hit, int64_t now_ns);

/** The key of the entry that was hit, e.g. to fill a record from the indicator. Points into the map, or into
 * scratch. */
HN_MUST_USE int set_key(const struct set *s, const struct set_hit *hit, struct entry_key *out,
			uint8_t scratch[32]);

/**
 * Calls back for every live entry, in an order that depends on the files only. Stops when the callback
 * returns something else than HN_OK and returns that. For show, merge, export.
 */
HN_MUST_USE int set_each(const struct set *s,
			 int (*each)(void *context, const struct entry_key *key,
				     const struct entry_meta *meta),
			 void *context);

/** A place among the entries of a set; all zero: the beginning. */
struct set_place {
	uint32_t layer, table, bucket;
};

/**
 * As set_each(), from a place on and in pieces: for some hundred entries at the most, then the place is
 * moved on. For who sends them on as fast as somebody takes them.
 *
 * @param more_out  whether there may be more behind the place
 */
HN_MUST_USE int set_each_from(const struct set *s, struct set_place *place,
			      int (*each)(void *context, const struct entry_key *key,
					  const struct entry_meta *meta),
			      void *context, bool *more_out);

/**
 * As set_each(), for the live entries that `pass` does not let pass. To a set of a million entries that all
 * pass it costs some milliseconds.
 *
 * @return HN_ENOMEM, or what the callback returned
 */
HN_MUST_USE int set_each_outside(const struct set *s, const struct entry_pass *pass,
				 int (*each)(void *context, const struct entry_key *key,
					     const struct entry_meta *meta),
				 void *context);

/**
 * The organisation that holds an address, from the holdings table that came with the set (of the newest layer
 * that has one), longest prefix; NULL when nobody does.
 */
const char *set_holder(const struct set *s, uint8_t ip_version, const uint8_t *addr);

#endif
