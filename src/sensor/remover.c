/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "sensor/remover.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"

static int close_sandbox(const struct remover_file files[], size_t count)
{
	static const int calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(newfstatat), SCMP_SYS(unlinkat),
				    SCMP_SYS(fsync)};
	struct confine_rule rules[REMOVER_FILES_MAX];
	struct confinement state = {0};
	bool foreign = false;

	for (size_t i = 0; i < count; i++) {
		struct stat st;
		rules[i] = (struct confine_rule){files[i].parent_fd, CONFINE_REMOVE};
		foreign = foreign || fstat(files[i].parent_fd, &st) != 0 || st.st_uid != geteuid();
	}
	int rc = confine_identity(false, foreign, &state);
	if (rc == HN_OK)
		rc = confine_files(rules, count, CONFINE_ABI_MAX, &state);
	if (rc == HN_OK)
		rc = confine_calls(calls, sizeof(calls) / sizeof(calls[0]), &state);
	return rc;
}

/* @return an errno */
static int32_t remove_file(const struct remover_file *f)
{
	struct stat st;
	if (fstatat(f->parent_fd, f->base, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	if (st.st_dev != f->device || st.st_ino != f->inode)
		return ESTALE; /* another file has taken its name */
	return unlinkat(f->parent_fd, f->base, 0) == 0 && fsync(f->parent_fd) == 0 ? 0 : errno;
}

static bool answer(int fd, int32_t error)
{
	return fd_write_all(fd, &error, sizeof(error)) == HN_OK;
}

_Noreturn void remover_run(const struct remover_file files[], size_t count, int fd)
{
	uint32_t number, next = 0;
	size_t got;

	errno = E2BIG;
	int rc = count > REMOVER_FILES_MAX ? HN_EIO : close_sandbox(files, count);
	if (rc != HN_OK) {
		(void)answer(fd, rc == HN_EIO && errno != 0 ? errno : ENOSYS);
		_exit(HN_EXIT_UNFINISHED);
	}
	bool going = answer(fd, 0);
	while (going && fd_read_full(fd, &number, sizeof(number), &got) == HN_OK && got == sizeof(number)) {
		bool good = number >= next && number < count;
		if (good)
			next = number + 1;
		going = answer(fd, good ? remove_file(&files[number]) : EINVAL);
	}
	_exit(HN_EXIT_DONE);
}

int remover_ready(int fd)
{
	int32_t error;
	size_t got;
	int rc = fd_read_full(fd, &error, sizeof(error), &got);
	if (rc != HN_OK)
		return rc;
	errno = got == sizeof(error) ? error : EPIPE;
	return errno == 0 ? HN_OK : HN_EIO;
}

int remover_ask(int fd, uint32_t number)
{
	if (fd_write_all(fd, &number, sizeof(number)) != HN_OK)
		return HN_EIO;
	return remover_ready(fd);
}
