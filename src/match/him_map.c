/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "match/him.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

#define PAGE UINT64_C(4096)

static int map(int fd, const char *path, struct him_file *out, struct fault *fault)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return fault_set(fault, HN_EFORMAT, path, "%s",
				 tr("not an indicator set (.him)", "指標集合 (.him) ではない"));
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	*out = (struct him_file){data, (size_t)st.st_size};
	return HN_OK;
}

int him_map(const char *path, struct him_file *out, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	int rc = map(fd, path, out, fault);
	(void)close(fd);
	return rc;
}

/* The kernel takes plain addresses and changes nothing behind them. */
static void advise(const struct him_file *file, size_t from, size_t to, int advice)
{
	union {
		const void *given;
		char *start;
	} at = {.given = file->data};
	from = from / PAGE * PAGE;
	if (from < to)
		(void)madvise(at.start + from, to - from, advice);
}

void him_populate(const struct him_file *file, size_t skip)
{
	if (skip > 0)
		advise(file, 0, skip / PAGE * PAGE, MADV_DONTNEED);
	advise(file, skip, file->size, MADV_POPULATE_READ);
}

void him_unmap(struct him_file *file)
{
	union {
		const void *given;
		void *start;
	} at = {.given = file->data};
	if (file->data != NULL)
		(void)munmap(at.start, file->size);
	*file = (struct him_file){NULL, 0};
}
