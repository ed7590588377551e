/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_ALARM_H
#define HINOMI_WITNESS_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "witness/witness.h"

/*
 * Alarms: what was seen, of which edge, since when. One that is raised again while it stands counts up. It
 * stands until somebody acknowledges it with a reason. Each is told in the log, in alarms.ndjson, in the
 * ledger, on the page and in the metrics.
 */
enum alarm_kind {
	ALARM_RECEIPT,      /* a receipt that does not hold */
	ALARM_GAP,          /* numbers are missing, or lines gave way */
	ALARM_UNAUTHORISED, /* an authorisation that was never seen here, does not hold, or is revoked */
	ALARM_BEYOND,       /* sets or classes beyond the authorisation */
	ALARM_TRUST,        /* a trust file that is not known here */
	ALARM_LEDGER,       /* a ledger that was rewritten */
	ALARM_EDGE_SILENT,
	ALARM_HUB_SILENT,
	ALARM_HUB_OTHER,     /* the hub shows another application than the one that was handed to sign */
	ALARM_HUB_WITHHOLDS, /* receipts that edges sent here */
	ALARM_HUB_RECEIPT,   /* the hub shows another receipt */
	ALARM_HUB_LEDGER, /* the hub's own ledger was rewritten, stands still, is not shown, or is another's
			   */
	ALARM_EPOCH,      /* an edge lost what it had not sent */
	ALARM_IDENTITY,   /* a code was tried twice, or by another */
	ALARM_DUE,        /* the revocation list is about to end */
	ALARM_KIND_COUNT,
};

/** "receipt", "gap", ...: in files and metrics. */
const char *alarm_name(enum alarm_kind kind);
/** For people. */
const char *alarm_title(enum alarm_kind kind);
/** By its name. @return ALARM_KIND_COUNT: none */
enum alarm_kind alarm_find(const char *name);

struct alarm {
	enum alarm_kind kind;
	const char *edge;    /* UUID; "": none */
	const char *subject; /* what tells it from others of its kind: a number, an id */
	bool once;           /* not again once it was acknowledged */
	const char *en, *ja; /* what exactly */
};

/** In a transaction. */
HN_MUST_USE int alarm_raise(struct state *s, const struct alarm *a);

/** In a transaction: somebody has seen to it. @return HN_ENOENT: no such alarm stands; HN_EFORMAT: no reason
 */
HN_MUST_USE int alarm_acknowledge(struct state *s, int64_t number, const char *who, const char *reason);

/** Writes alarms.ndjson anew and tells the log what is new since the last call, where something changed. */
HN_MUST_USE int alarm_tell(const struct witness *w);

/** In a transaction: appends the counters in the text form of Prometheus. */
HN_MUST_USE int alarm_metrics(struct state *s, struct buf *out);

#endif
