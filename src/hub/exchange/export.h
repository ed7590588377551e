/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_EXCHANGE_EXPORT_H
#define HINOMI_HUB_EXCHANGE_EXPORT_H

#include "http/route.h"
#include "stix/object.h"
#include "store/objects.h"

/* Everything that the asker may see, in one answer of any length: as a STIX bundle, or its values as CSV. */
extern const struct route EXPORT_ROUTES[];

/** A MISP feed of the same (hub/exchange/misp_feed.c). */
extern const struct route MISP_ROUTES[];

/** The word for a value's kind: "ipv4", "email", ... */
const char *export_kind_name(const struct stix_value *value);

/** The TLP of what carries a label, as its definition writes it: "TLP:AMBER+STRICT". Of an older version the
 * newest's. */
const char *export_tlp(struct reader *reader, int64_t label);

/** Whether somebody who acts on it should have it now: an indicator that is revoked or no longer valid is
 * not.
 */
bool export_holds(const struct stix_object *o, int64_t now_ns);

#endif
