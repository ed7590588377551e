/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Text that may be an indicator: a key that comes of it is canonical, and its own text gives the key again.
 */
#include <stdlib.h>
#include <string.h>

#include "match/canonical.h"
#include "tests/fuzz/target.h"

static void check(const struct canonical *first)
{
	struct canonical again;
	struct buf text;
	if (!canonical_check(&first->key))
		abort();
	buf_init(&text, 1u << 16);
	canonical_format(&first->key, &text);
	if (buf_err(&text) != HN_OK || canonical_value(text.data, text.len, &again) != HN_OK ||
	    again.key.kind != first->key.kind || again.key.len != first->key.len ||
	    memcmp(again.key.data, first->key.data, again.key.len) != 0)
		abort();
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int (*const parsers[])(const char *, size_t, struct canonical *) = {
		canonical_ip, canonical_name, canonical_url, canonical_digest, canonical_ja4, canonical_value,
	};
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		struct canonical out;
		if (parsers[i]((const char *)data, len, &out) == HN_OK)
			check(&out);
	}
	(void)canonical_labels(data, len);
	return 0;
}
