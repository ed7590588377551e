/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Entry bundles, entries, tile paths and private slots: one spelling each. */
#include <stdlib.h>
#include <string.h>

#include "ledger/log_entry.h"
#include "ledger/private.h"
#include "ledger/tile.h"
#include "tests/fuzz/target.h"

static void entry_again(const uint8_t *data, size_t len)
{
	struct log_entry entry;
	char again[LOG_ENTRY_TEXT_MAX];

	if (log_entry_parse(data, len, &entry) != HN_OK)
		return;
	if (log_entry_format(&entry, again) != len || memcmp(again, data, len) != 0)
		abort();
}

static void path_again(const char *text, size_t len)
{
	struct tile tile;
	char again[TILE_PATH_SIZE];

	if (tile_path_parse(text, len, &tile) != HN_OK)
		return;
	tile_path(&tile, again);
	if (strlen(again) != len || memcmp(again, text, len) != 0 || tile.width < 1 ||
	    tile.width > TILE_WIDTH)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cur bundle = cur_of(data, len);
	const uint8_t *entry;
	size_t entry_len;
	size_t sum = 0;
	uint8_t again[PRIVATE_SLOT_SIZE];
	struct private_slot slot;

	int rc;
	while ((rc = bundle_next(&bundle, &entry, &entry_len)) == HN_OK) {
		sum += 2 + entry_len;
		entry_again(entry, entry_len);
	}
	if (sum > len || (rc == HN_ENOENT && sum != len))
		abort();
	entry_again(data, len);
	path_again((const char *)data, len);
	if (len >= PRIVATE_SLOT_SIZE && private_slot_decode(0, data, &slot) == HN_OK) {
		private_slot_encode(0, &slot, again);
		if (memcmp(again, data, sizeof(again)) != 0)
			abort();
	}
	return 0;
}
