/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#ifndef HINOMI_TESTS_UNIT_RESOLVER_EVENT_WORLD_H
#define HINOMI_TESTS_UNIT_RESOLVER_EVENT_WORLD_H

/* Event files as whoever reads them sees them. */
#include <dirent.h>
#include <stdio.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/file.h"
#include "resolver/event_file.h"
#include "tests/unit/check.h"

/** The lines of a file; what follows its whole frames is an error unless `torn`. */
__attribute__((unused)) static void read_lines(const char *path, bool torn, struct buf *out)
{
	struct buf bytes;
	buf_init(&bytes, 64u << 20);
	assert_int_equal(file_read(path, &bytes), HN_OK);
	for (size_t at = 0; at < bytes.len;) {
		static char text[8u << 20];
		size_t frame = ZSTD_findFrameCompressedSize(bytes.data + at, bytes.len - at);
		if (ZSTD_isError(frame) && torn)
			break;
		assert_false(ZSTD_isError(frame));
		size_t len = ZSTD_decompress(text, sizeof(text), bytes.data + at, frame);
		assert_false(ZSTD_isError(len));
		buf_add(out, text, len);
		at += frame;
	}
	buf_clear(&bytes);
}

/** The names below a directory with this ending, sorted; "" behind the last. */
__attribute__((unused)) static size_t list_files(const char *directory, const char *ending, char out[16][128])
{
	struct dirent **entries;
	size_t n = 0;
	int count = scandir(directory, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t len = strlen(name), end = strlen(ending);
		if (len > end && strcmp(name + len - end, ending) == 0 && n < 16)
			(void)snprintf(out[n++], 128, "%s", name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return n;
}

/** All lines of the files with this ending, in order of names. @return how many files */
__attribute__((unused)) static size_t read_directory(const char *directory, const char *ending,
						     struct buf *out)
{
	char names[16][128];
	size_t n = list_files(directory, ending, names);
	for (size_t i = 0; i < n; i++) {
		char path[512];
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		read_lines(path, false, out);
	}
	return n;
}

__attribute__((unused)) static size_t count_lines(const struct buf *text)
{
	size_t n = 0;
	for (size_t i = 0; i < text->len; i++)
		n += text->data[i] == '\n';
	return n;
}

#endif
