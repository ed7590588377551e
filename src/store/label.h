/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STORE_LABEL_H
#define HINOMI_STORE_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/uuid.h"

/*
 * A label says who may see something: everything about an object that the decision (store/decide.h) asks, and
 * nothing else. Objects with equal labels share one row of the table `label`, so that a nation's millions of
 * objects have some hundreds of labels, each judged once for each asker.
 */

/** Traffic Light Protocol 2.0 (FIRST), in rising order. */
enum tlp { TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED };

/** Permissible Actions Protocol, in rising order: what a receiver may do with it, not who sees it. */
enum pap { PAP_CLEAR, PAP_GREEN, PAP_AMBER, PAP_RED };

/** What sort of information it is: for analysts, or background and purpose of an attack for managers. */
enum content_class { CONTENT_TECHNICAL = 1, CONTENT_BACKGROUND = 2 };

/** Purposes for which a receiver may use it; a label names those permitted, 0 meaning all. */
enum purpose {
	PURPOSE_DEFENCE = 1,       /* protect one's own systems */
	PURPOSE_ANALYSIS = 2,      /* analyse the attack */
	PURPOSE_RESPONSE = 4,      /* coordinate a response */
	PURPOSE_INVESTIGATION = 8, /* criminal investigation */
	PURPOSE_NEUTRALISATION = 16,
	PURPOSE_STATISTICS = 32,
	PURPOSE_EXERCISE = 64,
};

/** Kinds of organisations (docs/access.md); a consent names the kinds that may have it. */
enum org_kind {
	ORG_CENTRE,
	ORG_MINISTRY,
	ORG_POLICE,
	ORG_DEFENCE,
	ORG_COMMISSION,
	ORG_CEPTOAR,
	ORG_OPERATOR,
	ORG_LOCAL_GOVERNMENT,
	ORG_VENDOR,
	ORG_FOREIGN_CERT,
	ORG_PUBLIC,
	ORG_KIND_COUNT,
};

#define LABEL_GROUPS_MAX     16
#define LABEL_RECIPIENTS_MAX 64
#define LABEL_TEXT_MAX       4096 /* bytes of its canonical JSON */
#define CLEARANCE_MAX        3    /* 0 none, 1 restricted, 2 secret, 3 top secret */

struct label {
	int64_t owner; /* number of the organisation it comes from */
	enum tlp tlp;
	enum pap pap;
	unsigned clearance;        /* level that a reader must hold */
	unsigned content;          /* enum content_class; a reader must be let have every one of them */
	unsigned purposes;         /* enum purpose; 0: no limit */
	uint32_t consent;          /* bits 1 << enum org_kind that the owner consented to; 0: no limit. Who
				      consents to the public consents to all */
	bool originator_control;   /* goes on to nobody but the recipients that the owner named */
	bool unknown_marking;      /* a marking that we cannot read: only owner and centre */
	bool selected;             /* from selected communications information */
	struct uuid authorization; /* then: under this one */
	int64_t groups[LABEL_GROUPS_MAX]; /* rising; members of any of them, if there is one */
	size_t group_count;
	int64_t recipients[LABEL_RECIPIENTS_MAX]; /* rising; organisations named one by one */
	size_t recipient_count;
};

/** The strictest reading of nothing said: TLP:AMBER+STRICT, PAP:GREEN (use in one's own defence), technical,
 * of this owner. */
void label_init(struct label *label, int64_t owner);

/**
 * Canonical JSON: equal labels give equal bytes. Members that say nothing are left out.
 *
 * @param out  LABEL_TEXT_MAX bytes suffice
 */
void label_write(const struct label *label, struct buf *out);

/** Reads it back. @return HN_EFORMAT for anything that label_write() would not write. */
HN_MUST_USE int label_read(struct cur text, struct label *out);

/**
 * Makes `a` at least as strict as both: nobody sees the result who does not see each of the two. Higher TLP,
 * PAP and clearance, both contents, both originators' controls; audience, purposes and consents that both
 * allow.
 *
 * An audience (groups and recipients together; of TLP:RED and originator control the recipients alone, even
 * where none is named) is joined only where one holds the other or no groups are named: what lies in two
 * groups at once has no common form.
 *
 * @return HN_ESTATE where the two have no common form (two owners, two authorisations, audiences as above,
 *         purposes or consents with nothing in common): `a` is unchanged; keep both labels and ask for both
 *         (labels_both() in store/labels.h)
 */
HN_MUST_USE int label_join(struct label *a, const struct label *b);

/** The words of the enumerations, as JSON and the API write them ("amber+strict", "ministry"). NULL: no such
 * value. */
const char *tlp_name(enum tlp tlp);
const char *pap_name(enum pap pap);
const char *content_name(unsigned content); /* of one class */
const char *purpose_name(unsigned purpose); /* of one purpose */
const char *org_kind_name(enum org_kind kind);

/** Back from words; -1: no such word. */
int tlp_value(const char *name, size_t len);
int pap_value(const char *name, size_t len);
int content_value(const char *name, size_t len);
int purpose_value(const char *name, size_t len);
int org_kind_value(const char *name, size_t len);

#endif
