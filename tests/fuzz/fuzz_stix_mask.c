/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "stix/mask.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

/*
 * The first line has selectors, with spaces between; what follows is the object. What is shown of it is valid
 * STIX with the other identifier, and to hide nothing more from it changes nothing.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct uuid id = {{1, 2, 3, 4, 5, 6, 0x57, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
	struct stix_selector hidden[8];
	struct stix_object o;
	struct buf once, twice;
	size_t count = 0;
	const uint8_t *line = len == 0 ? NULL : memchr(data, '\n', len);
	if (line == NULL)
		return 0;
	for (const uint8_t *at = data; at < line && count < 8;) {
		const uint8_t *space = memchr(at, ' ', (size_t)(line - at));
		const uint8_t *end = space == NULL ? line : space;
		hidden[count++] = (struct stix_selector){(const char *)at, (size_t)(end - at)};
		at = end + 1;
	}
	stix_object_init(&o);
	buf_init(&once, 1u << 24);
	buf_init(&twice, 1u << 24);
	struct cur text = cur_of(line + 1, len - (size_t)(line + 1 - data));
	if (stix_object_read(&o, text, STIX_2_0, &STIX_DEFAULTS, NULL) == HN_OK &&
	    stix_mask(&o, hidden, count, &id, &once) == HN_OK) {
		enum stix_spec spec = o.spec;
		must(stix_object_read(&o, cur_of(once.data, once.len), spec, &STIX_DEFAULTS, NULL) == HN_OK);
		must(uuid_compare(&o.id.uuid, &id) == 0);
		must(stix_mask(&o, NULL, 0, &id, &twice) == HN_OK);
		must(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
	} else {
		must(once.len == 0);
	}
	stix_object_clear(&o);
	buf_clear(&once);
	buf_clear(&twice);
	return 0;
}
