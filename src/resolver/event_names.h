/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_EVENT_NAMES_H
#define HINOMI_RESOLVER_EVENT_NAMES_H

#include <stdint.h>

#include "base/err.h"
#include "resolver/event_record.h"
#include "resolver/policy.h"

/*
 * How the sets and groups of the policies in force were called lately, since an event is written up to a
 * minute after its policy may be gone.
 */
#define EVENT_NAMES_POLICIES 128

struct event_names;

/** @return HN_ENOMEM */
HN_MUST_USE int event_names_new(struct event_names **out);
/** NULL is allowed. */
void event_names_free(struct event_names *n);

/** Remembers a policy, in place of the oldest. Without memory for it its generation alone. */
void event_names_put(struct event_names *n, const struct policy *policy);
/** The highest generation that was put; 0: none. */
uint64_t event_names_newest(const struct event_names *n);

/**
 * How a set was called that had this slot (policy_slot()), or NULL; others wait until event_names_unlock(),
 * and so long it is valid.
 *
 * @param group_out  the group; of a policy that is forgotten one without name and organisation
 */
const struct event_set *event_names_lock(struct event_names *n, uint64_t generation, uint16_t set,
					 uint32_t group, const struct resolver_group **group_out);
void event_names_unlock(struct event_names *n);

#endif
