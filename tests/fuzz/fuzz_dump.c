/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */

/* A backup's file from anybody: as it stands, and as what was compressed into one. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/file.h"
#include "store/dump.h"
#include "tests/fuzz/target.h"

static int heard(void *context, enum dump_kind kind, const uint8_t *data, size_t len)
{
	size_t *total = context;
	if (kind == DUMP_END || len > DUMP_PIECE_MAX || (len > 0 && data == NULL))
		abort();
	*total += len;
	return HN_OK;
}

static int read_memory(const void *data, size_t len, size_t *total_out)
{
	char path[32];
	int fd = memfd_create("dump", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, data, len) != HN_OK)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*total_out = 0;
	int proven = dump_read(path, NULL, NULL);
	int err = dump_read(path, heard, total_out);
	/* The same both times. */
	if (err != proven)
		abort();
	(void)close(fd);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t total, size = ZSTD_compressBound(len);
	(void)read_memory(data, len, &total);
	void *packed = malloc(size);
	if (packed == NULL)
		return 0;
	size_t packed_len = ZSTD_compress(packed, size, data, len, 1);
	if (!ZSTD_isError(packed_len) && read_memory(packed, packed_len, &total) == HN_OK && total > len)
		abort();
	free(packed);
	return 0;
}
