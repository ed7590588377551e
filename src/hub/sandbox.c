/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "hub/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"
#include "hub/config.h"

#define USER      "hinomi-hub"
#define RULES_MAX 7
#define OUTGOING  5 /* of the system calls below */

static int open_data(const struct hub_config *config, int *fd_out, struct fault *fault)
{
	if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), config->data, "%s", hn_errno_text(errno));
	*fd_out = open(config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd_out < 0)
		return fault_set(fault, hn_err_of_errno(errno), config->data, "%s", hn_errno_text(errno));
	return HN_OK;
}

static int find_user(const struct hub_config *config, const struct passwd **out, struct fault *fault)
{
	*out = NULL;
	if (geteuid() != 0)
		return HN_OK;
	*out = getpwnam(config->user ? config->user : USER);
	if (!*out && config->user)
		return fault_set(fault, HN_ENOENT, "user",
				 tr("there is no user '%s'", "ユーザー '%s' は存在しない"), config->user);
	if (!*out)
		log_line(LOG_LEVEL_WARNING, "%s",
			 tr("runs as root, without root's rights; make a user hinomi-hub",
			    "rootの権限を捨てたrootで動く。ユーザー hinomi-hub を作ること"));
	return HN_OK;
}

int sandbox_identity(const struct hub_config *config, int *data_fd_out, struct confinement *state,
		     struct fault *fault)
{
	const struct passwd *user;
	int rc = open_data(config, data_fd_out, fault);
	if (rc == HN_OK)
		rc = find_user(config, &user, fault);
	if (rc != HN_OK)
		return rc;
	if (user && user->pw_uid != 0 && fchown(*data_fd_out, user->pw_uid, user->pw_gid) != 0)
		return fault_set(fault, HN_EIO, config->data, "%s", hn_errno_text(errno));
	rc = user && user->pw_uid != 0 ? confine_to_user(user->pw_uid, user->pw_gid, state)
				       : confine_identity(false, false, state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "user", "%s", hn_errno_text(errno));
}

static void add_rule(struct confine_rule rules[], size_t *count, const char *path, unsigned rights)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		rules[(*count)++] = (struct confine_rule){fd, rights};
}

/* The folder in which a file lies, so that one that takes its place is reached too. */
static void add_folder_of(const char *path, struct confine_rule rules[], size_t *count, unsigned rights)
{
	char folder[4096] = ".";
	const char *slash = path ? strrchr(path, '/') : NULL;
	if (!path || (slash && (size_t)(slash - path) >= sizeof(folder)))
		return;
	if (slash) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	add_rule(rules, count, folder, rights);
}

int sandbox_files(const struct hub_config *config, int data_fd, struct confinement *state,
		  struct fault *fault)
{
	struct confine_rule rules[RULES_MAX];
	size_t count = 0;
	rules[count++] = (struct confine_rule){data_fd, CONFINE_WRITE};
	if (strncmp(config->database, "sqlite:", 7) == 0)
		add_folder_of(config->database + 7, rules, &count, CONFINE_WRITE);
	add_folder_of(config->http.certificate, rules, &count, CONFINE_READ);
	add_folder_of(config->http.key, rules, &count, CONFINE_READ);
	if (config->file[0] != '(') /* SIGHUP reads it again */
		add_folder_of(config->file, rules, &count, CONFINE_READ);
	add_rule(rules, &count, "/etc", CONFINE_READ);
	add_rule(rules, &count, "/usr/share/ca-certificates", CONFINE_READ);
	int rc = confine_service_files(rules, count, CONFINE_ABI_MAX, state);
	for (size_t i = 1; i < count; i++)
		(void)close(rules[i].dir_fd);
	if (rc == HN_OK)
		return HN_OK;
	if (rc != HN_EUNSUPPORTED)
		return fault_set(fault, rc, "Landlock", "%s", hn_errno_text(errno));
	log_line(LOG_LEVEL_WARNING, "%s",
		 tr("this kernel has no Landlock: files are guarded by user rights alone",
		    "このカーネルに Landlock がない: ファイルはユーザー権限だけで守られる"));
	return HN_OK;
}

int sandbox_calls(const struct hub_config *config, struct confinement *state, struct fault *fault)
{
	static const int calls[] = {
		/* the database's socket: OUTGOING of them */
		SCMP_SYS(bind),
		SCMP_SYS(connect),
		SCMP_SYS(recvmmsg),
		SCMP_SYS(sendmmsg),
		SCMP_SYS(socket),
		/* connections, the process that fetches */
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
		/* files: database, ledger, access log, exports */
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
		/* who we are: libpq and SQLite ask */
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
	size_t closed = strncmp(config->database, "sqlite:", 7) == 0 ? OUTGOING : 0;
	int rc = confine_service_calls(calls + closed, sizeof(calls) / sizeof(calls[0]) - closed, state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "seccomp", "%s", hn_errno_text(errno));
}
