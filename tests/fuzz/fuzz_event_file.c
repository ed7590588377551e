/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "resolver/event_file.h"
#include "tests/fuzz/directory.h"
#include "tests/fuzz/target.h"

#define CLOSED "events-20261121T174558.000000Z" EVENT_FILE_SUFFIX
#define PART   CLOSED EVENT_FILE_PART

/* What was left reads frame by frame to its end. */
static void check_frames(const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t frame = ZSTD_findFrameCompressedSize(bytes + at, len - at);
		assert(!ZSTD_isError(frame) && frame > 0 && frame <= len - at);
		at += frame;
	}
}

/* A file that an earlier process left is closed: it is the beginning of what was there, or gone. */
static void check_mended(int dir_fd, const uint8_t *data, size_t len)
{
	struct stat st;
	directory_put(dir_fd, PART, data, len, len);
	assert(event_file_mend(dir_fd) == HN_OK);
	assert(fstatat(dir_fd, PART, &st, AT_SYMLINK_NOFOLLOW) != 0);
	if (fstatat(dir_fd, CLOSED, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	size_t kept = (size_t)st.st_size;
	assert(kept > 0 && kept <= len);
	uint8_t *bytes = directory_get(dir_fd, CLOSED, kept);
	assert(memcmp(bytes, data, kept) == 0);
	check_frames(bytes, kept);
	free(bytes);
	assert(event_file_mend(dir_fd) == HN_OK);
	assert(fstatat(dir_fd, CLOSED, &st, 0) == 0 && (size_t)st.st_size == kept);
	assert(unlinkat(dir_fd, CLOSED, 0) == 0);
}

/* A name that is taken has a time, and ends as one of a closed file does. */
static void check_name(const uint8_t *data, size_t len)
{
	int64_t utc_ns;
	char *name = strndup((const char *)data, len);
	if (!name)
		return;
	size_t n = strlen(name), end = strlen(EVENT_FILE_SUFFIX);
	if (event_file_time(name, &utc_ns))
		assert(n > end && strcmp(name + n - end, EVENT_FILE_SUFFIX) == 0);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_name(data, len);
	check_mended(directory_open(), data, len);
	return 0;
}
