/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_STIX_VALUES_H
#define HINOMI_STIX_VALUES_H

#include "stix/object.h"

/*
 * From what an object says to the values by which people ask for it (struct stix_value), in one canonical
 * form wherever it stands: in a cyber-observable object, a pattern, an external reference.
 */

/** What a property of the standard's tables holds. */
enum stix_taken {
	STIX_TAKEN_NOTHING,
	STIX_TAKEN_IP4,
	STIX_TAKEN_IP6,
	STIX_TAKEN_DOMAIN,
	STIX_TAKEN_URL,
	STIX_TAKEN_EMAIL,
	STIX_TAKEN_ASN,
	STIX_TAKEN_FILENAME,
	STIX_TAKEN_HASHES,
	STIX_TAKEN_CERTIFICATE_HASHES,
	STIX_TAKEN_SERIAL,
	STIX_TAKEN_MAC,
	STIX_TAKEN_MUTEX,
	STIX_TAKEN_REGISTRY,
	STIX_TAKEN_VULNERABILITY,
	STIX_TAKEN_EXTERNAL,
};

struct stix_checker;

/** Takes the value of a property. @return HN_ELIMIT, HN_ENOMEM; HN_EFORMAT where the standard's form is
 * broken
 */
HN_MUST_USE int stix_values_take(struct stix_checker *c, enum stix_taken what, uint32_t token);

/** Takes the values of an indicator's pattern. @return HN_EFORMAT where it is no STIX pattern */
HN_MUST_USE int stix_values_pattern(struct stix_checker *c, uint32_t token);

#endif
