/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RPZ_OWNER_H
#define HINOMI_RESOLVER_RPZ_OWNER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"
#include "resolver/policy.h"
#include "resolver/zone_text.h"

/** What an owner name of a policy zone says is matched (draft-vixie-dnsop-dns-rpz-00, 4). */
struct rpz_owner {
	enum policy_trigger trigger;
	bool below;              /* of a name: "*.name" */
	const uint8_t *name;     /* of a name, without "*."; points into the owner */
	uint8_t name_len;        /* 0: the root, only with below */
	struct ip_prefix prefix; /* of an address */
};

/**
 * @param owner  without the zone's own name
 * @return HN_EUNSUPPORTED for an unknown trigger; HN_EFORMAT for an address that is none
 */
HN_MUST_USE int rpz_owner_parse(const struct zone_name *owner, struct rpz_owner *out);

/** Appends a prefix in RPZ's notation: "24.0.2.0.192", "48.zz.db8.2001". */
void rpz_prefix_format(const struct ip_prefix *prefix, struct buf *out);

#endif
