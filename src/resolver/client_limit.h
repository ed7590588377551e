/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_RESOLVER_CLIENT_LIMIT_H
#define HINOMI_RESOLVER_CLIENT_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"

/*
 * How many askers of one client prefix (client_prefix.h) wait, over all threads, without a lock and in fixed
 * memory: a prefix counts in two cells that a keyed hash chooses, and is over its limit when both are. Two
 * prefixes that share one cell do not feel each other; that they share both cannot be contrived without the
 * key.
 */
#define CLIENT_LIMIT_CELLS 65536

struct client_limit {
	uint8_t key[16];
	uint32_t max;
	_Atomic uint32_t cells[CLIENT_LIMIT_CELLS];
};

/** The cells of one prefix. */
struct client_cells {
	uint16_t first, second; /* equal: none were taken */
};

/** A random key, and nobody waits. */
void client_limit_init(struct client_limit *l, uint32_t max);

/** Counts one asker more, unless that is too many. @return whether it was counted; give it back then */
bool client_limit_take(struct client_limit *l, const struct ip *client, struct client_cells *cells_out);
/** What was not taken is allowed: zero. */
void client_limit_give_back(struct client_limit *l, struct client_cells cells);

#endif
