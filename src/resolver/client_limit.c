/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/client_limit.h"

#include <sodium.h>

#include "resolver/client_prefix.h"

_Static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct client_limit *)0)->key), "key of SipHash");
_Static_assert(CLIENT_LIMIT_CELLS == UINT16_MAX + 1, "a cell's number is 16 bits of the hash");

void client_limit_init(struct client_limit *l, uint32_t max)
{
	randombytes_buf(l->key, sizeof(l->key));
	l->max = max;
	for (size_t i = 0; i < CLIENT_LIMIT_CELLS; i++)
		atomic_init(&l->cells[i], 0);
}

static struct client_cells cells_of(const struct client_limit *l, const struct ip *client)
{
	const uint64_t said[2] = {client_prefix(client), client->version};
	uint64_t hash;
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)said, sizeof(said), l->key);
	struct client_cells cells = {(uint16_t)hash, (uint16_t)(hash >> 16)};
	if (cells.first == cells.second)
		cells.second = (uint16_t)(cells.first + 1);
	return cells;
}

bool client_limit_take(struct client_limit *l, const struct ip *client, struct client_cells *cells_out)
{
	struct client_cells cells = cells_of(l, client);
	uint32_t first = atomic_fetch_add_explicit(&l->cells[cells.first], 1, memory_order_relaxed);
	uint32_t second = atomic_fetch_add_explicit(&l->cells[cells.second], 1, memory_order_relaxed);
	if (first >= l->max && second >= l->max) {
		client_limit_give_back(l, cells);
		return false;
	}
	*cells_out = cells;
	return true;
}

void client_limit_give_back(struct client_limit *l, struct client_cells cells)
{
	if (cells.first == cells.second)
		return;
	atomic_fetch_sub_explicit(&l->cells[cells.first], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&l->cells[cells.second], 1, memory_order_relaxed);
}
