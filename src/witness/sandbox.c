/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/log.h"

#define USER      "_hinomi"
#define RULES_MAX 8
#define DEPTH_MAX 8 /* folders in one another below the data folder */

static int find_user(const struct witness_config *config, const struct passwd **out, struct fault *fault)
{
	*out = NULL;
	if (geteuid() != 0)
		return HN_OK;
	*out = getpwnam(config->user != NULL ? config->user : USER);
	if (*out == NULL && config->user != NULL)
		return fault_set(fault, HN_ENOENT, "user",
				 tr("there is no user '%s'", "ユーザー '%s' は存在しない"), config->user);
	if (*out == NULL)
		log_line(LOG_LEVEL_WARNING, "%s",
			 tr("runs as root, without root's rights; make a user _hinomi",
			    "rootの権限を捨てたrootで動く。ユーザー _hinomi を作ること"));
	return HN_OK;
}

/* One that root made here, given by its descriptor: neither links nor what has other names elsewhere. */
static void give_one(int dir_fd, const char *name, const struct passwd *user, unsigned depth);

static void give_all(int fd, const struct passwd *user, unsigned depth)
{
	const struct dirent *entry;
	DIR *dir = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			give_one(dirfd(dir), entry->d_name, user, depth);
	(void)closedir(dir);
}

static void give_one(int dir_fd, const char *name, const struct passwd *user, unsigned depth)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	bool good = fstat(fd, &st) == 0 && (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1));
	if (good && st.st_uid == 0)
		good = fchown(fd, user->pw_uid, user->pw_gid) == 0;
	if (good && S_ISDIR(st.st_mode))
		give_all(fd, user, depth + 1);
	else
		(void)close(fd);
}

/* What root made here before (init, edge, sign) is the user's too. */
static int give_folder(const struct witness_config *config, const struct passwd *user, struct fault *fault)
{
	if (mkdir(config->data, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, hn_err_of_errno(errno), config->data, "%s", hn_errno_text(errno));
	int fd = open(config->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fchown(fd, user->pw_uid, user->pw_gid) != 0 ? HN_EIO : HN_OK;
	if (rc != HN_OK)
		(void)fault_set(fault, rc, config->data, "%s", hn_errno_text(errno));
	if (rc == HN_OK)
		give_all(fd, user, 0);
	else if (fd >= 0)
		(void)close(fd);
	return rc;
}

void sandbox_give(const struct witness_config *config)
{
	const struct passwd *user;
	struct fault fault;
	if (geteuid() == 0 && find_user(config, &user, &fault) == HN_OK && user != NULL && user->pw_uid != 0)
		(void)give_folder(config, user, &fault);
}

int sandbox_identity(const struct witness_config *config, struct confinement *state, struct fault *fault)
{
	const struct passwd *user;
	int rc = find_user(config, &user, fault);
	bool changes = rc == HN_OK && user != NULL && user->pw_uid != 0;
	if (changes)
		rc = give_folder(config, user, fault);
	if (rc != HN_OK)
		return rc;
	rc = changes ? confine_to_user(user->pw_uid, user->pw_gid, state)
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
static void add_folder_of(const char *path, struct confine_rule rules[], size_t *count)
{
	char folder[4096] = ".";
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	if (path == NULL || (slash != NULL && (size_t)(slash - path) >= sizeof(folder)))
		return;
	if (slash != NULL) {
		size_t len = slash == path ? 1 : (size_t)(slash - path);
		memcpy(folder, path, len);
		folder[len] = '\0';
	}
	add_rule(rules, count, folder, CONFINE_READ);
}

int sandbox_files(const struct witness_config *config, struct confinement *state, struct fault *fault)
{
	struct confine_rule rules[RULES_MAX];
	size_t count = 0;
	add_rule(rules, &count, config->data, CONFINE_WRITE);
	add_folder_of(config->hub.token_file, rules, &count);
	add_folder_of(config->key, rules, &count);
	add_rule(rules, &count, "/etc", CONFINE_READ);
	add_rule(rules, &count, "/usr/share/ca-certificates", CONFINE_READ);
	int rc = confine_service_files(rules, count, CONFINE_ABI_MAX, state);
	for (size_t i = 0; i < count; i++)
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

int sandbox_calls(struct confinement *state, struct fault *fault)
{
	static const int calls[] = {
		/* the hub is asked */
		SCMP_SYS(bind),
		SCMP_SYS(connect),
		SCMP_SYS(recvmmsg),
		SCMP_SYS(sendmmsg),
		SCMP_SYS(socket),
		/* connections */
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
		/* files: state, ledger, alarms */
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
		/* who we are: SQLite and the resolver of names ask */
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
	int rc = confine_service_calls(calls, sizeof(calls) / sizeof(calls[0]), state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "seccomp", "%s", hn_errno_text(errno));
}
