/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_MARKING_H
#define HINOMI_STIX_MARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "stix/object.h"

/*
 * What a marking-definition says, whichever form it has:
 *
 *   - TLP 1.0 as STIX 2.0 and 2.1 define it ("definition_type": "tlp"), TLP 2.0 as the OASIS extension has
 * it; white is clear;
 *   - PAP, as the OASIS extension has it, or as "definition_type": "pap";
 *   - a statement: text for people (terms of use), which limits nobody; "PAP:RED" or "TLP:GREEN" alone in it
 * is read as what it says;
 *   - our own extension, below, which says all that a nation's exchange needs.
 *
 * Anything else, and any word in these that we do not know, makes it unknown: whoever uses it must then treat
 * it as closed.
 *
 * Our extension of a marking-definition (property-extension); what is absent is not limited:
 *
 *     "extensions": {"extension-definition--08486503-4c36-4673-84ef-ef29375eea05": {
 *       "extension_type": "property-extension",
 *       "tlp": "clear" | "green" | "amber" | "amber+strict" | "red",
 *       "pap": "clear" | "green" | "amber" | "red",
 *       "clearance": 0..3,                      level that a reader must hold
 *       "groups": [identity or grouping id],    members of any of them
 *       "recipients": [identity id],            organisations named one by one
 *       "purposes": ["defence", ...],           purposes for which it may be used
 *       "consent": ["ministry", ...],           kinds of organisations that the owner consented to
 *       "originator_control": true,             goes on to nobody but the recipients
 *       "content": "technical" | "background"
 *     }}
 */
#define STIX_MARKING_EXTENSION "extension-definition--08486503-4c36-4673-84ef-ef29375eea05"

/* In rising order. */
enum stix_tlp {
	STIX_TLP_UNSAID = -1,
	STIX_TLP_CLEAR,
	STIX_TLP_GREEN,
	STIX_TLP_AMBER,
	STIX_TLP_AMBER_STRICT,
	STIX_TLP_RED
};
enum stix_pap { STIX_PAP_UNSAID = -1, STIX_PAP_CLEAR, STIX_PAP_GREEN, STIX_PAP_AMBER, STIX_PAP_RED };

#define STIX_MARKING_GROUPS     16
#define STIX_MARKING_RECIPIENTS 64
#define STIX_CLEARANCE_MAX      3

struct stix_marking {
	bool unknown;   /* something in it could not be read: closed */
	bool statement; /* it has a text for people */
	enum stix_tlp tlp;
	enum stix_pap pap;
	unsigned clearance;
	uint32_t purposes; /* bits in the order of stix_purpose_words; 0: no limit */
	uint32_t consent;  /* bits in the order of stix_consent_words; 0: no limit */
	unsigned content;  /* 0: not said; 1 technical, 2 background */
	bool originator_control;
	struct uuid groups[STIX_MARKING_GROUPS];
	size_t group_count;
	struct uuid recipients[STIX_MARKING_RECIPIENTS];
	size_t recipient_count;
};

/** Up to NULL: "defence", "analysis", "response", "investigation", "neutralisation", "statistics",
 * "exercise". */
extern const char *const stix_purpose_words[];
/** Up to NULL: kinds of organisations: "centre", "ministry", "police", "defence", "commission", "ceptoar",
 * "operator", "local-government", "vendor", "foreign-cert", "public". */
extern const char *const stix_consent_words[];

/** Whether the identifier is that of a marking-definition. */
bool stix_marking_is(const struct stix_id *id);

/** Reads a marking-definition that stix_object_read() read. Another object is unknown. */
void stix_marking_read(const struct stix_object *o, struct stix_marking *out);

/** What the identifier alone says: the TLP and PAP definitions that OASIS fixed. @return false: not one of
 * them
 */
bool stix_marking_fixed(const struct stix_id *id, struct stix_marking *out);

/**
 * The fixed definition of a TLP level as JSON, to stand in what we send. 2.0 and TLP 1.0 have no
 * amber+strict; NULL then.
 *
 * @param spec  STIX_2_0: in 2.0's form, TLP 1.0; STIX_2_1: TLP 2.0
 */
const char *stix_marking_object(enum stix_tlp tlp, enum stix_spec spec);
/** The UUID of that definition. @return HN_ENOENT */
HN_MUST_USE int stix_marking_id(enum stix_tlp tlp, enum stix_spec spec, struct uuid *out);

/**
 * Appends a marking-definition with our extension that says this. Equal markings give equal bytes, with an
 * identifier that is theirs alone (UUIDv5).
 *
 * @return HN_ESTATE for one that is unknown; else of out
 */
HN_MUST_USE int stix_marking_write(const struct stix_marking *m, struct buf *out);

/** The definition of our extensions (extension-definition objects, STIX 2.1, 7.3) as JSON, up to NULL. */
extern const char *const stix_own_definitions[];

#endif
