/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_SENSOR_FACILITIES_H
#define HINOMI_SENSOR_FACILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/authorization.h"
#include "base/err.h"

/*
 * The foreign facilities of an authorisation, made ready for a question a packet: what the first 16 bits of
 * an address say alone is said by a table that stays in the cache.
 */
struct facilities;

/** The authorisation must live as long. @return HN_ENOMEM */
HN_MUST_USE int facilities_new(const struct authorization *a, struct facilities **out);
/** NULL is allowed. */
void facilities_free(struct facilities *f);

/** As authorization_facility_has(). addr in network byte order. */
bool facilities_has(const struct facilities *f, enum flow_class c, uint8_t ip_version, const uint8_t *addr);

#endif
