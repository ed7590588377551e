/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_WITNESS_HUB_H
#define HINOMI_WITNESS_HUB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "witness/config.h"
#include "witness/witness.h"

/*
 * The hub, as the commission asks it: over HTTPS with a token. Nothing that it says is believed; it is held
 * against what was seen here.
 */
struct hub_client;

/** Reads the root's file. @return HN_ENOENT, HN_EIO, HN_ENOMEM */
HN_MUST_USE int hub_client_new(const struct witness_hub *config, struct hub_client **out,
			       struct fault *fault);
/** NULL is allowed. */
void hub_client_free(struct hub_client *c);

/**
 * Asks.
 *
 * @param media   of the body; NULL: there is none
 * @param answer  emptied, then filled
 * @return the status; 0: no answer came
 */
unsigned hub_ask(struct hub_client *c, const char *method, const char *path, const char *media,
		 const void *body, size_t len, struct buf *answer);

/** The same, of what is everybody's to read: without the token. */
unsigned hub_ask_openly(struct hub_client *c, const char *path, struct buf *answer);

/** Hands over what waits and, where a round is due, asks for everything. */
void hub_round(struct hub_client *c, struct witness *w, bool due);

#endif
