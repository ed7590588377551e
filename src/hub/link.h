/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_HUB_LINK_H
#define HINOMI_HUB_LINK_H

#include "base/err.h"
#include "base/fault.h"
#include "hub/identity/identity.h"

struct hub_config;
struct writing;

/* Links that sign a person in once, from this machine alone: for the demonstration, and for who has lost all
 * else. Who makes one has the hub's keys and database already. */

#define LINK_MINUTES_MAX 15

/** What is shown once; wipe it. */
struct link {
	char token[IDENTITY_TOKEN_SIZE];
	char url[128]; /* the console's page that takes it */
};

/** In a job of the store: makes one with the hub's identity. @param origin  of the hub's ledger.
 * @return HN_ENOENT: nobody signs in so */
HN_MUST_USE int link_add(struct writing *w, struct identity *i, const char *origin, const char *login,
			 unsigned minutes, char token_out[IDENTITY_TOKEN_SIZE], struct fault *fault);

/**
 * Makes one in a process of its own, beside a hub that may serve; it gives up privileges as hub_init() does.
 *
 * @param minutes  1..LINK_MINUTES_MAX
 * @return HN_ENOENT: nobody signs in so; as store_open(), hub_key()
 */
HN_MUST_USE int hub_link(const struct hub_config *config, const char *login, unsigned minutes,
			 struct link *out, struct fault *fault);

/** Where the console of a hub is on this machine: "http://localhost:8470/sign-in#TOKEN". */
void link_url(const struct hub_config *config, struct link *link);

#endif
