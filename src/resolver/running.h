/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_RUNNING_H
#define HINOMI_RESOLVER_RUNNING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "resolver/exchange.h"
#include "resolver/front.h"

struct lookup;

/* The resolver that runs, as control socket and block page see it. */
struct running {
	const struct resolver_config *config;
	struct service service;
	struct front **fronts;
	struct collector *collector; /* NULL: none */
	size_t front_count;
	struct lookup *lookup;           /* of who may wait for the recursor */
	int64_t since_ns;                /* UTC */
	_Atomic int64_t policy_since_ns; /* UTC; when the policy in force was */
	_Atomic int64_t policy_load_ns;  /* how long reading it took */
	pthread_mutex_t reload;          /* of anchors, certificates and secrets: one reload at a time */
};

/** Reads the policy and the trust anchors again and says so in the log. Not from a thread that asks the
 * policy. force: as policy_store_reload() says. */
HN_MUST_USE int running_reload_policy(struct running *r, bool force, struct fault *fault);
HN_MUST_USE int running_reload_anchors(struct running *r, struct fault *fault);
/** The same, told in the log. */
void running_anchors_changed(struct running *r);
/** The same of certificates, keys and the cookies' file. On an error those in use stay. */
HN_MUST_USE int running_reload_secrets(struct running *r, struct fault *fault);

#endif
