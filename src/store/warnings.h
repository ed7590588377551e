/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_WARNINGS_H
#define HINOMI_STORE_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "match/entry.h"
#include "match/warning_list.h"
#include "store/asker.h"
#include "store/store.h"

/*
 * Warning lists: what an indicator must not hit (match/warning_list.h), each with what happens to an entry
 * that does: people are told of it, or it stays out. That may be said for one consumer (an organisation) and
 * for one way out (sets, rpz, misp, stix, csv, taxii) apart from the rest.
 *
 * Everybody who is signed in may read them; the centre's administrators and analysts change them.
 */

enum warning_action { WARNING_OFF, WARNING_INFORM, WARNING_BLOCK };

/** "off", "inform", "block". */
const char *warning_action_name(enum warning_action action);

#define WARNING_CONTENT_MAX (64u << 20) /* bytes of one list */
#define WARNING_RULES_MAX   64

/* ---- rows ---- */

/**
 * Makes or replaces what is said of a list:
 *
 *     {"name": "Top sites", "action": "inform",
 *      "rules": [{"consumer": organisation, "export": "rpz", "action": "block"}, ...]}
 *
 * Of the rules the first counts whose consumer and export, where it names them, are the asked ones.
 *
 * @param revision      the one it replaces; 0: it must not be there; -1: whatever is there
 * @return HN_EFORMAT, HN_ELIMIT: the JSON; HN_EAUTH: the actor may not; HN_ESTATE, HN_EEXIST: revision;
 *         HN_ENOENT: a consumer that is not there. The fault says where.
 */
HN_MUST_USE int warnings_put(struct writing *w, const struct asker *actor, const struct uuid *id,
			     int64_t revision, const char *text, size_t len, int64_t *revision_out,
			     struct fault *fault);

/** Whether he may change warning lists. @return HN_EAUTH */
HN_MUST_USE int warnings_may_change(const struct asker *actor, struct fault *fault);

/**
 * Examines content: a MISP warning list, the public suffix list, or a plain list. Takes seconds where it is
 * large: neither on a server's thread nor on the writer's.
 *
 * @return HN_EFORMAT, HN_ETRUNC, HN_ELIMIT: not such content
 */
HN_MUST_USE int warnings_examine(const uint8_t *data, size_t len, struct warning_summary *out,
				 struct fault *fault);

/**
 * Gives a list its content.
 *
 * @param revision  the one that the list has; -1: whichever
 * @param summary   what warnings_examine() said of the content
 * @return HN_ENOENT: no such list; HN_EAUTH; HN_ESTATE: another revision
 */
HN_MUST_USE int warnings_content(struct writing *w, const struct asker *actor, const struct uuid *id,
				 int64_t revision, const uint8_t *data, size_t len,
				 const struct warning_summary *summary, int64_t *revision_out,
				 struct fault *fault);

/** Takes a list away. @return HN_ENOENT, HN_EAUTH */
HN_MUST_USE int warnings_remove(struct writing *w, const struct asker *actor, const struct uuid *id,
				struct fault *fault);

/** Appends the JSON of one. @return HN_ENOENT */
HN_MUST_USE int warnings_get(struct reader *reader, const struct uuid *id, struct buf *out,
			     int64_t *revision_out);
/** Appends all of them, separated by commas. */
HN_MUST_USE int warnings_list(struct reader *reader, struct buf *out);

/* ---- the image that is asked ---- */

/** All lists in memory; may be used from any thread. */
struct warnings;

HN_MUST_USE int warnings_open(struct store *store, struct warnings **out, struct fault *fault);
/** NULL is allowed. */
void warnings_close(struct warnings *warnings);

/** Takes in what was changed since; cheap where nothing was. Reads the store: not on a server's thread. */
HN_MUST_USE int warnings_current(struct warnings *warnings);

/** Of which revision the image is. Ask before looking in it: what is looked at is as new or newer. */
int64_t warnings_revision(struct warnings *warnings);

/** Of which revision the rows are, as this connection sees them. */
HN_MUST_USE int warnings_revision_now(struct db *db, int64_t *out);

struct warning_hit {
	struct uuid list;
	char name[128];
	enum warning_action action; /* never WARNING_OFF */
};

/**
 * The lists that an entry would hit.
 *
 * @param consumer  number of the organisation for which it is; 0: none in particular
 * @param way       "sets", "rpz", "misp", "stix", "csv", "taxii"
 * @param hits      at most max; the strictest action of all comes first
 * @return how many stand in hits
 */
size_t warnings_find(struct warnings *warnings, const struct entry_key *key, int64_t consumer,
		     const char *way, struct warning_hit *hits, size_t max);

/**
 * Whether a version of an object is known to hold no value that stands in any list: so that it is read once,
 * not with every page in which it goes out.
 */
bool warnings_spares(struct warnings *warnings, int64_t seq);

/**
 * Whether any of the values stands in any list, whatever is said of it. Where none does, the version is
 * spared from now on, until lists are changed.
 *
 * @param seq  the version that has these values and no others; 0: not to be kept
 */
bool warnings_meet(struct warnings *warnings, int64_t seq, const struct entry_key *keys, size_t count);

/** How many lists do what for a consumer and a way out; by enum warning_action. */
void warnings_in_force(struct warnings *warnings, int64_t consumer, const char *way, size_t counts[3]);

#endif
