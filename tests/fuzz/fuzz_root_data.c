/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/root_files.h"
#include "tests/fuzz/target.h"

/* An anchor that was taken is one line, and read again it is the same. */
static void check_anchors(const struct root_data *d)
{
	for (size_t i = 0; i < d->anchor_count; i++) {
		struct root_data again = {0};
		int err = root_anchors_parse("again", d->anchors[i], strlen(d->anchors[i]), &again, NULL);
		assert(err == HN_OK && again.anchor_count == 1);
		assert(strcmp(again.anchors[0], d->anchors[i]) == 0);
		root_data_clear(&again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct root_data *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return 0;
	struct fault fault = {{0}, {0}};
	int err = root_anchors_parse("anchors", (const char *)data, len, d, &fault);
	assert(err == HN_OK ? d->anchor_count > 0 : fault.message[0] != 0);
	check_anchors(d);
	err = root_hints_parse("hints", (const char *)data, len, d, &fault);
	assert(err == HN_OK ? d->server_count > 0 : fault.message[0] != 0);
	assert(root_data_equal(d, d));
	root_data_clear(d);
	free(d);
	return 0;
}
