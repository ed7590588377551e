/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "bus/spool_inside.h"
#include "tests/fuzz/target.h"

/* A first line that is read is written, and read, as the same. The bytes are a file's name too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct spool_header h, again;
	struct spool_entry e;
	enum spool_destination to;
	uint64_t through;
	char name[SPOOL_NAME_SIZE], text[SPOOL_NAME_SIZE];
	struct buf line;
	size_t used;
	(void)snprintf(text, sizeof(text), "%.*s", len < sizeof(text) ? (int)len : 0, (const char *)data);
	if (spool_name_read(text, &e) == HN_OK) {
		spool_name(e.first, e.count, e.form, name);
		assert(strcmp(name, text) == 0);
	}
	if (spool_mark_read(text, &to, &through) == HN_OK) {
		spool_mark_name(to, through, name);
		assert(strcmp(name, text) == 0);
	}
	if (spool_header_read((const char *)data, len, &h, &used) != HN_OK)
		return 0;
	assert(used <= len && used <= SPOOL_HEADER_MAX && h.size <= BATCH_BODY_MAX);
	buf_init(&line, SPOOL_HEADER_MAX);
	assert(spool_header_write(&h, &line) == HN_OK);
	assert(spool_header_read(line.data, line.len, &again, &used) == HN_OK && used == line.len);
	assert(h.first == again.first && h.count == again.count && strcmp(h.position, again.position) == 0);
	buf_clear(&line);
	return 0;
}
