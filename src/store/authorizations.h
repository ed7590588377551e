/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_AUTHORIZATIONS_H
#define HINOMI_STORE_AUTHORIZATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * Authorisations (承認) as the hub has them: applied for by an organisation, with the commission, signed
 * there, issued to sensors. The hub signs nothing and judges nothing: what counts at a sensor are the
 * document's own signatures. Known to the organisation that applied, the centre and the commission.
 */
enum authorization_state {
	AUTHORIZATION_DRAFT,   /* applied for, not handed over yet */
	AUTHORIZATION_HANDED,  /* with the commission */
	AUTHORIZATION_REFUSED, /* by the commission, with a reason */
	AUTHORIZATION_SIGNED,  /* enough commissioners have signed */
	AUTHORIZATION_ISSUED,  /* handed to its sensors */
	AUTHORIZATION_REVOKED,
	AUTHORIZATION_STATES,
};
const char *authorization_state_name(enum authorization_state state);
int authorization_state_value(const char *word, size_t len);

/** A row. Memory lives during the call. */
struct authorization_row {
	int64_t number;
	struct uuid id; /* the document's own */
	int64_t revision;
	int64_t organisation; /* that applied */
	struct uuid organisation_id;
	enum authorization_state state;
	struct uuid person; /* who applied */
	int64_t made_us, changed_us;
	int64_t begins_us, until_us; /* the document's validity */
	int64_t signatures;
	const char *reason;
	uint8_t digest[32];  /* of the payload */
	const uint8_t *body; /* the document, a JWS */
	size_t body_len;
};
typedef int (*authorization_fn)(void *context, const struct authorization_row *row);

/** Adds one, with the sensors that it names. @return HN_EEXIST */
HN_MUST_USE int authorizations_add(struct writing *w, const struct authorization_row *row,
				   const struct uuid *sensors, size_t sensor_count);

/** Another state, document (of the same payload) or reason. @param revision  that was seen; -1: any. @return
 * HN_ENOENT, HN_ESTATE */
HN_MUST_USE int authorizations_change(struct writing *w, const struct authorization_row *row,
				      int64_t revision);

/** Marks one as revoked, if it was signed or issued. */
HN_MUST_USE int authorizations_revoke(struct writing *w, const struct uuid *id);

/** One, whoever asks: the hub's own work. @return HN_ENOENT */
HN_MUST_USE int authorizations_find(struct writing *w, const struct uuid *id, authorization_fn fn,
				    void *context);

/** Whether one names an edge as a sensor. */
HN_MUST_USE int authorizations_names(struct writing *w, const struct uuid *id, const struct uuid *edge,
				     bool *out);

/** One that the reader may know of. @return HN_ENOENT */
HN_MUST_USE int authorizations_get(struct reader *reader, const struct uuid *id, authorization_fn fn,
				   void *context);

/** Those that the reader may know of, the newest first. @param states  bits 1 << enum authorization_state; 0:
 * all. @param before  number; 0: from the newest */
HN_MUST_USE int authorizations_list(struct reader *reader, unsigned states, int64_t before, size_t limit,
				    authorization_fn fn, void *context, bool *more_out);

/** Those issued to an edge that have not ended. */
HN_MUST_USE int authorizations_of_edge(struct reader *reader, const struct uuid *edge, int64_t now_us,
				       authorization_fn fn, void *context);

#endif
