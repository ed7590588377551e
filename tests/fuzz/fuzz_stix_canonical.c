/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "stix/canonical.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Canonical JSON writes 2e20 as a whole number, which STIX only takes up to 2^53 - 1. */
static bool has_large(const struct buf *text)
{
	size_t digits = 0;
	for (size_t i = 0; i < text->len; i++) {
		digits = text->data[i] >= '0' && text->data[i] <= '9' ? digits + 1 : 0;
		if (digits == 16)
			return true;
	}
	return false;
}

/* What has a canonical form is in it afterwards, and stays. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf once, twice;
	struct fault fault = {0};
	buf_init(&once, 1u << 24);
	buf_init(&twice, 1u << 24);
	int rc = stix_canonical(cur_of(data, len), &STIX_DEFAULTS, &once, &fault);
	must(rc == HN_OK || fault.message[0] != '\0');
	if (rc == HN_OK && !has_large(&once)) {
		must(stix_canonical(cur_of(once.data, once.len), &STIX_DEFAULTS, &twice, NULL) == HN_OK);
		must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	}
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
