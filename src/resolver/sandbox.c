/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "resolver/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine_service.h"
#include "base/lang.h"
#include "resolver/config_files.h"
#include "resolver/event_log.h"

#define RULES_MAX 1024
#define PATH_ROOM 4096

static const char *const USERS[] = {"hinomi-resolver", "nobody"};

/* Directories that stay open; each once, since many files lie in one. */
struct rules {
	struct confine_rule all[RULES_MAX];
	struct stat of[RULES_MAX];
	size_t count;
};

static bool is_there(const struct rules *rules, const struct stat *st, unsigned rights)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->of[i].st_dev == st->st_dev && rules->of[i].st_ino == st->st_ino &&
		    rules->all[i].rights == rights)
			return true;
	return false;
}

static int add_directory(struct rules *rules, const char *path, unsigned rights, struct fault *fault)
{
	struct stat st;
	int rc = HN_OK, fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault_set(fault, hn_err_of_errno(errno), path, "%s", hn_errno_text(errno));
	if (fstat(fd, &st) != 0) {
		rc = fault_set(fault, HN_EIO, path, "%s", hn_errno_text(errno));
	} else if (!is_there(rules, &st, rights)) {
		if (rules->count < RULES_MAX) {
			rules->of[rules->count] = st;
			rules->all[rules->count++] = (struct confine_rule){fd, rights};
			return HN_OK;
		}
		rc = fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	}
	(void)close(fd);
	return rc;
}

/* The directory a file lies in: a newer one is renamed into its place. */
static int add_parent(struct rules *rules, const char *path, struct fault *fault)
{
	char parent[PATH_ROOM] = ".";
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	if (len >= sizeof(parent))
		return fault_set(fault, HN_ELIMIT, path, "%s", hn_strerror(HN_ELIMIT));
	if (slash) {
		memcpy(parent, path, len);
		parent[len] = '\0';
	}
	return add_directory(rules, slash && len == 0 ? "/" : parent, CONFINE_READ, fault);
}

struct walk {
	struct rules *rules;
	struct fault *fault;
};

/* What the recursion names is not looked at here: it opens its directories itself (recursor_watched()), and
 * its CA is read at the start alone. */
static bool is_recursion(const struct config_file *file)
{
	return strncmp(file->key, "recursion.", strlen("recursion.")) == 0;
}

static int add_file(void *context, const struct config_file *file)
{
	const struct walk *w = context;
	if (file->use == CONFIG_FILE_MADE)
		return add_directory(w->rules, file->path, CONFINE_WRITE, w->fault);
	if (file->use == CONFIG_FILE_SETS)
		return add_directory(w->rules, file->path, CONFINE_READ, w->fault);
	return is_recursion(file) ? HN_OK : add_parent(w->rules, file->path, w->fault);
}

static int add_all(struct rules *rules, const struct resolver_config *config, const struct recursor *recursor,
		   struct fault *fault)
{
	int dirs[2];
	int rc = HN_OK;
	if (strcmp(config->file, RESOLVER_BUILT_IN) != 0)
		rc = add_parent(rules, config->file, fault);
	struct walk w = {rules, fault};
	if (rc == HN_OK)
		rc = config_files_each(config, add_file, &w);
	size_t count = recursor_watched(recursor, dirs);
	for (size_t i = 0; i < count && rules->count < RULES_MAX; i++)
		rules->all[rules->count++] = (struct confine_rule){dup(dirs[i]), CONFINE_READ};
	return rc;
}

static int try_file(void *context, const struct config_file *file)
{
	if (file->use == CONFIG_FILE_MADE || is_recursion(file))
		return HN_OK;
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(file->path, file->use == CONFIG_FILE_SETS ? flags | O_DIRECTORY : flags);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		return fault_set(context, HN_EIO, file->path, "%s",
				 tr("cannot be read by the resolver that runs: its user has no right to it, "
				    "or it lies "
				    "outside the directories that were named at the start; put it into one "
				    "of them, or "
				    "restart",
				    "動作中の resolver からは読めない: "
				    "実行ユーザーに権限がないか、起動時に指定したディレクトリの外にある。"
				    "その中に置くか、再起動すること"));
	if (fd >= 0)
		(void)close(fd);
	return HN_OK; /* whatever else is wrong is told by who reads it */
}

