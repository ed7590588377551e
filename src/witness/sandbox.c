/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "witness/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/confine_service.h"

#define USER      "_hinomi"
#define DEPTH_MAX 8 /* folders in one another below the data folder */

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
	if (service_user(config->user, USER, &user, &fault) == HN_OK && user != NULL)
		(void)give_folder(config, user, &fault);
}

int sandbox_identity(const struct witness_config *config, struct confinement *state, struct fault *fault)
{
	const struct passwd *user;
	int rc = service_user(config->user, USER, &user, fault);
	if (rc == HN_OK && user != NULL)
		rc = give_folder(config, user, fault);
	return rc == HN_OK ? service_become(user, state, fault) : rc;
}

int sandbox_files(const struct witness_config *config, struct confinement *state, struct fault *fault)
{
	struct service_rules rules = {0};
	service_rules_add(&rules, config->data, CONFINE_WRITE);
	service_rules_add_folder_of(&rules, config->hub.token_file, CONFINE_READ);
	service_rules_add_folder_of(&rules, config->key, CONFINE_READ);
	service_rules_add(&rules, "/etc", CONFINE_READ);
	service_rules_add(&rules, "/usr/share/ca-certificates", CONFINE_READ);
	int rc = service_files(rules.all, rules.count, state, fault);
	service_rules_clear(&rules);
	return rc;
}

int sandbox_calls(struct confinement *state, struct fault *fault)
{
	return service_calls(true, state, fault);
}
