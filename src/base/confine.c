/* SPDX-License-Identifier: Apache-2.0
 * SPDX-FileCopyrightText: The Hinomi authors */
#include "base/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine_calls.h"

#define NOBODY 65534

/*
 * Landlock's interface (Documentation/userspace-api/landlock.rst), in constants of our own: Debian 12's
 * headers know ABI 2, its kernels and those of others more.
 */
#define LL_CREATE_RULESET 444
#define LL_ADD_RULE       445
#define LL_RESTRICT_SELF  446
#define LL_VERSION_FLAG   1u
#define LL_PATH_BENEATH   1

#define LL_FS_EXECUTE     (UINT64_C(1) << 0)
#define LL_FS_WRITE_FILE  (UINT64_C(1) << 1)
#define LL_FS_READ_FILE   (UINT64_C(1) << 2)
#define LL_FS_READ_DIR    (UINT64_C(1) << 3)
#define LL_FS_REMOVE_DIR  (UINT64_C(1) << 4)
#define LL_FS_REMOVE_FILE (UINT64_C(1) << 5)
#define LL_FS_MAKE_DIR    (UINT64_C(1) << 7)
#define LL_FS_MAKE_REG    (UINT64_C(1) << 8)
#define LL_FS_REFER       (UINT64_C(1) << 13)
#define LL_FS_TRUNCATE    (UINT64_C(1) << 14)

#define LL_NET_CONNECT_TCP (UINT64_C(1) << 1)

/* By ABI: how many bits of file system rights, network rights and scopes there are, and the size of the
 * attribute. */
static const struct {
	unsigned fs, net, scope;
	size_t size;
} abis[CONFINE_ABI_MAX + 1] = {
	{0, 0, 0, 0},   {13, 0, 0, 8},  {14, 0, 0, 8},  {15, 0, 0, 8},
	{15, 2, 0, 16}, {16, 2, 0, 16}, {16, 2, 2, 24}, {16, 2, 2, 24},
};

struct ll_ruleset_attr {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct ll_path_beneath_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static uint64_t all_bits(unsigned count)
{
	return (UINT64_C(1) << count) - 1;
}

/*
 * The bounding set: no file that is executed could give any of these, even if the kernel forgot that no
 * privilege may be gained. To shrink it takes CAP_SETPCAP, so it comes before all else is dropped; who has
 * not that one, as under a service manager that left it out, keeps the bound it was given.
 */
static int empty_bounding_set(void)
{
	for (unsigned long capability = 0;; capability++) {
		int is_in = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (is_in < 0) /* beyond the last that the kernel knows */
			return HN_OK;
		if (is_in > 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
			return errno == EPERM ? HN_OK : HN_EIO;
	}
}

/* What is left of capabilities: none, or the one to pass over the permissions of files. */
static int drop_capabilities(bool keep_override)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (keep_override &&
	    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE) != 0)
		return HN_EIO;
	return capng_apply(CAPNG_SELECT_CAPS) == 0 ? HN_OK : HN_EIO;
}

static int become(uid_t user, gid_t group)
{
	if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		return HN_EIO;
	return HN_OK;
}

int confine_to_user(uid_t user, gid_t group, struct confinement *state)
{
	bool root = geteuid() == 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || empty_bounding_set() != HN_OK ||
	    (root && become(user, group) != HN_OK) || drop_capabilities(false) != HN_OK ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return HN_EIO;
	state->unprivileged = true;
	return HN_OK;
}

