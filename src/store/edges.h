/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_EDGES_H
#define HINOMI_STORE_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"
#include "store/store.h"

/*
 * The nation's edges: sensors and resolvers that were enrolled by a code and speak to the hub by a
 * certificate. An edge is known to its organisation and to the centre, and not there for others.
 */
#define EDGE_NAME_MAX     200 /* bytes */
#define EDGE_SECRET_SIZE  32  /* SHA-256 of a code's secret */
#define EDGE_REQUEST_SIZE 32  /* SHA-256 of the request that used it */
#define EDGE_SERIAL_MAX   20  /* bytes of a certificate's serial number (RFC 5280, 4.1.2.2) */

enum edge_kind { EDGE_SENSOR, EDGE_RESOLVER, EDGE_KINDS };

/** "sensor", "resolver"; and back, -1: no such word. */
const char *edge_kind_name(enum edge_kind kind);
int edge_kind_value(const char *word, size_t len);

/** A row. Texts live during the call. */
struct edge_row {
	int64_t number;
	struct uuid id; /* of its identity: key_sensor_id() */
	int64_t revision;
	int64_t organisation;
	struct uuid organisation_id;
	enum edge_kind kind;
	const char *name_en, *name_ja;
	int64_t revoked_us; /* 0: it is not */
	int64_t enrolled_us;
	const char *identity;   /* its KEY.pub */
	uint8_t ed25519[32];    /* that signs its receipts */
	const char *program;    /* what it said it is, for people */
	int64_t certificate_us; /* the end of its last certificate */
	int64_t health_us;      /* when it last spoke of itself; 0: never */
	const char *health;     /* JSON, "" before the first */
};
typedef int (*edge_fn)(void *context, const struct edge_row *edge);

struct edge_new {
	int64_t organisation;
	enum edge_kind kind;
	const char *name_en, *name_ja;
};

/**
 * Gives out a code.
 *
 * @param secret  SHA-256 of its secret, which is kept nowhere
 * @return HN_EEXIST
 */
HN_MUST_USE int edges_code_add(struct writing *w, const uint8_t secret[EDGE_SECRET_SIZE],
			       const struct edge_new *edge, int64_t until_us);

struct edge_enrolment {
	uint8_t secret[EDGE_SECRET_SIZE];
	uint8_t request[EDGE_REQUEST_SIZE]; /* tells the same request from another one with the same code */
	struct uuid id;
	enum edge_kind kind;
	const char *identity;
	uint8_t ed25519[32];
	const char *program;
};

/** What a code was found to be. */
struct edge_enrolled {
	int64_t number;
	bool again; /* the same request was answered before: `pem` is what it got; nothing has changed */
	char pem[4096];
	char name_en[EDGE_NAME_MAX + 1], name_ja[EDGE_NAME_MAX + 1];
};

/**
 * Uses a code: makes the edge, or lets one that is known come anew (its former certificates end then). The
 * caller then adds its certificate.
 *
 * @return HN_ENOENT: no such code, or it is over; HN_EEXIST: it was used by another request; HN_EAUTH: made
 *         for another kind, or the identity is another organisation's edge
 */
HN_MUST_USE int edges_enrol(struct writing *w, const struct edge_enrolment *e, struct edge_enrolled *out);

struct edge_certificate {
	const uint8_t *serial;
	size_t serial_len; /* 1..EDGE_SERIAL_MAX */
	int64_t until_us;
	const char *pem;
};

/** Adds a certificate. @param secret  of the code that it answers; NULL: a renewal */
HN_MUST_USE int edges_certificate_add(struct writing *w, int64_t edge, const struct edge_certificate *c,
				      const uint8_t *secret);

/** The edge of a certificate that holds now. @return HN_ENOENT: unknown, revoked, over */
HN_MUST_USE int edges_by_serial(struct store *store, const uint8_t *serial, size_t len, int64_t now_us,
				edge_fn fn, void *context);

/** Ends an edge: its certificates and its questions. @param revision  that was seen; -1: any. @return
 * HN_ENOENT, HN_ESTATE */
HN_MUST_USE int edges_revoke(struct writing *w, int64_t edge, int64_t revision);

/** Names and organisation. @return as above */
HN_MUST_USE int edges_change(struct writing *w, int64_t edge, const struct edge_new *to, int64_t revision);

/** What it says of itself: JSON. */
HN_MUST_USE int edges_health_put(struct writing *w, int64_t edge, const char *json, size_t len);

/** One that the reader may know of. @return HN_ENOENT; what fn returned */
HN_MUST_USE int edges_get(struct reader *reader, const struct uuid *id, edge_fn fn, void *context);

/** Those that the reader may know of, in the order of their enrolment, behind a number. */
HN_MUST_USE int edges_list(struct reader *reader, int64_t after, size_t limit, edge_fn fn, void *context,
			   bool *more_out);

/** All that hold certificates, for the hub's own work. */
HN_MUST_USE int edges_each(struct reader *reader, edge_fn fn, void *context);

/** The serials of all certificates that an edge ever had. */
HN_MUST_USE int edges_serials(struct reader *reader, const struct uuid *id,
			      int (*fn)(void *context, const uint8_t *serial, size_t len), void *context);

/** Forgets codes that were over before a time. */
HN_MUST_USE int edges_codes_forget(struct writing *w, int64_t before_us);

#endif
