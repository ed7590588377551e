/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_LEDGER_VERIFY_FILES_H
#define HINOMI_LEDGER_VERIFY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ledger/tile.h"

/* What lies in a log's directories; for verify.c. */

/** Sets a bit for each partial file of the tile's place: bit w of widths_out for "<N>.p/w". */
HN_MUST_USE int verify_partials(int log_fd, const struct tile *tile, uint8_t widths_out[TILE_WIDTH / 8]);

/** Whether there is anything called private. */
bool verify_has_private(int parent_fd);

/**
 * Looks for what is no file of a log of that size.
 *
 * @param beyond_out  files that a commit which never ended may have left
 * @param place_out   on HN_EFORMAT the first stranger
 */
HN_MUST_USE int verify_strangers(int log_fd, uint64_t size, uint64_t *beyond_out, char *place_out,
				 size_t place_size);

#endif
