/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RUNNING_H
#define HINOMI_RESOLVER_RUNNING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "resolver/exchange.h"
#include "resolver/front.h"

struct lookup;
struct terms;

/* The resolver that runs, as control socket and block page see it. */
struct running {
	const struct resolver_config *config; /* with which it was started */
	struct terms *terms;                  /* in force; under reload. Others take the policy's */
	struct service service;
	struct front **fronts;
	struct collector *collector; /* NULL: none */
	size_t front_count;
	struct lookup *lookup;           /* of who may wait for the recursor */
	int64_t since_ns;                /* UTC */
	_Atomic int64_t policy_since_ns; /* UTC; when the policy in force was */
	_Atomic int64_t policy_load_ns;  /* how long reading it took */
	pthread_mutex_t reload;          /* one reload at a time of what is not the policy's files alone */
};

/**
 * Reads everything again that may change in a process that runs: the configuration, files of policies and
 * prefixes, trust anchors, certificates, the cookies' file. All or nothing; says so in the log. Not from a
 * thread that asks the policy.
 *
 * @param force  as policy_store_reload() says
 * @param kept   keys that differ from those with which it was started, and come into force by a restart only,
 *               are appended, as "listen, threads"
 */
HN_MUST_USE int running_reload(struct running *r, bool force, struct buf *kept, struct fault *fault);
/** Reads trust anchors and root hints again, and tells of it in the log. */
void running_anchors_changed(struct running *r);

#endif