int sandbox_reaches(const struct resolver_config *config, struct fault *fault)
{
	return config_files_each(config, try_file, fault);
}

int sandbox_user(const struct resolver_config *config, uid_t *user_out, gid_t *group_out, struct fault *fault)
{
	*user_out = geteuid();
	if (group_out)
		*group_out = getegid();
	if (*user_out != 0)
		return HN_OK;
	const struct passwd *found = config->user ? getpwnam(config->user) : NULL;
	for (size_t i = 0; !config->user && !found && i < sizeof(USERS) / sizeof(USERS[0]); i++)
		found = getpwnam(USERS[i]);
	if (!found)
		return fault_set(fault, HN_ENOENT, "user",
				 tr("there is no user '%s'", "ユーザー '%s' は存在しない"),
				 config->user ? config->user : USERS[1]);
	*user_out = found->pw_uid;
	if (group_out)
		*group_out = found->pw_gid;
	return HN_OK;
}

int sandbox_files(const struct resolver_config *config, const struct recursor *recursor,
		  struct confinement *state, struct fault *fault)
{
	struct rules rules = {.count = 0};
	uid_t user;
	gid_t group;
	int rc = add_all(&rules, config, recursor, fault);
	if (rc == HN_OK)
		rc = sandbox_user(config, &user, &group, fault);
	if (rc == HN_OK && confine_to_user(user, group, state) != HN_OK)
		rc = fault_set(fault, HN_EIO, "user", "%s", hn_errno_text(errno));
	if (rc == HN_OK)
		rc = service_files(rules.all, rules.count, state, fault);
	for (size_t i = 0; i < rules.count; i++)
		(void)close(rules.all[i].dir_fd);
	return rc;
}

int sandbox_calls(struct confinement *state, struct fault *fault)
{
	/* Beside those of the recursor: batches of datagrams, streams, control socket and page; policy files
	 * that are read and mapped again; events that are written. */
	static const int calls[] = {
		SCMP_SYS(recvmmsg),
		SCMP_SYS(sendmmsg),
		SCMP_SYS(accept4),
		SCMP_SYS(poll),
		SCMP_SYS(ppoll),
		SCMP_SYS(getdents64),
		SCMP_SYS(pread64),
		SCMP_SYS(pwrite64),
		SCMP_SYS(ftruncate),
		SCMP_SYS(fsync),
		SCMP_SYS(fdatasync),
		SCMP_SYS(renameat),
		SCMP_SYS(renameat2),
		SCMP_SYS(unlinkat),
		SCMP_SYS(mkdirat),
		SCMP_SYS(fchmod),
		SCMP_SYS(statx),
		SCMP_SYS(fstatfs),
		SCMP_SYS(dup),
		SCMP_SYS(mlock),
		SCMP_SYS(mlock2),
		SCMP_SYS(inotify_add_watch),
		SCMP_SYS(inotify_rm_watch),
		SCMP_SYS(fadvise64),
		SCMP_SYS(membarrier),
		SCMP_SYS(sched_getaffinity),
		SCMP_SYS(getcpu),
		SCMP_SYS(readlinkat),
		SCMP_SYS(faccessat),
		SCMP_SYS(geteuid), /* who may use the control socket */
	};
	size_t theirs, written;
	const int *recursor = recursor_system_calls(&theirs);
	const int *events = event_log_system_calls(&written);
	int all[sizeof(calls) / sizeof(calls[0]) + 96];
	size_t count = 0;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		all[count++] = calls[i];
	for (size_t i = 0; i < theirs && count < sizeof(all) / sizeof(all[0]); i++)
		all[count++] = recursor[i];
	for (size_t i = 0; i < written && count < sizeof(all) / sizeof(all[0]); i++)
		all[count++] = events[i];
	int rc = confine_service_calls(all, count, state);
	return rc == HN_OK ? HN_OK : fault_set(fault, rc, "seccomp", "%s", hn_errno_text(errno));
}
