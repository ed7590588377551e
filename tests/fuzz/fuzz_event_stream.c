/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <string.h>

#include "base/digest.h"
#include "bus/event_stream.h"
#include "tests/fuzz/target.h"

static int note(void *context, const char *name, const char *data, size_t len)
{
	struct buf *out = context;
	assert(strlen(name) <= EVENT_NAME_MAX && len <= 4096 && data[len] == '\0');
	buf_addf(out, "%s:%zu:", name, len);
	buf_add(out, data, len);
	return HN_OK;
}

static int feed(const uint8_t *data, size_t len, size_t step, struct buf *out)
{
	struct event_stream e;
	int err = HN_OK;
	buf_init(out, 1u << 20);
	event_stream_init(&e, 4096, note, out);
	for (size_t at = 0; err == HN_OK && at < len; at += step)
		err = event_stream_add(&e, (const char *)data + at, len - at < step ? len - at : step);
	event_stream_clear(&e);
	return err;
}

/* However the bytes are cut, the events are the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, bytes;
	int one = feed(data, len, len + 1, &whole), two = feed(data, len, 1, &bytes);
	assert(one == two && whole.len == bytes.len);
	assert(whole.len == 0 || memcmp(whole.data, bytes.data, whole.len) == 0);
	buf_clear(&whole);
	buf_clear(&bytes);
	return 0;
}
