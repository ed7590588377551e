/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "match/stix_pattern.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A pattern that is taken has comparisons, each with a path that ends and a value that lies in the pattern's
 * memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct stix_pattern p;
	struct fault fault = {0};
	stix_pattern_init(&p);
	int rc = stix_pattern_read(&p, (const char *)data, len, &fault);
	must(rc == HN_OK || (p.count == 0 && fault.message[0] != '\0' && fault.place[0] != '\0'));
	must(rc != HN_OK || p.count > 0);
	for (size_t i = 0; i < p.count; i++) {
		const struct stix_term *t = &p.terms[i];
		must(t->path != NULL && strlen(t->path) >= 2 && t->at < len);
		must(t->value == NULL || (t->value_len < len && t->value[t->value_len] == '\0'));
	}
	stix_pattern_clear(&p);
	return 0;
}
