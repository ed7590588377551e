/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_LIVE_CASE_H
#define HINOMI_SENSOR_LIVE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "authority/domestic.h"
#include "authority/key.h"
#include "authority/pseudonym.h"
#include "authority/refusal.h"
#include "authority/revocations.h"
#include "authority/trust.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "sensor/live_config.h"
#include "sensor/live_sets.h"

/*
 * What a live sensor stands on, read and judged in the writer: trust, revocations, domestic table,
 * authorisations and sets. What cannot be read or is refused leaves what was in force before; only an
 * authorisation that does not hold any more ends at once.
 */

#define LIVE_DOCUMENTS_MAX 64

struct live_domestic {
	unsigned uses;
	struct domestic *table;
	struct buf text;
};

/** What is in force at one time; immutable but for the sets' times. */
struct live_case {
	struct live_case *former; /* older ones, as long as a selected flow was found under them */
	uint32_t generation;
	struct trust trust;
	struct buf trust_text;
	struct live_domestic *domestic;
	struct authorization *authorization; /* NULL: nothing is authorised, for this reason: */
	enum refusal refused;
	struct refusal_detail detail;
	struct buf payload; /* of the authorisation */
	uint8_t secret[PSEUDONYM_SECRET_SIZE];
	bool secret_drawn;
	int64_t stops_ns; /* from then on nothing is authorised any more */
	struct live_set *sets[STAND_SETS_MAX];
	const struct set *views[STAND_SETS_MAX];
	size_t set_count;
};

/** NULL is allowed. Not those that are older. */
void live_case_free(struct live_case *c);

/** Whether only sets differ. */
bool live_case_same_footing(const struct live_case *a, const struct live_case *b);

struct live_document {
	char name[256];
	struct buf text;
};

struct live_world {
	const struct live_config *config;
	struct uuid sensor;
	const struct key *identity;
	int64_t newest_signed_ns; /* that the ledger has */
	bool has_trust;
	struct trust trust;
	struct buf trust_text;
	struct live_domestic *domestic;
	bool has_revocations;
	struct revocations revocations;
	struct live_document documents[LIVE_DOCUMENTS_MAX];
	size_t document_count;
	size_t ignored;                /* sets of other actions than select */
	uint8_t told[64][SHA256_SIZE]; /* refusals that were told: not again while nothing changes */
	size_t told_next;
	/** Told of each thing that was refused: what is the kind of it (trust, revocations, domestic, set).
	 */
	void (*refused)(void *context, enum refusal refusal, const char *detail, const char *what,
			const char *name);
	/** Of the trust file that is from now on the one that others must follow. */
	int (*trusted)(void *context, const char *text, size_t len);
	void *context;
};

/** The trust file that was trusted when the sensor last ran; others must be it or follow it. */
HN_MUST_USE int live_world_pin(struct live_world *w, const char *text, size_t len);

/** Frees what it has read; cases live on. */
void live_world_clear(struct live_world *w);

/**
 * Reads (if `files`; else only the clock has gone on) and judges.
 *
 * @param present  what is in force; NULL at first
 * @param out      what is to be in force; NULL: what is. The caller's
 * @return HN_OK; HN_EAUTH when there is no trust file or no domestic table at all (fault); HN_ENOMEM, HN_EIO
 */
HN_MUST_USE int live_world_read(struct live_world *w, bool files, int64_t now_ns,
				const struct live_case *present, struct live_case **out, struct fault *fault);

#endif
