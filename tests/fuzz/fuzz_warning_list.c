/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "match/canonical.h"
#include "match/warning_list.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Reads a list, then asks for every word of it and for what lies around. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct warning_limits limits = {.values_max = 10000, .bytes_max = 1 << 20};
	struct warning_lists *w;
	struct warning_summary summary;
	struct fault fault;
	struct canonical key;

	if (warning_lists_new(&limits, &w) != HN_OK)
		return 0;
	int rc = warning_lists_add(w, "fuzz", cur_of(data, len), &summary, &fault);
	must(rc == HN_OK || fault.message[0] != '\0');
	warning_lists_finish(w);
	for (size_t at = 0; at < len;) {
		size_t n = 0;
		while (at + n < len && data[at + n] != '\n' && data[at + n] != '"' && data[at + n] != ' ')
			n++;
		if (canonical_value((const char *)data + at, n, &key) == HN_OK) {
			const char *list = warning_find(w, &key.key);
			must(list == NULL || strlen(list) < sizeof(summary.name));
			(void)warning_is_special(&key.key);
		}
		at += n + 1;
	}
	warning_lists_free(w);
	return 0;
}
