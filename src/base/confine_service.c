/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/confine_service.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"

#define PATH_ROOM 4096
#define ASKING    5 /* of the system calls below */

int service_user(const char *named, const char *usual, const struct passwd **out, struct fault *fault)
{
	*out = NULL;
	if (geteuid() != 0)
		return HN_OK;
	*out = getpwnam(named ? named : usual);
	if (!*out && named)
		return fault_set(fault, HN_ENOENT, "user",
				 tr("there is no user '%s'", "ユーザー '%s' は存在しない"), named);
	if (!*out)
		log_line(LOG_LEVEL_WARNING,
			 tr("runs as root, without root's rights; make a user %s",
			    "rootの権限を捨てたrootで動く。ユーザー %s を作ること"),
			 usual);
	if (*out && (*out)->pw_uid == 0)
		*out = NULL;
	return HN_OK;
}

int service_become(const struct passwd *user, struct confinement *state, struct fault *fault)
{
	int rc = user ? confine_to_user(user->pw_uid, user->pw_gid, state)
		      : confine_identity(false, false, state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "user", "%s", hn_errno_text(errno));
}

/* The descriptor is the rules' from now on. */
static void add(struct service_rules *rules, int dir_fd, unsigned rights)
{
	if (dir_fd >= 0)
		rules->all[rules->count++] = (struct confine_rule){dir_fd, rights};
}

void service_rules_add(struct service_rules *rules, const char *dir, unsigned rights)
{
	if (rules->count < SERVICE_RULES_MAX)
		add(rules, open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), rights);
}

void service_rules_add_fd(struct service_rules *rules, int dir_fd, unsigned rights)
{
	if (rules->count < SERVICE_RULES_MAX)
		add(rules, fcntl(dir_fd, F_DUPFD_CLOEXEC, 0), rights);
}

void service_rules_add_folder_of(struct service_rules *rules, const char *path, unsigned rights)
{
	char folder[PATH_ROOM] = ".";
	const char *slash = path ? strrchr(path, '/') : NULL;
	if (!path || (slash && (size_t)(slash - path) >= sizeof(folder)))
		return;
	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	service_rules_add(rules, folder, rights);
}

void service_rules_clear(struct service_rules *rules)
{
	while (rules->count > 0)
		(void)close(rules->all[--rules->count].dir_fd);
}

int service_files(const struct confine_rule rules[], size_t count, struct confinement *state,
		  struct fault *fault)
{
	int rc = confine_service_files(rules, count, CONFINE_ABI_MAX, state);
	if (rc == HN_OK)
		return HN_OK;
	if (rc != HN_EUNSUPPORTED)
		return fault_set(fault, rc, "Landlock", "%s", hn_errno_text(errno));
	log_line(LOG_LEVEL_WARNING, "%s",
		 tr("this kernel has no Landlock: files are guarded by user rights alone",
		    "このカーネルに Landlock がない: ファイルはユーザー権限だけで守られる"));
	return HN_OK;
}

int service_calls(bool asks, struct confinement *state, struct fault *fault)
{
	static const int calls[] = {
		/* to ask others: ASKING of them */
		SCMP_SYS(bind),
		SCMP_SYS(connect),
		SCMP_SYS(recvmmsg),
		SCMP_SYS(sendmmsg),
		SCMP_SYS(socket),
		/* connections, pipes to processes of its own */
		SCMP_SYS(accept4),
		SCMP_SYS(getpeername),
		SCMP_SYS(getsockname),
		SCMP_SYS(getsockopt),
		SCMP_SYS(recvfrom),
		SCMP_SYS(recvmsg),
		SCMP_SYS(sendmsg),
		SCMP_SYS(sendto),
		SCMP_SYS(setsockopt),
		SCMP_SYS(shutdown),
		SCMP_SYS(socketpair),
		/* waiting */
		SCMP_SYS(epoll_create1),
		SCMP_SYS(epoll_ctl),
		SCMP_SYS(epoll_pwait),
		SCMP_SYS(epoll_wait),
		SCMP_SYS(eventfd2),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(nanosleep),
		SCMP_SYS(pipe2),
		SCMP_SYS(timerfd_create),
		SCMP_SYS(timerfd_settime),
		/* files: database, ledger, logs, exports */
		SCMP_SYS(access),
		SCMP_SYS(chmod),
		SCMP_SYS(dup),
		SCMP_SYS(fallocate),
		SCMP_SYS(fadvise64),
		SCMP_SYS(fchmod),
		SCMP_SYS(fchown), /* as root, SQLite gives its files to who owns the database */
		SCMP_SYS(fcntl),
		SCMP_SYS(fdatasync),
		SCMP_SYS(flock),
		SCMP_SYS(fstat),
		SCMP_SYS(fstatfs),
		SCMP_SYS(fsync),
		SCMP_SYS(ftruncate),
		SCMP_SYS(getcwd),
		SCMP_SYS(getdents64),
		SCMP_SYS(linkat),
		SCMP_SYS(lseek),
		SCMP_SYS(lstat),
		SCMP_SYS(mkdir),
		SCMP_SYS(mkdirat),
		SCMP_SYS(newfstatat),
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(pread64),
		SCMP_SYS(pwrite64),
		SCMP_SYS(pwritev),
		SCMP_SYS(read),
		SCMP_SYS(readlink),
		SCMP_SYS(readlinkat),
		SCMP_SYS(readv),
		SCMP_SYS(rename),
		SCMP_SYS(renameat),
		SCMP_SYS(renameat2),
		SCMP_SYS(stat),
		SCMP_SYS(statfs),
		SCMP_SYS(statx),
		SCMP_SYS(sync_file_range),
		SCMP_SYS(umask),
		SCMP_SYS(unlink),
		SCMP_SYS(unlinkat),
		SCMP_SYS(utimensat),
		SCMP_SYS(write),
		SCMP_SYS(writev),
		/* who we are: libpq, SQLite and the resolver of names ask */
		SCMP_SYS(getegid),
		SCMP_SYS(geteuid),
		SCMP_SYS(getgid),
		SCMP_SYS(getrusage),
		SCMP_SYS(getuid),
		SCMP_SYS(prlimit64),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(getcpu),
		SCMP_SYS(sysinfo),
		SCMP_SYS(uname),
		/* locked memory of keys and passwords */
		SCMP_SYS(mlock),
		SCMP_SYS(mlock2),
		SCMP_SYS(membarrier),
		/* Threads. No program is ever begun: execve stays closed. */
		SCMP_SYS(clone),
		SCMP_SYS(rt_sigaction),
		SCMP_SYS(tgkill),
	};
	size_t closed = asks ? 0 : ASKING;
	int rc = confine_service_calls(calls + closed, sizeof(calls) / sizeof(calls[0]) - closed, state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "seccomp", "%s", hn_errno_text(errno));
}
