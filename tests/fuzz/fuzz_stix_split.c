/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <stdlib.h>
#include <string.h>

#include "stix/split.h"

#include "tests/fuzz/target.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

#define OBJECT_MAX 200u

struct seen {
	struct buf text; /* what was handed over */
	uint64_t count;
};

static int see(void *context, uint64_t index, const uint8_t *bytes, size_t len)
{
	struct seen *seen = context;
	must(index == seen->count++ && (bytes == NULL) == (len > OBJECT_MAX));
	if (bytes != NULL)
		buf_add(&seen->text, bytes, len);
	buf_be64(&seen->text, len);
	return HN_OK;
}

static int split(const uint8_t *data, size_t len, size_t step, struct seen *seen, struct fault *fault)
{
	struct stix_split *s;
	int rc = stix_split_new(OBJECT_MAX, see, seen, &s);
	must(rc == HN_OK);
	for (size_t at = 0; rc == HN_OK && at < len; at += step)
		rc = stix_split_feed(s, data + at, len - at < step ? len - at : step, fault);
	int end = stix_split_end(s, fault);
	must(rc == HN_OK || end == rc);
	must(strlen(stix_split_spec(s)) < 8);
	stix_split_free(s);
	return end;
}

/* The first byte says how long the pieces are; however it is cut, the same comes out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen whole = {0}, pieces = {0};
	struct fault one = {0}, other = {0};
	if (len == 0)
		return 0;
	buf_init(&whole.text, 1u << 24);
	buf_init(&pieces.text, 1u << 24);
	int rc = split(data + 1, len - 1, len, &whole, &one);
	must(split(data + 1, len - 1, data[0] == 0 ? 1 : data[0], &pieces, &other) == rc);
	must(whole.count == pieces.count && whole.text.len == pieces.text.len);
	must(whole.text.len == 0 || memcmp(whole.text.data, pieces.text.data, whole.text.len) == 0);
	must(strcmp(one.place, other.place) == 0 && (rc == HN_OK) == (one.message[0] == '\0'));
	buf_clear(&whole.text);
	buf_clear(&pieces.text);
	return 0;
}
