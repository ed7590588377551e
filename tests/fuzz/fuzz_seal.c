/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "authority/seal.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The input as a seal, and as changes to one that is right: only what changes nothing opens. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct uuid record = {{1, 2, 3}};
	static const struct ip ip = {{203, 0, 113, 7}, 4};
	static struct key *key;
	static char right[SEAL_TEXT_SIZE];
	char text[SEAL_TEXT_SIZE];
	struct ip opened = {{9}, 9};
	bool same = true;

	if (key == NULL) {
		struct sealer *sealer;
		must(key_make("fuzz", &key) == HN_OK);
		must(sealer_new(key_public(key)->x25519, &sealer) == HN_OK);
		seal_address(sealer, &record, SEAL_DST, &ip, right);
		sealer_free(sealer);
	}
	must(seal_open(key, (const char *)data, len, &record, SEAL_DST, &opened) != HN_OK);
	must(opened.version == 9);

	memcpy(text, right, sizeof(text));
	for (size_t i = 0; i < len && i < SEAL_TEXT_SIZE - 1; i++) {
		text[i] ^= (char)data[i];
		same = same && data[i] == 0;
	}
	bool open = seal_open(key, text, SEAL_TEXT_SIZE - 1, &record, SEAL_DST, &opened) == HN_OK;
	must(open == same && (!open || memcmp(&opened, &ip, sizeof(ip)) == 0));
	must(seal_open(key, text, SEAL_TEXT_SIZE - 1, &record, SEAL_SRC, &opened) != HN_OK);
	return 0;
}