int confine_identity(bool nobody, bool keep_override, struct confinement *state)
{
	bool root = geteuid() == 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || empty_bounding_set() != HN_OK)
		return HN_EIO;
	if (root && nobody && become(NOBODY, NOBODY) != HN_OK)
		return HN_EIO;
	if (drop_capabilities(root && !nobody && keep_override) != HN_OK)
		return HN_EIO;
	/* Last: the kernel sets it anew whenever the user or the capabilities change. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return HN_EIO;
	state->unprivileged = !root || nobody;
	return HN_OK;
}

static uint64_t rights_below(unsigned rights)
{
	uint64_t allowed = 0;
	if ((rights & CONFINE_WRITE) != 0)
		allowed |= LL_FS_WRITE_FILE | LL_FS_READ_FILE | LL_FS_READ_DIR | LL_FS_REMOVE_DIR |
			   LL_FS_REMOVE_FILE | LL_FS_MAKE_DIR | LL_FS_MAKE_REG | LL_FS_REFER | LL_FS_TRUNCATE;
	if ((rights & CONFINE_REMOVE) != 0)
		allowed |= LL_FS_REMOVE_FILE;
	if ((rights & CONFINE_READ) != 0)
		allowed |= LL_FS_READ_FILE | LL_FS_READ_DIR;
	return allowed;
}

static int restrict_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
			  uint64_t free_net, struct confinement *state)
{
	long abi = syscall(LL_CREATE_RULESET, NULL, 0, LL_VERSION_FLAG);
	if (abi <= 0)
		return HN_EUNSUPPORTED;
	if (abi > CONFINE_ABI_MAX)
		abi = CONFINE_ABI_MAX;
	if (abi_max > 0 && abi > (long)abi_max)
		abi = abi_max;
	struct ll_ruleset_attr attr = {
		.handled_fs = all_bits(abis[abi].fs),
		.handled_net = all_bits(abis[abi].net) & ~free_net,
		.scoped = all_bits(abis[abi].scope),
	};
	long ruleset = syscall(LL_CREATE_RULESET, &attr, abis[abi].size, 0);
	if (ruleset < 0)
		return HN_EIO;
	int rc = HN_OK;
	for (size_t i = 0; i < count && rc == HN_OK; i++) {
		struct ll_path_beneath_attr rule = {
			.allowed = rights_below(rules[i].rights) & attr.handled_fs,
			.parent_fd = rules[i].dir_fd,
		};
		if (syscall(LL_ADD_RULE, ruleset, LL_PATH_BENEATH, &rule, 0) != 0)
			rc = HN_EIO;
	}
	if (rc == HN_OK && syscall(LL_RESTRICT_SELF, ruleset, 0) != 0)
		rc = HN_EIO;
	(void)close((int)ruleset);
	if (rc == HN_OK)
		state->landlock_abi = (unsigned)abi;
	return rc;
}

int confine_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
		  struct confinement *state)
{
	return restrict_files(rules, count, abi_max, 0, state);
}

int confine_service_files(const struct confine_rule rules[], size_t count, unsigned abi_max,
			  struct confinement *state)
{
	return restrict_files(rules, count, abi_max, LL_NET_CONNECT_TCP, state);
}

static int open_directory(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The directory a path lies in, as a descriptor; -1: there is none. */
static int parent_of(const char *path)
{
	char parent[4096];
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len >= sizeof(parent))
		return -1;
	if (len == 0)
		return open_directory(".");
	memcpy(parent, path, len);
	parent[len] = '\0';
	return open_directory(parent);
}

/* As confine_identity() for a command; it may still read what /proc says of itself, where /dev/stdin leads.
 */
static int keep_user(struct confinement *state)
{
	bool root = geteuid() == 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || capng_get_caps_process() != 0 ||
	    empty_bounding_set() != HN_OK)
		return HN_EIO;
	state->unprivileged = !root;
	return drop_capabilities(root && capng_have_capability(CAPNG_PERMITTED, CAP_DAC_OVERRIDE) != 0);
}

static void add_rule(struct confine_rule rules[], size_t *used, int fd)
{
	if (fd >= 0)
		rules[(*used)++] = (struct confine_rule){fd, CONFINE_WRITE};
}

int confine_command(const char *const files[], size_t count, const char *dir, unsigned abi_max,
		    struct confinement *state)
{
	struct confine_rule rules[CONFINE_FILES_MAX + 2];
	size_t used = 0;

	if (count > CONFINE_FILES_MAX)
		return HN_ELIMIT;
	int root = open_directory("/");
	if (root < 0)
		return HN_EIO;
	rules[used++] = (struct confine_rule){root, CONFINE_READ};
	for (size_t i = 0; i < count; i++)
		if (files[i] != NULL && strcmp(files[i], "-") != 0)
			add_rule(rules, &used, parent_of(files[i]));
	if (dir != NULL) {
		int fd = open_directory(dir);
		add_rule(rules, &used, fd >= 0 ? fd : parent_of(dir));
	}
	int rc = keep_user(state);
	if (rc == HN_OK)
		rc = confine_files(rules, used, abi_max, state);
	int saved = errno;
	for (size_t i = 0; i < used; i++)
		(void)close(rules[i].dir_fd);
	errno = saved;
	if (rc == HN_OK && !confine_sanitized())
		rc = confine_calls_of_command(state);
	return rc;
}
