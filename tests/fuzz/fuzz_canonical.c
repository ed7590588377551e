/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* Text that may be an indicator: a key that comes of it is canonical, and its own text gives the key again.
 */
#include <stdlib.h>
#include <string.h>

#include "match/canonical.h"
#include "tests/fuzz/target.h"

typedef int parser(const char *, size_t, struct canonical *);

/* By the same reader: to one that must guess, a name of one label may look like a digest. */
static void check(const struct canonical *first, parser *read_again)
{
	struct canonical again;
	struct buf text;
	if (!canonical_check(&first->key))
		abort();
	buf_init(&text, 1u << 16);
	canonical_format(&first->key, &text);
	if (buf_err(&text) != HN_OK || read_again(text.data, text.len, &again) != HN_OK ||
	    again.key.kind != first->key.kind || again.key.len != first->key.len ||
	    memcmp(again.key.data, first->key.data, again.key.len) != 0)
		abort();
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	parser *const parsers[] = {
		canonical_ip, canonical_name, canonical_url, canonical_digest, canonical_ja4, canonical_value,
	};
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		struct canonical out;
		if (parsers[i]((const char *)data, len, &out) == HN_OK)
			check(&out, parsers[i]);
	}
	(void)canonical_labels(data, len);
	return 0;
}
